"""Run a command with a throw-away PostgreSQL of its own: ``python scripts/postgres.py -- pytest …``."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path


def binaries() -> Path:
    """Find the folder of initdb and pg_ctl; Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        sys.exit("PostgreSQL is missing: sudo apt-get install postgresql")
    return versions[-1].parent


def free_port() -> int:
    """Ask the system for a port nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def main(command: list[str]) -> int:
    """Make a cluster, run the command against it, throw it away."""
    where = binaries()
    folder = Path(tempfile.mkdtemp(prefix="cardcase-pg-"))
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"
        shutil.chown(folder, user)
    port = free_port()
    # Nothing here outlives the run, so nothing is flushed.
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -k {folder}"
        " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    )

    def as_user(*words: str) -> None:
        prefix = ["runuser", "-u", user, "--"] if user else []
        subprocess.run([*prefix, *words], check=True, stdout=subprocess.DEVNULL, cwd="/")

    data = folder / "data"
    try:
        as_user(
            str(where / "initdb"), "-D", str(data), "-U", "cardcase", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"
        )
        as_user(str(where / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        url = f"postgres://cardcase@127.0.0.1:{port}/postgres"
        return subprocess.run(command, env={**os.environ, "CARDCASE_DATABASE_URL": url}, check=False).returncode
    finally:
        subprocess.run(
            [
                *(["runuser", "-u", user, "--"] if user else []),
                str(where / "pg_ctl"),
                "-D",
                str(data),
                "-m",
                "immediate",
                "stop",
            ],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(main(words[1:] if words[:1] == ["--"] else words))
