"""The import pages and the door for pushes."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cardcase.connectors.ports import FileKind
from cardcase.intake import present, queries, service
from cardcase.intake.rules import CardDefaults, Upload
from cardcase.intake.uploads import require_small
from cardcase.kit import clock
from cardcase.kit.errors import Problem, WrongUse
from cardcase.shell.page import render
from cardcase.staff.gate import signed_in
from cardcase.staff.rules import Actor, Permission

MOST_FILES = 50


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def import_page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the import form; take or preview what was given."""
    if request.method != "POST":
        return _form(request, actor)
    paste, batch, kind = request.POST.get("paste", ""), request.POST.get("batch", ""), request.POST.get("kind", "auto")
    whole = bool(request.POST.get("all_or_nothing"))
    try:
        uploads = _uploads(request)
        is_preview = request.POST.get("act") != "import"
        if service.is_large(uploads):
            run = service.promise_import(
                actor, uploads, kind=kind, batch=batch, all_or_nothing=whole, dry_run=is_preview, at=clock.now()
            )
            return redirect("import-report", run)
        report = service.import_files(
            actor,
            uploads,
            kind=_kind(kind),
            cards_are=CardDefaults(batch=batch),
            dry_run=is_preview,
            all_or_nothing=whole,
            at=clock.now(),
        )
    except Problem as problem:
        return _form(request, actor, paste=paste, batch=batch, problem=problem)
    if not is_preview:
        return redirect("import-report", report.run)
    key = service.hold_uploads(actor, uploads, kind=kind, batch=batch, all_or_nothing=whole, at=clock.now())
    return render(request, "intake/preview.html", present.preview(report, key))


@require_POST
@signed_in
def confirm(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Import for real what was previewed; what is large goes on in the background."""
    try:
        held = service.take_uploads(actor, request.POST.get("key", ""))
        if service.is_large(held.uploads):
            run = service.promise_import(
                actor,
                held.uploads,
                kind=held.kind,
                batch=held.batch,
                all_or_nothing=held.is_all_or_nothing,
                at=clock.now(),
            )
            return redirect("import-report", run)
        report = service.import_files(
            actor,
            held.uploads,
            kind=_kind(held.kind),
            cards_are=CardDefaults(batch=held.batch),
            all_or_nothing=held.is_all_or_nothing,
            at=clock.now(),
        )
    except Problem as problem:
        return _form(request, actor, problem=problem)
    return redirect("import-report", report.run)


@require_safe
@signed_in
def report(request: HttpRequest, actor: Actor, run: str) -> HttpResponse:
    """Show what became of an import, or how far it is: the page asks again until it has ended."""
    return render(request, "intake/report.html", present.report(*queries.run_with_files(actor, run)))


def _form(
    request: HttpRequest, actor: Actor, *, paste: str = "", batch: str = "", problem: Problem | None = None
) -> HttpResponse:
    page = present.form(
        queries.recent_runs(actor),
        paste=paste,
        batch=batch,
        problem=problem,
        may_import=actor.may(Permission.IMPORT),
        lang=get_language() or "zh-hans",
    )
    return render(request, "intake/import.html", page, status=problem.status if problem else 200)


def _kind(kind: str) -> FileKind | None:
    return FileKind(kind) if kind in {item.value for item in FileKind} else None


def _uploads(request: HttpRequest) -> list[Upload]:
    require_small(request)
    files = request.FILES.getlist("files")
    if len(files) > MOST_FILES:
        raise WrongUse("一次最多 50 个文件", "At most 50 files at a time", code="too_many_files")
    uploads = [Upload(file.name or "upload", file.read()) for file in files]
    if paste := request.POST.get("paste", "").strip():
        uploads.append(Upload(str(_("粘贴的内容.txt")), paste.encode()))
    if not uploads:
        raise WrongUse("请选择文件，或者粘贴聊天内容", "Choose files or paste a chat", code="nothing_given")
    return uploads


@csrf_exempt  # a marketplace has no session; its signature is what is believed
@require_POST
def push(request: HttpRequest, channel: str, key: str) -> JsonResponse:
    """Take a push: 闲管家 counts only ``{"result":"success"}`` within 3 s, and repeats at most three times."""
    query: dict[str, Any] = request.GET.dict()
    try:
        try:
            body = request.body
        except (RequestDataTooBig, UnreadablePostError) as error:
            raise service.too_large() from error
        envelope = service.Envelope(kind=channel, hook_key=key, query=query, body=body)
        service.accept_push(None, envelope, at=clock.now())
    except Problem as problem:
        return JsonResponse({"result": "fail", "msg": problem.message.zh}, status=problem.status)
    return JsonResponse({"result": "success", "msg": "接收成功"})
