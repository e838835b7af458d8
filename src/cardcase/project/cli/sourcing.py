"""Suppliers and batches on the command line. The command says lot, the code says CardBatch, the screen says 批次."""

import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from cardcase.kit import clock
from cardcase.kit.errors import WrongUse
from cardcase.kit.money import parse_yuan, yuan
from cardcase.kit.text import Text

from .common import json_option, print_json, shop_option, with_desk

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
DAY = click.DateTime(["%Y-%m-%d"])
PAPERS = click.Choice(
    ["invoice", "receipt", "payment", "contract", "authorisation", "serial_list", "id_check", "chat", "other"]
)


@click.group(help="货源方：登记、停用、单据 / suppliers: register, suspend, papers")
def supplier() -> None:
    """Look after suppliers."""


@supplier.command("list", help="列出货源方 / list suppliers")
@json_option
@shop_option
@with_desk
def supplier_list(*, as_json: bool, shop_slug: str | None) -> None:
    """List suppliers."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries

    rows = queries.supplier_rows(operator(shop_slug))
    if as_json:
        print_json(rows)
        return
    for row in rows:
        known = "已登记身份" if row.has_identity else "身份未登记"
        click.echo(
            f"{row.public_id}\t{row.name}\t{row.channel}\t{row.status}\t{known}\t{row.batches} 批 / {row.cards} 张"
        )


@supplier.command(
    "add", help="登记货源方；证件号和联系方式加密保存 / register a supplier; number and contact are sealed"
)
@click.argument("name")
@click.option("--channel", default=None, help="issuer_direct, authorised, second_hand, unknown")
@click.option("--kind", default=None, help="company, person, unknown")
@click.option("--legal-name", default=None, help="真实名称 / legal name")
@click.option("--id-kind", default=None, help="licence, id_card, passport")
@click.option("--ask-id", is_flag=True, help="在终端里输入证件号，不显示 / type the number, not shown")
@click.option("--ask-contact", is_flag=True, help="在终端里输入联系方式 / type the contact")
@click.option("--claim-days", type=click.IntRange(0, 3650), default=None, help="索赔天数 / days to claim")
@click.option("--note", default=None, help="备注 / note")
@shop_option
@with_desk
def supplier_add(name: str, *, ask_id: bool, ask_contact: bool, shop_slug: str | None, **told: Any) -> None:
    """Register a supplier."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import service
    from cardcase.sourcing.rules.suppliers import SupplierTold

    if ask_id:
        told["id_number"] = click.prompt("证件号 / number", hide_input=True)
    if ask_contact:
        told["contact"] = click.prompt("联系方式 / contact", hide_input=True)
    made, alike = service.add_supplier(operator(shop_slug), name, SupplierTold(**told), at=clock.now())
    click.echo(made.public_id)
    if alike:
        click.echo(f"! 名称很像 / looks like: {'、'.join(alike)}", err=True)


@supplier.command("show", help="看一个货源方 / show one supplier")
@click.argument("ref")
@json_option
@shop_option
@with_desk
def supplier_show(ref: str, *, as_json: bool, shop_slug: str | None) -> None:
    """Show a supplier, without what is sealed."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries

    view = queries.supplier_view(operator(shop_slug), ref)
    if as_json:
        print_json(view)
        return
    click.echo(f"{view.name}\t{view.channel}\t{view.kind}\t{view.status}")
    click.echo(f"  {view.legal_name or '—'}\t{view.id_masked or '—'}")
    for paper in view.papers:
        click.echo(
            f"  {paper.public_id}\t{paper.kind}\t{paper.name}{'（已作废 / superseded）' if paper.is_superseded else ''}"
        )
    for batch_id, name in view.batches:
        click.echo(f"  {batch_id}\t{name}")


@supplier.command("suspend", help="停用货源方 / stop buying from a supplier")
@click.argument("ref")
@click.option("--reason", required=True, help="为什么 / why")
@shop_option
@with_desk
def supplier_suspend(ref: str, *, reason: str, shop_slug: str | None) -> None:
    """Suspend a supplier."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries, service

    actor = operator(shop_slug)
    service.suspend_supplier(actor, queries.supplier_by_ref(actor, ref).public_id, reason=reason, at=clock.now())
    click.echo("已停用 / suspended")


