"""Preconditions of remedies as named checks (design/domain.md §7.5). Each says what is missing and how to get it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cardcase.evidence.rules import Delivery, ItemState, Timing
from cardcase.evidence.rules.wording import listed
from cardcase.kit.money import yuan
from cardcase.kit.text import Text

from .facts import LIVE, SPENT, RemedyFacts, RemedyState
from .floor import Floor, FloorKind

if TYPE_CHECKING:
    from .catalogue import Catalogue, Kind

LEAST_TO_ASK: Final = timedelta(minutes=30)
"""Less time than this before the platform's margin is no time to ask for anything. Judgement."""

DEAD_STATES: Final = frozenset({"voided", "quarantined", "written_off"})
TAKEOVER_SIGNALS: Final = frozenset({"off_platform"})
"""Signals of triage that call for care before a second card goes out: wanting it sent elsewhere (N14)."""

_DISPUTE_STAGES: Final = frozenset({"platform_dispute", "appeal"})


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why a remedy cannot be chosen now: a code for programs, a sentence with the way out for people."""

    code: str
    text: Text


OVERRIDABLE: Final = frozenset({"already_replaced"})
"""Codes of blockers that the owner may set aside with a reason (invariant I1). Nothing else can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a check is asked about: one kind of remedy on one case."""

    facts: RemedyFacts
    kind: "Kind"
    floor: Floor
    catalogue: "Catalogue"
    amount_fen: int | None = None


Check = Callable[[Question], Blocker | None]
CHECKS: Final[dict[str, Check]] = {}
"""Every check by name."""


def _check(made: Check) -> Check:
    CHECKS[made.__name__] = made
    return made


def blockers(question: Question) -> tuple[Blocker, ...]:
    """Run the checks of a kind in the order of the catalogue; the same blocker is said once."""
    found: dict[str, Blocker] = {}
    for name in question.kind.checks:
        blocker = CHECKS[name](question)
        if blocker is not None:
            found.setdefault(f"{blocker.code}{blocker.text.zh}", blocker)
    return tuple(found.values())


# --- the case ------------------------------------------------------------------------------------------------------


@_check
def case_is_open(question: Question) -> Blocker | None:
    """Nothing is decided about a case that is over."""
    if question.facts.is_open:
        return None
    return Blocker("case_is_over", Text("这一单已经结束。", "This case is over."))


@_check
def platform_is_not_deciding(question: Question) -> Blocker | None:
    """While the platform decides, no money moves and nothing is offered (T14)."""
    if question.facts.status == "under_review":
        return Blocker(
            "under_platform_review",
            Text("平台正在处理，等裁决或补充证据。", "The platform is deciding: wait for it, or add evidence."),
        )
    if question.facts.stage in _DISPUTE_STAGES or question.facts.has_open_dispute:
        return Blocker(
            "under_platform_review",
            Text(
                "平台已经介入：提交证据等裁决，或由店主认可纠纷。",
                "The platform has stepped in: hand in evidence and wait, or the owner accepts the claim.",
            ),
        )
    return None


@_check
def nothing_paid_yet(question: Question) -> Blocker | None:
    """N5: the platform has not refunded, and no money of ours has gone out, on this order."""
    seen = (question.facts.case.refund, *question.facts.case.other_refunds)
    paid = next((refund for refund in seen if refund.state == "succeeded"), None)
    if paid is not None:
        amount = yuan(paid.amount_fen) if paid.amount_fen is not None else ""
        return Blocker(
            "already_refunded",
            Text(
                f"平台显示这一单已退款 {amount}，不能再给一次。".replace("  ", " "),
                f"The platform shows this order as refunded {amount}; it is not paid twice.".replace("  ", " "),
            ),
        )
    money = next((one for one in question.facts.remedies if one.is_money and one.state in SPENT), None)
    if money is not None and money.state != RemedyState.AMBIGUOUS:
        return Blocker(
            "already_refunded",
            Text(
                f"这一单已经退过 {yuan(money.value_fen)}，不能再给一次。",
                f"{yuan(money.value_fen)} has already been refunded; it is not paid twice.",
            ),
        )
    return None


@_check
def no_remedy_running(question: Question) -> Blocker | None:
    """N5: nothing else is on its way, and nothing is unclear."""
    for one in question.facts.remedies:
        if one.state == RemedyState.AMBIGUOUS:
            return Blocker(
                "remedy_ambiguous",
                Text(
                    "上一次处理的结果不明：先到平台核实并登记，再做别的。",
                    "The last remedy's result is unclear: look it up on the platform and record it first.",
                ),
            )
        if one.state in LIVE:
            return Blocker(
                "remedy_running",
                Text("已有一个处理方案在进行，先把它做完。", "Another remedy is under way: finish it first."),
            )
    return None


@_check
def not_replaced_yet(question: Question) -> Blocker | None:
    """One replacement per order line; after a replacement no refund of the whole either."""
    if any(one.kind == "replace_card" and one.state in SPENT for one in question.facts.remedies):
        return Blocker(
            "already_replaced",
            Text(
                "这一单已经换过一张卡：先查实两张卡的兑换情况，由店主写明理由才能再给。",
                "A card was already replaced here: check both cards first; the owner may give more, saying why.",
            ),
        )
    return None


# --- the card ------------------------------------------------------------------------------------------------------


@_check
def card_is_known(question: Question) -> Blocker | None:
    """A card is linked to the order."""
    if question.facts.case.cards_meant():
        return None
    return Blocker(
        "card_unlinked",
        Text(
            "还不知道是哪一张卡：导入卡密列表，或在卡库里关联。",
            "Which card it is is not known: import the list or link it.",
        ),
    )


@_check
def old_code_is_dead(question: Question) -> Blocker | None:
    """Before a second card goes out the first is proven dead, voided or quarantined."""
    facts = question.facts
    cards = facts.case.cards_meant()
    if not cards or facts.findings.is_usable is False or all(card.state in DEAD_STATES for card in cards):
        return None
    if facts.findings.is_as_listed is False and facts.findings.timing is Timing.UNREDEEMED:
        return Blocker(
            "old_code_alive",
            Text("旧卡还没兑换：先作废它，再换。", "The old card is unredeemed: void it, then replace it."),
        )
    return Blocker(
        "old_code_alive",
        Text(
            "旧卡还没有作废、停用，也没有查实不能用：先向发卡方查询，或把旧卡作废。",
            "The old card is neither voided, quarantined nor proven dead: query the issuer, or void it.",
        ),
    )


@_check
def equal_card_in_stock(question: Question) -> Blocker | None:
    """There is a card of the same brand and face value to give."""
    stock = question.facts.stock_equal
    if stock is None or stock > 0:
        return None
    return Blocker(
        "no_stock",
        Text(
            "卡库里没有同品牌同面值的卡：先补货，或改为退款。",
            "No card of the same value is in stock: buy one, or refund.",
        ),
    )


@_check
def no_takeover_signs(question: Question) -> Blocker | None:
    """N14: no sign that somebody else sits at the buyer's account."""
    facts = question.facts
    if facts.case.sub_reason != "O3" and not TAKEOVER_SIGNALS.intersection(facts.case.signals):
        return None
    return Blocker(
        "takeover_suspected",
        Text(
            "有账号被他人使用的迹象：不要再发卡，请买家通过平台核实身份。",
            "There are signs that somebody else uses the account: send no card; have the platform verify the buyer.",
        ),
    )


