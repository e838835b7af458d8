"""Packs that were sealed of a case, read from the record: which is the latest, which was handed in, what T16 asks."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cardcase.cards import file_rows
from cardcase.cases.models import Case
from cardcase.cases.rules import Event, GuardFacts, Stage, Status
from cardcase.custody import queries as custody
from cardcase.custody.queries import HistoryItem
from cardcase.kit.errors import Conflict, NotFound
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from .queries.versions import pack_rows
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
    """One sealed pack: its number in the case, where it stands, and where its bytes lie, if they were kept."""

    pack: str
    at: datetime
    state: PackState
    number: int = 0
    by: str = ""
    recipient: str = ""
    file_sha256: str = ""
    size: int = 0
    submitted_at: datetime | None = None


def sealed(actor: Actor, case: Case) -> tuple[Sealed, ...]:
    """Return the packs of a case, oldest first, each with the place of its bytes."""
    return _sealed(actor, case, custody.history(actor, [case.public_id]))


def sealed_bytes(actor: Actor, case: Case, pack: str = "") -> tuple[Sealed, bytes]:
    """Return a sealed pack, the latest or the one named by its id or number, byte for byte as it was sealed.

    Raises NotAllowed, NotFound, Conflict when its bytes were never written.
    """
    actor.require(Permission.EXPORT)
    found = [one for one in sealed(actor, case) if not pack or pack in (one.pack, str(one.number))]
    if found and not found[-1].file_sha256:
        raise unfinished()
    if not found:
        raise NotFound(
            "没有这一版证据包",
            "There is no such pack",
            next=Text("看“证据包”页面上的各版。", "See the versions on the page of packs."),
        )
    return found[-1], file_rows.read(pack_rows(actor, case)[found[-1].pack])


def unfinished() -> Conflict:
    """Say that a version was recorded and its file never written: the machine stopped in between."""
    return Conflict(
        "这一版封存时中断了，文件没有写成，也没有给过任何人",
        "Sealing this version was cut off: its file was never written, and nobody has it",
        next=Text("再封存一版。", "Seal another version."),
        code="pack_unfinished",
    )


def member(data: bytes, path: str) -> bytes:
    """Return one file out of a sealed pack by its path in the bag. Raises NotFound."""
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        for name in opened.namelist():
            if name.partition("/")[2] == path:
                return opened.read(name)
    raise NotFound("包里没有这个文件", "The pack holds no such file")


def with_packs(actor: Actor, case: Case, facts: GuardFacts, *, pack: str = "") -> GuardFacts:
    """Fill in what handing in a pack (T16) asks about packs: only those whose bytes were written can be handed in.

    Asks nothing of the record where no pack is wanted.
    """
    if case.stage not in _DISPUTED or case.status != Status.NEEDS_RESPONSE.value:
        return facts
    history = custody.history(actor, [case.public_id])
    written = [one for one in _sealed(actor, case, history) if one.file_sha256]
    chosen = next((one for one in reversed(written) if not pack or one.pack == pack), None)
    is_given = chosen is not None and chosen.state is PackState.SUBMITTED
    return replace(
        facts,
        is_pack_sealed=chosen is not None,
        is_pack_redacted=True,  # a pack with a code in it is never sealed
        is_submission_open=not is_given and not _is_taken_once(history),
    )


def _sealed(actor: Actor, case: Case, history: Sequence[HistoryItem]) -> tuple[Sealed, ...]:
    """Put together what the record and the rows say. A version that was never written takes no other's place."""
    rows = pack_rows(actor, case)
    given = {str(item.facts.get("pack")) for item in history if item.kind == SUBMITTED_KIND}
    made = [(str(item.facts.get("pack")), item.at) for item in history if item.kind == form.SEALED_KIND]
    written = [pack for pack, _ in made if pack in rows and rows[pack].file_sha256]
    latest = (written or [pack for pack, _ in made] or [""])[-1]
    told = []
    for number, (pack, at) in enumerate(made, 1):
        state = PackState.SEALED if pack == latest else PackState.SUPERSEDED
        one = Sealed(pack, at, PackState.SUBMITTED if pack in given else state, number)
        if (row := rows.get(pack)) is not None:
            one = replace(
                one,
                number=row.number,
                by=row.sealed_by,
                recipient=row.recipient,
                file_sha256=row.file_sha256,
                size=row.size,
                submitted_at=row.submitted_at,
            )
        told.append(one)
    return tuple(told)


def _is_taken_once(history: Sequence[HistoryItem]) -> bool:
    """Tell whether a pack went in where the platform takes one only, and it has not asked for more since (T15)."""
    is_once = False
    for item in history:
        if item.kind == SUBMITTED_KIND:
            is_once = is_once or bool(item.facts.get("is_once"))
        elif item.kind == "case.moved" and item.facts.get("event") == Event.MORE_EVIDENCE_ASKED.value:
            is_once = False
    return is_once
