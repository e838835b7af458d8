"""Rows of one table while notices are laid upon them: found or made by key, saved together at the end."""

import copy
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

from django.db import models

from cardcase.connectors.ports import Origin
from cardcase.kit import ids
from cardcase.orders.rules import Taken, merge
from cardcase.orders.rules.merge import Sheet, Telling
from cardcase.search import service as search
from cardcase.search.sources import OF_TABLE
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor

T = TypeVar("T", bound=models.Model)
Key = tuple[Any, ...]

AT_ONCE: Final = 500
"""Keys in one question; long lists gain nothing and old SQLites refuse them."""

_SOURCE: Final = ("source_file", "source_sha256", "source_row")
_BOOKKEEPING: Final = frozenset({"id", "shop_id", "public_id", "told", "seen_at", "first_seen_at", *_SOURCE})
"""Columns that say how a row came to be here, not what the channel told."""


def one_at_a_time(actor: Actor) -> None:
    """Let the shop's imports pass one by one until the transaction ends, so that none overwrites another's reading."""
    Shop.objects.select_for_update(no_key=True).only("pk").get(pk=actor.shop_id)


class Slot(Generic[T]):
    """One row, what has been laid upon it, and whether it is new in this call."""

    def __init__(self, row: T, *, is_new: bool) -> None:
        """Open a row for laying."""
        self.row = row
        self.is_new = is_new
        self.sheet = Sheet(
            columns={name: getattr(row, name) for name in _columns(type(row))},
            told=merge.unpacked(getattr(row, "told")),  # noqa: B009 - every row here has it, the type variable does not say so
        )
        self._origin: Origin | None = None

    @property
    def is_dirty(self) -> bool:
        """Tell whether there is something to write."""
        return self.is_new or self.sheet.is_dirty

    @property
    def has_news(self) -> bool:
        """Tell whether there is something that the record should know."""
        return self.is_new or self.sheet.is_changed

    def lay(self, telling: Telling, origin: Origin, *, is_new: bool) -> Taken:
        """Lay a notice upon the row and answer what was new in it."""
        is_changed = self.sheet.lay(telling)
        if is_new or is_changed:
            self._origin = origin
        if is_new:
            return Taken.NEW
        return Taken.CHANGED if is_changed else Taken.KNOWN

    def inherit(self, other: "Slot[T]", *, leave_out: Collection[str]) -> None:
        """Start from what another row was told."""
        mine = {name: value for name, value in other.sheet.columns.items() if name not in leave_out}
        self.sheet.columns.update(copy.deepcopy(mine))
        self.sheet.told.update(other.sheet.told)
        self._origin = other.origin
        self.sheet.is_dirty = True

    @property
    def origin(self) -> Origin:
        """Return where the last thing that changed this row came from."""
        if self._origin is not None:
            return self._origin
        row: Any = self.row
        return Origin(row.source_file, row.source_sha256, row.source_row) if hasattr(row, "source_file") else Origin()

    def write_back(self) -> T:
        """Put the columns into the row and return it."""
        row: Any = self.row
        for name, value in self.sheet.columns.items():
            setattr(row, name, value)
        row.told = merge.packed(self.sheet.told)
        if self._origin is not None and hasattr(row, "source_file"):
            row.source_file = self._origin.file[:255]
            row.source_sha256 = self._origin.sha256[:64]
            row.source_row = self._origin.row
        return self.row


class Rows(Generic[T]):
    """The slots of one table by key. ``by`` names the column of the key that the table is asked by."""

    def __init__(self, model: type[T], actor: Actor, key: Sequence[str], *, by: str, fresh: Callable[[Key], T]) -> None:
        """Prepare for one call; ``fresh`` makes the row of a key that nobody knows yet."""
        self._model = model
        self._shop_id = actor.shop_id
        self._key = tuple(key)
        self._by = by
        self._fresh = fresh
        self._slots: dict[Key, Slot[T]] = {}
        self._renamed: list[tuple[Slot[T], Mapping[str, Any]]] = []

    def load(self, values: Iterable[Any]) -> None:
        """Read every row whose asking column has one of these values."""
        wanted = sorted(set(values))
        manager = _manager(self._model)
        for start in range(0, len(wanted), AT_ONCE):
            chunk = wanted[start : start + AT_ONCE]
            for row in manager.filter(shop_id=self._shop_id, **{f"{self._by}__in": chunk}).order_by("pk"):
                self._slots[tuple(getattr(row, name) for name in self._key)] = Slot(row, is_new=False)

    def find(self, key: Key) -> Slot[T] | None:
        """Return the slot of a key, if there is one."""
        return self._slots.get(key)

    def get_or_make(self, key: Key) -> tuple[Slot[T], bool]:
        """Return the slot of a key and whether it was made just now."""
        known = self._slots.get(key)
        if known is not None:
            return known, False
        self._slots[key] = Slot(self._fresh(key), is_new=True)
        return self._slots[key], True

    def rename(self, slot: Slot[T], old: Key, new: Key) -> None:
        """Let a row answer to another key from now on."""
        del self._slots[old]
        self._slots[new] = slot
        names = dict(zip(self._key, new, strict=True))
        slot.sheet.columns.update(names)
        slot.sheet.is_dirty = slot.sheet.is_changed = True
        if not slot.is_new:
            self._renamed.append((slot, names))

    def slots(self) -> Iterator[Slot[T]]:
        """Yield every slot."""
        yield from self._slots.values()

    def row(self, key: Key) -> T:
        """Return the row of a key."""
        return self._slots[key].row

    def save(self) -> None:
        """Write what is new and what changed; search finds it from the same moment on."""
        kind = OF_TABLE[self._model._meta.label]  # noqa: SLF001 - Django's documented name for it
        slots = self._slots.values()
        with search.changing(kind, [slot.row.pk for slot in slots if slot.is_dirty and not slot.is_new]):
            self._save()
        search.add(kind, [slot.row.pk for slot in slots if slot.is_new])

    def _save(self) -> None:
        manager = _manager(self._model)
        for slot, names in self._renamed:  # first, so that their old key is free
            manager.filter(pk=slot.row.pk).update(**names)
        new = [slot.write_back() for slot in self._slots.values() if slot.is_new]
        manager.bulk_create(new, batch_size=AT_ONCE)
        changed = [slot.write_back() for slot in self._slots.values() if slot.is_dirty and not slot.is_new]
        if changed:
            # An upsert by the unique key: one statement for hundreds of rows, where bulk_update writes a CASE for each
            # value. The copies carry ids of their own, which the conflict throws away.
            columns = [name for name in _columns(self._model) if name not in self._key]
            sources = [name for name in _SOURCE if hasattr(changed[0], name)]
            manager.bulk_create(
                [_copy(row) for row in changed],
                batch_size=AT_ONCE,
                update_conflicts=True,
                unique_fields=["shop_id", *self._key],
                update_fields=[*columns, *sources, "told"],
            )


def _manager(model: type[models.Model]) -> Any:
    return model.objects  # type: ignore[attr-defined]  # every ShopOwned model has it


@lru_cache
def _columns(model: type[models.Model]) -> tuple[str, ...]:
    fields = model._meta.concrete_fields  # noqa: SLF001 - Django's documented way to a model's fields
    return tuple(field.attname for field in fields if field.attname not in _BOOKKEEPING)


def _copy(row: T) -> T:
    values = {name: getattr(row, name) for name in (*_columns(type(row)), "shop_id", "told")}
    values |= {name: getattr(row, name) for name in _SOURCE if hasattr(row, name)}
    if hasattr(row, "public_id"):
        values["public_id"] = ids.public_id("upsert")
    return type(row)(**values)
