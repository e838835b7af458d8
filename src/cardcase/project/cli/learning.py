"""Learning from closed cases, and judging the advice by them, on the command line."""

from collections.abc import Sequence
from pathlib import Path

import click

from cardcase.kit import clock
from cardcase.shell.parts import Fact

from .common import json_option, print_json, shop_option, with_desk


@click.command(
    help="从本店已结案、有结论的售后单学，打印数字文件 / learn from closed cases with a label; prints a numbers file"
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="写到文件；给 cardcase advise --numbers 用 / write it to a file, for cardcase advise --numbers",
)
@shop_option
@with_desk
def learn(*, output: Path | None, shop_slug: str | None) -> None:
    """Learn anew, keep what changed, and write the values as TOML."""
    from cardcase.project.boot import operator
    from cardcase.remedies import service
    from cardcase.remedies.rules.learning import as_toml

    text = as_toml(service.learn(operator(shop_slug), at=clock.now()))
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, "utf-8")


@click.command(help="建议准不准：预计和后来的结论 / were the forecasts right: forecasts against labels")
@json_option
@shop_option
@with_desk
def calibration(*, as_json: bool, shop_slug: str | None) -> None:
    """Print what the calibration page shows."""
    from cardcase.project.boot import operator
    from cardcase.remedies import present, queries

    view = queries.calibration(operator(shop_slug))
    if as_json:
        print_json(queries.calibration_document(view))
        return
    page = present.calibration(view)
    for group in page.groups:
        click.echo(f"{group.title}\t{group.notice.text}")
        for row in group.rows:
            click.echo(f"  {row.span}\t{row.forecast}\t{row.seen}\t{row.interval}\t{row.n}")
        _facts(group.score)
    _facts(page.labels)
    click.echo(page.values_hint)
    _facts(page.values)


@click.command(help="多久不按建议办，后来怎样 / how often people choose other than advised, and what came of it")
@json_option
@shop_option
@with_desk
def overrides(*, as_json: bool, shop_slug: str | None) -> None:
    """Print what the page of overrides shows."""
    from cardcase.project.boot import operator
    from cardcase.remedies import present, queries

    actor = operator(shop_slug)
    report = queries.overrides(actor)
    if as_json:
        print_json(queries.overrides_document(report))
        return
    page = present.overrides(report, {kind.id: kind.title for kind in queries.priors(actor).kinds.values()})
    for facts in (page.whole, page.by_kind, page.by_reason):
        _facts(facts)
    for title, facts in page.endings:
        click.echo(title)
        _facts(facts)
    click.echo(page.noise)


def _facts(facts: Sequence[Fact]) -> None:
    for fact in facts:
        click.echo(f"  {fact.label}\t{fact.value}\t{fact.note}".rstrip())
