"""The index itself, and how far its making anew has come."""

from django.db import models


class Doc(models.Model):
    """One thing that can be found: its number (``rules.places``) and the words of its folded text.

    On SQLite a table of FTS5, on PostgreSQL one with a tsvector; ``engine`` knows both. It holds no fact: each row can
    be made again from the row that it stands for, and goes with it in the same transaction.
    """

    number = models.BigIntegerField(primary_key=True, db_column="rowid")
    shop_id = models.BigIntegerField()
    words = models.TextField()


class Building(models.Model):
    """The making of the index from the facts: one row.

    ``kind`` and ``after`` say how far it is, ``folding`` by which way of folding; ``finished_at`` is NULL until all of
    it is there.
    """

    folding = models.CharField(max_length=16)
    kind = models.PositiveSmallIntegerField(default=0)
    after = models.BigIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
