"""The forms of a parcel on the page of its delivery or replacement, and its photos and videos for who may see them."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from cardcase.delivery import service
from cardcase.delivery.words_parcels import number_of, told_of
from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed, NotFound, Problem
from cardcase.kit.text import Text
from cardcase.shell.download import stream
from cardcase.shell.language import say
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor

from . import web_replacements
from .web import refused_on_page

TAKE_BACK, AGAIN = "take_back", "again"
Refused = Callable[[HttpRequest, Actor, str, Problem], HttpResponse]


@require_POST
@never_cache
@signed_in
def step(request: HttpRequest, actor: Actor, delivery: str, step: str) -> HttpResponseBase:
    """Note one step of a parcel of a delivery, begin a further one, or take the cards of a return back."""
    return _note(request, actor, delivery, step, refused_on_page, reverse("delivery", args=[delivery]))


@require_POST
@never_cache
@signed_in
def replacement_step(request: HttpRequest, actor: Actor, card: str, step: str) -> HttpResponseBase:
    """Do the same for the parcel of a physical replacement."""
    return _note(request, actor, card, step, web_replacements.refused_on_page, reverse("replacement", args=[card]))


def _note(  # noqa: PLR0917 - whose parcel, what, and where to go from there
    request: HttpRequest, actor: Actor, goods: str, step: str, refused: Refused, back: str
) -> HttpResponseBase:
    at = clock.now()
    try:
        if step == TAKE_BACK:
            service.take_back_cards(actor, goods, at=at)
        elif step == AGAIN:
            service.begin_again(
                actor, goods, request.POST.get("kind", ""), reason=request.POST.get("reason", ""), at=at
            )
        else:
            words = {name: request.POST.get(name, "") for name in request.POST}
            files = {name: files[-1] for name, files in request.FILES.lists() if files}
            told, number = told_of(words), number_of(words)
            service.note_step(actor, goods, step, told, files, number=number, at=at)
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return refused(request, actor, goods, problem)
    messages.success(request, say(Text("已记下。", "Noted.")))
    return redirect(f"{back}#parcel")


@require_POST
@never_cache
@signed_in
def file(request: HttpRequest, actor: Actor, delivery: str, file: str) -> HttpResponseBase:
    """Give a photo or video as a file, never shown inside a page; who opened it and why is on record."""
    return _open(request, actor, delivery, file)


@require_POST
@never_cache
@signed_in
def replacement_file(request: HttpRequest, actor: Actor, card: str, file: str) -> HttpResponseBase:
    """Do the same for a file of a replacement's parcel."""
    return _open(request, actor, card, file)


def _open(request: HttpRequest, actor: Actor, goods: str, file: str) -> HttpResponseBase:
    opened = service.open_file(actor, goods, file, reason=request.POST.get("reason", ""), at=clock.now())
    return stream(opened.pieces, mime=opened.mime, name=opened.name, size=opened.size)
