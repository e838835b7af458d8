"""From what was taken in to cases: hang conversations on orders, open cases, read the reason."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

from cardcase.cards import notices
from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.connectors.ports import MessageNotice, OrderNotice, RefundNotice, RefundState
from cardcase.custody import service as custody
from cardcase.inbox import queries as inbox_queries
from cardcase.inbox import service as inbox
from cardcase.inbox.models import Conversation
from cardcase.inbox.rules.links import Link
from cardcase.intake import rules
from cardcase.kit.text import Text
from cardcase.orders import queries as order_queries
from cardcase.orders import service as orders
from cardcase.orders.models import Order, Refund
from cardcase.orders.rules import merge
from cardcase.remedies import service as remedies
from cardcase.staff.rules import Actor
from cardcase.triage import rules as triage

Progress = Callable[[int, int, str], None]

AT_ONCE = 10
"""Orders refreshed in one transaction: enough to write the record in one go, short enough to let others in."""

ENQUIRY_CONFIDENCE = 0.5
"""Without a refund on the platform a case is opened only when the buyer's words ask for one at least this clearly."""

NICK_ONLY = "nick:"
"""How the key of a buyer begins of whom no channel told an id (orders.rules.reading.buyer_key)."""

LINKED_BY_NICK = Text(
    "会话按买家昵称对上了这一单，请核对是不是同一个人",
    "The chat was matched to this order by nick: check that it is the same buyer",
)
ORDER_UNKNOWN = Text(
    "聊天里没有订单号：请核对订单、金额和截止时间",
    "The chat names no order: look up the order, its amount and the deadline",
)


def _same_as(number: str) -> Text:
    return Text(
        f"这段聊天说的是 {number} 那一单，已转过去：请在那边处理，这里核对后撤回",
        f"This chat is about {number} and was moved there: work on that one and withdraw this one after a look",
    )


def _silent(_done: int, _total: int, _what: str) -> None:
    """Tell nobody."""


def hang_conversations(actor: Actor, talks: Sequence[MessageNotice], *, at: datetime) -> set[int]:
    """Give every conversation its order, and every refund that only a chat tells of its mirror. Returns order keys.

    A conversation that names no order is hung on the one order that its buyer's nick has; when that is not certain and
    a refund is spoken of, it gets an order of its own, named after the chat, so that nothing said is lost and a person
    can link it. The rest of thousands of conversations costs no query of its own.
    """
    by_conversation: dict[tuple[str, str], list[MessageNotice]] = {}
    for notice in talks:
        by_conversation.setdefault((notice.channel, notice.conversation_id), []).append(notice)
    found = inbox_queries.conversations_by_external_ids(actor, list(by_conversation))
    nicks = {key: _nick(found[key], said) for key, said in by_conversation.items() if found[key].order_id is None}
    of_nick = order_queries.orders_of_nicks(actor, {(channel, nicks[channel, chat]) for channel, chat in nicks})
    touched = {row.order_id for row in found.values() if row.order_id is not None}
    told = order_queries.refunds_of(actor, touched)
    waiting = list(by_conversation.items())
    for start in range(0, len(waiting), AT_ONCE):
        with transaction.atomic(), custody.together():
            for key, said in waiting[start : start + AT_ONCE]:
                conversation = found[key]
                order_id, speaks = conversation.order_id, rules.speaks_of_refund(said)
                candidates = of_nick.get((key[0], nicks[key]), []) if order_id is None else []
                if order_id is None and (speaks or candidates):
                    order_id = _order_for(actor, conversation, said, candidates, at=at)
                if order_id is not None and speaks and order_id not in told:
                    _imply(actor, order_id, said, at=at)
                if order_id is not None:
                    touched.add(order_id)
    return touched


def _nick(conversation: Conversation, said: Sequence[MessageNotice]) -> str:
    named = next((notice.buyer_nick for notice in said if notice.buyer_nick), "")
    return named or (conversation.buyer.nick if conversation.buyer else "")


