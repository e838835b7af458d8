"""From what was taken in to cases: hang conversations on orders, open cases, read the reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from cardcase.cards import notices
from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.connectors.ports import MessageNotice, OrderNotice, RefundNotice, RefundState, Speaker
from cardcase.custody import service as custody
from cardcase.delivery import queries as delivery_queries
from cardcase.delivery import service as delivery
from cardcase.delivery.rules.consent import Said
from cardcase.evidence import service as evidence
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
from cardcase.triage import queries as triage_queries
from cardcase.triage import rules as triage
from cardcase.triage.rules import Utterance
from cardcase.triage.rules.correcting import Reader

Key = tuple[str, str]
Progress = Callable[[int, int, str], None]

AT_ONCE = 25
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


def _silent(_done: int, _total: int, _what: str) -> None:
    """Tell nobody."""


def hang_conversations(actor: Actor, talks: Sequence[MessageNotice], *, at: datetime) -> set[int]:
    """Give every conversation its order, and every refund that only a chat tells of its mirror. Returns order keys.

    A conversation that names no order is hung on the one order that its buyer's nick has; when that is not certain and
    a refund is spoken of, it gets an order of its own, named after the chat, so that nothing said is lost and a person
    can link it. The rest of thousands of conversations costs no query of its own.
    """
    by_conversation: dict[Key, list[MessageNotice]] = {}
    for notice in talks:
        by_conversation.setdefault((notice.channel, notice.conversation_id), []).append(notice)
    found = inbox_queries.ties_by_external_ids(actor, by_conversation)
    nicks = {key: _nick_told(said) or found[key].nick for key, said in by_conversation.items()}
    loose = {key for key in by_conversation if found[key].order_id is None}
    of_nick = order_queries.orders_of_nicks(actor, {(key[0], nicks[key]) for key in loose})
    nameless = {found[key].buyer_id for key in loose if not nicks[key]}
    of_buyer = order_queries.orders_of_buyers(actor, {pk for pk in nameless if pk is not None})
    touched = {tie.order_id for tie in found.values() if tie.order_id is not None}
    told = order_queries.refunds_of(actor, touched)
    open_questions: dict[Key, tuple[Sequence[Order], bool]] = {}
    for key, said in by_conversation.items():
        tie, speaks = found[key], rules.speaks_of_refund(said)
        candidates: Sequence[Order] = ()
        if key in loose:
            candidates = of_nick.get((key[0], nicks[key]), ()) or of_buyer.get(tie.buyer_id or 0, ())
        if candidates or tie.linked_how == Link.NICK or (speaks and tie.order_id not in told):
            open_questions[key] = candidates, speaks
    talks_now = inbox_queries.conversations_by_external_ids(actor, open_questions)
    waiting = [
        _Waiting(talks_now[key], by_conversation[key], candidates, speaks=speaks)
        for key, (candidates, speaks) in open_questions.items()
    ]
    for start in range(0, len(waiting), AT_ONCE):
        with transaction.atomic(), custody.together():
            orders_now = [_hang(actor, one, told, at=at) for one in waiting[start : start + AT_ONCE]]
        touched.update(order_id for order_id in orders_now if order_id is not None)
    return touched


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A conversation that something may have to be done about: what was said, and the orders it could be about."""

    talk: Conversation
    said: Sequence[MessageNotice]
    candidates: Sequence[Order]
    speaks: bool


def _hang(actor: Actor, one: _Waiting, told: Mapping[int, Sequence[Refund]], *, at: datetime) -> int | None:
    """Give one conversation its order and that its refund, as far as both can be known; return the order's key."""
    order_id = one.talk.order_id
    if order_id is None:
        order_id = _order_for(actor, one.talk, one.said, one.candidates, at=at)
    elif one.talk.linked_how == Link.NICK and one.talk.order is not None:
        # Another form of the chat may have told the buyer's own id by now.
        inbox.link_order(actor, one.talk, one.talk.order, at=at, how=_how(one.talk, one.talk.order))
    if order_id is not None and one.speaks and order_id not in told:
        _imply(actor, order_id, one.said, at=at)
    return order_id


