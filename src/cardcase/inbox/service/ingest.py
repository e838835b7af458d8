"""Take in what was said: masked, linked, recorded; a message twice, late or out of order gives the same state."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from django.db import transaction

from cardcase.cards import masking, vault
from cardcase.connectors.ports import MessageNotice, OrderNotice, Speaker
from cardcase.custody import service as custody
from cardcase.inbox import queries
from cardcase.inbox.models import Conversation, Message, NewMessage, insert_messages
from cardcase.inbox.rules.links import later_order_no
from cardcase.kit import canonical, clock, ids
from cardcase.orders.models import Buyer
from cardcase.orders.rules import reading
from cardcase.orders.service import Taken
from cardcase.search import service as search
from cardcase.search.rules import Kind
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

from . import overlap
from .linking import hang

BATCH: Final = 2000
"""Messages in one transaction: a seventh of a second during which no other import and no page can write."""

_AT_ONCE: Final = 500
"""Rows in one statement of an update."""

CHUNK: Final = 64
"""Messages that one entry of the record commits to, at most: an entry stays below 16 KiB."""

LONGEST: Final = 20_000
"""Characters of one message that are kept; the platform allows far fewer, pasted files do not."""

Key = tuple[str, str]
_MESSAGE_ID: Final = 120
_LAID: Final = ("buyer_id", "item_id", "order_no", "order_id", "linked_how", "last_message_at")
_FILLED: Final = ("said_at", "sender_name", "speaker", "external_id")


def ingest_messages(actor: Actor, notices: Sequence[MessageNotice], *, at: datetime) -> list[Taken]:
    """Take in messages and tell of each whether it is new, known, or told more than was known.

    Codes are masked before anything is written; the original of a masked message is sealed beside it. Every batch of
    ``BATCH`` is one transaction, so a kill loses no message that was acknowledged. Of two texts under one id the first
    stays: a conversation is not rewritten. Raises NotAllowed without the import permission.
    """
    actor.require(Permission.IMPORT)
    outcomes: list[Taken] = []
    for start in range(0, len(notices), BATCH):
        with transaction.atomic():
            outcomes += _Batch(actor, notices[start : start + BATCH], at).take()
    return outcomes


@dataclass(slots=True)
class _Talk:
    """One conversation within one batch. ``known`` are those of its messages that were there and are told again."""

    row: Conversation
    known: dict[str, Message] = field(default_factory=dict)
    fresh: dict[str, NewMessage] = field(default_factory=dict)
    is_changed: bool = False
    laid: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Tell whether the conversation has no row yet: then it is written once, whole, at the end."""
        return self.row.pk is None


