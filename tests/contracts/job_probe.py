"""A process of its own for tests/contracts/test_job_runners.py: sets up a database, promises work, or works.

    python job_probe.py setup | promise KIND KEY... | thread | process | asked TIMES

What the handlers do is seen in the table ``effect``; a file in CARDCASE_DATA says that a handler has begun.
"""

import os
import random
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

FOLDER = Path(os.environ["CARDCASE_DATA"])
LEASE = timedelta(seconds=float(os.environ.get("PROBE_LEASE", "60")))
PATIENCE = 180.0
NEVER = 3600.0


def main(verb: str, *words: str) -> None:
    import django

    django.setup()
    register()
    {"setup": setup, "promise": promise, "thread": thread, "process": process, "asked": asked}[verb](*words)


def register() -> None:
    """Define the kinds of job that the contract asks for."""
    from cardcase.jobs import registry, service
    from cardcase.jobs.registry import Claim, handles
    from cardcase.kit import clock

    registry.discover = lambda: None  # the law of runners, without what the rooms of the product do

    @handles("probe.quick")
    def quick(held: Claim) -> None:
        effect(held)

    @handles("probe.hang_inside")
    def hang_inside(held: Claim) -> None:
        """Write, then hang with the transaction open; the second worker does not hang."""
        effect(held)
        hang_once(held)

    @handles("probe.hang_after", is_atomic=False)
    def hang_after(held: Claim) -> None:
        """Write by key and commit, then hang before the job is noted as done."""
        with service.writing(held, at=clock.now(), lease=LEASE):
            if not done_before(held.key):
                effect(held)
        hang_once(held)

    @handles("probe.hang_before", is_atomic=False)
    def hang_before(held: Claim) -> None:
        """Hang, then try to write."""
        hang_once(held)
        with service.writing(held, at=clock.now(), lease=LEASE):
            effect(held)

    @handles("probe.second")
    def second(held: Claim) -> None:
        (FOLDER / f"begun-{held.key}").touch()
        time.sleep(1)
        effect(held)


def effect(held: object) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO effect (job, fence, pid) VALUES (%s, %s, %s)", [held.key, held.fence, os.getpid()])


def done_before(key: str) -> bool:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM effect WHERE job = %s", [key])
        return cursor.fetchone() is not None


def hang_once(held: object) -> None:
    """Hang in the hands of the first worker only, until somebody says go."""
    begun = FOLDER / f"begun-{held.key}"
    if begun.exists():
        return
    begun.touch()
    until = time.monotonic() + PATIENCE
    while not (FOLDER / f"go-{held.key}").exists() and time.monotonic() < until:
        time.sleep(0.02)


def setup() -> None:
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", "jobs", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE effect (job varchar(80), fence integer, pid integer)")


def promise(kind: str, *keys: str) -> None:
    from django.db import transaction

    from cardcase.jobs import service
    from cardcase.kit import clock

    with transaction.atomic():
        for key in keys:
            service.enqueue(None, kind, {}, at=clock.now(), key=key)


def thread(*promised: str) -> None:
    """Run the thread runner until SIGTERM; promise work in this process first when keys are given."""
    from cardcase.jobs.runners.stop import Stop
    from cardcase.jobs.runners.thread import ThreadRunner
    from cardcase.jobs.runners.worker import Worker

    stop = Stop()
    signal.signal(signal.SIGTERM, stop.ask)
    runner = ThreadRunner(Worker(lease=LEASE), poll_seconds=NEVER if promised else 0.1)
    runner.start()
    (FOLDER / f"ready-{os.getpid()}").touch()
    if promised:
        time.sleep(0.5)  # the runner sleeps by now, and not for a poll to wake it
        promise("probe.quick", *promised)
    while not stop.wait(PATIENCE):
        pass
    sys.exit(0 if runner.stop(PATIENCE) else 1)


def process() -> None:
    from cardcase.jobs.runners.process import serve
    from cardcase.jobs.runners.worker import Worker

    (FOLDER / f"ready-{os.getpid()}").touch()
    serve(Worker(lease=LEASE), poll_seconds=0.1)


def asked(times: str) -> None:
    """Be asked to stop by a signal as often as told, each time a little earlier or later in the wait."""
    from cardcase.jobs.runners.stop import Stop

    dice = random.Random(7)
    for _ in range(int(times)):
        stop = Stop()
        signal.signal(signal.SIGALRM, stop.ask)
        signal.setitimer(signal.ITIMER_REAL, dice.uniform(0.00001, 0.0003))
        while not stop.wait(0.0001):
            pass


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cardcase.project.settings")
    main(*sys.argv[1:])