@transaction.atomic
def _imply(actor: Actor, order_id: int, said: Sequence[MessageNotice], *, at: datetime) -> None:
    """Mirror the refund that the platform's texts in a chat tell of, unless a better source has told of one."""
    if order_queries.refunds_of(actor, [order_id]):
        return
    [order] = order_queries.orders_by_pks(actor, [order_id])
    implied = rules.implied_by_chat(said, order.order_no, order.channel)
    if implied is not None:
        orders.ingest_refunds(actor, notices.mask_refunds(actor, [implied]), at=at)


def _order_for(
    actor: Actor,
    conversation: Conversation,
    said: Sequence[MessageNotice],
    candidates: Sequence[Order],
    *,
    at: datetime,
) -> int | None:
    fitting = _fitting(candidates)
    if len(fitting) == 1:
        inbox.link_order(actor, conversation, fitting[0], at=at, how=_how(conversation, fitting[0]))
        return fitting[0].pk
    order_no = rules.order_no_of_chat(conversation.external_id)
    if rules.implied_by_chat(said, order_no, conversation.channel) is None:
        result = triage.read_conversation(inbox_queries.utterances_of(actor, conversation))
        if result.reason == "none" or result.confidence < ENQUIRY_CONFIDENCE:
            return None
    buyer = conversation.buyer
    notice = OrderNotice(
        channel=conversation.channel,
        order_no=order_no,
        buyer_external_id=buyer.external_id if buyer else "",
        buyer_nick=_nick(conversation, said),
    )
    [(order, _)] = orders.ingest_orders(actor, [notice], at=at)
    inbox.link_order(actor, conversation, order, at=at, how=Link.MADE_UP)
    return order.pk


def _how(conversation: Conversation, order: Order) -> Link:
    """Say how far a chat and an order of one nick belong together: the channel's own id leaves no doubt."""
    buyer = conversation.buyer
    is_same = buyer is not None and buyer.pk == order.buyer_id and not buyer.external_id.startswith(NICK_ONLY)
    return Link.BUYER if is_same else Link.NICK


def adopt_chats(actor: Actor, order_ids: Sequence[int], *, at: datetime) -> None:
    """Move chats that waited under made-up orders, with their cases, to the orders that have now come in.

    Only where the buyer's orders leave no choice; otherwise a person links by hand.
    """
    came = [
        order
        for order in order_queries.orders_by_pks(actor, order_ids)
        if not rules.is_order_no_made_up(order.order_no)
    ]
    inbox.link_waiting(actor, came, at=at)
    by_buyer = order_queries.orders_of_buyers(actor, [order.buyer_id for order in came if order.buyer_id is not None])
    for orders_of_one in by_buyer.values():
        stood_in = [order for order in orders_of_one if rules.is_order_no_made_up(order.order_no)]
        real = [order for order in orders_of_one if order not in stood_in]
        fitting = _fitting(real)
        if len(fitting) == 1:
            for order in stood_in:
                _adopt(actor, order, fitting[0], at=at)
    _link_quiet_talks(actor, came, at=at)


def _link_quiet_talks(actor: Actor, came: Sequence[Order], *, at: datetime) -> None:
    """Hang chats that came first and asked for nothing then: with a refund, what they say begins to matter."""
    nicks = {(order.channel, order.buyer.nick) for order in came if order.buyer is not None and order.buyer.nick}
    talks = inbox_queries.talks_of_nicks_without_order(actor, nicks)
    of_nick = order_queries.orders_of_nicks(actor, nicks) if talks else {}
    for talk in talks:
        fitting = _fitting(of_nick.get((talk.channel, talk.buyer.nick if talk.buyer else ""), []))
        if len(fitting) == 1:
            inbox.link_order(actor, talk, fitting[0], at=at, how=_how(talk, fitting[0]))


def _fitting(candidates: Sequence[Order]) -> Sequence[Order]:
    """Return the orders that a chat of their buyer is most likely about: those with a refund, else all of them."""
    real = [order for order in candidates if not rules.is_order_no_made_up(order.order_no)]
    return [order for order in real if order.refund_state not in ("", RefundState.NONE)] or real


