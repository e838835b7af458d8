"""How an execution ended (T10, T11): read back from the platform or the new reveal, or seen by a person who says where.

What is unclear is ``ambiguous``: it stops every other remedy and the closing of the case (I7) until somebody has
settled it as paid or not paid. Money is never tried again by a machine.
"""

from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.db import transaction

from cardcase.cards import queries as card_queries
from cardcase.cards import service as cards
from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import BY_EVENT, Event, GuardFacts, Need, Outcome, Status
from cardcase.cases.service.rows import ask_person, save, take, unask
from cardcase.connectors.ports import RefundState
from cardcase.custody import service as custody
from cardcase.kit import ids
from cardcase.kit.errors import Conflict, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.remedies import queries
from cardcase.remedies.models import Remedy
from cardcase.remedies.rules import TRANSFER, RemedyState
from cardcase.staff.rules import Actor, Permission

from .rows import label, record, said

OUT: Final = (RemedyState.EXECUTING, RemedyState.EXECUTED, RemedyState.AMBIGUOUS)
"""States of a remedy whose result is not known."""

ON_PLATFORM: Final = ("full_refund", "partial_refund", "return_and_refund", "accept_claim")
"""Remedies that the platform itself pays, so that its refund shows them."""

_RESULTS: Final = (RemedyState.EXECUTED, RemedyState.VERIFIED, RemedyState.FAILED, RemedyState.AMBIGUOUS)
_SOURCE_MAX: Final = 120
_OUTCOMES: Final = MappingProxyType(
    {
        "replace_card": Outcome.REISSUED,
        "resend_same_code": Outcome.REISSUED,
        "partial_refund": Outcome.PARTLY_REFUNDED,
        "goodwill": Outcome.PARTLY_REFUNDED,
    }
)


@transaction.atomic
def record_result(
    actor: Actor, number: str, result: RemedyState, *, source_event: str, at: datetime, note: str = ""
) -> Remedy:
    """Note how an execution ended, and what shows it: executed, verified (T10), failed or ambiguous (T11).

    Verified and failed are final. An ambiguous one is settled by recording it once more, as verified or failed. A
    replacement is verified only once the new code was handed over; when it failed, the card goes back into the stock.
    Raises Refused, WrongUse without a source, NotAllowed.
    """
    actor.require(Permission.WORK)
    case = take(actor, number)
    result = RemedyState(result)
    shown_by = said(actor, source_event)[:_SOURCE_MAX]
    if result not in _RESULTS or not shown_by:
        raise WrongUse("要写明结果和依据", "Name the result and what shows it")
    remedy = queries.live_remedy(actor, case)
    if remedy is None or remedy.state not in OUT:
        raise Refused("没有正在执行的方案", "No remedy is being carried out", code="nothing_executing")
    if remedy.state == result:
        return remedy
    if result is RemedyState.EXECUTED and remedy.state != RemedyState.EXECUTING:
        raise Refused("结果已经登记过", "A result is on record already", code="result_recorded")
    if result is RemedyState.FAILED and remedy.kind in ON_PLATFORM and _is_paid(case):
        raise Refused(
            "平台显示这笔退款已经成功，不能记成失败",
            "The platform shows this refund as paid: it did not fail",
            code="refund_is_paid",
        )
    _settle_replacement(actor, remedy, result, at=at)
    _become(actor, case, remedy, result, shown_by=shown_by, note=note, at=at)
    _move(actor, case, remedy, result, shown_by=shown_by, at=at)
    return remedy


