"""The rules of provenance: what a supplier, a paper, a claim and a flag may be. Pure, without Django or a clock."""
