"""The picture of a batch: supplier → papers → purchase → batch → cards by state → orders and cases.

A pure function from what is known to boxes and lines with their places; ``jinja2/sourcing/picture.html`` writes them
down, and escapes what they say. What is missing is dashed and named. One column, so that a phone need not scroll
sideways. The words beside it are the chain of ``present.lots``, which is its text alternative.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.urls import reverse

from cardcase.cards.rules.life import TITLES, CardState
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import Tone
from cardcase.sourcing import pages
from cardcase.sourcing.queries import LotView
from cardcase.sourcing.rules.completeness import Judged, Standing
from cardcase.sourcing.rules.papers import DOCUMENT_KINDS
from cardcase.sourcing.rules.suppliers import CHANNELS

from .words import word

WIDTH: Final = 320
"""Units of the picture's width, about the pixels that a phone of 360 leaves it, so that its type keeps its size."""
_PAD, _LINE, _STEP, _BAR = 12, 20, 22, 14
_FITS: Final = 38
"""Narrow characters that fit on one line at 14 units a wide one; a Chinese character counts as two."""
_FITS_HALF: Final = 17
_MOST_LINES: Final = 3
_PARTS: Final = re.compile(r"[^、·]+(?:[、·] ?)?|[、·] ?")
"""What a line is broken between: the members of a list."""

_MARKS: Final = {
    Standing.MISSING: Text("缺", "missing"),
    Standing.PARTLY: Text("不全", "in part"),
    Standing.CONTRADICTED: Text("矛盾", "contradicts"),
}
_TONES: Final = {
    CardState.ACQUIRED: Tone.PLAIN,
    CardState.CHECKED: Tone.PLAIN,
    CardState.IN_STOCK: Tone.GOOD,
    CardState.RESERVED: Tone.WARN,
    CardState.QUARANTINED: Tone.BAD,
    CardState.VOIDED: Tone.BAD,
    CardState.WRITTEN_OFF: Tone.BAD,
}
"""Colours of the bar; states that are not here are plain: the card has left the shop."""


