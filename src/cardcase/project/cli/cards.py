"""Cards on the command line: stock, history, and what can be done with a card. Codes are never arguments."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cardcase.kit import clock
from cardcase.kit.errors import NotFound

from .common import json_option, print_json, require_new, shop_option, with_desk, write_new

_PROOF = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(help="卡库：库存、一张卡的经历、查验、作废 / cards: stock, history, checks, voiding")
def card() -> None:
    """Look after cards."""


@card.command("list", help="列出卡，只显示尾号 / list cards, tails only")
@click.option("--brand", default="", help="品牌 / brand")
@click.option("--state", default="", help="状态，例如 in_stock / state, such as in_stock")
@click.option("--told", default="", help="尾四位或订单号 / the last four, or an order number")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
@json_option
@shop_option
@with_desk
def list_(*, brand: str, state: str, told: str, limit: int, as_json: bool, shop_slug: str | None) -> None:
    """Print cards, newest first."""
    from cardcase.cards import queries
    from cardcase.project.boot import operator

    page = queries.stock_page(operator(shop_slug), brand=brand, state=state, told=told, limit=limit)
    if as_json:
        print_json({"cards": page.rows, "next": page.after})
        return
    for row in page.rows:
        kind = " ".join(part for part in (row.brand, row.spec, _yuan(row.face_fen)) if part)
        click.echo(
            f"{row.public_id}  {row.masked:<6} {kind}  {row.state_text.zh} / {row.state_text.en}  {row.batch_name}"
        )
    if not page.rows:
        click.echo("没有符合的卡。/ No such card.")


@card.command("stock", help="每种卡还有多少，账对不对 / how many of each kind, and whether the books agree")
@json_option
@shop_option
@with_desk
def stock(*, as_json: bool, shop_slug: str | None) -> int:
    """Print sums, kinds that run out, the reconciliation and what does not agree; exit 1 when something does not."""
    from cardcase.cards import queries
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    sums, low = queries.stock_summary(actor), queries.low_stock(actor)
    books, wrong = queries.reconcile(actor), queries.audit(actor)
    if as_json:
        print_json({"kinds": sums, "low": low, "books": books, "is_complete": books.is_complete, "wrong": wrong})
    else:
        for row in sums:
            mark = "!" if row in low else " "
            name = f"{row.kind or '–'} {_yuan(row.face_fen)}"
            click.echo(
                f"{mark} {name}\t{row.unused} 可售 / to sell\t{row.reserved} 预留 / kept\t{row.sold} 已售 / sold"
            )
        parts = (
            f"{books.unused} + {books.reserved} + {books.delivered} + {books.voided} + {books.returned}"
            f" + {books.quarantined} + {books.written_off}"
        )
        click.echo(f"{'✓' if books.is_complete else '✗'} {parts} = {books.imported}")
        click.echo(
            "  未售+预留+已发+作废+退回+隔离+核销=入库 / unused+kept+delivered+voided+returned+quarantined+written off"
        )
        for found in wrong:
            click.echo(f"✗ {found.text.zh} / {found.text.en}: {found.count} ({', '.join(found.cards)})")
    return 0 if books.is_complete and not wrong else 1


@card.command("show", help="一张卡的全部经历 / all that is known of one card")
@click.argument("card_id")
@json_option
@shop_option
@with_desk
def show(card_id: str, *, as_json: bool, shop_slug: str | None) -> None:
    """Print one card."""
    from cardcase.project.boot import operator

    _print(operator(shop_slug), card_id, as_json=as_json)


@card.command(
    "find", help="按整个卡密找卡；卡密从提示或标准输入读，不写在命令里 / find by whole code, from prompt or stdin"
)
@json_option
@shop_option
@with_desk
def find(*, as_json: bool, shop_slug: str | None) -> None:
    """Find a card by its keyed hash; the code is typed unseen or comes by a pipe, never as an argument."""
    from cardcase.cards import queries
    from cardcase.kit.secret import CardCode
    from cardcase.project.boot import operator

    typed = click.prompt("卡密 / code", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    actor = operator(shop_slug)
    card_id = queries.card_of_code(actor, CardCode(typed)) if typed.strip() else None
    if card_id is None:
        raise NotFound("卡库里没有这张卡", "There is no such card in the stock")
    _print(actor, card_id, as_json=as_json)


@card.command("reveal", help="查看明文；先写进保管链再显示 / show the code; recorded before it is shown")
@click.argument("card_id")
@click.option("--reason", required=True, help="为什么看 / why")
@click.option("--order", "order_no", default="", help="为哪笔订单 / for which order")
@shop_option
@with_desk
def reveal(card_id: str, *, reason: str, order_no: str, shop_slug: str | None) -> None:
    """Print the code alone on stdout, once, under record."""
    from cardcase.cards import service
    from cardcase.project.boot import operator

    code = service.reveal(operator(shop_slug), card_id, reason=reason, order_no=order_no, at=clock.now())
    click.echo(code.expose())


@card.command("check", help="记下一次查验 / record a look at the balance")
@click.argument("card_id")
@click.option("--balance", default="", help="余额（元） / balance in yuan")
@click.option("--usable/--unusable", default=None, help="能不能用 / whether it works")
@click.option("--method", default="", help="怎么查的 / how")
@click.option("--note", default="", help="备注 / note")
@click.option("--proof", type=_PROOF, help="截图 / screenshot")
@json_option
@shop_option
@with_desk
def check(card_id: str, *, usable: bool | None, as_json: bool, shop_slug: str | None, **told: Any) -> None:
    """Record what somebody saw the card to be worth."""
    words = {"usable": {True: "yes", False: "no", None: ""}[usable]}
    _do(card_id, "check", {**told, **words}, as_json=as_json, shop_slug=shop_slug)


@card.command("ask", help="让安装的查验程序查余额 / let an installed checker look at the balance")
@click.argument("card_id")
@click.argument("checker")
@json_option
@shop_option
@with_desk
def ask(card_id: str, checker: str, *, as_json: bool, shop_slug: str | None) -> None:
    """Let a program look; the record says so before the code is used."""
    _do(card_id, "ask_checker", {"checker": checker}, as_json=as_json, shop_slug=shop_slug)


@card.command("proof", help="取出一份凭证，理由记入保管链；编号见 show --json / write a proof out, under record")
@click.argument("card_id")
@click.argument("proof_id")
@click.option("--reason", required=True, help="为什么 / why")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="写到 / write to")
@shop_option
@with_desk
def proof_(card_id: str, proof_id: str, *, reason: str, output: Path, shop_slug: str | None) -> None:
    """Write a proof of a card, or of a batch by its id, into a new file."""
    from cardcase.cards import service
    from cardcase.project.boot import operator

    require_new(output)
    opened = service.open_proof(operator(shop_slug), card_id, proof_id, reason=reason, at=clock.now())
    write_new(output, opened.pieces)
    click.echo(f"{output}\t{opened.mime}\t{opened.size}")


@card.command("void", help="登记作废申请 / record that the issuer was asked to void it")
@click.argument("card_id")
@click.option("--reason", required=True, help="为什么 / why")
@json_option
@shop_option
@with_desk
def void(card_id: str, *, reason: str, as_json: bool, shop_slug: str | None) -> None:
    """Record the request; the answer is ``card voided``."""
    _do(card_id, "ask_void", {"reason": reason}, as_json=as_json, shop_slug=shop_slug)


@card.command("voided", help="登记发卡方的答复 / record how the issuer answered")
@click.argument("card_id")
@click.argument("result", type=click.Choice(["voided", "failed", "redeemed", "unknown"]))
@click.option("--proof", type=_PROOF, help="作废凭证 / the issuer's record; needed when voided")
@click.option("--note", default="", help="依据 / what shows it")
@click.option("--redeemed-at", type=click.DateTime(), help="已兑换时：几点 / if redeemed: when")
@json_option
@shop_option
@with_desk
def voided(card_id: str, result: str, *, as_json: bool, shop_slug: str | None, **told: Any) -> None:
    """Settle the request."""
    _do(card_id, "settle_void", {"result": result, **told}, as_json=as_json, shop_slug=shop_slug)


@card.command("redeemed", help="登记已被兑换 / record that the issuer shows it as redeemed")
@click.argument("card_id")
@click.option("--source", required=True, help="在哪里看到的 / where it says so")
@click.option("--at", "redeemed_at", type=click.DateTime(), help="兑换时间 / when")
@json_option
@shop_option
@with_desk
def redeemed(card_id: str, *, as_json: bool, shop_slug: str | None, **told: Any) -> None:
    """Record a redemption."""
    _do(card_id, "redeemed", told, as_json=as_json, shop_slug=shop_slug)


def _simple(name: str, act: str, zh: str, en: str) -> None:
    @card.command(name, help=f"{zh} / {en}")
    @click.argument("card_id")
    @click.option("--reason", required=True, help="为什么 / why")
    @json_option
    @shop_option
    @with_desk
    def command(card_id: str, *, reason: str, as_json: bool, shop_slug: str | None) -> None:
        _do(card_id, act, {"reason": reason}, as_json=as_json, shop_slug=shop_slug)

    command.__doc__ = f"{en}."


_simple("take-back", "take_back", "买家退回", "the buyer returned it")
_simple(
    "readmit", "readmit", "解除隔离，要有 24 小时内的查验", "let it out of quarantine; needs a check of the last day"
)
_simple("write-off", "write_off", "核销隔离中的卡", "write off a quarantined card")


def _do(card_id: str, name: str, told: dict[str, Any], *, as_json: bool, shop_slug: str | None) -> None:
    from cardcase.cards import service
    from cardcase.project.boot import operator

    proof = told.pop("proof", None)
    words = {key: _word(value) for key, value in told.items() if value is not None}
    actor = operator(shop_slug)
    service.perform(actor, name, service.CardAct(card_id, clock.now(), words, proof.read_bytes() if proof else b""))
    _print(actor, card_id, as_json=as_json)


def _word(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _print(actor: Any, card_id: str, *, as_json: bool) -> None:
    from cardcase.cards import present, queries
    from cardcase.shell.language import say

    life = queries.card_life(actor, card_id)
    if as_json:
        print_json(queries.as_plain(life))
        return
    page = present.card(actor, life, now=clock.now())
    click.echo(f"{page.title}  {say(life.state_text)}")
    for fact in (*page.facts, *page.provenance):
        click.echo(f"  {fact.label}\t{fact.value}{f'  {fact.note}' if fact.note else ''}")
    for row in page.history:
        click.echo(f"  {row.time}\t{row.what}  {row.detail}  {row.who}".rstrip())


def _yuan(fen: int | None) -> str:
    from cardcase.kit.money import yuan

    return yuan(fen) if fen is not None else "面值未知 / face unknown"
