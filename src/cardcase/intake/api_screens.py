"""JSON entrance of screenshots: pictures in, look, correct, confirm or let go."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, File, Form, Router, Schema
from ninja.files import UploadedFile

from cardcase.intake import present_screens as present
from cardcase.intake import service
from cardcase.intake.web_screens import day, drawn
from cardcase.kit import clock
from cardcase.screens import queries
from cardcase.screens import service as screens
from cardcase.screens.limits import MOST_BYTES
from cardcase.screens.rules import lines
from cardcase.staff.gate import caller

router = Router()


class Looked(Schema):
    """Something to look at before the yes: gap, unclear, faint, cut or doubtful."""

    code: str
    zh: str
    en: str


class Refusal(Schema):
    """Why pictures could not be read."""

    code: str
    reason: str
    next: str
    reason_en: str
    next_en: str


class PictureOut(Schema):
    """One picture. ``pieces``: where it can be seen, strip by strip, codes covered; empty until it was read.

    ``trouble``: why it was refused; the others are read all the same.
    """

    place: int
    name: str
    width: int
    height: int
    masked: int
    trouble: Refusal | None
    pieces: list[str]


class ReadOut(Schema):
    """What the reader had read, untouched."""

    who: str
    text: str
    quote: str


class LineOut(Schema):
    """One entry as it stands now, codes masked. ``number`` counts from 1, as on the page.

    ``who``: seller, buyer, platform or unclear. ``kind``: text, picture, card, tip or time. ``time``: typed for it.
    ``at``: when it was said, ``is_exact``: in that very minute, else then or later. ``trust`` of the engine and
    ``sure`` of the speaker, 0–1. ``doubtful``: pieces in which O/0 or I/1 may be mistaken. ``more``: missed lines that
    were typed below it.
    ``top``, ``bottom``: where it stands on the picture, in pixels of the original.
    """

    number: int
    who: str
    kind: str
    text: str
    quote: str
    time: str
    more: str
    keep: bool
    is_changed: bool
    read: ReadOut
    at: str | None
    is_exact: bool
    picture: int
    top: int
    bottom: int
    trust: float
    sure: float
    is_cut: bool
    has_gap: bool
    doubtful: list[str]


class CaptureInShort(Schema):
    """A capture that is being read or waits."""

    capture: str
    url: str
    state: str
    case: str | None
    nick: str
    captured_at: str


class CaptureOut(CaptureInShort):
    """One capture. ``state``: reading (ask ``url`` again), waiting, confirmed, dropped or failed (see ``trouble``)."""

    taken_by: str
    taken_on: str | None
    how: str
    done: int
    total: int
    trouble: Refusal | None
    warnings: list[Looked]
    pictures: list[PictureOut]
    lines: list[LineOut]


class ChangeIn(Schema):
    """What to change of one entry; what is left out stays. ``keep`` false leaves it out of the chat."""

    number: int = Field(ge=1)
    who: str | None = None
    text: str | None = None
    quote: str | None = None
    time: str | None = None
    more: str | None = None
    keep: bool | None = None


class EditIn(Schema):
    """Corrections, and whose chat it is. ``case`` empty: of none yet. Another ``taken_by`` swaps seller and buyer."""

    changes: list[ChangeIn] = Field(default_factory=list, max_length=lines.MOST_LINES)
    nick: str | None = None
    case: str | None = None
    taken_by: str | None = None


class SaidIn(Schema):
    """One line of the chat, for a caller that says all of it himself."""

    who: str
    kind: str = "text"
    text: str = ""
    quote: str = ""
    print: str = ""


class ConfirmIn(Schema):
    """``lines``: the whole chat in the place of what was read and corrected; left out: as it stands now."""

    lines: list[SaidIn] | None = None
    nick: str = ""


class TakenOut(Schema):
    """What became of it: messages new, known and told more; the cases concerned; the exhibits made."""

    capture: str
    new: int
    known: int
    changed: int
    cases: list[str]
    exhibits: list[str]


@router.post("", response=CaptureOut, summary="Keep screenshots of a chat and promise to read them")
def take(
    request: HttpRequest,
    files: File[list[UploadedFile]],
    taken_by: Form[str] = lines.SELLER,
    *,
    taken_on: Form[str] = "",
    case: Form[str] = "",
    nick: Form[str] = "",
) -> dict[str, Any]:
    """Take pictures as multipart; a job reads them, so ask ``url`` until the state is ``waiting`` or ``failed``.

    ``taken_by``: whose phone, seller or buyer. ``taken_on``: the day of the screenshots, by which 昨天 is understood.
    """
    actor = caller(request)
    pictures = [screens.Picture(file.name or "", file.read(MOST_BYTES + 1)) for file in files]
    row = screens.promise(
        actor, pictures, taken_by=taken_by, taken_on=day(taken_on), case=case.strip(), nick=nick.strip(), at=clock.now()
    )
    return present.document(row, queries.pictures(actor, row))


@router.get("", response=list[CaptureInShort], summary="Screenshots that are being read or wait for a person")
def waiting(request: HttpRequest) -> list[dict[str, Any]]:
    """List what waits, the newest first."""
    return [present.short(row) for row in queries.waiting(caller(request))]


@router.get("/{capture}", response=CaptureOut, summary="What was read of screenshots, and how far it is")
def show(request: HttpRequest, capture: str) -> dict[str, Any]:
    """Return a capture with both readings: what the reader saw and what was changed."""
    actor = caller(request)
    row = queries.capture(actor, capture)
    return present.document(row, queries.pictures(actor, row))


@router.get("/{capture}/pictures/{place}/{piece}", summary="A strip of a screenshot as PNG, card codes covered")
def picture(request: HttpRequest, capture: str, place: int, piece: int) -> HttpResponse:
    """Give a picture as people may see it. The original can be opened as an exhibit only, on record."""
    actor = caller(request)
    return drawn(queries.shown(actor, queries.capture(actor, capture), place, piece))


@router.post("/{capture}/lines", response=CaptureOut, summary="Correct what was read, before the yes")
def edit(request: HttpRequest, capture: str, body: EditIn) -> dict[str, Any]:
    """Keep corrections; the reading stays beside them, and nothing counts before ``/confirm``."""
    actor = caller(request)
    changes = {one.number - 1: one.dict(exclude={"number"}, exclude_none=True) for one in body.changes}
    row = screens.edit(actor, capture, changes, nick=body.nick, case=body.case, taken_by=body.taken_by)
    return present.document(row, queries.pictures(actor, row))


@router.post("/{capture}/confirm", response=TakenOut, summary="Say that this is what the screenshots show")
def confirm(request: HttpRequest, capture: str, body: ConfirmIn) -> dict[str, Any]:
    """Take the words into the conversation and the pictures into the evidence; cases that they ask for are opened."""
    said = lines.from_documents(one.dict() for one in body.lines) if body.lines is not None else None
    taken = service.confirm_screens(caller(request), capture, said, nick=body.nick, at=clock.now())
    return {
        "capture": taken.capture,
        "new": taken.new,
        "known": taken.known,
        "changed": taken.changed,
        "cases": list(taken.cases),
        "exhibits": list(taken.exhibits),
    }


@router.post("/{capture}/drop", response=CaptureOut, summary="Let screenshots go; the pictures are thrown away")
def drop(request: HttpRequest, capture: str) -> dict[str, Any]:
    """Throw away what was not confirmed."""
    actor = caller(request)
    screens.drop(actor, capture, at=clock.now())
    row = queries.capture(actor, capture)
    return present.document(row, queries.pictures(actor, row))
