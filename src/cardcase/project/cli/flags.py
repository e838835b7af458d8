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
        click.echo(f"{one.public_id}\t{one.state.value}\t{one.rule}\t{one.subject_name}\t{one.said.title.zh}")


@flag.command("groups", help="按规则和货源方归组，最新的在前 / open flags by rule and supplier, the newest first")
@json_option
@shop_option
@with_desk
def flag_groups(*, as_json: bool, shop_slug: str | None) -> None:
    """List the groups: how many, what is at stake, and the name and mark that ``decide --group`` takes."""
    from cardcase.kit.money import yuan
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries
    from cardcase.sourcing.api import group_document
    from cardcase.sourcing.rules.flags import mark_of_group

    found = queries.flag_groups(operator(shop_slug))
    if as_json:
        print_json([group_document(one) for one in found])
        return
    for one in found:
        seen = mark_of_group({member.public_id: member.mark for member in one.members})
        giver = one.supplier_name or "—"
        click.echo(
            f"{one.rule}/{one.supplier}\t{seen}\t{len(one.members)} 条\t{yuan(one.fen)}\t{giver}\t{one.said.title.zh}"
        )


@flag.command("decide", help="对提示作决定 / decide about flags")
@click.argument("flag_ids", nargs=-1, metavar="FLAG_ID...")
@click.option("--group", default="", help="整组，写 groups 列出的名字 / a whole group, named as groups lists it")
@click.option("--seen", default="", help="groups 列出的记号，组变了就不决定 / its mark: decides nothing if changed")
@click.option("--decision", type=click.Choice(["clear", "accept", "stop", "act"]), required=True)
@click.option("--reason", required=True, help="为什么 / why")
@shop_option
@with_desk
def flag_decide(
    flag_ids: tuple[str, ...], *, group: str, seen: str, decision: str, reason: str, shop_slug: str | None
) -> None:
    """Write down a decision about the flags named, or about a group as it was listed."""
    from cardcase.project.boot import operator
    from cardcase.sourcing import queries, service
    from cardcase.sourcing.rules.flags import AT_ONCE, mark_of_group

    actor = operator(shop_slug)
    if bool(flag_ids) == bool(group):
        raise click.UsageError("写提示的编号，或写 --group / name flags, or a group")
    if group:
        rule, _, supplier = group.rpartition("/")
        found = queries.flag_groups(actor, rule=rule, supplier=supplier) if rule else ()
        marks = {one.public_id: one.mark for part in found for one in part.members}
        if not marks or mark_of_group(marks) != seen:
            raise click.UsageError(
                "这一组和列出时不一样了：再运行 cardcase flag groups，看过再决定 / "
                "the group is not as it was listed: run cardcase flag groups again, look, then decide"
            )
    else:
        named = queries.flags(actor, state="", ids=flag_ids, limit=len(flag_ids))
        marks = dict.fromkeys(flag_ids, "") | {one.public_id: one.mark for one in named}
    chosen = list(marks.items())
    for start in range(0, len(chosen), AT_ONCE):
        some = dict(chosen[start : start + AT_ONCE])
        for decided in service.decide_flags(actor, some, decision, reason=reason, at=clock.now()):
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
