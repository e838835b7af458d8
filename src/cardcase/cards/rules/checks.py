"""Looks at balances: what they are for, and how old one may be just before a code leaves. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.text import Text

FRESH_FOR: Final = timedelta(minutes=15)
"""How old the last look may be when a code is given out. Our own choice: long enough to look, answer and send, short
enough that a card emptied by somebody else in between is rare."""


WHY_NOT_FRESH: Final = MappingProxyType(
    {
        "never": Text("还没有查过余额", "its balance was never looked at"),
        "stale": Text("上次查验太久了", "the last look is too old"),
        "unusable": Text("上次查验说不能用", "the last look found it unusable"),
        "short": Text("上次查验的余额不足面值", "the last look found less than its face value"),
    }
)
"""Reasons of a ``Freshness`` as sentences."""

DAMNING: Final = frozenset({"unusable", "short"})
"""Reasons for which a card is never given out, however the shop deals with looks that are merely old."""


@dataclass(frozen=True, slots=True)
class LookRule:
    """What a shop asks of the last look at a card when its code is given out (``Shop.check_minutes``)."""

    fresh_for: timedelta = FRESH_FOR
    is_required: bool = False


class CheckKind(StrEnum):
    """When somebody looked at what a card was worth."""

    PRE_SALE = "pre_sale"  # when it came in, or while it lay in stock
    BEFORE_REVEAL = "before_reveal"  # right before its code was given out
    AFTER = "after"  # after a buyer had it: in a dispute, after a return


@dataclass(frozen=True, slots=True)
class Seen:
    """One look, as the rules need it."""

    at: datetime
    is_usable: bool | None
    balance_fen: int | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """Whether a look stands that lets a code leave. ``reason``: fresh, never, stale, unusable or short.

    ``age`` is how old the last look is, None without any.
    """

    is_fresh: bool
    reason: str
    age: timedelta | None = None


def freshness(last: Seen | None, *, face_fen: int | None, at: datetime, fresh_for: timedelta = FRESH_FOR) -> Freshness:
    """Tell whether the last look at a card lets its code leave at a moment: recent, usable, and worth its face value.

    A look that found less than the face value is no ground to give the card out at that value, however recent.
    """
    if last is None:
        return Freshness(is_fresh=False, reason="never")
    age = at - last.at
    if last.is_usable is False:
        return Freshness(is_fresh=False, reason="unusable", age=age)
    if last.balance_fen is not None and face_fen is not None and last.balance_fen < face_fen:
        return Freshness(is_fresh=False, reason="short", age=age)
    if age > fresh_for:
        return Freshness(is_fresh=False, reason="stale", age=age)
    return Freshness(is_fresh=True, reason="fresh", age=age)
