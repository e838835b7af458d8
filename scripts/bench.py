"""Measure what the issues set goals for, beside something run in the same minute; write docs/benchmarks.md.

Each figure is taken in a process of its own (``scripts/benchmarks/measure.py NAME``), so that memory and caches of one
do not colour another. Seconds depend on the machine; the ratios are what to compare.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
NAMES = [
    "import_messages",
    "import_cards",
    "today_page",
    "handle_refunds",
    "pack",
    "idle_memory",
    "help_cpu",
    "deadlines_million",
    "rule_rounds",
    "search_million",
    "append_record",
    "verify_record",
    "triage",
    "screenshot",
    "screenshot_judged",
]
SCRIPTS = {  # those that are not in measure.py
    "deadlines_million": "deadlines.py",
    "import_cards": "stock_import.py",
    "rule_rounds": "rule_rounds.py",
    "search_million": "search.py",
    "append_record": "record.py",
    "verify_record": "record.py",
    "triage": "understanding.py",
    "screenshot": "understanding.py",
    "screenshot_judged": "understanding.py",
}


def machine() -> str:
    """Name the machine in one line."""
    cpu = (
        next(
            (
                line.split(":", 1)[1].strip()
                for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")
            ),
            platform.processor(),
        )
        if Path("/proc/cpuinfo").exists()
        else platform.processor()
    )
    return (
        f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def speed() -> str:
    """Say how fast the machine is just now: the same one was seen at .12 s and, on another day, at .30 s."""
    started = time.process_time()
    for number in range(200_000):
        hashlib.sha256(b"%0500d" % number).digest()
    spent = time.process_time() - started
    return f"200,000 numbers of 500 digits written and hashed by Python in {spent:.2f} CPU s (.12 s on a good day)"


def measure(name: str) -> list[dict[str, str]]:
    """Run one benchmark in its own process and folder; return its rows."""
    with tempfile.TemporaryDirectory(prefix="cardcase-bench-") as folder:
        environment = {**os.environ, "CARDCASE_DATA": folder, "CARDCASE_DATABASE_URL": ""}
        command = [sys.executable, str(ROOT / "scripts" / "benchmarks" / SCRIPTS.get(name, "measure.py")), name]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stdout}\n{done.stderr}")
    rows: list[dict[str, str]] = json.loads(done.stdout.splitlines()[-1])
    return rows


def main() -> int:
    """Measure everything and write the page, or only what is named; ``--without NAME`` leaves one out and says so."""
    asked = sys.argv[1:]
    left_out = asked[1:] if asked[:1] == ["--without"] else []
    chosen = [name for name in NAMES if name not in left_out] if left_out or not asked else asked
    rows = []
    for name in chosen:
        print(f"── {name}", flush=True)
        for row in measure(name):
            rows.append(row)
            print(f"   {row['what']}: {row['measured']} (goal {row['goal']})", flush=True)
    if left_out or not asked:
        lines = [
            "# Benchmarks",
            "",
            "Made by `make bench`; do not edit. Compare the ratios: seconds belong to the machine.",
            "",
            f"- Machine: {machine()}",
            f"- Day: {datetime.now(UTC):%Y-%m-%d}",
            f"- Speed that day: {speed()}",
            *([f"- Not measured this time: {', '.join(left_out)}"] if left_out else []),
            "",
            "| What | Measured | Goal | Beside it | Met |",
            "|---|---|---|---|---|",
            *[
                f"| {row['what']} | {row['measured']} | {row['goal']} | {row['beside']} | {row['met']} |"
                for row in rows
            ],
            "",
        ]
        (ROOT / "docs" / "benchmarks.md").write_text("\n".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
