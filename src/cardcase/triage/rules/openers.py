"""With which letters a match of a pattern can begin. Lets a reader skip most patterns by looking at a text's letters.

Understands the part of the regular expression language that the catalogue uses; for anything else it answers "any".
"""

import string
from dataclasses import dataclass
from typing import Final

_ZERO_WIDTH: Final = ("(?=", "(?!", "(?<=", "(?<!")
_DIGITS: Final = frozenset(string.digits)


@dataclass(frozen=True, slots=True)
class _Part:
    """First letters of a piece of a pattern (None: any letter) and whether it may match nothing."""

    letters: frozenset[str] | None
    is_empty: bool


class _Unknown(Exception):  # noqa: N818 - not an error: the pattern may begin with anything
    pass


def openers(regex: str) -> frozenset[str] | None:
    """Return the letters with which a match can begin, or None when that cannot be told or is anything."""
    try:
        part, place = _choice(regex, 0)
    except (_Unknown, IndexError):
        return None
    return None if place < len(regex) or part.is_empty else part.letters


def _choice(regex: str, place: int) -> tuple[_Part, int]:
    letters: frozenset[str] | None = frozenset()
    is_empty = False
    while True:
        part, place = _sequence(regex, place)
        letters = None if letters is None or part.letters is None else letters | part.letters
        is_empty |= part.is_empty
        if place < len(regex) and regex[place] == "|":
            place += 1
            continue
        return _Part(letters, is_empty), place


def _sequence(regex: str, place: int) -> tuple[_Part, int]:
    letters: frozenset[str] | None = frozenset()
    is_empty = True
    while place < len(regex) and regex[place] not in "|)":
        part, place = _item(regex, place)
        part, place = _quantified(regex, place, part)
        if is_empty:
            letters = None if letters is None or part.letters is None else letters | part.letters
            is_empty = part.is_empty
    return _Part(letters, is_empty), place


def _quantified(regex: str, place: int, part: _Part) -> tuple[_Part, int]:
    if place < len(regex) and regex[place] in "?*+{":
        if regex[place] == "{":
            part = _Part(part.letters, part.is_empty or regex[place + 1] in "0,")
            place = regex.index("}", place) + 1
        else:
            part = _Part(part.letters, part.is_empty or regex[place] != "+")
            place += 1
        if place < len(regex) and regex[place] in "?+":
            place += 1
    return part, place


def _item(regex: str, place: int) -> tuple[_Part, int]:
    char = regex[place]
    if char == "(":
        is_assertion = regex.startswith(_ZERO_WIDTH, place)
        inside = place + 1
        if regex.startswith("(?:", place):
            inside = place + 3
        elif is_assertion:
            inside = place + (4 if regex[place + 2] == "<" else 3)
        elif regex.startswith("(?", place):
            raise _Unknown
        part, end = _choice(regex, inside)
        return (_Part(frozenset(), True) if is_assertion else part), end + 1
    if char == "[":
        return _letter_class(regex, place)
    if char == "\\":
        return _escaped(regex[place + 1]), place + 2
    if char in "^$":
        return _Part(frozenset(), True), place + 1
    return _Part(None if char == "." else frozenset(char), False), place + 1


def _escaped(char: str) -> _Part:
    if char in "bB":
        return _Part(frozenset(), True)
    letters = _DIGITS if char == "d" else None if char.isalpha() else frozenset(char)
    return _Part(letters, False)


def _letter_class(regex: str, place: int) -> tuple[_Part, int]:
    end = regex.index("]", place + 2)
    inside = regex[place + 1 : end]
    if inside.startswith("^"):
        return _Part(None, False), end + 1
    letters: set[str] = set()
    spot = 0
    while spot < len(inside):
        char = inside[spot]
        if char == "\\":
            if inside[spot + 1] == "d":
                letters |= _DIGITS
            elif inside[spot + 1].isalpha():
                return _Part(None, False), end + 1
            else:
                letters.add(inside[spot + 1])
            spot += 2
        elif inside[spot + 1 : spot + 2] == "-" and spot + 2 < len(inside):
            letters |= {chr(code) for code in range(ord(char), ord(inside[spot + 2]) + 1)}
            spot += 3
        else:
            letters.add(char)
            spot += 1
    return _Part(frozenset(letters), False), end + 1
