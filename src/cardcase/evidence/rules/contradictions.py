"""N9: does an exhibit contradict what is on record? Structured facts are compared; nothing is guessed from pictures.

Contradiction is worse than absence: a contradicting item ranks below a missing one and blocks T12 and T16.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cardcase.kit.money import yuan
from cardcase.kit.text import Text, fold
from cardcase.orders.rules.reading import MADE_UP

from .exhibits import RECORDING, moment_of
from .facts import CardSeen, CaseFacts, CheckSeen, ExhibitSeen
from .wording import when

CLOCK_SLACK: Final = timedelta(minutes=10)
"""A phone's clock may be off by this much before a time counts as contradicting. Judgement."""

AFTER_DELIVERY: Final = frozenset({"E10", "E11", "E12", "E15"})
"""Kinds that a buyer can only have made once the card was delivered."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One fact of one exhibit that does not fit: which field, and the sentence that says it."""

    exhibit: str
    kind: str
    field: str
    text: Text


def contradictions(facts: CaseFacts) -> tuple[Contradiction, ...]:
    """List everything in the exhibits and the mirrored records that does not fit together."""
    found: list[Contradiction] = []
    for exhibit in facts.exhibits:
        found += [
            Contradiction(exhibit.public_id, exhibit.kind, name, text)
            for name, text in (
                *_identity(exhibit, facts),
                *_amounts(exhibit, facts),
                *_times(exhibit, facts),
                *_word(exhibit, facts),
                *_signature(exhibit),
            )
        ]
    found += _records(facts)
    if facts.parcel is not None:
        found += [Contradiction("", kind, name, text) for kind, name, text in facts.parcel.clashes]
    return tuple(found)


def _identity(exhibit: ExhibitSeen, facts: CaseFacts) -> list[tuple[str, Text]]:
    found: list[tuple[str, Text]] = []
    order_no = exhibit.facts.get("order_no")
    is_told = bool(facts.order.order_no) and not facts.order.order_no.startswith(MADE_UP)
    if order_no and is_told and order_no != facts.order.order_no:
        found.append(
            ("order_no", Text("图上的订单号不是这一单，与记录不符", "It shows another order number than this case"))
        )
    tails = {card.tail4.upper() for card in facts.cards if card.tail4}
    tail = exhibit.facts.get("tail4")
    if tail and tails and tail not in tails:
        known = "、".join(f"‥{one}" for one in sorted(tails))
        found.append(
            (
                "tail4",
                Text(
                    f"显示的卡尾号是 ‥{tail}，本单交付的是 {known}，与记录不符",
                    f"It shows card tail ‥{tail}; this order got {known}: inconsistent with the record",
                ),
            )
        )
    for name, zh, en in (("region", "地区", "region"), ("brand", "品牌", "brand")):
        known_values = {fold(value) for card in facts.cards if (value := getattr(card, name))}
        shown = exhibit.facts.get(name)
        if shown and known_values and not any(_same_word(fold(shown), one) for one in known_values):
            found.append(
                (
                    name,
                    Text(
                        f"显示的{zh}是“{shown}”，与卡的记录不符",
                        f"It shows {en} {shown!r}, inconsistent with the card's record",
                    ),
                )
            )
    return found


def _same_word(shown: str, known: str) -> bool:
    return shown in known or known in shown


def _amounts(exhibit: ExhibitSeen, facts: CaseFacts) -> list[tuple[str, Text]]:
    found: list[tuple[str, Text]] = []
    amount = exhibit.facts.get("amount_fen")
    known = {
        fen
        for fen in (
            facts.order.paid_fen,
            facts.order.total_fen,
            facts.claimed_fen,
            facts.refund.amount_fen,
            *(card.face_fen for card in facts.cards),
        )
        if fen is not None
    }
    if amount is not None and known and amount not in known:
        found.append(
            (
                "amount_fen",
                Text(
                    f"显示的金额 {yuan(amount)} 和本单的金额都对不上",
                    f"It shows {yuan(amount)}, which is no amount of this order",
                ),
            )
        )
    faces = {card.face_fen for card in facts.cards if card.face_fen is not None}
    face, balance = exhibit.facts.get("face_fen"), exhibit.facts.get("balance_fen")
    if face is not None and faces and face not in faces:
        found.append(
            (
                "face_fen",
                Text(
                    f"显示的面值 {yuan(face)} 与本单的卡不符",
                    f"It shows a face value of {yuan(face)}, not that of this order's card",
                ),
            )
        )
    if balance is not None and faces and balance > max(faces):
        found.append(
            (
                "balance_fen",
                Text(
                    f"显示的余额 {yuan(balance)} 比面值还高",
                    f"It shows a balance of {yuan(balance)}, more than the face value",
                ),
            )
        )
    return found