@_check
def code_was_not_read(question: Question) -> Blocker | None:
    """The same code is sent again only while nobody has read or used it."""
    facts = question.facts
    if any(item.kind in ("E6", "E7") and item.state is ItemState.HAVE for item in facts.items):
        return Blocker(
            "code_was_read",
            Text(
                "买家在交付后提到过这张卡，说明看到过卡密。",
                "The buyer mentioned the card after delivery, so it was read.",
            ),
        )
    if facts.findings.timing in (Timing.REDEEMED_AFTER_REVEAL, Timing.REDEEMED_BEFORE_REVEAL):
        return Blocker("card_redeemed", Text("这张卡已经被兑换。", "The card has been redeemed."))
    return None


# --- partial refund ------------------------------------------------------------------------------------------------


@_check
def balance_is_verified(question: Question) -> Blocker | None:
    """The amount follows from a verified balance, or has been agreed as a figure."""
    facts = question.facts
    if question.amount_fen is not None or (question.floor.kind is FloorKind.PROPORTIONAL and question.floor.binds):
        return None
    if facts.findings.remaining_fen is not None and facts.findings.is_short:
        return None
    return Blocker(
        "balance_unverified",
        Text(
            "还没有查实的余额，算不出该退多少：先查余额，或与买家谈定金额后填写。",
            "No verified balance, so no amount follows: check the balance, or agree a figure and type it.",
        ),
    )


