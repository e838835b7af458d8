"""Card codes that look right per brand and can never be valid: each carries DEMO, a run of 0 or 9, or FACE-DEAD.

Shapes: platform-rules §8. Where a brand's shape is not known publicly, a made-up one is used that shows as such.
"""

import hashlib
from collections.abc import Callable
from typing import Final, NamedTuple

_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # the look-alikes 0/O and 1/I are left out, as issuers do


class Secret(NamedTuple):
    """Number and code of one made-up card; ``number`` is empty for brands that print none."""

    number: str
    code: str


def draw(seed: str, alphabet: str, count: int) -> str:
    """Draw characters that are always the same for the same seed."""
    value = int.from_bytes(hashlib.sha256(seed.encode()).digest())
    picked = []
    for _ in range(count):
        value, index = divmod(value, len(alphabet))
        picked.append(alphabet[index])
    return "".join(picked)


def digits(seed: str, count: int) -> str:
    """Draw digits that are always the same for the same seed."""
    return draw(seed, "0123456789", count)


def _apple(seed: str) -> Secret:
    return Secret("", "XDEMO" + draw(seed, _LETTERS, 11))


def _jd(seed: str) -> Secret:
    tail = draw(seed, "0123456789ABCDEF", 8)
    return Secret("JDV00000000000" + digits(seed + "n", 6), f"FACE-DEAD-{tail[:4]}-{tail[4:]}")


def _steam(seed: str) -> Secret:
    body = draw(seed, _LETTERS, 10)
    return Secret("", f"0DEMO-{body[:5]}-{body[5:]}")


def _number8(seed: str) -> Secret:
    return Secret("99990000" + digits(seed + "n", 8), "00" + digits(seed, 6))


def _digits18(seed: str) -> Secret:
    return Secret("", "999900" + digits(seed, 12))


def _digits20(seed: str) -> Secret:
    return Secret("", "9999000000" + digits(seed, 10))


def _hema(seed: str) -> Secret:
    return Secret("99980000" + digits(seed + "n", 8), "HMDEMO" + draw(seed, _LETTERS, 10))


def _meituan(seed: str) -> Secret:
    return Secret("", "MTDEMO" + draw(seed, _LETTERS, 10))


PATTERNS: Final[dict[str, Callable[[str], Secret]]] = {
    "apple": _apple,
    "jd": _jd,
    "steam": _steam,
    "number8": _number8,
    "digits18": _digits18,
    "digits20": _digits20,
    "hema": _hema,
    "meituan": _meituan,
}
"""How a batch's codes are made, by the ``make`` of stock.toml."""


def secret(make: str, batch: str, ordinal: int) -> Secret:
    """Make the secret of the n-th card of a batch, always the same. Raises KeyError for an unknown pattern."""
    return PATTERNS[make](f"{batch}#{ordinal}")


def misread(code: str) -> str:
    """Return a code as somebody would mistype it: its last two different neighbours swapped."""
    for place in range(len(code) - 1, 0, -1):
        if code[place] != code[place - 1]:
            return code[: place - 1] + code[place] + code[place - 1] + code[place + 1 :]
    return code
