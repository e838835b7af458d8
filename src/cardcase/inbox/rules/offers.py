"""Does a reply offer a remedy that nobody has decided on? Pure; the words are in ``data/offers.toml``."""

import re
from dataclasses import dataclass
from functools import cache

from cardcase.kit import catalogue
from cardcase.triage.rules.folding import fold
from cardcase.triage.rules.phrases import compile_pattern

from .drafts import Step
from .tone import DATA


class OfferRecord(catalogue.Record):
    """Words that offer one remedy, and the steps that are about it."""

    steps: tuple[Step, ...] = ()
    regex: str
    unless: str = ""


@dataclass(frozen=True, slots=True)
class _Offer:
    steps: frozenset[Step]
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None


@cache
def _offers() -> tuple[_Offer, ...]:
    records = catalogue.load(DATA / "offers.toml", OfferRecord, table="offer").records
    return tuple(
        _Offer(
            frozenset(record.steps),
            compile_pattern(record.regex, {}, record.id),
            compile_pattern(record.unless, {}, record.id) if record.unless else None,
        )
        for record in records.values()
    )


def undecided(text: str, step: Step) -> list[tuple[int, int]]:
    """Return where a reply of a step offers a remedy that the step is not about. Never raises for what is written."""
    folded = fold(text, longest=len(text))
    found: list[tuple[int, int]] = []
    for offer in _offers():
        if step in offer.steps:
            continue
        excused = [match.span() for match in offer.unless.finditer(folded.text)] if offer.unless else []
        found += [
            folded.span(*match.span())
            for match in offer.pattern.finditer(folded.text)
            if not any(start < match.end() and match.start() < end for start, end in excused)
        ]
    return sorted(found)
