"""Erasing as a user does it, killed anywhere: afterwards no byte of the words is left in the data folder."""

import base64
import json
import os
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from intake.world import INVALID, order_row, orders_csv, said
from packs.builders import png
from project.command import cardcase, document, environment

pytestmark = pytest.mark.crash
NICK, EXTERNAL = "云朵邮差小周", "220199887766"
WORDS = ("刚拿到手就用不了你这是二手的吧" * 30, "我的手机号一三八零零零零是小周本人")
NOTE, DRAFT, TITLE = "内部看法小周难缠", "小周您好我们正在核实这张卡", "小周说他再也不来了"
PICTURE = png(200, 300)
NEEDLES = (NICK, EXTERNAL, *WORDS, NOTE, DRAFT, TITLE)


def dresses(word: str) -> set[bytes]:
    escaped = json.dumps(word)[1:-1].encode()
    plain = word.encode()
    coded = {base64.b64encode(plain[cut:])[2:-4] for cut in range(3)}
    return {plain, escaped, word.encode("utf-16-le"), word.encode("utf-16-be"), plain.hex().encode(), *coded}


def left(data: Path) -> list[tuple[str, str]]:
    """Search every file of the data folder, the write-ahead log and the keys too."""
    found = []
    for path in sorted(data.rglob("*")):
        if path.is_file():
            blob = path.read_bytes()
            found += [(path.name, word[:8]) for word in NEEDLES if any(dress in blob for dress in dresses(word))]
            found += [(path.name, "picture")] if PICTURE[60:160] in blob else []
    return found


