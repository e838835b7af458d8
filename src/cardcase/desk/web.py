"""Today and the case page. Every act is a plain POST that works without JavaScript."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cardcase.desk import words
from cardcase.desk.queries import case_page, exhibit_file, today_page
from cardcase.desk.service import Act, perform
from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed, NotFound, Problem
from cardcase.shell.kept import with_words
from cardcase.shell.language import say
from cardcase.shell.page import render
from cardcase.shell.parts import Check, Notice, Tone
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor

REPLIES = ("reply", "sent")
CHOICES = ("due", "seller", "buyer", "missed")


@require_safe
@signed_in
def today(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the open cases, soonest due first."""
    chosen = request.GET.get("show", "")
    after = request.GET.get("after", "0")
    page = today_page(
        actor,
        now=clock.now(),
        chosen=chosen if chosen in CHOICES else "",
        after=int(after) if after.isdecimal() and len(after) < 7 else 0,  # noqa: PLR2004 - a million rows is no page
    )
    return render(request, "desk/today.html", page)


@require_safe
@signed_in
def case(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show one case."""
    page = case_page(actor, number, now=clock.now(), all_talk=request.GET.get("talk") == "all")
    return render(request, "desk/case.html", page)


@require_safe
@signed_in
def exhibit(request: HttpRequest, actor: Actor, number: str, exhibit: str) -> HttpResponse:  # noqa: ARG001 - the gate's
    """Give the original of an exhibit, never to be run or embedded elsewhere."""
    data, mime, name = exhibit_file(actor, number, exhibit)
    response = HttpResponse(data, content_type=mime)
    disposition = "inline" if mime.startswith("image/") else "attachment"
    response.headers["Content-Disposition"] = f'{disposition}; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@require_POST
@signed_in
def act(request: HttpRequest, actor: Actor, number: str, name: str) -> HttpResponse:
    """Do one thing with a case; a refusal shows the same page again with the person's words kept."""
    if name == "check":
        return _checks(request)
    typed = {key: value for key, value in request.POST.items() if isinstance(value, str)}
    revision = typed.get("revision", "")
    try:
        perform(
            actor,
            name,
            Act(
                number=number,
                revision=int(revision) if revision.isdecimal() and len(revision) < 10 else 0,  # noqa: PLR2004
                at=clock.now(),
                values=typed,
                lists={key: request.POST.getlist(key) for key in request.POST},
                files=[(file.name or "", file.read()) for file in request.FILES.getlist("files")],
            ),
        )
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return _refused(request, actor, number, name, problem)
    messages.success(request, _("已记下。"))
    return redirect("case", number)


def _refused(request: HttpRequest, actor: Actor, number: str, name: str, problem: Problem) -> HttpResponse:
    """Show the case again: the refusal, and what was typed in the form that it was typed into."""
    typed = {
        key: value
        for key, value in request.POST.items()
        if isinstance(value, str) and key not in ("csrfmiddlewaretoken", "revision")
    }
    # Only what was meant as a reply goes back into the reply; a conflict shows all of it to be copied.
    for_page = [(key if key != "text" or name in REPLIES else _("内容"), value) for key, value in typed.items()]
    page = case_page(actor, number, now=clock.now(), problem=problem, typed=for_page)
    filled = with_words(page, request.path, typed, say(problem.message))
    if filled is page and page.conflict is None and name not in REPLIES:  # its form is gone: nothing typed is lost
        words_typed = " · ".join(value for value in typed.values() if value)
        filled = replace(page, notices=(*page.notices, Notice(Tone.PLAIN, _("你刚才填的内容："), words_typed)))
    return render(request, "desk/case.html", filled, status=problem.status)


def _checks(request: HttpRequest) -> HttpResponse:
    checks = words.checks_of(request.POST.get("text", ""))
    return render(request, "desk/_checks.html", tuple(Check(check.ok, say(check.text)) for check in checks))
