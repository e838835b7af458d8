"""Giving cards to orders: allocate, terms, consent, show, confirm, settle, send again."""

from typing import Any

import click

from cardcase.kit import clock
from cardcase.kit.errors import NotFound
from cardcase.kit.money import parse_yuan

from .common import json_option, print_json, shop_option, with_desk


@click.group(help="发货：分配卡、发卡密、核实 / give cards to orders: allocate, show, settle")
def deliver() -> None:
    """Give cards to orders."""


@deliver.command("list", help="待处理的发货，急的在前 / deliveries that wait for somebody, the urgent ones first")
@json_option
@shop_option
@with_desk
def list_(*, as_json: bool, shop_slug: str | None) -> None:
    """List open deliveries, and paid orders without a card."""
    from cardcase.delivery import queries
    from cardcase.delivery.rules import TITLES
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    rows, orders = queries.open_deliveries(actor), queries.unallocated_orders(actor)
    if as_json:
        told = [
            {"id": row.public_id, "order_no": row.order_no, "kind": row.kind.title(), "quantity": row.quantity}
            | {"state": row.state.value}
            for row in rows
        ]
        print_json({"deliveries": told, "unallocated": [order.order_no for order in orders]})
        return
    for row in rows:
        title = TITLES[row.state]
        click.echo(f"{row.order_no}\t{row.kind.title()} × {row.quantity}\t{title.zh} / {title.en}")
    for order in orders:
        click.echo(f"{order.order_no}\t{order.listing.title if order.listing else ''}\t还没有分配 / no card yet")


@deliver.command(help="给订单分配卡：全给或不给 / keep cards for an order: all it asks for, or none")
@click.argument("order_no")
@click.option("--brand", default="", help="品牌，照卡库的写法 / brand as the stock writes it")
@click.option("--face", default="", help="面值（元） / face value in yuan")
@click.option("--region", default="", help="地区 / region")
@click.option("--spec", default="", help="规格 / what else tells kinds apart")
@click.option("--quantity", type=int, default=None, help="张数，默认按订单 / how many; else as ordered")
@json_option
@shop_option
@with_desk
def allocate(
    order_no: str,
    *,
    brand: str,
    face: str,
    region: str,
    spec: str,
    quantity: int | None,
    as_json: bool,
    shop_slug: str | None,
) -> None:
    """Allocate cards to an order."""
    from cardcase.cards.rules import CardKind
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    try:
        kind = CardKind(brand, parse_yuan(face), region, spec) if brand or face else None
    except ValueError as error:
        raise click.BadParameter("面值不是金额 / the face value is no amount") from error
    view = service.allocate(operator(shop_slug), order_no, kind, quantity, at=clock.now())
    _print(view, as_json=as_json)


@deliver.command(help="取出须知并记下已发给买家 / print the terms and note that the buyer is sent them")
@click.argument("order_no")
@shop_option
@with_desk
def terms(order_no: str, *, shop_slug: str | None) -> None:
    """Show the terms of an order."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    click.echo(service.show_terms(actor, _order(actor, order_no), how="chat", at=clock.now()).text)


@deliver.command(help="记下买家同意须知的原话 / note the words in which the buyer agreed to the terms")
@click.argument("order_no")
@click.argument("words")
@shop_option
@with_desk
def consent(order_no: str, words: str, *, shop_slug: str | None) -> None:
    """Keep the buyer's consent."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor, now = operator(shop_slug), clock.now()
    new = service.acknowledge(actor, _order(actor, order_no), how="staff", words=words, said_at=now, at=now)
    click.echo("已记下。/ Noted." if new else "已有答复，保持不变。/ There is an answer already; it stays.")


