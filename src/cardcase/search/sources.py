"""What can be found: which columns of which tables. Rooms above this one are named by their label only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.utils.module_loading import import_string

from cardcase.staff.rules import Actor

from .engine import Entry
from .rules import Kind, place

REMOVED: Final = "[已移除 / removed]"
"""What stands where a buyer's words were (``privacy.rules.MARK``, a test compares them): not to be found."""

_LINE: Final = "\n"


@dataclass(frozen=True, slots=True)
class Source:
    """One table. ``texts``: columns whose words are found; ``times``: the first that is told is when it was.

    ``loose``: those of the texts from which card codes were not surely taken out before they were written: they are
    taken out here.
    """

    kind: Kind
    label: str
    texts: tuple[str, ...]
    times: tuple[str, ...]
    loose: tuple[str, ...] = ()

    @property
    def model(self) -> type[Model]:
        """The table."""
        return apps.get_model(self.label)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return ("pk", "shop_id", *self.texts, *self.times)

    def entries(self, pks: Sequence[int]) -> list[Entry]:
        """Read rows and return what the index has to say of them; of a row without words nothing."""
        rows = self.model._base_manager.filter(pk__in=pks).values_list(*self.columns)  # noqa: SLF001 - Django's documented model API
        return list(self._entries(list(rows)))

    def _entries(self, rows: Sequence[tuple[Any, ...]]) -> Iterator[Entry]:
        behind = 2 + len(self.texts)
        told = [["" if one == REMOVED else one for one in row[2:behind]] for row in rows]
        for column in self.loose:
            _mask(rows, told, self.texts.index(column))
        for row, texts in zip(rows, told, strict=True):
            if text := _LINE.join(filter(None, texts)):
                at = next((moment for moment in row[behind:] if moment is not None), None)
                yield Entry(place(self.kind, row[0], at), row[1], text)


def _mask(rows: Sequence[tuple[Any, ...]], told: Sequence[list[str]], column: int) -> None:
    """Take card codes out of one column, shop by shop: each knows its own stock."""
    by_shop: dict[int, list[list[str]]] = {}
    for row, texts in zip(rows, told, strict=True):
        if texts[column]:
            by_shop.setdefault(row[1], []).append(texts)
    for shop_id, some in by_shop.items():
        masked = _masking()(Actor.system(shop_id, "search"), [texts[column] for texts in some])
        for texts, one in zip(some, masked, strict=True):
            texts[column] = one.text


@cache
def _masking() -> Any:
    """Return what takes card codes out of texts: a room above, so the settings name it."""
    return import_string(settings.SEARCH_MASKING)


SOURCES: Final = {
    source.kind: source
    for source in (
        Source(Kind.MESSAGE, "inbox.Message", ("text",), ("said_at", "received_at")),
        Source(Kind.REPLY, "inbox.Reply", ("text",), ("sent_at", "created_at")),
        Source(Kind.NOTE, "cases.Note", ("text",), ("at",)),
        Source(Kind.REVIEW, "cases.Review", ("text", "measure"), ("at",)),
        Source(
            Kind.CASE,
            "cases.Case",
            ("number", "hold_lifted_reason", "snooze_reason", "ruling_raw"),
            ("opened_at",),
            loose=("hold_lifted_reason", "snooze_reason", "ruling_raw"),
        ),
        Source(
            Kind.ORDER,
            "orders.Order",
            ("order_no", "seller_remark", "cancel_reason"),
            ("created_at", "paid_at", "seen_at"),
            loose=("seller_remark", "cancel_reason"),
        ),
        Source(
            Kind.REFUND,
            "orders.Refund",
            ("external_id", "reason_raw", "description"),
            ("applied_at", "seen_at"),
            loose=("reason_raw", "description"),
        ),
        Source(Kind.BUYER, "orders.Buyer", ("nick", "external_id"), ("first_seen_at",), loose=("nick",)),
        Source(Kind.LISTING, "orders.Listing", ("title", "sku_text", "item_id"), (), loose=("title", "sku_text")),
    )
}
OF_TABLE: Final = {source.label: source.kind for source in SOURCES.values()}
