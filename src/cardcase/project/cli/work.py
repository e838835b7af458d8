"""The main job without a browser: handle, import, triage."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import click

from cardcase.kit import clock
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from .common import data_option, json_option, print_json, progress, shop_option, with_desk

KINDS = ("auto", "orders", "refunds", "chat", "cards", "deliveries", "mail", "screens")
LATER = ("mail",)
LARGEST = 64 * 1024 * 1024


def read_uploads(paths: Sequence[Path]) -> list[Any]:
    """Read the files named on the command line; folders are taken file by file. Raises WrongUse for a missing one."""
    from cardcase.intake.rules import Upload

    uploads = []
    for path in paths:
        files = sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
        for file in files:
            try:
                if file.stat().st_size > LARGEST:
                    raise WrongUse(
                        f"文件太大：{file}",
                        f"The file is too large: {file}",
                        next=Text("分成几个文件再来。", "Split it."),
                        code="file_too_large",
                    )
                uploads.append(Upload(str(file), file.read_bytes()))
            except OSError as error:
                raise WrongUse(
                    f"读不了文件 {file}：{error.strerror}",
                    f"Cannot read {file}: {error.strerror}",
                    next=Text("检查路径和权限。", "Check the path and its permissions."),
                    code="file_unreadable",
                ) from error
    return uploads


def report_document(report: Any) -> dict[str, Any]:
    """Write an import report for programs."""
    from cardcase.intake.rules import files_document

    document: dict[str, Any] = {"state": report.state.value, "files": files_document(report.files)}
    if report.account is not None:
        document["cards"] = report.account.document()
    return document


def print_report(report: Any) -> None:
    """Write an import report for people."""
    from cardcase.project.cli import printing

    for line in printing.report_lines(report):
        click.echo(line)


def _fen(yuan: str) -> int | None:
    from cardcase.kit.money import parse_yuan

    try:
        return parse_yuan(yuan) if yuan else None
    except ValueError as error:
        raise WrongUse(f"「{yuan}」不是金额", f"“{yuan}” is no amount", code="not_an_amount") from error


def _file_kind(kind: str) -> Any:
    from cardcase.connectors.ports import FileKind

    if kind in LATER:
        raise WrongUse(
            f"还不能导入 {kind}",
            f"{kind} cannot be imported yet",
            next=Text(
                "邮件先另存为文本，或在售后单里作为证据加入。",
                "Save the mail as text, or add it to the case as evidence.",
            ),
            code="not_offered_yet",
        )
    return None if kind == "auto" else FileKind(kind)


@click.command("import", help="导入文件；每一行都有交代 / import files; every row is accounted for")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="只看结果，什么也不改 / change nothing")
@click.option("--encoding", default=None, help="指定编码 / the files' encoding, when it cannot be told")
@click.option("--batch", default="", help="卡密批次名 / name of the card batch")
@click.option("--brand", default="", help="整个文件的卡是什么牌子 / brand of the file's cards")
@click.option("--region", default="", help="地区，如 CN、US / region of the file's cards")
@click.option("--face", default="", help="面值，单位元 / face value in yuan")
@click.option("--supplier", default="", help="货源方 / supplier of the file's cards")
@click.option("--seller", "sellers", multiple=True, help="聊天里卖家的昵称 / the seller's nick in pasted chats")
@click.option(
    "--all-or-nothing", is_flag=True, help="有一行不对或重复就都不导入 / one bad or doubled row: take nothing"
)
@click.option(
    "--taken-by",
    type=click.Choice(["seller", "buyer"]),
    default="seller",
    help="截图是谁的手机 / whose phone (screens)",
)
@click.option("--taken-on", default="", help="截图那天，如 2026-11-20 / day of the screenshots (screens)")
@click.option("--case", "case_number", default="", help="属于哪张售后单 / which case they belong to (screens)")
@click.option("--buyer", default="", help="买家昵称 / the buyer's nick (screens)")
@click.option(
    "--sheet", type=click.Path(path_type=Path), default=None, help="改好的文字稿 / the words, corrected (screens)"
)
@click.option("--yes", "is_confirmed", is_flag=True, help="已对照图片核对，直接确认 / compared and right (screens)")
@click.option("--drop", "is_dropped", is_flag=True, help="放弃等待中的截图 / let a waiting capture go (screens)")
@json_option
@shop_option
@with_desk
def import_(
    kind: str,
    files: tuple[Path, ...],
    *,
    dry_run: bool,
    encoding: str | None,
    batch: str,
    brand: str,
    region: str,
    face: str,
    supplier: str,
    sellers: tuple[str, ...],
    all_or_nothing: bool,
    taken_by: str,
    taken_on: str,
    case_number: str,
    buyer: str,
    sheet: Path | None,
    is_confirmed: bool,
    is_dropped: bool,
    as_json: bool,
    shop_slug: str | None,
) -> int:
    """Import files of one kind, or of any kind with ``auto``; pictures of chats with ``screens``."""
    from cardcase.intake import service
    from cardcase.intake.rules import CardDefaults
    from cardcase.project.boot import operator

    if kind == "screens":
        from .screens import import_screens

        if dry_run:
            raise WrongUse(
                "截图不用试运行：确认之前什么也不进会话",
                "Screenshots need no dry run: nothing joins a conversation before it is confirmed",
                next=Text(
                    "去掉 --dry-run，看过文字再加 --yes。", "Leave out --dry-run; add --yes once you have looked."
                ),
                code="no_dry_run",
            )
        return import_screens(
            operator(shop_slug), files, taken_by=taken_by, taken_on=taken_on, case=case_number, nick=buyer,
            sheet=sheet, is_confirmed=is_confirmed, is_dropped=is_dropped, as_json=as_json,
        )  # fmt: skip
    with progress(Text("导入", "Importing"), quiet=as_json) as step:
        report = service.import_files(
            operator(shop_slug),
            read_uploads(files),
            kind=_file_kind(kind),
            encoding=encoding,
            cards_are=CardDefaults(batch=batch, brand=brand, region=region, supplier=supplier, face_fen=_fen(face)),
            dry_run=dry_run,
            all_or_nothing=all_or_nothing,
            seller_names=sellers,
            at=clock.now(),
            progress=step,
        )
    if as_json:
        print_json(report_document(report))
    else:
        print_report(report)
        if dry_run:
            click.echo("（试运行，什么也没有改 / dry run, nothing was changed）")
        elif report.cases:
            click.echo(f"售后单 / cases: {', '.join(report.cases)}")
    return 0 if report.is_clean else 1


@click.command(help="主要工作：读文件，开售后单，逐单给出原因、时限、证据、方案和草稿 / files in, decided cases out")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--encoding", default=None, help="指定编码 / the files' encoding, when it cannot be told")
@click.option("--seller", "sellers", multiple=True, help="聊天里卖家的昵称 / the seller's nick in pasted chats")
@json_option
@shop_option
@with_desk
def handle(
    files: tuple[Path, ...], *, encoding: str | None, sellers: tuple[str, ...], as_json: bool, shop_slug: str | None
) -> int:
    """Import what the files hold and print, for each case concerned, what a seller needs to decide it."""
    from cardcase.desk.queries import sheet
    from cardcase.intake import service
    from cardcase.project.boot import operator
    from cardcase.project.cli import printing

    actor = operator(shop_slug)
    now = clock.now()
    with progress(Text("处理", "Working on"), quiet=as_json) as step:
        report = service.import_files(
            actor, read_uploads(files), encoding=encoding, seller_names=sellers, at=now, progress=step
        )
        sheets = sheet.sheets(actor, report.cases, now=now)
    if as_json:
        print_json({"cases": sheets, "report": report_document(report)})
    else:
        for document in sheets:
            click.echo(printing.as_text(document, now=now))
        print_report(report)
        if not sheets:
            click.echo("这些文件里没有退款。/ There is no refund in these files.")
    return 0 if report.is_clean else 1


@click.command(
    help="逐行判断原因；输入一行一条，或 JSON 行（id, text）/ one message a line, or JSON lines; JSON lines out"
)
@click.argument("file", type=click.File("rb"), default="-")
@data_option
def triage(file: BinaryIO, data: Path | None) -> int:  # noqa: ARG001 - every command takes --data
    """Say for each message why the buyer wants the money back, with the words it rests on."""
    from cardcase.triage.rules import read_text

    write = sys.stdout.write
    code = 0
    for number, key, text in messages(file):
        if text is None:
            click.echo(f"第 {number} 行不是有效的 JSON 消息 / line {number} is no JSON message", err=True)
            code = 1
            continue
        result = read_text(text)
        document = {
            "id": key,
            "reason": result.reason,
            "sub_reason": result.sub_reason,
            "confidence": round(result.confidence, 3),
            "spans": [{"start": quote.start, "end": quote.end} for quote in result.quotes],
            "needs_human": [need.code for need in result.needs_human],
            "language": result.language.language,
            "language_is_sure": result.language.is_sure,
        }
        # A lone surrogate cannot be written as UTF-8; an id that holds one comes back with a question mark.
        write(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n")
    return code


def _decoded(line: bytes) -> str:
    """Read a line as UTF-8, else as GB18030: messages saved on a Chinese Windows are no heap of question marks."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("utf-8", "replace")


def messages(lines: Iterable[bytes]) -> Iterator[tuple[int, Any, str | None]]:
    """Read a message a line, or JSON lines with "text": number of the line, its id, its text (None: no JSON)."""
    for number, line in enumerate(lines, 1):
        text = _decoded(line).rstrip("\r\n").removeprefix("\ufeff" if number == 1 else "")
        if not text.strip():
            continue
        if text.lstrip().startswith("{"):
            try:
                row = json.loads(text)
            except ValueError:
                row = {}
            said = row.get("text")
            yield number, row.get("id", number), said if isinstance(said, str) else None
        else:
            yield number, number, text