@dataclass(slots=True)
class _Batch:
    """One transaction's worth of messages."""

    actor: Actor
    notices: Sequence[MessageNotice]
    at: datetime
    talks: dict[Key, _Talk] = field(default_factory=dict)  # two names may stand for one conversation
    made: set[int] = field(default_factory=set)  # buyers that had no row before
    again: overlap.Overlap = field(default_factory=overlap.Overlap)
    fresh: list[NewMessage] = field(default_factory=list)
    filled: dict[int, Message] = field(default_factory=dict)

    def take(self) -> list[Taken]:
        Shop.objects.select_for_update(no_key=True).only("pk").get(pk=self.actor.shop_id)  # imports pass one by one
        keys = [_conversation_key(notice.channel, notice.conversation_id) for notice in self.notices]
        buyers = self._buyers()
        self._find_talks(keys, buyers)
        told = [(notice, self.talks[key], _message_id(notice)) for notice, key in zip(self.notices, keys, strict=True)]
        self._find_known([(talk, message_id) for _, talk, message_id in told if not talk.is_new])
        public_ids = iter(ids.public_ids("msg", len(told)))
        outcomes = []
        for place, (notice, talk, message_id) in enumerate(told):
            self._lay(talk, notice, buyers)
            twin = self.again.twins.get(place)
            if twin is not None and message_id not in talk.known:
                outcomes.append(self._take_twin(talk, notice, message_id, twin))
            else:
                outcomes.append(self._take_one(talk, notice, message_id, public_ids))
        self._save()
        return outcomes

    def _take_one(self, talk: _Talk, notice: MessageNotice, message_id: str, public_ids: Iterator[str]) -> Taken:
        known = talk.known.get(message_id)
        if known is not None:
            if not _fill(known, notice):
                return Taken.KNOWN
            self.filled[known.pk] = known
            return Taken.CHANGED
        twin = talk.fresh.get(message_id)
        if twin is not None:
            _fill(twin, notice)
            return Taken.KNOWN
        talk.fresh[message_id] = message = self._message(notice, next(public_ids), message_id)
        self.fresh.append(message)
        return Taken.NEW

    def _take_twin(self, talk: _Talk, notice: MessageNotice, message_id: str, twin: Message) -> Taken:
        """Take a message that is known from another form of the same chat, perhaps in another conversation."""
        is_here = twin.conversation_id == talk.row.pk
        is_more = _fill(twin, notice)
        if overlap.refine(twin, notice, message_id, is_here=is_here) or is_more:
            self.filled[twin.pk] = twin
        if is_here:
            talk.known[message_id] = twin
        return Taken.CHANGED if is_more else Taken.KNOWN

    # --- whose, and where -------------------------------------------------------------------------------------------

    def _buyers(self) -> dict[Key, int]:
        """Find or make the buyers that the messages name; return their keys."""
        named: dict[Key, MessageNotice] = {}
        for notice in self.notices:
            if (key := _buyer_of(notice)) is not None and not (key in named and named[key].buyer_nick):
                named[key] = notice
        found = self._known_buyers(named)
        new = [
            Buyer(
                shop_id=self.actor.shop_id,
                channel=channel,
                external_id=external_id,
                nick=reading.clean(notice.buyer_nick.strip(), 120),
            )
            for (channel, external_id), notice in named.items()
            if (channel, external_id) not in found
        ]
        Buyer.objects.add_all(new)
        search.add(Kind.BUYER, [row.pk for row in new])
        self.made = {row.pk for row in new}
        return {key: row.pk for key, row in found.items()} | {(row.channel, row.external_id): row.pk for row in new}

    def _known_buyers(self, keys: Iterable[Key]) -> dict[Key, Buyer]:
        by_channel: dict[str, set[str]] = {}
        for channel, external_id in keys:
            by_channel.setdefault(channel, set()).add(external_id)
        found: dict[Key, Buyer] = {}
        for channel, wanted in by_channel.items():
            rows = Buyer.objects.visible_to(self.actor).filter(channel=channel, external_id__in=sorted(wanted))
            found |= {(channel, row.external_id): row for row in rows}
        return found

    def _find_talks(self, keys: Sequence[Key], buyers: Mapping[Key, int]) -> None:
        """Find the conversations, also under another name; those that are new get a row that is not yet saved."""
        wanted = dict.fromkeys(keys)
        found = queries.conversations_by_external_ids(self.actor, sorted(wanted))
        self.again = overlap.find(self.actor, self.notices, found, buyers, _NAMING, made=self.made)
        found |= self.again.joined
        talks = {row.pk: _Talk(row) for row in found.values()}
        public_ids = iter(ids.public_ids("conv", len(wanted)))
        for key in wanted:
            channel, external_id = key
            self.talks[key] = (
                talks[found[key].pk]
                if key in found
                else _Talk(
                    Conversation(
                        shop_id=self.actor.shop_id, public_id=next(public_ids), channel=channel, external_id=external_id
                    )
                )
            )

    def _each(self) -> list[_Talk]:
        """Return the conversations, each once whatever number of names it has in the batch."""
        return list({id(talk): talk for talk in self.talks.values()}.values())

    def _lay(self, talk: _Talk, notice: MessageNotice, buyers: Mapping[Key, int]) -> None:
        """Lay upon a conversation what a message tells of buyer, goods and order."""
        told = (notice.buyer_external_id, notice.buyer_nick, notice.item_id, notice.order_no)
        if told == talk.laid:  # most messages tell what the one before them told
            return
        row, talk.laid = talk.row, told
        before = (row.buyer_id, row.item_id, row.order_no)
        if (row.buyer_id is None or self.again.tells_the_buyer(row, notice)) and (
            buyer := _buyer_of(notice)
        ) is not None:
            row.buyer_id = buyers[buyer]
        if notice.item_id and not row.item_id:
            row.item_id = reading.short_key(notice.item_id, 40)
        if notice.order_no.strip():
            row.order_no = later_order_no(row.order_no, reading.short_key(notice.order_no, 40))
        if before != (row.buyer_id, row.item_id, row.order_no):
            talk.is_changed = True

    # --- what was said ----------------------------------------------------------------------------------------------

    def _find_known(self, told: Sequence[tuple[_Talk, str]]) -> None:
        """Find the messages that are told again; a new conversation has none and is not asked for."""
        if not told:
            return
        talks = {talk.row.pk: talk for talk, _ in told}
        wanted = sorted({message_id for _, message_id in told})
        rows = Message.objects.visible_to(self.actor).filter(conversation_id__in=talks, external_id__in=wanted)
        for row in rows.defer("text", "original_sealed"):
            talks[row.conversation_id].known[row.external_id] = row

    def _message(self, notice: MessageNotice, public_id: str, external_id: str) -> NewMessage:
        return NewMessage(
            shop_id=self.actor.shop_id,
            public_id=public_id,
            conversation_id=0,  # known once the conversations are saved
            external_id=external_id,
            speaker=notice.speaker.value,
            kind=notice.kind.value,
            event=notice.event.value if notice.event else "",
            sender_name=_sender_name(notice.sender_name),
            text=reading.clean(notice.text, LONGEST),
            original_sealed=None,
            said_at=notice.said_at,
            received_at=self.at,
            source_file=notice.origin.file[:255],
            source_sha256=notice.origin.sha256[:64],
            source_row=notice.origin.row,
        )

    def _save(self) -> None:
        self._mask()
        talks = self._each()
        for talk in talks:
            _note_latest(talk)
        movable = [talk for talk in talks if talk.row.order_id is None or talk.is_changed]
        linked = hang(self.actor, [talk.row for talk in movable])
        moved = {id(row) for row in linked}
        for talk in movable:
            talk.is_changed = talk.is_changed or id(talk.row) in moved
        self._save_conversations(talks)
        for talk in talks:
            for message in talk.fresh.values():
                message.conversation_id = talk.row.pk
        keys = insert_messages(self.fresh)
        said = ((key, row.said_at or row.received_at, row.text) for key, row in zip(keys, self.fresh, strict=True))
        search.add_rows(self.actor.shop_id, Kind.MESSAGE, said)
        if self.filled:
            with search.changing(Kind.MESSAGE, self.filled):  # a time that is told later moves its place
                Message.objects.bulk_update(self.filled.values(), _FILLED, batch_size=_AT_ONCE)
        custody.append_many(self.actor, [*self._records(talks), *self._links(linked), *self.again.records(self.at)])

    def _save_conversations(self, talks: Sequence[_Talk]) -> None:
        """Write the new rows, and those that changed back: an upsert by their key costs a fraction of a CASE each.

        The copies carry ids of their own, which the conflict throws away.
        """
        changed = [talk.row for talk in talks if talk.is_changed and not talk.is_new]
        Conversation.objects.add_all([talk.row for talk in talks if talk.is_new])
        copies = [
            Conversation(
                shop_id=row.shop_id,
                public_id=ids.public_id("upsert"),
                channel=row.channel,
                external_id=row.external_id,
                **{name: getattr(row, name) for name in _LAID},
            )
            for row in changed
        ]
        Conversation.objects.bulk_create(
            copies,
            batch_size=_AT_ONCE,
            update_conflicts=True,
            unique_fields=["shop_id", "channel", "external_id"],
            update_fields=_LAID,
        )

    def _mask(self) -> None:
        spoken = [message for message in self.fresh if message.text]
        for message, masked in zip(
            spoken, masking.mask_texts(self.actor, [message.text for message in spoken]), strict=True
        ):
            if masked.had_code:
                context = f"message:{message.public_id}"
                message.original_sealed = vault.seal(message.text.encode(), context=context)
                message.text = masked.text

    # --- the record -------------------------------------------------------------------------------------------------

    def _records(self, talks: Sequence[_Talk]) -> Iterator[custody.Record]:
        for talk in talks:
            messages = list(talk.fresh.values())
            for start in range(0, len(messages), CHUNK):
                part = messages[start : start + CHUNK]
                yield custody.Record(
                    "conversation.received",
                    talk.row.public_id,
                    self.at,
                    {
                        "messages": len(part),
                        "channel": talk.row.channel,
                        "files": sorted({message.source_sha256 for message in part if message.source_sha256}),
                    },
                    contents=[content(message) for message in part],
                )

    def _links(self, linked: Sequence[Conversation]) -> Iterator[custody.Record]:
        for row in linked:
            assert row.order is not None
            facts: dict[str, custody.JSON] = {"order": row.order.public_id, "how": row.linked_how}
            yield custody.Record("conversation.linked", row.public_id, self.at, facts)


