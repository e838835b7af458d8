"""JSON entrance of parcels: the chains, one step with its files, a further parcel, a file for who may see it."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, StreamingHttpResponse
from ninja import File, Form, Router, Schema, UploadedFile

from cardcase.delivery import queries, service
from cardcase.delivery.queries import ChainView, ParcelsView, StepView
from cardcase.delivery.rules.parcels import OUTCOMES, StepTold
from cardcase.kit import clock
from cardcase.kit.text import Text
from cardcase.shell.download import stream
from cardcase.staff.gate import caller

Step = Literal["packed", "shipped", "signed", "unboxed", "announced", "received", "inspected"]


class StepIn(Schema):
    """What is told of a step; which fields belong to which step stands in the handbook. ``serials``: one a line.

    ``number``: which parcel of the goods, from 1; the last when it is not told.
    """

    happened_at: datetime | None = None
    carrier: str = ""
    waybill_no: str = ""
    weight_g: int | None = None
    who: str = ""
    note: str = ""
    reason: str = ""
    serials: str = ""
    is_uncut: bool | None = None
    is_waybill_visible: bool | None = None
    is_tape_intact: bool | None = None
    is_scratch_intact: bool | None = None
    is_empty: bool = False
    number: int | None = None


class Why(Schema):
    """A reason."""

    reason: str


class AgainIn(Schema):
    """Which further parcel begins, as ``again`` of the document says, and why."""

    kind: Literal["lost", "came_back", "return"]
    reason: str


def parcels(request: HttpRequest, goods: str) -> dict[str, Any]:
    """Return the chains."""
    return parcels_document(queries.parcels(caller(request), goods))


def take_back(request: HttpRequest, goods: str) -> dict[str, Any]:
    """Take the cards back."""
    return parcels_document(service.take_back_cards(caller(request), goods, at=clock.now()))


def again(request: HttpRequest, goods: str, told: AgainIn) -> dict[str, Any]:
    """Begin a further chain."""
    found = service.begin_again(caller(request), goods, told.kind, reason=told.reason, at=clock.now())
    return parcels_document(found)


def note(  # noqa: PLR0917 - one file a role
    request: HttpRequest,
    goods: str,
    step: Step,
    told: Form[StepIn],
    front: File[UploadedFile | None] = None,
    back: File[UploadedFile | None] = None,
    video: File[UploadedFile | None] = None,
    receipt: File[UploadedFile | None] = None,
    photo: File[UploadedFile | None] = None,
) -> dict[str, Any]:
    """Note a step; serials are compared at once and not kept."""
    actor = caller(request)
    roles = {"front": front, "back": back, "video": video, "receipt": receipt, "photo": photo}
    files = {role: file for role, file in roles.items() if file is not None}
    values = told.dict() | {"serials": tuple(line for line in told.serials.splitlines() if line.strip())}
    number = values.pop("number")
    service.note_step(actor, goods, step, StepTold(**values), files, number=number, at=clock.now())
    return parcels_document(queries.parcels(actor, goods))


def open_file(request: HttpRequest, goods: str, file: str, why: Why) -> StreamingHttpResponse:
    """Give the bytes of a file."""
    opened = service.open_file(caller(request), goods, file, reason=why.reason, at=clock.now())
    return stream(opened.pieces, mime=opened.mime, name=opened.name, size=opened.size)


_ROUTES = (
    ("get", "/{goods}/parcel", parcels, "The parcels of physical cards as chains, oldest first, serials by tail"),
    ("post", "/{goods}/parcel/take_back", take_back, "Take the cards of a return back that was found intact"),
    ("post", "/{goods}/parcel/again", again, "Begin a further parcel after a loss or a return, or a further return"),
    ("post", "/{goods}/parcel/{step}", note, "Note one step of a parcel, with its photos and videos"),
    ("post", "/{goods}/parcel/files/{file}", open_file, "Open a photo or video, with a reason that is recorded"),
)


def routes(of: str) -> Router:
    """Return the addresses of parcels, under that of a delivery or of a replacement (``of``) alike."""
    router = Router()
    for method, path, work, summary in _ROUTES:
        add = router.get if method == "get" else router.post
        add(path, summary=summary, operation_id=f"{of}_parcel_{work.__name__}")(work)
    return router


def parcels_document(found: ParcelsView) -> dict[str, Any]:
    """Return the chains of some goods as JSON, sentences in both languages."""
    return {
        "goods": found.goods,
        "is_replacement": found.is_replacement,
        "state": found.state.value,
        "again": found.again.value if found.again else None,
        "chains": [_chain(chain) for chain in found.chains],
    }


def _chain(found: ChainView) -> dict[str, Any]:
    return {
        "number": found.round,
        "begins_with": found.begins_with.value,
        "why": found.why,
        "following": [name.value for name in found.following],
        "outcome": found.outcome.value if found.outcome else None,
        "outcome_text": _both(OUTCOMES[found.outcome]) if found.outcome else None,
        "is_intact": found.is_intact,
        "contradictions": [
            {"kind": one.clash.value, "step": one.step.value, **_both(one.text)} for one in found.contradictions
        ],
        "steps": [_step(step) for step in found.steps],
    }


def _step(step: StepView) -> dict[str, Any]:
    facts = step.facts
    return {
        "id": step.public_id,
        "step": step.name.value,
        "parcel": step.parcel,
        "previous": step.previous,
        "chain_sha256": step.chain_sha256,
        "happened_at": facts.happened_at,
        "noted_at": step.noted_at,
        "noted_by": step.noted_by,
        "carrier": facts.carrier,
        "waybill_no": facts.waybill_no,
        "weight_g": facts.weight_g,
        "who": facts.who,
        "note": step.note,
        "flags": dict(facts.flags),
        "serials": [{"card": one.card, "tail": one.tail, "match": one.match.value} for one in step.serials],
        "files": [
            {"id": one.public_id, "role": one.role.value, "mime": one.mime, "bytes": one.size, "sha256": one.sha256}
            for one in step.files
        ],
        "lacks": [_both(text) for text in step.lacks],
        "told_anew": step.replaced,
    }


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
