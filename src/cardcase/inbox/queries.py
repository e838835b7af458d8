"""Reads of conversations, always for an actor and in the actor's shop."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from cardcase.cases.models import Case
from cardcase.connectors.ports import MessageKind, Speaker
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.staff.rules import Actor
from cardcase.triage.rules import Utterance

from .models import Conversation, Message, ModelConsent, Reply
from .rules.links import Link
from .rules.segments import Segment, cut
from .writer import Destination

DRAFT = "draft"
SENT = "sent"
"""States of a reply."""

_AT_ONCE = 500
_WITH = ("buyer", "order")
_SPOKEN = 2000
"""Messages of one order that are read; a conversation of more is read from its end."""
_SPOKEN_AT_ONCE = 20_000
"""Messages of several orders that are read in one query."""

_OWN_WORDS = 2_000
"""Messages of ours that are looked at when the next reply is worded."""

_OF_AN_UTTERANCE = ("conversation_id", "pk", "public_id", "text", "speaker", "said_at")
_Said = tuple[int, int, str, str, str, datetime | None]
"""These columns of a message."""

_WHO = {
    Speaker.BUYER: Text("买家", "Buyer"),
    Speaker.SELLER: Text("我们", "Us"),
    Speaker.SYSTEM: Text("平台", "Platform"),
    Speaker.UNKNOWN: Text("身份不明", "Unknown speaker"),
}
UNDATED = Text("时间未知", "time unknown")
_WORDLESS = {
    MessageKind.IMAGE: Text("［图片］", "[picture]"),
    MessageKind.AUDIO: Text("［语音］", "[voice]"),
    MessageKind.VIDEO: Text("［视频］", "[video]"),
    MessageKind.EMOJI: Text("［表情］", "[sticker]"),
    MessageKind.CARD: Text("［卡片］", "[card]"),
}


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message as it is shown. ``segments``: pieces of ``text`` and whether they are the words behind the reason.

    ``speaker``, ``kind`` and ``event`` are words of ``connectors.ports``. ``is_masked``: a card code was taken out.
    """

    public_id: str
    speaker: str
    kind: str
    event: str
    who: str
    day_text: str
    time_text: str
    text: str
    segments: tuple[Segment, ...]
    is_masked: bool
    said_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One conversation in a list."""

    public_id: str
    channel: str
    buyer: str
    order_no: str
    linked_how: str
    last_text: str
    last_speaker: str
    last_message_at: datetime | None
    is_unread: bool


def conversation(actor: Actor, public_id: str) -> Conversation | None:
    """Return one conversation with its buyer and order, or None."""
    rows = Conversation.objects.visible_to(actor).select_related("buyer", "order")
    found: Conversation | None = rows.filter(public_id=public_id).first()
    return found


def conversations_by_external_ids(actor: Actor, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Conversation]:
    """Return the known ones of these conversations by (channel, channel's id), with buyer and order.

    Two names of one conversation answer with the same row.
    """
    by_channel: dict[str, list[str]] = {}
    for channel, external_id in dict.fromkeys(keys):
        by_channel.setdefault(channel, []).append(external_id)
    found: dict[tuple[str, str], Conversation] = {}
    for channel, ids in by_channel.items():
        for start in range(0, len(ids), _AT_ONCE):
            rows = Conversation.objects.visible_to(actor).filter(
                channel=channel, external_id__in=ids[start : start + _AT_ONCE]
            )
            found |= {(channel, row.external_id): row for row in rows.select_related(*_WITH)}
    meant = {row.pk: row for row in found.values() if row.same_as_id is None}
    elsewhere = {row.same_as_id for row in found.values() if row.same_as_id is not None} - meant.keys()
    if elsewhere:
        meant |= Conversation.objects.visible_to(actor).select_related(*_WITH).in_bulk(elsewhere)
    return {key: row if row.same_as_id is None else meant[row.same_as_id] for key, row in found.items()}


class Tie(NamedTuple):
    """What ties a conversation to a buyer and an order: row ids, how the order was found, and the buyer's nick."""

    order_id: int | None
    linked_how: str
    buyer_id: int | None
    nick: str


def ties_by_external_ids(actor: Actor, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Tie]:
    """Return the ties of the known ones of these conversations by (channel, channel's id), without building rows."""
    wanted = set(keys)
    own, shared = ("order_id", "linked_how", "buyer_id", "buyer__nick"), "same_as__"
    columns = ("channel", "external_id", "same_as_id", *own, *(shared + name for name in own))
    names = sorted({external_id for _, external_id in wanted})
    found: dict[tuple[str, str], Tie] = {}
    for start in range(0, len(names), _AT_ONCE):
        rows = Conversation.objects.visible_to(actor).filter(external_id__in=names[start : start + _AT_ONCE])
        for channel, external_id, same_as_id, *ties in rows.values_list(*columns):
            order_id, how, buyer_id, nick = ties[:4] if same_as_id is None else ties[4:]
            if (channel, external_id) in wanted:
                found[channel, external_id] = Tie(order_id, how, buyer_id, nick or "")
    return found


def conversations_of_order(actor: Actor, order: Order) -> list[Conversation]:
    """Return the conversations about an order: those linked to it, those that name it, and its buyer's about its goods.

    A conversation that is known to be about another order is left out, unless it names this one as well.
    """
    return list(_about(actor, order).order_by("pk"))


def names_of_talks(actor: Actor, order_ids: Iterable[int]) -> list[tuple[int, str]]:
    """Return (order's row id, the channel's name of the conversation) for all conversations hung on these orders."""
    wanted = sorted(set(order_ids))
    found: list[tuple[int, str]] = []
    for start in range(0, len(wanted), _AT_ONCE):
        rows = Conversation.objects.visible_to(actor).filter(order_id__in=wanted[start : start + _AT_ONCE])
        found += rows.order_by("pk").values_list("order_id", "external_id")
    return found


def talks_of_nicks_without_order(actor: Actor, nicks: Iterable[tuple[str, str]]) -> list[Conversation]:
    """Return conversations that hang on no order, of buyers with one of these (channel, nick)."""
    wanted = set(nicks)
    names = sorted({nick for _, nick in wanted if nick})
    found: list[Conversation] = []
    for start in range(0, len(names), _AT_ONCE):
        rows = Conversation.objects.visible_to(actor).filter(order__isnull=True)
        rows = rows.filter(buyer__nick__in=names[start : start + _AT_ONCE]).select_related("buyer").order_by("pk")
        found += [row for row in rows if row.buyer and (row.channel, row.buyer.nick) in wanted]
    return found


def is_linked_by_nick(actor: Actor, order: Order) -> bool:
    """Tell whether a conversation hangs on this order only because the buyer's nick fits."""
    return order.pk in orders_linked_by_nick(actor, [order.pk])


def orders_linked_by_nick(actor: Actor, order_ids: Iterable[int]) -> set[int]:
    """Return which of these orders (row ids) have a conversation only because the buyer's nick fits."""
    rows = Conversation.objects.visible_to(actor).filter(order_id__in=list(order_ids), linked_how=Link.NICK.value)
    return set(rows.values_list("order_id", flat=True))


def utterances_of(actor: Actor, talk: Conversation) -> list[Utterance]:
    """Return what was said in one conversation, oldest first."""
    rows = _newest(_spoken(Message.objects.visible_to(actor).filter(conversation_id=talk.pk)))
    return _in_order(list(rows.values_list(*_OF_AN_UTTERANCE)[:_SPOKEN]))


def utterances_for_order(actor: Actor, order: Order) -> list[Utterance]:
    """Return what was said about an order, oldest first, undated messages where they were taken in.

    Texts only, codes masked; the platform's texts are among them (speaker system), titles and cards are not.
    """
    return utterances_for_orders(actor, [order])[order.pk]


def utterances_for_orders(actor: Actor, orders: Sequence[Order]) -> dict[int, list[Utterance]]:
    """Return the same for several orders, by row id, in two queries. Only endless talk is read order by order."""
    talks = _talks_about(actor, orders)
    most = _SPOKEN if len(orders) == 1 else _SPOKEN_AT_ONCE
    asked = sorted({talk for about in talks.values() for talk in about})
    rows = _newest(_spoken(Message.objects.visible_to(actor).filter(conversation_id__in=asked)))
    said = list(rows.values_list(*_OF_AN_UTTERANCE)[:most])
    if len(said) == most and len(orders) > 1:  # something was left out, and it may be all of a quiet order
        return {order.pk: utterances_for_order(actor, order) for order in orders}
    by_talk: dict[int, list[tuple[int, _Said]]] = defaultdict(list)
    for place, one in enumerate(said):
        by_talk[one[0]].append((place, one))
    found = {}
    for order in orders:
        newest = sorted(placed for talk in talks[order.pk] for placed in by_talk[talk])[:_SPOKEN]
        found[order.pk] = _in_order([one for _, one in newest])
    return found


def dated_words(actor: Actor, order_ids: Iterable[int]) -> dict[int, list[Utterance]]:
    """Return what buyers and sellers wrote, with its moment, in the talks that hang on orders (row ids), oldest first.

    For what is to count as somebody's word: a conversation that was only matched by nick may be another person's.
    """
    wanted = sorted(set(order_ids))
    rows = _spoken(Message.objects.visible_to(actor).filter(conversation__order_id__in=wanted, said_at__isnull=False))
    both = (Speaker.BUYER.value, Speaker.SELLER.value)
    rows = rows.filter(speaker__in=both).exclude(conversation__linked_how=Link.NICK.value)
    found: dict[int, list[Utterance]] = defaultdict(list)
    columns = ("conversation__order_id", "public_id", "text", "said_at", "speaker")
    for order_id, public_id, text, said_at, who in rows.order_by("said_at", "pk").values_list(*columns):
        found[order_id].append(Utterance(id=public_id, text=text, speaker=Speaker(who), said_at=said_at))
    return dict(found)


def has_buyer_written(actor: Actor, order: Order, *, since: datetime) -> bool:
    """Tell whether the buyer of an order has sent anything, words or pictures, after a moment."""
    about = _about(actor, order).values("pk")
    rows = Message.objects.visible_to(actor).filter(conversation_id__in=about, speaker=Speaker.BUYER.value)
    return rows.filter(said_at__gt=since).exists()


def is_of_case(actor: Actor, case: Case, message: str) -> bool:
    """Tell whether the buyer wrote this message, by its public id, in the talk about a case's order."""
    about = _about(actor, case.order).values("pk")
    rows = Message.objects.visible_to(actor).filter(conversation_id__in=about, speaker=Speaker.BUYER.value)
    return rows.filter(public_id=message).exists()


def conversation_view(actor: Actor, case: Case, *, now: datetime | None = None) -> list[MessageView]:
    """Return the messages about a case's order as they are shown, the words behind its reason marked.

    ``now`` decides whether days are said with their year.
    """
    about = _about(actor, case.order).values("pk")
    rows = _latest(Message.objects.visible_to(actor).filter(conversation_id__in=about))
    spans: dict[str, list[tuple[int, int]]] = {}
    for quote in case.quotes:
        spans.setdefault(quote["message"], []).append((quote["start"], quote["end"]))
    return [_view(row, spans.get(row.public_id, ()), now) for row in rows]


def conversation_list(
    actor: Actor, *, limit: int = 50, before: tuple[datetime, int] | None = None, unread_only: bool = False
) -> list[ConversationRow]:
    """Return conversations, the latest first. ``before`` is (last_message_at, pk) of the last row seen."""
    rows = Conversation.objects.visible_to(actor).select_related("buyer", "order").filter(last_message_at__isnull=False)
    if before is not None:
        rows = rows.filter(Q(last_message_at__lt=before[0]) | Q(last_message_at=before[0], pk__lt=before[1]))
    if unread_only:
        rows = rows.filter(_unread())
    chosen = list(rows.annotate(has_unread=Exists(_unread_messages())).order_by("-last_message_at", "-pk")[:limit])
    last: dict[int, Message] = {}
    for message in (
        Message.objects.visible_to(actor)
        .filter(conversation_id__in=[row.pk for row in chosen])
        .filter(said_at=F("conversation__last_message_at"))
    ):
        last[message.conversation_id] = message
    return [_row(row, last.get(row.pk)) for row in chosen]


def is_unread(actor: Actor, talk: Conversation) -> bool:
    """Tell whether the buyer said something in this conversation that nobody has marked as read."""
    return bool(Conversation.objects.visible_to(actor).filter(_unread(), pk=talk.pk).exists())


def has_unread(actor: Actor, case: Case) -> bool:
    """Tell whether the buyer said something about this case that nobody has marked as read."""
    return bool(_about(actor, case.order).filter(_unread()).exists())


def replies_of(actor: Actor, case: Case) -> list[Reply]:
    """Return the replies of a case, oldest first: those sent, and the draft if there is one."""
    return list(Reply.objects.visible_to(actor).filter(case_id=case.pk).order_by("pk"))


def said_to_buyers(actor: Actor, cases: Sequence[Case]) -> dict[int, list[str]]:
    """Return what we have told the buyer of each case (row ids), oldest first: in the talk, and as replies sent here.

    For wording the next reply otherwise; the newest ``_OWN_WORDS`` of all are enough for that.
    """
    talks = _talks_about(actor, [case.order for case in cases])
    asked = sorted({talk for about in talks.values() for talk in about})
    rows = _newest(_spoken(Message.objects.visible_to(actor).filter(conversation_id__in=asked, speaker=Speaker.SELLER)))
    by_talk: dict[int, list[str]] = defaultdict(list)
    for talk, text in list(rows.values_list("conversation_id", "text")[:_OWN_WORDS])[::-1]:
        by_talk[talk].append(text)
    sent = Reply.objects.visible_to(actor).filter(case_id__in=[case.pk for case in cases], state=SENT)
    by_case: dict[int, list[str]] = defaultdict(list)
    for case_id, text in sent.order_by("pk").values_list("case_id", "text"):
        by_case[case_id].append(text)
    return {
        case.pk: [*(text for talk in sorted(talks[case.order.pk]) for text in by_talk[talk]), *by_case[case.pk]]
        for case in cases
    }


def draft_of(actor: Actor, case: Case) -> Reply | None:
    """Return the saved draft of a case, if there is one."""
    found: Reply | None = Reply.objects.visible_to(actor).filter(case_id=case.pk, state=DRAFT).first()
    return found


def consent(actor: Actor) -> ModelConsent | None:
    """Return the shop's consent that buyers' words go to a model, whichever it is; None when there is none."""
    found: ModelConsent | None = ModelConsent.objects.visible_to(actor).filter(ended_at__isnull=True).first()
    return found


def has_agreed(actor: Actor, to: Destination) -> bool:
    """Tell whether the owner has agreed that buyers' words go to this very host and model."""
    given = consent(actor)
    return given is not None and (given.host, given.model) == (to.host, to.model)


def received_at(actor: Actor, messages: Iterable[str]) -> dict[str, datetime]:
    """Return when each of these messages (public ids) was taken in."""
    wanted = sorted(set(messages))
    found: dict[str, datetime] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        rows = Message.objects.visible_to(actor).filter(public_id__in=wanted[start : start + _AT_ONCE])
        found |= dict(rows.values_list("public_id", "received_at"))
    return found


def _about(actor: Actor, order: Order) -> "QuerySet[Conversation]":
    mine = Q(order_id=order.pk) | Q(channel=order.channel, order_no=order.order_no)
    item_id = order.listing.item_id if order.listing is not None else ""
    if order.buyer_id is not None and item_id:
        mine |= Q(order__isnull=True, buyer_id=order.buyer_id, item_id=item_id)
    return Conversation.objects.visible_to(actor).filter(mine)


def _talks_about(actor: Actor, orders: Sequence[Order]) -> dict[int, set[int]]:
    """Return the row ids of the conversations about each of these orders: ``_about`` in one query for all."""
    by_key: dict[object, list[int]] = defaultdict(list)
    for order in orders:
        by_key[order.pk].append(order.pk)
        by_key[order.channel, order.order_no].append(order.pk)
        item_id = order.listing.item_id if order.listing is not None else ""
        if order.buyer_id is not None and item_id:
            by_key[order.buyer_id, item_id].append(order.pk)
    mine = Q(order_id__in=[order.pk for order in orders]) | Q(order_no__in=[order.order_no for order in orders])
    bought = [order for order in orders if order.buyer_id is not None and order.listing is not None]
    if bought:
        mine |= Q(order__isnull=True, buyer_id__in=[order.buyer_id for order in bought]) & ~Q(item_id="")
    found: dict[int, set[int]] = {order.pk: set() for order in orders}
    rows = Conversation.objects.visible_to(actor).filter(mine)
    for pk, order_id, *named, buyer_id, item_id in rows.values_list(
        "pk", "order_id", "channel", "order_no", "buyer_id", "item_id"
    ):
        loose = (buyer_id, item_id) if order_id is None else None
        for key in (order_id, tuple(named), loose):
            for order_pk in by_key.get(key, ()):
                found[order_pk].add(pk)
    return found


def _newest(rows: "QuerySet[Message]") -> "QuerySet[Message]":
    return rows.order_by(F("said_at").desc(nulls_last=True), "-pk")


def _latest(rows: "QuerySet[Message]") -> list[Message]:
    """Return the last messages in the order in which they were said; undated ones keep their place of arrival."""
    found = list(_newest(rows)[:_SPOKEN])[::-1]
    if all(row.said_at is not None for row in found):
        return found
    return sorted(found, key=lambda row: row.pk)


def _spoken(rows: "QuerySet[Message]") -> "QuerySet[Message]":
    return rows.filter(Q(kind=MessageKind.TEXT.value) | Q(speaker=Speaker.SYSTEM.value)).exclude(text="")


def _in_order(newest: Sequence[_Said]) -> list[Utterance]:
    """Turn columns, newest first, into what was said, as ``_latest`` orders it."""
    said = list(newest)[::-1]
    if any(said_at is None for *_, said_at in said):
        said.sort(key=lambda one: one[1])
    return [
        Utterance(id=public_id, text=text, speaker=_speaker(speaker), said_at=said_at)
        for _, _, public_id, text, speaker, said_at in said
    ]


def _speaker(raw: str) -> Speaker:
    return Speaker(raw) if raw in set(Speaker) else Speaker.UNKNOWN


def _view(row: Message, spans: Sequence[tuple[int, int]], now: datetime | None) -> MessageView:
    speaker = _speaker(row.speaker)
    kind = MessageKind(row.kind) if row.kind in set(MessageKind) else MessageKind.OTHER
    text = row.text or (say(_WORDLESS[kind]) if kind in _WORDLESS else "")
    who = row.sender_name if speaker in (Speaker.SELLER, Speaker.UNKNOWN) and row.sender_name else say(_WHO[speaker])
    return MessageView(
        public_id=row.public_id,
        speaker=speaker.value,
        kind=kind.value,
        event=row.event,
        who=who,
        day_text=timing.day_text(row.said_at, now=now or row.said_at) if row.said_at else say(UNDATED),
        time_text=timing.time_text(row.said_at) if row.said_at else "",
        text=text,
        segments=cut(text, spans),
        is_masked=row.original_sealed is not None,
        said_at=row.said_at,
    )


def _unread_messages() -> "QuerySet[Message]":
    fresh = Q(conversation__read_at__isnull=True) | Q(received_at__gt=F("conversation__read_at"))
    mine: QuerySet[Message] = Message.objects.filter(conversation_id=OuterRef("pk"), speaker=Speaker.BUYER.value)
    return mine.filter(fresh)


def _unread() -> Exists:
    return Exists(_unread_messages())


def _row(row: Conversation, last: Message | None) -> ConversationRow:
    return ConversationRow(
        public_id=row.public_id,
        channel=row.channel,
        buyer=row.buyer.nick if row.buyer else "",
        order_no=row.order.order_no if row.order else row.order_no,
        linked_how=row.linked_how,
        last_text=last.text if last else "",
        last_speaker=last.speaker if last else "",
        last_message_at=row.last_message_at,
        is_unread=bool(getattr(row, "has_unread", False)),
    )
