"""Giving cards to orders: what waits, allocate, terms, consent, show the codes once, confirm, settle, send again."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import click

from cardcase.kit import clock
from cardcase.kit.errors import NotFound, Problem, WrongUse
from cardcase.staff.rules import Actor

from .common import json_option, print_json, shop_option, with_desk
from .parcels import parcel

HOW = "console"
ORDERS = click.argument("orders", nargs=-1, required=True)
ORDER = click.argument("order_no")
REASON = click.option("--reason", required=True, help="为什么 / why")


@click.group(help="发货：分配卡、发卡密、核实 / give cards to orders: allocate, show, settle")
def deliver() -> None:
    """Give cards to orders."""


deliver.add_command(parcel)


@deliver.command("list", help="待处理的发货，急的在前 / deliveries that wait for somebody, the urgent ones first")
@json_option
@shop_option
@with_desk
def list_(*, as_json: bool, shop_slug: str | None) -> None:
    """List open deliveries, and paid orders without a card. No code is opened."""
    from cardcase.delivery import queries
    from cardcase.delivery.rules import TITLES
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    rows, orders = queries.open_deliveries(actor, limit=1000), queries.unallocated_orders(actor, limit=1000)
    unclear = queries.unclear_consents(actor, limit=1000)
    if as_json:
        told = [
            {"id": row.public_id, "order_no": row.order_no, "kind": row.kind.title(), "quantity": row.quantity}
            | {"state": row.state.value}
            for row in rows
        ]
        print_json(
            {"deliveries": told, "unallocated": [order.order_no for order in orders]}
            | {"unclear_consents": [{"order_no": one.order_no, "words": one.words} for one in unclear]}
        )
        return
    for row in rows:
        title = TITLES[row.state]
        click.echo(f"{row.order_no}\t{row.kind.title()} × {row.quantity}\t{title.zh} / {title.en}")
    for one in unclear:
        click.echo(f"{one.order_no}\t「{one.words}」\t是同意须知吗？看聊天 / a consent? read the chat")
    for order in orders:
        click.echo(f"{order.order_no}\t{order.listing.title if order.listing else ''}\t还没有分配 / no card yet")


@deliver.command("kind", help="设定商品（和规格）对应哪种卡 / set which kind of card a listing is")
@click.argument("channel")
@click.argument("item_id")
@click.option("--sku", "sku_text", default="", help="规格，照渠道的写法 / the specification as the channel writes it")
@click.option("--brand", required=True, help="品牌，照卡库的写法 / brand as the stock writes it")
@click.option("--face", required=True, help="面值（元） / face value in yuan")
@click.option("--region", default="", help="地区 / region")
@click.option("--spec", default="", help="卡的规格，如季卡 / what else tells kinds apart")
@click.option("--form", type=click.Choice(["code", "physical"]), default="code", help="卡密或实体卡 / code or parcel")
@shop_option
@with_desk
def kind_(channel: str, item_id: str, *, sku_text: str, shop_slug: str | None, **kind: str) -> None:
    """Set the kind of a listing."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    wanted = _kind(**kind)
    service.set_kind(operator(shop_slug), channel, item_id, sku_text, wanted, at=clock.now())
    click.echo(wanted.title())


@deliver.command(help="给订单分配卡：全给或不给 / keep cards for orders: all they ask for, or none")
@ORDERS
@click.option("--brand", default="", help="品牌；不写就按商品的设定 / brand; else what was set for the listing")
@click.option("--face", default="", help="面值（元） / face value in yuan")
@click.option("--region", default="", help="地区 / region")
@click.option("--spec", default="", help="规格 / what else tells kinds apart")
@click.option("--form", type=click.Choice(["code", "physical"]), default="code", help="卡密或实体卡 / code or parcel")
@click.option("--quantity", type=int, default=None, help="张数，默认按订单 / how many; else as ordered")
@shop_option
@with_desk
def allocate(orders: tuple[str, ...], *, quantity: int | None, shop_slug: str | None, **kind: str) -> int:
    """Allocate cards to orders, one after the other; an order that has them gets the same ones."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    wanted = _kind(**kind) if kind["brand"] or kind["face"] else None

    def one(order_no: str) -> None:
        view = service.allocate(actor, order_no, wanted, quantity, at=clock.now())
        click.echo("\t".join((order_no, view.row.kind.title(), *(slot.card.masked for slot in view.slots))))

    return _each(orders, one)


@deliver.command(help="取消分配，卡回到库存 / give unseen cards back to the stock")
@ORDER
@REASON
@shop_option
@with_desk
def cancel(order_no: str, *, reason: str, shop_slug: str | None) -> None:
    """Cancel an allocation."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    service.cancel(actor, _delivery(actor, order_no).public_id, reason=reason, at=clock.now())