@_check
def card_is_not_unusable(question: Question) -> Blocker | None:
    """A part is never enough when everything is owed."""
    floor = question.floor
    if not (floor.binds and floor.kind is FloorKind.FULL_OR_REPLACE):
        return None
    return Blocker("below_floor", Text(f"低于底线：{floor.text.zh}", f"Below the floor: {floor.text.en}"))


@_check
def part_is_within_bounds(question: Question) -> Blocker | None:
    """The channel pays a part, and this part lies within its bounds."""
    limit = question.catalogue.partial_limit(question.facts.channel)
    if limit.is_supported == "no":
        return Blocker(
            "part_not_supported",
            Text("这个渠道不支持部分退款。", "This channel does not refund a part."),
        )
    amount, price = question.amount_fen, question.facts.price_fen
    most = limit.most_fen if limit.most_fen is not None else price
    if amount is not None and (amount < max(1, limit.least_fen) or (most is not None and amount > most)):
        return Blocker(
            "amount_out_of_bounds",
            Text(
                f"金额要在 {yuan(max(1, limit.least_fen))} 到 {yuan(most) if most is not None else '实付'} 之间。",
                f"The amount must lie between {yuan(max(1, limit.least_fen))} and "
                f"{yuan(most) if most is not None else 'what was paid'}.",
            ),
        )
    if amount is not None and question.floor.binds and (question.floor.amount_fen or 0) > amount:
        return Blocker(
            "below_floor", Text(f"低于底线：{question.floor.text.zh}", f"Below the floor: {question.floor.text.en}")
        )
    return None


# --- parcels, issuer, supplier -------------------------------------------------------------------------------------


@_check
def is_a_parcel(question: Question) -> Blocker | None:
    """Only a physical card can be sent back."""
    physical = question.facts.case.order.is_physical
    if physical:
        return None
    if physical is None:
        return Blocker(
            "form_unknown",
            Text(
                "不知道是不是实体卡：导入订单详情（发货方式）后再看。",
                "Whether it is a physical card is not known: import the order.",
            ),
        )
    return Blocker("not_physical", Text("卡密不能退货。", "A code cannot be sent back."))


@_check
def issuer_ticket_is_known(question: Question) -> Blocker | None:
    """Waiting needs something to wait for: the issuer's ticket, with its date."""
    for exhibit in question.facts.case.exhibits:
        if exhibit.kind == "E12" and exhibit.facts.get("ticket_no") and exhibit.facts.get("ticket_on"):
            return None
    return Blocker(
        "no_issuer_ticket",
        Text(
            "还没有发卡方工单号和日期：请买家或自己向官方客服报修，把工单登记为证据。",
            "No issuer's ticket with its date is on file.",
        ),
    )


@_check
def batch_is_known(question: Question) -> Blocker | None:
    """A supplier is claimed from for a batch."""
    cards = question.facts.case.cards_meant()
    if cards and all(card.batch_name and card.supplier_name for card in cards):
        return None
    return Blocker("batch_unknown", Text("没有登记批次和货源方。", "Batch and supplier are not recorded."))


