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


@dataclass
class Desk:
    """A running desk. ``folder`` is its data folder; ``owner`` and ``password`` sign in."""

    folder: Path
    with_example: bool = True
    port: int = field(default_factory=free_port)
    owner: str = ""
    password: str = ""
    process: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Desk":
        command = [str(CARDCASE), "run", "--data", str(self.folder), "--port", str(self.port)]
        if self.with_example:
            command.append("--with-example")
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "server.log"
        environment = {**os.environ, "CARDCASE_DATABASE_URL": ""}
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

    def sign_in(self, page: Any) -> None:
        """Sign in as the owner; at the first time, replace the one-time password as asked."""
        page.goto(f"{self.url}/account/login/")
        page.fill("input[name=login]", self.owner)
        page.fill("input[name=password]", self.password)
        page.click("form[method=post] button[type=submit]:visible")
        page.wait_for_load_state()
        if "password/change" in page.url:
            page.fill("input[name=oldpassword]", self.password)
            page.fill("input[name=password1]", NEW_PASSWORD)
            page.fill("input[name=password2]", NEW_PASSWORD)
            page.click("form[method=post] button[type=submit]:visible")
            page.wait_for_load_state()
            self.password = NEW_PASSWORD
        page.goto(self.url)
