"""JSON entrance of privacy. Whom it is about goes in the body, never in an address: addresses stand in logs."""

from datetime import date, datetime
from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from cardcase.kit import clock
from cardcase.privacy import queries, service
from cardcase.privacy.queries import Plan, RemovalView
from cardcase.privacy.rules import GROUND_TITLES, Ground, Held
from cardcase.staff.gate import caller

router = Router()
GroundName = Literal["buyer_request", "purpose_ended", "retention_over"]


class Who(Schema):
    """A buyer: nickname, id on the channel, ``buyer_<n>``; or an order: its number or public id."""

    who: str


class RestrictIn(Who):
    """Whom to restrict, and why."""

    ground: GroundName


class LiftIn(Who):
    """Whose restriction to lift, and why."""

    reason: str


class EraseIn(Who):
    """Whom to erase, why, the phrase and the stamp of the plan that was looked at."""

    ground: GroundName
    confirmation: str
    stamp: str


class HoldOut(Schema):
    """Something that needs the data."""

    code: str
    zh: str
    en: str


class PartOut(Schema):
    """One order, or what stands apart from any order."""

    subject: str
    order_no: str
    rows: int
    entries: int
    files: int
    due_at: datetime | None
    rule: str
    state: str
    holds: list[HoldOut]


class PlanOut(Schema):
    """What would go, what holds it, and what to type."""

    ref: str
    order_no: str
    rows: int
    contents: int
    files: int
    shared_originals: int
    due_at: datetime | None
    is_due: bool
    parts: list[PartOut]
    holds: list[HoldOut]
    confirmation: str
    confirmation_en: str
    stamp: str


class RemovalOut(Schema):
    """One removal."""

    id: str
    ref: str
    order_no: str
    state: str
    ground: str
    by: str
    erase_at: datetime | None
    restricted_at: datetime | None
    erased_at: datetime | None
    copies_until: date | None
    rows: int
    contents: int
    files: int
    waiting_files: int
    waiting_originals: int


class RemovalList(Schema):
    """Removals, the latest first."""

    removals: list[RemovalOut]


def removal_document(one: RemovalView) -> RemovalOut:
    """Return a removal as programs see it."""
    return RemovalOut(
        id=one.public_id,
        state=one.state.value,
        **{name: getattr(one, name) for name in RemovalOut.model_fields if name not in ("id", "state")},
    )


def plan_document(found: Plan) -> PlanOut:
    """Return a plan as programs see it: without the nickname, because answers are remembered for a day."""
    return PlanOut(
        ref=found.ref,
        order_no=found.order_no,
        rows=found.rows,
        contents=found.contents,
        files=found.files,
        shared_originals=len(found.shared),
        due_at=found.due_at,
        is_due=found.is_due(clock.now()),
        parts=[
            PartOut(
                subject=part.matter.subject,
                order_no=part.matter.about,
                rows=part.collected.rows,
                entries=len(part.entries),
                files=len(part.collected.files),
                due_at=part.due_at,
                rule=part.rule,
                state=part.removal.state if part.removal is not None else "",
                holds=[_hold(one) for one in part.holds],
            )
            for part in found.parts
        ],
        holds=[_hold(one) for one in found.holds],
        confirmation=found.phrase.zh,
        confirmation_en=found.phrase.en,
        stamp=found.stamp,
    )


def _hold(one: Held) -> HoldOut:
    return HoldOut(code=one.hold.value, zh=one.text.zh, en=one.text.en)


@router.get("/removals", response=RemovalList, summary="List what is proposed, restricted and erased")
def removals(request: HttpRequest) -> RemovalList:
    """Return the removals of the shop."""
    return RemovalList(removals=[removal_document(one) for one in queries.removals(caller(request))])


@router.get("/grounds", response=dict[str, dict[str, str]], summary="Grounds on which data are erased")
def grounds(request: HttpRequest) -> dict[str, dict[str, str]]:
    """Return the grounds with their titles."""
    queries.removals(caller(request))
    return {ground.value: {"zh": GROUND_TITLES[ground].zh, "en": GROUND_TITLES[ground].en} for ground in Ground}


@router.post("/plan", response=PlanOut, summary="Look at what is known of a buyer, or of one order")
def plan(request: HttpRequest, told: Who) -> PlanOut:
    """Return what would go and what holds it. Nothing changes."""
    return plan_document(queries.plan(caller(request), told.who))


@router.post("/restrict", response=RemovalList, summary="Lock the data away until their period is over")
def restrict(request: HttpRequest, told: RestrictIn) -> RemovalList:
    """Restrict; by itself durable, so that files go too."""
    done = service.restrict(caller(request), told.who, ground=told.ground, at=clock.now())
    return RemovalList(removals=[removal_document(one) for one in done])


@router.post("/lift", response=RemovalList, summary="Put restricted data back")
def lift(request: HttpRequest, told: LiftIn) -> RemovalList:
    """Lift a restriction, with a reason."""
    done = service.lift(caller(request), told.who, reason=told.reason, at=clock.now())
    return RemovalList(removals=[removal_document(one) for one in done])


@router.post("/erase", response=RemovalList, summary="Erase for good: the phrase of the plan confirms it")
def erase(request: HttpRequest, told: EraseIn) -> RemovalList:
    """Erase what the plan showed."""
    done = service.erase(
        caller(request),
        told.who,
        ground=told.ground,
        confirmation=told.confirmation,
        stamp=told.stamp,
        at=clock.now(),
    )
    return RemovalList(removals=[removal_document(one) for one in done])


@router.post("/export", summary="The buyer's copy as a ZIP of JSON and text")
def export(request: HttpRequest, told: Who) -> HttpResponse:
    """Return the copy; it is not remembered for repetitions."""
    return copy_response(service.export(caller(request), told.who, at=clock.now()).data)


def copy_response(data: bytes) -> HttpResponse:
    """Answer with the copy of a buyer: never kept by anybody in between."""
    response = HttpResponse(data, content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="privacy-copy.zip"'
    response["Cache-Control"] = "no-store"
    return response
