"""What a person makes of what was read, entry by entry, before the yes: kept apart from the reading itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from cardcase.connectors.chats.stamps import Calendar
from cardcase.kit.clock import SHANGHAI

from . import lines
from .lines import BadSheet, Said
from .log import Entry, Kind

FAINT: Final = 0.8
"""Trust of the engine in a line below which it should be compared with the picture."""
MOST_TYPED: Final = 40
"""Characters of a time that is typed: 「2026年11月20日 下午 08:12:09」 has 23."""
_SWAPPED: Final = {lines.SELLER: lines.BUYER, lines.BUYER: lines.SELLER}
_ANY_DAY: Final = date(2024, 2, 29)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an entry stands, in pixels of its original, and how it was read (``log.Entry``)."""

    picture: int = 0
    top: int = 0
    bottom: int = 0
    trust: float = 1.0
    sure: float = 1.0
    is_cut: bool = False
    has_gap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry as it stands now: as it was read, with what a person changed.

    ``number``: its place in the reading, from 0. ``time``: a time that was typed for it, empty when none was. ``more``:
    lines of a sheet that the reader missed and that follow it.
    """

    number: int
    said: Said
    place: Place
    is_kept: bool = True
    time: str = ""
    more: str = ""
    is_changed: bool = False


def places_of(entries: Sequence[Entry], gaps: Sequence[int]) -> list[list[Any]]:
    """Write where entries stand, as it is kept. ``gaps``: places before which something may be missing."""
    missing = frozenset(gaps)
    return [
        [
            one.picture,
            one.box.top,
            one.box.bottom,
            round(one.trust, 3),
            round(one.sure, 3),
            one.is_cut,
            place in missing,
        ]
        for place, one in enumerate(entries)
    ]


def rows_of(
    read: Sequence[Mapping[str, Any]], draft: Sequence[Mapping[str, Any]], places: Sequence[Sequence[Any]]
) -> list[Row]:
    """Lay what a person changed over what was read. ``draft`` is empty or has an item for each entry."""
    return [
        _row(number, told, draft[number] if number < len(draft) else {}, places[number] if number < len(places) else ())
        for number, told in enumerate(read)
    ]


def _row(number: int, told: Mapping[str, Any], typed: Mapping[str, Any], place: Sequence[Any]) -> Row:
    said = Said(
        who=str(typed.get("who", told["who"])),
        kind=Kind(told["kind"]),
        text=str(typed.get("text", told["text"])),
        quote=str(typed.get("quote", told["quote"])),
        print=str(told["print"]),
    )
    names = ("picture", "top", "bottom", "trust", "sure", "is_cut", "has_gap")
    return Row(
        number=number,
        said=said,
        place=Place(**dict(zip(names, place, strict=False))),
        is_kept=bool(typed.get("keep", True)),
        time=str(typed.get("time", "")),
        more=str(typed.get("more", "")),
        is_changed=bool(typed),
    )


def changed(rows: Sequence[Row], changes: Mapping[int, Mapping[str, Any]]) -> list[Row]:
    """Return the rows with these changes: ``who``, ``text``, ``quote``, ``time``, ``more``, ``keep``, by number.

    Raises BadSheet that names the entry, as people count them.
    """
    found = list(rows)
    for number, typed in changes.items():
        if not 0 <= number < len(found):
            raise _bad(number, "没有这一条", "there is no such entry")
        found[number] = _typed(found[number], typed)
    return found


def _typed(row: Row, typed: Mapping[str, Any]) -> Row:
    who = str(typed.get("who", row.said.who))
    if who not in lines.SPEAKERS:
        raise _bad(row.number, "不认识的说话人", "unknown speaker")
    said = replace(row.said, who=who, text=_words(row, typed, "text", row.said.text),
                   quote=_words(row, typed, "quote", row.said.quote))  # fmt: skip
    new = replace(
        row,
        said=said,
        is_kept=bool(typed.get("keep", row.is_kept)),
        time=_words(row, typed, "time", row.time),
        more=_words(row, typed, "more", row.more),
    )
    if new.is_kept:
        _check(row, new)
    return replace(new, is_changed=row.is_changed or new != row)


def _words(row: Row, typed: Mapping[str, Any], name: str, before: str) -> str:
    words = str(typed.get(name, before)).replace("\r", "")
    if len(words) > lines.LONGEST:
        raise _bad(row.number, "太长", "too long")
    return words.strip("\n") if name == "more" else words.strip()


def _check(row: Row, new: Row) -> None:
    is_time = new.said.kind is Kind.TIME
    for stamp in filter(None, (new.time, new.said.text if is_time and new.said.text != row.said.text else "")):
        if len(stamp) > MOST_TYPED or Calendar(_ANY_DAY, _ANY_DAY).moment(stamp) is None:
            raise _bad(row.number, "时间写成 2026-11-20 20:12", "write the time as 2026-11-20 20:12")
    if not new.said.text and new.said.kind is not Kind.PICTURE:
        raise _bad(row.number, "没有字；不要它就选“不收”", "has no words; leave it out instead")
    if new.more:
        try:
            lines.from_sheet(new.more)
        except BadSheet as error:
            raise _bad(
                row.number, "漏掉的话一行一条，开头写“买家：”或“我：”", "missed lines begin with 买家： or 我："
            ) from error


def swapped(rows: Iterable[Row]) -> list[Row]:
    """Return the rows with seller and buyer the other way round: the phone was the other side's."""
    return [
        replace(one, said=replace(one.said, who=_SWAPPED[one.said.who]), is_changed=True)
        if one.said.who in _SWAPPED
        else one
        for one in rows
    ]


def documents(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Write what a person changed, as it is kept: an item for each entry, empty where nothing was."""
    return [
        {
            "who": one.said.who,
            "text": one.said.text,
            "quote": one.said.quote,
            "time": one.time,
            "more": one.more,
            "keep": one.is_kept,
        }
        if one.is_changed
        else {}
        for one in rows
    ]


def final(rows: Sequence[Row], taken_on: date | None) -> list[Said]:
    """Return what the rows say: what is kept, typed times before it, missed lines after it. Raises BadSheet.

    A time that was typed without its day gets the day that it was understood to be.
    """
    found: list[Said] = []
    for one, (moment, _) in zip(rows, moments(rows, taken_on), strict=True):
        if one.is_kept:
            if one.time:
                day = f"{moment.astimezone(SHANGHAI):%Y-%m-%d} " if moment and lines.is_bare(one.time) else ""
                found.append(Said(who=lines.PLATFORM, kind=Kind.TIME, text=day + one.time))
            found.append(one.said)
        if one.more:
            found += lines.from_sheet(one.more)
    return lines.from_documents(lines.documents(found))


def moments(rows: Sequence[Row], taken_on: date | None) -> list[tuple[datetime | None, bool]]:
    """Return when each row was said, and whether that is its very minute; else it was said then or later."""
    calendar = Calendar(taken_on)
    moment: datetime | None = None
    is_exact = False
    found: list[tuple[datetime | None, bool]] = []
    for one in rows:
        is_line = one.said.kind is Kind.TIME
        stamp = one.said.text if is_line else one.time
        if one.is_kept and stamp:  # what is typed without a day belongs to the day of what stands above it
            moment, is_exact = lines.moment_of(calendar, stamp) if is_line else calendar.moment(stamp), True
        found.append((moment, is_exact))
        if one.is_kept and one.said.kind is not Kind.TIME:
            is_exact = False
    return found


def _bad(number: int, zh: str, en: str) -> BadSheet:
    return BadSheet(f"第 {number + 1} 条：{zh}", f"Entry {number + 1}: {en}", entry=number + 1)
