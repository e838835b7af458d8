"""Learning to read: corpus, splits, fitting, judging. Pure but for reading files."""
