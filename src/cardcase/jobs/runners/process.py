"""The runner behind ``cardcase worker``: one process, one job at a time; start as many as there are cores.

It polls for jobs once a second on both databases; deadlines are seen to by its watch. LISTEN/NOTIFY would save that
second on PostgreSQL; it is not built yet.
"""

import signal

import structlog
from django.db import close_old_connections, connections

from cardcase.jobs import registry

from .stop import Stop
from .watch import Watch
from .worker import Worker

log = structlog.get_logger("cardcase.jobs")


def serve(worker: Worker | None = None, *, poll_seconds: float = 1.0) -> None:
    """Work until SIGTERM or SIGINT; the job in hand is brought to its end first. Call from the main thread."""
    worker = worker or Worker()
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop.ask)
    registry.discover()
    watch = Watch(poll_seconds=min(poll_seconds, 1.0))
    watch.start()
    log.info("worker_ready", queues=list(worker.queues) or "all")
    try:
        while not stop.is_asked():
            try:
                idle = worker.run_due(limit=20, is_over=stop.is_asked) == 0
            except Exception:  # a database restart is waited out, not died of
                log.exception("jobs_runner_trouble")
                idle = True
            close_old_connections()
            if idle:
                stop.wait(poll_seconds)
    finally:
        watch.stop()
        connections.close_all()
