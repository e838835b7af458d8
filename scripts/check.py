"""Every check of ``make test``, one after the other, with what each cost; the first failure ends it."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
RUFF_JUDGES = "B108,B608"  # ruff's S108 and S608 look at the same lines; each exception has its reason there
CRASHES = ("tests/project/test_crash.py", "tests/custody/test_crash.py")  # those that know both databases
WORKERS = str(min(4, os.cpu_count() or 2))


def steps(*, night: bool) -> list[tuple[str, str, list[str]]]:
    """Name the checks: group, title, command."""
    python = str(BIN / "python")
    marks = "not journey and not crash" + ("" if night else " and not night")
    slow = "(journey or crash)" + ("" if night else " and not night")
    pytest = [str(BIN / "pytest"), "-p", "no:cacheprovider"]
    return [
        ("lint", "format", [str(BIN / "ruff"), "format", "--check", "--quiet", "."]),
        ("lint", "lint", [str(BIN / "ruff"), "check", "--quiet", "."]),
        ("lint", "types", [str(BIN / "mypy")]),
        ("lint", "import contracts", [str(BIN / "lint-imports"), "--no-logo"]),
        ("lint", "security lint", [str(BIN / "bandit"), "-q", "-ll", "-r", "src", "-s", RUFF_JUDGES]),
        ("lint", "single-file verifier", [python, "scripts/standalone.py", "--check"]),
        ("lint", "texts in both languages", [python, "scripts/translate.py", "check"]),
        ("test", "suite on SQLite", [*pytest, "-n", WORKERS, "-m", marks]),
        ("test", "suite on PostgreSQL", [python, "scripts/postgres.py", "--", *pytest, "-n", WORKERS, "-m", marks]),
        ("test", "journeys and crashes", [*pytest, "-m", slow]),
        (
            "test",
            "crashes on PostgreSQL",
            [python, "scripts/postgres.py", "--", *pytest, "-m", "crash and not night", *CRASHES],
        ),
    ]


def main() -> int:
    """Run them; stop at the first that fails."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--night", action="store_true", help="full size")
    parser.add_argument("--only", choices=["lint", "test"])
    wanted = parser.parse_args()
    for group, title, command in steps(night=wanted.night):
        if wanted.only and wanted.only != group:
            continue
        print(f"── {title}", flush=True)
        started = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        print(
            f"   {title}: {'ok' if code == 0 else f'FAILED ({code})'} in {time.monotonic() - started:.0f} s", flush=True
        )
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
