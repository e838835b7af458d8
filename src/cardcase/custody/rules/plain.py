"""Quick canonical JSON for the values that the record writes by the thousand.

Python's own encoder gives the bytes of RFC 8785 when keys are ASCII and numbers are whole; then it is used (seven
times as fast). Everything else goes to ``kit.canonical``. That both write the same is proved by a property test.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from cardcase.kit import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
"""What may be told to the record as facts."""

_LARGEST = 2**53 - 1
_HOLDERS = frozenset({dict, list, tuple})
_encoder = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _is_plain(value: object) -> bool:
    if type(value) is dict:
        for key in value:
            if type(key) is not str or not key.isascii():
                return False
        return _are_plain(value.values())
    if type(value) is list or type(value) is tuple:
        return _are_plain(value)
    return _are_plain((value,))


def _are_plain(values: Iterable[object]) -> bool:
    """Tell it of many at once: a call for each scalar would cost more than writing it."""
    for value in values:
        kind = type(value)
        if kind is str or kind is bool or value is None:
            continue
        if kind is int:
            if not -_LARGEST <= value <= _LARGEST:  # type: ignore[operator]  # an int, as just seen
                return False
        elif not (kind in _HOLDERS and _is_plain(value)):
            return False
    return True


def write(value: JSON) -> bytes:
    """Encode what is known to have ASCII keys, whole numbers under 2^53 and no lone surrogates. Checks nothing."""
    return _encoder.encode(value).encode()


def encode(value: JSON) -> bytes:
    """Encode to the bytes of ``kit.canonical.encode``. Raises ValueError for what has no canonical form."""
    return write(value) if _is_plain(value) else canonical.encode(value)


def decode(data: bytes) -> JSON:
    """Read canonical JSON and nothing else: not one byte may differ from how we would write it. Raises ValueError."""
    try:
        value: JSON = json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if encode(value) != data:
        raise ValueError("not canonical JSON")
    return value
