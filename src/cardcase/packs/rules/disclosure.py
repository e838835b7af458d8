"""What of an entry a pack opens to others, and what it only commits to."""

import json
import re
from collections.abc import Iterator

from . import catalogues

OWN_CONCERN = frozenset(
    {
        "seller_remark", "cost_fen", "unit_cost_fen", "supplier", "supplier_name", "batch", "p_win",
        "p_seller_fault_permille",
    }
)  # fmt: skip
"""Fields that concern only the shop: facts that tell one of them stay closed. Judgement."""

_OUR_IDS = re.compile(r"\b[a-z]{2,12}_[0-9a-f]{32}\b|\b[0-9a-f]{64}\b|\bAS-\d{4}-\d{6}\b")


def is_opened(kind: str, body: bytes, mime: str) -> bool:
    """Tell whether a content of an entry of this kind is opened, as far as its kind and its fields decide it."""
    if not catalogues.kind(kind).opened:
        return False
    return mime != "application/json" or not any(name in OWN_CONCERN and told for name, told in _fields(body))


def _fields(body: bytes) -> Iterator[tuple[str, object]]:
    yield from _walk(_parse(body))


def _parse(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _walk(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from _walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def words_in(body: bytes, mime: str) -> list[str]:
    """Return the words of a content in which a card code could hide; our own ids and hashes are no words.

    Pictures and other bytes that are no text have none: what they show is not read by machine.
    """
    if mime == "application/json":
        return [_OUR_IDS.sub(" ", one) for one in _strings(_parse(body))]
    return [_OUR_IDS.sub(" ", body.decode("utf-8", "replace"))] if mime.startswith("text/") else []
