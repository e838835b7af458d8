"""What may be given out, and what counts as consent. Pure."""
