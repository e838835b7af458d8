"""A real ``cardcase run`` on a folder of its own, and a real Chromium that signs in to it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CARDCASE = Path(sys.executable).parent / "cardcase"
SOURCES = str(Path(__file__).parents[2] / "src")  # of this very tree, wherever the command was installed from
NEW_PASSWORD = "a-better-password-2026"
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
]  # fmt: skip


def browser_path() -> str:
    """Find Debian's Chromium; tests never download a browser."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "chromium is missing: apt-get install chromium"
    return found


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


ONE_TIME = re.compile(r"\b[a-z0-9]{4}(-[a-z0-9]{4}){3}\b")


@dataclass
class Person:
    """Somebody who signs in."""

    name: str
    password: str


@dataclass
class Desk:
    """A running desk. ``folder`` is its data folder; ``owner`` and ``password`` sign in."""

    folder: Path
    with_example: bool = True
    port: int = field(default_factory=free_port)
    owner: str = ""
    password: str = ""
    process: Any = None
    cases: dict[str, str] = field(default_factory=dict)
    """Which journey works on whose case: one that another journey has closed is no longer on Today."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Desk":
        command = [str(CARDCASE), "run", "--data", str(self.folder), "--port", str(self.port)]
        if self.with_example:
            command.append("--with-example")
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "server.log"
        environment = {**os.environ, "CARDCASE_DATABASE_URL": "", "PYTHONPATH": SOURCES}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        self.process = subprocess.Popen(command, stderr=log.open("a"), stdout=subprocess.DEVNULL, env=environment)
        until = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                    if answer.status == 200:
                        break
            except (urllib.error.URLError, OSError):
                assert self.process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.1)
        told = re.search(r"Owner (\S+), one-time password (\S+)", log.read_text())
        if told:
            self.owner, self.password = told.group(1), told.group(2)
        return self

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def log_tail(self, lines: int = 60) -> str:
        """Return the end of what the server wrote to stderr."""
        return "\n".join((self.folder / "server.log").read_text().splitlines()[-lines:])

    def cardcase(self, *words: str) -> str:
        """Run another ``cardcase`` command on the same folder and return what it printed."""
        environment = {**os.environ, "CARDCASE_DATABASE_URL": "", "PYTHONPATH": SOURCES}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        done = subprocess.run(
            [str(CARDCASE), *words, "--data", str(self.folder)],
            capture_output=True, text=True, env=environment, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def one_time_password(self, name: str) -> str:
        """Give a person a new one-time password, as the owner does on the server."""
        told = ONE_TIME.search(self.cardcase("user", "reset-password", name))
        assert told
        return told.group(0)

    def hire(self, name: str, role: str) -> "Person":
        """Make an account; the person signs in with the one-time password that was printed."""
        told = ONE_TIME.search(self.cardcase("user", "add", name, "--role", role))
        assert told
        return Person(name, told.group(0))

    def sign_in(self, page: Any, who: "Person | None" = None) -> None:
        """Sign in, as the owner when nobody is named; at the first time, replace the one-time password as asked."""
        person = who or Person(self.owner, self.password)
        page.goto(f"{self.url}/account/login/")
        page.fill("input[name=login]", person.name)
        page.fill("input[name=password]", person.password)
        page.click("form[method=post] button[type=submit]:visible")
        page.wait_for_load_state()
        if "password/change" in page.url:
            page.fill("input[name=oldpassword]", person.password)
            page.fill("input[name=password1]", NEW_PASSWORD)
            page.fill("input[name=password2]", NEW_PASSWORD)
            page.click("form[method=post] button[type=submit]:visible")
            page.wait_for_load_state()
            person.password = NEW_PASSWORD
            if who is None:
                self.password = NEW_PASSWORD
        page.goto(self.url)

    def take_case(self, nick: str) -> None:
        """Say that a journey works on the case of this buyer: it takes one that no other journey takes."""
        mine = os.environ["PYTEST_CURRENT_TEST"].rsplit(" ", 1)[0]
        assert self.cases.setdefault(nick, mine) == mine, f"{nick} belongs to {self.cases[nick]}"

    def open_case(self, page: Any, nick: str) -> None:
        """Open the case of a buyer from Today, as a person does."""
        self.take_case(nick)
        page.goto(self.url)
        page.locator("a.case-row", has_text=nick).first.click()
        page.wait_for_url("**/cases/**")

    @staticmethod
    def overflow(page: Any) -> int:
        """Return by how many pixels a page is wider than its window."""
        return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
