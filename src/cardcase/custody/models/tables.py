"""The tables of the record. Entries, nodes and checkpoints are only ever added: triggers refuse everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models

from cardcase.staff.models import Shop, ShopRows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    BigInteger = models.BigIntegerField[int, int]
else:
    BigInteger = models.BigIntegerField


class Position(BigInteger):
    """A whole number that is the row's own key: on SQLite the row id itself, so that no second index is kept."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """Name the column's type; SQLite takes only the word integer for a row id."""
        return "integer" if connection.vendor == "sqlite" else super().db_type(connection)

    def rel_db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """Name the type of columns that point here."""
        return self.db_type(connection)


class Entry(models.Model):
    """One leaf of the log. ``data`` is what counts; every other column repeats it so that it can be found."""

    seq = Position(primary_key=True)
    data = models.BinaryField()
    leaf = models.BinaryField()
    subject = models.CharField(max_length=64)
    cseq = models.BigIntegerField()
    kind = models.CharField(max_length=60)
    at = models.DateTimeField()
    shop = models.ForeignKey(Shop, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    objects: ClassVar = ShopRows.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["subject", "cseq"], name="entry_counted_once")]
        indexes: ClassVar = [models.Index(fields=["shop", "seq"], name="entry_by_shop")]


class Node(models.Model):
    """A full node of the Merkle tree above the leaves: (level, idx) as ``rules.merkle`` names them."""

    pk = models.CompositePrimaryKey("level", "idx")
    level = models.SmallIntegerField()
    idx = models.BigIntegerField()
    hash = models.BinaryField()

    objects: ClassVar = models.Manager()


class Content(models.Model):
    """What an entry committed to. Salt and body may one day be erased; the entry then still verifies.

    ``body`` is empty when the bytes live elsewhere (a message, a file): the role then names the row that holds them.
    """

    pk = models.CompositePrimaryKey("entry_id", "position")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="contents", db_index=False)
    position = models.SmallIntegerField()
    role = models.CharField(max_length=96)
    mime = models.CharField(max_length=120)
    salt = models.BinaryField(null=True)
    commit = models.BinaryField()
    body = models.BinaryField(null=True)

    objects: ClassVar = models.Manager()


class Head(models.Model):
    """The growing end of the log, one row, locked by whoever appends. It can be rebuilt from the entries."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    origin = models.CharField(max_length=80)
    vkey = models.CharField(max_length=200)
    size = models.BigIntegerField(default=0)
    peaks = models.BinaryField(default=bytes)  # hashes of the full subtrees, largest first, 32 bytes each
    pseudonym_key = models.BinaryField()  # turns people into per-subject pseudonyms; destroying it cuts the link

    objects: ClassVar = models.Manager()


class Checkpoint(models.Model):
    """A signed head of the log, as the note that was given out."""

    size = Position(primary_key=True)
    note = models.TextField()
    signed_at = models.DateTimeField()

    objects: ClassVar = models.Manager()