@supplier.command("reinstate", help="恢复货源方（店主） / buy from a suspended supplier again, by the owner")
@click.argument("ref")
@click.option("--reason", required=True, help="为什么 / why")
@shop_option
@with_desk
def supplier_reinstate(ref: str, *, reason: str, shop_slug: str | None) -> None:
    """Reinstate a supplier."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries, service

    actor = operator(shop_slug)
    service.reinstate_supplier(actor, queries.supplier_by_ref(actor, ref).public_id, reason=reason, at=clock.now())
    click.echo("已恢复 / reinstated")


def _paper_options(function: Any) -> Any:
    for option in (
        click.option("--kind", type=PAPERS, required=True, help="是什么单据 / what it is"),
        click.option("--issued-on", type=DAY, default=None, help="开具日期 / issued on"),
        click.option("--valid-from", type=DAY, default=None, help="授权从 / valid from"),
        click.option("--valid-until", type=DAY, default=None, help="授权到 / valid until"),
        click.option("--amount", default="", help="金额，元 / amount in yuan"),
        click.option("--counterparty", default="", help="对方 / counterparty"),
        click.option("--number", default="", help="单据号码，只存后四位 / its number; four digits stay"),
        click.option("--note", default="", help="备注 / note"),
    ):
        function = option(function)
    return function


@supplier.command("attach", help="存下货源方的单据 / keep a paper of a supplier")
@click.argument("ref")
@click.argument("file", type=FILE)
@_paper_options
@shop_option
@with_desk
def supplier_attach(ref: str, file: Path, *, shop_slug: str | None, **told: Any) -> None:
    """Keep a paper."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries

    actor = operator(shop_slug)
    _attach(actor, file, told, supplier=queries.supplier_by_ref(actor, ref).public_id)


@click.group(help="批次：来源、单据、核对、召回、索赔 / batches: provenance, papers, checks, recall, claims")
def lot() -> None:
    """Look after batches."""


@lot.command("list", help="列出批次 / list batches")
@json_option
@shop_option
@with_desk
def lot_list(*, as_json: bool, shop_slug: str | None) -> None:
    """List batches."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries

    rows = queries.lots(operator(shop_slug))
    if as_json:
        print_json(rows)
        return
    for row in rows:
        state = "已冻结" if row.is_quarantined else ""
        click.echo(
            f"{row.public_id}\t{row.name}\t{row.supplier_name or '—'}\t{row.cards} 张\t提示 {row.open_flags}\t{state}"
        )


@lot.command("show", help="看一个批次：完整度、单据、提示、召回、索赔 / show a batch with all that hangs on it")
@click.argument("ref")
@json_option
@shop_option
@with_desk
def lot_show(ref: str, *, as_json: bool, shop_slug: str | None) -> None:
    """Show a batch."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries
    from cardcase.sourcing.api import lot_document

    actor = operator(shop_slug)
    view = queries.lot(actor, queries.lot_id(actor, ref))
    if as_json:
        print_json(lot_document(view))
        return
    click.echo(f"{view.name}\t{view.supplier_name or '—'}\t{view.cards} 张\t完整度 {view.completeness.score}/100")
    for item in view.completeness.gaps:
        click.echo(f"  {item.standing.value}\t−{item.weight - item.weight * item.share // 100}\t{item.missing.zh}")
    _print_flags(view.flags)
    if view.recall:
        click.echo(f"  召回 / recalled\t{view.recall.reason}\t未告知 / untold {view.recall.untold}")
    for claim in view.claims:
        click.echo(f"  索赔 / claim\t{claim.public_id}\t{claim.state.value}\t{yuan(claim.asked_fen)}")


@lot.command("set", help="登记怎么买的；没写的照旧 / write down how it was bought; what is not named stays")
@click.argument("ref")
@click.option("--supplier", default="", help="货源方 / supplier")
@click.option("--channel", default="", help="issuer_direct, authorised, second_hand, unknown")
@click.option("--acquired-on", type=DAY, default=None, help="采购日期 / bought on")
@click.option("--unit-cost", default="", help="单价，元 / unit cost in yuan")
@click.option("--total", default="", help="总额，元 / total in yuan")
@click.option("--claim-until", type=DAY, default=None, help="货源方负责到 / supplier answers until")
@click.option("--card-kind", default="", help="single, multi")
@click.option("--named/--unnamed", "is_named", default=None, help="记名或不记名 / named or not")
@click.option("--paid-by", default="", help="transfer, cash, credit_card, other")
@click.option("--payer", "payer_kind", default="", help="company, person")
@click.option(
    "--third-party/--own-payment", "is_third_party_paid", default=None, help="第三方付款 / paid by a third party"
)
@click.option("--issuer-place", default="", help="发卡方所在地 / the issuer's place")
@shop_option
@with_desk
def lot_set(ref: str, *, unit_cost: str, total: str, shop_slug: str | None, **told: Any) -> None:
    """Set what is told."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries, service
    from cardcase.sourcing.service import LotTold

    actor = operator(shop_slug)
    for name in ("acquired_on", "claim_until"):
        told[name] = _day(told[name])
    wish = LotTold(unit_cost_fen=_fen(unit_cost), total_fen=_fen(total), **told)
    service.set_lot(actor, queries.lot_id(actor, ref), wish, at=clock.now())
    click.echo("已保存 / saved")


@lot.command("attach", help="存下批次的单据 / keep a paper of a batch")
@click.argument("ref")
@click.argument("file", type=FILE)
@_paper_options
@shop_option
@with_desk
def lot_attach(ref: str, file: Path, *, shop_slug: str | None, **told: Any) -> None:
    """Keep a paper."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries

    actor = operator(shop_slug)
    _attach(actor, file, told, batch=queries.lot_id(actor, ref))


