"""The entitlement floor of a claim given as one line. The case page has its own, from more facts (../floor.py).

Rule ids are those of the entitlements in policies/data/rules.toml, which carries their sources.
"""

from dataclasses import dataclass

from cardcase.remedies.rules.floor import FloorKind

from .inputs import Claim
from .losses import Stakes


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed at least now, by which rule; the amount is None when nothing is owed or it is not known."""

    kind: FloorKind
    amount_fen: int | None = None
    rule: str = ""

    @property
    def binds(self) -> bool:
        """Tell whether anything is owed."""
        return self.kind is not FloorKind.NONE


NOTHING = Owed(FloorKind.NONE)


def owed(claim: Claim, at_stake: Stakes) -> Owed:
    """Say what is owed at least: rules, not probabilities (disputes.md §8.3)."""
    everything = at_stake.claim if at_stake.is_known else None
    if claim.is_delivered is False:
        return Owed(FloorKind.FULL_OR_REPLACE, everything, "F1")
    is_before = claim.redemption == "before_reveal"
    if at_stake.part is not None and (is_before or claim.redemption == "unredeemed") and claim.by_buyer is not True:
        if at_stake.is_serious:
            return Owed(FloorKind.FULL_OR_REPLACE, everything, "F7")
        return Owed(FloorKind.PROPORTIONAL, at_stake.part if at_stake.is_known else None, "F5")
    return Owed(FloorKind.FULL_OR_REPLACE, everything, "F4") if is_before else NOTHING