@dataclass(slots=True)
class _Sheet:
    """What was drawn so far, from the top down; ``y`` is where the next thing begins."""

    y: int = 2
    boxes: list[pages.Box] = field(default_factory=list)
    arrows: list[pages.Arrow] = field(default_factory=list)
    bars: list[pages.Bar] = field(default_factory=list)

    def box(
        self, title: str, lines: Sequence[str], *, is_gap: bool = False, tone: Tone = Tone.PLAIN, url: str = ""
    ) -> None:
        """Draw a box over the whole width under what is there."""
        top, said = self.y, _texts(2, self.y, title, lines, is_gap=is_gap)
        height = _height(said)
        self.boxes.append(pages.Box(2, top, WIDTH - 4, height, tone, is_gap, url, said))
        self.y = top + height

    def arrow(self, *, is_gap: bool) -> None:
        """Draw the way to the next box: dashed where the books do not show it."""
        self.arrows.append(pages.Arrow(WIDTH // 2, self.y, WIDTH // 2, self.y + _STEP, is_gap))
        self.y += _STEP


def picture(lot: LotView) -> pages.Picture:
    """Draw where the cards of a batch came from and where they went."""
    sheet = _Sheet()
    by_id = {item.id: item for item in lot.completeness.items}

    def gaps(*ids: str) -> list[Judged]:
        return [by_id[one] for one in ids if by_id[one].standing is not Standing.DONE]

    _link(
        sheet, Text("货源方", "Supplier"), _supplier(lot), gaps("supplier", "channel", "identity"), _supplier_url(lot)
    )
    kinds = [paper.kind for paper in lot.papers if not paper.is_superseded]
    papers = [f"{word(DOCUMENT_KINDS, kind)} × {kinds.count(kind)}" for kind in dict.fromkeys(sorted(kinds))]
    _link(
        sheet,
        Text("单据", "Papers"),
        " · ".join(papers),
        gaps("invoice", "payment", "serials"),
        "#papers",
        is_next=True,
    )
    bought = [lot.acquired_on.isoformat() if lot.acquired_on else "", *_sums(lot)]
    _link(
        sheet,
        Text("采购", "Purchase"),
        " · ".join(part for part in bought if part),
        gaps("acquired", "cost", "amounts", "dates"),
        "#purchase",
        is_next=True,
    )
    _batch(sheet, lot, gaps("checked", "fresh", "claim_window"))
    _cards(sheet, lot)
    _ends(sheet, lot)
    return pages.Picture(
        title=say(Text(f"批次 {lot.name} 的来源图", f"Where batch {lot.name} came from")),
        width=WIDTH,
        height=sheet.y + 2,
        boxes=tuple(sheet.boxes),
        arrows=tuple(sheet.arrows),
        bars=tuple(sheet.bars),
    )


def _link(sheet: _Sheet, title: Text, told: str, gaps: Sequence[Judged], url: str, *, is_next: bool = False) -> None:
    if is_next:
        sheet.arrow(is_gap=not told)
    nothing = say(Text("没有写", "not told"))
    sheet.box(say(title), [told or nothing], is_gap=not told, tone=Tone.PLAIN if told else Tone.WARN, url=url)
    _gaps(sheet, gaps)


def _gaps(sheet: _Sheet, gaps: Sequence[Judged]) -> None:
    """Name what is missing of a link in a dashed box right beneath it."""
    if not gaps:
        return
    named = [f"{say(_MARKS[gap.standing])} {say(gap.title)}" for gap in gaps]
    is_bad = any(gap.standing is Standing.CONTRADICTED for gap in gaps)
    sheet.y += 4
    sheet.box("", ["、".join(named)], is_gap=True, tone=Tone.BAD if is_bad else Tone.WARN, url="#completeness")


def _supplier(lot: LotView) -> str:
    return f"{lot.supplier_name} · {word(CHANNELS, lot.supplier_channel)}" if lot.supplier_name else ""


def _supplier_url(lot: LotView) -> str:
    return reverse("supplier", args=[lot.supplier_id]) if lot.supplier_id else "#purchase"


def _sums(lot: LotView) -> Iterator[str]:
    total = lot.purchase["total_fen"]
    if lot.unit_cost_fen is not None:
        yield say(Text(f"每张 {yuan(lot.unit_cost_fen)}", f"{yuan(lot.unit_cost_fen)} each"))
    if isinstance(total, int):
        yield say(Text(f"共 {yuan(total)}", f"{yuan(total)} in all"))


def _batch(sheet: _Sheet, lot: LotView, gaps: Sequence[Judged]) -> None:
    sheet.arrow(is_gap=False)
    told = [say(Text(f"{lot.name} · {lot.cards} 张", f"{lot.name} · {lot.cards} cards"))]
    if lot.recall is not None:
        told.append(say(Text("已召回", "called back")))
    elif lot.is_quarantined:
        told.append(say(Text("已冻结，不出售", "set aside, not sold")))
    looked = Text(f"查验：可用 {lot.checked}，不可用 {lot.failed}", f"checks: {lot.checked} usable, {lot.failed} not")
    tone = Tone.BAD if lot.is_quarantined or lot.failed else Tone.PLAIN
    sheet.box(say(Text("批次", "Batch")), [" · ".join(told), say(looked)], tone=tone)
    _gaps(sheet, gaps)


def _cards(sheet: _Sheet, lot: LotView) -> None:
    """Draw the cards: a bar shared by their states, and each state with its number."""
    sheet.arrow(is_gap=False)
    states = [(state, lot.cards_by_state[state.value]) for state in CardState if lot.cards_by_state.get(state.value)]
    counted = " · ".join(f"{say(TITLES[state])} {count}" for state, count in states)
    nothing = say(Text("还没有卡", "no cards yet"))
    top = sheet.y
    sheet.box(say(Text("卡", "Cards")), ["", counted or nothing] if states else [nothing])
    x, left, y = _PAD, WIDTH - 2 * _PAD, top + _PAD + _LINE + 2
    for at, (state, count) in enumerate(states):
        is_last = at == len(states) - 1
        width = WIDTH - _PAD - x if is_last else max(3, left * count // lot.cards)
        sheet.bars.append(pages.Bar(x, y, width - (0 if is_last else 1), _BAR, _TONES.get(state, Tone.PLAIN)))
        x += width


def _ends(sheet: _Sheet, lot: LotView) -> None:
    """Draw orders and cases side by side: where the cards went, and what came back."""
    half = (WIDTH - 16) // 2
    top = sheet.y + _STEP
    orders = say(Text(f"{lot.orders} 笔", str(lot.orders)))
    cases = say(Text(f"{lot.cases} 单，未结 {lot.open_cases}", f"{lot.cases}, {lot.open_cases} open"))
    told = (
        (Text("订单", "Orders"), orders, Tone.PLAIN, "#recall" if lot.recall else ""),
        (Text("售后", "Cases"), cases, Tone.WARN if lot.open_cases else Tone.PLAIN, ""),
    )
    for at, (title, text, tone, url) in enumerate(told):
        x = 2 + at * (half + 12)
        said = _texts(x, top, say(title), [text], fits=_FITS_HALF)
        sheet.arrows.append(pages.Arrow(x + half // 2, sheet.y, x + half // 2, top, is_gap=False))
        sheet.boxes.append(pages.Box(x, top, half, _PAD + 2 * _LINE + 4, tone, is_gap=False, url=url, texts=said))
    sheet.y = top + _PAD + 2 * _LINE + 4


def _texts(
    x: int, y: int, title: str, lines: Sequence[str], *, is_gap: bool = False, fits: int = _FITS
) -> tuple[pages.Words, ...]:
    """Place a title and lines in a box whose upper left corner is at x, y; long lines are broken, then cut."""
    said = [pages.Words(x + _PAD - 2, y + _PAD + 12, title, "title")] if title else []
    below = y + _PAD + 12 + (_LINE if title else 0)
    for line in lines:
        for part in broken(line, fits) or [""]:
            said.append(pages.Words(x + _PAD - 2, below, part, "gap" if is_gap else "text"))
            below += _LINE
    return tuple(said)


def _height(said: Sequence[pages.Words]) -> int:
    return _PAD + _LINE * len(said) + 4


def broken(text: str, fits: int, most: int = _MOST_LINES) -> list[str]:
    """Break a text into lines that fit, between its parts where they are short enough; at most so many, then 「…」."""
    lines: list[str] = []
    line = ""
    for part in _PARTS.findall(text.strip()):
        if line and _wide(line + part.rstrip()) > fits:
            lines.append(line.rstrip())
            line = ""
        for sign in part:
            if _wide(line + sign) > fits:
                lines.append(line.rstrip())
                line = ""
            line += sign
    lines = [*lines, line.rstrip()] if line.strip() else lines
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][:-1]}…"]


def _wide(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in text)
