"""The runner inside ``cardcase run``: one thread that wakes when this process promised work, else once a second."""

import threading

import structlog
from django.db import close_old_connections, connections

from cardcase.jobs import registry, wake

from .watch import Watch
from .worker import Worker

log = structlog.get_logger("cardcase.jobs")


class ThreadRunner:
    """Start and stop the background thread of a process."""

    def __init__(self, worker: Worker | None = None, *, poll_seconds: float = 1.0, has_watch: bool = True) -> None:
        """Prepare a runner; ``poll_seconds`` bounds how late work promised by another process is seen.

        One runner of a process has the watch; any other is made without.
        """
        self._worker = worker or Worker()
        self._poll = poll_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._watch = Watch(poll_seconds=min(poll_seconds, 1.0)) if has_watch else None

    def start(self) -> None:
        """Read the rooms' handlers and start the thread and its watch. A second call is refused with RuntimeError."""
        if self._thread is not None:
            raise RuntimeError("this runner has been started")
        registry.discover()
        self._thread = threading.Thread(target=self._loop, name="cardcase-jobs", daemon=True)
        self._thread.start()
        if self._watch is not None:
            self._watch.start()

    def stop(self, seconds: float = 10.0) -> bool:
        """Ask the thread to end after its present job and tell whether it did in time."""
        self._stopping.set()
        wake.ring()
        if self._thread is None:
            return True
        has_ended = self._watch is None or self._watch.stop(seconds)
        self._thread.join(seconds)
        return has_ended and not self._thread.is_alive()

    def _loop(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    idle = self._worker.run_due(limit=20, is_over=self._stopping.is_set) == 0
                except Exception:  # a database away or a full disk: the pages say so, the thread waits
                    log.exception("jobs_runner_trouble")
                    idle = True
                close_old_connections()
                if idle:
                    wake.wait(self._poll)
        finally:
            connections.close_all()
