"""The small language of patterns in which formats are written: no pattern in it can take long. Pure."""

import re
from functools import lru_cache
from typing import Final

_ATOM: Final = re.compile(r"(?:[A-Z0-9]|\\d|\[[A-Z0-9-]{1,40}\])(?:\{(\d{1,2})(,\d{1,2})?\})?")
LONGEST: Final = 64
"""Longest normal form that is looked at; the longest known codes have 25 characters. Our own choice."""
_LONGEST_PATTERN: Final = 120


def check(pattern: str) -> str:
    r"""Return a pattern that is one of ours. Raises ValueError for any other.

    Allowed are characters, bracketed classes and ``\\d``, each with a fixed repetition, and one place that varies: with
    no group, no alternative and no second place that varies there is nothing to backtrack into (linear in the text).
    """
    if not pattern or len(pattern) > _LONGEST_PATTERN:
        raise ValueError(f"a pattern has 1 to {_LONGEST_PATTERN} characters")
    at = varying = 0
    while at < len(pattern):
        match = _ATOM.match(pattern, at)
        if match is None:
            raise ValueError(f"only characters, [classes], \\d and {{n}} are allowed: {pattern!r} at {at}")
        varying += match.group(2) is not None
        at = match.end()
    if varying > 1:
        raise ValueError(f"only one place may vary in length: {pattern!r}")
    try:
        compiled(pattern)
    except re.error as error:
        raise ValueError(f"not a pattern: {pattern!r} ({error})") from error
    return pattern


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a checked pattern."""
    return re.compile(pattern, re.ASCII)


def matches(patterns: tuple[str, ...], normal: str) -> bool:
    """Tell whether a normal form is, as a whole, what one of the patterns says."""
    if len(normal) > LONGEST:
        return False
    for pattern in patterns:  # noqa: SIM110 - asked five times a card: a generator costs more than the match
        if compiled(pattern).fullmatch(normal):
            return True
    return False
