"""A shop's corrections of triage on the command line: labels out, learn now, on, off, back."""

import json
from typing import Any

import click

from cardcase.kit import clock

from .common import json_option, print_json, shop_option, with_desk


@click.group(help="人确认、改过的原因：导出标签、从中学、开关 / what people said of reasons: export, learn, switch")
def corrections() -> None:
    """Group the commands."""


@corrections.command(help="导出标签，一行一条 JSON / the labels, JSON lines: proposed, confidence, said, words")
@shop_option
@with_desk
def labels(*, shop_slug: str | None) -> None:
    """Print every label with the words that had been read."""
    from cardcase.project.boot import operator
    from cardcase.training import queries

    for one in queries.labels(operator(shop_slug)):
        click.echo(json.dumps(queries.document(one), ensure_ascii=False))


@corrections.command(help="现在怎样：多少标签、在用哪个 / how it stands: labels, what is in use")
@json_option
@shop_option
@with_desk
def state(*, as_json: bool, shop_slug: str | None) -> None:
    """Print what the page shows."""
    _print(shop_slug, as_json=as_json)


@corrections.command(help="现在就学一次；证明更好才用 / learn now; used only if it proves better")
@json_option
@shop_option
@with_desk
def learn(*, as_json: bool, shop_slug: str | None) -> None:
    """Fit and judge, whatever is new."""
    from cardcase.project.boot import operator
    from cardcase.training.service import corrections as service

    service.learn(operator(shop_slug), at=clock.now(), is_asked=True, progress=lambda step: click.echo(step, err=True))
    _print(shop_slug, as_json=as_json)


@corrections.command(name="on", help="从更正学 / let corrections count")
@json_option
@shop_option
@with_desk
def on(*, as_json: bool, shop_slug: str | None) -> None:
    """Switch it on."""
    _switch(shop_slug, is_on=True, as_json=as_json)


@corrections.command(name="off", help="只用随产品来的读法 / only the shipped reader")
@json_option
@shop_option
@with_desk
def off(*, as_json: bool, shop_slug: str | None) -> None:
    """Switch it off."""
    _switch(shop_slug, is_on=False, as_json=as_json)


@corrections.command(help="退回上一个 / back to the reader before")
@json_option
@shop_option
@with_desk
def back(*, as_json: bool, shop_slug: str | None) -> None:
    """Set the correction in use aside."""
    from cardcase.project.boot import operator
    from cardcase.triage import service

    service.go_back(operator(shop_slug), at=clock.now())
    _print(shop_slug, as_json=as_json)


def _switch(shop_slug: str | None, *, is_on: bool, as_json: bool) -> None:
    from cardcase.project.boot import operator
    from cardcase.triage import service

    service.switch(operator(shop_slug), is_on=is_on, at=clock.now())
    _print(shop_slug, as_json=as_json)


def _print(shop_slug: str | None, *, as_json: bool) -> None:
    from cardcase.project.boot import operator
    from cardcase.training import present

    actor = operator(shop_slug)
    told = present.standing(actor)
    if as_json:
        print_json(present.document(told))
        return
    page: Any = present.page(actor, told)
    click.echo(page.state)
    for fact in (*page.facts, *page.fits):
        click.echo(f"  {fact.label}\t{fact.value}\t{fact.note}".rstrip())
