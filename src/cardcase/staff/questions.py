"""Questions about a shop that are asked on every page: written once, answered by the database each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self

from django.db import connection

from .rules import Actor, Permission

if TYPE_CHECKING:
    from django.db.models import QuerySet

ANY_SHOP: Final = -1
"""Stands for the shop in a question; ``Question.ask`` puts the actor's in its place. No shop has such a key."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query over one shop as the SQL that Django writes for it, which takes Django longer than answering takes.

    Only the SQL is kept, never an answer. Columns come back as the database gives them: read moments with ``moment``.
    """

    sql: str
    values: tuple[Any, ...]

    @classmethod
    def of(cls, rows: QuerySet[Any, Any]) -> Self:
        """Write down a query narrowed to ``ANY_SHOP``. Raises ValueError for one that is not, as it is of all shops."""
        sql, values = rows.query.sql_with_params()
        if ANY_SHOP not in values:
            raise ValueError("a question is about one shop: narrow it to ANY_SHOP")
        return cls(sql, tuple(values))

    def ask(self, actor: Actor, *, limit: int | None = None, offset: int = 0) -> list[tuple[Any, ...]]:
        """Return the rows of the actor's shop. Raises NotAllowed when the actor may not read at all.

        ``limit`` and ``offset`` are for a query that was not cut when it was written down.
        """
        actor.require(Permission.READ)
        sql, values = self.sql, [actor.shop_id if value == ANY_SHOP else value for value in self.values]
        if limit is not None:
            sql, values = f"{sql} LIMIT %s OFFSET %s", [*values, limit, offset]
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())


def moment(told: datetime | None) -> datetime | None:
    """Read a moment as the database gives it: aware from PostgreSQL, from SQLite in UTC without saying so."""
    return told if told is None or told.tzinfo is not None else told.replace(tzinfo=UTC)
