"""The bells of a process: one wakes its job thread when work was promised, one its watch when a moment came nearer."""

import threading
from datetime import datetime


class Bell:
    """Wakes one sleeping thread. ``sooner`` rings only when the sleeper would wake too late by itself."""

    def __init__(self) -> None:
        """Make a bell that nobody listens to yet."""
        self._event = threading.Event()
        self._until: datetime | None = None  # None: awake, or asleep without a moment; then every ring counts

    def awake(self) -> None:
        """Say that the listener looks around now: what rings from here on is not missed by the sleep that follows."""
        self._until = None
        self._event.clear()

    def ring(self) -> None:
        """Wake the listener."""
        self._event.set()

    def sooner(self, moment: datetime) -> None:
        """Wake the listener if it means to sleep beyond a moment."""
        until = self._until
        if until is None or moment < until:
            self._event.set()

    def sleep(self, seconds: float, until: datetime | None = None) -> None:
        """Sleep until the bell rings, or has rung since ``awake``, or the time is over."""
        self._until = until
        self._event.wait(seconds)


_work = Bell()
moments = Bell()
"""The bell of the watch."""


def ring() -> None:
    """Say that there may be work."""
    _work.ring()


def sooner(moment: datetime) -> None:
    """Say that something falls due at a moment."""
    moments.sooner(moment)


def wait(seconds: float) -> None:
    """Sleep until there may be work or the time is over, and silence the bell. One runner thread a process listens."""
    _work.sleep(seconds)
    _work.awake()
