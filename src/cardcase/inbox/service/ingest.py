"""Take in what was said: masked, linked, recorded; a message twice, late or out of order gives the same state."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
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
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

from . import overlap
from .linking import hang

BATCH: Final = 500
"""Messages in one transaction."""

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
class _Batch:
    """One transaction's worth of messages."""

    actor: Actor
    notices: Sequence[MessageNotice]
    at: datetime
    conversations: dict[Key, Conversation] = field(default_factory=dict)
    touched: dict[int, Conversation] = field(default_factory=dict)
    again: overlap.Overlap = field(default_factory=overlap.Overlap)

    def take(self) -> list[Taken]:
        Shop.objects.select_for_update(no_key=True).only("pk").get(pk=self.actor.shop_id)  # imports pass one by one
        self._find_conversations(self._buyers())
        known = self._known()
        outcomes: list[Taken] = []
        fresh: dict[tuple[int, str], NewMessage] = {}
        filled: dict[int, Message] = {}
        for place, notice in enumerate(self.notices):
            key = (self._conversation(notice).pk, _message_id(notice))
            if (row := known.get(key)) is not None:
                is_more = _fill(row, notice)
                if is_more:
                    filled[row.pk] = row
                outcomes.append(Taken.CHANGED if is_more else Taken.KNOWN)
            elif (twin := self.again.twins.get(place)) is not None:
                is_more = _fill(twin, notice)
                if overlap.refine(twin, notice, key[1], is_here=twin.conversation_id == key[0]) or is_more:
                    filled[twin.pk] = twin
                outcomes.append(Taken.CHANGED if is_more else Taken.KNOWN)
            elif key in fresh:
                _fill(fresh[key], notice)
                outcomes.append(Taken.KNOWN)
            else:
                fresh[key] = self._message(notice, *key)
                outcomes.append(Taken.NEW)
        self._save(list(fresh.values()), list(filled.values()))
        return outcomes

    # --- whose, and where -------------------------------------------------------------------------------------------

    def _buyers(self) -> dict[Key, int]:
        """Find or make the buyers that the messages name; return their keys."""
        named: dict[Key, MessageNotice] = {}
        for notice in self.notices:
            if (key := _buyer_key(notice)) is not None and not (key in named and named[key].buyer_nick):
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
        Buyer.objects.bulk_create(new)
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

    def _find_conversations(self, buyers: dict[Key, int]) -> None:
        """Find or make the conversations, and lay upon them what the messages tell of buyer, goods and order."""
        keys = {_conversation_key(notice) for notice in self.notices}
        self.conversations = queries.conversations_by_external_ids(self.actor, sorted(keys))
        self.again = overlap.find(self.actor, self.notices, self.conversations, buyers, _NAMING)
        self.conversations |= self.again.joined
        new = [
            Conversation(
                shop_id=self.actor.shop_id, public_id=ids.public_id("conv"), channel=channel, external_id=external_id
            )
            for channel, external_id in sorted(keys - self.conversations.keys())
        ]
        Conversation.objects.bulk_create(new)
        self.conversations |= {(row.channel, row.external_id): row for row in new}
        for notice in self.notices:
            row = self._conversation(notice)
            before = (row.buyer_id, row.item_id, row.order_no)
            buyer = _buyer_key(notice)
            if buyer is not None and (row.buyer_id is None or self.again.tells_the_buyer(row, notice)):
                row.buyer_id = buyers[buyer]
            row.item_id = row.item_id or reading.short_key(notice.item_id, 40)
            if notice.order_no.strip():
                row.order_no = later_order_no(row.order_no, reading.short_key(notice.order_no, 40))
            if before != (row.buyer_id, row.item_id, row.order_no):
                self.touched[row.pk] = row

    def _conversation(self, notice: MessageNotice) -> Conversation:
        return self.conversations[_conversation_key(notice)]

    # --- what was said ----------------------------------------------------------------------------------------------

    def _known(self) -> dict[tuple[int, str], Message]:
        wanted = {_message_id(notice) for notice in self.notices}
        within = [row.pk for row in self.conversations.values()]
        rows = Message.objects.visible_to(self.actor).filter(conversation_id__in=within, external_id__in=sorted(wanted))
        return {(row.conversation_id, row.external_id): row for row in rows.defer("text", "original_sealed")}

    def _message(self, notice: MessageNotice, conversation_id: int, external_id: str) -> NewMessage:
        return NewMessage(
            shop_id=self.actor.shop_id,
            public_id=ids.public_id("msg"),
            conversation_id=conversation_id,
            external_id=external_id,
            speaker=notice.speaker.value,
            kind=notice.kind.value,
            event=notice.event.value if notice.event else "",
            sender_name=reading.clean(notice.sender_name.strip(), 120),
            text=reading.clean(notice.text, LONGEST),
            original_sealed=None,
            said_at=notice.said_at,
            received_at=self.at,
            source_file=notice.origin.file[:255],
            source_sha256=notice.origin.sha256[:64],
            source_row=notice.origin.row,
        )

    def _save(self, fresh: list[NewMessage], filled: list[Message]) -> None:
        self._mask(fresh)
        by_pk = {row.pk: row for row in self.conversations.values()}
        said: list[Message | NewMessage] = [*fresh, *filled]
        for message in said:
            row = by_pk.get(message.conversation_id)  # None: a twin in another conversation of the buyer
            if (
                row is not None
                and message.said_at is not None
                and (row.last_message_at is None or row.last_message_at < message.said_at)
            ):
                row.last_message_at = message.said_at
                self.touched[row.pk] = row
        linked = hang(self.actor, [row for row in self.conversations.values() if self._may_move(row)])
        self.touched |= {row.pk: row for row in linked}
        insert_messages(fresh)
        if filled:
            Message.objects.bulk_update(filled, _FILLED, batch_size=BATCH)
        self._save_conversations()
        custody.append_many(
            self.actor, [*self._records(fresh, by_pk), *self._links(linked), *self.again.records(self.at)]
        )

    def _save_conversations(self) -> None:
        """Write back the rows that changed: an upsert by their key costs a fraction of a CASE for each value.

        The copies carry ids of their own, which the conflict throws away.
        """
        copies = [
            Conversation(
                shop_id=row.shop_id,
                public_id=ids.public_id("upsert"),
                channel=row.channel,
                external_id=row.external_id,
                **{name: getattr(row, name) for name in _LAID},
            )
            for row in self.touched.values()
        ]
        Conversation.objects.bulk_create(
            copies,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["shop_id", "channel", "external_id"],
            update_fields=_LAID,
        )

    def _may_move(self, row: Conversation) -> bool:
        return row.order_id is None or row.pk in self.touched

    def _mask(self, fresh: Sequence[NewMessage]) -> None:
        spoken = [message for message in fresh if message.text]
        for message, masked in zip(
            spoken, masking.mask_texts(self.actor, [message.text for message in spoken]), strict=True
        ):
            if masked.had_code:
                context = f"message:{message.public_id}"
                message.original_sealed = vault.seal(message.text.encode(), context=context)
                message.text = masked.text

    # --- the record -------------------------------------------------------------------------------------------------

    def _records(self, fresh: Sequence[NewMessage], by_pk: Mapping[int, Conversation]) -> Iterator[custody.Record]:
        by_conversation: dict[int, list[NewMessage]] = {}
        for message in fresh:
            by_conversation.setdefault(message.conversation_id, []).append(message)
        for pk, messages in by_conversation.items():
            talk = by_pk[pk]
            for start in range(0, len(messages), CHUNK):
                part = messages[start : start + CHUNK]
                yield custody.Record(
                    "conversation.received",
                    talk.public_id,
                    self.at,
                    {
                        "messages": len(part),
                        "channel": talk.channel,
                        "files": sorted({message.source_sha256 for message in part if message.source_sha256}),
                    },
                    contents=[content(message) for message in part],
                )

    def _links(self, linked: Sequence[Conversation]) -> Iterator[custody.Record]:
        for row in linked:
            assert row.order is not None
            facts: dict[str, custody.JSON] = {"order": row.order.public_id, "how": row.linked_how}
            yield custody.Record("conversation.linked", row.public_id, self.at, facts)


