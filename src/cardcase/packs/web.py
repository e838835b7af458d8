"""Pages of packs: preview, versions and downloads; the evidence of a case, covering, the refuse form."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cardcase.cards import file_rows, masking
from cardcase.cases import queries as cases
from cardcase.cases.rules import Event
from cardcase.evidence import pixels
from cardcase.evidence import queries as evidence
from cardcase.evidence import service as covering
from cardcase.evidence.rules.covering import read_areas
from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed, NotFound, Problem
from cardcase.kit.text import Text
from cardcase.packs import gathering, present, present_evidence, queries, refusal, report, sealed, service
from cardcase.packs.pages import ExhibitsPage, PacksPage
from cardcase.packs.rules import form
from cardcase.packs.rules.refusal import fits
from cardcase.packs.rules.sealing import Wanted
from cardcase.remedies import queries as remedies
from cardcase.shell.kept import refused
from cardcase.shell.language import say
from cardcase.shell.page import render
from cardcase.shell.parts import Check, Notice, Tone
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor, Permission

FILES = {
    "report.pdf": (form.REPORT, "application/pdf"),
    "index.pdf": (report.INDEX_PDF, "application/pdf"),
    "index.csv": (report.INDEX_CSV, "text/csv; charset=utf-8"),
}


@require_safe
@signed_in
def packs(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show what would be sealed now, and every version."""
    return render(request, "packs/packs.html", _packs_page(actor, number))


def _packs_page(actor: Actor, number: str) -> PacksPage:
    case, at = cases.by_number(actor, number), clock.now()
    planned: service.Preview | None = None
    notices: tuple[Notice, ...] = ()
    try:
        planned = service.preview(actor, number, at=at)
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        notices = (Notice(Tone.BAD, say(problem.message), say(problem.next)),)
    facts = sealed.with_packs(actor, case, remedies.standing(actor, case, at=at))
    moves = cases.allowed_moves(actor, case, facts)
    can_submit = any(one.event is Event.PACK_SUBMITTED and one.allowed for one in moves)
    versions = sealed.sealed(actor, case)
    return present.packs(actor, case, planned, versions, can_submit=can_submit, notices=notices)


@require_POST
@signed_in
def act(request: HttpRequest, actor: Actor, number: str, name: str) -> HttpResponse:
    """Do one thing about packs or covers; a refusal shows the page again with what was typed."""
    at = clock.now()
    goes_to = (
        "case-exhibits" if name in ("words", "uncover", "lift") and request.POST.get("next") != "packs" else "packs"
    )
    try:
        _perform(request, actor, number, name, at)
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        typed = masking.mask_form(actor, request.POST)
        page = _packs_page(actor, number) if goes_to == "packs" else _exhibits_page(actor, number)
        template = "packs/packs.html" if goes_to == "packs" else "packs/exhibits.html"
        return render(request, template, refused(page, request.path, problem, typed), status=problem.status)
    messages.success(request, _("已记下。"))
    return redirect(goes_to, number)


def _perform(request: HttpRequest, actor: Actor, number: str, name: str, at: datetime) -> None:
    word = request.POST.get
    if name == "stage":
        service.stage(actor, number, Wanted(word("recipient", ""), word("letter", "")), at=at)
    elif name == "looked":
        covering.confirm_looked(actor, number, request.POST.getlist("exhibits"), at=at)
    elif name == "seal":
        service.seal(actor, number, confirmation=word("typed", ""), seen=word("seen", ""), at=at)
    elif name == "submit":
        revision = word("revision", "")
        service.submit(
            actor,
            number,
            pack=word("pack", ""),
            is_once=word("once") == "yes",
            confirmation=word("typed", ""),
            revision=int(revision) if revision.isdecimal() and len(revision) < 10 else 0,  # noqa: PLR2004
            at=at,
        )
    elif name == "words" and word("span", "").strip():
        covering.cover_span(actor, number, word("span", ""), word("reason", ""), at=at)
    elif name == "words":
        covering.cover_words(actor, number, word("words", ""), word("reason", ""), at=at)
    elif name == "uncover":
        covering.lift_cover(actor, word("ref", ""), word("reason", ""), at=at)
    elif name == "lift":
        covering.lift_redaction(actor, word("ref", ""), word("reason", ""), at=at)
    else:
        raise NotFound("没有这个操作", "There is no such act", code="unknown_act")


@require_safe
@signed_in
def pack(request: HttpRequest, actor: Actor, number: str, version: str) -> HttpResponse:  # noqa: ARG001 - the gate's
    """Give a sealed pack, byte for byte."""
    found, data = sealed.sealed_bytes(actor, cases.by_number(actor, number), version)
    return _download(data, "application/zip", f"{number}-{found.number}.zip")


@require_safe
@signed_in
def pack_file(request: HttpRequest, actor: Actor, number: str, version: str, name: str) -> HttpResponse:  # noqa: ARG001
    """Give one file out of a sealed pack: its report, or the index of its evidence."""
    if name not in FILES:
        raise NotFound("没有这个文件", "There is no such file")
    found, data = sealed.sealed_bytes(actor, cases.by_number(actor, number), version)
    path, mime = FILES[name]
    return _download(sealed.member(data, path), mime, f"{number}-{found.number}-{name}")


