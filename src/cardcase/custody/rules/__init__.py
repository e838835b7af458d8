"""The law of the record, pure: Merkle tree, signed notes, form of an entry. No database, no clock, no files."""
