"""How late the nearest of a million running deadlines is noticed, and what watching for it costs while nothing is due.

``deadlines.py deadlines_million`` prints one JSON line of rows, as measure.py does; ``deadlines.py arm`` is its helper:
another process that arms one deadline.
"""

import io
import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from measure import Row, boot, row

MILLION = 1_000_000
AHEAD = timedelta(seconds=3)
ROUNDS = 4
LOOKS = 60  # an idle minute: the watch looks once a second


def spec_for(due_in: timedelta) -> Any:
    """Make a deadline of the platform's that begins now and is due so soon."""
    from cardcase.deadlines.rules import DeadlineKind, DeadlineSpec, Source
    from cardcase.kit import clock
    from cardcase.kit.catalogue import Certainty

    now = clock.now()
    return DeadlineSpec.of(
        DeadlineKind.PLATFORM_RESPONSE,
        started_at=now,
        due_at=now + due_in,
        source=Source.API,
        certainty=Certainty.OFFICIAL,
        rule="timeout_time",
    )


def arm(subject: str) -> None:
    """Arm one deadline that is due in three seconds."""
    actor = boot()
    from cardcase.deadlines import service
    from cardcase.kit import clock

    service.arm(actor, subject, spec_for(AHEAD), at=clock.now())


def fill() -> float:
    """Copy one armed row a million times, due from tomorrow on; return the seconds that it took."""
    from django.db import connection, transaction

    from cardcase.deadlines import service
    from cardcase.deadlines.models import Deadline
    from cardcase.kit import clock

    actor, now = boot(), clock.now()
    service.arm(actor, "case_template", spec_for(timedelta(days=2)), at=now)
    names = [field.column for field in Deadline._meta.concrete_fields if field.column != "id"]
    listed = ", ".join(names)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {listed} FROM deadlines_deadline WHERE subject = 'case_template'")
        values = dict(zip(names, cursor.fetchone(), strict=True))
        adapt = connection.ops.adapt_datetimefield_value
        started = time.perf_counter()

        def rows() -> Any:
            for number in range(MILLION):
                due = now + timedelta(days=2, seconds=number * 30)
                copy = {
                    **values,
                    "subject": f"case_{number:08d}",
                    "due_at": adapt(due),
                    "margin_at": adapt(due - timedelta(hours=5)),
                    "warn_at": adapt(due - timedelta(hours=24)),
                }
                yield [copy[name] for name in names]

        marks = ", ".join(["%s"] * len(names))
        with transaction.atomic():
            cursor.executemany(f"INSERT INTO deadlines_deadline ({listed}) VALUES ({marks})", rows())
        cursor.execute("ANALYZE")
    return time.perf_counter() - started


def idle_minute() -> float:
    """Return the CPU seconds of a minute's worth of looks of the watch while nothing is due."""
    from cardcase.jobs.runners.watch import Watch

    watch = Watch()
    watch.look()
    started = time.process_time()
    for _ in range(LOOKS):
        watch.look()
    return time.process_time() - started


def late(subject: str) -> float:
    """Return how long after its moment a deadline is seen to be missed, looking every few milliseconds."""
    from cardcase.deadlines.models import Deadline
    from cardcase.kit import clock

    due = Deadline.objects.get(subject=subject).due_at
    while Deadline.objects.filter(subject=subject, state="armed").exists():
        if clock.now() - due > timedelta(seconds=30):
            sys.exit(f"{subject} was not noticed within 30 s")
        time.sleep(0.003)
    return (clock.now() - due).total_seconds()


def deadlines_million() -> list[Row]:
    """Fill a million, watch, and measure."""
    boot()
    from cardcase.jobs import registry
    from cardcase.jobs.runners.thread import ThreadRunner

    registry.discover()
    empty = idle_minute()
    filled = fill()
    full = idle_minute()
    runner = ThreadRunner()
    runner.start()
    time.sleep(2)
    here, elsewhere = [], []
    for number in range(ROUNDS):
        arm(f"case_here{number}")
        here.append(late(f"case_here{number}"))
        subprocess.run([sys.executable, __file__, "arm", f"case_there{number}"], check=True)
        elsewhere.append(late(f"case_there{number}"))
    runner.stop()
    worst = max(*here, *elsewhere)
    return [
        row(
            "The nearest of 1,000,000 running deadlines is noticed",
            f"{worst * 1000:.0f} ms late at worst",
            "≤ 2 s",
            f"armed in the same process {max(here) * 1000:.0f} ms, in another {max(elsewhere) * 1000:.0f} ms at worst of {ROUNDS}",
            met=worst <= 2,
        ),
        row(
            "CPU of an idle minute of watching 1,000,000 deadlines",
            f"{full * 1000:.0f} ms",
            "as on an empty table",
            f"empty table: {empty * 1000:.0f} ms; filling took {filled:.0f} s",
            met=full <= 2 * empty,
        ),
    ]


if __name__ == "__main__":
    if sys.argv[1] == "arm":
        arm(sys.argv[2])
    else:
        out = io.TextIOWrapper(os.fdopen(os.dup(1), "wb"), encoding="utf-8")
        print(json.dumps(deadlines_million(), ensure_ascii=False), file=out, flush=True)
