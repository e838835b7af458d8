"""What each remedy would cost the shop, as a range of 分. Assumptions, not measurements: the priors say where from.

The model is reference/disputes.md §8.2. Every formula is linear in each unknown, so its extremes lie at the ends of
the ranges. Fractions in between, whole 分 at the end: low rounded down, high rounded up.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import ceil, floor
from typing import Final

from cardcase.evidence.rules import Timing
from cardcase.kit.text import Text

from .catalogue import Catalogue
from .facts import RemedyFacts

Range = tuple[Fraction, Fraction]
_ONE: Final = Fraction(1)
_ZERO: Final[Range] = (Fraction(0), Fraction(0))


@dataclass(frozen=True, slots=True)
class Cost:
    """A range in 分 and what it rests on. ``justify_fen``: worst case of a refusal if the buyer surely escalates."""

    low_fen: int
    high_fen: int
    rests_on: Text
    justify_fen: int | None = None


@dataclass(frozen=True, slots=True)
class _World:
    """The unknowns as ranges, and the amounts at stake."""

    claim: Fraction
    win: Range
    escalates: Range
    accepts: Range
    labour: Range
    loss: Range
    goodwill: Range
    card: Range
    second: Range
    salvage: Range
    fee: Range
    gift: Range


_Ranges = Callable[[_World, int | None], Iterator[Fraction]]
"""A formula: the values of a cost at the ends of the unknowns."""


def cost_of(kind: str, facts: RemedyFacts, catalogue: Catalogue, *, amount_fen: int | None = None) -> Cost | None:
    """Estimate what a remedy costs the shop. None when what is at stake is not known, or nothing can be said."""
    claim = facts.case.claimed_fen if facts.case.claimed_fen is not None else facts.price_fen
    if claim is None:
        return None
    world = _world(facts, catalogue, Fraction(claim))
    ranges = _RANGES.get(kind)
    if ranges is None:
        return None
    low, high = _span(ranges, world, amount_fen)
    justify = None
    if kind == "decline":
        justify = ceil(_span(_verdict, world, None)[1])
    return Cost(floor(low), ceil(high), _rests_on(kind, facts, world), justify)


def _world(facts: RemedyFacts, catalogue: Catalogue, claim: Fraction) -> _World:
    prior = catalogue.priors
    costs = [card.cost_fen for card in facts.case.cards_meant()]
    faces = [card.face_fen for card in facts.case.cards_meant()]
    if costs and all(cost is not None for cost in costs):
        exact = Fraction(sum(cost for cost in costs if cost is not None))
        card: Range = (exact, exact)
    else:
        known = [face for face in faces if face is not None]
        face = Fraction(sum(known)) if known and len(known) == len(faces) else claim
        card = _times(prior["card_cost_share"].shares, face)
    can_be_saved = facts.findings.timing is Timing.UNREDEEMED and facts.findings.is_usable is not False
    salvage = _times(prior["salvage_share"].shares, claim) if can_be_saved else _ZERO
    return _World(
        claim=claim,
        win=prior["win_on_record" if _is_on_record(facts) else "win_otherwise"].shares,
        escalates=prior["escalates"].shares,
        accepts=prior["accepts_offer"].shares,
        labour=(Fraction(prior["labour_fen"].low), Fraction(prior["labour_fen"].high)),
        loss=(Fraction(prior["platform_loss_fen"].low), Fraction(prior["platform_loss_fen"].high)),
        goodwill=_times(prior["goodwill_lost"].shares, claim),
        card=card,
        second=prior["second_complaint"].shares,
        salvage=salvage,
        fee=_times(prior["fee_share"].shares, claim),
        gift=_times(prior["gift_share"].shares, claim),
    )


def _is_on_record(facts: RemedyFacts) -> bool:
    """Tell whether the record speaks for the shop: redeemed after delivery, or all that a refusal needs is on file."""
    return facts.findings.timing is Timing.REDEEMED_AFTER_REVEAL or not facts.gaps


def _times(shares: Range, amount: Fraction) -> Range:
    return shares[0] * amount, shares[1] * amount


@lru_cache(maxsize=1024)
def _span(ranges: "_Ranges", world: _World, amount_fen: int | None) -> Range:
    """Return the extremes of a formula. Exact fractions are slow, and a shop sells the same cards a thousand times."""
    every = list(ranges(world, amount_fen))
    return min(every), max(every)


def _full(world: _World, _amount: int | None = None) -> Iterator[Fraction]:
    for salvage, fee in product(world.salvage, world.fee):
        yield world.claim - salvage + fee


def _part(world: _World, amount: int | None) -> Iterator[Fraction]:
    part = Fraction(amount) if amount is not None else None
    parts = (part, part) if part is not None else (world.claim / 10, world.claim)
    for paid, accepts, escalates, win, labour, loss in product(
        parts, world.accepts, world.escalates, world.win, world.labour, world.loss
    ):
        rest = max(world.claim - paid, Fraction(0))
        refused = paid + escalates * (labour + (_ONE - win) * (rest + loss))
        yield accepts * paid + (_ONE - accepts) * refused


def _replace(world: _World, _amount: int | None) -> Iterator[Fraction]:
    for card, salvage, second in product(world.card, world.salvage, world.second):
        yield max(card - salvage, Fraction(0)) + second * world.claim


def _decline(world: _World, _amount: int | None) -> Iterator[Fraction]:
    for escalates, win, labour, loss, goodwill in product(
        world.escalates, world.win, world.labour, world.loss, world.goodwill
    ):
        contested = labour + (_ONE - win) * (world.claim + loss)
        yield escalates * contested + (escalates * win + _ONE - escalates) * goodwill


def _verdict(world: _World, _amount: int | None = None) -> Iterator[Fraction]:
    for win, labour, loss, goodwill in product(world.win, world.labour, world.loss, world.goodwill):
        yield labour + (_ONE - win) * (world.claim + loss) + win * goodwill


def _ask(world: _World, _amount: int | None) -> Iterator[Fraction]:
    # The facts that come back decide: at best only the work is spent, at worst the claim is owed in full.
    yield world.labour[0]
    for win, labour in product(world.win, world.labour):
        yield labour + (_ONE - win) * min(world.claim, world.card[1])


def _resend(world: _World, _amount: int | None) -> Iterator[Fraction]:
    for labour, second in product(world.labour, world.second):
        yield labour + second * world.claim


def _goodwill(world: _World, amount: int | None) -> Iterator[Fraction]:
    yield from (Fraction(amount),) if amount is not None else world.gift


def _wait(world: _World, _amount: int | None) -> Iterator[Fraction]:
    yield world.labour[0]
    yield world.labour[1] + world.claim


def _supplier(world: _World, _amount: int | None) -> Iterator[Fraction]:
    yield from world.labour


_RANGES: Final[dict[str, _Ranges]] = {
    "ask_first": _ask,
    "replace_card": _replace,
    "partial_refund": _part,
    "full_refund": _full,
    "return_and_refund": _full,
    "accept_claim": _full,
    "resend_same_code": _resend,
    "wait_issuer": _wait,
    "goodwill": _goodwill,
    "decline": _decline,
    "escalate": _verdict,
    "supplier_claim": _supplier,
}


def _rests_on(kind: str, facts: RemedyFacts, world: _World) -> Text:
    if kind in ("decline", "escalate", "partial_refund", "ask_first"):
        low, high = (round(share * 100) for share in world.win)
        why = (
            Text("记录对我方有利", "the record speaks for it")
            if _is_on_record(facts)
            else Text("事实未明或不利", "facts open or against it")
        )
        return Text(
            f"按假设估算（平台支持我方 {low}–{high}%：{why.zh}）；来自 0 笔自有结果，不是统计。",
            f"Assumed: the platform sides with the shop {low}–{high} % ({why.en}); from 0 own outcomes, not measured.",
        )
    if kind == "replace_card":
        return Text("按进货成本或面值的 90–100% 估算。", "From the card's cost, or 90–100 % of its face value.")
    return Text("按订单金额估算。", "From the order's amount.")
