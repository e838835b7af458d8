"""What may be told to the record as facts; canonical JSON as the record writes it and, as strictly, reads it back."""

import json
from typing import TYPE_CHECKING, TypeAlias

from cardcase.kit.canonical import encode, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["JSON", "decode", "encode", "write"]

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
"""What may be told to the record as facts."""


def decode(data: bytes) -> JSON:
    """Read canonical JSON and nothing else: not one byte may differ from how we would write it. Raises ValueError."""
    try:
        value: JSON = json.loads(data)
        written = encode(value)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if written != data:
        raise ValueError("not canonical JSON")
    return value