@deliver.command(help="取出须知并记下已发给买家 / print the terms and note that the buyer is sent them")
@ORDERS
@shop_option
@with_desk
def terms(orders: tuple[str, ...], *, shop_slug: str | None) -> int:
    """Show the terms of orders."""
    from cardcase.delivery import queries, service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)

    def one(order_no: str) -> None:
        shown = service.show_terms(actor, queries.order_by_no(actor, order_no), how="chat", at=clock.now())
        click.echo(f"{order_no}\n{shown.text}\n")

    return _each(orders, one)


@deliver.command(help="记下买家同意须知的原话 / note the words in which the buyer agreed to the terms")
@ORDERS
@click.option("--words", required=True, help="买家的原话 / the buyer's words")
@shop_option
@with_desk
def consent(orders: tuple[str, ...], *, words: str, shop_slug: str | None) -> int:
    """Keep the buyers' consent."""
    from cardcase.delivery import queries, service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)

    def one(order_no: str) -> None:
        at, order = clock.now(), queries.order_by_no(actor, order_no)
        service.acknowledge(actor, order, how="staff", words=words, said_at=at, at=at)

    return _each(orders, one)


@deliver.command(help="店主放行，不等买家同意须知 / let the codes go without consent, as the owner")
@ORDER
@REASON
@shop_option
@with_desk
def waive(order_no: str, *, reason: str, shop_slug: str | None) -> None:
    """Waive the terms of an order."""
    from cardcase.delivery import queries, service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    service.waive_terms(actor, queries.order_by_no(actor, order_no), reason=reason, at=clock.now())


@deliver.command(help="放行一项暂停，要写原因 / lift what stops an order's codes, with a reason")
@ORDER
@REASON
@click.option("--ref", default="", help="哪一项；只有一项时不用写 / which one; not needed when there is one only")
@shop_option
@with_desk
def lift(order_no: str, *, reason: str, ref: str, shop_slug: str | None) -> None:
    """Lift a block."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    view = _delivery(actor, order_no)
    if not ref and len(view.blocks) > 1:
        names = ", ".join(f"{block.ref} ({block.text.zh})" for block in view.blocks)
        raise WrongUse(f"要写明放行哪一项：{names}", f"Say which block is lifted: {names}")
    named = ref or next((block.ref for block in view.blocks), "")
    service.lift_block(actor, view.public_id, ref=named, reason=reason, at=clock.now())


@deliver.command(help="生成领取链接，买家自己看须知、同意、看卡密 / issue a link on which the buyer claims the codes")
@ORDER
@click.option(
    "--days",
    type=int,
    default=None,
    help="有效几天，默认按店铺设置，最多 30 / days; else as the shop has set",
)
@json_option
@shop_option
@with_desk
def link(order_no: str, *, days: int | None, as_json: bool, shop_slug: str | None) -> None:
    """Issue a claim link and print it, once; one that was issued before ends."""
    from django.conf import settings

    from cardcase.delivery import queries, service
    from cardcase.project.boot import operator

    actor, config = operator(shop_slug), settings.CARDCASE
    issued = service.issue_link(actor, _delivery(actor, order_no).public_id, at=clock.now(), days=days)
    url = queries.link_address(issued.token, f"http://{config.host}:{config.port}")
    if as_json:
        print_json({"order_no": order_no, "url": url, "expires_at": clock.iso(issued.expires_at)})
        return
    click.echo(url)
    if not config.base_url:
        click.echo(
            "没有设置 base_url，这个地址只在本机打得开 / base_url is not set: it opens on this machine only", err=True
        )


@deliver.command("link-hours", help="领取链接默认有效几小时；不写只显示 / for how many hours claim links are good")
@click.argument("hours", type=int, required=False)
@shop_option
@with_desk
def link_hours(hours: int | None, *, shop_slug: str | None) -> None:
    """Show or set how long the claim links of the shop are good."""
    from cardcase.delivery import queries, service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    if hours is not None:
        service.set_claim_hours(actor, hours, at=clock.now())
    click.echo(f"{queries.claim_hours(actor)} 小时 / hours")


@deliver.command(help="作废领取链接 / revoke the claim link of an order")
@ORDER
@shop_option
@with_desk
def unlink(order_no: str, *, shop_slug: str | None) -> None:
    """Revoke the claim link of an order."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    if not service.revoke_link(actor, _delivery(actor, order_no).public_id, at=clock.now()):
        raise NotFound("这笔订单没有有效的领取链接", "This order has no live claim link")


