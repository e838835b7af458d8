"""Real workers on a real SQLite file: two at once send each notice once; one that is killed leaves a repeat, not a gap."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from project.command import CARDCASE, environment

pytestmark = pytest.mark.crash
PATIENCE = 60


@pytest.fixture
def house(tmp_path, other_side):
    """Promise notices, start workers, look at the tables."""
    started = []
    mine = environment(CARDCASE_DATA=str(tmp_path), CARDCASE_NOTICE_ALLOW_PRIVATE="true")

    class House:
        def promise(self, count):
            probe = Path(__file__).with_name("probe.py")
            subprocess.run([sys.executable, str(probe), other_side.url, str(count)], env=mine, check=True)

        def worker(self):
            command = [sys.executable, str(CARDCASE), "worker", "--queue", "notices"]
            started.append(subprocess.Popen(command, env=mine, stderr=subprocess.DEVNULL))
            return started[-1]

        def ask(self, statement):
            with sqlite3.connect(tmp_path / "cardcase.sqlite3", timeout=10) as connection:
                return connection.execute(statement).fetchall()

        def states(self):
            return [state for (state,) in self.ask("SELECT state FROM notices_notice ORDER BY id")]

        def until(self, happened):
            end = time.monotonic() + PATIENCE
            while not happened():
                assert time.monotonic() < end, self.states()
                time.sleep(0.05)

    yield House()
    for process in started:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()


def test_two_workers_at_once_send_each_notice_once(house, other_side):
    other_side.wait = 0.05
    house.promise(20)
    house.worker()
    house.worker()
    house.until(lambda: set(house.states()) == {"sent"})
    ids = [{name.lower(): value for name, value in asked.headers.items()}["webhook-id"] for asked in other_side.got]
    assert len(ids) == len(set(ids)) == 20


def test_a_worker_killed_between_sending_and_noting_leaves_one_repeat_with_the_same_id(house, other_side):
    other_side.wait = 3.0
    house.promise(1)
    worker = house.worker()
    house.until(lambda: len(other_side.got) == 1)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    assert house.states() == ["sending"]
    house.ask("UPDATE jobs_job SET lease_until = '2020-01-01 00:00:00' WHERE state = 'running'")
    other_side.wait = 0.0
    house.worker()
    house.until(lambda: house.states() == ["sent"])
    ids = [{name.lower(): value for name, value in asked.headers.items()}["webhook-id"] for asked in other_side.got]
    assert len(ids) == 2
    assert len(set(ids)) == 1
