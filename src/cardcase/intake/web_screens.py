"""The pages of screenshots: pictures in, looked over beside what was read of them, confirmed or let go."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cardcase.intake import present_screens as present
from cardcase.intake import service
from cardcase.intake.queries import cases_of_capture
from cardcase.intake.uploads import require_small
from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed, NotFound, Problem, WrongUse
from cardcase.kit.text import Text
from cardcase.screens import queries
from cardcase.screens import service as screens
from cardcase.screens.limits import MOST_BYTES
from cardcase.shell.page import render
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor, Permission

_FIELDS: Final = ("who", "text", "quote", "time", "more")
_ABOUT: Final = ("nick", "case", "taken_by")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def screens_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the form that takes pictures, and what waits; keep pictures and promise to read them."""
    if request.method != "POST":
        return _screens(request, actor, {"case": request.GET.get("case", "")})
    told = {name: request.POST.get(name, "") for name in ("taken_by", "taken_on", "case", "nick")}
    try:
        row = screens.promise(
            actor,
            pictures_of(request),
            taken_by=told["taken_by"],
            taken_on=day(told["taken_on"]),
            case=told["case"].strip(),
            nick=told["nick"].strip(),
            at=clock.now(),
        )
    except NotAllowed:
        raise
    except Problem as problem:
        return _screens(request, actor, told, problem)
    return redirect("capture", row.public_id)


def pictures_of(request: HttpRequest) -> list[screens.Picture]:
    """Return the pictures that came with a request. Raises FileTooLarge, WrongUse when there are none."""
    require_small(request)
    pictures = [screens.Picture(file.name or "", file.read(MOST_BYTES + 1)) for file in request.FILES.getlist("files")]
    if not pictures:
        raise WrongUse("请选择截图", "Choose screenshots", code="nothing_given")
    return pictures


def day(told: str) -> date | None:
    """Read a day, None for nothing. Raises WrongUse."""
    try:
        return date.fromisoformat(told.strip()) if told.strip() else None
    except ValueError as error:
        raise WrongUse(
            "这不是日期", "This is no date", next=Text("写成 2026-11-20。", "Write 2026-11-20."), field="taken_on"
        ) from error


def _screens(
    request: HttpRequest, actor: Actor, told: Mapping[str, str], problem: Problem | None = None
) -> HttpResponse:
    form = None
    if actor.may(Permission.IMPORT):
        case, taken_by, taken_on, nick = (told.get(name, "") for name in ("case", "taken_by", "taken_on", "nick"))
        form = present.upload(case=case, taken_by=taken_by, taken_on=taken_on, nick=nick)
    waiting = [(row, len(queries.pictures(actor, row))) for row in queries.waiting(actor)]
    page = present.screens(waiting, now=clock.now(), form=form, problem=problem)
    return render(request, "intake/screens.html", page, status=problem.status if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def capture_page(request: HttpRequest, actor: Actor, capture: str) -> HttpResponse:
    """Show a capture; keep what was changed, confirm it, or let it go."""
    if request.method != "POST":
        return _capture(request, actor, capture, part=_number(request.GET.get("part", "1")))
    act, part = request.POST.get("act", ""), _number(request.POST.get("part", "1"))
    typed, about = _typed(request), {name: request.POST[name] for name in _ABOUT if name in request.POST}
    try:
        if act == "drop":
            screens.drop(actor, capture, at=clock.now())
            messages.success(request, _("已放弃，图片删掉了。"))
            return redirect("screens")
        screens.edit(actor, capture, typed, **about)
        if act == "confirm":
            taken = service.confirm_screens(actor, capture, at=clock.now())
            return _confirmed(request, taken)
    except (NotFound, NotAllowed) as problem:
        if isinstance(problem, NotAllowed) or not about.get("case"):
            raise
        return _capture(request, actor, capture, part=part, problem=problem, typed=typed, about=about)
    except Problem as problem:
        return _capture(request, actor, capture, part=part, problem=problem, typed=typed, about=about)
    messages.success(request, _("改动已存，还没有收下。"))
    answer = redirect("capture", capture)
    answer.headers["Location"] += f"?part={part + (act == 'next')}"
    return answer


def _confirmed(request: HttpRequest, taken: service.ScreensTaken) -> HttpResponse:
    messages.success(
        request,
        _("已收下：新消息 %(new)d，已有 %(known)d，补全 %(changed)d。")
        % {"new": taken.new, "known": taken.known, "changed": taken.changed},
    )
    return redirect("case", taken.cases[0]) if taken.cases else redirect("capture", taken.capture)


def _number(told: str) -> int:
    return int(told) if told.isdecimal() and len(told) < 5 else 1  # noqa: PLR2004 - ten thousand parts are no capture


def _typed(request: HttpRequest) -> dict[int, dict[str, Any]]:
    """Read what was typed for each entry of the part that was shown. An unticked box is not posted."""
    found: dict[int, dict[str, Any]] = {}
    for name, value in request.POST.items():
        field, _dash, number = name.partition("-")
        if field in _FIELDS and number.isdecimal() and len(number) < 5:  # noqa: PLR2004 - as above
            found.setdefault(int(number), {"keep": f"keep-{number}" in request.POST})[field] = value
    return found


def _capture(
    request: HttpRequest,
    actor: Actor,
    capture: str,
    *,
    part: int,
    problem: Problem | None = None,
    typed: Mapping[int, Mapping[str, Any]] | None = None,
    about: Mapping[str, str] | None = None,
) -> HttpResponse:
    row = queries.capture(actor, capture)
    page = present.capture(
        row,
        queries.pictures(actor, row),
        now=clock.now(),
        may_edit=actor.may(Permission.IMPORT),
        part=part,
        found=cases_of_capture(actor, str(row.facts.get("order_no", ""))),
        problem=problem,
        typed=typed,
        typed_about=about,
    )
    return render(request, "intake/capture.html", page, status=problem.status if problem else 200)


@require_safe
@signed_in
def picture(request: HttpRequest, actor: Actor, capture: str, place: int, piece: int) -> HttpResponse:  # noqa: ARG001 - the gate's
    """Give a piece of a picture, drawn anew with card codes covered. The original is opened as an exhibit only."""
    return drawn(queries.shown(actor, queries.capture(actor, capture), place, piece))


def drawn(png: bytes) -> HttpResponse:
    """Answer with a picture that is kept by nobody on the way."""
    response = HttpResponse(png, content_type="image/png")
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