def _times(exhibit: ExhibitSeen, facts: CaseFacts) -> list[tuple[str, Text]]:
    found: list[tuple[str, Text]] = []
    at, delivered_at = moment_of(exhibit.facts, "at"), facts.delivered_at()
    redeemed_at = moment_of(exhibit.facts, "redeemed_at")
    for name, moment in (("at", at), ("redeemed_at", redeemed_at)):
        if moment is not None and moment > facts.at + CLOCK_SLACK:
            found.append((name, Text("显示的时间在将来", "It shows a time in the future")))
    if (
        exhibit.kind in AFTER_DELIVERY
        and at is not None
        and delivered_at is not None
        and at < delivered_at - CLOCK_SLACK
    ):
        found.append(
            (
                "at",
                Text(
                    f"画面时间 {when(at).zh} 早于交付时间 {when(delivered_at).zh}，与记录不符",
                    f"made at {when(at).en}, before delivery at {when(delivered_at).en}: inconsistent with the record",
                ),
            )
        )
    if redeemed_at is not None and at is not None and redeemed_at > at + CLOCK_SLACK:
        found.append(
            ("redeemed_at", Text("兑换时间晚于截图时间", "It shows a redemption later than the moment it was made"))
        )
    return found


def _word(exhibit: ExhibitSeen, facts: CaseFacts) -> list[tuple[str, Text]]:
    if exhibit.kind != RECORDING:
        return []
    asked = {fold(request.nonce) for request in facts.requests if request.nonce}
    shown = exhibit.facts.get("nonce")
    if asked and shown and fold(shown) not in asked:
        return [
            (
                "nonce",
                Text(
                    f"画面里的口令“{shown}”不是本单给出的口令，不能确认是这次录的",
                    f"The word {shown!r} in the recording is not the one given for this case",
                ),
            )
        ]
    return []


def _signature(exhibit: ExhibitSeen) -> list[tuple[str, Text]]:
    if exhibit.facts.get("dkim") != "failed":
        return []
    return [
        (
            "dkim",
            Text(
                "邮件的 DKIM 签名对不上：发出之后被改过，或签名是假的",
                "The mail's DKIM signature does not hold: it was changed after it was sent, or it is forged",
            ),
        )
    ]


def _records(facts: CaseFacts) -> list[Contradiction]:
    found: list[Contradiction] = []
    paid_at = facts.order.paid_at
    for card in facts.cards_meant():
        if card.revealed_at is not None and paid_at is not None and card.revealed_at < paid_at - CLOCK_SLACK:
            found.append(
                Contradiction(
                    "",
                    "E5",
                    "revealed_at",
                    Text(
                        f"交付时间 {when(card.revealed_at).zh} 早于付款时间 {when(paid_at).zh}，先核对记录",
                        f"delivery {when(card.revealed_at).en} is before payment {when(paid_at).en}: check the records",
                    ),
                )
            )
        check = last_check_before_reveal(card, facts)
        if check is not None and check.is_usable is False:
            found.append(
                Contradiction(
                    "",
                    "E2",
                    "is_usable",
                    Text(
                        f"售前查验（{when(check.at).zh}）显示不可用，却还是发出了",
                        f"The check before sale ({when(check.at).en}) showed the card unusable, yet it was sent",
                    ),
                )
            )
        elif (
            check is not None
            and check.balance_fen is not None
            and card.face_fen is not None
            and check.balance_fen < card.face_fen
        ):
            found.append(
                Contradiction(
                    "",
                    "E2",
                    "balance_fen",
                    Text(
                        f"售前查验的余额 {yuan(check.balance_fen)} 低于面值 {yuan(card.face_fen)}",
                        f"The check before sale showed {yuan(check.balance_fen)}, less than the face value "
                        f"{yuan(card.face_fen)}",
                    ),
                )
            )
    return found


def last_check_before_reveal(card: CardSeen, facts: CaseFacts) -> CheckSeen | None:
    """Return our last look at the card before the buyer could read it; None when there was none."""
    until = card.revealed_at or facts.order.delivered_at or facts.order.paid_at
    if until is None:
        return None
    before = [check for check in card.checks if check.at <= until]
    return max(before, key=lambda check: check.at, default=None)
