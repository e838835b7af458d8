"""Judge the advice in simulated trades; write docs/benchmarks-advice.md (``make bench-advice``).

Our answers come from ``cardcase advise``, called as anybody would: a process, JSON lines in, JSON lines out. The worlds
and all their assumptions are in ``scripts/benchmarks/advice_worlds.py``. Regret of a policy in a
world is its loss (the shop's cost + money wrongly withheld from buyers who are owed) over the loss of an oracle that
knows the cause, minus one.

``--worlds``, ``--cases`` and ``--seed`` choose other worlds; the page is written only by a run of the usual size.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.advice_worlds import FAMILIES, Case, World

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "benchmarks-advice.md"
USUAL: Final = (60, 400)
WORTH: Final = 0.8
FINAL: Final = ("full_refund", "partial_refund", "replace_card", "decline")

HEAD: Final = """# Benchmarks of the advice

Made by `make bench-advice`; do not edit. What is assumed: `scripts/benchmarks/advice_worlds.py` and
[handbook/advice.md](handbook/advice.md). No number of `advice.toml` was fitted to these worlds. They are simulations
all the same: they say how the advice behaves, not what a shop will save.

Goals (issue 3): regret median ≤ 0.14, p90 ≤ 0.21, median below the rule table's, ≤ 0.10 with 80 % of the unknown
redemption states looked up, wrongful declines ≤ 1 %, underpaid ≤ 16 %. Regret includes the harm to buyers, against
an oracle that knows the cause. `tangled` breaks what the advice supposes on purpose, to show where it gives way.
"""

Choice = tuple[str, int | None]
Policy = Callable[[Case, dict[str, Any]], Choice]


def always_full(_case: Case, _answer: dict[str, Any]) -> Choice:
    """Pay everybody."""
    return "full_refund", None


def always_decline(_case: Case, _answer: dict[str, Any]) -> Choice:
    """Pay nobody."""
    return "decline", None


def rule_table(case: Case, _answer: dict[str, Any]) -> Choice:
    """Five lines on the redemption state."""
    state = case["seen"]["redemption"]
    if state == "after_reveal":
        return "decline", None
    if state == "unknown":
        return "partial_refund", case["price"] // 2
    return "full_refund", None


def cost_only(_case: Case, answer: dict[str, Any]) -> Choice:
    """The least expected cost to the shop, whoever is right: what disputes.md §8.3 warns of."""
    lines = [one for one in answer["options"] if one["kind"] in FINAL]
    best = min(lines, key=lambda one: one["cost_fen"]["mid"])
    return best["kind"], best["amount_fen"]


def ours(_case: Case, answer: dict[str, Any]) -> Choice:
    """What ``cardcase advise`` recommends."""
    return answer["recommended"], answer["recommended_amount_fen"]


POLICIES: Final[dict[str, Policy]] = {
    "always full refund": always_full,
    "always decline": always_decline,
    "rule table on redemption state": rule_table,
    "expected seller cost only": cost_only,
    "**ours (`cardcase advise`)**": ours,
}


def advised(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Ask the command about every case."""
    lines = "".join(json.dumps(case["seen"]) + "\n" for case in cases)
    command = [str(Path(sys.executable).parent / "cardcase"), "advise"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, input=lines, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"cardcase advise failed:\n{done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_enough(case: Case, kind: str, amount: int | None) -> bool:
    """Tell whether a buyer who is owed gets at least that."""
    if kind == "resend_same_code":
        return bool(case["cause"] == "undelivered")
    if kind == "partial_refund":
        return (amount or 0) + 1 >= case["owed"]
    return kind in ("full_refund", "replace_card")


def judge(worlds: Sequence[tuple[World, list[Case]]], answers: Sequence[dict[str, Any]]) -> dict[str, list[float]]:
    """Return for each policy: regret median, regret p90, wrongful declines, underpaid, the shop's cost in yuan."""
    made = {}
    for name, policy in POLICIES.items():
        regrets, declined, underpaid, owed, cost, count, at = [], 0, 0, 0, 0.0, 0, 0
        for world, cases in worlds:
            lost = 0.0
            for case in cases:
                kind, amount = policy(case, answers[at])
                at += 1
                loss, paid = world.lose(case, kind, amount)
                lost, cost, count = lost + loss, cost + paid, count + 1
                if case["owed"]:
                    owed += 1
                    declined += kind == "decline"
                    underpaid += not is_enough(case, kind, amount)
            regrets.append(lost / sum(case["best"] for case in cases) - 1)
        made[name] = [
            statistics.median(regrets),
            share(regrets, 0.9),
            declined / owed,
            underpaid / owed,
            cost / count / 100,
        ]
    return made


def share(values: Iterable[float], part: float) -> float:
    """Return the value below which a part of the values lies."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * part))]


def table(rows: dict[str, list[float]]) -> list[str]:
    """Write the results of one family."""
    lines = [
        "| Policy | regret median | p90 | wrongful declines | underpaid | seller cost ¥ a case |",
        "|---|---|---|---|---|---|",
    ]
    for name, (median, high, declined, underpaid, cost) in rows.items():
        lines.append(f"| {name} | {median:.3f} | {high:.3f} | {declined:.2%} | {underpaid:.1%} | {cost:.1f} |")
    return [*lines, ""]


def main() -> int:
    """Simulate, ask, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=USUAL[0], help="perturbed worlds a family")
    parser.add_argument("--cases", type=int, default=USUAL[1], help="cases a world")
    parser.add_argument("--seed", type=int, default=20_261_128, help="first seed; a world has a seed of its own")
    parser.add_argument("--family", choices=[*FAMILIES], action="append", help="only these families")
    wanted = parser.parse_args()
    page = [HEAD, f"- {wanted.worlds} worlds a family × {wanted.cases} cases, seeds from {wanted.seed}", ""]
    for family in wanted.family or FAMILIES:
        for known in (0.0, WORTH):
            worlds = [World(FAMILIES[family], wanted.seed + place, known=known) for place in range(wanted.worlds)]
            dealt = [(world, list(world.cases(wanted.cases))) for world in worlds]
            rows = judge(dealt, advised([case for _, cases in dealt for case in cases]))
            title = f"{family}, {'states as they come' if not known else '80 % of unknown states looked up'}"
            print(f"── {title}", *table(rows), sep="\n", flush=True)
            page += [f"## {title}", "", *table(rows)]
    if (wanted.worlds, wanted.cases) == USUAL and not wanted.family:
        PAGE.write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
