"""The pages of privacy in the settings: what is due and what was done, and one buyer with what can be done."""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cardcase.kit import clock
from cardcase.kit.errors import NotFound
from cardcase.privacy import present, queries, service
from cardcase.shell.page import render
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor

from .api import copy_response

PAGE: Final = "privacy/page.html"


@require_safe
@never_cache
@signed_in
def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what is due, what is restricted, what was erased, and the periods."""
    return render(request, PAGE, present.overview(queries.removals(actor), queries.retention(actor), now=clock.now()))


@require_POST
@never_cache
@signed_in
def find(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Find a buyer or an order; the answer's address does not name him."""
    return redirect("privacy_subject", queries.find(actor, request.POST.get("who", ""))[-1].subject)


@require_safe
@never_cache
@signed_in
def subject(request: HttpRequest, actor: Actor, ref: str) -> HttpResponse:
    """Show what is known of a buyer, or of one order, and what can be done with it."""
    return render(request, PAGE, present.subject(queries.plan(actor, ref), now=clock.now()))


@require_POST
@never_cache
@signed_in
def act(request: HttpRequest, actor: Actor, ref: str, name: str) -> HttpResponse:
    """Do one thing: export, restrict, lift or erase."""
    at, told = clock.now(), request.POST
    if name == "export":
        return copy_response(service.export(actor, ref, at=at).data)
    if name == "restrict":
        service.restrict(actor, ref, ground=told.get("ground", ""), at=at)
        messages.success(request, _("已限制处理：只保存，不作别用。"))
    elif name == "lift":
        service.lift(actor, ref, reason=told.get("reason", ""), at=at)
        messages.success(request, _("已解除限制，资料放回原处。"))
    elif name == "erase":
        done = service.erase(
            actor,
            ref,
            ground=told.get("ground", ""),
            confirmation=told.get("typed", ""),
            stamp=told.get("stamp", ""),
            at=at,
        )
        if any(one.waiting_files for one in done):
            messages.success(request, _("已从数据库删除；个别文件刚收到，十分钟后自动删掉。"))
        else:
            messages.success(request, _("已删除。"))
    else:
        raise NotFound("没有这个操作", "There is no such act")
    return redirect("privacy_subject", ref)