@deliver.command(help="取出卡密发给买家，只显示一次 / take the codes out for the buyer, shown once")
@click.argument("order_no")
@click.option("--reason", default="按订单发货", show_default=True, help="为什么 / why")
@json_option
@shop_option
@with_desk
def show(order_no: str, *, reason: str, as_json: bool, shop_slug: str | None) -> None:
    """Clear the codes of an order and print them, once."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    view = _delivery(actor, order_no)
    shown = service.authorise(actor, view.public_id, to="buyer", how="console", reason=reason, at=clock.now())
    _say(shown, as_json=as_json)


@deliver.command(help="同一张卡再发一次，要写原因 / send the very same codes again, with a reason")
@click.argument("order_no")
@click.option("--reason", required=True, help="为什么 / why")
@json_option
@shop_option
@with_desk
def resend(order_no: str, *, reason: str, as_json: bool, shop_slug: str | None) -> None:
    """Send the codes of an order again."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    view = _delivery(actor, order_no)
    shown = service.resend(actor, view.public_id, to="buyer", how="console", reason=reason, at=clock.now())
    _say(shown, as_json=as_json)


@deliver.command(help="确认已发给买家 / note that the buyer has the codes")
@click.argument("order_no")
@click.option("--message", "message_id", default="", help="渠道的消息编号 / the channel's message id")
@shop_option
@with_desk
def confirm(order_no: str, *, message_id: str, shop_slug: str | None) -> None:
    """Confirm a display."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    service.confirm_shown(actor, _delivery(actor, order_no).public_id, at=clock.now(), message_id=message_id)
    click.echo("已确认。/ Confirmed.")


@deliver.command(help="核实买家看到没有 / settle whether the buyer saw the codes that nobody confirmed")
@click.argument("order_no")
@click.option("--seen/--not-seen", "was_seen", required=True, help="看到了 / 没看到")
@click.option("--reason", required=True, help="依据 / what shows it")
@shop_option
@with_desk
def settle(order_no: str, *, was_seen: bool, reason: str, shop_slug: str | None) -> None:
    """Settle the open displays of an order."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    displays = [slot.display for slot in _delivery(actor, order_no).slots if slot.display is not None]
    waiting = [display.reveal_id for display in displays if display.state in ("authorised", "unknown")]
    if not waiting:
        raise NotFound("没有等待核实的卡密", "No code waits to be settled")
    for reveal in waiting:
        service.settle_display(actor, reveal, was_seen=was_seen, reason=reason, at=clock.now())
    click.echo(f"已核实 {len(waiting)} 张。/ Settled: {len(waiting)}.")


def _order(actor: Any, order_no: str) -> Any:
    from cardcase.delivery import queries

    return queries.order_by_no(actor, order_no)


def _delivery(actor: Any, order_no: str) -> Any:
    from cardcase.delivery import queries

    found = queries.delivery_of_order(actor, _order(actor, order_no).pk)
    if found is None:
        raise NotFound("这笔订单还没有分配卡", "No card is allocated to this order")
    return found


def _print(view: Any, *, as_json: bool) -> None:
    from cardcase.delivery.rules import TITLES

    if as_json:
        cards = [{"card": slot.card.public_id, "code": slot.card.masked} for slot in view.slots]
        print_json({"id": view.public_id, "order_no": view.row.order_no, "state": view.state.value, "cards": cards})
        return
    click.echo(f"{view.row.order_no}\t{view.row.kind.title()}\t{TITLES[view.state].zh} / {TITLES[view.state].en}")
    for slot in view.slots:
        click.echo(f"  {slot.position}\t{slot.card.masked}\t{slot.card.expires_on or ''}")
    for text in (*view.stops, *view.warnings):
        click.echo(f"  ! {text.zh} / {text.en}")


def _say(shown: Any, *, as_json: bool) -> None:
    if as_json:
        print_json({"codes": [{"card": one.card_id, "code": one.code.expose(), "number": one.number} for one in shown]})
        return
    for one in shown:
        click.echo(" ".join(part for part in (one.number, one.code.expose()) if part))
    click.echo("发给买家后请运行 confirm。/ Run confirm when the buyer has them.", err=True)
