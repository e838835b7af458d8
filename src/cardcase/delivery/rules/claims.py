"""The claim page: how long a link lives, how many wrong tokens are borne, and what its holder is shown. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from .flow import DeliveryState

DEFAULT_DAYS: Final = 7
MOST_DAYS: Final = 30
"""Days for which a link may be good. Our own choice: longer than any buyer needs, shorter than a phone is kept."""

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


def lifetime(days: int | None) -> timedelta:
    """Return how long a link is to be good; None: the default. Raises WrongUse outside 1 to MOST_DAYS."""
    chosen = DEFAULT_DAYS if days is None else days
    if not 1 <= chosen <= MOST_DAYS:
        raise WrongUse(
            f"链接的有效期要在 1 到 {MOST_DAYS} 天之间",
            f"A link is good for 1 to {MOST_DAYS} days",
            next=Text(f"不填就是 {DEFAULT_DAYS} 天。", f"It is {DEFAULT_DAYS} days when nothing is said."),
            code="link_days_wrong",
        )
    return timedelta(days=chosen)


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
