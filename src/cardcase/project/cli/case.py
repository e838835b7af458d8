"""Cases from the command line: list, show, next; and noting what the buyer answered."""

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
    from cardcase.desk.queries import sheet
    from cardcase.desk.service import Act, perform
    from cardcase.project.boot import operator
    from cardcase.project.cli import printing

    actor, now = operator(shop_slug), clock.now()
    typed = {"question": question, "answer": answer, "note": note, "message": message}
    perform(actor, "answer", Act(number, sheet.sheet(actor, number, now=now)["revision"], now, typed))
    document = sheet.sheet(actor, number, now=now)
    if as_json:
        print_json(document)
    else:
        click.echo(printing.as_text(document, now=now))