@lot.command("paper", help="取出一份单据，取的人会进记录 / write a paper to a file; the record says who had it")
@click.argument("paper_id")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="文件 / file")
@shop_option
@with_desk
def lot_paper(paper_id: str, *, output: Path, shop_slug: str | None) -> None:
    """Write a paper to a new file that only its owner can read."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import service

    data, _, name = service.open_paper(operator(shop_slug), paper_id, at=clock.now())
    with open(output, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(data)
    click.echo(f"{paper_id}\t{name}\t{len(data)} B")


@lot.command("seal-papers", help="把升级前没有加密的单据加密 / seal the papers from before they were sealed")
@with_desk
def lot_seal_papers() -> None:
    """Seal all older papers of every shop; again finds nothing. Exit 1 when some could not be read."""
    from cardcase.sourcing import queries, service
    from cardcase.staff import queries as staff
    from cardcase.staff.rules import Actor

    left = 0
    for shop in staff.all_shops():
        actor, sealed = Actor.system(shop.pk), 0
        while done := service.seal_older(actor, at=clock.now()):
            sealed += done
        waiting = queries.unsealed(actor)
        left += waiting
        click.echo(f"{shop.slug}\t加密 {sealed} / sealed\t剩下 {waiting} / left")
    if left:
        raise SystemExit(1)


@lot.command("serials", help="核对货源方的卡号清单 / compare a supplier's list of card numbers")
@click.argument("ref")
@click.argument("file", type=FILE)
@json_option
@shop_option
@with_desk
def lot_serials(ref: str, file: Path, *, as_json: bool, shop_slug: str | None) -> None:
    """Compare a list and keep it sealed; exit 1 when it differs."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries, service
    from cardcase.sourcing.service import PaperTold

    actor = operator(shop_slug)
    batch = queries.lot_id(actor, ref)
    kept = service.attach(
        actor, file.read_bytes(), PaperTold(kind="serial_list", name=file.name), batch=batch, at=clock.now()
    )
    found = next(paper.serials for paper in queries.lot(actor, batch).papers if paper.public_id == kept.public_id)
    assert found is not None
    if as_json:
        print_json(found)
    else:
        click.echo(f"对上 / matched {found.matched}\n库里没有 / not in stock {found.missing}")
        click.echo(f"在别的批次 / elsewhere {found.elsewhere}\n清单没有 / not on the list {found.unlisted}")
        for row in found.rows:
            if row["state"] != "matched":
                click.echo(f"  {row['row']}\t{row['shown']}\t{row['state']}")
        if found.codes:
            click.echo(f"! 清单里有 {found.codes} 行含卡密，不能再下载 / codes in {found.codes} rows", err=True)
    if found.missing or found.elsewhere or found.unlisted:
        raise SystemExit(1)


@lot.command("check", help="按规则重新判断批次 / ask the rules about a batch now")
@click.argument("ref")
@json_option
@shop_option
@with_desk
def lot_check(ref: str, *, as_json: bool, shop_slug: str | None) -> None:
    """Ask the rules; exit 1 when a flag is open."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries, service
    from cardcase.sourcing.api import flag_document

    actor = operator(shop_slug)
    batch = queries.lot_id(actor, ref)
    service.evaluate_batch(actor, batch, at=clock.now())
    found = queries.flags(actor, subjects=[batch])
    if as_json:
        print_json([flag_document(flag) for flag in found])
    else:
        _print_flags(found)
    if found:
        raise SystemExit(1)


@lot.command("recall", help="召回批次 / call a batch back")
@click.argument("ref")
@click.option("--reason", required=True, help="为什么 / why")
@click.option("--card", default="", help="证实的坏卡 / the card proven bad")
@click.option("--case", default="", help="证实它的售后单 / the case that proves it")
@click.option(
    "--confirmed",
    "is_confirmed",
    is_flag=True,
    help="已向发卡方核实是它主动作废 / the issuer confirmed that it voided it",
)
@click.option("--on-suspicion", is_flag=True, help="没有证实，按怀疑召回（店主） / on suspicion, by the owner")
@shop_option
@with_desk
def lot_recall(ref: str, *, shop_slug: str | None, **told: Any) -> None:
    """Call back; again adds only what is new."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries, service

    actor = operator(shop_slug)
    batch = queries.lot_id(actor, ref)
    service.recall(actor, batch, at=clock.now(), **told)
    view = queries.lot(actor, batch).recall
    assert view is not None
    click.echo(f"停售 / set aside {view.set_aside}\t已售 / sold {len(view.sold)}\t预留 / reserved {len(view.reserved)}")
    for row in (*view.reserved, *view.sold):
        click.echo(f"  {row.order_no}\t{row.buyer}\t{' '.join(row.cards)}\t{' '.join(row.cases)}")


