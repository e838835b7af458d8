"""A small, strict reader of DER, for replies of time-stamping authorities: one level at a time, every length checked.

It never descends by itself, so that no depth of nesting costs anything; whoever reads a form asks for its levels one by
one. Only what DER allows is read: definite lengths in their shortest form, tags below 31, the shortest integers.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, Self

BOOLEAN, INTEGER, BITS, OCTETS, NULL, OID, UTF8, TIME = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x18
SEQUENCE, SET = 0x30, 0x31
MOST_ELEMENTS: Final = 256
"""How many elements one level may have: real replies have less than twenty."""
_LONG, _MOST_LENGTH_BYTES = 0x80, 4
_LONG_TAG, _CONTEXT, _CONSTRUCTED = 0x1F, 0x80, 0x20
_MOST_INTEGER, _MOST_OID, _MOST_ARC = 64, 63, 9
"""Bytes of an integer (RFC 3161 asks for 160 bits), of an object identifier, and of one of its arcs."""
_MOST_PAD = 7


class BadDer(ValueError):  # noqa: N818 - named after what is wrong
    """The bytes are not DER, or not of the form that is read."""


def tagged(number: int, *, is_constructed: bool = True) -> int:
    """Return the tag ``[number]`` of a context."""
    return _CONTEXT | (_CONSTRUCTED if is_constructed else 0) | number


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag, and where in the bytes it begins, where its content does, and where both end."""

    data: bytes
    tag: int
    begin: int
    start: int
    end: int

    @classmethod
    def at(cls, data: bytes, begin: int, end: int) -> Self:
        """Read the head of the element at a place. Raises BadDer."""
        if begin + 2 > end or data[begin] & _LONG_TAG == _LONG_TAG:
            raise BadDer("an element was expected")
        length, start = data[begin + 1], begin + 2
        if length & _LONG:
            count = length & ~_LONG
            if not 1 <= count <= _MOST_LENGTH_BYTES or start + count > end:
                raise BadDer("a definite length was expected")
            length, start = int.from_bytes(data[start : start + count]), start + count
            if length < _LONG or length >> 8 * (count - 1) == 0:
                raise BadDer("a length is not in its shortest form")
        if start + length > end:
            raise BadDer("an element is longer than its place")
        return cls(data, data[begin], begin, start, start + length)

    @classmethod
    def whole(cls, data: bytes, tag: int) -> Self:
        """Read bytes that are one element of this tag and nothing else. Raises BadDer."""
        found = cls.at(data, 0, len(data)).of(tag)
        if found.end != len(data):
            raise BadDer("bytes after the end")
        return found

    @property
    def raw(self) -> bytes:
        """The element as it stands, head and content."""
        return self.data[self.begin : self.end]

    @property
    def content(self) -> bytes:
        """The bytes after the head."""
        return self.data[self.start : self.end]

    def of(self, tag: int) -> Self:
        """Return this element when it has that tag. Raises BadDer."""
        if self.tag != tag:
            raise BadDer(f"tag {tag:#04x} was expected")
        return self

    def parts(self) -> "list[Element]":
        """Return the elements inside, one level deep. Raises BadDer."""
        if not self.tag & _CONSTRUCTED:
            raise BadDer("this holds no elements")
        found: list[Element] = []
        place = self.start
        while place < self.end:
            if len(found) == MOST_ELEMENTS:
                raise BadDer("too many elements")
            found.append(Element.at(self.data, place, self.end))
            place = found[-1].end
        return found

    def only(self, tag: int) -> "Element":
        """Return the one element inside. Raises BadDer."""
        (one,) = _exactly(1, self.parts())
        return one.of(tag)

    def sorted_parts(self) -> "list[Element]":
        """Return the elements of a SET OF, which stand in the order of their bytes. Raises BadDer."""
        found = self.parts()
        if any(first.raw > second.raw for first, second in pairwise(found)):
            raise BadDer("a set is not in its order")
        return found

    # ---- plain values ------------------------------------------------------------------------------------------------

    def integer(self, tag: int = INTEGER) -> int:
        """Return an INTEGER, however it is tagged. Raises BadDer."""
        content = self.of(tag).content
        if not 1 <= len(content) <= _MOST_INTEGER:
            raise BadDer("an integer has 1 to 64 bytes")
        value = int.from_bytes(content, signed=True)
        if len(content) > 1 and value == int.from_bytes(content[1:], signed=True):
            raise BadDer("an integer is not in its shortest form")
        return value

    def natural(self, tag: int = INTEGER) -> int:
        """Return an INTEGER that is not negative. Raises BadDer."""
        value = self.integer(tag)
        if value < 0:
            raise BadDer("a negative number")
        return value

    def oid(self) -> str:
        """Return an OBJECT IDENTIFIER, dotted. Raises BadDer."""
        content = self.of(OID).content
        if not 1 <= len(content) <= _MOST_OID or content[-1] & _LONG:
            raise BadDer("an object identifier was expected")
        arcs, value, length = [], 0, 0
        for byte in content:
            if (length == 0 and byte == _LONG) or length == _MOST_ARC:
                raise BadDer("an arc is not in its shortest form, or too long")
            value, length = value << 7 | byte & ~_LONG, length + 1
            if not byte & _LONG:
                arcs.append(value)
                value = length = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))

    def flag(self) -> bool:
        """Return a BOOLEAN. Raises BadDer."""
        content = self.of(BOOLEAN).content
        if content not in (b"\x00", b"\xff"):
            raise BadDer("a boolean was expected")
        return content == b"\xff"

    def text(self) -> str:
        """Return a UTF8String. Raises BadDer."""
        try:
            return self.of(UTF8).content.decode()
        except UnicodeDecodeError as error:
            raise BadDer("a text is not UTF-8") from error

    def bits(self) -> bytes:
        """Return the bytes of a BIT STRING. Raises BadDer."""
        content = self.of(BITS).content
        pad = content[0] if content else _MOST_PAD + 1
        if pad > _MOST_PAD or (pad and (len(content) == 1 or content[-1] & (1 << pad) - 1)):
            raise BadDer("a string of bits was expected")
        return content[1:]

    def moment(self) -> datetime:
        """Return a GeneralizedTime in UTC, fractions of a second cut off. Raises BadDer."""
        text = self.of(TIME).content.decode("ascii", "replace")
        digits, fraction = text[:14], text[14:-1]
        is_written = digits.isascii() and digits.isdigit() and len(digits) == len("YYYYMMDDHHMMSS")
        is_fraction = not fraction or (fraction[0] == "." and fraction[1:].isdigit() and fraction[-1] != "0")
        if not (is_written and is_fraction and text.endswith("Z")):
            raise BadDer("a moment was expected")
        try:
            return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError as error:
            raise BadDer("no such moment") from error


