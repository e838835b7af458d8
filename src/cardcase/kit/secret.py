"""Card codes as a type: they cannot be printed, logged, copied, compared, pickled or put into JSON by accident.

``==`` raises: two codes that are equal by accident of writing are told apart by nothing else, and an ordinary
comparison takes longer the more of them agrees. ``same_as`` is the one comparison, in constant time.
"""

import hmac
import re
import unicodedata
from typing import Any, Never

from .text import fold

_SEPARATORS = re.compile(r"[\s\-‐-―_]+")
_TAIL = 4


class CardCode:
    """The secret of one card. ``expose()`` is the only way to its characters."""

    __slots__ = ("_normal", "_plain")

    def __init__(self, plain: str) -> None:
        """Take the code as the source wrote it; surrounding space is not part of it. Raises ValueError when empty."""
        cleaned = plain.strip()
        if not cleaned:
            raise ValueError("a card code cannot be empty")
        self._plain = cleaned
        self._normal: str | None = None

    def expose(self) -> str:
        """Return the characters. Every caller writes a record entry first or hands them straight to the cipher."""
        return self._plain

    def normal_form(self) -> str:
        """Return the form under which two codes count as the same: NFKC, upper case, no spaces or dashes."""
        if self._normal is None:
            plain = self._plain
            if not plain.isascii():
                plain = unicodedata.normalize("NFKC", fold(plain))
            # Most codes hold letters and digits only; a hundred thousand of them are asked several times each.
            self._normal = (plain if plain.isalnum() else _SEPARATORS.sub("", plain)).upper()
        return self._normal

    def tail(self) -> str:
        """Return the last four characters when at least eight are hidden behind them, else nothing."""
        normal = self.normal_form()
        return normal[-_TAIL:] if len(normal) >= _TAIL * 2 else ""

    def masked(self) -> str:
        """Return what screens may show: 「‥K4RT」."""
        return f"‥{self.tail()}" if self.tail() else "‥"

    def same_as(self, other: "CardCode") -> bool:
        """Tell, in constant time, whether both count as the same code: whether their normal forms are equal."""
        return hmac.compare_digest(
            self.normal_form().encode("utf-8", "surrogatepass"), other.normal_form().encode("utf-8", "surrogatepass")
        )

    def __repr__(self) -> str:
        return f"<CardCode {self.masked()}>"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        raise TypeError("card codes are not compared with ==; same_as() does it in constant time")

    __hash__ = None  # type: ignore[assignment]  # a set or a dictionary would compare

    def __reduce__(self) -> Never:
        raise TypeError("a card code cannot be serialised")

    def __getstate__(self) -> Any:
        raise TypeError("a card code cannot be serialised")
