"""The rows of a matter: cleared column by column as the inventory says, and put back from what was locked away."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from cardcase.cards import vault
from cardcase.privacy.datafiles import inventory, model_of
from cardcase.privacy.queries import Collected
from cardcase.privacy.rules import Action, cleared
from cardcase.privacy.rules.inventory import action_of
from cardcase.search import service as search

_AT_ONCE: Final = 500
_BYTES: Final = (bytes, memoryview)


def clear(found: Collected) -> None:
    """Clear every column that was collected. Again it changes nothing. The caller holds the transaction.

    Search forgets the words with them.
    """
    with search.changing_tables(found.values):
        _clear(found)


def _clear(found: Collected) -> None:
    for label, rows in found.values.items():
        table = inventory()[label]
        model = model_of(table)
        for column, action in table.erase.items():
            targets: dict[str, tuple[Any, list[int]]] = {}
            for pk, values in rows.items():
                if column not in values:
                    continue
                target = _target(action, values[column], pk)
                targets.setdefault(repr(target), (target, []))[1].append(pk)
            for target, pks in targets.values():
                for start in range(0, len(pks), _AT_ONCE):
                    some = model._base_manager.filter(pk__in=pks[start : start + _AT_ONCE])  # noqa: SLF001 - Django's documented model API
                    some.update(**{column: target})


def _target(action: str, value: Any, pk: int) -> Any:
    if action_of(action)[0] is Action.RENAMED:  # one statement for all rows
        return Concat(Value("erased:"), Cast("pk", CharField()))
    return cleared(action, value, pk)


class Loose(bytes):
    """A value that was sealed by the vault, its own key before it. What is locked away is found by no rotation."""


def loosened(values: Mapping[str, Mapping[Any, Mapping[str, Any]]]) -> dict[str, dict[Any, dict[str, Any]]]:
    """Take what is sealed out from under the vault's keys: one may leave while it is locked away under another.

    Every column of bytes that is collected is sealed; what is damaged stays as it is.
    """
    found = _copied(values)
    places = [
        (row, name)
        for rows in found.values()
        for row in rows.values()
        for name, value in row.items()
        if isinstance(value, _BYTES) and not isinstance(value, Loose)
    ]
    loose = vault.loosen_many([bytes(row[name]) for row, name in places])
    for (row, name), value in zip(places, loose, strict=True):
        row[name] = bytes(row[name]) if value is None else Loose(value)
    return found


def fastened(values: Mapping[str, Mapping[Any, Mapping[str, Any]]]) -> dict[str, dict[Any, dict[str, Any]]]:
    """Put it back under the vault's present key. Call it inside the transaction that writes the rows."""
    found = _copied(values)
    places = [
        (row, name) for rows in found.values() for row in rows.values() for name in row if isinstance(row[name], Loose)
    ]
    for (row, name), value in zip(places, vault.fasten_many([row[name] for row, name in places]), strict=True):
        row[name] = value
    return found


def _copied(values: Mapping[str, Mapping[Any, Mapping[str, Any]]]) -> dict[str, dict[Any, dict[str, Any]]]:
    return {label: {pk: dict(row) for pk, row in rows.items()} for label, rows in values.items()}


def put_back(values: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Write locked-away columns back into their rows. The caller holds the transaction.

    A name that somebody has by now (the buyer wrote again, a file was imported again) stays with him; the rest comes
    back under the name that only says which row it was. What is back is found again.
    """
    with search.changing_tables({label: map(int, rows) for label, rows in values.items()}):
        _put_back(values)


def _put_back(values: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    for label, rows in values.items():
        table = inventory()[label]
        names = {column for column, told in table.erase.items() if action_of(told)[0] is Action.RENAMED}
        for pk, columns in rows.items():
            row = model_of(table)._base_manager.filter(pk=int(pk))  # noqa: SLF001 - Django's documented model API
            try:
                with transaction.atomic():
                    row.update(**columns)
            except IntegrityError:
                row.update(**{column: value for column, value in columns.items() if column not in names})


def merged(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """Lay what came in later over what was locked away before, column by column."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for values in (before, now):
        for label, rows in values.items():
            for pk, columns in rows.items():
                found.setdefault(label, {}).setdefault(str(pk), {}).update(columns)
    return found


def pack(document: Mapping[str, Any]) -> bytes:
    """Write what is locked away as JSON; bytes and moments are marked as what they are."""
    return json.dumps(document, ensure_ascii=False, default=_marked).encode()


def unpack(data: bytes) -> Any:
    """Read what ``pack`` wrote."""
    return json.loads(data, object_hook=_unmarked)


def _marked(value: object) -> object:
    if isinstance(value, Loose):
        return {"$loose": base64.b64encode(value).decode()}
    if isinstance(value, _BYTES):
        return {"$bytes": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, datetime):
        return {"$moment": value.isoformat()}
    raise TypeError(f"nothing that a table holds: {type(value)}")


def _unmarked(value: dict[str, Any]) -> Any:
    if value.keys() == {"$bytes"}:
        return base64.b64decode(value["$bytes"])
    if value.keys() == {"$loose"}:
        return Loose(base64.b64decode(value["$loose"]))
    if value.keys() == {"$moment"}:
        return datetime.fromisoformat(value["$moment"])
    return value
