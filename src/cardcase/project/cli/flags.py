"""Risk flags on the command line."""

import click

from cardcase.kit import clock

from .common import json_option, print_json, shop_option, with_desk


@click.group(help="风险提示：列出、决定、记下看到的情况 / risk flags: list, decide, note what was seen")
def flag() -> None:
    """Look after risk flags."""


@flag.command("list", help="列出提示 / list flags")
@click.option("--all", "is_all", is_flag=True, help="含已处理的 / decided ones too")
@json_option
@shop_option
@with_desk
def flag_list(*, is_all: bool, as_json: bool, shop_slug: str | None) -> None:
    """List flags, the newest first."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries
    from cardcase.sourcing.api import flag_document

    found = queries.flags(operator(shop_slug), state="" if is_all else "open")
    if as_json:
        print_json([flag_document(one) for one in found])
        return
    for one in found:
        click.echo(f"{one.public_id}\t{one.state.value}\t{one.rule}\t{one.subject_name}\t{one.title.zh}")


@flag.command("decide", help="对一条提示作决定 / decide about a flag")
@click.argument("flag_id")
@click.option("--decision", type=click.Choice(["clear", "accept", "stop", "act"]), required=True)
@click.option("--reason", required=True, help="为什么 / why")
@shop_option
@with_desk
def flag_decide(flag_id: str, *, decision: str, reason: str, shop_slug: str | None) -> None:
    """Write down a decision."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import service

    decided = service.decide_flag(operator(shop_slug), flag_id, decision, reason=reason, at=clock.now())
    click.echo(f"{decided.public_id}\t{decided.state}")


@flag.command("signal", help="记下一笔交易里看到的情况 / note something seen in a sale")
@click.argument("order_no")
@click.option("--kind", type=click.Choice(["off_platform", "third_party", "payer"]), required=True)
@click.option(
    "--ask-payer", is_flag=True, help="在终端里输入付款人，不显示，只存摘要 / type the payer; only a digest stays"
)
@click.option("--note", default="", help="备注 / note")
@shop_option
@with_desk
def flag_signal(order_no: str, *, kind: str, ask_payer: bool, note: str, shop_slug: str | None) -> None:
    """Note what was seen and print the open flags of the order."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries, service

    actor = operator(shop_slug)
    payer = click.prompt("付款人 / payer", hide_input=True) if ask_payer else ""
    order = queries.order_by_no(actor, order_no)
    for one in service.note_signal(actor, order.public_id, kind, payer=payer, note=note, at=clock.now()):
        click.echo(f"{one.public_id}\t{one.rule}")
