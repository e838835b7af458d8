"""The page of a shop's corrections under Settings: what came of them, and the owner's switch."""

import json
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cardcase.kit import clock
from cardcase.shell.page import render
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor
from cardcase.triage import service as triage

from . import present, queries

PAGE: Final = "settings_corrections"


@require_safe
@never_cache
@signed_in
def corrections(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what people said of proposals and what was made of it."""
    return render(request, "training/corrections.html", present.page(actor, present.standing(actor)))


@require_POST
@signed_in
def switch(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Switch on or off whether corrections count, or go back to the reader before."""
    wanted = request.POST.get("do", "")
    if wanted == "back":
        triage.go_back(actor, at=clock.now())
        messages.success(request, _("退回了上一个。"))
    else:
        triage.switch(actor, is_on=wanted == "on", at=clock.now())
        messages.success(request, _("已开启。") if wanted == "on" else _("已关闭，只用随产品来的读法。"))
    return redirect(PAGE)


@require_safe
@never_cache
@signed_in
def labels(_request: HttpRequest, actor: Actor) -> HttpResponse:
    """Give the labels as JSON lines, as ``cardcase corrections labels`` prints them."""
    rows = [json.dumps(queries.document(one), ensure_ascii=False) for one in queries.labels(actor)]
    answer = HttpResponse("".join(f"{row}\n" for row in rows), content_type="application/x-ndjson; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="labels.jsonl"'
    return answer
