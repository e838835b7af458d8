"""Personal data on the command line: look, copy, restrict, lift, erase."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cardcase.kit import clock
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from .common import json_option, print_json, shop_option, with_desk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cardcase.privacy.queries import Plan, RemovalView

_GROUNDS = click.Choice(["buyer_request", "purpose_ended", "retention_over"])


@click.group(help="买家资料：查看、副本、限制、删除 / buyers' data: look, copy, restrict, erase")
def privacy() -> None:
    """Look after personal data."""


@privacy.command("show", help="看保存着什么、什么挡着、到哪天 / what is kept, what holds it, until when")
@click.argument("buyer")
@json_option
@shop_option
@with_desk
def show(buyer: str, *, as_json: bool, shop_slug: str | None) -> None:
    """Show the plan. Nothing changes."""
    from cardcase.privacy import queries
    from cardcase.privacy.api import plan_document
    from cardcase.project.boot import operator

    plan = queries.plan(operator(shop_slug), buyer)
    if as_json:
        print_json(plan_document(plan).model_dump())
    else:
        _say_plan(plan)


@privacy.command("list", help="列出到期、限制中、已删除的 / list what is due, restricted, erased")
@json_option
@shop_option
@with_desk
def list_(*, as_json: bool, shop_slug: str | None) -> None:
    """List removals; what has become due is proposed first."""
    from cardcase.privacy import queries, service
    from cardcase.privacy.api import removal_document
    from cardcase.project.boot import operator
    from cardcase.staff.rules import Actor

    actor = operator(shop_slug)
    service.propose_due(Actor.system(actor.shop_id, "privacy"), at=clock.now())
    found = queries.removals(actor)
    if as_json:
        print_json([removal_document(one).model_dump() for one in found])
    else:
        _say_removals(found)


@privacy.command("export", help="给买家一份资料副本（ZIP） / the buyer's copy, a ZIP")
@click.argument("buyer")
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="ZIP 文件 / the ZIP file",
)
@shop_option
@with_desk
def export(buyer: str, *, target: Path, shop_slug: str | None) -> None:
    """Write the copy; the record notes that it was made."""
    from cardcase.privacy import service
    from cardcase.project.boot import operator

    copy = service.export(operator(shop_slug), buyer, at=clock.now())
    try:
        target.write_bytes(copy.data)
    except OSError as error:
        raise WrongUse(
            f"写不了 {target}：{error.strerror}",
            f"Cannot write {target}: {error.strerror}",
            next=Text("检查目录和权限。", "Check the folder and its permissions."),
            code="file_unwritable",
        ) from error
    click.echo(f"已写入 / written: {target} ({copy.rows} rows)")


@privacy.command("restrict", help="限制处理：加密收起，到期再删 / lock away until the period is over")
@click.argument("buyer")
@click.option("--ground", type=_GROUNDS, required=True, help="理由 / why")
@json_option
@shop_option
@with_desk
def restrict(buyer: str, *, ground: str, as_json: bool, shop_slug: str | None) -> None:
    """Restrict."""
    from cardcase.privacy import service
    from cardcase.project.boot import operator

    _say_done(service.restrict(operator(shop_slug), buyer, ground=ground, at=clock.now()), as_json=as_json)


@privacy.command("lift", help="解除限制，资料放回 / lift a restriction")
@click.argument("buyer")
@click.option("--reason", required=True, help="为什么 / why")
@json_option
@shop_option
@with_desk
def lift(buyer: str, *, reason: str, as_json: bool, shop_slug: str | None) -> None:
    """Lift a restriction."""
    from cardcase.privacy import service
    from cardcase.project.boot import operator

    _say_done(service.lift(operator(shop_slug), buyer, reason=reason, at=clock.now()), as_json=as_json)


@privacy.command(
    "erase", help="删除；不带 --confirm 时只显示会删什么 / erase; without --confirm it only shows the plan"
)
@click.argument("buyer")
@click.option("--ground", type=_GROUNDS, default="retention_over", help="理由 / why")
@click.option("--confirm", "confirmation", default="", help="计划里要求输入的文字 / the phrase that the plan asks for")
@click.option("--stamp", default="", help="计划的标记，资料变了就拒绝 / the plan's stamp: refused when it changed")
@json_option
@shop_option
@with_desk
def erase(buyer: str, *, ground: str, confirmation: str, stamp: str, as_json: bool, shop_slug: str | None) -> None:
    """Erase for good, after the phrase was typed."""
    from cardcase.privacy import queries, service
    from cardcase.privacy.api import plan_document
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    if not confirmation:
        plan = queries.plan(actor, buyer)
        if as_json:
            print_json(plan_document(plan).model_dump())
        else:
            _say_plan(plan)
        return
    done = service.erase(actor, buyer, ground=ground, confirmation=confirmation, stamp=stamp, at=clock.now())
    _say_done(done, as_json=as_json)


@privacy.command("finish", help="做完被打断的删除 / finish erasures that were broken off")
@shop_option
@with_desk
def finish(*, shop_slug: str | None) -> None:
    """Finish what was begun. The background work does the same every ten minutes."""
    from cardcase.privacy import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    service.finish_begun(actor, at=clock.now())
    service.destroy_orphans(actor, at=clock.now())
    click.echo("已检查 / done")


def _say_plan(plan: "Plan") -> None:
    click.echo(f"{plan.ref}\t{plan.order_no or plan.nick}")
    click.echo(f"{plan.rows} 行 rows, {plan.contents} 项记录内容 contents, {plan.files} 个文件 files")
    for part in plan.parts:
        until = f"{part.due_at:%Y-%m-%d} ({part.rule})" if part.due_at else "-"
        state = part.removal.state if part.removal is not None else ""
        click.echo(f"  {part.matter.subject}\t{part.matter.about}\t{part.collected.rows}\t{until}\t{state}")
        for held in part.holds:
            click.echo(f"    ✋ {held.text.zh} / {held.text.en}")
    if plan.shared:
        click.echo(f"  {len(plan.shared)} 个导入原件里还有别的买家 / imported originals tell of other buyers too")
    if not plan.is_empty and not plan.holds:
        click.echo(f"确认删除 / to erase: --confirm '{plan.phrase.zh}' --stamp {plan.stamp}")


def _say_done(done: "Iterable[RemovalView]", *, as_json: bool) -> None:
    from cardcase.privacy.api import removal_document

    if as_json:
        print_json([removal_document(one).model_dump() for one in done])
    else:
        _say_removals(done)


def _say_removals(found: "Iterable[RemovalView]") -> None:
    for one in found:
        until = f"{one.erase_at:%Y-%m-%d}" if one.erase_at else "-"
        waits = (
            f"\t待删 / waiting: {one.waiting_files}+{one.waiting_originals}"
            if one.waiting_files + one.waiting_originals
            else ""
        )
        click.echo(
            f"{one.ref}\t{one.order_no}\t{one.state.value}\t{until}\t{one.rows}/{one.contents}/{one.files}{waits}"
        )