@_check
def supplier_window_is_open(question: Question) -> Blocker | None:
    """The supplier's own term has not run out."""
    today = question.facts.case.at.date()
    for card in question.facts.case.cards_meant():
        if card.claim_until is not None and card.claim_until < today:
            return Blocker(
                "supplier_window_closed",
                Text(
                    f"货源方的售后期到 {card.claim_until} 为止，已经过了。",
                    f"The supplier's term ended on {card.claim_until}.",
                ),
            )
    return None


@_check
def failure_before_delivery(question: Question) -> Blocker | None:
    """The supplier answers for what was wrong before the buyer had the card."""
    found = question.facts.findings
    if found.timing is Timing.REDEEMED_BEFORE_REVEAL or found.is_usable is False or found.is_short_before_delivery:
        return None
    return Blocker(
        "failure_unproven",
        Text(
            "还没有证明问题发生在交付之前：先向发卡方查兑换时间。",
            "That it failed before delivery is not proven: query the issuer.",
        ),
    )


# --- asking, refusing, escalating ----------------------------------------------------------------------------------


@_check
def something_to_ask(question: Question) -> Blocker | None:
    """Some evidence can still be got from somebody."""
    if any(item.state is ItemState.ASK for item in question.facts.items):
        return None
    return Blocker("nothing_to_ask", Text("没有可以再要的证据。", "There is nothing left to ask for."))


@_check
def time_to_ask(question: Question) -> Blocker | None:
    """An answer can come before the platform's margin."""
    margin = question.facts.platform_margin_at
    if margin is None or margin - question.facts.case.at >= LEAST_TO_ASK:
        return None
    return Blocker(
        "no_time_to_ask",
        Text(
            "平台时限快到了，来不及再要证据：按已有的决定。",
            "The platform's deadline is too close to ask: decide on what is there.",
        ),
    )


@_check
def card_was_delivered(question: Question) -> Blocker | None:
    """T12: never refused when nothing was delivered."""
    if question.facts.findings.delivery in (Delivery.HANDED_OVER, Delivery.MARKED):
        return None
    return Blocker(
        "not_delivered",
        Text(
            "没有交付记录，不能拒绝：先交付，或导入交付记录。",
            "No delivery is on record, so it cannot be refused: deliver or import it.",
        ),
    )


@_check
def evidence_is_complete(question: Question) -> Blocker | None:
    """T12: what this reason's refusal needs is on file."""
    return _gaps(question, "evidence_missing", "never_declined", code="evidence_incomplete")


@_check
def evidence_is_clean(question: Question) -> Blocker | None:
    """T12, T16: nothing on file contradicts."""
    return _gaps(question, "evidence_contradicts", code="evidence_contradicts")


def _gaps(question: Question, *codes: str, code: str) -> Blocker | None:
    texts = [gap.text for gap in question.facts.gaps if gap.code in codes]
    return Blocker(code, listed(texts, zh="", en=" ")) if texts else None


@_check
def floor_allows_refusal(question: Question) -> Blocker | None:
    """T12: the entitlement floor comes before cost."""
    floor = question.floor
    if not floor.binds:
        return None
    return Blocker("below_floor", Text(f"低于底线：{floor.text.zh}", f"Below the floor: {floor.text.en}"))


@_check
def was_declined_first(question: Question) -> Blocker | None:
    """T13: the platform takes a case over only after a refusal."""
    if question.facts.status == "declined":
        return None
    return Blocker(
        "not_declined",
        Text("卖家拒绝之后，平台才受理介入申请。", "The platform takes it over only after a refusal."),
    )


@_check
def is_in_dispute(question: Question) -> Blocker | None:
    """A claim can be accepted only where the platform has opened one."""
    if question.facts.stage in _DISPUTE_STAGES:
        return None
    return Blocker("no_dispute", Text("平台还没有介入。", "The platform has not opened a dispute."))
