"""The shop's working hours on the command line."""

from typing import Any

import click

from cardcase.kit import clock

from .common import json_option, print_json, shop_option, with_desk

NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKDAYS = NAMES[:5]


@click.group(help="工作时间：店铺自己的目标按它算 / working hours, by which the shop's own goals are counted")
def hours() -> None:
    """Look after the working hours."""


@hours.command("show", help="现在和历次的工作时间 / the hours of now and before")
@json_option
@shop_option
@with_desk
def show(*, as_json: bool, shop_slug: str | None) -> None:
    """Show every version."""
    from cardcase.deadlines import queries
    from cardcase.deadlines.rules.hours import as_plain
    from cardcase.project.boot import operator

    views = queries.hours_versions(operator(shop_slug))
    if as_json:
        print_json(
            [
                {"version": view.hours.version, "effective_from": view.effective_from, **as_plain(view.hours)}
                for view in views
            ]
        )
        return
    if not views:
        click.echo("没有设置：全天候 / not set: round the clock")
    for view in views:
        since = view.effective_from.astimezone(clock.SHANGHAI)
        click.echo(f"第 {view.hours.version} 版 / v{view.hours.version}\t{since:%Y-%m-%d %H:%M}\t{view.set_by}")
        _print(view.hours)


@hours.command("set", help="改工作时间，从现在起；没写的照旧 / change the hours from now on; what is not named stays")
@click.option("--workdays", default=None, metavar="SPANS", help="周一到周五，例如 09:00-12:00,13:30-18:00 / Mon to Fri")
@click.option("--weekend", default=None, metavar="SPANS", help="周六和周日 / Sat and Sun")
@click.option("--mon", default=None, metavar="SPANS", help="周一；不上班写空 / Monday; empty for a free day")
@click.option("--tue", default=None, metavar="SPANS", help="周二 / Tuesday")
@click.option("--wed", default=None, metavar="SPANS", help="周三 / Wednesday")
@click.option("--thu", default=None, metavar="SPANS", help="周四 / Thursday")
@click.option("--fri", default=None, metavar="SPANS", help="周五 / Friday")
@click.option("--sat", default=None, metavar="SPANS", help="周六 / Saturday")
@click.option("--sun", default=None, metavar="SPANS", help="周日 / Sunday")
@click.option("--closed", default=None, metavar="DAYS", help="本店休息，例如 2027-02-05..2027-02-12 / own closing days")
@click.option("--opened", default=None, metavar="DAYS", help="本店加班的日子 / days worked against the calendar")
@click.option("--holidays/--no-holidays", default=None, help="法定节假日休息、调休上班 / keep public holidays")
@shop_option
@with_desk
def set_(*, shop_slug: str | None, **told: Any) -> None:
    """Set the next version."""
    from cardcase.deadlines import queries, service
    from cardcase.deadlines.rules.hours import from_plain, read_days, read_spans
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    views = queries.hours_versions(actor)
    plain = _plain(views[-1].hours if views else None)
    for name in NAMES:
        text = told[name] if told[name] is not None else told["workdays" if name in WORKDAYS else "weekend"]
        if text is not None:
            plain["week"][name] = [str(span) for span in read_spans(text)]
    for name in ("closed", "opened"):
        if told[name] is not None:
            plain[name] = sorted(read_days(told[name]))
    if told["holidays"] is not None:
        plain["follows_holidays"] = told["holidays"]
    _print(service.set_hours(actor, from_plain(plain), at=clock.now()).hours)


def _plain(known: Any) -> dict[str, Any]:
    from cardcase.deadlines.rules.hours import as_plain

    return as_plain(known) if known is not None else {"week": {}, "follows_holidays": True, "closed": [], "opened": []}


def _print(known: Any) -> None:
    from cardcase.deadlines.rules import calendar
    from cardcase.deadlines.rules.hours import WEEKDAY_TITLES, WEEKDAYS, write_days

    for number, name in enumerate(WEEKDAYS):
        spans = ", ".join(map(str, known.week[number])) or "休息 / free"
        click.echo(f"  {WEEKDAY_TITLES[name]} {name}\t{spans}")
    if known.closed:
        click.echo(f"  休息 / closed\t{write_days(known.closed)}")
    if known.opened:
        click.echo(f"  加班 / opened\t{write_days(known.opened)}")
    year = clock.now().astimezone(known.zone).year
    unknown = [str(one) for one in (year, year + 1) if not calendar.is_known(one)]
    if known.follows_holidays and unknown:
        years = " ".join(unknown)
        click.echo(f"  ! {years} 放假安排未知，按平常日算 / holidays of {years} not known, counted as ordinary days")
