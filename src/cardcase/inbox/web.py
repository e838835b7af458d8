"""The page of the optional model under Settings: what it is told, and the owner's consent."""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cardcase.kit import clock
from cardcase.shell.language import say
from cardcase.shell.page import render
from cardcase.shell.parts import ActionForm
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor, Permission

from . import present, service
from .rules import asking
from .rules import consent as words

PAGE: Final = "settings_model"


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def model_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show where words would go and what they would be; agree to it, or take it back."""
    actor.require(Permission.MANAGE_SHOP)
    if request.method == "POST":
        if "typed" in request.POST:
            service.agree(actor, request.POST["typed"], at=clock.now())
            messages.success(request, _("已开启：每次发出都会记进记录。"))
        else:
            service.take_back(actor, at=clock.now())
            messages.success(request, _("已关闭：不再发给模型。"))
        return redirect(PAGE)
    to, given = present.standing(actor)
    told = {
        "to": to,
        "is_on": given is not None,
        "given": given,
        "given_at": given.given_at.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M") if given else "",
        "most": asking.MOST_SAID,
        "longest": asking.LONGEST_SAID,
        "agree": ActionForm(reverse(PAGE), _("同意并开启"), typed_word=say(words.phrase(to.host))) if to else None,
        "stop": ActionForm(reverse(PAGE), _("收回同意，关闭")),
    }
    return render(request, "inbox/model.html", told)
