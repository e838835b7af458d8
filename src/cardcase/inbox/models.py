"""Conversations, what was said in them, and what we mean to say."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, ClassVar

from django.db import connection, models

from cardcase.cases.models import Case
from cardcase.kit import clock
from cardcase.orders.models import Buyer, Order
from cardcase.staff.models import ShopOwned, Sourced


class Conversation(ShopOwned):
    """One thread with one buyer on one channel.

    ``order_no`` is the number that its messages name, known to us or not; ``linked_how`` (rules.links.Link) says how
    ``order`` was found. ``same_as``: this is only another name, under which a file told the conversation that it
    points to; nothing hangs on it.
    """

    public_id = models.CharField(max_length=40, unique=True)
    channel = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)
    buyer = models.ForeignKey(Buyer, null=True, on_delete=models.PROTECT, related_name="conversations")
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="conversations")
    order_no = models.CharField(max_length=40, blank=True, default="")
    linked_how = models.CharField(max_length=10, blank=True, default="")
    item_id = models.CharField(max_length=40, blank=True, default="")
    same_as = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="other_names")
    last_message_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    read_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "channel", "external_id"], name="conversation_known_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["shop", "last_message_at"], name="conversation_latest"),
            models.Index(fields=["shop", "order"], name="conversation_by_order"),
        ]


class Message(ShopOwned, Sourced):
    """One thing said. ``text`` never holds a card code: found codes are masked and the original is sealed beside it."""

    public_id = models.CharField(max_length=40, unique=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="messages")
    external_id = models.CharField(max_length=120)
    speaker = models.CharField(max_length=8)
    kind = models.CharField(max_length=8)
    event = models.CharField(max_length=20, blank=True, default="")
    sender_name = models.CharField(max_length=120, blank=True, default="")
    text = models.TextField(blank=True, default="")
    original_sealed = models.BinaryField(null=True)
    said_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "conversation", "external_id"], name="message_said_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["shop", "conversation", "said_at"], name="message_order")]


@dataclass(slots=True, kw_only=True)
class NewMessage:
    """The columns of a message that is not yet in the table. Plain on purpose: thousands are made in one import."""

    shop_id: int
    public_id: str
    conversation_id: int
    external_id: str
    speaker: str
    kind: str
    event: str
    sender_name: str
    text: str
    original_sealed: bytes | None
    said_at: datetime | None
    received_at: datetime
    source_file: str
    source_sha256: str
    source_row: int | None


def insert_messages(rows: Sequence[NewMessage]) -> Sequence[int]:
    """Insert messages with one prepared statement: half the cost of ``bulk_create``, which prepares every value.

    Returns their keys, in order. Raises IntegrityError when one is known. The caller holds the transaction.
    """
    names = [column.name for column in fields(NewMessage)]
    unsealed = [name for name in names if name != "original_sealed"]
    # Nothing costs more to bind than a NULL, and few are sealed; the order is kept, for it is that of what was said.
    for is_sealed, run in groupby(rows, key=lambda row: row.original_sealed is not None):
        _insert(names if is_sealed else unsealed, [*run])
    return _keys(rows)


def _keys(rows: Sequence[NewMessage]) -> Sequence[int]:
    """Return the keys of messages that were inserted just now, in order."""
    if not rows:
        return ()
    if connection.vendor == "sqlite":  # one writer at a time, and AUTOINCREMENT: what it wrote lies in a row
        with connection.cursor() as cursor:
            cursor.execute("SELECT last_insert_rowid()")
            (last,) = cursor.fetchone()
        return range(last - len(rows) + 1, last + 1)
    names = [row.public_id for row in rows]
    found = dict(Message.objects.filter(public_id__in=names).values_list("public_id", "pk"))
    return [found[name] for name in names]


def _insert(names: Sequence[str], rows: Sequence[NewMessage]) -> None:
    values = attrgetter(*names)
    params: list[Sequence[Any]] = [values(row) for row in rows]
    if connection.vendor == "sqlite":
        said, received = names.index("said_at"), names.index("received_at")
        arrived = lru_cache(maxsize=8)(_stored)  # one moment for all rows of an import
        lists = [[*row] for row in params]
        for row in lists:
            row[said], row[received] = _stored(row[said]), arrived(row[received])
        params = [*lists]
    table = connection.ops.quote_name(Message._meta.db_table)  # noqa: SLF001 - Django's documented name for it
    columns, blanks = ", ".join(names), ", ".join(["%s"] * len(names))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({blanks})", params)  # noqa: S608 - own names only


def _stored(moment: datetime | None) -> str | None:
    """Return a moment as SQLite keeps it: it has none of its own, and Django writes theirs in UTC without a zone."""
    if moment is None:
        return None
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(" ")[: -len("+00:00")]


class ModelConsent(ShopOwned):
    """The owner's word that buyers' words may go to one model on one host; ended by him, or by a next one."""

    host = models.CharField(max_length=255)
    model = models.CharField(max_length=100, blank=True, default="")
    by = models.CharField(max_length=80)
    given_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop"], condition=models.Q(ended_at__isnull=True), name="model_consent_once"
            ),
        ]


class Reply(ShopOwned):
    """What we mean to say: draft until a person has sent it on the channel and said so."""

    public_id = models.CharField(max_length=40, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="replies")
    text = models.TextField()
    state = models.CharField(max_length=10)  # "draft" (one at most) or "sent"
    template_id = models.CharField(max_length=60, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=80)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "case"], condition=models.Q(state="draft"), name="reply_draft_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["shop", "case", "state"], name="reply_of_case")]
