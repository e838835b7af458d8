"""JSON entrance of cases: the queue, the sheet of one, and everything that can be done with it."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, File, Form, Query, Router, Schema, UploadedFile

from cardcase.desk import suggesting
from cardcase.desk.queries import sheet, timeline, wish_from, wordings
from cardcase.desk.service import Act, files_of, keep_evidence, perform
from cardcase.kit import clock
from cardcase.staff.gate import caller

router = Router()


class CaseInShort(Schema):
    """One open case of the queue. Money in 分, times ISO 8601 with zone."""

    number: str
    order_no: str
    buyer: str
    title: str
    claimed_fen: int | None
    claimed_reason: str
    sub_reason: str | None
    reason_text: str
    stage: str
    status: str
    status_text: str
    waiting_on: str
    due_at: str | None
    due_text: str
    hold: bool
    snoozed_until: str | None
    revision: int
    cursor: str


class Queue(Schema):
    """A page of the queue; ``next`` is the cursor of the page after it, null at the end."""

    cases: list[CaseInShort]
    next: str | None


class ActIn(Schema):
    """What an act needs: the ``revision`` last read and the fields of its form, all as text (amounts in yuan)."""

    revision: int = Field(ge=0)
    fields: dict[str, str] = Field(default_factory=dict)
    kinds: list[str] = Field(default_factory=list)


@router.get("", response=Queue, summary="Open cases, soonest due first")
def queue(request: HttpRequest, show: str = "", limit: int = 50, cursor: str | None = None) -> dict[str, Any]:
    """List open cases. ``show`` narrows to due, seller, buyer or missed."""
    wanted = max(1, min(limit, 200))
    rows = sheet.queue(caller(request), limit=wanted + 1, now=clock.now(), chosen=show, after=cursor)
    return {"cases": rows[:wanted], "next": rows[wanted - 1]["cursor"] if len(rows) > wanted else None}


@router.get("/{number}", summary="Everything that is needed to decide one case")
def show(request: HttpRequest, number: str) -> dict[str, Any]:
    """Return the sheet of a case, as ``cardcase handle --json`` prints it."""
    return sheet.sheet(caller(request), number, now=clock.now())


class TimelineAsked(Schema):
    """What of a timeline is wanted; everything when nothing is said."""

    show: list[str] = Field(default_factory=list)
    by: str = ""
    since: str = ""
    until: str = ""
    find: str = ""


class TimelineItem(Schema):
    """One thing that happened. ``id`` is its anchor on the page of the timeline; ``by`` null for the machine."""

    lane: str
    at: str | None
    id: str
    what: str
    who: str
    by: str | None
    detail: str
    url: str | None
    seq: int | None


class Timeline(Schema):
    """What happened about a case, oldest first."""

    number: str
    happenings: list[TimelineItem]


@router.get("/{number}/timeline", response=Timeline, summary="What happened about a case, oldest first")
def show_timeline(request: HttpRequest, number: str, asked: Annotated[TimelineAsked, Query(...)]) -> dict[str, Any]:
    """Merge chat, mail, calls, platform events, decisions, evidence, cards and clocks.

    ``show`` (may be given several times) narrows to lanes, ``by`` to a party, ``since`` and ``until`` to a span of
    days or moments, ``find`` to words.
    """
    wanted = timeline.narrowing(asked.dict(exclude={"show"}), asked.show)
    happenings = timeline.timeline(caller(request), number, wanted, now=clock.now())
    return {"number": number, "happenings": timeline.document(happenings)}


class FilledBlank(Schema):
    """A blank of a draft, what stands in it, and where that comes from (null: not told)."""

    name: str
    title: str
    value: str
    source: str | None


class MissingFact(Schema):
    """A fact with which a fuller wording could be used, and the way to it."""

    name: str
    title: str
    how: str


class CheckOut(Schema):
    """One check of a reply."""

    code: str
    ok: bool
    text: str


class DraftOut(Schema):
    """One way to say it. ``is_repeat``: much of it was said before."""

    text: str
    length: int
    template: str
    checks: list[CheckOut]
    filled: list[FilledBlank]
    missing: list[MissingFact]
    is_repeat: bool


class Wordings(Schema):
    """The ways to answer a case now, the best first. ``step`` is what the reply does, ``mood`` how the buyer speaks."""

    number: str
    step: str
    form: str
    mood: str
    language: str
    drafts: list[DraftOut]


class WordingAsked(Schema):
    """Which replies are wanted. ``form``: short or chat; ``step``: what the reply does, empty for what fits now."""

    form: str = ""
    step: str = ""
    turn: str = ""


@router.get("/{number}/drafts", response=Wordings, summary="The ways to answer a case now")
def show_drafts(request: HttpRequest, number: str, asked: Annotated[WordingAsked, Query(...)]) -> dict[str, Any]:
    """Suggest replies from reviewed templates and the facts of the case. Nothing is saved; a person sends."""
    wish = wish_from(asked.form, asked.turn, asked.step)
    return wordings.wordings_of(caller(request), number, now=clock.now(), wish=wish)


class WhyNot(Schema):
    """Why the model's words are not offered."""

    code: str
    text: str


class Suggested(Schema):
    """A reply by the model (``by`` model), or the template's in its place (``by`` template) with the reason."""

    number: str
    by: str
    why: WhyNot | None
    failed: list[CheckOut]
    draft: DraftOut


@router.post("/{number}/drafts/model", response=Suggested, summary="Ask the model for a reply; a person sends it")
def suggest(request: HttpRequest, number: str) -> dict[str, Any]:
    """Ask the configured model for words. Without one, and whenever anything is amiss, the template is returned."""
    return suggesting.document(number, suggesting.suggestion_for(caller(request), number, now=clock.now()))


class EvidenceIn(Schema):
    """What evidence shows: its kind (E1 …), and what can be read off it. Times ISO 8601, Shanghai without a zone."""

    kind: str
    title: str = ""
    at: str = ""
    redeemed_at: str = ""
    balance: str = Field("", description="in yuan")
    usable: str = Field("", description="yes or no")
    order_no: str = ""
    tail4: str = ""


class Kept(Schema):
    """The pieces that were kept, by id."""

    number: str
    exhibits: list[str]


@router.post("/{number}/evidence", response=Kept, summary="Keep files as evidence of a case, byte for byte")
def keep(
    request: HttpRequest, number: str, told: Form[EvidenceIn], files: File[list[UploadedFile] | None] = None
) -> dict[str, Any]:
    """Keep each file as an exhibit, or facts without a file. A mail (.eml) is read and its signature checked."""
    act = Act(number, 0, clock.now(), told.dict(), files=files_of(files or ()))
    return {"number": number, "exhibits": keep_evidence(caller(request), act)}


@router.post("/{number}/acts/{name}", summary="Do one thing with a case")
def act(request: HttpRequest, number: str, name: str, body: ActIn) -> dict[str, Any]:
    """Do what the page could do.

    Names: reason, hold, ask, evidence (facts only), reply, sent, note, deadline, offer, concede, decline, escalate,
    execute, result, move, answered, answer, submit, reapplied, reopen, snooze, resume, dispute, transfer, approval,
    approve, need, same, review, card, cause, pause_goal, resume_goal, call, mail.
    Offer, concede, decline and escalate take ``fields.because`` (and ``because_note``): why not as advised.
    Irreversible acts need ``fields.typed``. A stale revision is answered with 409.
    """
    actor, now = caller(request), clock.now()
    lists = {"kinds": body.kinds} if body.kinds else {}
    perform(actor, name, Act(number, body.revision, now, body.fields, lists))
    return sheet.sheet(actor, number, now=clock.now())
