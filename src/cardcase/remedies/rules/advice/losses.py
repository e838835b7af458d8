"""What each remedy loses: the shop's cost, and the harm of money wrongly withheld from a buyer who is owed.

The model is reference/disputes.md §8.2 with harm added (§8.3, "harm-inclusive"). Every formula is linear in the shares
of the causes, so a few sums over them are enough. Floats inside; whole 分 only in the answer.
"""

from collections.abc import Mapping, Sequence
from operator import mul
from typing import Final, NamedTuple

from cardcase.remedies.rules.partial import part_of_price

from .inputs import Claim
from .numbers import Numbers

NOMINAL_FEN: Final = 10_000
"""Stands in for a claim whose amount is not known, so that the remedy can still be named; no money is then shown."""


class Setting(NamedTuple):
    """One reading of the numbers: all at their middle, all cheap for the shop, or all dear."""

    win: float
    escalates: float
    accepts: float
    labour: float
    loss: float
    goodwill: float
    salvage: float
    card: float
    second: float
    second_bad: float
    gift: float


class Stakes(NamedTuple):
    """What a claim is about: its amount, and what would be owed for a balance that was short before delivery."""

    claim: int
    is_known: bool
    part: int | None  # N7, when a part of the promised balance is verified
    is_serious: bool
    mid: Setting


class Sums(NamedTuple):
    """Sums over the causes: owed in full, owed in proportion, owed nothing, and where the card can be sold again.

    A balance that was short before delivery, and that nobody has looked up, counts in ``full`` by the share that such a
    one owes (number "short_owed").
    """

    full: float
    part: float
    bad: float
    saved: float
    undelivered: float

    @property
    def owed(self) -> float:
        """Share of the claim that is owed, as far as can be expected."""
        return self.full + self.part


Loss = tuple[float, float]
"""Cost to the shop and harm to the buyer, in 分."""


def stakes(claim: Claim, numbers: Numbers) -> Stakes:
    """Say what is at stake."""
    amount = amount_of(claim)
    value = amount if amount is not None else NOMINAL_FEN
    part, is_serious = _part(claim, value, numbers)
    return Stakes(value, amount is not None, part, is_serious, setting(claim, value, numbers, "mid"))


def amount_of(claim: Claim) -> int | None:
    """Return what is claimed, at most what was paid; None when neither is known."""
    known = [amount for amount in (claim.amount_fen, claim.paid_fen) if amount is not None]
    return min(known) if known else None


def _part(claim: Claim, value: int, numbers: Numbers) -> tuple[int | None, bool]:
    price = claim.paid_fen if claim.paid_fen is not None else value
    balance, promised = claim.balance_fen, claim.promised_fen
    if balance is None or not promised or balance >= promised or price <= 0:
        return None, False
    is_serious = (promised - balance) / promised >= numbers.mid["serious_short"]
    return min(part_of_price(price, promised, balance).amount_fen, max(value, 1)), is_serious


def setting(claim: Claim, value: int, numbers: Numbers, which: str) -> Setting:
    """Read the numbers: ``mid``, ``low`` (cheap for the shop) or ``high`` (dear)."""
    cheap, dear = numbers.low, numbers.high
    if which == "mid":
        cheap = dear = numbers.mid
    elif which == "high":
        cheap, dear = dear, cheap
    at = cheap
    return Setting(
        win=chance_to_win(claim, dear),
        escalates=at["escalates"],
        accepts=numbers.mid["accepts"],
        labour=claim.labour_fen if claim.labour_fen is not None else at["labour_fen"],
        loss=claim.loss_fen if claim.loss_fen is not None else at["platform_loss_fen"],
        goodwill=at["goodwill_lost"] * value,
        salvage=_salvage(claim, value, dear),
        card=claim.replacement_fen if claim.replacement_fen is not None else at["card_cost_share"] * value,
        second=at["second_complaint"],
        second_bad=at["second_complaint_bad"],
        gift=at["gift_share"] * value,
    )


def _salvage(claim: Claim, value: int, numbers: Mapping[str, float]) -> float:
    if (claim.is_voidable is False and claim.is_delivered is not False) or claim.is_dead:
        return 0.0
    worth = min(claim.salvage_fen, value) if claim.salvage_fen is not None else numbers["salvage_share"] * value
    return worth if claim.is_voidable or claim.is_delivered is False else worth / 2