def _note_latest(talk: _Talk) -> None:
    """Bring the time of a conversation's last message up to date."""
    said: list[Message | NewMessage] = [*talk.fresh.values(), *talk.known.values()]
    latest = max((message.said_at for message in said if message.said_at), default=None)
    if latest is not None and (talk.row.last_message_at is None or talk.row.last_message_at < latest):
        talk.row.last_message_at = latest
        talk.is_changed = True


def content(message: Message | NewMessage) -> custody.Content:
    """Return what the record commits to for a message: canonical JSON of speaker, time and masked text."""
    said_at = f'"{clock.iso(message.said_at)}"' if message.said_at else "null"
    body = f'{{"said_at":{said_at},"speaker":"{message.speaker}","text":{canonical.text(message.text)}}}'
    return custody.Content(f"message/{message.public_id}", body.encode(), mime="application/json")


@lru_cache(maxsize=1024)
def _conversation_key(channel: str, conversation_id: str) -> Key:
    return channel[:20], reading.short_key(conversation_id, 120)


@lru_cache(maxsize=1024)
def _sender_name(told: str) -> str:
    return reading.clean(told.strip(), 120)


def _message_id(notice: MessageNotice) -> str:
    return reading.short_key(notice.message_id, _MESSAGE_ID)


def _buyer_of(notice: MessageNotice) -> Key | None:
    if not (notice.buyer_external_id or notice.buyer_nick):
        return None
    number = notice.order_no or notice.conversation_id
    return _buyer_key(notice.channel[:20], number, notice.buyer_external_id, notice.buyer_nick)


@lru_cache(maxsize=1024)
def _buyer_key(channel: str, number: str, external_id: str, nick: str) -> Key | None:
    """Return the key of a buyer as the room of orders makes it; a conversation names its buyer in every message."""
    return reading.buyer_key(
        OrderNotice(channel=channel, order_no=number, buyer_external_id=external_id, buyer_nick=nick)
    )


_NAMING: Final = overlap.Naming(
    lambda notice: _conversation_key(notice.channel, notice.conversation_id), _message_id, _buyer_of, LONGEST
)


def _fill(row: Message | NewMessage, notice: MessageNotice) -> bool:
    """Fill what a known message did not tell; what it told stays. Returns whether anything was filled."""
    before = (row.said_at, row.sender_name, row.speaker)
    row.said_at = row.said_at or notice.said_at
    row.sender_name = row.sender_name or _sender_name(notice.sender_name)
    if row.speaker == Speaker.UNKNOWN.value:
        row.speaker = notice.speaker.value
    return before != (row.said_at, row.sender_name, row.speaker)