def _nick_told(said: Sequence[MessageNotice]) -> str:
    return next((notice.buyer_nick for notice in said if notice.buyer_nick), "")


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
        utterances = inbox_queries.utterances_of(actor, conversation)
        result = triage.read_conversation(utterances, reader=triage_queries.reader_of(actor))
        if result.reason == "none" or result.confidence < ENQUIRY_CONFIDENCE:
            return None
    buyer = conversation.buyer
    notice = OrderNotice(
        channel=conversation.channel,
        order_no=order_no,
        buyer_external_id=buyer.external_id if buyer else "",
        buyer_nick=_nick_told(said) or (buyer.nick if buyer else ""),
    )
    [(order, _)] = orders.ingest_orders(actor, [notice], at=at)
    inbox.link_order(actor, conversation, order, at=at, how=Link.MADE_UP)
    return order.pk


def _how(conversation: Conversation, order: Order) -> Link:
    """Say how far a chat and an order of one nick belong together: the channel's own id leaves no doubt."""
    buyer = conversation.buyer
    is_same = buyer is not None and buyer.pk == order.buyer_id and not buyer.external_id.startswith(NICK_ONLY)
    return Link.BUYER if is_same else Link.NICK


def adopt_chats(actor: Actor, order_ids: Sequence[int], *, at: datetime) -> set[int]:
    """Move chats that waited under made-up orders, with their cases, to the orders that have now come in.

    Only where the chat itself names its order, or the orders of its buyer leave no choice; otherwise a person links by
    hand. Returns the keys of the orders whose cases have to be read again.
    """
    came = [
        order
        for order in order_queries.orders_by_pks(actor, order_ids)
        if not rules.is_order_no_made_up(order.order_no)
    ]
    inbox.link_waiting(actor, came, at=at)
    pairs = {**_stand_ins_of_people(actor, came), **_stand_ins_of_talks(actor, came)}
    for stood_in, order in pairs.values():
        _adopt(actor, stood_in, order, at=at)
    _link_quiet_talks(actor, came, at=at)
    return {order.pk for _, order in pairs.values()}


def _stand_ins_of_talks(actor: Actor, came: Sequence[Order]) -> dict[int, tuple[Order, Order]]:
    """Find what stood in for an order whose chat has named it, or was linked to it, since."""
    by_pk = {order.pk: order for order in came}
    names = inbox_queries.names_of_talks(actor, by_pk)
    made_up = {rules.order_no_of_chat(name): by_pk[pk] for pk, name in names}
    found = order_queries.orders_by_nos(actor, made_up)
    return {found[number].pk: (found[number], order) for number, order in made_up.items() if number in found}


def _stand_ins_of_people(actor: Actor, came: Sequence[Order]) -> dict[int, tuple[Order, Order]]:
    """Find what stood in for the one order that its buyer has: the very buyer's, else that of the nick.

    The same choice is made when the chat comes last (``hang_conversations``), so what came first does not matter.
    """
    buyers = [order.buyer for order in came if order.buyer is not None]
    stood_in = order_queries.stand_ins_of(
        actor, [buyer.pk for buyer in buyers], {(buyer.channel, buyer.nick) for buyer in buyers}
    )
    owners = [order.buyer for order in stood_in if order.buyer is not None]
    of_nick = order_queries.orders_of_nicks(actor, {(buyer.channel, buyer.nick) for buyer in owners})
    of_buyer = order_queries.orders_of_buyers(actor, [buyer.pk for buyer in owners if not buyer.nick])
    found = {}
    for order in stood_in:
        buyer = order.buyer
        assert buyer is not None, "they were asked for by buyer"
        fitting = _fitting(of_nick.get((buyer.channel, buyer.nick), []) or of_buyer.get(buyer.pk, []))
        if len(fitting) == 1:
            found[order.pk] = (order, fitting[0])
    return found


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
        else:
            # The order got its case before anybody knew whose it was: one of the two is too many.
            going_on = next((one for one in own if one.is_open), own[0])
            cases.fold_or_ask(actor, case.pk, going_on, at=at)


