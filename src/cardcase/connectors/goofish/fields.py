"""Reading single fields of a JSON object: total, keeping the raw, and saying which fields could not be read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from cardcase.connectors import documents, values
from cardcase.connectors.values import Unreadable

_WHOLE: Final = re.compile(r"\d{1,14}", re.ASCII)
_SMALL: Final = re.compile(r"\d{1,6}", re.ASCII)


@dataclass
class Fields:
    """One JSON object. A field in a wrong form counts as not told, and its name is added to ``unread``."""

    data: Mapping[str, Any]
    unread: list[str] = field(default_factory=list)

    def text(self, *names: str, limit: int = 300) -> str:
        """Return the first of some fields that says something, as text. Objects, lists and booleans are no text."""
        for name in names:
            value = self.data.get(name)
            if value is None or value == "":
                continue
            if isinstance(value, bool | dict | list):
                self.unread.append(name)
                continue
            return documents.storable(str(value)).strip()[:limit]
        return ""

    def _first(self, names: tuple[str, ...]) -> tuple[str, Any]:
        """Return the first of some fields that is told at all."""
        for name in names:
            value = self.data.get(name)
            if value is not None and value != "":
                return name, value
        return "", None

    def fen(self, *names: str) -> int | None:
        """Return an amount in 分. A decimal point or anything but a whole number is not this interface's and unread."""
        name, value = self._first(names)
        if value is None:
            return None
        text = str(value).strip()
        if isinstance(value, int | str) and not isinstance(value, bool) and _WHOLE.fullmatch(text):
            return int(text)
        self.unread.append(name)
        return None

    def yuan(self, *names: str) -> int | None:
        """Return an amount that the source writes in yuan, in 分."""
        name, value = self._first(names)
        if value is None:
            return None
        try:
            return values.fen(str(value) if isinstance(value, dict | list) else value)
        except Unreadable:
            self.unread.append(name)
            return None

    def moment(self, *names: str) -> datetime | None:
        """Return epoch seconds, milliseconds or a written time; 0 means not set and the next field is asked."""
        for name in names:
            try:
                found = values.epoch(self.data.get(name))
            except Unreadable:
                self.unread.append(name)
                return None
            if found is not None:
                return found
        return None

    def whole(self, name: str) -> int | None:
        """Return a whole number such as a quantity."""
        _, value = self._first((name,))
        if value is None:
            return None
        text = str(value).strip()
        if isinstance(value, bool | float | dict | list) or not _SMALL.fullmatch(text):
            self.unread.append(name)
            return None
        return int(text)

    def inner(self, name: str) -> "Fields":
        """Return the fields of a nested object (or of JSON text in its place), empty when there is none."""
        return Fields(documents.embedded(self.data.get(name)), self.unread)
