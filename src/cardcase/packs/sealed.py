"""Packs that were sealed of a case, read from the record: which is the latest, which was handed in, what T16 asks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cardcase.cases.models import Case
from cardcase.cases.rules import Event, GuardFacts, Stage, Status
from cardcase.custody import queries as custody
from cardcase.custody.queries import HistoryItem
from cardcase.staff.rules import Actor

from .rules import form

SUBMITTED_KIND = "pack.submitted"
_DISPUTED = (Stage.PLATFORM_DISPUTE.value, Stage.APPEAL.value)


class PackState(StrEnum):
    """Where a sealed pack stands. Sealing has passed the check for card codes, or there would be no pack."""

    SEALED = "sealed"
    SUBMITTED = "submitted"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Sealed:
    """One sealed pack."""

    pack: str
    at: datetime
    state: PackState


def sealed(actor: Actor, case: Case) -> tuple[Sealed, ...]:
    """Return the packs of a case, oldest first."""
    return _sealed(custody.history(actor, [case.public_id]))


def with_packs(actor: Actor, case: Case, facts: GuardFacts, *, pack: str = "") -> GuardFacts:
    """Fill in what handing in a pack (T16) asks about packs. Asks nothing of the record where no pack is wanted."""
    if case.stage not in _DISPUTED or case.status != Status.NEEDS_RESPONSE.value:
        return facts
    history = custody.history(actor, [case.public_id])
    packs = _sealed(history)
    chosen = next((one for one in reversed(packs) if not pack or one.pack == pack), None)
    is_given = chosen is not None and chosen.state is PackState.SUBMITTED
    return replace(
        facts,
        is_pack_sealed=chosen is not None,
        is_pack_redacted=True,  # a pack with a code in it is never sealed
        is_submission_open=not is_given and not _is_taken_once(history),
    )


def _sealed(history: Sequence[HistoryItem]) -> tuple[Sealed, ...]:
    given = {str(item.facts.get("pack")) for item in history if item.kind == SUBMITTED_KIND}
    made = [item for item in history if item.kind == form.SEALED_KIND]
    return tuple(
        Sealed(
            str(item.facts.get("pack")),
            item.at,
            PackState.SUBMITTED
            if item.facts.get("pack") in given
            else PackState.SUPERSEDED
            if item is not made[-1]
            else PackState.SEALED,
        )
        for item in made
    )


def _is_taken_once(history: Sequence[HistoryItem]) -> bool:
    """Tell whether a pack went in where the platform takes one only, and it has not asked for more since (T15)."""
    is_once = False
    for item in history:
        if item.kind == SUBMITTED_KIND:
            is_once = is_once or bool(item.facts.get("is_once"))
        elif item.kind == "case.moved" and item.facts.get("event") == Event.MORE_EVIDENCE_ASKED.value:
            is_once = False
    return is_once
