"""The tables of anchoring, and what its check of everything reads in them."""

from .tables import Anchoring, Copies, Cosignature, Deposit, Reply, Revocations, Stamp, WitnessState

__all__ = ["Anchoring", "Copies", "Cosignature", "Deposit", "Reply", "Revocations", "Stamp", "WitnessState"]
