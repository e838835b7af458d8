"""JSON entrance of packs: preview, seal, versions, covering, the refuse form."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from cardcase.cases import queries as cases
from cardcase.evidence import queries as evidence
from cardcase.evidence import service as covering
from cardcase.evidence.rules.covering import Area
from cardcase.kit import clock
from cardcase.kit.errors import NotFound
from cardcase.packs import gathering, plain, queries, refusal, sealed, service
from cardcase.packs.rules.refusal import fits
from cardcase.packs.rules.sealing import Wanted
from cardcase.packs.web import FILES
from cardcase.staff.gate import caller
from cardcase.staff.rules import Actor

router = Router()


class StageIn(Schema):
    """For whom the next pack is (platform, mediator, court, buyer) and its letter; empty: as the product words it."""

    recipient: str = "platform"
    letter: str = ""


class SealIn(Schema):
    """``typed``: 封存证据包 or "seal the pack". ``seen``: the digest of the preview that was looked at."""

    typed: str
    seen: str


class AreaIn(Schema):
    """A rectangle in pixels of the page as ``/pages/<n>.png`` draws it."""

    page: int = Field(default=1, ge=1)
    x: int = Field(ge=0)
    y: int = Field(ge=0)
    width: int = Field(ge=1)
    height: int = Field(ge=1)


class CoverIn(Schema):
    """Places to cover on an exhibit; none: only what is no pixel is taken off."""

    areas: list[AreaIn] = Field(default_factory=list, max_length=100)
    reason: str


class WordsIn(Schema):
    """Words to cover, as they stand, or ``span``: message:from-to."""

    words: str = ""
    span: str = ""
    reason: str


class LookedIn(Schema):
    """Exhibits that a person has looked at."""

    exhibits: list[str]


class Why(Schema):
    """A reason."""

    reason: str


class RefusalIn(Schema):
    """What would be typed into the refuse form."""

    refuse_reason: str
    text: str


@router.post("/{number}/pack", summary="Build and seal the evidence pack of a case in one go")
def pack(request: HttpRequest, number: str) -> HttpResponse:
    """Return the pack as a ZIP. Pictures must have been confirmed as looked at."""
    return _file(service.build(caller(request), number, at=clock.now()), "application/zip", f"{number}.zip")


@router.get("/{number}/packs", summary="Every sealed version of a case's pack")
def packs(request: HttpRequest, number: str) -> dict[str, Any]:
    """List the versions, oldest first."""
    actor = caller(request)
    case = cases.by_number(actor, number)
    return {"packs": [plain.version(case, one) for one in sealed.sealed(actor, case)]}


@router.get("/{number}/packs/preview", summary="What would be sealed now: contents, withheld, leaks, gaps")
def preview(request: HttpRequest, number: str) -> dict[str, Any]:
    """Change nothing."""
    return plain.preview(service.preview(caller(request), number, at=clock.now()))


@router.post("/{number}/packs/stage", summary="Choose for whom the next pack is and word its letter")
def stage(request: HttpRequest, number: str, body: StageIn) -> dict[str, Any]:
    """Keep the draft."""
    draft = service.stage(caller(request), number, Wanted(body.recipient, body.letter), at=clock.now())
    return {"recipient": draft.recipient, "letter": draft.letter}


@router.post("/{number}/packs/seal", summary="Seal a new version of what was previewed")
def seal(request: HttpRequest, number: str, body: SealIn) -> dict[str, Any]:
    """Return the version. Handing it in is the act ``submit`` of the case."""
    actor = caller(request)
    made = service.seal(actor, number, confirmation=body.typed, seen=body.seen, at=clock.now())
    case = cases.by_number(actor, number)
    found, _ = sealed.sealed_bytes(actor, case, made.public_id)
    return plain.version(case, found)


@router.get("/{number}/packs/{version}", summary="A sealed version, byte for byte as it was sealed")
def download(request: HttpRequest, number: str, version: str) -> HttpResponse:
    """Return the ZIP; ``version`` is its number or its id."""
    actor = caller(request)
    found, data = sealed.sealed_bytes(actor, cases.by_number(actor, number), version)
    return _file(data, "application/zip", f"{number}-{found.number}.zip")


@router.get("/{number}/packs/{version}/{name}", summary="One file of a version: report.pdf, index.pdf, index.csv")
def download_file(request: HttpRequest, number: str, version: str, name: str) -> HttpResponse:
    """Return the file."""
    if name not in FILES:
        raise NotFound("没有这个文件", "There is no such file")
    actor = caller(request)
    found, data = sealed.sealed_bytes(actor, cases.by_number(actor, number), version)
    path, mime = FILES[name]
    return _file(sealed.member(data, path), mime, f"{number}-{found.number}-{name}")


@router.get("/{number}/exhibits", summary="The evidence of a case: numbered, lettered, with what each proves")
def exhibits(request: HttpRequest, number: str) -> dict[str, Any]:
    """Return the list of evidence, the covered copies and the covered words."""
    actor = caller(request)
    case = cases.by_number(actor, number)
    told = gathering.masked(actor, queries.dossier(actor, number, at=clock.now()))
    return {
        "claim": told.claim,
        "pieces": plain.listed(told),
        "contradictions": list(told.clashes),
        "gaps": list(told.gaps),
        "redactions": [plain.redaction(one) for one in evidence.redactions(actor, case)],
        "covers": [plain.cover(one) for one in evidence.covers(actor, case, with_lifted=True)],
    }


@router.post("/{number}/exhibits/{exhibit}/cover", summary="Make a copy of an exhibit with places black")
def cover(request: HttpRequest, number: str, exhibit: str, body: CoverIn) -> dict[str, Any]:
    """Return the covered copy; packs show it from now on and withhold the original."""
    actor = caller(request)
    require_of(actor, number, exhibit)
    areas = [Area(one.x, one.y, one.width, one.height, one.page) for one in body.areas]
    return plain.redaction(covering.redact(actor, exhibit, areas, body.reason, at=clock.now()))


def require_of(actor: Actor, number: str, exhibit: str) -> None:
    """Raise NotFound unless an exhibit belongs to a case."""
    if evidence.exhibit(actor, exhibit).case_id != cases.by_number(actor, number).pk:
        raise NotFound("没有这份证据", "There is no such exhibit")


@router.post("/{number}/redactions/{redaction}/lift", summary="Show again what a covered copy stands in for")
def lift(request: HttpRequest, number: str, redaction: str, body: Why) -> dict[str, Any]:
    """Return the copy, lifted."""
    actor = caller(request)
    require_of(actor, number, evidence.redaction(actor, redaction).exhibit.public_id)
    return plain.redaction(covering.lift_redaction(actor, redaction, body.reason, at=clock.now()))


@router.post("/{number}/covers", summary="Cover words wherever they stand in what leaves the shop")
def cover_words(request: HttpRequest, number: str, body: WordsIn) -> dict[str, Any]:
    """Return the cover."""
    actor, at = caller(request), clock.now()
    if body.span:
        return plain.cover(covering.cover_span(actor, number, body.span, body.reason, at=at))
    return plain.cover(covering.cover_words(actor, number, body.words, body.reason, at=at))


@router.post("/{number}/covers/{ref}/lift", summary="Show covered words again")
def uncover(request: HttpRequest, number: str, ref: str, body: Why) -> dict[str, Any]:
    """Return the cover, lifted."""
    actor = caller(request)
    if evidence.cover(actor, ref).case_id != cases.by_number(actor, number).pk:
        raise NotFound("没有这处遮盖", "There is no such cover")
    return plain.cover(covering.lift_cover(actor, ref, body.reason, at=clock.now()))


@router.post("/{number}/looked", summary="Confirm that a person has looked at pictures")
def looked(request: HttpRequest, number: str, body: LookedIn) -> dict[str, Any]:
    """Return how many are newly confirmed."""
    return {"confirmed": covering.confirm_looked(caller(request), number, body.exhibits, at=clock.now())}


@router.get("/{number}/refusal", summary="What goes into the platform's refuse form")
def refuse_form(request: HttpRequest, number: str) -> dict[str, Any]:
    """Return reasons, limits, proposed words and the names of the pictures."""
    return plain.refusal(refusal.refusal_of(caller(request), number, at=clock.now()))


@router.post("/{number}/refusal/check", summary="Check what would be typed into the refuse form; nothing is kept")
def check_refusal(request: HttpRequest, number: str, body: RefusalIn) -> dict[str, Any]:
    """Return every check."""
    found = refusal.checks(caller(request), number, body.refuse_reason, body.text)
    return {"is_ok": fits(found), "checks": plain.checks(found)}


@router.get("/{number}/refusal/{name}", summary="One picture for the refuse form: timeline, delivery, record")
def refusal_picture(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """Return the PNG."""
    return _file(refusal.picture(caller(request), number, name, at=clock.now()), "image/png", f"{number}-{name}.png")


def _file(data: bytes, mime: str, name: str) -> HttpResponse:
    response = HttpResponse(data, content_type=mime)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-cache"
    return response