def _exactly(count: int, found: "list[Element]") -> "list[Element]":
    if len(found) != count:
        raise BadDer(f"{count} elements were expected")
    return found


class Reader:
    """Goes through the elements of a SEQUENCE in their order; what is optional is asked for by its tag."""

    def __init__(self, parts: "list[Element]") -> None:
        """Take the elements."""
        self._parts = parts
        self._at = 0

    def next(self) -> Element:
        """Return the next element. Raises BadDer when there is none."""
        if self._at == len(self._parts):
            raise BadDer("an element is missing")
        self._at += 1
        return self._parts[self._at - 1]

    def if_next(self, *tags: int) -> Element | None:
        """Return the next element when it has one of these tags."""
        if self._at < len(self._parts) and self._parts[self._at].tag in tags:
            return self.next()
        return None

    def done(self) -> None:
        """Demand that nothing is left. Raises BadDer."""
        if self._at != len(self._parts):
            raise BadDer("more than was expected")


def reader(element: Element, tag: int = SEQUENCE) -> Reader:
    """Return a reader of the elements of a SEQUENCE. Raises BadDer."""
    return Reader(element.of(tag).parts())


def with_sorted_certificates(reply: bytes) -> bytes:
    """Return a TimeStampResp with the certificates of its token sorted; all else and every length stay as they are.

    ``rfc3161_client`` refuses replies whose SET of certificates is not sorted, as some authorities send them
    (custody.md §2). That SET is not signed, so sorting it changes nothing that counts; the reply itself is kept as it
    came. Raises BadDer when this is no TimeStampResp with a token.
    """
    place = Element.whole(reply, SEQUENCE)
    try:
        # TimeStampResp → ContentInfo (second) → [0] (second) → SignedData
        for which in (1, 1, 0):
            place = place.parts()[which]
        held = next(one for one in place.parts() if one.tag == tagged(0))
    except (IndexError, StopIteration) as error:
        raise BadDer("no token with certificates") from error
    parts = sorted(one.raw for one in held.parts())
    return reply[: held.start] + b"".join(parts) + reply[held.end :]
