"""Just enough DER to put the certificates of a time-stamp reply into the order that DER asks for.

``rfc3161_client`` refuses replies whose SET of certificates is not sorted, as some authorities send them (custody.md
§2). That SET is not signed, so sorting it changes nothing that counts; the reply itself is kept as it came.
"""

_SEQUENCE, _CERTIFICATES = 0x30, 0xA0
_LONG, _MOST_LENGTH_BYTES = 0x80, 4
_SHORT_TAG = 0x1F


class BadDer(ValueError):  # noqa: N818 - named after what is wrong
    """The bytes are not DER."""


def _element(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return (tag, start of the content, end of the content) of the element at ``at``. Raises BadDer."""
    if at + 2 > end or data[at] & _SHORT_TAG == _SHORT_TAG:
        raise BadDer("an element was expected")
    length, start = data[at + 1], at + 2
    if length & _LONG:
        count = length & ~_LONG
        if not 1 <= count <= _MOST_LENGTH_BYTES or start + count > end:
            raise BadDer("a definite length was expected")
        length, start = int.from_bytes(data[start : start + count]), start + count
    if start + length > end:
        raise BadDer("an element is longer than its place")
    return data[at], start, start + length


def _children(data: bytes, start: int, end: int) -> list[tuple[int, int, int, int]]:
    """Return (tag, begin, content start, end) of the elements between two places."""
    found = []
    while start < end:
        tag, content, after = _element(data, start, end)
        found.append((tag, start, content, after))
        start = after
    return found


def with_sorted_certificates(reply: bytes) -> bytes:
    """Return a TimeStampResp with the certificates of its token sorted; all else and every length stay as they are.

    Raises BadDer when this is no TimeStampResp with a token.
    """
    tag, start, end = _element(reply, 0, len(reply))
    if tag != _SEQUENCE or end != len(reply):
        raise BadDer("a TimeStampResp is one SEQUENCE")
    try:
        # TimeStampResp → ContentInfo (second) → [0] (second) → SignedData
        for which in (1, 1, 0):
            _, _, start, end = _children(reply, start, end)[which]
        held = next(one for one in _children(reply, start, end) if one[0] == _CERTIFICATES)
    except (IndexError, StopIteration) as error:
        raise BadDer("no token with certificates") from error
    _, _, start, end = held
    parts = sorted(reply[begin:after] for _, begin, _, after in _children(reply, start, end))
    return reply[:start] + b"".join(parts) + reply[end:]