def chance_to_win(claim: Claim, numbers: Mapping[str, float]) -> float:
    """Say how likely the platform sides with the shop on what is on file."""
    name = win_number(claim)
    if name == "win_before":
        return numbers[name]
    win = numbers[name]
    is_named = bool(claim.by_buyer or claim.is_admitted)
    odds = win / (1 - win)
    if is_named:
        odds *= numbers["win_account"]
    papers = (claim.provenance == "full") + bool(claim.is_checked) + bool(claim.is_agreed)
    odds *= numbers["win_paper"] ** papers
    return odds / (1 + odds)


def win_number(claim: Claim) -> str:
    """Name the number that the chance before the platform starts from: the stratum in which it is learned."""
    if claim.redemption == "before_reveal" or claim.is_delivered is False:
        return "win_before"
    is_named = bool(claim.by_buyer or claim.is_admitted)
    if (claim.redemption == "after_reveal" and claim.by_buyer is not False) or is_named:
        return "win_after"
    return "win_else"


def sums(shares: Sequence[float], claim: Claim, at_stake: Stakes, numbers: Numbers) -> Sums:
    """Add the shares of the causes up to what the losses need."""
    owed = sum(map(mul, shares, numbers.entitled))
    place = numbers.short_before
    part = shares[place] if at_stake.part is not None and not at_stake.is_serious else 0.0
    spared = shares[place] * (1 - numbers.mid["short_owed"]) if claim.left is None else 0.0
    if claim.redemption == "unredeemed" or claim.is_delivered is False:
        saved = sum(map(mul, shares, numbers.sound))
    elif claim.redemption == "unknown" and claim.by_buyer is None:
        saved = sum(map(mul, shares, numbers.sound_unredeemed))
    else:
        saved = 0.0
    undelivered = shares[numbers.not_delivered]
    return Sums(owed - part - spared, part, 1 - owed, saved, undelivered)


def full(at: Setting, over: Sums, value: float) -> Loss:
    """Lose the claim, less what a voided card brings."""
    return value - at.salvage * over.saved, 0.0


def replace(at: Setting, over: Sums, value: float) -> Loss:
    """Lose a second card, and now and then a second complaint."""
    again = at.second * over.owed + at.second_bad * over.bad
    return at.card - at.salvage * over.saved + again * value, 0.0


def decline(at: Setting, over: Sums, at_stake: Stakes, *, escalates: float | None = None) -> Loss:
    """Lose work and maybe the platform's verdict; a buyer who is owed and does not get it is harmed."""
    value = at_stake.claim
    asks = at.escalates if escalates is None else escalates
    contested = at.labour + (1 - at.win) * (value + at.loss)
    kept = asks * at.win + 1 - asks  # the refusal stands
    cost = asks * contested + over.owed * kept * at.goodwill
    return cost, kept * _owed(over, at_stake)


def part(at: Setting, over: Sums, at_stake: Stakes, amount: float) -> Loss:
    """Lose the part where it is taken; where it is not, it is a refusal."""
    cost, harm = decline(at, over, at_stake)
    short = at_stake.part if at_stake.part is not None else at_stake.claim
    withheld = over.full * max(at_stake.claim - amount, 0.0) + over.part * max(short - amount, 0.0)
    takes = at.accepts
    if over.part and amount >= short:  # who gets all that is owed has no reason to refuse it
        harm *= over.full / (over.owed or 1.0)
    return takes * amount + (1 - takes) * cost, takes * withheld + (1 - takes) * harm


def resend(at: Setting, over: Sums, at_stake: Stakes) -> Loss:
    """Send the same code: heals what was not delivered, nothing else."""
    kept = at.escalates * at.win + 1 - at.escalates
    rest = max(over.owed - over.undelivered, 0.0)
    return at.labour + at.second * at_stake.claim, rest * kept * at_stake.claim


def goodwill(at: Setting, over: Sums, at_stake: Stakes) -> Loss:
    """Give a little where nothing is owed; it settles no claim that is."""
    cost, harm = decline(at, over, at_stake)
    return at.gift + cost * over.owed, harm


def _owed(over: Sums, at_stake: Stakes) -> float:
    return over.full * at_stake.claim + over.part * (at_stake.part or 0)
