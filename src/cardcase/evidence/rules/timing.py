"""N2: was the card redeemed before or after the buyer could read it? The tolerance depends on whose clock it is.

The words are about records, never about people: 「与记录不符」. The time alone does not say *who* redeemed it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

from cardcase.kit import clock
from cardcase.kit.text import Text

from .exhibits import day_of, moment_of
from .facts import CardSeen, CaseFacts, ExhibitSeen
from .matrix import Matrix
from .wording import when

TELLS_TIME: Final = ("E3", "E13", "E4", "E12", "E24")
"""Kinds that can say whether and when a card was redeemed, strongest first. A buyer's own picture (E10) cannot."""

_ISSUER_CLOCK: Final = frozenset({"issuer", "platform"})


class Timing(StrEnum):
    """What the comparison found."""

    REDEEMED_BEFORE_REVEAL = "redeemed_before_reveal"
    REDEEMED_AFTER_REVEAL = "redeemed_after_reveal"
    UNREDEEMED = "unredeemed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Observed:
    """One statement about one card: redeemed at a moment (give or take ``slack``), or not redeemed as of a moment."""

    source: str  # id of the exhibit, "card" or "check"
    is_redeemed: bool
    at: datetime
    slack: timedelta
    clock_source: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The finding for one card, with what it rests on and the sentence that says it."""

    finding: Timing
    text: Text
    card_public_id: str = ""
    redeemed_at: datetime | None = None
    revealed_at: datetime | None = None
    claimed_at: datetime | None = None
    seen_at: datetime | None = None  # for UNREDEEMED: when that was observed
    gap: timedelta | None = None
    tolerance: timedelta | None = None
    clock_source: str = ""
    is_after_claim: bool = False
    is_disputed: bool = False  # the sources differ by more than their tolerance


def compare(facts: CaseFacts, matrix: Matrix) -> tuple[Comparison, ...]:
    """Compare the times of every card that the complaint is about."""
    return tuple(_compare_card(facts, card, matrix) for card in facts.cards_meant())


def overall(comparisons: tuple[Comparison, ...]) -> Comparison:
    """Sum up several cards: one redeemed before its reveal decides; otherwise they must agree, else it is unknown."""
    if not comparisons:
        return Comparison(
            Timing.UNKNOWN,
            Text(
                "还没有关联到卡，无法比对兑换时间。",
                "No card is linked yet, so the redemption time cannot be compared.",
            ),
        )
    for comparison in comparisons:
        if comparison.finding is Timing.REDEEMED_BEFORE_REVEAL:
            return comparison
    if len({comparison.finding for comparison in comparisons}) == 1:
        return comparisons[0]
    return Comparison(
        Timing.UNKNOWN,
        Text(
            "这笔订单的几张卡情况不同，请先指明买家说的是哪一张。",
            "The cards of this order differ: say first which one the buyer means.",
        ),
    )


def _compare_card(facts: CaseFacts, card: CardSeen, matrix: Matrix) -> Comparison:
    observed = sorted(_observations(facts, card, matrix), key=lambda one: (one.slack, one.at))
    redeemed = [one for one in observed if one.is_redeemed]
    revealed_at = card.revealed_at or (facts.order.delivered_at if card.has_reveal else None)
    if not redeemed:
        return _without_redemption(facts, card, observed, revealed_at)
    best = redeemed[0]
    for other in redeemed[1:]:
        if abs(other.at - best.at) > other.slack + best.slack:
            return Comparison(
                Timing.UNKNOWN,
                Text(
                    f"两处兑换时间对不上：{when(best.at).zh} 和 {when(other.at).zh}，以发卡方答复为准，先核实。",
                    f"Two redemption times differ: {when(best.at).en} and {when(other.at).en}; ask the issuer.",
                ),
                card_public_id=card.public_id,
                revealed_at=revealed_at,
                claimed_at=facts.claimed_at,
                is_disputed=True,
            )
    if revealed_at is None:
        return Comparison(
            Timing.UNKNOWN,
            Text(
                f"卡在 {when(best.at).zh} 兑换，但不知道买家何时看到卡密，无法比对。",
                f"The card was redeemed at {when(best.at).en}, but it is not known when the buyer could read it.",
            ),
            card_public_id=card.public_id,
            redeemed_at=best.at,
            claimed_at=facts.claimed_at,
            clock_source=best.clock_source,
        )
    return _before_or_after(facts, card, best, revealed_at)


def _before_or_after(facts: CaseFacts, card: CardSeen, best: Observed, revealed_at: datetime) -> Comparison:
    gap = best.at - revealed_at
    tail = f"‥{card.tail4}" if card.tail4 else ""
    span_zh, span_en = clock.span_text(gap), clock.span_text(gap, lang="en")
    is_after_claim = facts.claimed_at is not None and best.at > facts.claimed_at + best.slack
    if abs(gap) <= best.slack:
        finding = Timing.UNKNOWN
        text = Text(
            f"卡{tail}的兑换和交付只差 {span_zh}，在时钟误差（{clock.span_text(best.slack)}）之内，不能断定先后。",
            f"Card {tail} was redeemed within {span_en} of delivery: inside the clock tolerance "
            f"({clock.span_text(best.slack, lang='en')}), so the order is not known.",
        )
    elif gap < timedelta():
        finding = Timing.REDEEMED_BEFORE_REVEAL
        text = Text(
            f"卡{tail}在交付前 {span_zh} 就已被兑换（{when(best.at).zh}），买家说法与记录相符。",
            f"Card {tail} had been redeemed {span_en} before delivery ({when(best.at).en}): the buyer's claim agrees "
            "with the record.",
        )
    else:
        finding = Timing.REDEEMED_AFTER_REVEAL
        later = Text("，而且在申请退款之后", ", and after the refund was asked for") if is_after_claim else Text("", "")
        text = Text(
            f"卡{tail}在交付后 {span_zh} 被兑换（{when(best.at).zh}）{later.zh}。"
            "“交付前已用过”的说法与记录不符；时间本身不说明是谁兑换的，要看兑换账号。",
            f"Card {tail} was redeemed {span_en} after delivery ({when(best.at).en}){later.en}. A claim that it was "
            "used before disagrees with the record; the time alone does not say who redeemed it, the account does.",
        )
    return Comparison(
        finding,
        text,
        card_public_id=card.public_id,
        redeemed_at=best.at,
        revealed_at=revealed_at,
        claimed_at=facts.claimed_at,
        gap=gap,
        tolerance=best.slack,
        clock_source=best.clock_source,
        is_after_claim=is_after_claim,
    )


def _without_redemption(
    facts: CaseFacts, card: CardSeen, observed: list[Observed], revealed_at: datetime | None
) -> Comparison:
    if card.state == "redeemed":
        return Comparison(
            Timing.UNKNOWN,
            Text(
                "卡已被兑换，但不知道什么时候：请向发卡方问兑换时间和账号。",
                "The card has been redeemed, when is not known: ask the issuer for the time and the account.",
            ),
            card_public_id=card.public_id,
            revealed_at=revealed_at,
            claimed_at=facts.claimed_at,
        )
    seen = max((one.at for one in observed), default=None)
    since = max((moment for moment in (revealed_at, facts.claimed_at) if moment is not None), default=None)
    tail = f"‥{card.tail4}" if card.tail4 else ""
    if seen is not None and since is not None and seen >= since:
        return Comparison(
            Timing.UNREDEEMED,
            Text(
                f"卡{tail}到 {when(seen).zh} 为止还没有被兑换。",
                f"Card {tail} had not been redeemed as of {when(seen).en}.",
            ),
            card_public_id=card.public_id,
            revealed_at=revealed_at,
            claimed_at=facts.claimed_at,
            seen_at=seen,
        )
    return Comparison(
        Timing.UNKNOWN,
        Text(
            f"还不知道卡{tail}是否已被兑换；向发卡方查一次就能知道。",
            f"It is not known whether card {tail} has been redeemed; one query at the issuer tells.",
        ),
        card_public_id=card.public_id,
        revealed_at=revealed_at,
        claimed_at=facts.claimed_at,
        seen_at=seen,
    )


def _observations(facts: CaseFacts, card: CardSeen, matrix: Matrix) -> Iterator[Observed]:
    issuer = timedelta(seconds=matrix.numbers["tolerance_issuer_seconds"])
    other = timedelta(seconds=matrix.numbers["tolerance_other_seconds"])
    day = timedelta(seconds=matrix.numbers["tolerance_day_seconds"])
    if card.redeemed_at is not None:
        yield Observed("card", is_redeemed=True, at=card.redeemed_at, slack=other, clock_source="typed")
    for check in card.checks:
        if check.is_usable and (check.balance_fen is None or check.balance_fen == card.face_fen):
            yield Observed("check", is_redeemed=False, at=check.at, slack=other, clock_source="typed")
    for exhibit in facts.exhibits:
        if exhibit.kind not in TELLS_TIME or not is_about(exhibit, card, facts):
            continue
        source = str(exhibit.facts.get("clock_source", "typed"))
        slack = issuer if source in _ISSUER_CLOCK else other
        redeemed_at, redeemed_on = moment_of(exhibit.facts, "redeemed_at"), day_of(exhibit.facts, "redeemed_on")
        seen_at = moment_of(exhibit.facts, "at") or exhibit.captured_at
        if redeemed_at is not None:
            yield Observed(exhibit.public_id, is_redeemed=True, at=redeemed_at, slack=slack, clock_source=source)
        elif redeemed_on is not None:
            noon = datetime.combine(redeemed_on, time(12), tzinfo=clock.SHANGHAI)
            yield Observed(exhibit.public_id, is_redeemed=True, at=noon, slack=day, clock_source=source)
        elif exhibit.facts.get("is_redeemed") is False and seen_at is not None and not _is_partly_spent(exhibit, card):
            yield Observed(exhibit.public_id, is_redeemed=False, at=seen_at, slack=slack, clock_source=source)


def _is_partly_spent(exhibit: ExhibitSeen, card: CardSeen) -> bool:
    balance = exhibit.facts.get("balance_fen")
    return isinstance(balance, int) and card.face_fen is not None and balance < card.face_fen


def is_about(exhibit: ExhibitSeen, card: CardSeen, facts: CaseFacts) -> bool:
    """Tell whether an exhibit speaks of this card: by its tail, else by the order number when it says no tail."""
    tail = exhibit.facts.get("tail4")
    if tail is not None:
        return bool(card.tail4) and str(tail).upper() == card.tail4.upper()
    order_no = exhibit.facts.get("order_no")
    return order_no is None or order_no == facts.order.order_no
