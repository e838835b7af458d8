"""The page of notices in the settings, and the calendar behind its private link."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cardcase.kit import clock
from cardcase.kit.errors import Problem
from cardcase.kit.text import Text
from cardcase.shell.page import render
from cardcase.staff import queries as staff
from cardcase.staff.gate import refusal, signed_in
from cardcase.staff.rules import Actor

from . import queries, service
from .forms import LinkForm, NewTargetForm, TargetForm
from .rules import EVENT_TITLES, NoticeState

MOST_ASKED: Final = 60
"""Times that one link may be asked for in ASKED_WITHIN seconds; calendars ask a few times an hour."""

ASKED_WITHIN: Final = 600
_TONES: Final = {
    NoticeState.SENT.value: "good",
    NoticeState.FAILED.value: "bad",
    NoticeState.UNCLEAR.value: "warn",
    NoticeState.WAITING.value: "warn",
}
_STATES: Final = {
    NoticeState.WAITING: Text("等着发", "waiting"),
    NoticeState.SENDING: Text("正在发", "under way"),
    NoticeState.SENT: Text("已发出", "sent"),
    NoticeState.FAILED: Text("没发出", "not sent"),
    NoticeState.UNCLEAR: Text("不明", "unclear"),
    NoticeState.DROPPED: Text("不用发了", "not needed"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show where notices go, and add one."""
    if request.method != "POST":
        return _page(request, actor, NewTargetForm(initial={"language": queries.default_language()}))
    form = NewTargetForm(request.POST)
    if not form.is_valid():
        queries.targets(actor)  # who may not see may not try either
        return _page(request, actor, form, status=422)
    data = form.cleaned_data
    try:
        service.add_target(
            actor, data["kind"], form.wish, address=data["address"], secret=data["secret"], at=clock.now()
        )
    except Problem as problem:
        if problem.status == 403:  # noqa: PLR2004 - not a matter of what was typed
            raise
        form.add_error(_field_of(problem), _sentence(problem))
        return _page(request, actor, form, status=problem.status)
    messages.success(request, _("已添加。按“试一下”看看收不收得到。"))
    return redirect("settings_notices")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
def change(request: HttpRequest, actor: Actor, target: str) -> HttpResponse:
    """Show and change what one target is told."""
    view = queries.target(actor, target)
    form = TargetForm(request.POST) if request.method == "POST" else TargetForm.of(view)
    if form.is_bound and form.is_valid():
        try:
            data = form.cleaned_data
            service.change_target(
                actor, target, form.wish, address=data["address"], secret=data["secret"], at=clock.now()
            )
        except Problem as problem:
            form.add_error(_field_of(problem), _sentence(problem))
        else:
            messages.success(request, _("已保存。"))
            return redirect("settings_notices")
    told = {"form": form, "target": view, "title": view.name}
    return render(request, "notices/change.html", told, status=422 if form.is_bound else 200)


@require_POST
@signed_in
def try_target(request: HttpRequest, actor: Actor, target: str) -> HttpResponseBase:
    """Send a test notice, in the background."""
    return _act(
        request,
        lambda: service.try_target(actor, target, at=clock.now()),
        said=_("测试通知已交给后台，几秒后刷新看结果。"),
    )


@require_POST
@signed_in
def switch(request: HttpRequest, actor: Actor, target: str) -> HttpResponseBase:
    """Switch a target on or off."""
    is_on = request.POST.get("to") == "on"
    return _act(
        request,
        lambda: service.set_enabled(actor, target, is_enabled=is_on, at=clock.now()),
        said=_("已启用。") if is_on else _("已停用。"),
    )


@require_POST
@signed_in
def remove(request: HttpRequest, actor: Actor, target: str) -> HttpResponseBase:
    """Remove a target."""
    return _act(request, lambda: service.remove_target(actor, target, at=clock.now()), said=_("已删除，地址也删了。"))


