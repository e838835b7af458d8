"""JSON entrance of the shop's working hours."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from cardcase.kit import clock
from cardcase.staff.gate import caller

from . import queries, service
from .queries import HoursView
from .rules.hours import as_plain, from_plain

router = Router()


class HoursIn(Schema):
    """Hours to be set: spans of each weekday (mon … sun), whether public holidays are kept, days of the shop's own."""

    week: dict[str, list[str]]
    follows_holidays: bool = True
    closed: list[date] = Field(default_factory=list)
    opened: list[date] = Field(default_factory=list)
    effective_from: datetime | None = None


class HoursOut(Schema):
    """One version of the hours."""

    version: int
    effective_from: datetime
    set_by: str
    week: dict[str, list[str]]
    follows_holidays: bool
    closed: list[date]
    opened: list[date]


class HoursList(Schema):
    """Every version, oldest first; empty means that the shop works round the clock."""

    versions: list[HoursOut]


@router.get("", response=HoursList, summary="The shop's working hours, every version")
def hours(request: HttpRequest) -> dict[str, Any]:
    """Return every version of the hours."""
    views = queries.hours_versions(caller(request))
    return {"versions": [_out(view) for view in views]}


@router.post("", response=HoursOut, summary="Set the next version of the working hours")
def set_hours(request: HttpRequest, body: HoursIn) -> dict[str, Any]:
    """Set the hours from now, or from ``effective_from``. Running goals that move are recorded one by one."""
    wanted = from_plain(body.model_dump(exclude={"effective_from"}))
    actor = caller(request)
    return _out(service.set_hours(actor, wanted, effective_from=body.effective_from, at=clock.now()))


def _out(view: HoursView) -> dict[str, Any]:
    return {
        **as_plain(view.hours),
        "version": view.hours.version,
        "effective_from": view.effective_from,
        "set_by": view.set_by,
    }
