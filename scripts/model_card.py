"""Train the learned reader on corpus/, judge it on corpus/held-out, and write the figures into docs/model-card.md."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
CARD = ROOT / "docs" / "model-card.md"
DATA = ROOT / "src" / "cardcase" / "triage" / "data"
MARKS = re.compile(r"(?s)(<!-- figures -->\n).*?(<!-- end of figures -->)")


def main() -> None:
    """Do it."""
    command = [str(Path(sys.executable).parent / "cardcase"), "train", "--corpus", str(ROOT / "corpus")]
    out = [] if "--judge" in sys.argv else ["--out", str(DATA)]
    done = subprocess.run([*command, *out, "--json"], check=True, stdout=subprocess.PIPE, text=True)
    figures = json.loads(done.stdout)
    lines = [
        "| part | n | macro-F1 of the four families | accuracy | sub-reason | ECE | threats found | threats right |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for part, one in figures.items():
        told = (one["macro_f1"], one["accuracy"], one["sub_accuracy"], one["calibration_error"],
                one["threat_recall"], one["threat_precision"])  # fmt: skip
        lines.append(f"| {part} | {one['count']} | " + " | ".join(_number(value) for value in told) + " |")
    lines += ["", _counts(), ""]
    text = CARD.read_text(encoding="utf-8")
    CARD.write_text(MARKS.sub(lambda found: found[1] + "\n".join(lines) + found[2], text), encoding="utf-8")
    print(*lines, sep="\n")


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
