"""Cases from the command line: list, show, next; answers, calls and the reason as people note them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from cardcase.kit import clock
from cardcase.kit.errors import NotFound
from cardcase.kit.text import Text

from .common import json_option, print_json, shop_option, with_desk


@click.group(help="看售后单 / look at cases")
def case() -> None:
    """Look at cases."""


@case.command("list", help="未完成的售后单，先到期的在前 / open cases, soonest due first")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
@json_option
@shop_option
@with_desk
def list_(*, limit: int, as_json: bool, shop_slug: str | None) -> None:
    """Print the queue."""
    from cardcase.desk.queries import sheet
    from cardcase.project.boot import operator

    rows = sheet.queue(operator(shop_slug), limit=limit, now=clock.now())
    if as_json:
        print_json({"cases": rows})
        return
    if not rows:
        click.echo("没有未完成的售后单。/ No open case.")
    for row in rows:
        who = f"{row['buyer']} · {row['title']}"
        click.echo(f"{row['number']}  {row['due_text']}  {who}  {row['reason_text']}  {row['status_text']}")


@case.command(help="一个售后单的全部要点 / all that matters about one case")
@click.argument("number")
@json_option
@shop_option
@with_desk
def show(number: str, *, as_json: bool, shop_slug: str | None) -> None:
    """Print one case as ``handle`` does."""
    from cardcase.desk.queries import sheet
    from cardcase.project.boot import operator
    from cardcase.project.cli import printing

    now = clock.now()
    document = sheet.sheet(operator(shop_slug), number, now=now)
    if as_json:
        print_json(document)
    else:
        click.echo(printing.as_text(document, now=now))


@case.command("next", help="现在最该处理的一单 / the case to look at now")
@json_option
@shop_option
@with_desk
def next_(*, as_json: bool, shop_slug: str | None) -> None:
    """Print the case that is due first and waits on us."""
    from cardcase.desk.queries import sheet
    from cardcase.project.boot import operator
    from cardcase.project.cli import printing

    actor, now = operator(shop_slug), clock.now()
    rows = sheet.queue(actor, limit=1, now=now)
    if not rows:
        raise NotFound(
            "没有未完成的售后单",
            "There is no open case",
            next=Text("先用 cardcase handle 读入文件。", "Import files with cardcase handle."),
        )
    document = sheet.sheet(actor, rows[0]["number"], now=now)
    if as_json:
        print_json(document)
    else:
        click.echo(printing.as_text(document, now=now))


@case.command(help="记下买家对提问的回答 / note how the buyer answered a guided question")
@click.argument("number")
@click.argument("question")
@click.argument("answer")
@click.option("--note", default="", help="买家的原话 / the buyer's words")
@click.option(
    "--message", default="", help="是哪条消息 / the message it rests on, as the quotes of case show --json name it"
)
@json_option
@shop_option
@with_desk
def answer(
    number: str, question: str, answer: str, *, note: str, message: str, as_json: bool, shop_slug: str | None
) -> None:
    """Do what the act ``answer`` of the page does, upon the case as it stands now; print the case."""
    typed = {"question": question, "answer": answer, "note": note, "message": message}
    _act(number, "answer", typed, as_json=as_json, shop_slug=shop_slug)


@case.command(help="确认或改正买家的原因 / confirm or correct the buyer's reason")
@click.argument("number")
@click.argument("sub_reason", metavar="A1…O8|unstated")
@json_option
@shop_option
@with_desk
def reason(number: str, sub_reason: str, *, as_json: bool, shop_slug: str | None) -> None:
    """Do what the act ``reason`` of the page does, upon the case as it stands now; print the case."""
    _act(number, "reason", {"sub_reason": sub_reason}, as_json=as_json, shop_slug=shop_slug)


@case.command(help="现在可以怎么回 / the ways to answer a case now")
@click.argument("number")
@click.option("--form", default="short", type=click.Choice(["short", "chat"]), help="整段或短句 / one text or lines")
@click.option("--model", "by_model", is_flag=True, help="请模型写一稿 / ask the configured model")
@click.option("--step", default="", help="做哪一步，如 explain；不写就按现在的情况 / what the reply does")
@json_option
@shop_option
@with_desk
def draft(number: str, *, form: str, by_model: bool, step: str, as_json: bool, shop_slug: str | None) -> None:
    """Print suggested replies with what was filled in. Nothing is saved or sent."""
    from cardcase.desk import suggesting
    from cardcase.desk.queries import wish_from, wordings
    from cardcase.project.boot import operator
    from cardcase.project.cli import printing

    actor, now, wish = operator(shop_slug), clock.now(), wish_from(form, "", step)
    if by_model:
        found = suggesting.document(number, suggesting.suggestion_for(actor, number, now=now, wish=wish))
        document = {**found, "drafts": [found["draft"]]}
        if found["why"] and not as_json:
            click.echo(found["why"]["text"], err=True)
    else:
        document = wordings.wordings_of(actor, number, now=now, wish=wish)
    if as_json:
        print_json(document)
    else:
        click.echo(printing.drafts_text(document))


@case.command(help="一个售后单的时间线 / what happened about a case, in one line of time")
@click.argument("number")
@click.option("--show", multiple=True, help="只看哪些：talk mail call platform decision evidence card clock / lanes")
@click.option("--by", default="", help="哪一方：buyer seller platform supplier issuer carrier / which party")
@click.option("--since", default="", help="从哪天或何时起，如 2026-11-25 / from this day or moment on")
@click.option("--until", default="", help="到哪天或何时止 / up to this day, all of it, or moment")
@click.option("--find", default="", help="包含的字 / words that it holds")
@json_option
@shop_option
@with_desk
def timeline(
    number: str,
    *,
    show: tuple[str, ...],
    by: str,
    since: str,
    until: str,
    find: str,
    as_json: bool,
    shop_slug: str | None,
) -> None:
    """Print the timeline as text, or as JSON."""
    from cardcase.desk.queries import timeline as timelines
    from cardcase.project.boot import operator

    now = clock.now()
    wanted = timelines.narrowing({"by": by, "since": since, "until": until, "find": find}, show)
    happenings = timelines.timeline(operator(shop_slug), number, wanted, now=now)
    if as_json:
        print_json({"number": number, "happenings": timelines.document(happenings)})
    else:
        click.echo(timelines.as_text(number, happenings, now=now), nl=False)


@case.command(help="记一通电话或口头约定 / note a call or a spoken agreement")
@click.argument("number")
@click.argument("said")
@click.option(
    "--with", "party", default="buyer", show_default=True, help="和谁 / buyer platform issuer supplier carrier"
)
@click.option("--how", default="phone", show_default=True, help="phone voice video in_person voice_message")
@click.option("--at", "held_at", required=True, help="何时，如 2026-11-25T10:00（北京时间）/ when, Beijing time")
@click.option("--agreed", default="", help="约定了什么 / what was agreed")
@click.option("--witness", default="", help="还有谁在场 / who else heard it")
@click.option("--recording", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="录音文件 / recording")
@click.option("--against", is_flag=True, help="对店铺不利 / it speaks against the shop")
@json_option
@shop_option
@with_desk
def call(
    number: str, said: str, *, recording: Path | None, against: bool, as_json: bool, shop_slug: str | None, **typed: str
) -> None:
    """Do what the act ``call`` of the page does; print the case."""
    values = {**typed, "at": typed.pop("held_at"), "said": said, "against": "yes" if against else ""}
    files = [(recording.name, recording.read_bytes())] if recording is not None else []
    _act(number, "call", values, files=files, as_json=as_json, shop_slug=shop_slug)


def _act(
    number: str,
    name: str,
    typed: Mapping[str, str],
    *,
    as_json: bool,
    shop_slug: str | None,
    files: Sequence[tuple[str, bytes]] = (),
) -> None:
    """Do an act of the page upon the case as it stands now, and print the case."""
    from cardcase.desk.queries import sheet
    from cardcase.desk.service import Act, perform
    from cardcase.project.boot import operator
    from cardcase.project.cli import printing

    actor, now = operator(shop_slug), clock.now()
    perform(actor, name, Act(number, sheet.sheet(actor, number, now=now)["revision"], now, typed, files=files))
    document = sheet.sheet(actor, number, now=now)
    if as_json:
        print_json(document)
    else:
        click.echo(printing.as_text(document, now=now))
