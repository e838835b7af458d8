"""Benchmarks of understanding: texts judged a CPU second, and one screenshot read."""

import json
import resource
import sys
import time
from pathlib import Path

from measure import Row, row

ROOT = Path(__file__).parents[2]
MIB = 1024.0


def triage() -> list[Row]:
    """Judge the texts of the judging set again and again; beside it the rules alone."""
    from cardcase.training.rules import corpus
    from cardcase.triage.rules import read_text
    from cardcase.triage.rules.read import analyse

    texts = [one.buyer for one in corpus.read(corpus.files(ROOT / "corpus" / "held-out")) if not one.is_conversation]
    rates = {}
    for name, act in (("both", read_text), ("rules", analyse)):
        for text in texts:
            act(text)
        best = 0.0
        for _ in range(5):
            began = time.process_time()
            for text in texts:
                act(text)
            best = max(best, len(texts) / (time.process_time() - began))
        rates[name] = best
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
    return [
        row(
            "triage: texts a CPU second, the best of five rounds",
            f"{rates['both']:,.0f}",
            "≥ 5,000",
            f"the rules alone, same texts: {rates['rules']:,.0f}",
            met=rates["both"] >= 5_000,
        ),
        row("triage: memory of the process", f"{peak:.0f} MiB", "≤ 200 MiB", "all of it", met=peak <= 200),
    ]


def screenshot() -> list[Row]:
    """Read one drawn screen of a phone, a second time, so that starting the engine is not in it."""
    sys.path.insert(0, str(ROOT / "tests"))
    from cardcase.screens import reader
    from screens import chats, drawing

    picture = drawing.png(drawing.screens(chats.SECOND, drawing.LIGHT)[0][0])
    with reader.reading() as reads:
        began = time.perf_counter()
        reads.see(picture)
        first = time.perf_counter() - began
        began = time.perf_counter()
        seen = reads.see(picture)
        again = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / MIB
    beside = f"{len(seen.lines)} lines; the first picture, engine started: {first:.1f} s"
    return [
        row("screenshot: one screen of a phone read", f"{again:.1f} s", "–", beside, met=True),
        row("screenshot: memory of the worker", f"{peak:.0f} MiB", "≤ 1,600 MiB", "it ends after 8 pictures",
            met=peak <= 1_600),
    ]  # fmt: skip


def judged() -> list[Row]:
    """Read the judging part of the chats drawn in a browser with the worker (tests/screens/judging)."""
    sys.path.insert(0, str(ROOT / "tests"))
    from screens.judging import judge

    with judge.by_the_worker() as see:
        found = judge.judged("judge", judge.SEEDS["judge"], see=see)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / MIB
    rows = []
    for name, said in (
        ("single screens", "screens"),
        ("talks of 3–5 stitched screens", "talks"),
        ("long pictures", "long"),
    ):
        counts = found[said]
        of = counts.of
        cer, speaker = counts.share("wrong", "letters"), counts.share("speaker right", "speakers")
        beside = f"{of['letters']:,} letters; missing {of['missing']}, too many {of['extra']}, gaps {of['gaps']}"
        rows += [
            row(f"screenshot, judged: CER of {name}", f"{cer:.2%}", "≤ 0.5 %", beside, met=cer <= 0.005),
            row(f"screenshot, judged: speaker, {name}", f"{speaker:.2%}", "≥ 99 %", f"{of['speakers']} bubbles", met=speaker >= 0.99),
            row(f"screenshot, judged: order exact, {name}", f"{of['order exact']}/{of['orders']}", "all",
                f"times right {of['times right']}/{of['times']}", met=of["order exact"] == of["orders"]),
        ]  # fmt: skip
    beside = "the largest process of the whole row"
    return [
        *rows,
        row("screenshot, judged: memory of the worker", f"{peak:.0f} MiB", "≤ 1,600 MiB", beside, met=peak <= 1_600),
    ]


def main() -> None:
    """Print the rows of one benchmark as JSON."""
    print(json.dumps({"triage": triage, "screenshot": screenshot, "screenshot_judged": judged}[sys.argv[1]]()))


if __name__ == "__main__":
    main()