@transaction.atomic
def note_transfer(actor: Actor, number: str, amount_fen: int, *, source: str, revision: int, at: datetime) -> Remedy:
    """Note that money went to the buyer beside the platform: from then on it counts as paid, so nothing is paid twice.

    Cardcase does not advise it and does not do it; what has happened must be known. Raises Conflict, WrongUse.
    """
    actor.require(Permission.DECIDE)
    case = take(actor, number, revision=revision)
    shown_by = said(actor, source)[:_SOURCE_MAX]
    if amount_fen <= 0 or not shown_by:
        raise WrongUse("要写明金额和依据", "Name the amount and what shows it")
    public_id = ids.public_id("rem")
    remedy: Remedy = Remedy.objects.create(
        shop_id=actor.shop_id,
        public_id=public_id,
        case=case,
        kind=TRANSFER,
        amount_fen=amount_fen,
        value_fen=amount_fen,
        state=RemedyState.VERIFIED.value,
        key=f"transfer:{public_id}",
        decided_by=label(actor),
        approved_by=label(actor),
        override_reason=shown_by,
        decided_at=at,
        executed_at=at,
        verified_at=at,
    )
    record(actor, case, "remedy.transfer_noted", at, remedy=public_id, amount_fen=amount_fen, shown_by=shown_by)
    return remedy


def settle_by_mirror(actor: Actor, case: Case, *, at: datetime) -> None:
    """Let what the platform shows settle what was sent out: its refund is paid. The case is in hand and has moved."""
    remedy = queries.live_remedy(actor, case)
    if remedy is None or remedy.state not in OUT or case.refund is None or not _is_paid(case):
        return
    shown_by = f"refund:{case.refund.external_id}"
    if remedy.kind in ON_PLATFORM:
        _become(actor, case, remedy, RemedyState.VERIFIED, shown_by=shown_by, at=at)
        unask(case, Need.REMEDY_UNCLEAR, Need.REFUND_UNSEEN, Need.PAID_ELSEWHERE)
        if case.refund.amount_fen not in (None, remedy.amount_fen):
            ask_person(case, Need.PAID_DIFFERENTLY)
    elif remedy.replacement is not None and remedy.replacement.state == "reserved":
        _settle_replacement(actor, remedy, RemedyState.FAILED, at=at)
        instead = "refunded by the platform instead"
        _become(actor, case, remedy, RemedyState.FAILED, shown_by=shown_by, note=instead, at=at)
    elif remedy.kind == "replace_card":
        ask_person(case, Need.PAID_AND_REPLACED)
    save(actor, case)


def verify_running(actor: Actor, *, at: datetime) -> int:
    """Verify what can be read back: replacements whose reveal is on record, refunds that the platform shows as paid.

    Returns how many were verified. Safe to run again and by two machines at once.
    """
    actor.require(Permission.WORK)
    return sum(verify(actor, one.case, at=at) for one in queries.running(actor))


@transaction.atomic
def verify(actor: Actor, ref: Case | str, *, at: datetime) -> bool:
    """Do the same for one case. True when its remedy is verified by this call."""
    actor.require(Permission.WORK)
    case = take(actor, ref)
    remedy = queries.live_remedy(actor, case)
    if remedy is None or remedy.state not in OUT:
        return False
    shown_by = ""
    if remedy.kind in ON_PLATFORM and case.refund is not None and _is_paid(case):
        shown_by = f"refund:{case.refund.external_id}"
    elif remedy.replacement is not None and card_queries.was_shown_to_buyer(
        actor, remedy.replacement.pk, order_id=case.order_id
    ):
        shown_by = f"reveal:{remedy.replacement.public_id}"
    if not shown_by:
        return False
    record_result(actor, case.number, RemedyState.VERIFIED, source_event=shown_by, at=at)
    return True


def _is_paid(case: Case) -> bool:
    return case.refund is not None and case.refund.state == RefundState.SUCCEEDED.value


