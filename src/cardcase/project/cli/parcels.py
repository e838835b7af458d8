"""The parcel of a physical card on the command line: where it stands, one step more, a photo or video to look at."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from cardcase.kit import clock
from cardcase.kit.errors import NotFound
from cardcase.staff.rules import Actor

from .common import json_option, print_json, require_new, shop_option, with_desk, write_new

ORDER = click.argument("order_no", metavar="ORDER_NO|CARD")
"""The number of an order: its own delivery; or the public id of a replacement card that goes by parcel."""
NUMBER = click.option("--number", type=int, default=None, help="第几个包裹，默认最后一个 / which parcel; else the last")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
STEPS = click.Choice(["packed", "shipped", "signed", "unboxed", "announced", "received", "inspected"])
ANSWER = click.Choice(["yes", "no"])
PIECE = 1024 * 1024


@click.group("parcel", help="实体卡的包裹：打包、寄出、签收、开箱、退件 / the parcel of physical cards, there and back")
def parcel() -> None:
    """Follow parcels."""


@parcel.command(help="一笔订单的包裹走到哪一步、缺什么、哪里对不上 / where a parcel stands, what is lacking")
@ORDER
@json_option
@shop_option
@with_desk
def show(order_no: str, *, as_json: bool, shop_slug: str | None) -> None:
    """Show the chain of an order."""
    from cardcase.delivery import queries
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    _say(queries.parcels(actor, _goods(actor, order_no)), as_json=as_json)


@parcel.command("note", help="登记一步；卡面编号从标准输入读，一行一个 / note a step; serials are read from stdin")
@ORDER
@click.argument("step", type=STEPS)
@NUMBER
@click.option("--serials", "has_serials", is_flag=True, help="从标准输入读卡面编号 / read the serials from stdin")
@click.option("--at", "happened_at", default="", help="什么时候，默认现在 / when; else now")
@click.option("--carrier", default="", help="快递公司 / carrier")
@click.option("--waybill", "waybill_no", default="", help="运单号 / waybill number")
@click.option("--weight", "weight_g", default="", help="包裹重量，克 / weight in grams")
@click.option("--who", default="", help="谁打包、签收、查验 / who packed, signed, inspected")
@click.option("--note", default="", help="备注 / note")
@click.option("--reason", default="", help="更正上一步的原因 / why the last step is told anew")
@click.option("--uncut", "is_uncut", type=ANSWER, default=None, help="录像不间断 / the video is uncut")
@click.option("--label", "is_waybill_visible", type=ANSWER, default=None, help="看得到面单 / the label is readable")
@click.option("--seal", "is_tape_intact", type=ANSWER, default=None, help="封条完好 / the seal is whole")
@click.option("--unscratched", "is_scratch_intact", type=ANSWER, default=None, help="没有刮开 / not scratched")
@click.option("--empty", "is_empty", is_flag=True, help="包裹是空的 / the parcel is empty")
@click.option("--front", type=FILE, help="卡正面照片 / photo of the front")
@click.option("--back", type=FILE, help="卡背面照片 / photo of the back")
@click.option("--video", type=FILE, help="录像 / video")
@click.option("--receipt", type=FILE, help="快递单据照片 / photo of the slip")
@click.option("--photo", type=FILE, help="买家的照片 / the buyer's photo")
@json_option
@shop_option
@with_desk
def note(
    order_no: str,
    step: str,
    *,
    number: int | None,
    has_serials: bool,
    is_empty: bool,
    as_json: bool,
    shop_slug: str | None,
    **told: Any,
) -> None:
    """Note one step of a parcel."""
    from cardcase.delivery import queries, service
    from cardcase.delivery.words_parcels import told_of
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    files = {
        role: _Upload(path)
        for role in ("front", "back", "video", "receipt", "photo")
        if (path := told.pop(role)) is not None
    }
    words = {name: value or "" for name, value in told.items()} | {"is_empty": "yes" if is_empty else ""}
    if has_serials:
        words["serials"] = sys.stdin.read()
    goods = _goods(actor, order_no)
    service.note_step(actor, goods, step, told_of(words), files, number=number, at=clock.now())
    _say(queries.parcels(actor, goods), as_json=as_json)


@parcel.command("again", help="再寄一个包裹，或买家又寄回一个，要写原因 / begin a further parcel, with a reason")
@ORDER
@click.argument("kind", type=click.Choice(["lost", "came_back", "return"]))
@click.option("--reason", required=True, help="为什么 / why")
@json_option
@shop_option
@with_desk
def again(order_no: str, kind: str, *, reason: str, as_json: bool, shop_slug: str | None) -> None:
    """Begin a further parcel of the same goods: lost on its way, came back, or more is returned."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    found = service.begin_again(actor, _goods(actor, order_no), kind, reason=reason, at=clock.now())
    _say(found, as_json=as_json)