@transaction.atomic
def _adopt(actor: Actor, stood_in: Order, order: Order, *, at: datetime) -> None:
    for conversation in inbox_queries.conversations_of_order(actor, stood_in):
        inbox.link_order(actor, conversation, order, at=at, how=_how(conversation, order))
    told = order_queries.refunds_of(actor, [stood_in.pk, order.pk])
    if told.get(stood_in.pk) and not told.get(order.pk):
        only = told[stood_in.pk][0]
        notice = RefundNotice(
            channel=order.channel,
            order_no=order.order_no,
            state=RefundState(only.state),
            state_raw=only.state_raw,
            applied_at=only.applied_at,
            modified_at=only.modified_at,
        )
        orders.ingest_refunds(actor, [notice], at=at)
    own = case_queries.cases_of_order(actor, order.pk)
    for case in case_queries.cases_of_order(actor, stood_in.pk)[:1]:
        if not own:
            cases.move_to_order(actor, case.pk, order, at=at)
        elif case.is_open:
            # The order got its case before anybody knew whose it was. A machine does not make two complaints one.
            cases.add_need(actor, case.pk, "same_as_other_case", _same_as(own[-1].number), at=at)


def refresh(actor: Actor, order_ids: Sequence[int], *, at: datetime, progress: Progress = _silent) -> list[str]:
    """Bring the cases of these orders up to date with what the outside now says; open those that are missing.

    Returns the numbers of the cases concerned. A handful of orders is one transaction: reason, clock, moves of the
    platform and their entries in the record stand together or not at all.
    """
    numbers: list[str] = []
    refunds = order_queries.refunds_of(actor, order_ids)
    orders_now = order_queries.orders_by_pks(actor, order_ids)
    for start in range(0, len(orders_now), AT_ONCE):
        with transaction.atomic(), custody.together():
            for order in orders_now[start : start + AT_ONCE]:
                numbers += _refresh_order(actor, order, refunds.get(order.pk, []), at=at)
        progress(min(start + AT_ONCE, len(orders_now)), len(orders_now), "case")
    return numbers


def _refresh_order(actor: Actor, order: Order, refunds: Sequence[Refund], *, at: datetime) -> list[str]:
    cases.follow_order(actor, order, at=at)
    told = [refund for refund in refunds if refund.state != RefundState.NONE]
    utterances = inbox_queries.utterances_for_order(actor, order)
    if not told and not utterances:
        return [case.number for case in case_queries.cases_of_order(actor, order.pk)]
    numbers = []
    claims: list[Refund | None] = [*told] or [None]
    for refund in claims:
        result = triage.read_conversation(
            utterances,
            form_reason=refund.reason_raw if refund else "",
            form_description=refund.description if refund else "",
        )
        if refund is None and (result.reason == "none" or result.confidence < ENQUIRY_CONFIDENCE):
            numbers += [case.number for case in case_queries.cases_of_order(actor, order.pk)]
            continue
        case, is_new = cases.open_case(actor, order, refund, at=at)
        if case.is_open:
            cases.record_triage(actor, case, result, at=at)
            if is_new and rules.is_order_no_made_up(order.order_no):
                cases.add_need(actor, case, "order_unknown", ORDER_UNKNOWN, at=at)
            elif is_new and inbox_queries.is_linked_by_nick(actor, order):
                cases.add_need(actor, case, "linked_by_nick", LINKED_BY_NICK, at=at)
        if refund is not None:
            now = _state_now(order, refund, is_only=len(told) == 1)
            if not is_new or now is not RefundState(refund.state):
                cases.platform_moved(actor, case, now, at=at)
                remedies.follow(actor, case, at=at)
        numbers.append(case.number)
    return numbers


def _state_now(order: Order, refund: Refund, *, is_only: bool) -> RefundState:
    """Return where a refund stands by the latest word of the channel.

    A push tells the state of the order's refund without its number. Where the order has just one, that is the one
    meant, and the later of the two words counts; money that was paid back stays paid.
    """
    state, told = RefundState(refund.state), RefundState(order.refund_state or RefundState.NONE)
    says_nothing = told in (RefundState.NONE, RefundState.UNKNOWN)
    if not is_only or says_nothing or state is RefundState.SUCCEEDED:
        return state
    is_later = merge.told_at(order.told, "refund_state") > merge.told_at(refund.told, "state")
    return told if is_later else state
