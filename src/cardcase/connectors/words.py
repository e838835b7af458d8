"""The trade's own words turned into our states, from `data/*.toml`, for every connector. Unknown words stay raw."""

import re
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from cardcase.kit import catalogue
from cardcase.kit.text import fold

from .ports import OrderState, RefundKind, RefundState

DATA = Path(__file__).parent / "data"
_SPACES = re.compile(r"[\s_\-·]+")
_PARTS = re.compile(r"[-—–/|,;:·()\[\]【】>→\s]+")


class WordRecord(catalogue.Record):
    """The names under which one state is written."""

    names: tuple[str, ...]


class Hint(StrEnum):
    """What an order's state word tells of its refund beside the order's own state."""

    IN_REFUND = "in_refund"
    REFUND_CLOSED = "refund_closed"


def squeeze(value: Any) -> str:
    """Return a word in the form in which names are compared: folded, without spaces, dashes and underscores."""
    return _SPACES.sub("", fold(str(value)).strip("[]【】「」 　"))


@cache
def _by_name(group: str) -> dict[str, str]:
    records = catalogue.load(DATA / "status_words.toml", WordRecord, table="word").records
    return {
        squeeze(name): record.id.partition(".")[2]
        for record in records.values()
        if record.id.startswith(f"{group}.")
        for name in record.names
    }


def order_state(word: Any) -> tuple[OrderState, Hint | None]:
    """Read an order's state word, and what it tells of a refund; an unknown word is UNKNOWN."""
    found = _by_name("order").get(squeeze(word), "unknown")
    if found in set(Hint):
        return OrderState.UNKNOWN, Hint(found)
    return OrderState(found), None


def refund_state(word: Any) -> RefundState:
    """Read a refund's state word; an unknown word is UNKNOWN, so that a person looks at it.

    Tools write a state and its step in one cell (「退款中-待卖家处理」). The step counts, as long as the parts that are
    known do not contradict each other.
    """
    known = _by_name("refund")
    whole = known.get(squeeze(word))
    if whole is not None:
        return RefundState(whole)
    # A number beside words is a count or a date, not the code of a state.
    told = (squeeze(part) for part in _PARTS.split(fold(str(word))) if not part.isdigit())
    parts = {known.get(part, "unknown") for part in told} - {"unknown"}
    return RefundState(parts.pop()) if len(parts) == 1 else RefundState.UNKNOWN


def is_refund_word(word: Any) -> bool:
    """Tell whether a word is known as a refund's state."""
    return squeeze(word) in _by_name("refund")


def refund_kind(word: Any) -> RefundKind:
    """Read what the buyer asks for; numbers of 闲管家 are not published and stay UNKNOWN."""
    return RefundKind(_by_name("kind").get(squeeze(word), "unknown"))
