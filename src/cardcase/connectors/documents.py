"""JSON from outside: parsed so that no digit of a long number is lost, and cleaned before any of it is kept.

Whole documents and JSON lines. Nothing here knows a marketplace; shapes are found by the connectors.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .limits import JSON_DEPTH
from .values import odd_characters

_EXACT_DIGITS = 15
"""Integers up to this length stay integers; longer ones become text, so that order numbers survive every program."""

PERSONAL: Final = frozenset({
    "receiver_name", "receiver_mobile", "receiver_phone", "receiver", "receivername", "receiverphone", "mobile",
    "phone", "tel", "telephone", "address", "fulladdress", "addressdetail", "detailaddress", "return_address",
    "prov_name", "city_name", "area_name", "town_name", "district_id", "province", "city", "area", "addressinfovo",
    "name", "id_card", "idcard", "alipay_account", "buyer_alipay", "ship_name", "ship_mobile", "ship_address",
    "clientip", "client_ip", "buyer_ip",
})  # fmt: skip
"""Keys that are never kept: we need no buyer's name, phone or address to settle a refund (PIPL art. 6, 19)."""

SECRET: Final = frozenset({
    "card_no", "card_pwd", "card_items", "cards", "cardno", "cardpwd", "card_password", "code_no", "code_pwd",
    "ticket_items", "kami", "secret", "carmis", "delivery_content", "deliverycontent",
})  # fmt: skip
"""Keys under which card codes stand: they become `CardCode` or are dropped, never kept as plain text."""


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a JSON lines file: its line number and value, or the code of what is wrong with it."""

    row: int
    value: Any
    problem: str = ""


class NotJson(ValueError):  # noqa: N818 - a statement about the text
    """The text is not a JSON document. ``code`` is a key of `findings.WORDS`; ``row`` the line of the first error."""

    def __init__(self, code: str, row: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.row = row


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _EXACT_DIGITS else digits


def _real(digits: str) -> float | str:
    return digits if "e" in digits.lower() else float(digits)


_EXACT: Final = json.JSONDecoder(parse_int=_integer, parse_float=_real, parse_constant=str)
_QUICK: Final = json.JSONDecoder(parse_float=_real, parse_constant=str)
"""For texts without long integers: asking about each number costs more than everything else about it."""

_LONG = 10_000
"""Characters from which on it pays to look first whether a text holds a long integer."""
_LONG_INTEGER: Final = re.compile(r"[\[:,]\s*-?[0-9]{" + str(_EXACT_DIGITS + 1) + "}")


def parse(text: str) -> Any:
    """Parse a JSON document: integers beyond 15 digits and numbers with an exponent come back as their text.

    Raises NotJson, also for nesting beyond what the interpreter bears.
    """
    is_quick = len(text) > _LONG and looks_like_json(text) and _LONG_INTEGER.search(text) is None
    try:
        return (_QUICK if is_quick else _EXACT).decode(text)
    except json.JSONDecodeError as error:
        raise NotJson("json_broken", error.lineno) from error
    except RecursionError as error:
        raise NotJson("json_too_deep") from error


def looks_like_json(text: str) -> bool:
    """Tell whether a text opens like a JSON object or list."""
    head = text.lstrip("\ufeff \t\r\n")[:1]
    return head in {"{", "["}


def parse_lines(lines: list[str]) -> list[Line]:
    """Parse JSON lines; a broken line becomes a problem and does not stop the others. Blank lines are not records."""
    found: list[Line] = []
    for row, line in enumerate(lines, 1):
        bare = line.strip().lstrip("\ufeff").rstrip(",")
        if not bare:
            continue
        problem = odd_characters(bare)
        try:
            value = None if problem else parse(bare)
        except NotJson as error:
            value, problem = None, "json_line_broken" if error.code == "json_broken" else error.code
        if not problem and not isinstance(value, dict | list):
            problem = "shape_unknown"
        found.append(Line(row, value, problem))
    return found


def embedded(value: Any) -> dict[str, Any]:
    """Return a JSON object that stands inside a string, as the marketplaces nest them, or the object itself, or {}."""
    if isinstance(value, dict):
        return value
    if isinstance(value, str) and looks_like_json(value):
        try:
            inner = parse(value)
        except NotJson:
            return {}
        return inner if isinstance(inner, dict) else {}
    return {}


def kept(value: Any, *, depth: int = 0) -> Any:
    """Return what may be stored of a raw value: no personal data, no card codes, nothing that a database refuses.

    NUL and lone surrogates go, floats become text, keys become strings; beyond a depth nothing is kept.
    """
    if depth > JSON_DEPTH:
        return None
    if isinstance(value, Mapping):
        return {
            storable(str(key)): kept(item, depth=depth + 1)
            for key, item in value.items()
            if str(key).lower() not in PERSONAL and str(key).lower() not in SECRET
        }
    if isinstance(value, list | tuple):
        return [kept(item, depth=depth + 1) for item in value]
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 10**_EXACT_DIGITS):
        return value
    return storable(repr(value) if isinstance(value, float) else str(value))


def storable(text: str) -> str:
    """Return a text without NUL and lone surrogates, which no database and no canonical JSON takes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def longest_list(value: Any, *, depth: int = 3) -> int:
    """Return the length of the longest list in the outer layers of a document: there its records stand."""
    if depth <= 0 or not isinstance(value, dict | list):
        return 0
    own = len(value) if isinstance(value, list) else 0
    inner = list(value.values())[:100] if isinstance(value, dict) else value[:100]
    return max([own, *(longest_list(item, depth=depth - 1) for item in inner)])


def objects(value: Any, *, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Walk through every object of a document, outer ones first, down to a depth."""
    if depth > JSON_DEPTH:
        return
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from objects(item, depth=depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from objects(item, depth=depth + 1)
