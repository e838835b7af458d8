"""``kill -9`` while cards are given out: every order gets one card, no code goes to two, none leaves twice (F02)."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from project.command import cardcase, document, environment
from project.test_crash import SEED, database, fresh  # noqa: F401 - a fixture

HERE = Path(__file__).parent
ORDERS = 150


def process(mode: str, data: Path, **more) -> subprocess.Popen:
    """Start the deliverer on a data folder."""
    paths = f"{HERE.parent}:{HERE.parents[1] / 'src'}"
    return subprocess.Popen(
        [sys.executable, str(HERE / "delivering.py"), mode, str(ORDERS)],
        env=environment(CARDCASE_DATA=str(data), PYTHONPATH=paths, **database()),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def finished(mode: str, data: Path) -> list[str]:
    """Let the deliverer run to its end and return its lines."""
    with process(mode, data) as running:
        out, err = running.communicate(timeout=180)
    assert running.returncode == 0, err[-2000:]
    return out.splitlines()


def killed(data: Path, after: float) -> tuple[list[str], bool]:
    """Kill the deliverer so long after it began to work; return what it said until then, and whether it was killed."""
    with process("deliver", data) as running:
        assert running.stdout.readline() == "ready\n"
        try:
            running.wait(timeout=after)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
        said = running.stdout.read().splitlines()
        running.wait()
    return said, running.returncode == -signal.SIGKILL


def settle(data: Path, seen: dict[str, str]) -> int:
    """Do what a person does after a crash: look at what was sent, and settle what nobody confirmed."""
    waiting = [number for number, state in audit(data)["states"].items() if state == "authorised"]
    for number in waiting:
        word = "--seen" if number in seen else "--not-seen"
        cardcase("deliver", "settle", number, word, "--reason", "对照了聊天记录", data=data, **database())
    return len(waiting)


def audit(data: Path):
    return json.loads(finished("audit", data)[-1])


@pytest.mark.crash
@pytest.mark.parametrize("rounds", [20, pytest.param(200, marks=pytest.mark.night, id="200")])
def test_cards_are_given_out_once_although_the_process_is_killed_again_and_again(fresh, rounds):  # noqa: F811
    data = fresh("giving")
    finished("prepare", data)
    dice = random.Random(SEED)
    seen: dict[str, str] = {}
    kills = settled = 0
    for _ in range(rounds):
        said, was_killed = killed(data, dice.uniform(0, 8 / rounds))
        keep(seen, said)
        kills += was_killed
        settled += settle(data, seen)
    keep(seen, finished("deliver", data)[1:])
    told = audit(data)
    assert set(told["states"].values()) == {"shown"}
    assert len(told["states"]) == len(seen) == ORDERS, "every order was delivered"
    assert len(set(seen.values())) == ORDERS, "each a code of its own"
    cards = {number: {card for card, _, _ in rows} for number, rows in told["reveals"].items()}
    assert all(len(one) == 1 for one in cards.values()), "never a second card"
    assert len(set.union(*cards.values())) == ORDERS
    for number, rows in told["reveals"].items():
        assert [attempt for _, attempt, _ in rows] == list(range(1, len(rows) + 1)), number
        assert {display for *_, display in rows[:-1]} <= {"not_shown"}, number
        assert rows[-1][2] == "shown", number
    assert kills > rounds / 4
    assert document("ledger", "verify", data=data, **database())["is_intact"]
    assert settled <= kills, "a person is asked only after a crash"


def keep(seen: dict[str, str], said: list[str]) -> None:
    """Keep what the buyers' screens showed; a code that is shown a second time is a failure."""
    for line in said:
        number, _, code = line.partition(" ")
        assert number not in seen, f"shown twice: order {number}"
        seen[number] = code
