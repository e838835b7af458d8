"""Read JSON that a stranger wrote: canonical or nothing, and never more work than its length deserves."""

import json
import re
from typing import Any, Final, NoReturn

from cardcase.custody.rules import plain
from cardcase.custody.rules.plain import JSON

MAX_MARKS: Final = 100_000
"""Brackets, commas and colons outside of texts that one document may have: each costs some fifty bytes of memory."""

_TEXT: Final = re.compile(rb'"[^"]*"')
_MARKS: Final = (b"[", b"{", b",", b":")
_LONGEST_NUMBER: Final = 16  # 2^53 has 16 digits


def decode(data: bytes) -> JSON:
    """Read canonical JSON with ASCII names and whole numbers under 2^53, as packs have it. Raises ValueError.

    What the text would unfold to is counted before it is read, so that a document of brackets costs nothing.
    """
    bare = _TEXT.sub(b"", data.replace(b"\\\\", b"").replace(b'\\"', b""))
    if sum(map(bare.count, _MARKS)) > MAX_MARKS:
        raise ValueError("too much structure")
    try:
        value: JSON = json.loads(
            data, object_hook=_check_names, parse_float=_refuse, parse_constant=_refuse, parse_int=_number
        )
        written = plain.write(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if written != data:
        raise ValueError("not canonical JSON")
    return value


def _check_names(value: dict[str, Any]) -> dict[str, Any]:
    if not all(map(str.isascii, value)):
        raise ValueError("names are ASCII")
    return value


def _refuse(_text: str) -> NoReturn:
    raise ValueError("not a whole number")


def _number(text: str) -> int:
    if len(text) > _LONGEST_NUMBER + 1 or not -(2**53) < int(text) < 2**53:
        raise ValueError("too large a number")
    return int(text)
