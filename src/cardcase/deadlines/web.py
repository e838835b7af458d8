"""The page of the shop's working hours, under Settings."""

from datetime import date, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cardcase.kit import clock
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor, Permission

from . import queries, service
from .forms import HoursForm
from .rules import calendar

_YEARS = 2
"""Years whose holidays the page speaks of: this one and the next."""


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def hours_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show and change the shop's working hours. A change is a new version from now on."""
    actor.require(Permission.MANAGE_SHOP)
    now = clock.now()
    versions = queries.hours_versions(actor)
    form = (
        HoursForm(request.POST) if request.method == "POST" else HoursForm.of(versions[-1].hours if versions else None)
    )
    if form.is_bound and form.is_valid():
        service.set_hours(actor, form.cleaned_data["hours"], at=now)
        messages.success(request, _("工作时间已保存，从现在起生效；正在走的目标已按新时间重算。"))
        return redirect("settings_hours")
    zone = queries.zone_of(actor)
    today = now.astimezone(zone).date()
    page = {
        "form": form,
        "versions": [(view, _moment(view.effective_from)) for view in reversed(versions)],
        "unknown_years": _unknown(today),
        "zone": zone.key,
        "jumps": [(_moment(jump.noticed_at), int(jump.by.total_seconds())) for jump in _jumps(actor, now)],
    }
    return render(request, "deadlines/hours.html", {"page": page}, status=422 if form.is_bound else 200)


def _unknown(today: date) -> list[int]:
    return [year for year in range(today.year, today.year + _YEARS) if not calendar.is_known(year)]


def _jumps(actor: Actor, now: datetime) -> list[queries.JumpView]:
    return queries.clock_jumps(actor, since=now - queries.JUMPS_SHOWN)


def _moment(moment: datetime) -> str:
    return moment.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M")
