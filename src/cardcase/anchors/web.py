"""The page of trusted time and witnesses in the settings, and the files that one hands to others from there."""

from datetime import datetime
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cardcase.kit import clock
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.page import render
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor, Permission

from . import queries, service
from .queries import StampView
from .rules.plan import StampState

_STATES: Final = {
    StampState.WAITING: (Text("等着答复", "waiting"), "warn"),
    StampState.VERIFIED: (Text("已核验", "verified"), "good"),
    StampState.UNVERIFIED: (Text("已保存，未核验", "kept, not verified"), "warn"),
    StampState.SUPERSEDED: (Text("被更新的取代", "superseded"), "plain"),
}
_SHOWN: Final = 30


@require_safe
@never_cache
@signed_in
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show how the record stands to others."""
    found = queries.standing(actor, at=clock.now())
    on_claim_page, in_chat = queries.copies(actor)
    copy = queries.copy(actor)
    told = {
        "standing": found,
        "says": say(found.text),
        "problem": say(found.problem.message) if found.problem else "",
        "stamped_at": _moment(found.stamped_at),
        "stamps": [_row(one) for one in queries.stamps(actor, limit=_SHOWN)],
        "witnesses": [(one, say(one.text), _moment(one.seen_at)) for one in found.witnesses],
        "deposits": [(one, say(one.text)) for one in found.deposits],
        "copy": copy,
        "copy_line": say(copy.line) if copy else "",
        "on_claim_page": on_claim_page,
        "in_chat": in_chat,
        "may_manage": actor.may(Permission.MANAGE_SHOP),
    }
    return render(request, "anchors/settings.html", told)


def _row(one: StampView) -> dict[str, object]:
    text, tone = _STATES[one.state]
    return {
        "view": one,
        "state": say(text),
        "tone": tone,
        "says": say(one.text),
        "gen_time": _moment(one.gen_time),
        "next_at": _moment(one.next_at),
        "ends_at": _moment(one.ends_at),
    }


@require_POST
@signed_in
def stamp(request: HttpRequest, actor: Actor) -> HttpResponseBase:
    """Ask for stamps and cosignatures now."""
    service.force(actor, at=clock.now())
    messages.success(request, _("已交给后台，几秒后刷新看结果。"))
    return redirect("settings_anchors")


@require_POST
@signed_in
def set_copies(request: HttpRequest, actor: Actor) -> HttpResponseBase:
    """Choose where buyers are given the head."""
    service.set_copies(
        actor, on_claim_page="on_claim_page" in request.POST, in_chat="in_chat" in request.POST, at=clock.now()
    )
    messages.success(request, _("已保存。"))
    return redirect("settings_anchors")


@require_safe
@signed_in
def copy(_request: HttpRequest, actor: Actor) -> HttpResponse:
    """Give out the newest signed head as a file."""
    return _file(queries.copy_file(actor), "checkpoint.note", "text/plain; charset=utf-8")


@require_safe
@signed_in
def token(_request: HttpRequest, actor: Actor, sha256: str) -> HttpResponse:
    """Give out a reply of an authority as it came."""
    return _file(queries.token_file(actor, sha256), f"{sha256[:16]}.tsr", "application/timestamp-reply")


@require_safe
@signed_in
def stamped(_request: HttpRequest, actor: Actor, sha256: str) -> HttpResponse:
    """Give out the bytes that a token is over, for ``openssl ts -verify -data``."""
    return _file(queries.stamped_file(actor, sha256), f"{sha256[:16]}.note", "application/octet-stream")


def _file(data: bytes, name: str, kind: str) -> HttpResponse:
    return HttpResponse(data, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M") if moment else ""