@deliver.command(help="取出卡密发给买家，只显示一次 / take the codes out for the buyer, shown once")
@ORDERS
@REASON
@click.option("--confirm", "is_confirmed", is_flag=True, help="打印后即算买家已看到 / count them as shown once printed")
@json_option
@shop_option
@with_desk
def show(orders: tuple[str, ...], *, reason: str, is_confirmed: bool, as_json: bool, shop_slug: str | None) -> int:
    """Clear the codes of orders and print them, once; the record of each is on the disk before."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)

    def one(order_no: str) -> None:
        delivery_id = _delivery(actor, order_no).public_id
        shown = service.authorise(actor, delivery_id, to="buyer", how=HOW, reason=reason, at=clock.now())
        _say(order_no, shown, as_json=as_json)
        if is_confirmed:
            service.confirm_shown(actor, delivery_id, at=clock.now())

    return _each(orders, one)


@deliver.command(help="同一张卡再发一次，要写原因 / send the very same codes again, with a reason")
@ORDER
@REASON
@json_option
@shop_option
@with_desk
def resend(order_no: str, *, reason: str, as_json: bool, shop_slug: str | None) -> None:
    """Send the codes of an order again."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    delivery_id = _delivery(actor, order_no).public_id
    shown = service.resend(actor, delivery_id, to="buyer", how=HOW, reason=reason, at=clock.now())
    _say(order_no, shown, as_json=as_json)


@deliver.command(help="取出换给买家的卡，只显示一次 / take a replacement card's code out for its buyer, once")
@click.argument("card")
@REASON
@click.option("--confirm", "is_confirmed", is_flag=True, help="打印后即算买家已看到 / count it as shown once printed")
@shop_option
@with_desk
def replacement(card: str, *, reason: str, is_confirmed: bool, shop_slug: str | None) -> None:
    """Clear the code of a replacement and print it, once; its record is on the disk before."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    shown = service.give_replacement(actor, card, reason=reason, at=clock.now())
    click.echo("\t".join(part for part in (shown.number, shown.code.expose()) if part))
    if is_confirmed:
        service.confirm_replacement(actor, card, at=clock.now())


@deliver.command(help="确认已发给买家 / note that the buyer has the codes")
@ORDERS
@click.option("--message", "message_id", default="", help="渠道的消息编号 / the channel's message id")
@shop_option
@with_desk
def confirm(orders: tuple[str, ...], *, message_id: str, shop_slug: str | None) -> int:
    """Confirm displays."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)

    def one(order_no: str) -> None:
        delivery_id = _delivery(actor, order_no).public_id
        service.confirm_shown(actor, delivery_id, at=clock.now(), message_id=message_id)

    return _each(orders, one)


@deliver.command(help="核实买家看到没有 / settle whether the buyer saw the codes that nobody confirmed")
@ORDERS
@click.option("--seen/--not-seen", "was_seen", required=True, default=None, help="看到了 / 没看到")
@REASON
@shop_option
@with_desk
def settle(orders: tuple[str, ...], *, was_seen: bool, reason: str, shop_slug: str | None) -> int:
    """Settle the open displays of orders."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)

    def one(order_no: str) -> None:
        displays = [slot.display for slot in _delivery(actor, order_no).slots if slot.display is not None]
        waiting = [display.reveal_id for display in displays if display.state in ("authorised", "unknown")]
        if not waiting:
            raise NotFound("没有等待核实的卡密", "No code waits to be settled")
        for reveal in waiting:
            service.settle_display(actor, reveal, was_seen=was_seen, reason=reason, at=clock.now())

    return _each(orders, one)


def _each(orders: Iterable[str], work: Callable[[str], None]) -> int:
    """Do it for each order; of several, one that is refused does not stop the others. Returns 1 when one was."""
    numbers = list(dict.fromkeys(orders))
    refused = 0
    for order_no in numbers:
        try:
            work(order_no)
        except Problem as problem:
            if len(numbers) == 1:
                raise
            said = f"✗ {order_no}  {problem.message.zh} / {problem.message.en}  [{problem.problem_code}]"
            click.echo(said, err=True)
            refused += 1
    return 1 if refused else 0


def _delivery(actor: Actor, order_no: str) -> Any:
    from cardcase.delivery import queries

    found = queries.delivery_of_order(actor, queries.order_by_no(actor, order_no).pk)
    if found is None:
        raise NotFound("这笔订单还没有分配卡", "No card is allocated to this order")
    return found


def _kind(*, brand: str, face: str, region: str, spec: str, form: str = "code") -> Any:
    from cardcase.cards.rules import CardKind
    from cardcase.kit.money import parse_yuan

    try:
        return CardKind(brand.strip(), parse_yuan(face), region.strip(), spec.strip(), form)
    except ValueError as error:
        raise WrongUse("面值要写成 200 或 199.50 这样", "Write the face value like 200 or 199.50") from error


def _say(order_no: str, shown: Any, *, as_json: bool) -> None:
    """Print the codes of one order, on stdout only; in JSON one line an order."""
    if as_json:
        cards = [{"card": one.card_id, "number": one.number, "code": one.code.expose()} for one in shown]
        click.echo(json.dumps({"order_no": order_no, "cards": cards}, ensure_ascii=False))
        return
    for one in shown:
        click.echo("\t".join(part for part in (order_no, one.number, one.code.expose()) if part))
