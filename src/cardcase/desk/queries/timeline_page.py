"""The page of a case's timeline: what to choose, and what is left, in finished sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from cardcase.cases import queries as cases
from cardcase.desk import words
from cardcase.evidence.rules import PARTY_TITLES
from cardcase.inbox.queries import UNDATED
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.shell.parts import Choice, Link, Notice, Tone
from cardcase.staff.rules import Actor

from .timeline import LANE_TITLES, Happening, Narrowing, narrowing, timeline

SHOWN = 300
"""Happenings on one page. Of more, the latest; the rest by a narrower span or in the text."""


@dataclass(frozen=True, slots=True)
class Row:
    """One happening. ``day`` is set on the first of a day; ``place`` is the deep link to this very line."""

    anchor: str
    place: str
    day: str
    time: str
    lane: str
    what: str
    who: str
    detail: str
    seq: str
    link: Link | None
    tone: Tone
    is_said: bool


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """The timeline of a case, with what was asked for. ``more`` says that earlier lines are not shown."""

    number: str
    title: str
    buyer: str
    back: str
    url: str
    rows: tuple[Row, ...]
    summary: str
    more: str
    lanes: tuple[Choice, ...]
    parties: tuple[Choice, ...]
    since: str
    until: str
    find: str
    is_narrowed: bool
    as_text: Link
    notices: tuple[Notice, ...] = ()


def timeline_page(
    actor: Actor, number: str, values: dict[str, str], lanes: Sequence[str], *, now: datetime
) -> TimelinePage:
    """Return the page. What cannot be read of the choice is said, and everything shown. Raises NotFound."""
    case = cases.by_number(actor, number)
    notices: tuple[Notice, ...] = ()
    try:
        wanted = narrowing(values, lanes)
    except WrongUse as problem:
        wanted = Narrowing()
        notices = (Notice(Tone.WARN, say(problem.message), say(problem.next)),)
    happenings = timeline(actor, number, wanted, now=now)
    left = len(happenings) - SHOWN
    url = reverse("case-timeline", args=[number])
    asked = [("show", lane) for lane in lanes] + [(name, value) for name, value in values.items() if value]
    return TimelinePage(
        number=number,
        title=words.goods_text(case),
        buyer=words.buyer_text(case),
        back=reverse("case", args=[number]),
        url=url,
        rows=tuple(_rows(happenings[-SHOWN:], asked, now)),
        summary=say(Text(f"{len(happenings)} 条", f"{len(happenings)} lines")),
        more=say(
            Text(
                f"更早的 {left} 条没有列在这里：缩小时间范围，或导出成文字。",
                f"{left} earlier lines are not listed here: narrow the span, or export as text.",
            )
        )
        if left > 0
        else "",
        lanes=tuple(
            Choice(lane.value, say(title), is_chosen=lane in wanted.lanes) for lane, title in LANE_TITLES.items()
        ),
        parties=(
            Choice("", say(Text("任何一方", "anybody")), is_chosen=not wanted.by),
            *(Choice(party, say(title), is_chosen=party == wanted.by) for party, title in PARTY_TITLES.items()),
        ),
        since=values.get("since", ""),
        until=values.get("until", ""),
        find=wanted.find,
        is_narrowed=wanted != Narrowing(),
        as_text=Link(say(Text("导出成文字", "Export as text")), f"{url}?{urlencode([*asked, ('form', 'text')])}"),
        notices=notices,
    )


def _rows(happenings: Sequence[Happening], asked: Sequence[tuple[str, str]], now: datetime) -> Iterator[Row]:
    before = ""
    query = f"?{urlencode(asked)}" if asked else ""
    for one in happenings:
        day = timing.day_text(one.at, now=now) if one.at is not None else before
        yield Row(
            anchor=one.anchor,
            place=f"{query}#{one.anchor}",
            day=day if day != before else "",
            time=timing.time_text(one.at) if one.at is not None else say(UNDATED),
            lane=say(LANE_TITLES[one.lane]),
            what=one.what,
            who=one.who,
            detail=one.detail,
            seq=f"#{one.seq}" if one.seq is not None else "",
            link=Link(say(Text("看原件", "See it")), one.url) if one.url and one.anchor.startswith("x-") else None,
            tone=one.tone,
            is_said=one.anchor.startswith("m-"),
        )
        before = day