def _download(data: bytes, mime: str, name: str, *, is_inline: bool = False) -> HttpResponse:
    response = HttpResponse(data, content_type=mime)
    response.headers["Content-Disposition"] = f'{"inline" if is_inline else "attachment"}; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


# ---- evidence and covering -----------------------------------------------------------------------------------------


@require_safe
@signed_in
def exhibits(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show the evidence of a case: numbered, lettered, with what each proves."""
    return render(request, "packs/exhibits.html", _exhibits_page(actor, number))


def _exhibits_page(actor: Actor, number: str) -> ExhibitsPage:
    case, at = cases.by_number(actor, number), clock.now()
    return present_evidence.exhibits(
        actor,
        case,
        gathering.masked(actor, queries.dossier(actor, number, at=at)),
        remedies.remedy_facts(actor, case, at=at),
        evidence.exhibits(actor, case),
        evidence.shown_files(actor, case),
        evidence.covers(actor, case, with_lifted=True),
    )


def _exhibit_of(actor: Actor, number: str, exhibit: str) -> tuple[Any, Any]:
    case, row = cases.by_number(actor, number), evidence.exhibit(actor, exhibit)
    if row.case_id != case.pk or not row.file_sha256:
        raise NotFound("没有这份原件", "There is no such original")
    return case, row


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def cover(request: HttpRequest, actor: Actor, number: str, exhibit: str) -> HttpResponse:
    """Show an exhibit to mark places on, and make the covered copy."""
    case, row = _exhibit_of(actor, number, exhibit)
    notices: tuple[Notice, ...] = ()
    typed: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        given = {name: request.POST.get(name, "") for name in ("areas", "reason")}
        typed = {**given, **masking.mask_form(actor, {"reason": given["reason"]})}
        try:
            covering.redact(actor, exhibit, read_areas(typed["areas"]), typed["reason"], at=clock.now())
        except (NotFound, NotAllowed):
            raise
        except Problem as problem:
            notices, status = (Notice(Tone.BAD, say(problem.message), say(problem.next)),), problem.status
        else:
            messages.success(request, _("遮盖件已做好，原件另存，不会放进证据包。"))
            return redirect("case-exhibits", number)
    try:
        drawn = evidence.pages_to_mark(actor, case, row)
    except pixels.NoPixels as problem:
        drawn, notices = [], (*notices, Notice(Tone.BAD, say(problem.message), say(problem.next)))
    made = [one for one in evidence.redactions(actor, case) if one.exhibit_id == row.pk]
    page = present_evidence.cover(actor, case, row, drawn, made, notices, typed or None)
    return render(request, "packs/cover.html", page, status=status)


@require_safe
@signed_in
def cover_page(request: HttpRequest, actor: Actor, number: str, exhibit: str, page: int) -> HttpResponse:  # noqa: ARG001
    """Give one page of an exhibit as it is drawn, for marking."""
    drawn = evidence.pages_to_mark(actor, *_exhibit_of(actor, number, exhibit))
    if not 0 < page <= len(drawn):
        raise NotFound("没有这一页", "There is no such page")
    return _download(drawn[page - 1].png, "image/png", f"{exhibit[-8:]}-{page}.png", is_inline=True)


@require_safe
@signed_in
def shown(request: HttpRequest, actor: Actor, number: str, exhibit: str) -> HttpResponse:  # noqa: ARG001 - the gate's
    """Give what others would see of an exhibit: the covered copy where there is one."""
    case, row = _exhibit_of(actor, number, exhibit)
    file = evidence.shown_files(actor, case)[row.pk]
    is_picture = file.mime.startswith("image/")
    data = file_rows.read(file.row)
    return _download(data, file.mime, f"{exhibit[-8:]}.{file.mime.partition('/')[2]}", is_inline=is_picture)


# ---- the refuse form -----------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def refuse_form(request: HttpRequest, actor: Actor, number: str) -> HttpResponse:
    """Show what goes into the platform's refuse form; a POST only checks what was typed, nothing is kept."""
    actor.require(Permission.EXPORT)
    case, at = cases.by_number(actor, number), clock.now()
    told = refusal.refusal_of(actor, number, at=at)
    reason = request.POST.get("refuse_reason", told.reasons[0] if told.reasons else "")
    words = request.POST.get("text", told.words)
    found = refusal.checks(actor, number, reason, words)
    checks = [Check(one.ok, say(one.text), one.is_hint) for one in found]
    page = present_evidence.refusal(case, told, reason=reason, words=words, checks=checks)
    if request.method == "POST" and fits(found):
        said = Notice(Tone.GOOD, say(Text("可以照填。", "Ready to be typed in.")))
        page = replace(page, notices=(said,))
    return render(request, "packs/refusal.html", page)


@require_safe
@signed_in
def refusal_picture(request: HttpRequest, actor: Actor, number: str, name: str) -> HttpResponse:  # noqa: ARG001 - the gate's
    """Give one picture for the refuse form."""
    data = refusal.picture(actor, number, name, at=clock.now())
    return _download(data, "image/png", f"{number}-{name}.png", is_inline=True)
