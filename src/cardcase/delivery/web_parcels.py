"""The forms of a parcel on the page of its delivery, and its photos and videos for who may see them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from cardcase.delivery import service
from cardcase.delivery.words_parcels import told_of
from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed, NotFound, Problem
from cardcase.kit.text import Text
from cardcase.shell.download import stream
from cardcase.shell.language import say
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor

from .web import refused_on_page

TAKE_BACK = "take_back"


@require_POST
@never_cache
@signed_in
def step(request: HttpRequest, actor: Actor, delivery: str, step: str) -> HttpResponseBase:
    """Note one step of the parcel, or take the cards of an inspected return back."""
    at = clock.now()
    try:
        if step == TAKE_BACK:
            service.take_back_cards(actor, delivery, at=at)
        else:
            words = {name: request.POST.get(name, "") for name in request.POST}
            files = {name: files[-1] for name, files in request.FILES.lists() if files}
            service.note_step(actor, delivery, step, told_of(words), files, at=at)
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return refused_on_page(request, actor, delivery, problem)
    messages.success(request, say(Text("已记下。", "Noted.")))
    return redirect(reverse("delivery", args=[delivery]) + "#parcel")


@require_POST
@never_cache
@signed_in
def file(request: HttpRequest, actor: Actor, delivery: str, file: str) -> HttpResponseBase:
    """Give a photo or video as a file, never shown inside a page; who opened it and why is on record."""
    opened = service.open_file(actor, delivery, file, reason=request.POST.get("reason", ""), at=clock.now())
    return stream(opened.pieces, mime=opened.mime, name=opened.name, size=opened.size)
