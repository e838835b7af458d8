"""Cutting a message into pieces for showing, so that the buyer's words behind the reason stand out."""

from collections.abc import Iterable

Segment = tuple[str, bool]
"""A piece of a message and whether it is marked."""


def cut(text: str, spans: Iterable[tuple[int, int]]) -> tuple[Segment, ...]:
    """Cut a text at spans (half-open, overlapping or outside as they may be). The pieces joined are the text."""
    pieces: list[Segment] = []
    place = 0
    for start, end in sorted(spans):
        first, last = max(start, place), min(end, len(text))
        if first >= last:
            continue
        if first > place:
            pieces.append((text[place:first], False))
        pieces.append((text[first:last], True))
        place = last
    if place < len(text) or not pieces:
        pieces.append((text[place:], False))
    return tuple(pieces)
