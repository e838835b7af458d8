"""Today and the case page. Every act is a plain POST that works without JavaScript."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cardcase.desk.queries import (
    OriginalSealed,
    case_page,
    exhibit_file,
    reply_checks,
    sealed_page,
    timeline,
    timeline_page,
    today_page,
    wish_from,
)
from cardcase.desk.service import Act, files_of, opened_exhibit, perform
from cardcase.desk.suggesting import suggestion_for
from cardcase.inbox.reading import read_reply
from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed, NotFound, Problem
from cardcase.kit.text import Text
from cardcase.shell.kept import with_words
from cardcase.shell.language import say
from cardcase.shell.page import render
from cardcase.shell.parts import Notice, Tone
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor

REPLIES = ("reply", "sent")
LONGEST_READ = 2_000
"""Characters of what is being typed that are checked: a saved draft is no longer (``inbox.service.replies``)."""

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
    wish = wish_from(request.GET.get("form", ""), request.GET.get("turn", ""))
    page = case_page(actor, number, now=clock.now(), all_talk=request.GET.get("talk") == "all", wish=wish)
    return render(request, "desk/case.html", page)


@require_safe
@signed_in
def exhibit(request: HttpRequest, actor: Actor, number: str, exhibit: str) -> HttpResponse:
    """Give the original of an exhibit, never to be run or embedded elsewhere; of one under seal, the way to open it."""
    try:
        return _original(*exhibit_file(actor, number, exhibit))
    except OriginalSealed as sealed:
        page = sealed_page(actor, number, exhibit, sealed)
        return render(request, "desk/sealed.html", page)


@require_POST
@signed_in
def open_exhibit(request: HttpRequest, actor: Actor, number: str, exhibit: str) -> HttpResponse:
    """Open an original that lies under seal; that somebody did is on record before its bytes are read."""
    return _original(*opened_exhibit(actor, number, exhibit, request.POST.get("reason", ""), now=clock.now()))


@require_safe
@signed_in
def show_timeline(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show what happened about a case, narrowed as asked; as plain text for a mail or a print-out."""
    lanes = request.GET.getlist("show")
    values = {name: request.GET.get(name, "") for name in ("by", "since", "until", "find")}
    if request.GET.get("form") != "text":
        page = timeline_page(actor, number, values, lanes, now=clock.now())
        return render(request, "desk/timeline.html", page)
    now = clock.now()
    happenings = timeline.timeline(actor, number, timeline.narrowing(values, lanes), now=now)
    response = HttpResponse(timeline.as_text(number, happenings, now=now), content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{number}-timeline.txt"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _original(data: bytes, mime: str, name: str) -> HttpResponse:
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
        return _checks(request, actor)
    if name == "suggest":
        return _suggested(request, actor, number)
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
                files=files_of(request.FILES.getlist("files")),
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


def _suggested(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show the case with the model's words in the box, or with the template's and why; nothing is saved."""
    try:
        found = suggestion_for(actor, number, now=clock.now())
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return _refused(request, actor, number, "suggest", problem)
    page = case_page(actor, number, now=clock.now(), typed=[("text", found.draft.text)])
    said = (
        Text("模型写的一稿：读过、改过再发。", "Words of the model: read and change them before you send them.")
        if found.why is None
        else Text("没有用模型的话，这是模板：{why}。", "Not the model's words but a template's: {why}.").format(
            why=say(found.why)
        )
    )
    failed = "；".join(say(one.text) for one in found.failed if not one.ok)
    tone = Tone.PLAIN if found.by_model else Tone.WARN
    typed = request.POST.get("text", "").strip()
    kept = (Notice(Tone.PLAIN, _("你刚才填的内容："), typed),) if typed and typed != found.draft.text else ()
    return render(
        request, "desk/case.html", replace(page, notices=(*page.notices, Notice(tone, say(said), failed), *kept))
    )


def _checks(request: HttpRequest, actor: Actor) -> HttpResponse:
    found = read_reply(actor, request.POST.get("text", "")[:LONGEST_READ])
    return render(request, "desk/_checks.html", reply_checks(found))
