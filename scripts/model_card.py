"""Train what is learned on corpus/, judge it on what is held out, and write the figures into docs/model-card.md."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CARD = ROOT / "docs" / "model-card.md"
ROOMS = ROOT / "src" / "cardcase"
MARKS = re.compile(r"(?s)(<!-- figures -->\n).*?(<!-- end of figures -->)")
REPLY_MARKS = re.compile(r"(?s)(<!-- figures of replies -->\n).*?(<!-- end of figures of replies -->)")


def main() -> None:
    """Do it."""
    command = [str(Path(sys.executable).parent / "cardcase"), "train", "--corpus", str(ROOT / "corpus")]
    out = [] if "--judge" in sys.argv else ["--out", str(ROOMS / "triage" / "data")]
    out += [] if "--judge" in sys.argv else ["--replies-out", str(ROOMS / "inbox" / "data")]
    done = subprocess.run([*command, *out, "--json"], check=True, stdout=subprocess.PIPE, text=True)
    figures = json.loads(done.stdout)
    lines = [
        "| part | n | macro-F1 of the four families | accuracy | sub-reason | ECE | threats found | threats right |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for part, one in figures["messages"].items():
        told = (one["macro_f1"], one["accuracy"], one["sub_accuracy"], one["calibration_error"],
                one["threat_recall"], one["threat_precision"])  # fmt: skip
        lines.append(f"| {part} | {one['count']} | " + " | ".join(_number(value) for value in told) + " |")
    lines += ["", _counts(), ""]
    told = _replies(figures["replies"])
    text = CARD.read_text(encoding="utf-8")
    for marks, those in ((MARKS, lines), (REPLY_MARKS, told)):
        text = marks.sub(lambda found, those=those: found[1] + "\n".join(those) + found[2], text)
    CARD.write_text(text, encoding="utf-8")
    print(*lines, *told, sep="\n")


def _replies(parts: dict[str, dict[str, Any]]) -> list[str]:
    lines = [
        "| part | fine | flagged wrongly | faulty | found | with the right check |",
        "|---|---|---|---|---|---|",
    ]
    for part, one in parts.items():
        lines.append(
            f"| {part} | {one['fine']} | {one['false']} ({one['false'] / one['fine']:.1%}) | {one['faulty']} "
            f"| {one['found']} ({one['found'] / one['faulty']:.1%}) | {one['named']} |"
        )
    kinds = ", ".join(f"{kind} {hit} of {count}" for kind, (hit, count) in parts["test"]["by_kind"].items())
    return [*lines, "", f"Found in the test part, by kind: {kinds}.", ""]


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.3f}"  # noqa: PLR0124 - NaN is not itself


def _counts() -> str:
    first: Counter[str] = Counter()
    for path in sorted((ROOT / "corpus" / "messages").glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                first[line.split("\t")[0].split(",")[0]] += 1
    told = ", ".join(f"{label} {count}" for label, count in sorted(first.items()))
    return f"Messages by first reason: {told}; {sum(first.values())} in all."


if __name__ == "__main__":
    main()
