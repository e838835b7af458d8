"""The learned part of the check of replies: what no list of words holds, with the clause that speaks most for it.

A linear model over character n-grams, of the form of triage's, trained by ``cardcase train`` on ``corpus/replies``;
``data/model.toml`` pins its bytes. It is read from disk when the first reply is checked, not before.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cardcase.triage.rules import model
from cardcase.triage.rules.folding import Folded

from .meant import as_read

DATA: Final = Path(__file__).parent.parent / "data"
KINDS: Final = (
    "blame", "threat", "command", "sarcasm", "other_rude", "off_platform", "promise", "admission", "void_term",
)  # fmt: skip
"""What can be wrong with a reply that has no shape (corpus/held-out-tone/README.md draws the borders)."""
FAULT: Final = "fault"
"""The column that tells any fault from none."""
LABELS: Final = (*KINDS, FAULT)
_CLEARLY_FINE: Final = -1.1
"""Below this even a sure list is not believed. On unseen writers of corpus/replies it costs 1 of 278 such finds, and of
the 24 fine replies that lists had hit before they were mended, seven lay below it."""
_CLAUSE: Final = re.compile(r"[^，。！？；,!?;\n]+")


@dataclass(frozen=True, slots=True)
class Leaning:
    """What the learned part makes of a reply. ``is_fault``: alone it would say so; ``backs``: where a list says so too.

    ``allows``: it does not clearly lean the other way, so that a list which is sure may speak for itself.

    ``kind`` is the likeliest fault, whether or not there is one.
    """

    kind: str
    is_fault: bool
    backs: bool
    allows: bool


def lean(folded: Folded, *, folder: Path = DATA) -> Leaning:
    """Read a reply. Raises BrokenCatalogue when the model is not the one that is pinned."""
    known = model.shipped(folder)
    kind, number = strongest(known, as_read(folded.text))
    cut = known.signals[FAULT]
    return Leaning(kind, number >= cut.cut, backs=number + cut.rules >= cut.cut, allows=number >= _CLEARLY_FINE)


def strongest(known: model.Model, read: str) -> tuple[str, float]:
    """Return the likeliest kind of fault, and how much speaks for a fault: that column and the one for any fault."""
    numbers = known.read(read).numbers.tolist()
    number, kind = max((numbers[known.places[kind]], kind) for kind in KINDS)
    return kind, number + numbers[known.places[FAULT]]


def place(folded: Folded, kind: str, *, folder: Path = DATA) -> tuple[int, int]:
    """Return the clause of the original text that speaks most for a kind; the whole text where none does."""
    known = model.shipped(folder)
    found = known.span(known.read(as_read(folded.text)), kind)
    if found is None:
        return 0, len(folded.original)
    start, end = folded.span(*found)
    for match in _CLAUSE.finditer(folded.original):
        if match.end() > start:
            words = match.group()
            left = match.start() + len(words) - len(words.lstrip())
            reach = next((one.end() for one in _CLAUSE.finditer(folded.original, match.end()) if one.start() < end), 0)
            return left, max(match.end(), min(reach, len(folded.original)))
    return start, end
