"""Fitting a shop's corrections: when there is something new to learn, on the texts that ship with the product."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Final

from cardcase.staff.rules import Actor, Permission
from cardcase.training import queries
from cardcase.training.queries import Taught
from cardcase.training.rules import adapting, reference
from cardcase.training.rules.adapting import Lesson, Outcome, Verdict
from cardcase.triage import queries as triage_queries
from cardcase.triage import service as triage
from cardcase.triage.models import ReaderFit
from cardcase.triage.rules import model, reasons

LEAST_NEW: Final = 10
"""New labels from which it is worth trying again: each try is one more chance to be right by luck."""


def learn(
    actor: Actor, *, at: datetime, is_asked: bool = False, progress: Callable[[str], None] = lambda _: None
) -> Outcome | None:
    """Fit the shop's labels and keep what came of it; None when there is nothing new to learn, or the owner forbids it.

    Anew when ten labels have come, when words have gone (a buyer was erased), or when the shipped reader is another.
    ``is_asked``: somebody wants it now, whatever is new. Too few labels leave nothing behind, but take out of use what
    more labels had made.
    """
    actor.require(Permission.WORK)
    if not triage_queries.is_on(actor):
        return None
    last = next(iter(triage_queries.fits(actor, limit=1)), None)
    taught = queries.taught(actor)
    if not is_asked and last is not None and not _is_worth_it(taught, last):
        return None
    if len(taught.lessons) < adapting.LEAST and (last is None or not last.is_used):
        return Outcome(Verdict.TOO_FEW, len(taught.lessons)) if is_asked else None
    replay, apart = _shipped_texts()
    made = adapting.adapt(taught.lessons, replay, apart, model.shipped(), progress)
    triage.keep_fit(
        actor,
        made.verdict.value,
        labels=made.labels,
        figures={
            "right_before": made.right_before,
            "right_after": made.right_after,
            "better": made.better,
            "worse": made.worse,
            "chance": round(made.chance * 10_000),
            "reference": made.reference,
            "reference_before": round(made.reference_before * 10_000),
            "reference_after": round(made.reference_after * 10_000),
            "scale": round(made.scale * 100),
        },
        correction=made.correction,
        at=at,
    )
    return made


def _is_worth_it(taught: Taught, last: ReaderFit) -> bool:
    """Tell whether another try is worth it. A shop with more labels than are fitted forgets the oldest by itself."""
    if last.base != model.shipped().fingerprint:
        return True
    new = taught.since(last.at)
    has_lost = len(taught.lessons) < adapting.MOST and len(taught.lessons) - new < last.labels
    return has_lost or new >= LEAST_NEW


@cache
def _shipped_texts() -> tuple[list[Lesson], list[Lesson]]:
    return reference.decode((reasons.DATA / reference.FILE).read_bytes())
