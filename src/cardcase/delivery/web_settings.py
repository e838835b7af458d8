"""The settings page of claim links: how long one is good."""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from cardcase.cards import masking
from cardcase.delivery import pages, queries, service
from cardcase.delivery.rules.claims import MOST_HOURS
from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed, Problem, WrongUse
from cardcase.kit.text import Text
from cardcase.shell.kept import refused
from cardcase.shell.language import say
from cardcase.shell.page import render
from cardcase.shell.parts import ActionForm, Input, InputKind, Link
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor, Permission

PAGE: Final = "delivery/link_hours.html"


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def link_hours(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show and set for how many hours claim links are good."""
    actor.require(Permission.MANAGE_SHOP)
    if request.method != "POST":
        return render(request, PAGE, _page(actor))
    try:
        service.set_claim_hours(actor, _hours(request.POST.get("hours", "")), at=clock.now())
    except NotAllowed:
        raise
    except Problem as problem:
        page = refused(_page(actor), request.path, problem, masking.mask_form(actor, request.POST))
        return render(request, PAGE, page, status=problem.status)
    messages.success(request, say(Text("已记下。", "Noted.")))
    return redirect("settings_links")


def _hours(typed: str) -> int:
    typed = typed.strip()
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 6):  # noqa: PLR2004 - no such number of hours
        raise WrongUse("有效期要写小时数", "Write the number of hours", code="link_hours_wrong")
    return int(typed)


def _page(actor: Actor) -> pages.LinkHoursPage:
    hint = Text(
        f"从生成时起算，1 到 {MOST_HOURS} 小时。改了只管以后生成的链接；已经发出的不变，不放心就在发货页作废。"
        "每次改动都记入保管链。",
        f"Counted from its issue, 1 to {MOST_HOURS} hours. A change holds for links issued afterwards; those that are "
        "out keep their end, and can be revoked on the page of their delivery. Each change stands in the record.",
    )
    hours = Input(
        "hours",
        say(Text("有效几小时", "Good for how many hours")),
        InputKind.NUMBER,
        str(queries.claim_hours(actor)),
        is_required=True,
    )
    return pages.LinkHoursPage(
        title=say(Text("领取链接", "Claim links")),
        back=Link(say(Text("返回设置", "Back to the settings")), reverse("settings")),
        hint=say(hint),
        acts=(ActionForm(url=reverse("settings_links"), button=say(Text("保存", "Save")), inputs=(hours,)),),
    )
