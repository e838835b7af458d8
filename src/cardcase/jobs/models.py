"""The table of promised work."""
