"""Which remedy loses least, among those that the floor and the guards allow.

The guards come before the numbers (disputes.md §8.3): no refusal above τ, none without something that speaks for it,
none that would not be right if the buyer surely went to the platform; and above a second bound all that is claimed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from cardcase.remedies.rules.floor import FloorKind

from . import losses
from .causes import Belief
from .floors import Owed
from .inputs import Claim
from .losses import Loss, Stakes, Sums
from .numbers import Numbers

_REDEEMED: Final = ("after_reveal", "before_reveal")
_DENY_USE: Final = ("", "A", "A1", "A2", "A3", "O", "O1")
"""Claims that are untrue if the buyer redeemed the card. Use is no answer to "short" or "locked"."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The best final remedy with what is known, its amount, and what it is expected to lose with the harm."""

    kind: str
    amount: int | None
    loss: float


def decide(  # noqa: PLR0917 - all that a decision rests on
    claim: Claim, belief: Belief, at_stake: Stakes, over: Sums, owed: Owed, numbers: Numbers, closed: Collection[str]
) -> Decision:
    """Choose among what may be chosen. ``closed``: kinds that cannot be done for other reasons (stock, platform)."""
    at, value = at_stake.mid, at_stake.claim
    paid = losses.full(at, over, value)
    open_to: list[tuple[str, int | None, Loss]] = []
    if not (owed.kind is FloorKind.PROPORTIONAL and "partial_refund" not in closed):
        open_to.append(("full_refund", value, paid))
    if "replace_card" not in closed and not replace_blocks(claim):
        open_to.append(("replace_card", None, losses.replace(at, over, value)))
    if "resend_same_code" not in closed and not resend_blocks(claim):
        open_to.append(("resend_same_code", None, losses.resend(at, over, at_stake)))
    if "decline" not in closed and not decline_blocks(claim, belief, at_stake, over, owed, numbers):
        if claim.is_personal and claim.redemption == "after_reveal":
            open_to.clear()  # used, and for reasons of the buyer's own: not bought off because it is small
        open_to.append(("decline", None, losses.decline(at, over, at_stake)))
    elif "partial_refund" not in closed and not part_blocks(over, at_stake, owed, numbers):
        part = part_amount(over, at_stake, owed, numbers)
        open_to.append(("partial_refund", part, losses.part(at, over, at_stake, part)))
    if "full_refund" in closed and len(open_to) > 1:
        open_to = [one for one in open_to if one[0] != "full_refund"] or open_to
    kind, amount, (cost, harm) = min(open_to, key=lambda one: one[2][0] + one[2][1])
    return Decision(kind, amount, cost + harm)


def replace_blocks(claim: Claim) -> tuple[str, ...]:
    """A second card goes out only when the first is dead, or is voided first."""
    blocks = []
    if claim.sub_reason[:1] in ("P", "O") or claim.sub_reason == "V5":
        blocks.append("does_not_fit")
    is_dead = claim.is_dead or claim.redemption in _REDEEMED or claim.by_buyer is not None
    if not is_dead and not claim.is_voidable:
        blocks.append("old_code_may_work")
    return tuple(blocks)


def resend_blocks(claim: Claim) -> tuple[str, ...]:
    """The same code is sent again only when it is about delivery and nobody has redeemed it."""
    if claim.sub_reason not in ("", "O", "O1"):
        return ("does_not_fit",)
    if claim.redemption in _REDEEMED or claim.by_buyer is not None or claim.is_admitted:
        return ("code_was_read",)
    if claim.is_delivered is False or (claim.redemption == "unredeemed" and claim.sub_reason == "O1"):
        return ()
    return ("delivery_unclear",)


def part_blocks(over: Sums, at_stake: Stakes, owed: Owed, numbers: Numbers) -> tuple[str, ...]:
    """A part is no cure where all is owed, or where most of it is likely to be; a part that is owed (N7) always is."""
    if owed.kind is FloorKind.FULL_OR_REPLACE:
        return ("below_floor",)
    if owed.kind is FloorKind.PROPORTIONAL or (at_stake.part is not None and not at_stake.is_serious):
        return ()
    return ("fault_too_likely",) if over.owed > numbers.mid["pay_above"] else ()


def part_amount(over: Sums, at_stake: Stakes, owed: Owed, numbers: Numbers) -> int:
    """What is short (N7) where that is verified; else the claim in proportion to what of it is likely to be owed."""
    if owed.amount_fen is not None and owed.kind is FloorKind.PROPORTIONAL:
        return owed.amount_fen
    if at_stake.part is not None and not at_stake.is_serious:
        return at_stake.part
    return max(1, round(at_stake.claim * max(over.owed, numbers.mid["least_part"])))


def supports(claim: Claim) -> tuple[str, ...]:
    """Name what speaks for a refusal. Without any, none is advised, however likely it looks."""
    found = []
    if claim.sub_reason in _DENY_USE or claim.is_personal:
        if claim.by_buyer and claim.redemption in ("after_reveal", "unknown"):
            found.append("redeemed_by_buyer")
        if claim.is_admitted:
            found.append("admitted")
    if claim.is_personal and claim.redemption == "after_reveal":
        found.append("personal_after_use")
    if claim.is_personal and claim.is_agreed and claim.is_delivered:
        found.append("personal_agreed_terms")
    if claim.sub_reason in ("V1", "V2", "V3") and claim.left == 2:  # noqa: PLR2004 - all of it
        found.append("balance_is_whole")
    return tuple(found)


def decline_blocks(  # noqa: PLR0917 - as above
    claim: Claim, belief: Belief, at_stake: Stakes, over: Sums, owed: Owed, numbers: Numbers
) -> tuple[str, ...]:
    """Name everything that stands against a refusal."""
    blocks = []
    if claim.is_delivered is False:
        blocks.append("not_delivered")
    if owed.binds:
        blocks.append("below_floor")
    fault = belief.mid if claim.is_personal else belief.high  # where the shop's fault is what is claimed, with a margin
    if fault > numbers.mid["refuse_below"]:
        blocks.append("fault_too_likely")
    if not supports(claim):
        blocks.append("nothing_speaks_for_it")
    if not blocks and not claim.is_personal and not is_justified(at_stake, over):
        blocks.append("cost_alone")
    return tuple(blocks)


def is_justified(at_stake: Stakes, over: Sums) -> bool:
    """Ask whether one would still refuse if the buyer surely went to the platform (q = 1).

    Not asked about a buyer's own reasons: there nothing is said to be wrong, so nothing can be withheld.
    """
    refused = losses.decline(at_stake.mid, over, at_stake, escalates=1.0)
    return sum(refused) <= sum(losses.full(at_stake.mid, over, at_stake.claim))
