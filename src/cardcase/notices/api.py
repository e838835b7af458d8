"""JSON entrance of notices. Addresses go in and never come out."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from cardcase.kit import clock
from cardcase.notices import queries, service
from cardcase.notices.queries import TargetView
from cardcase.notices.rules.alarms import DEFAULT_EVENTS
from cardcase.notices.service import TargetWish
from cardcase.staff.gate import caller

router = Router()


class Target(Schema):
    """A place that takes notices, without its address."""

    id: str
    name: str
    kind: str
    hint: str
    events: list[str]
    scope: str
    quiet: str
    language: str
    shows_nick: bool
    is_enabled: bool
    was_disabled_by_us: bool
    last_state: str
    last_result: str
    last_at: datetime | None


class TargetList(Schema):
    """All targets of the shop."""

    targets: list[Target]


class NewTarget(Schema):
    """What a new target is: its kind, its address as the service shows it, and what it is told."""

    name: str
    kind: Literal["dingtalk", "wecom", "feishu", "bark", "serverchan", "email", "webhook"]
    address: str
    secret: str = ""
    events: list[str] = Field(default_factory=lambda: [event.value for event in DEFAULT_EVENTS])
    scope: Literal["platform", "ours", "all"] = "ours"
    quiet: str = ""
    language: str = ""
    shows_nick: bool = False


class Promised(Schema):
    """A test notice that is on its way; how it ended stands in the list of targets."""

    notice: int


class Removed(Schema):
    """What was removed."""

    id: str


@router.get("/targets", response=TargetList, summary="List where notices go, and how the last one went")
def list_targets(request: HttpRequest) -> dict[str, Any]:
    """List targets by name."""
    actor = caller(request)
    return {"targets": [_told(view) for view in queries.targets(actor)]}


@router.post("/targets", response=Target, summary="Add a place that takes notices")
def add_target(request: HttpRequest, wish: NewTarget) -> dict[str, Any]:
    """Add a target; its address is sealed."""
    view = service.add_target(
        caller(request),
        wish.kind,
        TargetWish(
            name=wish.name,
            events=wish.events,
            scope=wish.scope,
            quiet=wish.quiet,
            language=wish.language,
            shows_nick=wish.shows_nick,
        ),
        address=wish.address,
        secret=wish.secret,
        at=clock.now(),
    )
    return _told(view)


@router.post("/targets/{target}/test", response=Promised, summary="Send a test notice")
def try_target(request: HttpRequest, target: str) -> dict[str, Any]:
    """Promise a test notice."""
    actor = caller(request)
    return {"notice": service.try_target(actor, target, at=clock.now())}


@router.post("/targets/{target}/remove", response=Removed, summary="Remove a place that takes notices")
def remove_target(request: HttpRequest, target: str) -> dict[str, Any]:
    """Remove a target with its sealed address."""
    service.remove_target(caller(request), target, at=clock.now())
    return {"id": target}


def _told(view: TargetView) -> dict[str, Any]:
    return {
        "id": view.id,
        "name": view.name,
        "kind": view.kind.value,
        "hint": view.hint,
        "events": [event.value for event in view.events],
        "scope": view.scope.value,
        "quiet": view.quiet,
        "language": view.language,
        "shows_nick": view.shows_nick,
        "is_enabled": view.is_enabled,
        "was_disabled_by_us": view.was_disabled_by_us,
        "last_state": view.last_state,
        "last_result": view.last_text.zh,
        "last_at": view.last_at,
    }
