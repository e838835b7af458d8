"""The optional model on the command line: where words would go, and the owner's consent."""

import click

from cardcase.kit import clock

from .common import json_option, print_json, shop_option, with_desk


@click.group(help="起草用的模型：发到哪里、店主的同意 / the optional model: where words go, the owner's consent")
def model() -> None:
    """Group the commands."""


@model.command(help="会发到哪里、同意了没有 / where words would go, and whether the owner has agreed")
@json_option
@shop_option
@with_desk
def state(*, as_json: bool, shop_slug: str | None) -> None:
    """Print what the page shows."""
    _print(shop_slug, as_json=as_json)


@model.command(
    help="同意把遮过的对话发给模型；不带 --confirm 时只显示要输入什么 / agree; without --confirm it says what to type"
)
@click.option("--confirm", "typed", default="", help="照样输入的那句话 / the phrase, typed")
@json_option
@shop_option
@with_desk
def agree(*, typed: str, as_json: bool, shop_slug: str | None) -> None:
    """Give the consent, after the phrase was typed."""
    from cardcase.inbox import service
    from cardcase.project.boot import operator

    if typed:
        service.agree(operator(shop_slug), typed, at=clock.now())
    _print(shop_slug, as_json=as_json)


@model.command(name="take-back", help="收回同意：从此不再发出 / take the consent back: from now on nothing leaves")
@json_option
@shop_option
@with_desk
def take_back(*, as_json: bool, shop_slug: str | None) -> None:
    """End the consent."""
    from cardcase.inbox import service
    from cardcase.project.boot import operator

    service.take_back(operator(shop_slug), at=clock.now())
    _print(shop_slug, as_json=as_json)


def _print(shop_slug: str | None, *, as_json: bool) -> None:
    from cardcase.inbox import present
    from cardcase.project.boot import operator

    told = present.document(present.standing(operator(shop_slug)))
    if as_json:
        print_json(told)
    elif told["host"] is None:
        click.echo(
            "没有配置模型：在 cardcase.toml 里写 model_url / no model is set up: write model_url in cardcase.toml"
        )
    elif told["agreed"]:
        click.echo(
            f"已同意发给 {told['host']}（{told['model']}）：{told['by']}，{told['given_at']} / agreed, words go there"
        )
    else:
        click.echo(f"没有同意，什么都不发 / not agreed, nothing leaves: {told['host']} ({told['model']})")
        click.echo(f"同意 / to agree: cardcase model agree --confirm '{told['phrase']}'")
