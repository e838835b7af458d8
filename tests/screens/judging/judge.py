"""Judge the reading of screenshots: ``judge.py dev [--show] [SEED…]`` while working on it, ``judge.py judge`` at the end.

``judge`` prints counts and nothing that was drawn or read: whoever works on the reader must not learn from it.
"""

import contextlib
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from cardcase.screens import engine, measuring, reader, worker  # noqa: E402
from cardcase.screens.limits import BadPicture  # noqa: E402
from cardcase.screens.rules.layout import log_of  # noqa: E402
from cardcase.screens.rules.seen import Box, Seen  # noqa: E402
from cardcase.screens.rules.stitching import stitch  # noqa: E402
from screens.judging import scoring, shooting  # noqa: E402

SEEDS = {"dev": range(18), "wide": range(16), "judge": range(12)}
KEPT = ROOT / "build" / "judging"

See = Callable[[bytes], Seen]


def judged(part: str, seeds: Iterable[int], *, see: See, show: bool = False) -> dict[str, scoring.Counts]:
    """Shoot and read the chats of these seeds. Returns the counts of single screens, of whole talks and of long pictures."""
    found = {"screens": scoring.Counts(), "talks": scoring.Counts(), "long": scoring.Counts()}
    with shooting.browser() as running:
        for seed in seeds:
            session = shooting.shoot(running, shooting.shape(part, seed))
            seen = []
            for place, shot in enumerate(session.shots):
                try:
                    seen.append(see(shot.data))
                except BadPicture as refused:
                    found["talks"].of["refused"] += 1
                    found["talks"].notes.append(f"{place} refused {refused.problem_code}")
            logs = [log_of(one, picture=place) for place, one in enumerate(seen)]
            alone = [stitch([log]).entries for log in logs]
            told: list[tuple[str, scoring.Counts]] = []
            if session.shape.long:
                whole = scoring.compare(
                    scoring.wanted(session.talk, [session.shots[0].visible]), alone[0], with_times=True
                )
                found["long"].add(whole)
                told.append(("long", whole))
            else:
                for place, (entries, shot) in enumerate(zip(alone, session.shots, strict=True)):
                    one = scoring.compare(scoring.wanted(session.talk, [shot.visible]), entries, with_times=False)
                    found["screens"].add(one)
                    told.append((f"screen {place}", one))
                together = stitch(logs)
                expected = scoring.wanted(session.talk, [shot.visible for shot in session.shots])
                whole = scoring.compare(expected, together.entries, with_times=True)
                whole.of["gaps"] += len(together.gaps)
                found["talks"].add(whole)
                told.append((f"talk (gaps {together.gaps})", whole))
            if show:
                sys.stdout.write(f"{shooting.described(session.shape)}\n")
                for name, counts in told:
                    for note in counts.notes:
                        sys.stdout.write(f"   {name}: {note}\n")
    return found


@contextlib.contextmanager
def remembering(folder: Path) -> Iterator[See]:
    """Read in this process and keep what the engine said of each piece, so that work on the rules need not wait for it."""
    folder.mkdir(parents=True, exist_ok=True)
    loaded: list[engine.Engine] = []

    def asked(name: str, piece: Any) -> Any:
        path = folder / f"{name}-{hashlib.sha256(repr(piece.shape).encode() + piece.tobytes()).hexdigest()[:24]}.json"
        if path.is_file():
            return json.loads(path.read_text("utf-8"))
        if not loaded:
            loaded.append(engine.load())
        told = getattr(loaded[0], name)(piece)
        if name == "lines":
            told = [[[box.left, box.top, box.right, box.bottom], text, score] for box, text, score in told]
        path.write_text(json.dumps(told, ensure_ascii=False), "utf-8")
        return told

    reads = engine.Engine(
        lambda piece: [(Box(*sides), text, score) for sides, text, score in asked("lines", piece)],
        lambda piece: tuple(asked("strip", piece)),
    )
    yield lambda data: measuring.measure(worker._pixels(data), reads)


@contextlib.contextmanager
def by_the_worker() -> Iterator[See]:
    """Read as the product reads."""
    with reader.reading() as reads:
        yield reads.see


def summary(name: str, counts: scoring.Counts) -> str:
    """Say the counts of one kind in some lines."""
    of = counts.of
    kinds = ", ".join(
        f"{kind} {of[f'{kind} right']}/{of[f'{kind} all']}"
        for kind in ("text", "picture", "voice", "card", "notice", "time")
    )
    return (
        f"{name}: CER {counts.share('wrong', 'letters'):.2%} ({of['wrong']}/{of['letters']}), "
        f"strict {counts.share('strict wrong', 'strict letters'):.2%}, "
        f"texts exact {of['exact']}/{of['text all']}\n"
        f"   speaker {counts.share('speaker right', 'speakers'):.2%} ({of['speaker right']}/{of['speakers']}), "
        f"order exact {of['order exact']}/{of['orders']}, missing {of['missing']}, extra {of['extra']}, gaps {of['gaps']}, "
        f"refused {of['refused']}\n"
        f"   kind right: {kinds}; quotes {of['quote right']}/{of['quotes']}; times {of['times right']}/{of['times']}"
    )


def main() -> int:
    """Judge one part and print what was counted."""
    part, *more = sys.argv[1:]
    show = part != "judge" and "--show" in more
    seeds = [int(one) for one in more if one.isdigit()] or SEEDS[part]
    with by_the_worker() if "--worker" in more else remembering(KEPT) as see:
        found = judged(part, seeds, see=see, show=show)
    for name, counts in found.items():
        sys.stdout.write(f"{summary(name, counts)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
