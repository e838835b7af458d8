"""A request to stop that a signal handler may make at any moment."""

import time
from typing import Final

NAP: Final = 0.2
"""Seconds after which a sleeper looks whether it was asked."""


class Stop:
    """What a main thread works under until somebody asks it to end.

    No lock, so neither a ``threading.Event`` nor a queue: its main thread holds theirs for a moment at every wait, and
    a handler that comes in that moment waits for it for ever.
    """

    def __init__(self) -> None:
        """Begin unasked."""
        self._asked = False

    def ask(self, *_signal: object) -> None:
        """Ask to end; fit to be a signal handler as it is."""
        self._asked = True

    def is_asked(self) -> bool:
        """Tell whether somebody has asked."""
        return self._asked

    def wait(self, seconds: float) -> bool:
        """Sleep until somebody asks or the time is over; tell whether somebody has asked."""
        end = time.monotonic() + seconds
        while not self._asked and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, NAP))
        return self._asked
