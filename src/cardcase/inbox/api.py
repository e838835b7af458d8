"""JSON entrance of replies: what is wrong with these words, and how to say it better."""

from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from cardcase.staff.rules import Actor, Permission

from . import reading

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
    actor = request.auth  # type: ignore[attr-defined]  # ninja puts the actor there
    assert isinstance(actor, Actor)
    actor.require(Permission.READ)
    return reading.document(reading.read_reply(actor, body.text))
