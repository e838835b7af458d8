"""Reading single fields of a JSON object: total, keeping the raw, and saying which fields could not be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cardcase.connectors import documents, values
from cardcase.connectors.values import Unreadable


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

    def fen(self, *names: str) -> int | None:
        """Return an amount in 分. A decimal point or anything but a whole number is not this interface's and unread."""
        for name in names:
            value = self.data.get(name)
            if value is None or value == "":
                continue
            text = str(value).strip()
            if isinstance(value, int | str) and not isinstance(value, bool) and text.isascii() and text.isdigit() and len(text) < 15:  # noqa: PLR2004
                return int(text)
            self.unread.append(name)
            return None
        return None

    def yuan(self, *names: str) -> int | None:
        """Return an amount that the source writes in yuan, in 分."""
        for name in names:
            value = self.data.get(name)
            if value is None or value == "":
                continue
            try:
                if isinstance(value, dict | list):
                    raise Unreadable("amount_unreadable")
                return values.fen(value)
            except Unreadable:
                self.unread.append(name)
                return None
        return None

    def moment(self, *names: str) -> datetime | None:
        """Return epoch seconds, milliseconds or a written time; 0 means not set."""
        for name in names:
            value = self.data.get(name)
            if value is None or value == "":
                continue
            try:
                found = values.epoch(value) if not isinstance(value, dict | list) else None
                if found is None and isinstance(value, dict | list):
                    raise Unreadable("time_unreadable")
            except Unreadable:
                self.unread.append(name)
                return None
            if found is not None:
                return found
        return None

    def whole(self, name: str) -> int | None:
        """Return a whole number such as a quantity."""
        value = self.data.get(name)
        if value is None or value == "":
            return None
        text = str(value).strip()
        if isinstance(value, bool | float | dict | list) or not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004
            self.unread.append(name)
            return None
        return int(text)

    def inner(self, name: str) -> "Fields":
        """Return the fields of a nested object (or of JSON text in its place), empty when there is none."""
        return Fields(documents.embedded(self.data.get(name)), self.unread)
