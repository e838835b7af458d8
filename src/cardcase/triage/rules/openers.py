"""With which one or two letters a match of a pattern can begin. Lets a reader skip most patterns by a text's letters.

Understands the part of the regular expression language that the catalogue uses; for anything else it answers "any".
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

_ZERO_WIDTH: Final = ("(?=", "(?!", "(?<=", "(?<!")
_DIGITS: Final = frozenset(string.digits)
_LONGEST: Final = 2
"""Letters told of each beginning. A second leaves an eighth of the patterns to try; a third costs what it spares."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What a piece of a pattern matches: ``whole`` in full, or something longer that begins with one of ``begun``."""

    whole: frozenset[str] = frozenset()
    begun: frozenset[str] = frozenset()

    def then(self, other: "_Part") -> "_Part":
        """Return what this matches with the other after it."""
        if self is _NOTHING:
            return other
        whole = frozenset(one + two for one, two in product(self.whole, other.whole))
        begun = {(one + two)[:_LONGEST] for one, two in product(self.whole, other.begun)}
        full = {one for one in whole if len(one) >= _LONGEST}
        return _Part(whole - full, self.begun.union(begun, (one[:_LONGEST] for one in full)))


def _one_of(parts: Sequence[_Part]) -> _Part:
    """Return what any of these matches."""
    return _Part(
        frozenset[str]().union(*(part.whole for part in parts)), frozenset[str]().union(*(part.begun for part in parts))
    )


_NOTHING: Final = _Part(whole=frozenset({""}))
_ANYTHING: Final = _Part(begun=frozenset({""}))


class _Unknown(Exception):  # noqa: N818 - not an error: the pattern may begin with anything
    pass


def openers(regex: str) -> frozenset[str] | None:
    """Return beginnings of which every match has one: two letters, or one where a match may be no longer.

    None when that cannot be told or is anything.
    """
    try:
        part, place = _choice(regex, 0)
    except (_Unknown, IndexError):
        return None
    found = part.whole | part.begun
    if place < len(regex) or "" in found:
        return None
    return frozenset(one for one in found if len(one) == 1 or one[0] not in found)


def _choice(regex: str, place: int) -> tuple[_Part, int]:
    part, place = _sequence(regex, place)
    parts = [part]
    while place < len(regex) and regex[place] == "|":
        part, place = _sequence(regex, place + 1)
        parts.append(part)
    return _one_of(parts), place


def _sequence(regex: str, place: int) -> tuple[_Part, int]:
    found = _NOTHING
    while place < len(regex) and regex[place] not in "|)":
        part, place = _item(regex, place)
        part, place = _quantified(regex, place, part)
        if found.whole:
            found = found.then(part)
    return found, place


def _quantified(regex: str, place: int, part: _Part) -> tuple[_Part, int]:
    if place < len(regex) and regex[place] in "?*+{":
        sign = regex[place]
        is_optional = sign in "?*" or (sign == "{" and regex[place + 1] in "0,")
        place = regex.index("}", place) + 1 if sign == "{" else place + 1
        if place < len(regex) and regex[place] in "?+":
            place += 1
        if sign != "?":  # it may stand again, so what follows the first is not told
            part = _Part(begun=part.whole | part.begun)
        if is_optional:
            part = _one_of([part, _NOTHING])
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
        return (_NOTHING if is_assertion else part), end + 1
    if char == "[":
        return _letter_class(regex, place)
    if char == "\\":
        return _escaped(regex[place + 1]), place + 2
    if char in "^$":
        return _NOTHING, place + 1
    return _ANYTHING if char == "." else _Part(whole=frozenset(char)), place + 1


def _escaped(char: str) -> _Part:
    if char in "bB":
        return _NOTHING
    if char == "d":
        return _Part(whole=_DIGITS)
    return _ANYTHING if char.isalnum() else _Part(whole=frozenset(char))


def _letter_class(regex: str, place: int) -> tuple[_Part, int]:
    end = regex.index("]", place + 2)
    inside = regex[place + 1 : end]
    if inside.startswith("^"):
        return _ANYTHING, end + 1
    letters: set[str] = set()
    spot = 0
    while spot < len(inside):
        char = inside[spot]
        if char == "\\":
            if inside[spot + 1] == "d":
                letters |= _DIGITS
            elif inside[spot + 1].isalnum():
                return _ANYTHING, end + 1
            else:
                letters.add(inside[spot + 1])
            spot += 2
        elif inside[spot + 1 : spot + 2] == "-" and spot + 2 < len(inside):
            letters |= {chr(code) for code in range(ord(char), ord(inside[spot + 2]) + 1)}
            spot += 3
        else:
            letters.add(char)
            spot += 1
    return _Part(whole=frozenset(letters)), end + 1