def refresh(actor: Actor, order_ids: Sequence[int], *, at: datetime, progress: Progress = _silent) -> list[str]:
    """Bring the cases of these orders up to date with what the outside now says; open those that are missing.

    Returns the numbers of the cases concerned. A handful of orders is one transaction: reason, clock, moves of the
    platform and their entries in the record stand together or not at all.
    """
    numbers: list[str] = []
    refunds = order_queries.refunds_of(actor, order_ids)
    orders_now = order_queries.orders_by_pks(actor, order_ids)
    reader = triage_queries.reader_of(actor)
    for start in range(0, len(orders_now), AT_ONCE):
        some = orders_now[start : start + AT_ONCE]
        _hear(actor, some, at=at)
        with transaction.atomic(), custody.together():
            numbers += _refresh_some(actor, some, refunds, reader, at=at)
        progress(min(start + AT_ONCE, len(orders_now)), len(orders_now), "case")
    return numbers


def _hear(actor: Actor, some: Sequence[Order], *, at: datetime) -> None:
    """Let the buyers' words count as answers to the terms of their orders.

    Before the cases and in transactions of its own: it takes the order's lock, and cases take theirs after others.
    """
    waiting = delivery_queries.orders_to_hear(actor, [order.pk for order in some])
    if not waiting:
        return
    told = {
        order_id: [
            Said(one.id, one.text, one.said_at, is_seller=one.speaker is Speaker.SELLER)
            for one in words
            if one.said_at is not None
        ]
        for order_id, words in inbox_queries.dated_words(actor, waiting).items()
    }
    delivery.hear(actor, told, at=at)


def _refresh_some(
    actor: Actor, some: Sequence[Order], refunds: Mapping[int, Sequence[Refund]], reader: Reader, *, at: datetime
) -> list[str]:
    """Refresh a handful of orders: read what was said about all of them, then let the cases follow."""
    pks = [order.pk for order in some]
    for order in some:
        cases.follow_order(actor, order, at=at)
    spoken = inbox_queries.utterances_for_orders(actor, some)
    by_nick = inbox_queries.orders_linked_by_nick(actor, pks)
    claims = {
        order.pk: _claims(order, refunds.get(order.pk, []), spoken[order.pk], reader, is_by_nick=order.pk in by_nick)
        for order in some
    }
    for case in case_queries.waiting_for_buyers(actor, pks):  # one comes back when its buyer has written (T4)
        evidence.follow(actor, case, at=at)
    numbers = {**case_queries.numbers_of_orders(actor, [pk for pk in pks if not claims[pk]])}
    for one in cases.follow_claims(actor, [claim for pk in pks for claim in claims[pk]], at=at):
        if one.has_followed:
            remedies.follow(actor, one.case, at=at)
        if one.case.is_merged:  # it goes on in another case, which is told of
            continue
        numbers[one.case.order_id] = [*numbers.get(one.case.order_id, ()), one.case.number]
    return [number for pk in pks for number in numbers[pk]]


def _claims(
    order: Order, refunds: Sequence[Refund], utterances: Sequence[Utterance], reader: Reader, *, is_by_nick: bool
) -> list[cases.Told]:
    """Say what is claimed about an order: each refund that is told of, else what the buyer asks for in the chat."""
    told = [refund for refund in refunds if refund.state != RefundState.NONE]
    claims: list[Refund | None] = [*told] or ([None] if utterances else [])
    doubts = []
    if rules.is_order_no_made_up(order.order_no):
        doubts = [("order_unknown", ORDER_UNKNOWN)]
    elif is_by_nick:
        doubts = [("linked_by_nick", LINKED_BY_NICK)]
    found = []
    for refund in claims:
        reading = triage.read_conversation(
            utterances,
            form_reason=refund.reason_raw if refund else "",
            form_description=refund.description if refund else "",
            reader=reader,
        )
        if refund is None and (reading.reason == "none" or reading.confidence < ENQUIRY_CONFIDENCE):
            continue
        state = _state_now(order, refund, is_only=len(told) == 1) if refund is not None else None
        found.append(cases.Told(order=order, refund=refund, reading=reading, state=state, doubts=doubts))
    return found


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