def content(message: Message | NewMessage) -> custody.Content:
    """Return what the record commits to for a message: canonical JSON of speaker, time and masked text."""
    said_at = clock.iso(message.said_at) if message.said_at else None
    body = canonical.encode({"speaker": message.speaker, "said_at": said_at, "text": message.text})
    return custody.Content(f"message/{message.public_id}", body, mime="application/json")


def _conversation_key(notice: MessageNotice) -> Key:
    return notice.channel[:20], reading.short_key(notice.conversation_id, 120)


def _message_id(notice: MessageNotice) -> str:
    return reading.short_key(notice.message_id, _MESSAGE_ID)


def _buyer_key(notice: MessageNotice) -> Key | None:
    if not (notice.buyer_external_id or notice.buyer_nick):
        return None
    order = OrderNotice(
        channel=notice.channel[:20],
        order_no=notice.order_no or notice.conversation_id,
        buyer_external_id=notice.buyer_external_id,
        buyer_nick=notice.buyer_nick,
    )
    return reading.buyer_key(order)


_NAMING: Final = overlap.Naming(_conversation_key, _message_id, _buyer_key, LONGEST)


def _fill(row: Message | NewMessage, notice: MessageNotice) -> bool:
    """Fill what a known message did not tell; what it told stays. Returns whether anything was filled."""
    before = (row.said_at, row.sender_name, row.speaker)
    row.said_at = row.said_at or notice.said_at
    row.sender_name = row.sender_name or reading.clean(notice.sender_name.strip(), 120)
    if row.speaker == Speaker.UNKNOWN.value:
        row.speaker = notice.speaker.value
    return before != (row.said_at, row.sender_name, row.speaker)
