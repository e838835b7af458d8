"""Canonical JSON (RFC 8785): the one way in which a value becomes bytes that are hashed or signed."""

from typing import Any

import rfc8785


def encode(value: Any) -> bytes:
    """Encode to canonical JSON. Raises ValueError for floats outside JSON, integers over 2^53-1, lone surrogates."""
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(str(error)) from error
