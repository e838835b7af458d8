"""The watch beside every runner: a thread that sleeps until the next moment a room waits for, and is there on time.

It does not queue behind jobs, however long they take. It looks at most a second apart, because other processes may have
set a nearer moment; a nearer one set in this process wakes it at once. Both looks are reads of an index.
"""

import threading
from datetime import timedelta

import structlog
from django.db import close_old_connections, connections

from cardcase.jobs import registry, wake
from cardcase.kit import clock

log = structlog.get_logger("cardcase.jobs")

POLL_SECONDS = 1.0


class Watch:
    """Start and stop the watch thread of a process."""

    def __init__(self, *, poll_seconds: float = POLL_SECONDS) -> None:
        """Prepare a watch; ``poll_seconds`` bounds how late a moment set by another process is seen."""
        self._poll = poll_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread. A second call is refused with RuntimeError."""
        if self._thread is not None:
            raise RuntimeError("this watch has been started")
        self._thread = threading.Thread(target=self._loop, name="cardcase-watch", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 10.0) -> bool:
        """Ask the thread to end and tell whether it did in time."""
        self._stopping.set()
        wake.moments.ring()
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def look(self) -> float:
        """Do what is due now and return for how many seconds nothing is. Never raises for one room's sake."""
        seconds = self._poll
        for watched in registry.watched():
            try:
                moment = watched.next_at()
                if moment is not None and moment <= clock.now():
                    watched.work()
                    moment = watched.next_at()
            except Exception:  # a database restart is waited out, not died of
                log.exception("watch_trouble", watched=watched.name)
                continue
            left = (moment - clock.now()).total_seconds() if moment is not None else self._poll
            if left > 0:  # what is still due could not be settled, or somebody else is at it: look again in a second
                seconds = min(seconds, left)
        return seconds

    def _loop(self) -> None:
        try:
            while not self._stopping.is_set():
                wake.moments.awake()
                seconds = self.look()
                close_old_connections()
                if not self._stopping.is_set():
                    wake.moments.sleep(seconds, clock.now() + timedelta(seconds=seconds))
        finally:
            connections.close_all()
