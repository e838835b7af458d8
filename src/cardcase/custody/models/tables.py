"""The tables of the record. Entries and checkpoints are only ever added: triggers refuse everything else."""

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
    """One leaf of the log. ``data`` is what counts; every other column repeats it so that it can be found.

    ``nodes``: hashes of the full nodes of the tree that this leaf completed, lowest first, 32 bytes each. They stand
    here and not in a table of their own because a durable append pays for every page that it touches.
    """

    seq = Position(primary_key=True)
    data = models.BinaryField()
    leaf = models.BinaryField()
    nodes = models.BinaryField(default=bytes)
    subject = models.CharField(max_length=64)
    cseq = models.BigIntegerField()
    kind = models.CharField(max_length=60)
    at = models.DateTimeField()
    shop = models.ForeignKey(Shop, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    objects: ClassVar = ShopRows.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["subject", "cseq"], name="entry_counted_once")]
        indexes: ClassVar = [models.Index(fields=["shop", "seq"], name="entry_by_shop")]


class Opening(models.Model):
    """What opens one commitment of an entry: the salt, and the bytes unless they live elsewhere, encrypted together.

    ``id``: number of the entry * 256 + place of the content in it. ``key_id``: the ``SubjectKey`` it lies under.
    ``sealed`` is empty once the content was taken out; the entry then still verifies. Its leaf says what it is of.
    """

    id = Position(primary_key=True)
    key_id = models.BigIntegerField()
    sealed = models.BinaryField(null=True)

    objects: ClassVar = models.Manager()


class SubjectKey(models.Model):
    """The half, in this database, of a key under which openings of one subject's entries lie (``sealing``).

    A subject has one key at a time: the last. ``half`` is empty once the key was given up; ``is_destroyed`` says that
    the half outside of the database is gone, too.
    """

    id = Position(primary_key=True)
    subject = models.CharField(max_length=64)
    half = models.BinaryField(null=True)
    is_destroyed = models.BooleanField(default=False)

    objects: ClassVar = models.Manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subject", "id"], name="subject_key_by_subject"),
            models.Index(fields=["id"], condition=models.Q(half=None, is_destroyed=False), name="subject_key_given_up"),
        ]


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
