"""Search from the command line: words in, answers out; checking and rebuilding the index."""

from typing import TYPE_CHECKING, Any

import click

from cardcase.kit import clock
from cardcase.kit.text import Text

from .common import json_option, print_json, progress, shop_option, with_desk

if TYPE_CHECKING:
    from cardcase.desk.queries.finding import Hit


class Words(click.Group):
    """A group whose first word, when it names no command, is what is looked for."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take words as ``find`` would."""
        if args and args[0] not in self.commands:
            return "find", self.commands["find"], args
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let an option stand before the words."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["find", *args]
        return super().parse_args(ctx, args)


@click.group(cls=Words, help="搜索：cardcase search 词…；索引：rebuild / find words; make the index anew")
def search() -> None:
    """Find what was said, written down or named."""


@search.command("find", help="按词查找；几个词都要出现，整句用引号 / all words must stand there; quote a phrase")
@click.argument("words", nargs=-1, required=True)
@click.option("--kind", default="", help="message, reply, note, review, case, order, refund, buyer, listing")
@click.option("--reason", default="", help="大类或细项 / family or sub-reason")
@click.option("--status", default="", help="售后单状态 / status of the case")
@click.option("--staff", default="", help="负责人 / who has the case")
@click.option("--buyer", default="", help="买家 / the buyer")
@click.option("--product", default="", help="商品 / the goods")
@click.option("--since", default="", help="从 / from (2026-11-25)")
@click.option("--until", default="", help="到 / until (2026-11-25)")
@click.option("--newest", is_flag=True, help="只按时间排 / by time alone")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))
@click.option("--after", default="", help="下一页的标记 / cursor of the next page")
@json_option
@shop_option
@with_desk
def find(
    words: tuple[str, ...], *, limit: int, newest: bool, as_json: bool, shop_slug: str | None, **asked: str
) -> None:
    """Print what was found."""
    from cardcase.desk.queries import finding
    from cardcase.desk.queries.search_page import answer_of
    from cardcase.project.boot import operator

    values = {**asked, "q": " ".join(words), "sort": "newest" if newest else ""}
    answer = answer_of(operator(shop_slug), values, now=clock.now(), limit=limit)
    if as_json:
        print_json(finding.document(answer))
        return
    if answer.has_code:
        card = f" cardcase card show {answer.card}" if answer.card else ""
        click.echo(f"这是整个卡密，没有拿去搜索。/ This is a whole card code: it was not searched for.{card}", err=True)
    elif not answer.is_complete:
        click.echo("索引还没建完：cardcase search rebuild / The index is not finished", err=True)
    for hit in (*answer.things, *answer.said):
        click.echo(_line(hit))
    if answer.next:
        click.echo(f"--after {answer.next}", err=True)


def _line(hit: "Hit") -> str:
    one = hit.found
    at = one.at.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M") if one.at is not None else ""
    text = "".join(f"【{piece}】" if is_marked else piece for piece, is_marked in hit.pieces).replace("\n", " ")
    return "  ".join(part for part in (one.kind.name.lower(), at, one.case, one.buyer or one.who, text) if part)


@search.command(
    "rebuild", help="核对并重建索引，可以随时中断再来 / check the index and make it right; may be broken off"
)
@click.option("--from-nothing", is_flag=True, help="先清空 / empty it first")
@with_desk
def rebuild(*, from_nothing: bool) -> None:
    """Make the index right, with progress."""
    from cardcase.project.boot import operator
    from cardcase.search import service

    with progress(Text("建索引", "Index")) as step:
        changed: Any = service.rebuild(operator(None), step=step, from_nothing=from_nothing)
    click.echo(f"好了，改了 {changed} 条。/ Done, {changed} entries changed.")