def _become(
    actor: Actor, case: Case, remedy: Remedy, result: RemedyState, *, shown_by: str, at: datetime, note: str = ""
) -> None:
    was = remedy.state
    changes: dict[str, object] = {"state": result.value, "note": said(actor, note)}
    if result is RemedyState.VERIFIED:
        changes["verified_at"] = at
    if not Remedy.objects.visible_to(actor).filter(pk=remedy.pk, state=was).update(**changes):
        raise Conflict("这个方案刚刚被处理了", "This remedy has just been dealt with")
    remedy.refresh_from_db()
    record(
        actor,
        case,
        f"remedy.{result.value}",
        at,
        remedy=remedy.public_id,
        kind=remedy.kind,
        amount_fen=remedy.amount_fen,
        was=was,
        shown_by=shown_by,
        note=remedy.note,
    )


def _move(actor: Actor, case: Case, remedy: Remedy, result: RemedyState, *, shown_by: str, at: datetime) -> None:
    """Move the case as the result says. An ambiguous remedy that is settled later finds the case elsewhere already."""
    told: dict[str, custody.JSON] = {"remedy": remedy.public_id, "result": result.value}
    if result is RemedyState.VERIFIED:
        unask(case, Need.REMEDY_UNCLEAR, Need.REFUND_UNSEEN, Need.PAID_WHILE_EXECUTING)
        event = Event.VERIFIED if case.status == Status.EXECUTING.value else Event.PAID_ELSEWHERE
        if Status(case.status) in BY_EVENT[event].source:
            facts = GuardFacts(is_payment_verified=True, source_event_id=shown_by, told_by_platform=not actor.is_person)
            _advance(actor, case, event, facts=facts, told=told, outcome=_outcome(case, remedy), at=at)
        save(actor, case)
        return
    if result is RemedyState.EXECUTED:
        return
    is_unclear = result is RemedyState.AMBIGUOUS
    if case.status == Status.EXECUTING.value:
        facts = GuardFacts(is_failure_recorded=True, source_event_id=shown_by)
        case = _advance(actor, case, Event.EXECUTION_FAILED, facts=facts, told=told, outcome=None, at=at)
    unask(case, Need.REFUND_UNSEEN, Need.PAID_WHILE_EXECUTING)
    if is_unclear:
        ask_person(case, Need.REMEDY_UNCLEAR)
    else:
        unask(case, Need.REMEDY_UNCLEAR)
        ask_person(case, Need.REMEDY_FAILED)
    save(actor, case)


def _advance(
    actor: Actor,
    case: Case,
    event: Event,
    *,
    facts: GuardFacts,
    told: dict[str, custody.JSON],
    outcome: Outcome | None,
    at: datetime,
) -> Case:
    save(actor, case)
    return cases.advance(actor, case, event, facts=facts, revision=case.revision, details=told, outcome=outcome, at=at)


def _outcome(case: Case, remedy: Remedy) -> Outcome:
    paid = case.order.paid_fen
    if remedy.amount_fen is not None and paid is not None and remedy.amount_fen < paid:
        return Outcome.PARTLY_REFUNDED
    return _OUTCOMES.get(remedy.kind, Outcome.REFUNDED)


def _settle_replacement(actor: Actor, remedy: Remedy, result: RemedyState, *, at: datetime) -> None:
    card = remedy.replacement
    if card is None:
        return
    order_id = remedy.case.order_id
    if result is RemedyState.VERIFIED and not card_queries.was_shown_to_buyer(actor, card.pk, order_id=order_id):
        raise Refused(
            "新卡还没有交给买家",
            "The new card was not handed over yet",
            next=Text("在待发货里把新卡交给买家。", "Give the new card to the buyer on the page of deliveries first."),
            code="replacement_not_handed_over",
        )
    if result is not RemedyState.FAILED:
        return
    if card.order_id != order_id:
        return  # a recall has taken it away meanwhile: nothing is kept any more
    if card.state != "reserved":
        raise Refused(
            "新卡已经交给买家，不能记成失败",
            "The new card was handed over: it did not fail",
            next=Text("新卡也有问题的话，另外查清再决定。", "If the new card is faulty too, find out and decide anew."),
            code="replacement_handed_over",
        )
    cards.release(actor, card.public_id, reason="remedy failed", at=at)
