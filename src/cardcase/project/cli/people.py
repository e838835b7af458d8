"""Administration: members of staff, shops, API tokens, channels."""

import sys

import click

from cardcase.kit import clock
from cardcase.kit.errors import NotFound
from cardcase.staff.rules import Actor, Role

from .common import json_option, print_json, shop_option, with_desk
from .hours import hours

ROLES = click.Choice([role.value for role in Role])


@click.group(help="客服账号 / members of staff")
def user() -> None:
    """Look after members of staff."""


@user.command("list", help="列出本店的人 / list the people of the shop")
@json_option
@shop_option
@with_desk
def user_list(*, as_json: bool, shop_slug: str | None) -> None:
    """List the people of the shop."""
    from cardcase.project.boot import operator
    from cardcase.staff import queries

    rows = queries.staff_of_shop(operator(shop_slug))
    if as_json:
        print_json([{"username": row.username, "name": row.name, "role": row.role.value} for row in rows])
        return
    for row in rows:
        click.echo(f"{row.username}\t{row.role.value}\t{'须改密码' if row.must_change_password else ''}")


@user.command("add", help="新建账号，打印一次性密码 / make an account and print its one-time password")
@click.argument("username")
@click.option("--role", type=ROLES, default=Role.AGENT.value, show_default=True)
@shop_option
@with_desk
def user_add(username: str, *, role: str, shop_slug: str | None) -> None:
    """Make an account."""
    from cardcase.project.boot import operator
    from cardcase.staff import service

    made = service.create_staff(operator(shop_slug), username=username, role=Role(role), at=clock.now())
    click.echo(f"{made.username}\t{made.password}")


@user.command("role", help="改角色 / change a role")
@click.argument("username")
@click.argument("role", type=ROLES)
@shop_option
@with_desk
def user_role(username: str, role: str, *, shop_slug: str | None) -> None:
    """Change the role of a person in the shop."""
    from cardcase.project.boot import operator
    from cardcase.staff import service

    actor = operator(shop_slug)
    service.set_role(actor, staff_id=_staff_id(actor, username), role=Role(role), at=clock.now())


@user.command("reset-password", help="重置密码，打印一次性密码 / reset a password and print it once")
@click.argument("username")
@shop_option
@with_desk
def user_reset(username: str, *, shop_slug: str | None) -> None:
    """Reset a password: the way back in for an owner who lost theirs."""
    from cardcase.project.boot import operator
    from cardcase.staff import service

    actor = operator(shop_slug)
    made = service.reset_password(actor, staff_id=_staff_id(actor, username), at=clock.now())
    click.echo(f"{made.username}\t{made.password}")


def _staff_id(actor: Actor, username: str) -> int:
    from cardcase.staff import queries

    found = next((row.id for row in queries.staff_of_shop(actor) if row.username == username), None)
    if found is None:
        raise NotFound(f"本店没有 {username}", f"There is no {username} in this shop")
    return found


@click.group(help="店铺 / shops")
def shop() -> None:
    """Look after shops."""


@shop.command("list", help="列出店铺 / list shops")
@json_option
@with_desk
def shop_list(*, as_json: bool) -> None:
    """List every shop."""
    from cardcase.staff import queries

    rows = queries.all_shops()
    if as_json:
        print_json([{"slug": row.slug, "name": row.name} for row in rows])
        return
    for row in rows:
        click.echo(f"{row.slug}\t{row.name}")


@shop.command("add", help="开一家店，店主同第一家 / open a shop; its owner is the first shop's")
@click.argument("slug")
@click.argument("name")
@with_desk
def shop_add(slug: str, name: str) -> None:
    """Open a shop and make the first shop's owners its owners."""
    from dataclasses import replace

    from cardcase.project.boot import operator
    from cardcase.staff import queries, service

    first = operator(None)
    made = service.create_shop(name=name, slug=slug, at=clock.now())
    for row in queries.staff_of_shop(first):
        if row.role is Role.OWNER:
            owner = replace(first, shop_id=made.pk, staff_id=row.id)
            service.add_staff(owner, username=row.username, role=Role.OWNER, at=clock.now())
    click.echo(f"{made.slug}\t{made.name}")


shop.add_command(hours)


@click.group(help="API 令牌 / API tokens")
def token() -> None:
    """Look after API tokens."""


@token.command("create", help="新建令牌，只打印一次 / make a token; printed once")
@click.argument("label")
@click.option("--role", type=ROLES, default=Role.AGENT.value, show_default=True)
@shop_option
@with_desk
def token_create(label: str, *, role: str, shop_slug: str | None) -> None:
    """Make a token."""
    from cardcase.project.boot import operator
    from cardcase.staff import service

    click.echo(service.create_token(operator(shop_slug), label=label, role=Role(role), at=clock.now()).plain)


@token.command("list", help="列出令牌 / list tokens")
@shop_option
@with_desk
def token_list(*, shop_slug: str | None) -> None:
    """List tokens."""
    from cardcase.project.boot import operator
    from cardcase.staff import queries

    for row in queries.tokens_of_shop(operator(shop_slug)):
        click.echo(f"{row.id}\t{row.label}\t{row.role.value}\t{'已吊销' if row.is_revoked else ''}")


@token.command("revoke", help="吊销令牌 / revoke a token")
@click.argument("token_id", type=int)
@shop_option
@with_desk
def token_revoke(token_id: int, *, shop_slug: str | None) -> None:
    """Revoke a token at once."""
    from cardcase.project.boot import operator
    from cardcase.staff import service

    service.revoke_token(operator(shop_slug), token_id=token_id, at=clock.now())


@click.group(help="渠道：闲管家等接入 / channels: connected marketplace accounts")
def channel() -> None:
    """Look after channels."""


@channel.command("list", help="列出渠道和推送地址 / list channels and their hook addresses")
@shop_option
@with_desk
def channel_list(*, shop_slug: str | None) -> None:
    """List channels."""
    from cardcase.intake import queries
    from cardcase.project.boot import operator

    for row in queries.channels(operator(shop_slug)):
        state = "启用" if row.is_enabled else "停用"
        click.echo(f"{row.pk}\t{row.kind}\t{row.label}\t{state}\t/hooks/{row.kind}/{row.hook_key}")


@channel.command("add", help="接入一个账号；密钥从标准输入读 / connect an account; the secret is read from stdin")
@click.argument("kind", type=click.Choice(["goofish"]))
@click.argument("label")
@click.option("--app-key", required=True, help="AppKey")
@click.option("--seller-id", default="", help="仅商务对接需要 / only for business partners")
@shop_option
@with_desk
def channel_add(kind: str, label: str, *, app_key: str, seller_id: str, shop_slug: str | None) -> None:
    """Connect an account. The secret never stands on the command line, where other users could read it."""
    from cardcase.intake import service
    from cardcase.project.boot import operator

    secret = sys.stdin.readline().strip()
    row = service.add_channel(operator(shop_slug), kind, label, app_key, secret, seller_id=seller_id, at=clock.now())
    click.echo(f"/hooks/{row.kind}/{row.hook_key}")


@channel.command("disable", help="立即停用一个渠道 / switch a channel off at once")
@click.argument("channel_id", type=int)
@shop_option
@with_desk
def channel_disable(channel_id: int, *, shop_slug: str | None) -> None:
    """Switch a channel off."""
    from cardcase.intake import service
    from cardcase.project.boot import operator

    service.set_enabled(operator(shop_slug), channel_id, is_enabled=False, at=clock.now())
