"""A process that keeps a record until it dies: run by ``test_crash.py``, never by pytest.

    crashing.py work SEED STEP NTH    verify, then append, sign and turn the key until killed
    crashing.py judge FOLDER…         say of each copied data folder what opens, and try to sign it
    crashing.py write NAME COUNT      append in COUNT transactions, some of which are undone; sign now and then
    crashing.py watch                 check the whole record again and again until standard input ends

STEP is ``module.function`` and before/after, NTH its how-manieth call: there the process kills itself. ``-`` leaves
that to whoever started it. Everything given out is written to standard output at once, as a keeper elsewhere would
have it.
"""

import json
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any


def say(**told: Any) -> None:
    """Give something out: what is said here is known elsewhere from now on."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def arm(step: str, nth: int) -> None:
    """Make this process kill itself right before or right after the nth call of a step."""
    from django.db import connection

    from cardcase.custody import head, keys, log, service, signing
    from cardcase.custody.models import appending, stored

    when, _, name = step.partition(" ")
    places = {"head": head, "keys": keys, "log": log, "service": service, "signing": signing, "stored": stored,
              "appending": appending, "connection": connection}  # fmt: skip
    where, _, function = name.partition(".")
    place, calls = places[where], 0
    real = getattr(place, function)

    def dies(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        told = real(*args, **kwargs)
        if calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return told

    setattr(place, function, dies)


def work(seed: int, step: str, nth: int) -> None:
    """Check what the last run left, then keep the record until the end."""
    from cardcase.project import boot

    boot.prepare()
    from django.db import connection, transaction

    from cardcase.custody import service
    from cardcase.custody.verification import verify_all
    from cardcase.kit import clock

    if os.environ.get("CRASHING_KEEPS_LOG"):  # a log that was copied into the database may no longer be cut
        connection.cursor().execute("PRAGMA wal_autocheckpoint = 0")
    actor, copies = boot.operator(), json.loads(sys.stdin.readline() or "[]")
    report = verify_all(copies=copies)
    say(size=report.size, faults=[one.code for one in report.faults], may_sign=service.check_head().may_sign)
    dice = random.Random(seed)
    if step != "-":
        arm(step, nth)
    for turn in range(100_000):
        records = [
            service.Record("case.opened", f"case_{dice.randrange(9)}", clock.now(), {"n": n})
            for n in range(dice.choice((1, 1, 3, 40)))
        ]
        say(appending=len(records))  # it may be killed when they are kept and before it can say so
        with transaction.atomic():
            refs = service.append_many(actor, records)
        say(appended=refs[-1].seq + 1)
        if turn % 2:
            say(note=service.checkpoint(actor, at=clock.now()))
        if turn % 7 == 3:
            say(vkey=service.rotate_key(actor, "turn", at=clock.now()))


def judge(folders: list[str]) -> None:
    """Open copies of a data folder one after the other, and say what each holds and whether it would sign."""
    from cardcase.project import boot

    boot.configure(folders[0])
    import django

    django.setup()
    from django.conf import settings
    from django.db import DatabaseError, connection

    from cardcase.custody import service
    from cardcase.custody.verification import verify_all
    from cardcase.kit import clock
    from cardcase.kit.errors import Problem
    from cardcase.project.config import Config
    from cardcase.staff.rules import Actor

    for folder in folders:
        connection.close()
        settings.CARDCASE = Config(data=Path(folder))
        connection.settings_dict["NAME"] = str(Path(folder) / "cardcase.sqlite3")
        try:
            report, found = verify_all(), service.check_head()
        except DatabaseError as error:
            say(folder=folder, refused=type(error).__name__)
            continue
        faults = [one.code for one in report.faults]
        try:
            note = service.checkpoint(Actor.system(0), at=clock.now())
        except Problem as problem:
            note = ""
            faults.append(problem.problem_code)
        say(folder=folder, size=report.size, status=found.status.value, faults=faults, note=note)


def write(name: str, count: int) -> None:
    """Be one of many writers: append one by one and in batches, on subjects of one's own and on shared ones."""
    from cardcase.project import boot

    boot.prepare()
    from django.db import transaction

    from cardcase.custody import service
    from cardcase.kit import clock

    actor, dice = boot.operator(), random.Random(name)
    say(ready=name)
    sys.stdin.readline()  # all begin together
    for turn in range(count):
        size = dice.choice((1, 1, 1, 5, 30))
        subjects = [dice.choice((f"case_{name}", f"case_{dice.randrange(3)}")) for _ in range(size)]
        records = [service.Record("case.opened", one, clock.now(), {"by": name, "turn": turn}) for one in subjects]
        is_undone = dice.random() < 0.15
        with transaction.atomic():
            refs = service.append_many(actor, records)
            transaction.set_rollback(is_undone)
        if is_undone:
            continue
        say(kept=[[ref.seq, ref.leaf] for ref in refs])
        if turn % 9 == 0:
            say(note=service.checkpoint(actor, at=clock.now()))


def watch() -> None:
    """Check the record while others write: whatever moves meanwhile is no fault."""
    import select

    from cardcase.project import boot

    boot.prepare()
    from cardcase.custody import service
    from cardcase.custody.models import Entry
    from cardcase.custody.verification import verify_all

    say(ready="watch")
    is_last = False
    while True:
        report, found = verify_all(), service.check_head()
        say(size=report.size, faults=[one.code for one in report.faults], status=found.status.value)
        if is_last:
            break
        is_last = bool(select.select([sys.stdin], [], [], 0)[0])
    rows = Entry.objects.filter(kind="case.opened").order_by("seq").values_list("seq", "leaf")
    say(rows=[[seq, bytes(leaf).hex()] for seq, leaf in rows])


if __name__ == "__main__":
    if sys.argv[1] == "work":
        work(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    elif sys.argv[1] == "write":
        write(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1] == "watch":
        watch()
    else:
        judge(sys.argv[2:])
