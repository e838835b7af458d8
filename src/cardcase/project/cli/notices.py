"""Notices: where alarms of deadlines are sent."""

import sys

import click

from cardcase.kit import clock
from cardcase.kit.errors import NotFound
from cardcase.staff.rules import Actor

from .common import json_option, print_json, shop_option, with_desk

KINDS = click.Choice(["dingtalk", "wecom", "feishu", "bark", "serverchan", "email", "webhook"])
EVENTS = click.Choice(["half", "quarter", "margin", "missed", "stock"])
SCOPES = click.Choice(["platform", "ours", "all"])


@click.group(help="通知：时限快到时告诉谁 / notices: who is told when something is due")
def notice() -> None:
    """Look after the places that take notices."""


@notice.command("list", help="列出通知目标和最近一次结果 / list targets and how the last notice went")
@json_option
@shop_option
@with_desk
def notice_list(*, as_json: bool, shop_slug: str | None) -> None:
    """List targets, never with their addresses."""
    from cardcase.notices import queries
    from cardcase.project.boot import operator

    rows = queries.targets(operator(shop_slug))
    if as_json:
        print_json(
            [
                {
                    "id": row.id,
                    "name": row.name,
                    "kind": row.kind.value,
                    "hint": row.hint,
                    "events": [event.value for event in row.events],
                    "scope": row.scope.value,
                    "quiet": row.quiet,
                    "is_enabled": row.is_enabled,
                    "last_state": row.last_state,
                    "last_result": row.last_text.zh,
                    "last_at": row.last_at,
                }
                for row in rows
            ]
        )
        return
    for row in rows:
        state = "启用" if row.is_enabled else "停用"
        click.echo(f"{row.name}\t{row.kind.value}\t{row.hint}\t{state}\t{row.last_text.zh}")


@notice.command(
    "add",
    help="添加通知目标；从标准输入读地址，第二行可写密钥 / add a target; address and secret are read from stdin",
)
@click.argument("kind", type=KINDS)
@click.argument("name")
@click.option("--event", "events", type=EVENTS, multiple=True, help="什么时候告诉，可多次 / when, may be repeated")
@click.option("--scope", type=SCOPES, default="ours", show_default=True, help="哪些时限 / which deadlines")
@click.option("--quiet", default="", help="免打扰时段，如 22:30-08:00 / quiet hours")
@click.option("--language", type=click.Choice(["zh-hans", "en"]), default=None, help="语言 / language")
@click.option("--nick", "shows_nick", is_flag=True, help="写上打了码的买家昵称 / name the buyer, masked")
@shop_option
@with_desk
def notice_add(
    kind: str,
    name: str,
    *,
    events: tuple[str, ...],
    scope: str,
    quiet: str,
    language: str | None,
    shows_nick: bool,
    shop_slug: str | None,
) -> None:
    """Add a target. Its address never stands on the command line, where other users could read it."""
    from cardcase.notices import service
    from cardcase.notices.service import TargetWish
    from cardcase.project.boot import operator

    address, secret = sys.stdin.readline().strip(), sys.stdin.readline().strip()
    chosen = {"events": events} if events else {}
    wish = TargetWish(name=name, scope=scope, quiet=quiet, language=language or "", shows_nick=shows_nick, **chosen)
    made = service.add_target(operator(shop_slug), kind, wish, address=address, secret=secret, at=clock.now())
    click.echo(f"{made.name}\t{made.kind.value}\t{made.hint}")


@notice.command("test", help="发一条测试通知并等结果 / send a test notice and wait for the result")
@click.argument("name")
@shop_option
@with_desk
def notice_test(name: str, *, shop_slug: str | None) -> int:
    """Send a test notice; exit 1 when it was not taken."""
    from cardcase.notices import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    tried = service.try_now(actor, _id_of(actor, name), at=clock.now())
    click.echo(f"{tried.last_state}\t{tried.last_text.zh} / {tried.last_text.en}")
    return 0 if tried.last_state == "sent" else 1


@notice.command("remove", help="删除通知目标和它的地址 / remove a target and its address")
@click.argument("name")
@shop_option
@with_desk
def notice_remove(name: str, *, shop_slug: str | None) -> None:
    """Remove a target."""
    from cardcase.notices import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    service.remove_target(actor, _id_of(actor, name), at=clock.now())


@notice.command(
    "calendar",
    help="建日历链接（旧的随即失效），只打印这一次 / make the calendar's private link, the old one ends; printed once",
)
@click.option("--revoke", is_flag=True, help="停用链接，不建新的 / end the link without a new one")
@click.option("--language", type=click.Choice(["zh-hans", "en"]), default=None, help="语言 / language")
@click.option("--nick", "shows_nick", is_flag=True, help="写上打了码的买家昵称 / name the buyer, masked")
@shop_option
@with_desk
def notice_calendar(*, revoke: bool, language: str | None, shows_nick: bool, shop_slug: str | None) -> None:
    """Make, replace or end the private link to the deadlines. The API has none: its answers are kept for repeats."""
    from django.urls import reverse

    from cardcase.notices import queries, service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    if revoke:
        was_there = service.revoke_link(actor, at=clock.now())
        click.echo("日历链接已停用 / the link has ended" if was_there else "没有日历链接 / there was no link")
        return
    key = service.make_link(actor, shows_nick=shows_nick, language=language or "", at=clock.now())
    click.echo(queries.own_address("http://127.0.0.1:8000") + reverse("calendar", args=[key]))


def _id_of(actor: Actor, name: str) -> str:
    from cardcase.notices import queries

    found = next((row.id for row in queries.targets(actor) if name in (row.name, row.id)), None)
    if found is None:
        raise NotFound(f"没有叫“{name}”的通知目标", f"There is no target named {name}")
    return found
