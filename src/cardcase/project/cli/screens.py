"""Screenshots of chats on the command line: read, look over, confirm."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from cardcase.kit import clock
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor

from .common import print_json, progress

WAITING = "cap_"


def import_screens(
    actor: Actor,
    files: Sequence[Path],
    *,
    taken_by: str,
    taken_on: str,
    case: str,
    nick: str,
    sheet: Path | None,
    is_confirmed: bool,
    is_dropped: bool,
    as_json: bool,
) -> int:
    """Read pictures, or take up a capture that waits; show what was read; confirm it when told to.

    Returns 0 when it is confirmed or dropped, 1 when it waits for a person. Raises what the verbs raise.
    """
    from cardcase.intake import service as intake
    from cardcase.screens import queries, service
    from cardcase.screens.rules import drafts, lines

    first = str(files[0])
    if len(files) == 1 and first.startswith(WAITING) and not files[0].exists():
        row = queries.capture(actor, first)
    else:
        row = _read(actor, files, taken_by=taken_by, taken_on=taken_on, case=case, nick=nick, as_json=as_json)
    # With what somebody changed on the page already; while it is still being read there is nothing to show.
    read = drafts.final(drafts.rows_of(row.read, row.draft, row.places), row.taken_on) if row.read else []
    if is_dropped:
        service.drop(actor, row.public_id, at=clock.now())
        _say({"capture": row.public_id, "state": "dropped"}, f"已放弃 / dropped: {row.public_id}", as_json=as_json)
        return 0
    said = lines.from_sheet(_text_of(sheet), read) if sheet is not None else None
    warnings = service.warnings(row.notes)
    refused = [one for one in queries.pictures(actor, row) if one.trouble] if row.state == queries.WAITING else []
    document: dict[str, Any] = {
        "capture": row.public_id,
        "state": row.state,
        "nick": row.nick,
        "taken_by": row.taken_by,
        "how": row.how,
        "lines": lines.documents(said if said is not None else read),
        "facts": row.facts,
        "warnings": [
            {"code": note, "zh": text.zh, "en": text.en} for note, text in zip(row.notes, warnings, strict=True)
        ],
        "refused": [{"name": one.name, **one.trouble} for one in refused],
    }
    if not as_json:
        click.echo(lines.to_sheet(said if said is not None else read), nl=False)
        for text in warnings:
            click.echo(f"⚠ {text.zh} / {text.en}", err=True)
        for one in refused:
            click.echo(f"✗ {one.trouble['zh']} / {one.trouble['en']}", err=True)
    if not (is_confirmed or said is not None):
        edited = None if as_json else _asked(lines.to_sheet(read))
        if edited is None:
            _say(
                document, f"等待核对 / waits for a yes: cardcase import screens {row.public_id} --yes", as_json=as_json
            )
            return 1
        said = lines.from_sheet(edited, read)
    taken = intake.confirm_screens(actor, row.public_id, said, nick=nick, at=clock.now())
    document |= {
        "state": "confirmed",
        "new": taken.new,
        "known": taken.known,
        "changed": taken.changed,
        "cases": list(taken.cases),
        "exhibits": list(taken.exhibits),
    }
    _say(
        document,
        f"已确认 / confirmed {taken.capture}：新消息 {taken.new}，已有 {taken.known}，补全 {taken.changed}"
        + (f"；售后单 / cases: {', '.join(taken.cases)}" if taken.cases else ""),
        as_json=as_json,
    )
    return 0


def _read(
    actor: Actor, files: Sequence[Path], *, taken_by: str, taken_on: str, case: str, nick: str, as_json: bool
) -> Any:
    from cardcase.screens import service

    from .work import read_uploads

    pictures = [service.Picture(upload.name, upload.data) for upload in read_uploads(files)]
    with progress(Text("识别截图", "Reading screenshots"), quiet=as_json) as step:
        return service.capture(
            actor,
            pictures,
            taken_by=taken_by,
            taken_on=_day(taken_on),
            case=case,
            nick=nick,
            at=clock.now(),
            progress=step,
        )


def _day(told: str) -> date | None:
    try:
        return date.fromisoformat(told) if told else None
    except ValueError as error:
        raise WrongUse(
            f"「{told}」不是日期", f"“{told}” is no date", next=Text("写成 2026-11-20。", "Write 2026-11-20.")
        ) from error


def _text_of(sheet: Path) -> str:
    try:
        return sheet.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"读不了 {sheet}", f"Cannot read {sheet}", code="file_unreadable") from error


def _asked(sheet: str) -> str | None:
    """Ask a person at a terminal: yes as it is, type over, or later. None for later, or when nobody is there."""
    import sys

    if not sys.stdin.isatty():
        return None
    answer = (
        click.prompt("对照图片看过了吗？/ Compared with the pictures?  y 确认 / e 修改 / n 以后", default="n")
        .strip()
        .lower()
    )
    if answer == "e":
        return click.edit(sheet, extension=".txt")
    return sheet if answer in ("y", "yes", "是") else None


def _say(document: dict[str, Any], words: str, *, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        click.echo(words)