@lot.command("reinstate", help="批次恢复出售（店主）；隔离的卡逐张查验后放回 / sell a batch again, by the owner")
@click.argument("ref")
@click.option("--reason", required=True, help="为什么 / why")
@shop_option
@with_desk
def lot_reinstate(ref: str, *, reason: str, shop_slug: str | None) -> None:
    """Let a batch that was set aside be sold again."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries, service

    actor = operator(shop_slug)
    waiting = service.reinstate_batch(actor, queries.lot_id(actor, ref), reason=reason, at=clock.now())
    click.echo(f"已恢复出售 / sold again\t待逐张查验 / to be checked one by one {waiting}")


@lot.command("card", help="看一张卡的材料完整度 / how completely one card is papered")
@click.argument("card")
@shop_option
@with_desk
def lot_card(card: str, *, shop_slug: str | None) -> None:
    """Show what the books lack about one card."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries

    found = queries.card_completeness(operator(shop_slug), card)
    if found is None:
        click.echo("没有批次 / without a batch")
        return
    click.echo(f"完整度 / papered {found.score}/100")
    for item in found.gaps:
        click.echo(f"  {item.standing.value}\t{item.missing.zh}")


@lot.command("claim", help="向货源方索赔：建立、记下进展或收款 / claims: begin one, note a step or money")
@click.argument("ref")
@click.option("--card", "cards", multiple=True, help="哪张卡，可多次 / which card; may be repeated")
@click.option("--amount", default="", help="金额，元；建立时为每张 / yuan; for each card when one is begun")
@click.option("--reason", default="", help="为什么 / why")
@click.option(
    "--step", type=click.Choice(["add", "send", "accept", "accept_partly", "reject", "close", "receipt"]), default=None
)
@click.option("--answer", default="", help="对方的原话 / the supplier's words")
@click.option("--on", type=DAY, default=None, help="哪天收到 / received on")
@shop_option
@with_desk
def lot_claim(ref: str, *, cards: tuple[str, ...], step: str | None, shop_slug: str | None, **told: Any) -> None:
    """Begin a claim about a batch (REF), or note a step of a claim (REF)."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries, service

    actor, at, amount = operator(shop_slug), clock.now(), _fen(told["amount"])
    if step is None:
        amounts = dict.fromkeys(cards, amount)
        made = service.open_claim(actor, queries.lot_id(actor, ref), amounts, reason=told["reason"], at=at)
    elif step == "add":
        made = service.add_cards(actor, ref, dict.fromkeys(cards, amount), at=at)
    elif step == "receipt":
        on = _day(told["on"]) or at.astimezone(clock.SHANGHAI).date()
        made = service.record_receipt(actor, ref, amount or 0, received_on=on, at=at)
    else:
        made = service.move_claim(actor, ref, step, answer=told["answer"], accepted_fen=amount, at=at)
    click.echo(f"{made.public_id}\t{made.state}")


def _attach(actor: Any, file: Path, told: dict[str, Any], **owner: str) -> None:
    from cardcase.sourcing import service
    from cardcase.sourcing.service import PaperTold

    for name in ("issued_on", "valid_from", "valid_until"):
        told[name] = _day(told[name])
    wish = PaperTold(name=file.name, amount_fen=_fen(told.pop("amount")), **told)
    kept = service.attach(actor, file.read_bytes(), wish, at=clock.now(), **owner)
    click.echo(f"{kept.public_id}\t{kept.mime}")


def _print_flags(flags: Any) -> None:
    for flag in flags:
        click.echo(f"  {flag.state.value}\t{flag.rule}\t{flag.said.title.zh} / {flag.said.title.en}")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _fen(text: str) -> int | None:
    try:
        return parse_yuan(text) if text.strip() else None
    except ValueError as error:
        raise WrongUse(
            "这不是金额", "This is no amount", next=Text("写成 200。", "Write 200."), code="not_an_amount"
        ) from error