def run(data: Path, script: str, code: int | None = 0) -> None:
    """Run a piece of Python on the data folder as the program itself would."""
    whole = "from cardcase.project import boot\nboot.prepare()\n" + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-c", whole],
        env=environment(CARDCASE_DATA=str(data)),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert code is None or done.returncode == code, done.stderr[-2000:]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A shop with his order, chat, exhibit, note, and a draft that was written over; all of it settled."""
    inputs, data = tmp_path / "in", tmp_path / "data"
    inputs.mkdir()
    row = order_row(INVALID, buyer=EXTERNAL, nick=NICK, refund="卡密无效").replace(f"77{EXTERNAL}", "778123")
    (inputs / "orders.csv").write_text(orders_csv(row), "utf-8")
    (inputs / f"{NICK}.json").write_bytes(said("50000001", EXTERNAL, NICK, *WORDS))
    (inputs / "shot.png").write_bytes(PICTURE)
    cardcase("handle", inputs / "orders.csv", inputs / f"{NICK}.json", data=data)
    run(
        data,
        f"""
        from pathlib import Path
        from cardcase.project.boot import operator
        from cardcase.cases.models import Case
        from cardcase.cases import service as cases
        from cardcase.deadlines.models import Deadline
        from cardcase.evidence import service as evidence
        from cardcase.inbox import service as inbox
        from cardcase.kit import clock
        actor, case = operator(), Case.objects.get()
        picture = Path({str(inputs / "shot.png")!r}).read_bytes()
        evidence.add_exhibit(actor, case.number, "E10", {TITLE!r}, picture, at=clock.now())
        cases.add_note(actor, case.number, {NOTE!r}, at=clock.now())
        inbox.save_reply(actor, case.number, {DRAFT!r} * 9, at=clock.now())
        inbox.save_reply(actor, case.number, "您好", at=clock.now())
        Deadline.objects.filter(state="armed").update(state="void")
        Case.objects.update(is_open=False, status="closed", outcome="kept", resolved_at=clock.now())
        """,
    )
    for path in data.joinpath("files").rglob("*"):  # kept long ago, so that nobody may still be about to name them
        if path.is_file():
            os.utime(path, (1, 1))
    return data


def erase(data: Path, **more: str):
    plan = document("privacy", "erase", NICK, data=data)
    words = (
        "privacy",
        "erase",
        NICK,
        "--ground",
        "buyer_request",
        "--confirm",
        plan["confirmation"],
        "--stamp",
        plan["stamp"],
    )
    return document(*words, data=data, **more)


def key_of_the_picture(data: Path) -> bytes:
    """Return the sealed key of his exhibit as it stands in the database."""
    with closing(sqlite3.connect(f"file:{data / 'cardcase.sqlite3'}?mode=ro", uri=True)) as database:
        [(key,)] = database.execute("SELECT key_sealed FROM evidence_exhibit").fetchall()
    return key or b""


def lies_anywhere(data: Path, key: bytes) -> bool:
    return any(key in path.read_bytes() for path in data.rglob("*") if path.is_file())


def require_picture(data: Path) -> None:
    """Fail unless his picture can be opened, byte for byte."""
    run(
        data,
        f"""
        from pathlib import Path
        from cardcase.cards import file_rows
        from cardcase.evidence.models import Exhibit
        assert file_rows.read(Exhibit.objects.get()) == Path({str(data.parent / "in" / "shot.png")!r}).read_bytes()
        """,
    )


def verified(data: Path) -> dict:
    return document("ledger", "verify", data=data)


def test_after_erasing_a_byte_search_of_the_data_folder_finds_nothing(data):
    there = {word for _, word in left(data)}
    # The picture lies encrypted, and what was written over stands in the record alone, under a key too (0024).
    assert there == {word[:8] for word in NEEDLES if word != DRAFT}
    key = key_of_the_picture(data)
    assert key
    assert lies_anywhere(data, key)
    require_picture(data)
    done = erase(data)
    assert {one["state"] for one in done} == {"erased"}
    assert left(data) == []
    assert not lies_anywhere(data, key)
    report = verified(data)
    assert report["is_intact"]
    assert report["erased_contents"] > 5
    shown = cardcase("privacy", "list", data=data).stdout
    assert "erased" in shown
    assert NICK not in shown


KILLED = """
import os, signal
from cardcase.project.boot import operator
from cardcase.kit import clock
from cardcase.privacy import queries, service
from cardcase.privacy.service import erasing
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
{where} = die
actor = operator()
plan = queries.plan(actor, {who!r})
service.erase(actor, {who!r}, ground="buyer_request", confirmation=plan.phrase.zh, at=clock.now())
"""


@pytest.mark.parametrize(
    ("where", "is_committed"),
    [
        ("erasing.rows.clear", False),
        ("erasing.record.withdraw", False),
        ("erasing.finish", True),
        ("erasing.kept.shred", True),
        ("erasing.record.leave_no_trace", True),
    ],
)
def test_killed_anywhere_it_is_either_undone_or_finished_later(data, where, is_committed):
    key = key_of_the_picture(data)
    run(data, KILLED.format(where=where, who=NICK), code=-9)
    assert verified(data)["is_intact"]
    if is_committed:
        cardcase("privacy", "finish", data=data)
    else:
        assert {word for _, word in left(data)} >= {NICK[:8], WORDS[0][:8]}
        require_picture(data)
        erase(data)
    assert left(data) == []
    assert not lies_anywhere(data, key)
    assert {one["state"] for one in document("privacy", "list", data=data)} <= {"erased", "proposed"}
    assert verified(data)["is_intact"]


def test_killed_while_restricting_it_can_be_done_again_and_lifted(data):
    script = KILLED.replace("service.erase(", "service.restrict(").replace(", confirmation=plan.phrase.zh", "")
    run(data, script.format(where="erasing.record.withdraw", who=NICK), code=-9)
    assert verified(data)["is_intact"]
    done = document("privacy", "restrict", NICK, "--ground", "buyer_request", data=data)
    assert {one["state"] for one in done} == {"restricted"}
    assert left(data) == []
    assert not key_of_the_picture(data)
    cardcase("privacy", "lift", done[-1]["ref"], "--reason", "法院要求", data=data)
    assert {word for _, word in left(data)} >= {NICK[:8], WORDS[1][:8]}
    require_picture(data)
    report = verified(data)
    assert report["is_intact"]
    assert (report["erased_contents"], report["restricted_contents"]) == (0, 0)
