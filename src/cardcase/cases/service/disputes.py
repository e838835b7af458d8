"""The platform's disputes of a case as it tells them: from a notice, or typed by a person who read them there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from cardcase.cards import masking
from cardcase.cases.models import Case, PlatformDispute
from cardcase.cases.rules import Need
from cardcase.cases.rules.disputes import DisputeKind, DisputeStatus, read_status
from cardcase.custody import service as custody
from cardcase.deadlines.rules import DeadlineKind
from cardcase.kit import clock, ids
from cardcase.kit.errors import WrongUse
from cardcase.staff.rules import Actor, Permission

from . import clocks
from .rows import Ref, ask_person, save, take, unask

SOURCE_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeTold:
    """One dispute in the platform's words. ``source``: the notice, or how a person knows."""

    kind: DisputeKind
    status_raw: str
    source: str
    fetched_at: datetime
    external_id: str = ""
    respond_by: datetime | None = None
    allowed_actions: Sequence[str] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def note_dispute(actor: Actor, ref: Ref, told: DisputeTold, *, at: datetime) -> PlatformDispute:
    """Keep what the platform says of a dispute. An older word never replaces a newer one; an unknown one asks a person.

    It stops money (T9) while it stands, and never moves the case by itself. Raises WrongUse without a source.
    """
    actor.require(Permission.WORK)
    case = take(actor, ref)
    source, status_raw = (masked.text for masked in masking.mask_texts(actor, [told.source.strip(), told.status_raw]))
    if not source:
        raise WrongUse("请写明凭什么知道", "Say how you know")
    mine = PlatformDispute.objects.visible_to(actor).filter(
        case_id=case.pk, kind=told.kind.value, external_id=told.external_id
    )
    row: PlatformDispute | None = mine.select_for_update().first()
    if row is not None and row.fetched_at > told.fetched_at:
        return row
    status = read_status(status_raw)
    values: dict[str, Any] = {
        "status": status.value,
        "status_raw": status_raw[:80],
        "respond_by": told.respond_by,
        "allowed_actions": list(told.allowed_actions),
        "raw": dict(told.raw),
        "source": source[:SOURCE_MAX],
        "fetched_at": told.fetched_at,
    }
    if row is not None and all(getattr(row, name) == value for name, value in values.items()):
        return row
    was = row.status if row is not None else ""
    if row is None:
        row = PlatformDispute(shop_id=case.shop_id, case=case, public_id=ids.public_id("disp"), kind=told.kind.value)
        row.external_id = told.external_id[:60]
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    facts: dict[str, custody.JSON] = {
        "dispute": row.public_id,
        "dispute_kind": row.kind,
        "external_id": row.external_id,
        "was": was,
        "dispute_status": row.status,
        "status_raw": row.status_raw,
        "due_at": clock.iso(row.respond_by) if row.respond_by else "",
        "shown_by": row.source,
    }
    custody.append(actor, custody.Record("case.dispute_noted", case.public_id, at, facts))
    if status is DisputeStatus.UNKNOWN:
        ask_person(case, Need.DISPUTE_UNKNOWN)
    else:
        unask(case, Need.DISPUTE_UNKNOWN)
    if case.is_open:
        _clock(actor, case, row, at=at)
        clocks.refresh(actor, case, at=at)
    save(actor, case)
    return row


def _clock(actor: Actor, case: Case, row: PlatformDispute, *, at: datetime) -> None:
    """Run the clock of an answer that the dispute waits for."""
    kind = (
        DeadlineKind.COMPENSATION_RESPONSE if row.kind == DisputeKind.COMPENSATION.value else DeadlineKind.EVIDENCE_DUE
    )
    is_waiting = row.status in (DisputeStatus.OPEN.value, DisputeStatus.EVIDENCE_WANTED.value)
    if is_waiting and row.respond_by is not None and row.respond_by > at:
        clocks.tell(actor, case, kind, row.respond_by, told_at=row.fetched_at, at=at)
    elif not is_waiting and kind is DeadlineKind.COMPENSATION_RESPONSE:
        clocks.stop(actor, case, kind, at=at, acted_at=at)
