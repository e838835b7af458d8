"""Compare what was read with what stands in the page. Counts only: nothing here knows how the reader works.

White space and the width of signs (，/,) are the typesetter's business and left out of CER; ``strict`` counts them, too.
Emoji are no letters: they are taken out of both sides.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cardcase.connectors.chats.stamps import Calendar
from cardcase.screens.rules import lines
from cardcase.screens.rules.log import Entry, Kind, Who
from screens.judging import page, talks

_WHOLE = 0.95
"""A line of which less is visible is half: it may be read or left out, but not read wrongly."""
_SEEN = 0.4
_ALIKE = 0.45
_SIDES = {"me": Who.OWN, "them": Who.PEER}
_SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Wanted:
    """One entry as a person sees it. ``texts``: what it may be read as; ``may_miss``: hardly anything of it is visible."""

    entry: talks.Entry
    texts: tuple[str, ...]
    may_miss: bool
    at: datetime | None
    has_quote: bool = False


@dataclass
class Counts:
    """What was counted; add them up."""

    of: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def add(self, other: "Counts") -> None:
        self.of.update(other.of)
        self.notes += other.notes

    def share(self, part: str, whole: str) -> float:
        return self.of[part] / self.of[whole] if self.of[whole] else 0.0


def plain(text: str) -> str:
    """Return letters and signs as they are compared."""
    return "".join(unicodedata.normalize("NFKC", page.EMOJI.sub("", text)).split())


def strict(text: str) -> str:
    """Return every sign and every break, runs of white space as one."""
    return re.sub(r"\s+", " ", page.EMOJI.sub("", text)).strip()


def wanted(talk: talks.Talk, shots: Sequence[Sequence[dict[str, Any]]]) -> list[Wanted]:
    """Return what the pictures show together, in the order of the talk."""
    parts: dict[int, float] = {}
    quoted = {one["n"] for shot in shots for one in shot if one["quote"] >= _WHOLE}
    rows: dict[int, list[tuple[str, float]]] = {}
    for shot in shots:
        for one in shot:
            number = one["n"]
            parts[number] = max(parts.get(number, 0.0), one["part"])
            now = [(line["text"], line["part"]) for line in one["lines"]]
            before = rows.get(number, [(text, 0.0) for text, _ in now])
            rows[number] = [(text, max(was, part)) for (text, was), (_, part) in zip(before, now, strict=True)]
    found: list[Wanted] = []
    at: datetime | None = None
    for number, entry in enumerate(talk.entries):
        if entry.kind == "time" and parts.get(number, 0.0) >= _WHOLE:
            at = entry.at
        if not parts.get(number):
            continue
        if entry.kind in ("picture", "card"):
            texts = (f"{entry.text}{entry.body}{entry.button}",)
            found.append(Wanted(entry, texts, parts[number] < (_WHOLE if entry.kind == "card" else _SEEN), at))
            continue
        mine = [line for line in rows[number] if plain(line[0])]
        texts = _texts(mine)
        found.append(Wanted(entry, texts, not any(part >= _WHOLE for _, part in mine), at, number in quoted))
    return found


def _texts(lines: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    whole = [place for place, (_, part) in enumerate(lines) if part >= _WHOLE]
    half = [place for place, (_, part) in enumerate(lines) if 0 < part < _WHOLE]
    choices = {tuple(whole)}
    for some in (
        {place for place in half if place < min(whole, default=0)},
        {p for p in half if p > max(whole, default=-1)},
        set(half),
    ):
        choices.add(tuple(sorted({*whole, *some})))
    return tuple("".join(lines[place][0] for place in choice) for choice in sorted(choices))


def compare(expected: Sequence[Wanted], read: Sequence[Entry], *, with_times: bool) -> Counts:
    """Count how a reading differs from what stands there."""
    counts = Counts()
    of = counts.of
    read = [entry for entry in read if entry.text or entry.kind is not Kind.TEXT]  # others become no message
    pairs = _aligned(expected, read)
    moments = _moments(read)
    matched = {place for _, place in pairs if place is not None}
    clean = True
    for one, place in pairs:
        if place is None:
            if one.may_miss:
                continue
            clean = False
            of["missing"] += 1
            of[f"{one.entry.kind} all"] += 1
            counts.notes.append(f"missing {one.entry.kind} {one.texts[0]!r}")
            if one.entry.kind == "text":
                of["letters"] += len(plain(one.texts[0]))
                of["wrong"] += len(plain(one.texts[0]))
                of["strict letters"] += len(strict(one.texts[0]))
                of["strict wrong"] += len(strict(one.texts[0]))
            continue
        _judge(counts, one, read[place], moments[place] if with_times else None, with_times=with_times)
    for place, entry in enumerate(read):
        if place in matched:
            continue
        clean = False
        of["extra"] += 1
        counts.notes.append(f"extra {entry.kind.value} {entry.who.value} {entry.text!r}")
        if entry.kind is Kind.TEXT:
            of["wrong"] += len(plain(entry.text))
            of["strict wrong"] += len(strict(entry.text))
    of["orders"] += 1
    of["order exact"] += clean
    return counts


def _judge(counts: Counts, one: Wanted, entry: Entry, at: datetime | None, *, with_times: bool) -> None:
    of, kind = counts.of, one.entry.kind
    of[f"{kind} all"] += 1
    if kind in ("text", "voice", "picture"):
        of["speakers"] += 1
        is_right = entry.who is _SIDES[one.entry.who]
        of["speaker right"] += is_right
        if not is_right:
            counts.notes.append(f"speaker {entry.who.value} for {one.entry.who}: {kind} {one.texts[0]!r}")
        apart = entry.kind is Kind.TEXT
    else:
        apart = entry.kind is {"time": Kind.TIME, "card": Kind.CARD, "notice": Kind.TIP}[kind]
    if kind == "voice":
        apart = "语音" in entry.text
    if kind == "picture":
        apart = entry.kind is Kind.PICTURE
    of[f"{kind} right"] += apart
    if not apart:
        counts.notes.append(f"{entry.kind.value} for {kind}: {one.texts[0]!r} → {entry.text!r}")
    if kind == "text":
        wrong, letters, right = min(
            (distance(plain(text), plain(entry.text)), len(plain(text)), text) for text in one.texts
        )
        of["letters"] += letters
        of["wrong"] += wrong
        of["exact"] += wrong == 0
        closest = min((distance(strict(text), strict(entry.text)), len(strict(text))) for text in one.texts)
        of["strict wrong"] += closest[0]
        of["strict letters"] += closest[1]
        if wrong:
            counts.notes.append(f"wrong {wrong}: {right!r} → {entry.text!r}")
    if kind == "text" and one.has_quote:
        of["quotes"] += 1
        is_right = distance(plain(one.entry.quote), plain(entry.quote)) <= 0.2 * len(one.entry.quote)
        of["quote right"] += is_right
        if not is_right:
            counts.notes.append(f"quote {one.entry.quote!r} → {entry.quote!r}")
    if with_times and kind in ("text", "picture", "voice") and one.at is not None:
        of["times"] += 1
        of["times right"] += at == one.at
        if at != one.at:
            counts.notes.append(f"time {one.at} → {at}: {one.texts[0]!r}")


def _moments(read: Sequence[Entry]) -> list[datetime | None]:
    calendar = Calendar(talks.TAKEN_ON)
    found: list[datetime | None] = []
    at: datetime | None = None
    for entry in read:
        if entry.kind is Kind.TIME:
            moment = lines.moment_of(calendar, entry.text)
            at = moment.astimezone(_SHANGHAI).replace(tzinfo=None) if moment else None
        found.append(at)
    return found


def _aligned(expected: Sequence[Wanted], read: Sequence[Entry]) -> list[tuple[Wanted, int | None]]:
    """Lay a reading along what stands there so that most agrees; order is never changed."""
    rows, columns = len(expected), len(read)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    alike = [[_alike(one, entry) for entry in read] for one in expected]
    for row in range(rows - 1, -1, -1):
        for column in range(columns - 1, -1, -1):
            step = alike[row][column]
            both = best[row + 1][column + 1] + step if step >= _ALIKE else -1.0
            best[row][column] = max(both, best[row + 1][column], best[row][column + 1])
    pairs: list[tuple[Wanted, int | None]] = []
    row = column = 0
    while row < rows:
        if column < columns:
            step = alike[row][column]
            if step >= _ALIKE and best[row][column] == best[row + 1][column + 1] + step:
                pairs.append((expected[row], column))
                row, column = row + 1, column + 1
                continue
            if best[row][column] == best[row][column + 1]:
                column += 1
                continue
        pairs.append((expected[row], None))
        row += 1
    return pairs


def _alike(one: Wanted, entry: Entry) -> float:
    kind = one.entry.kind
    if kind == "picture":
        return 1.0 if entry.kind is Kind.PICTURE else 0.0
    if kind == "voice":
        seconds = one.entry.text.rstrip("″")
        return 0.9 if entry.kind is Kind.PICTURE or re.search(rf"(?<!\d){seconds}(?!\d)", entry.text) else 0.0
    if kind == "card" and one.may_miss and entry.kind is Kind.CARD and plain(entry.text) in plain(one.texts[0]):
        return 0.9
    said = plain(entry.text or (entry.quote if kind == "text" else ""))
    most = 0.0
    for text in map(plain, one.texts):
        longest = max(len(text), len(said))
        if not longest:
            most = max(most, 0.5 if kind in ("text", "voice") and entry.kind in (Kind.TEXT, Kind.PICTURE) else 0.0)
        elif min(len(text), len(said)) >= 0.3 * longest:
            most = max(most, 1 - distance(text, said) / longest)
    same = entry.kind is {"time": Kind.TIME, "card": Kind.CARD, "notice": Kind.TIP}.get(kind, Kind.TEXT)
    return most if same else most * 0.9


def distance(one: str, other: str) -> int:
    """Return how many letters must be put in, left out or changed."""
    if one == other:
        return 0
    before = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        now = [place]
        for column, twin in enumerate(other, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (letter != twin)))
        before = now
    return before[-1]