@parcel.command("take-back", help="收回查验完好的退件 / take the cards of an intact return back")
@ORDER
@shop_option
@with_desk
def take_back(order_no: str, *, shop_slug: str | None) -> None:
    """Take the cards of a return back."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    actor = operator(shop_slug)
    service.take_back_cards(actor, _goods(actor, order_no), at=clock.now())


@parcel.command("open", help="取出一份照片或录像，理由记入保管链 / write a photo or video out; the reason is recorded")
@ORDER
@click.argument("file_id")
@click.option("--reason", required=True, help="为什么 / why")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="写到 / write to")
@shop_option
@with_desk
def open_(order_no: str, file_id: str, *, reason: str, output: Path, shop_slug: str | None) -> None:
    """Write a photo or video of a parcel into a new file."""
    from cardcase.delivery import service
    from cardcase.project.boot import operator

    require_new(output)
    actor = operator(shop_slug)
    opened = service.open_file(actor, _goods(actor, order_no), file_id, reason=reason, at=clock.now())
    write_new(output, opened.pieces)
    click.echo(f"{output}\t{opened.mime}\t{opened.size}")


class _Upload:
    """A file of this machine, given piece by piece."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def chunks(self) -> Iterator[bytes]:
        """Return its bytes in pieces."""
        with self._path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def _goods(actor: Actor, told: str) -> str:
    """Return the public id of what is meant: the delivery of an order, or a replacement card."""
    from cardcase.delivery import queries

    if told.startswith("card_"):
        return told
    found = queries.parcels_of(actor, [pk := queries.order_by_no(actor, told).pk]).get(pk, ())
    own = next((one.goods for one in found if not one.is_replacement), None)
    if own is None:
        raise NotFound("这笔订单还没有分配实体卡", "No physical card is allocated to this order")
    return own


def _say(found: Any, *, as_json: bool) -> None:
    from cardcase.delivery.api_parcels import parcels_document
    from cardcase.delivery.rules.parcels import AGAIN

    if as_json:
        print_json(parcels_document(found))
        return
    for chain in found.chains:
        if len(found.chains) > 1:
            click.echo(" · ".join(part for part in (f"— 包裹 / parcel {chain.round}", chain.why) if part))
        _say_chain(chain)
    if found.again is not None:
        title = AGAIN[found.again]
        click.echo(f"还可以 / possible: again {found.again.value} · {title.zh} / {title.en}")


def _say_chain(found: Any) -> None:
    from cardcase.delivery.rules.parcels import OUTCOMES, TITLES

    for step in found.steps:
        title, facts = TITLES[step.name], step.facts
        told = [facts.carrier, facts.waybill_no, f"{facts.weight_g} g" if facts.weight_g is not None else "", facts.who]
        told += [f"‥{one.tail} {one.match.value}" for one in step.serials]
        told += [f"{file.role.value} {file.public_id}" for file in step.files]
        when = facts.happened_at.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M")
        click.echo("\t".join([f"{title.zh} / {title.en}", when, *(part for part in told if part)]))
        for text in step.lacks:
            click.echo(f"  缺 / lacking: {text.zh} / {text.en}")
    for one in found.contradictions:
        click.echo(f"✗ {one.text.zh} / {one.text.en}")
    if found.outcome is not None:
        click.echo(f"{OUTCOMES[found.outcome].zh} / {OUTCOMES[found.outcome].en}")
    if found.following:
        click.echo(f"下一步 / next: {', '.join(name.value for name in found.following)}")
