"""The law of every job runner, proved on real processes that are killed and stopped. One subclass a runner."""

import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlparse, urlunparse

import psycopg
import pytest

PROBE = Path(__file__).with_name("job_probe.py")
PATIENCE = 180.0  # of a machine that others use too; only what fails takes so long

pytestmark = pytest.mark.crash


class Installation:
    """A database of its own, and the processes that work on it."""

    def __init__(self, folder: Path, template: "Installation | None" = None) -> None:
        self.folder = folder
        self.url = os.environ.get("CARDCASE_DATABASE_URL", "")
        self.processes: list[subprocess.Popen[bytes]] = []
        if template is not None:
            shutil.copytree(template.folder, folder, dirs_exist_ok=True)
        if self.url:
            self._name = f"job_probe_{secrets.token_hex(4)}"
            like = f" TEMPLATE {template._name}" if template is not None else ""
            self._administer(f"CREATE DATABASE {self._name}{like}")
        if template is None:
            self.run("setup")

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)

    @property
    def own_url(self) -> str:
        return urlunparse(urlparse(self.url)._replace(path=f"/{self._name}")) if self.url else ""

    def _environment(self, lease: float) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("CARDCASE_")}
        own = {"CARDCASE_DATA": str(self.folder), "CARDCASE_DATABASE_URL": self.own_url, "PROBE_LEASE": str(lease)}
        return {**plain, **own, "DJANGO_SETTINGS_MODULE": "cardcase.project.settings"}

    def start(self, *words: str, lease: float = 60.0) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, str(PROBE), *words], env=self._environment(lease))
        self.processes.append(process)
        return process

    def run(self, *words: str) -> None:
        assert self.start(*words).wait(PATIENCE) == 0

    def rows(self, statement: str) -> list[tuple]:
        if self.url:
            with psycopg.connect(self.own_url) as connection:
                return connection.execute(statement).fetchall()
        connection = sqlite3.connect(self.folder / "cardcase.sqlite3", timeout=10)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def effects(self) -> list[tuple[str, int]]:
        return sorted(self.rows("SELECT job, fence FROM effect"))

    def states(self) -> set[str]:
        return {state for (state,) in self.rows("SELECT DISTINCT state FROM jobs_job WHERE kind LIKE 'probe.%'")}

    def until(self, happened: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < end, f"waited in vain: {self.effects()} {self.states()}"
            time.sleep(0.05)

    def begun(self, key: str) -> None:
        self.until((self.folder / f"begun-{key}").exists)

    def go(self, key: str) -> None:
        (self.folder / f"go-{key}").touch()

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        if self.url:
            self._administer(f"DROP DATABASE {self._name} WITH (FORCE)")


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Iterator[Installation]:
    installation = Installation(tmp_path_factory.mktemp("template"))
    yield installation
    installation.close()


@pytest.fixture
def house(tmp_path, template) -> Iterator[Installation]:
    installation = Installation(tmp_path, template)
    try:
        yield installation
    finally:
        installation.close()


class RunnerContract:
    """What every runner keeps to."""

    runner: str

    def test_each_promise_is_kept_once_though_several_work(self, house):
        keys = [f"job-{number:02}" for number in range(40)]
        house.run("promise", "probe.quick", *keys)
        house.run("promise", "probe.quick", *keys)
        for _ in range(3):
            house.start(self.runner)
        house.until(lambda: house.states() == {"done"})
        assert house.effects() == [(key, 1) for key in keys]

    def test_a_killed_worker_leaves_no_half_effect_and_another_does_it_once(self, house):
        house.run("promise", "probe.hang_inside", "a")
        first = house.start(self.runner, lease=2)
        house.begun("a")
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert house.effects() == []
        assert house.states() == {"running"}
        house.start(self.runner, lease=2)
        house.until(lambda: house.states() == {"done"})
        assert house.effects() == [("a", 2)]

    def test_an_effect_committed_before_the_kill_is_not_repeated_thanks_to_its_key(self, house):
        house.run("promise", "probe.hang_after", "a")
        first = house.start(self.runner, lease=2)
        house.begun("a")
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert house.effects() == [("a", 1)]
        house.start(self.runner, lease=2)
        house.until(lambda: house.states() == {"done"})
        assert house.effects() == [("a", 1)]

    def test_a_worker_that_wakes_up_after_its_lease_writes_nothing(self, house):
        house.run("promise", "probe.hang_before", "a")
        sleeper = house.start(self.runner, lease=2)
        house.begun("a")
        sleeper.send_signal(signal.SIGSTOP)
        house.start(self.runner, lease=2)
        house.until(lambda: house.states() == {"done"})
        house.go("a")
        sleeper.send_signal(signal.SIGCONT)
        sleeper.send_signal(signal.SIGTERM)
        assert sleeper.wait(PATIENCE) == 0
        assert house.effects() == [("a", 2)]

    def test_asked_to_stop_it_brings_the_job_in_hand_to_its_end(self, house):
        house.run("promise", "probe.second", "a", "b")
        worker = house.start(self.runner)
        house.begun("a")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE) == 0
        assert house.effects() == [("a", 1)], "and takes no other"
        assert house.states() == {"done", "waiting"}


class TestThreadRunner(RunnerContract):
    runner = "thread"

    def test_it_wakes_at_the_commit_and_not_at_the_next_poll(self, house):
        worker = house.start("thread", "a")
        house.until(lambda: list(house.folder.glob("ready-*")))
        house.until(lambda: house.effects() == [("a", 1)])  # it polls once an hour
        assert worker.poll() is None


class TestProcessRunner(RunnerContract):
    runner = "process"


def test_a_signal_at_any_moment_ends_the_wait(house):
    """It comes between any two steps of the main thread, also inside the wait that it is to end."""
    house.run("asked", "20000")