@require_POST
@never_cache
@signed_in
def link(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Make the calendar's link, or replace it, and show it once."""
    form = LinkForm(request.POST)
    shows_nick = form.is_valid() and form.cleaned_data["shows_nick"]
    key = service.make_link(actor, shows_nick=shows_nick, language=get_language() or "", at=clock.now())
    told = {
        "title": _("日历链接已建好"),
        "label": _("日历链接"),
        "secret": queries.own_address(request.build_absolute_uri("/")) + reverse("calendar", args=[key]),
        "hint": _(
            "只显示这一次。在手机或电脑的日历里选“订阅日历”，粘贴它。谁有这个链接，谁就看得到时限；泄露了就换一个。"
        ),
        "back": "settings_notices",
    }
    response = render(request, "staff/secret.html", told)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@signed_in
def unlink(request: HttpRequest, actor: Actor) -> HttpResponseBase:
    """End the calendar's link."""
    return _act(request, lambda: service.revoke_link(actor, at=clock.now()), said=_("日历链接已停用。"))


@require_safe
def calendar(request: HttpRequest, key: str) -> HttpResponse:  # noqa: ARG001 - the key says all
    """Show the shop's deadlines to whoever holds the link. No session, no page: a calendar asks."""
    from . import calendar as writer  # its library is needed by few processes and by no page

    found = queries.reader_by_key(key)
    if found is None:
        return HttpResponse("not found\n", status=404, content_type="text/plain", headers={"Cache-Control": "no-store"})
    reader, row = found
    if not _may_ask(row.pk):
        return HttpResponse(
            "asked too often\n",
            status=429,
            content_type="text/plain",
            headers={"Retry-After": str(ASKED_WITHIN), "Cache-Control": "no-store"},
        )
    now = clock.now()
    service.touch_link(reader, row.pk, at=now)
    body = writer.document(
        staff.shop_of(reader).name,
        queries.calendar_entries(reader, shows_nick=row.shows_nick),
        at=now,
        language=row.language,
    )
    return HttpResponse(
        body,
        content_type="text/calendar; charset=utf-8",
        headers={
            "Cache-Control": "private, max-age=300",
            "Content-Disposition": 'inline; filename="cardcase.ics"',
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex",
        },
    )


def _may_ask(link_id: int) -> bool:
    """Count how often a link is asked for, in this process; unknown keys cost one look-up and are not counted."""
    name = f"calendar-asked-{link_id}"
    cache.add(name, 0, ASKED_WITHIN)
    try:
        return cache.incr(name) <= MOST_ASKED
    except ValueError:  # it ran out between the two
        return True


def _page(request: HttpRequest, actor: Actor, form: NewTargetForm, *, status: int = 200) -> HttpResponse:
    language = get_language() or "zh-hans"
    targets = [
        {
            "view": view,
            "kind": view.kind_title.say(language),
            "alarms": "、".join(EVENT_TITLES[event].say(language) for event in view.events),
            "last": view.last_text.say(language),
            "last_at": _moment(view.last_at),
            "tone": _TONES.get(view.last_state, "plain"),
        }
        for view in queries.targets(actor)
    ]
    notices = [
        {
            "target": view.target,
            "title": view.title.say(language),
            "case": view.case,
            "state": _STATES[view.state].say(language),
            "tone": _TONES.get(view.state.value, "plain") if view.text.zh else "plain",
            "text": "" if view.state is NoticeState.SENT else view.text.say(language),
            "at": _moment(view.settled_at or view.send_at),
        }
        for view in queries.latest(actor)
    ]
    live = queries.link(actor)
    told = {
        "targets": targets,
        "notices": notices,
        "form": form,
        "link": live,
        "link_form": LinkForm(auto_id="link_%s"),
        "link_made": _moment(live.created_at) if live else "",
        "link_used": _moment(live.last_used_at) if live else "",
    }
    return render(request, "notices/settings.html", told, status=status)


def _act(request: HttpRequest, verb: Callable[[], Any], *, said: str) -> HttpResponseBase:
    try:
        verb()
    except Problem as problem:
        return refusal(request, problem)
    messages.success(request, said)
    return redirect("settings_notices")


def _field_of(problem: Problem) -> str:
    return {"bad_quiet_hours": "quiet", "bad_target_address": "address"}.get(problem.problem_code, "name")


def _sentence(problem: Problem) -> str:
    language = get_language() or "zh-hans"
    return " ".join(part for part in (problem.message.say(language), problem.next.say(language)) if part)


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(clock.SHANGHAI).strftime("%m-%d %H:%M") if moment else ""
