"""Evidence of a case: list it, cover what others must not see, confirm what was looked at, fill the refuse form."""

from pathlib import Path
from typing import Any

import click

from cardcase.kit import clock
from cardcase.staff.rules import Actor

from .common import json_option, print_json, shop_option, with_desk


@click.group(help="证据：列出、遮盖、确认看过、拒绝表单 / evidence: list, cover, confirm, refuse form")
def evidence() -> None:
    """Look after the evidence of a case."""


def _operator(shop_slug: str | None) -> Actor:
    from cardcase.project.boot import operator

    return operator(shop_slug)


@evidence.command("list", help="编号、附件、证明什么 / numbers, letters, what each proves")
@click.argument("case")
@json_option
@shop_option
@with_desk
def list_(case: str, *, as_json: bool, shop_slug: str | None) -> None:
    """List the evidence of a case."""
    from cardcase.packs import gathering, plain, queries

    actor = _operator(shop_slug)
    told = gathering.masked(actor, queries.dossier(actor, case, at=clock.now()))
    found = plain.listed(told)
    if as_json:
        print_json({"claim": told.claim, "pieces": found, "contradictions": told.clashes, "gaps": told.gaps})
        return
    for one in found:
        click.echo(f"证据 {one['no']:>2} {one['letter']:<2} {one['exhibit'] or '–'}  {one['title']}：{one['proves']}")


@evidence.command("add", help="存入证据：截图、录像、邮件 / keep evidence: screenshots, recordings, mails")
@click.argument("case")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", required=True, help="哪一种：E1 到 E26 / which kind, E1 … E26")
@click.option("--title", default="", help="名称，不写用文件名 / its title; the file's name when not given")
@click.option("--at", "moment", default="", help="图里的事发生的时间 / when what it shows happened")
@click.option("--redeemed-at", default="", help="图里写的兑换时间 / when it says the card was redeemed")
@click.option("--balance", default="", help="图里写的余额（元） / the balance that it shows, in yuan")
@click.option("--usable", type=click.Choice(["yes", "no"]), default=None, help="能不能用 / does it show that it works")
@click.option("--order-no", default="", help="图里的订单号 / the order number on it")
@click.option("--tail4", default="", help="图里的卡尾号 / the tail of the card on it")
@json_option
@shop_option
@with_desk
def add(case: str, *, files: tuple[Path, ...], as_json: bool, shop_slug: str | None, **told: str | None) -> None:
    """Keep each file byte for byte as an exhibit, with what it shows."""
    from cardcase.desk.service import Act, keep_evidence

    values = {("at" if name == "moment" else name): value for name, value in told.items() if value}
    given = [(path.name, path.read_bytes()) for path in files]
    kept = keep_evidence(_operator(shop_slug), Act(case, 0, clock.now(), values, files=given))
    if as_json:
        print_json({"number": case, "exhibits": kept})
        return
    for one in kept:
        click.echo(f"已存入 / kept: {one}")


@evidence.command("cover", help="遮盖图片或 PDF 上的地方 / cover places on a picture or PDF")
@click.argument("case")
@click.argument("exhibit")
@click.option("--area", "areas", multiple=True, help="[页:]x,y,宽,高（像素）/ [page:]x,y,width,height; repeat")
@click.option("--reason", required=True, help="为什么 / why")
@json_option
@shop_option
@with_desk
def cover(
    case: str, exhibit: str, *, areas: tuple[str, ...], reason: str, as_json: bool, shop_slug: str | None
) -> None:
    """Make a covered copy; without an area only EXIF and the like are taken off."""
    from cardcase.evidence import service
    from cardcase.evidence.rules.covering import read_areas
    from cardcase.packs import plain
    from cardcase.packs.api import require_of

    actor = _operator(shop_slug)
    require_of(actor, case, exhibit)
    made = plain.redaction(service.redact(actor, exhibit, read_areas("\n".join(areas)), reason, at=clock.now()))
    _say(made, f"遮盖件 / covered copy: {made['redaction']} {made['sha256']}", as_json=as_json)


@evidence.command("words", help="遮盖会话里的第三方资料 / cover words about third parties")
@click.argument("case")
@click.argument("words", default="")
@click.option("--span", default="", help="会话编号:起-止 / message:from-to")
@click.option("--reason", required=True, help="为什么 / why")
@json_option
@shop_option
@with_desk
def words_(case: str, words: str, *, span: str, reason: str, as_json: bool, shop_slug: str | None) -> None:
    """Cover words wherever they stand."""
    from cardcase.evidence import service
    from cardcase.packs import plain

    actor, at = _operator(shop_slug), clock.now()
    made = (
        service.cover_span(actor, case, span, reason, at=at)
        if span
        else service.cover_words(actor, case, words, reason, at=at)
    )
    _say(plain.cover(made), f"已遮盖 / covered: {made.public_id}", as_json=as_json)


@evidence.command("uncover", help="取消遮盖 / uncover")
@click.argument("ref")
@click.option("--reason", required=True, help="为什么 / why")
@shop_option
@with_desk
def uncover(ref: str, *, reason: str, shop_slug: str | None) -> None:
    """Lift a covered copy (red_…) or covered words (cov_…)."""
    from cardcase.evidence import service

    actor, at = _operator(shop_slug), clock.now()
    if ref.startswith("red_"):
        service.lift_redaction(actor, ref, reason, at=at)
    else:
        service.lift_cover(actor, ref, reason, at=at)
    click.echo(f"已取消 / lifted: {ref}")


@evidence.command("looked", help="确认看过图片 / confirm that pictures were looked at")
@click.argument("case")
@click.argument("exhibits", nargs=-1, required=True)
@shop_option
@with_desk
def looked(case: str, exhibits: tuple[str, ...], *, shop_slug: str | None) -> None:
    """Confirm that a person has looked."""
    from cardcase.evidence import service

    count = service.confirm_looked(_operator(shop_slug), case, exhibits, at=clock.now())
    click.echo(f"新确认 {count} 件 / {count} newly confirmed")


@evidence.command("refusal", help="平台拒绝表单：说明和图片 / the refuse form: words and pictures")
@click.argument("case")
@click.option("-o", "--output", "folder", type=click.Path(file_okay=False, path_type=Path), help="图片存到 / folder")
@click.option("--reason", default="", help="要检查的理由 / the reason to check")
@click.option("--text", default="", help="要检查的说明 / the words to check")
@json_option
@shop_option
@with_desk
def refusal_(case: str, *, folder: Path | None, reason: str, text: str, as_json: bool, shop_slug: str | None) -> int:
    """Say what goes into the form, draw its pictures, check words; exit 1 when a check fails."""
    from cardcase.packs import plain, refusal
    from cardcase.packs.rules.refusal import fits

    actor, at = _operator(shop_slug), clock.now()
    told = refusal.refusal_of(actor, case, at=at)
    found = refusal.checks(actor, case, reason or told.reasons[0], text or told.words)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for one in told.pictures:
            (folder / f"{case}-{one.name}.png").write_bytes(refusal.picture(actor, case, one.name, at=at))
    document = {**plain.refusal(told), "checks": plain.checks(found)}
    lines = [text or told.words, *(f"{'✓' if one.ok else '✗'} {one.text.zh} / {one.text.en}" for one in found)]
    _say(document, "\n".join(lines), as_json=as_json)
    return 0 if fits(found) else 1


def _say(document: dict[str, Any], words: str, *, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        click.echo(words)
