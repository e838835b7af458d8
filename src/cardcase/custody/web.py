"""The page of the record, under Settings: its head, its last signed head, its keys, and turning them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cardcase.kit import clock
from cardcase.shell.language import say
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor, Permission

from . import queries, service


@require_safe
@signed_in
def record_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show where the record stands and which keys signed it."""
    state = queries.record_state(actor)
    page = {
        "state": state,
        "says": say(state.text),
        "next": say(state.next),
        "chain": [(key, say(key.state_text), key.at[:16].replace("T", " ")) for key in reversed(state.keys)],
        "may_manage": actor.may(Permission.MANAGE_SHOP),
    }
    return render(request, "custody/record.html", {"page": page})


@require_POST
@signed_in
def sign(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Sign the present head."""
    service.checkpoint(actor, at=clock.now())
    messages.success(request, _("已签名。把下面的校验点发给别人保存，分量更重。"))
    return redirect("settings_record")


@require_POST
@signed_in
def rotate_key(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Let a fresh key follow the present one."""
    service.rotate_key(actor, request.POST.get("reason", ""), at=clock.now())
    messages.success(request, _("签名密钥已更换，旧密钥已销毁。请把新公钥公布到原来的地方。"))
    return redirect("settings_record")


@require_POST
@signed_in
def go_on(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Let a restored record, or one whose key is lost, go on under a new name."""
    service.continue_as_new_log(actor, request.POST.get("reason", ""), at=clock.now())
    messages.success(request, _("记录以新的名称继续。请把新公钥公布到原来的地方。"))
    return redirect("settings_record")
