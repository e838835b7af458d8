"""``kill -9`` at random moments of ``cardcase vault rotate``: every code opens after each, and a rotation ends well.

SQLite by default; PostgreSQL with CARDCASE_DATABASE_URL of scripts/postgres.py. The product is asked from outside: a
program of its own opens every code with a ring that it reads from the disk.
"""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from project.command import CARDCASE, cardcase, document, environment
from project.test_crash import SEED, database, fresh  # noqa: F401 - the fixture

CARDS = 3000

OPENS = """
import hashlib, sys
from cardcase.project import boot
boot.prepare(sys.argv[1])
from cardcase.cards import sealing
from cardcase.cards.models import Card
opened = hashlib.sha256()
rows = Card.objects.order_by("code_index")
for card in rows:
    opened.update(sealing.open_code(card).expose().encode() + b"|")
print(rows.count(), opened.hexdigest())
"""


def write_cards(folder: Path) -> Path:
    lines = ["卡号,密码,面值,品牌"] + [f"AP{n:08d},K7QM-92XF-L{n:05d}-8WZA,200,苹果充值卡" for n in range(CARDS)]
    path = folder / "cards.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def all_codes(data: Path) -> str:
    """Open every code in a process of its own; return how many there are and one hash over all of them."""
    done = subprocess.run(
        [sys.executable, "-c", OPENS, str(data)],
        env=environment(CARDCASE_DATA=str(data), **database()),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@pytest.mark.crash
@pytest.mark.parametrize("kills_wanted", [8, pytest.param(50, marks=pytest.mark.night, id="50")])
def test_a_rotation_survives_being_killed_at_any_moment(tmp_path, fresh, kills_wanted):  # noqa: F811 - the fixture
    data = fresh("rotated")
    cardcase("import", "cards", write_cards(tmp_path), data=data, **database())
    expected = all_codes(data)
    assert expected.startswith(f"{CARDS} ")
    started = time.monotonic()
    cardcase("vault", "rotate", data=data, **database())
    span = time.monotonic() - started
    dice = random.Random(SEED)
    kills = ended = 0
    versions_seen = set()
    while kills < kills_wanted:
        with subprocess.Popen(
            [str(CARDCASE), "vault", "rotate"],
            env=environment(CARDCASE_DATA=str(data), **database()),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as running:
            try:
                assert running.wait(timeout=dice.uniform(0.3 * span, span)) == 0, f"seed {SEED}"
                ended += 1
                assert ended < 3 * kills_wanted, "it ends before it can be killed"
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                kills += 1
        assert all_codes(data) == expected, f"seed {SEED}, kill {kills}"
        ring = json.loads((data / "keys" / "vault.json").read_text("utf-8"))
        versions_seen.add(tuple(sorted(ring["wrapping"])))
    assert any(len(versions) > 1 for versions in versions_seen), "no kill fell into the work itself"
    done = document("vault", "rotate", data=data, **database())
    assert (done["kept"], done["left"]) == ([], 0)
    seen = document("vault", "status", data=data, **database())
    assert [key["is_current"] for key in seen["keys"]] == [True]
    by_place = {count["place"]: count["by_version"] for count in seen["counts"]}
    assert by_place["cards.Card.code_sealed"] == {str(done["version"]): CARDS}
    assert seen["missing"] == 0
    assert all_codes(data) == expected
    assert document("ledger", "verify", data=data, **database())["is_intact"]
    assert {path.name for path in (data / "keys").iterdir()} <= {"vault.json", "session.key", "log.key", "record"}
    assert (data / "keys" / "vault.json").stat().st_mode & 0o077 == 0
