"""The bell that wakes the thread runner of this process when work was promised and committed."""

import threading

_bell = threading.Event()


def ring() -> None:
    """Say that there may be work."""
    _bell.set()


def wait(seconds: float) -> None:
    """Sleep until the bell rings or the time is over, and silence it. One runner thread a process listens."""
    _bell.wait(seconds)
    _bell.clear()
