"""Calling the real command in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CARDCASE = Path(sys.executable).parent / "cardcase"
SOURCES = str(Path(__file__).parents[2] / "src")  # of this very tree, wherever the command was installed from


def environment(**more: str) -> dict[str, str]:
    """The environment of a user: none of the tests' own settings."""
    kept = {key: value for key, value in os.environ.items() if key not in ("DJANGO_SETTINGS_MODULE", "CARDCASE_DATA")}
    return {**kept, "CARDCASE_DATABASE_URL": "", "PYTHONPATH": SOURCES, **more}


def cardcase(
    *words: str | Path, data: Path, stdin: str = "", code: int | None = 0, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run the command on a data folder; check its exit code unless None. ``more`` goes into its environment."""
    done = subprocess.run(
        [str(CARDCASE), *map(str, words)],
        env=environment(CARDCASE_DATA=str(data), **more),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    if code is not None:
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done


def document(*words: str | Path, data: Path, code: int | None = 0, **more: str) -> Any:
    """Run the command with --json and return what it printed."""
    return json.loads(cardcase(*words, "--json", data=data, code=code, **more).stdout)
