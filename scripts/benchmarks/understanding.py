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


def main() -> None:
    """Print the rows of one benchmark as JSON."""
    print(json.dumps({"triage": triage, "screenshot": screenshot}[sys.argv[1]]()))


if __name__ == "__main__":
    main()
