"""From what was taken in to cases: hang conversations on orders, open cases, read the reason, set the clock."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.connectors.ports import MessageNotice, RefundState
from cardcase.deadlines import rules as clocks
from cardcase.deadlines import service as deadlines
from cardcase.inbox import queries as inbox_queries
from cardcase.inbox import service as inbox
from cardcase.inbox.models import Conversation
from cardcase.intake import rules
from cardcase.orders import queries as order_queries
from cardcase.orders import service as orders
from cardcase.orders.models import Order, Refund
from cardcase.policies import queries as policy_queries
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor
from cardcase.triage import rules as triage

Progress = Callable[[int, int, str], None]

ENQUIRY_CONFIDENCE = 0.5
"""Without a refund on the platform a case is opened only when the buyer's words ask for one at least this clearly."""

SETTLED = (RefundState.CLOSED, RefundState.SUCCEEDED)


def _silent(_done: int, _total: int, _what: str) -> None:
    """Tell nobody."""


def hang_conversations(actor: Actor, talks: Sequence[MessageNotice], *, at: datetime) -> set[int]:
    """Give every conversation its order, and every refund that only a chat tells of its mirror. Returns order keys.

    A conversation that names no order is hung on the one order its buyer has with an open refund; when that is not
    certain it gets an order of its own, marked as made up, so that nothing said is lost and a person can link it.
    """
    touched: set[int] = set()
    by_conversation: dict[tuple[str, str], list[MessageNotice]] = {}
    for notice in talks:
        by_conversation.setdefault((notice.channel, notice.conversation_id), []).append(notice)
    for (channel, external_id), said in by_conversation.items():
        with transaction.atomic():
            conversation = inbox_queries.conversation_by_external_id(actor, channel, external_id)
            order_id = conversation.order_id or _order_for(actor, conversation, said, at=at)
            if order_id is None:
                continue
            touched.add(order_id)
            order = order_queries.order_by_id(actor, order_id)
            if not order_queries.refunds_of(actor, [order_id]):
                implied = rules.implied_by_chat(said, order.order_no, order.channel)
                if implied is not None:
                    orders.ingest_refunds(actor, [implied], at=at)
    return touched


def _order_for(actor: Actor, conversation: Conversation, said: Sequence[MessageNotice], *, at: datetime) -> int | None:
    candidates = order_queries.orders_of_nick(actor, conversation.channel, _nick(conversation, said))
    wanting = [order for order in candidates if order.refund_state not in ("", RefundState.NONE)]
    fitting = wanting or candidates
    if len(fitting) == 1:
        inbox.link_order(actor, conversation, fitting[0], at=at)
        return fitting[0].pk
    order_no = rules.order_no_of_chat(conversation.external_id)
    implied = rules.implied_by_chat(said, order_no, conversation.channel)
    result = triage.read_conversation(inbox_queries.utterances_of(actor, conversation))
    asks = result.reason != "none" and result.confidence >= ENQUIRY_CONFIDENCE
    if implied is None and not asks:
        return None
    [order] = orders.make_up_orders(actor, conversation.channel, [order_no], at=at)
    inbox.link_order(actor, conversation, order, at=at)
    return order.pk


def _nick(conversation: Conversation, said: Sequence[MessageNotice]) -> str:
    named = next((notice.buyer_nick for notice in said if notice.buyer_nick), "")
    return named or (conversation.buyer.nick if conversation.buyer else "")


def refresh(actor: Actor, order_ids: Sequence[int], *, at: datetime, progress: Progress = _silent) -> list[str]:
    """Bring the cases of these orders up to date with what the outside now says; open those that are missing.

    Returns the numbers of the cases concerned. Each order is one transaction: reason, clock and moves of the platform
    stand together or not at all.
    """
    numbers: list[str] = []
    refunds: dict[int, list[Refund]] = {}
    for refund in order_queries.refunds_of(actor, order_ids):
        refunds.setdefault(refund.order_id, []).append(refund)
    for done, order in enumerate(order_queries.orders_by_ids(actor, order_ids), 1):
        with transaction.atomic():
            numbers += _refresh_order(actor, order, refunds.get(order.pk, []), at=at)
        progress(done, len(order_ids), "case")
    return numbers


def _refresh_order(actor: Actor, order: Order, refunds: Sequence[Refund], *, at: datetime) -> list[str]:
    told = [refund for refund in refunds if refund.state != RefundState.NONE]
    utterances = inbox_queries.utterances_for_order(actor, order)
    numbers = []
    for refund in told or [None]:
        result = triage.read_conversation(
            utterances,
            form_reason=refund.reason_raw if refund else "",
            form_description=refund.description if refund else "",
        )
        if refund is None and (result.reason == "none" or result.confidence < ENQUIRY_CONFIDENCE):
            existing = case_queries.cases_of_order(actor, order.pk)
            numbers += [case.number for case in existing]
            continue
        case, _ = cases.open_case(actor, order, refund, at=at)
        if case.is_open:
            cases.record_triage(actor, case.pk, result, at=at)
            set_clock(actor, case, order, refund, at=at)
        if refund is not None:
            cases.platform_moved(actor, case.pk, RefundState(refund.state), at=at)
        numbers.append(case.number)
    return numbers


def set_clock(actor: Actor, case: Case, order: Order, refund: Refund | None, *, at: datetime) -> None:
    """Arm the platform's clock of a case from the best source there is; void it once the platform has finished."""
    if refund is not None and refund.state in SETTLED:
        deadlines.void_all(actor, case.public_id, at=at)
        return
    shop = Shop.objects.get(pk=actor.shop_id)
    support = order.listing.service_support if order.listing else ""
    facts = clocks.ClockFacts(
        refund_timeout_at=refund.timeout_at if refund else None,
        refund_applied_at=(refund.applied_at if refund else None) or case.opened_at,
        refund_state=RefundState(refund.state) if refund else RefundState.NONE,
        delivered_at=order.delivered_at,
        confirmed_at=order.confirmed_at,
        service_support=tuple(code for code in support.split(",") if code),
        default_response_hours=shop.default_response_hours,
    )
    spec = clocks.choose(facts, policy_queries.rules_on(actor, at.date()), now=at)
    if spec is not None:
        deadlines.arm(actor, case.public_id, spec, at=at)
        cases.set_next_due(actor, case.pk, spec.due_at)
