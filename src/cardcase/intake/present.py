"""Finished sentences for the import pages."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from cardcase.intake import pages, present_cards
from cardcase.intake.models import ImportedFile, ImportRun
from cardcase.intake.queries import file_report
from cardcase.intake.rules import FileReport, ImportReport, RunState
from cardcase.kit.clock import SHANGHAI
from cardcase.kit.errors import Problem
from cardcase.kit.text import Text
from cardcase.shell.parts import ActionForm, Choice, Link, Notice, Tone

SHOWN = 100
"""Refused rows shown of one file; the rest is counted."""

STAGE_KINDS = {"card": "cards", "order": "orders", "refund": "refunds", "delivery": "deliveries", "message": "chat"}
"""Kinds of files by the stage of an import that works on them."""

MACHINES = {"cli": gettext_noop("命令行"), "console": gettext_noop("命令行"), "system": gettext_noop("系统")}
"""Names of what is no person, as a reader says them."""


def kind_text(kind: str) -> str:
    """Name a kind of file."""
    return {
        "orders": _("订单"),
        "refunds": _("退款"),
        "chat": _("聊天"),
        "cards": _("卡密"),
        "deliveries": _("发卡记录"),
        "push": _("推送"),
    }.get(kind, _("没认出来"))


def form(
    runs: Sequence[ImportRun], *, paste: str, batch: str, problem: Problem | None, may_import: bool, lang: str
) -> pages.ImportPage:
    """Build the import form."""
    kinds = [
        ("auto", _("自动识别")),
        *((kind, kind_text(kind)) for kind in ("orders", "refunds", "chat", "cards", "deliveries")),
    ]
    notices = (Notice(Tone.BAD, problem.message.say(lang), problem.next.say(lang)),) if problem else ()
    return pages.ImportPage(
        form_url=reverse("import"),
        kinds=tuple(Choice(value, label, is_chosen=value == "auto") for value, label in kinds),
        accepts=(
            (_("订单与退款"), _("闲管家的订单、退款、推送（JSON），或者 CSV、TSV、XLSX 表格；订单号请保存成文本。")),
            (_("聊天"), _("直接粘贴聊天文字，或 goofish-cli 的 JSON、XianyuAutoAgent 的数据库、推送记录。")),
            (
                _("卡密"),
                _(
                    "一行一张；「卡号:密码」「卡号----密码」、制表符、「║」分隔，或带「卡号、密码、面值、有效期、成本」的表格。"
                ),
            ),
            (_("编码"), _("UTF-8、GB18030（GBK）、Big5、UTF-16 都行；认不准时会问你，不会猜。")),
        ),
        limits=_("每次最多 50 个文件，每个 32 MB，一共 64 MB。同一份文件导入两次也不会重复。"),
        paste=paste,
        batch=batch,
        notices=notices,
        recent=tuple(_run_row(run) for run in runs),
        may_import=may_import,
    )


def _run_row(run: ImportRun) -> pages.RunRow:
    files = list(run.files.all())
    new, refused = sum(file.new for file in files), sum(len(file.refused) for file in files)
    return pages.RunRow(
        url=reverse("import-report", args=[run.public_id]),
        head=f"{_when(run)} · {_(MACHINES[run.by]) if run.by in MACHINES else run.by}",
        text=_("%(files)d 个文件 · 新 %(new)d · 拒收 %(refused)d")
        % {"files": len(files), "new": new, "refused": refused}
        if refused
        else _("%(files)d 个文件 · 新 %(new)d") % {"files": len(files), "new": new},
        tone=Tone.WARN if refused else Tone.PLAIN,
    )


def _when(run: ImportRun, zone: ZoneInfo = SHANGHAI) -> str:
    local = run.started_at.astimezone(zone)
    return _("%(month)d月%(day)d日 %(time)s") % {"month": local.month, "day": local.day, "time": f"{local:%H:%M}"}


def preview(report: ImportReport, key: str) -> pages.ReportPage:
    """Build the report of a dry run, with the button that does it for real."""
    account = report.account.document() if report.account else {}
    is_refused = report.state is RunState.REFUSED
    return _preview(report.files, account, key=key, cases=len(report.cases), is_refused=is_refused)


def _preview(
    files: Sequence[FileReport], account: Mapping[str, Any], *, key: str, cases: int, is_refused: bool
) -> pages.ReportPage:
    confirm = ActionForm(url=reverse("import-confirm"), button=_("确认导入"), hidden=(("key", key),), is_main=True)
    has_rows = any(file.new or file.changed for file in files)
    said: tuple[Notice, ...]
    if is_refused:
        said = (Notice(Tone.BAD, _("按“要么全收、要么不收”，这份不会导入。"), _("改正下面的行，再预览一次。")),)
    else:
        said = () if has_rows else (Notice(Tone.WARN, _("没有新的内容可以导入。")),)
    return pages.ReportPage(
        title=_("预览"),
        summary=_summary(files),
        files=tuple(_file(file) for file in files),
        outcome=_("导入后会涉及 %d 个售后单。") % cases if cases else "",
        is_dry_run=True,
        confirm=confirm if has_rows and not is_refused else None,
        again_url=reverse("import"),
        notices=(*said, *_notes(files)),
        cards=present_cards.account(account),
    )


def report(run: ImportRun, files: Sequence[ImportedFile]) -> pages.ReportPage:
    """Build the report of an import: how far it is, why it cannot be done, what it would do, or what became of it."""
    if run.held_key and not run.finished_at:
        return pages.ReportPage(
            title=_("正在读取") if run.is_dry_run else _("正在导入"),
            summary="",
            files=(),
            again_url=reverse("import"),
            progress=_progress(run),
        )
    done = [file_report(file) for file in files]
    if run.state == RunState.FAILED:
        lang = get_language() or "zh-hans"
        told, way_out = Text(run.trouble["zh"], run.trouble["en"]), Text(run.trouble["next_zh"], run.trouble["next_en"])
        return pages.ReportPage(
            title=_("导入没有完成"),
            summary="",
            files=tuple(_file(file) for file in done),
            again_url=reverse("import"),
            notices=(Notice(Tone.BAD, told.say(lang), way_out.say(lang)),),
        )
    is_refused = run.state == RunState.REFUSED
    if run.is_dry_run:
        return _preview(done, run.cards, key=run.held_key, cases=0, is_refused=is_refused)
    broken_off = _("这次导入没有走完；再导入一次同样的文件即可，不会重复。")
    ended = _("%s 导入。") % _when(run) if run.finished_at else broken_off
    nothing = Notice(Tone.BAD, _("按“要么全收、要么不收”，一行也没有导入。"), _("改正下面的行，再导入一次。"))
    return pages.ReportPage(
        title=_("导入结果"),
        summary=_summary(done),
        files=tuple(_file(file) for file in done),
        outcome="" if is_refused else ended,
        cases=(Link(_("去看今日待办"), reverse("today")),),
        again_url=reverse("import"),
        notices=(*((nothing,) if is_refused else ()), *_notes(done)),
        cards=present_cards.account(run.cards),
    )


def _progress(run: ImportRun) -> pages.Progress:
    if run.state == RunState.WAITING:
        text = _("已经排上，马上开始。可以离开这一页，不会中断。")
    elif run.total:
        text = _("%(stage)s：%(done)d / %(total)d 行。可以离开这一页，不会中断。") % {
            "stage": kind_text(STAGE_KINDS.get(run.stage, "")) if run.stage in STAGE_KINDS else _("售后单"),
            "done": run.done,
            "total": run.total,
        }
    else:
        text = _("正在读文件。可以离开这一页，不会中断。")
    return pages.Progress(reverse("import-report", args=[run.public_id]), text, run.done, run.total)


def _notes(files: Iterable[FileReport]) -> Iterator[Notice]:
    """Say what was taken but is worth a look, each thing once a file."""
    lang = get_language() or "zh-hans"
    for file in files:
        for finding in file.notes:
            yield Notice(Tone.WARN, f"{file.file}: {finding.message.say(lang)}", finding.next.say(lang))


def _summary(files: Iterable[FileReport]) -> str:
    listed = list(files)
    return _("新 %(new)d · 已有 %(known)d · 有变化 %(changed)d · 拒收 %(refused)d") % {
        "new": sum(file.new for file in listed),
        "known": sum(file.known for file in listed),
        "changed": sum(file.changed for file in listed),
        "refused": sum(len(file.refused) for file in listed),
    }


def _file(file: FileReport) -> pages.FileReport:
    lang = get_language() or "zh-hans"
    more = len(file.refused) - SHOWN
    return pages.FileReport(
        name=file.file,
        kind=kind_text(file.kind.value),
        encoding=file.encoding.upper(),
        new=str(file.new),
        known=str(file.known),
        changed=str(file.changed),
        refused_count=str(len(file.refused)),
        refused=tuple(
            pages.RefusedRow(
                row=_("第 %d 行") % finding.row if finding.row else _("整个文件"),
                column=finding.column or "",
                reason=finding.message.say(lang),
                next=finding.next.say(lang),
            )
            for finding in file.refused[:SHOWN]
        ),
        refused_more=_("另有 %d 行没有列出。") % more if more > 0 else "",
        has_refusals=bool(file.refused),
    )
