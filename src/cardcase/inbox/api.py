"""JSON entrance of replies: what is wrong with these words, and how to say it better."""

from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from cardcase.kit import clock
from cardcase.staff.gate import caller
from cardcase.staff.rules import Permission

from . import present, reading, service

router = Router()


class ReplyIn(Schema):
    """The words of a reply, as they would be sent."""

    text: str = Field(max_length=2_000)


class ReplyCheck(Schema):
    """One check of a reply."""

    code: str
    ok: bool
    text: str


class ReplyFinding(Schema):
    """One place that fails a check: ``start`` and ``end`` count code points; ``words`` is empty for codes and data.

    ``level``: ``must`` is against law, rules or safety, ``hint`` is tone. A ``rule`` named ``learned.…`` may err.
    """

    code: str
    rule: str
    level: str
    start: int
    end: int
    words: str
    why: str
    better: str


class ReplyRead(Schema):
    """What is said about a reply. ``better``: the whole reply put well, empty when nothing is wrong or it cannot be.

    ``ok``: every check is passed; ``may_go``: it may be marked as sent, what is only learned does not stop it.
    """

    ok: bool
    may_go: bool
    length: int
    limit: int
    checks: list[ReplyCheck]
    findings: list[ReplyFinding]
    better: str


@router.post("/check", response=ReplyRead, summary="Check the words of a reply before a person sends them")
def check(request: HttpRequest, body: ReplyIn) -> dict[str, Any]:
    """Read a reply as it is read before it may be marked as sent. Nothing is kept."""
    actor = caller(request)
    actor.require(Permission.READ)
    return reading.document(reading.read_reply(actor, body.text))


class ModelStanding(Schema):
    """Where a buyer's words would go, and whether the owner has agreed; ``phrase`` is what he types to agree."""

    host: str | None
    model: str | None
    agreed: bool
    by: str | None
    given_at: str | None
    phrase: str | None


class ConsentIn(Schema):
    """The words of consent, as ``phrase`` has them."""

    typed: str = Field(max_length=400)


@router.get("/model", response=ModelStanding, summary="Whether buyers' words may go to the optional model")
def model(request: HttpRequest) -> dict[str, Any]:
    """Return the host, the model and the consent. Owners only."""
    return present.document(present.standing(caller(request)))


@router.post("/model", response=ModelStanding, summary="Agree that buyers' words go to the model that is set up")
def agree(request: HttpRequest, body: ConsentIn) -> dict[str, Any]:
    """Give the consent of the owner; another host or model needs a new one."""
    service.agree(caller(request), body.typed, at=clock.now())
    return present.document(present.standing(caller(request)))


@router.post("/model/take-back", response=ModelStanding, summary="Take the consent back")
def take_back(request: HttpRequest) -> dict[str, Any]:
    """End the consent: from now on nothing leaves."""
    service.take_back(caller(request), at=clock.now())
    return present.document(present.standing(caller(request)))
