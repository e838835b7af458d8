"""JSON entrance of corrections: the labels that people gave, what was made of them, and the owner's switch."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from cardcase.kit import clock
from cardcase.staff.gate import caller
from cardcase.triage import service as triage

from . import present, queries

router = Router()


class Label(Schema):
    """What was proposed and what a person said, with the buyer's words until then; erased with him."""

    id: int
    case: str
    at: str
    by: str
    proposed: str | None
    confidence: float | None
    reader: str | None
    said: str
    agreed: bool
    language: str | None
    form: str | None
    words: list[str]


class Labels(Schema):
    """Labels in the order in which they were given; ``next`` is the ``after`` of the next page, null at the end."""

    labels: list[Label]
    next: int | None


class SwitchIn(Schema):
    """Whether corrections may change the reader."""

    on: bool


@router.get("", summary="How the shop's reader stands: labels, fits, what is in use")
def standing(request: HttpRequest) -> dict[str, Any]:
    """Return the switch, the reader's name and the latest fits with their figures."""
    return present.document(present.standing(caller(request)))


@router.get("/labels", response=Labels, summary="What people said of the reasons that triage read")
def labels(request: HttpRequest, limit: int = 200, after: int = 0) -> dict[str, Any]:
    """List labels with their words."""
    wanted = max(1, min(limit, 1000))
    found = queries.labels(caller(request), limit=wanted + 1, after=after)
    rows = [queries.document(one) for one in found[:wanted]]
    return {"labels": rows, "next": rows[-1]["id"] if len(found) > wanted else None}


@router.post("/switch", summary="Let corrections change the reader, or not")
def switch(request: HttpRequest, body: SwitchIn) -> dict[str, Any]:
    """Switch it. Owners only."""
    actor = caller(request)
    triage.switch(actor, is_on=body.on, at=clock.now())
    return present.document(present.standing(actor))


@router.post("/back", summary="Go back to the reader before")
def back(request: HttpRequest) -> dict[str, Any]:
    """Set the correction in use aside. Owners only."""
    actor = caller(request)
    triage.go_back(actor, at=clock.now())
    return present.document(present.standing(actor))
