"""The claim page: how long a link lives, how many wrong tokens are borne, and what its holder is shown. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from .flow import DeliveryState

MOST_DAYS: Final = 30
MOST_HOURS: Final = MOST_DAYS * 24
"""For how long a link may be good. Our own choice: longer than any buyer needs, shorter than a phone is kept."""

TOKEN_BYTES: Final = 16
"""Random bytes of a token: 128 bits cannot be guessed, whatever the limits below do."""

LONGEST_TYPED: Final = 300
"""Characters of what is typed in the place of a token; a whole link fits."""

WINDOW: Final = timedelta(minutes=10)
PER_NETWORK: Final = 10
WHOLE: Final = 300
"""Wrong tokens within the window that one network may try; and all together, from which on each network has one.

A flood from many networks therefore never shuts out a buyer whose own network has tried nothing wrong.
"""


def lifetime(days: int | None, *, hours: int) -> timedelta:
    """Return how long a link is to be good; None: the shop's own ``hours``. Raises WrongUse outside 1 to MOST_DAYS."""
    if days is None:
        return timedelta(hours=hours)
    if not 1 <= days <= MOST_DAYS:
        raise WrongUse(
            f"链接的有效期要在 1 到 {MOST_DAYS} 天之间",
            f"A link is good for 1 to {MOST_DAYS} days",
            next=Text("不填就按店铺设置。", "It is as the shop has set when nothing is said."),
            code="link_days_wrong",
        )
    return timedelta(days=days)


def check_hours(hours: int) -> int:
    """Return for how many hours a shop's links are to be good. Raises WrongUse outside 1 to MOST_HOURS."""
    if not 1 <= hours <= MOST_HOURS:
        raise WrongUse(
            f"领取链接的有效期要在 1 到 {MOST_HOURS} 小时之间",
            f"Claim links are good for 1 to {MOST_HOURS} hours",
            next=Text("一般 24 到 168 小时（1 到 7 天）。", "24 to 168 hours (1 to 7 days) is usual."),
            code="link_hours_wrong",
        )
    return hours


def token_in(typed: str) -> str:
    """Return the token in what was typed or pasted: a token, or a link that ends with one."""
    return typed.strip()[:LONGEST_TYPED].rpartition("#")[2].strip()


@dataclass(frozen=True, slots=True)
class Guesses:
    """Wrong tokens within the window: of one network, with the first and last moment, and of everybody."""

    mine: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    everybody: int = 0


def wait_before_next(guesses: Guesses, *, at: datetime) -> timedelta | None:
    """Say how long a network has to wait before its next token is looked at; None: it need not."""
    is_flood = guesses.everybody >= WHOLE
    until = guesses.last_at if is_flood else guesses.first_at
    if until is None or guesses.mine < (1 if is_flood else PER_NETWORK):
        return None
    return max(until + WINDOW - at, timedelta(seconds=1))


class Step(StrEnum):
    """What the holder of a link is shown next."""

    TERMS = "terms"  # to be read and agreed to
    READY = "ready"  # agreed: the code waits for a press
    SHOWN = "shown"  # the code left before, or may have: it is not shown again
    CLOSED = "closed"  # something stops it, and what is none of the buyer's business


def step_of(state: DeliveryState, *, has_agreed: bool, stops: Collection[Text]) -> Step:
    """Return what the holder of a link is shown next."""
    if state in (DeliveryState.SHOWN, DeliveryState.AUTHORISED, DeliveryState.UNKNOWN):
        return Step.SHOWN
    if state is DeliveryState.CANCELLED or stops:
        return Step.CLOSED
    return Step.READY if has_agreed else Step.TERMS
