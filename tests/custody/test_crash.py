"""``kill -9`` at every step of the record, a WAL cut at any place, a database from yesterday: nothing given out is lost
or contradicted, and what would contradict it is not signed."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cardcase.custody.rules import note
from project.command import cardcase, document, environment

pytestmark = pytest.mark.crash
CHILD = Path(__file__).parent / "crashing.py"
SERVER = os.environ.get("CARDCASE_DATABASE_URL", "")
SEED = int(os.environ.get("FAULT_SEED", "20261129"))
STEPS = [
    f"{when} {name}"
    for name in (
        "appending.insert", "appending.move_head", "connection.commit", "signing.signed_note", "head.remember", "keys.replace",
        "stored.keep_note", "head.add_up_notes", "signing.end_rotation", "keys.promote_next", "appending.rename_head",
        "log.write_own", "keys.write_once", "keys.write_pieces",
    )
    for when in ("before", "after")
]  # fmt: skip


@pytest.fixture
def database(tmp_path):
    """A fresh database of the server, or none: then SQLite in the data folder."""
    if not SERVER:
        yield {}
        return
    name = f"ledger_crash_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    yield {"CARDCASE_DATABASE_URL": f"{SERVER.rpartition('/')[0]}/{name}"}
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def live(data: Path, database: dict[str, str], known: list[str], *, step: str, nth: int, within: float) -> list[Any]:
    """Let the keeper work until it kills itself or is killed; return what it gave out."""
    words = [sys.executable, str(CHILD), "work", str(SEED), step, str(nth)]
    told: list[Any] = []
    with subprocess.Popen(
        words, env=environment(CARDCASE_DATA=str(data), **database), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        child.stdin.write(json.dumps(known) + "\n")
        child.stdin.flush()
        first = child.stdout.readline()
        assert first, child.stderr.read()[-2000:]
        told.append(json.loads(first))
        time.sleep(within)
        child.send_signal(signal.SIGKILL)
        # What was said before the end was heard, be the last line whole or not.
        told += [json.loads(line) for line in child.stdout.read().splitlines() if line.endswith("}")]
        assert child.wait() == -signal.SIGKILL, child.stderr.read()[-2000:]
    return told


@pytest.mark.parametrize("rounds", [20, pytest.param(200, marks=pytest.mark.night, id="200")])
def test_a_record_survives_being_killed_at_any_moment(tmp_path, database, rounds):
    data, dice = tmp_path / "data", random.Random(SEED)
    data.mkdir()
    steps = dice.sample(STEPS, len(STEPS))
    acknowledged, notes = 0, []
    for number in range(rounds):
        step = "-" if number % 3 == 2 else steps[number % len(steps)]
        told = live(data, database, notes, step=step, nth=dice.randrange(1, 9), within=dice.uniform(0.1, 0.6))
        opened = told[0]
        where = f"seed {SEED}, round {number}, {step}"
        assert opened["faults"] == [], where
        assert opened["may_sign"], where
        assert opened["size"] >= acknowledged, f"{where}: something acknowledged was lost"
        acknowledged = max([acknowledged, opened["size"], *(one["appended"] for one in told if "appended" in one)])
        notes += [one["note"] for one in told if "note" in one]
    final = live(data, database, notes, step="-", nth=0, within=0)[0]
    assert (final["faults"], final["may_sign"]) == ([], True)
    assert final["size"] >= acknowledged
    assert len({note.Checkpoint.parse(note.split(one)[0]) for one in notes}) == len({*map(size_of, notes)})
    assert len(notes) > rounds / 2
    kept = {path.name for path in (data / "keys").iterdir() if not path.name.startswith(".")}
    assert {name for name in kept if name.startswith("log.")} <= {"log.key", "log.next.key"}


@pytest.mark.parametrize(("writers", "turns"), [(4, 25), pytest.param(12, 200, marks=pytest.mark.night, id="night")])
def test_writers_in_many_processes_make_one_chain_without_gaps(tmp_path, database, writers, turns):
    """Nobody's entry is lost or doubled, undone ones leave no gap, and whoever checks meanwhile sees no fault."""
    data = tmp_path / "data"
    data.mkdir()
    cardcase("ledger", "checkpoint", data=data, **database)
    names = [("write", f"w{number}", str(turns)) for number in range(writers)]
    children = [
        subprocess.Popen(
            [sys.executable, str(CHILD), *words], env=environment(CARDCASE_DATA=str(data), **database), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for words in [*names, ("watch",)]
    ]  # fmt: skip
    for child in children:
        assert child.stdout.readline(), child.stderr.read()[-2000:]
    for child in children[:-1]:
        child.stdin.write("go\n")
        child.stdin.flush()
    kept, notes = [], []
    for child in children[:-1]:
        said, wrong = child.communicate(timeout=540)
        assert child.returncode == 0, wrong[-2000:]
        told = [json.loads(line) for line in said.splitlines()]
        kept += [tuple(pair) for one in told for pair in one.get("kept", ())]
        notes += [one["note"] for one in told if "note" in one]
    said, wrong = children[-1].communicate(timeout=540)
    assert children[-1].returncode == 0, wrong[-2000:]
    *seen, last = [json.loads(line) for line in said.splitlines()]
    assert [one for one in seen if one["faults"] or one["status"] != "good"] == []
    assert len(seen) > 1
    assert [tuple(pair) for pair in last["rows"]] == sorted(kept)
    assert len({seq for seq, _ in kept}) == len(kept)
    own = seen[-1]["size"] - len(kept)
    assert {*range(own, seen[-1]["size"])} == {seq for seq, _ in kept}  # what the log says of itself comes first
    by_size = {size_of(text): text for text in notes}
    assert all(by_size[size_of(text)] == text for text in notes)
    assert len(notes) >= writers


def size_of(text: str) -> int:
    return note.Checkpoint.parse(note.split(text)[0]).size


def sizes_kept(told: list[Any]) -> set[int]:
    """Name every size the record was committed at, also of the last batch, whose keeper died before it could tell."""
    size, turns, sizes = told[0]["size"], 0, {told[0]["size"]}
    for one in told:
        if "vkey" in one:
            turns += 1
        if "appending" in one:
            sizes |= {size + turns + one["appending"]}
        if "appended" in one:
            size, turns = one["appended"], 0
            sizes |= {size}
    return sizes


@pytest.mark.skipif(bool(SERVER), reason="PostgreSQL looks after its own log")
@pytest.mark.parametrize("cuts", [60, pytest.param(600, marks=pytest.mark.night, id="600")])
def test_a_log_of_the_database_cut_anywhere_opens_to_a_committed_state_or_is_not_signed(tmp_path, cuts):
    data, dice = tmp_path / "data", random.Random(SEED)
    data.mkdir()
    cardcase("ledger", "checkpoint", data=data)
    assert not (data / "cardcase.sqlite3-wal").exists()  # what follows begins with an empty one
    told = live(data, {"CRASHING_KEEPS_LOG": "1"}, [], step="-", nth=0, within=1.0)
    sizes = {0, 1, *sizes_kept(told)}
    notes = {size_of(one["note"]): one["note"] for one in told if "note" in one}
    wal = (data / "cardcase.sqlite3-wal").read_bytes()
    assert len(wal) > 100_000
    ends = sorted({0, 31, 32, len(wal) - 1, len(wal), *(dice.randrange(len(wal)) for _ in range(cuts))})
    folders = []
    for end in ends:
        folder = tmp_path / f"cut-{end}"
        shutil.copytree(data, folder)
        (folder / "cardcase.sqlite3-wal").write_bytes(wal[:end])
        (folder / "cardcase.sqlite3-shm").unlink(missing_ok=True)
        folders.append(str(folder))
    done = subprocess.run(
        [sys.executable, CHILD, "judge", *folders], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    judged = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(judged) == len(ends)
    signed = max(notes)
    refused = 0
    for one in judged:
        where = f"seed {SEED}, {one}"
        if one["status"] == "shrunk":  # whole, but older than what was given out: it is said, and nothing is signed
            assert one["faults"][-1] == "record_not_continuous", where
            assert set(one["faults"][:-1]) <= {"signed_head_shrunk", "checkpoint_sum_differs", "checkpoint_ahead"}, (
                where
            )
            assert one["note"] == "", where
            refused += 1
        else:
            assert one["status"] == "good", where
            # The last head's own row may be what was cut off: that is said, too, and signing gives the same head again.
            assert one["faults"] in ([], ["checkpoint_sum_differs"]), where
            assert one["size"] >= signed, where
            assert notes.get(one["size"], one["note"]) == one["note"], f"{where}: two heads of one size"
    assert 0 < refused < len(judged)
    turned = {one["size"] - 1 for one in judged if one["size"] not in sizes}
    assert turned <= sizes, "a state that was never committed"  # a turned key is an entry that no line tells of


def test_a_database_from_yesterday_is_not_signed_and_goes_on_under_a_new_name(tmp_path, database):
    if database:
        pytest.skip("restoring a dump is PostgreSQL's; the rule is the same and is tested in test_service")
    data = tmp_path / "data"
    data.mkdir()
    live(data, {}, [], step="-", nth=0, within=0.3)
    file = sqlite3.connect(data / "cardcase.sqlite3")
    yesterday = sqlite3.connect(tmp_path / "yesterday.sqlite3")
    file.backup(yesterday)
    file.close()
    yesterday.close()
    told = live(data, {}, [], step="-", nth=0, within=0.4)
    given_out = next(one["note"] for one in reversed(told) if "note" in one)
    for path in data.glob("cardcase.sqlite3*"):
        path.unlink()
    shutil.copy(tmp_path / "yesterday.sqlite3", data / "cardcase.sqlite3")

    refused = cardcase("ledger", "checkpoint", data=data, code=None)
    assert refused.returncode != 0
    assert "不再签名" in refused.stdout + refused.stderr or "record_not_continuous" in refused.stdout + refused.stderr
    seen = document("ledger", "verify", data=data, code=1)
    assert "signed_head_shrunk" in [one["code"] for one in seen["faults"]]

    before = document("ledger", "keys", data=data)["keys"]
    vkey = document("ledger", "continue", "--reason", "恢复了昨天的备份", data=data)["vkey"]
    assert document("ledger", "verify", data=data)["is_intact"]
    after = document("ledger", "keys", data=data)["keys"]
    assert [one["vkey"] for one in after] == [*(one["vkey"] for one in before), vkey]
    assert note.Checkpoint.parse(note.split(given_out)[0]).origin != after[-1]["origin"]
    (tmp_path / "copy.note").write_text(given_out)
    against = document("ledger", "verify", "--copy", tmp_path / "copy.note", data=data, code=1)
    assert next(one["code"] for one in against["faults"]).startswith("copy_")
