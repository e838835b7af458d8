"""Questions about a shop that are asked on every page: written once, answered by the database each time."""

from __future__ import annotations

from dataclasses import dataclass
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

    Only the SQL is kept, never an answer. What comes back is as the database gives it: for whole numbers, texts and
    truth values, which need no turning; where moments are read, keep the unanswered QuerySet instead.
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

    def ask(self, actor: Actor) -> list[tuple[Any, ...]]:
        """Return the rows of the actor's shop. Raises NotAllowed when the actor may not read at all."""
        actor.require(Permission.READ)
        values = [actor.shop_id if value == ANY_SHOP else value for value in self.values]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, values)
            return list(cursor.fetchall())
