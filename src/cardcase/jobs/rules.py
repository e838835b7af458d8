"""What a job may become and how long it waits. Pure: the moment and the dice come in as arguments."""

from datetime import timedelta
from enum import StrEnum
from typing import Final


class JobState(StrEnum):
    """Where a promised piece of work stands."""

    WAITING = "waiting"
    RUNNING = "running"  # somebody holds the lease; when it runs out, anybody may take the job over
    DONE = "done"
    STUCK = "stuck"  # tried too often; a person looks
    UNCLEAR = "unclear"  # the outside may or may not have done it: never repeated without a person


UNFINISHED: Final = (JobState.WAITING, JobState.RUNNING, JobState.STUCK, JobState.UNCLEAR)
"""States in which a job still holds its key."""

MAX_TRIES: Final = 5
"""Tries before a job is parked as stuck (reliability.md G8)."""

LEASE: Final = timedelta(seconds=60)
"""How long a worker may work on a job before others take it for dead; kinds may ask for more. Our own choice."""

FIRST_WAIT: Final = timedelta(seconds=15)
LONGEST_WAIT: Final = timedelta(hours=1)
CLOCK_SLACK: Final = timedelta(minutes=1)
"""How far apart the clocks of two machines may be before one of them is taken to be wrong (reliability.md G6)."""

KEEP_DONE: Final = timedelta(days=7)
"""How long done jobs stay to be looked at. Our own choice."""


def wait_before_retry(tries: int, dice: float) -> timedelta:
    """Return how long to wait after the n-th failed try: 15 s, 1 min, 4 min, 16 min …, half to one and a half times.

    ``dice`` is a number in [0, 1): jitter, so that jobs that failed together do not come back together.
    """
    wait: timedelta = min(FIRST_WAIT * 4 ** max(0, min(tries - 1, 9)), LONGEST_WAIT)
    return wait * (0.5 + dice)
