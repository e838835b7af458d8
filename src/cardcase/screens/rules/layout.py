"""From what was seen in a picture to the log of the talk: what is a bubble, a card, a picture, and whose it is.

The colour around a line tells who speaks: all bubbles of one colour are one person's. Which person, the avatars beside
them tell, the margins that they cling to, and how strong the colour is; never the place of a single line alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median
from typing import Final

from cardcase.connectors.chats import systemtexts

from . import bars, bubbles, trifles, words
from .log import Entry, Kind, Log, Who
from .parts import COLUMN, FLAT, Part, beside, covers, distance, size_of
from .seen import Box, Line, Panel, Seen
from .speakers import Speakers

_AVATAR: Final = (0.06, 0.18)
"""Width of an avatar, to the width of the picture."""
_MARGIN: Final = 0.2
"""Avatars lie wholly within this much of either side."""
_PATCH: Final = 0.09
"""A solid patch this long, to the width, is no letter and no emoji."""
_ROOMY: Final = 2.5
"""Height of a picture with small rows of words on it, to theirs, at least: bubbles leave no such room."""
_STAMPED: Final = 0.9
_HIGH: Final = 0.15
_ALIEN: Final = 32
"""How far from every bubble's colour an even part of a picture is: themes and JPEG move them by less."""
_LONE: Final = 0.6
"""Trust below which a lone letter as broad as two is no letter."""
_HUNG: Final = 0.022
"""Gap above a quotation in a box of its own, to the width: bubbles stand farther apart."""


def log_of(seen: Seen, *, picture: int = 0) -> Log:
    """Return the log of one picture. ``picture``: its place among several."""
    seen = replace(seen, lines=tuple(replace(line, text=words.with_signs(line)) for line in seen.lines))
    if words.is_simplified(line.text for line in seen.lines):
        seen = replace(seen, lines=tuple(words.put_right(seen.lines)))
    return _Reading(seen, picture).log()


@dataclass(slots=True)
class _Reading:
    seen: Seen
    picture: int
    parts: dict[int, Part] = field(default_factory=dict)
    avatars: list[tuple[Box, Who]] = field(default_factory=list)
    loose: list[Line] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    nick: str = ""
    begins: int = 0
    ends: int = 0

    def log(self) -> Log:
        self.begins = bars.head_end(self.seen)
        for number, panel in enumerate(self.seen.panels):
            if panel.box.centre < self.begins:
                continue
            side = self._avatar_side(panel)
            if side is not None:
                self.avatars.append((panel.box, side))
            else:
                self.parts[number] = Part(panel)
        self._end()
        self._bubbles_beside_faces()
        self._halves_of_faces()
        self._without_lone_faces()
        self._without_small_ones()
        heads = self._place_lines()
        self._without_trifles()
        self._heads(heads)
        size = self._size()
        self._kinds(size)
        self._hang_quotes(size)
        Speakers([*self.parts.values()], self.avatars, self.seen.width).decide()
        entries = [self._entry(part, size) for part in self.parts.values() if self._is_shown(part)]
        entries += self._middles()
        entries.sort(key=lambda entry: (entry.box.top, entry.box.left))
        return Log(entries=tuple(self._with_quotes(entries)), nick=self.nick, left_out=tuple(self.left_out))

    # --- what stands where ------------------------------------------------------------------------------------------

    def _avatar_side(self, panel: Panel) -> Who | None:
        box, wide = panel.box, self.seen.width
        if not _AVATAR[0] * wide <= box.width <= _AVATAR[1] * wide or box.height > box.width * 1.3:
            return None
        if box.height < 0.8 * box.width and not any(self._cut(box)):
            return None
        if box.right <= _MARGIN * wide:
            return Who.PEER
        return Who.OWN if box.left >= (1 - _MARGIN) * wide else None

    def _bubbles_beside_faces(self) -> None:
        """Take for a bubble what stands where avatars do, when between it and the edge is one already."""
        for number, panel in enumerate(self.seen.panels):
            box = panel.box
            side = next((who for one, who in self.avatars if one == box), None)
            level = [
                one
                for one, who in self.avatars
                if who is side and one != box and one.top < box.bottom and one.bottom > box.top
            ]
            if side is Who.PEER:
                outer = [one for one in level if one.right <= box.left + bubbles.TOUCH]
            else:
                outer = [one for one in level if one.left >= box.right - bubbles.TOUCH]
            if side is not None and outer:
                self.avatars = [(one, who) for one, who in self.avatars if one != box]
                self.parts[number] = Part(panel)

    def _halves_of_faces(self) -> None:
        """Know what an edge leaves of an avatar by the column in which the others stand."""
        faces = list(self.avatars)
        for number, part in list(self.parts.items()):
            side = next((who for face, who in faces if self._is_in_column(part.panel.box, face)), None)
            if side is not None and part.panel.box.height < part.panel.box.width:
                self.avatars.append((part.panel.box, side))
                del self.parts[number]

    def _is_in_column(self, box: Box, face: Box) -> bool:
        slack = COLUMN * self.seen.width
        return box != face and abs(box.left - face.left) <= slack and abs(box.right - face.right) <= slack

    def _end(self) -> None:
        """Let go of what stands in a foot of the page's own colour."""
        self.ends = bars.foot_begin(self.seen, [box for box, _ in self.avatars])
        self.avatars = [(box, who) for box, who in self.avatars if box.centre < self.ends]
        for number, part in list(self.parts.items()):
            if part.panel.box.centre >= self.ends or self._is_jump(number):
                del self.parts[number]

    def _is_jump(self, number: int) -> bool:
        said = [line.text for line in self.seen.lines if line.panel == number]
        return len(said) == 1 and words.is_jump(said[0])

    def _without_lone_faces(self) -> None:
        """Take a panel as large as an avatar for a bubble when it has words and no bubble stands beside it."""
        for number, panel in enumerate(self.seen.panels):
            box = panel.box
            is_plain = panel.flat >= FLAT and panel.patch < 0.02 * self.seen.width
            if not is_plain or not any(box == one for one, _ in self.avatars):
                continue
            if any(self._is_in_column(box, one) and self._has_bubble(one) for one, _ in self.avatars):
                continue
            is_alone = not self._has_bubble(box)
            said = [line for line in self.seen.lines if line.panel == number and line.score >= bubbles.HALF_READ]
            if is_alone and said:
                self.avatars = [(one, who) for one, who in self.avatars if one != box]
                self.parts[number] = Part(panel)

    def _has_bubble(self, face: Box) -> bool:
        return any(
            part.panel.box.bottom >= face.top and part.panel.box.top <= face.bottom for part in self.parts.values()
        )

    def _without_small_ones(self) -> None:
        """Let go of dots: panels without words that are too small for a picture."""
        used = {line.panel for line in self.seen.lines}
        for number, part in list(self.parts.items()):
            box, wide = part.panel.box, self.seen.width
            is_cut = any(self._cut(box)) and part.panel.flat < FLAT and box.top < self.ends
            if number in used or min(box.width, wide if is_cut else box.height) >= 0.12 * wide:
                continue
            is_bubble = part.panel.flat >= FLAT and box.height > 0.07 * wide and bool(self._beside(part))
            if not is_bubble:  # a bubble of which nothing was read is shown, like a picture
                del self.parts[number]

    def _without_trifles(self) -> None:
        """Let go of what is no bubble, and say of its words what they were."""
        for number in trifles.letters(self.parts, self.loose, self.seen.width):
            self.left_out += [(line.text, "double") for line in self.parts.pop(number).lines]
        for number in trifles.buttons(self.parts, self.seen.width):
            self.left_out += [(line.text, "button") for line in self.parts.pop(number).lines]
        for number in trifles.pills(self.parts, self.avatars, self.seen, self._size()):
            self.loose += self.parts.pop(number).lines

    def _place_lines(self) -> list[Line]:
        """Give every line its panel; return those outside of the talk's bands, in bars."""
        outside: list[Line] = []
        for line in self.seen.lines:
            if not line.text.strip():
                continue
            is_lone = len(line.text.strip()) == 1 and line.score < _LONE and line.ink.width > 1.5 * line.ink.height
            if is_lone and line.panel in self.parts:
                self.left_out.append((line.text, "unread"))
            elif any(covers(box, line.box) for box, _ in self.avatars):
                self.left_out.append((line.text, "avatar"))
            elif words.is_jump(line.text):
                self.left_out.append((line.text, "jump"))
            elif not self.begins <= line.ink.centre < self.ends or not any(
                a <= line.ink.centre < b for a, b in self.seen.bands
            ):
                outside.append(line)
            elif line.panel in self.parts:
                self.parts[line.panel].lines.append(line)
            elif words.is_read_mark(line.text):
                self.left_out.append((line.text, "read_mark"))
            else:
                self.loose.append(line)
        return outside

    def _heads(self, outside: Sequence[Line]) -> None:
        """Find the name at the head; note what else stands in bars. Bars of the page's own colour are told by words."""
        size = self._size()
        first = min((part.panel.box.top for part in self.parts.values()), default=self.seen.height)
        head_ends = 0.3 * self.seen.width
        foot_begins = self.seen.height - 0.3 * self.seen.width
        kept: list[Line] = []
        ends = max(self.seen.bands[0][0] + bubbles.TOUCH, self.begins + 1)
        heads = [line for line in outside if line.ink.bottom < ends]
        for line in self.loose:
            is_head = line.ink.bottom < min(first, head_ends) and (
                words.pitch(line) >= 0.95 * size or line.ink.bottom < 0.12 * self.seen.width
            )
            if is_head:
                heads.append(line)
            elif line.ink.top > foot_begins and words.is_foot(line.text):
                self.left_out.append((line.text, "bar"))
            else:
                kept.append(line)
        self.loose = kept
        names = [line for line in heads if not words.is_stamp(line.text) and len(line.text.strip()) > 1]
        names = [
            line for line in names if line.ink.top > 0.06 * self.seen.width and line.ink.bottom < 0.34 * self.seen.width
        ]
        if names:
            self.nick = max(names, key=words.pitch).text.strip()
        self.left_out += [(line.text, "bar") for line in heads if line.text.strip() != self.nick]
        self.left_out += [(line.text, "bar") for line in outside if line not in heads]

    def _size(self) -> float:
        return size_of([*self.parts.values()], self.avatars, self.seen.width)

    # --- what it is -------------------------------------------------------------------------------------------------

    def _kinds(self, size: float) -> None:
        for part in self.parts.values():
            box = part.panel.box
            pitches = [words.pitch(line) for line in part.lines if len(line.text) > 1]
            is_small = bool(pitches) and median(pitches) < 0.72 * size
            is_portrait = box.width < 0.55 * self.seen.width and box.height > box.width
            rows = words.rows_of(part.lines)
            is_roomy = bool(rows) and box.height > _ROOMY * sum(max(line.ink.height for line in row) for row in rows)
            is_roomy = is_roomy and box.width < 0.55 * self.seen.width and box.height > 0.15 * self.seen.width
            is_patched = part.panel.patch > _PATCH * self.seen.width and box.width < 0.55 * self.seen.width
            above, below = self._cut(box)
            is_rest = (above or below) and part.panel.flat >= FLAT and not self._is_alien(part)
            is_wordless = not part.lines and not is_rest
            if part.panel.flat < FLAT or is_wordless or is_patched or (is_small and (is_portrait or is_roomy)):
                part.kind = Kind.PICTURE
            elif self._is_card(part) or (above and part.panel.patch > 0.5 * box.width):
                part.kind, part.who, part.sure = Kind.CARD, Who.PLATFORM, 1.0

    def _is_alien(self, part: Part) -> bool:
        """Tell whether a panel is high and has the colour of no bubble: an even part of a picture."""
        colours = [other.panel.colour for other in self.parts.values() if other.lines and self._beside(other)]
        is_high = part.panel.box.height > _HIGH * self.seen.width
        return is_high and bool(colours) and all(distance(part.panel.colour, one) > _ALIEN for one in colours)

    def _is_card(self, part: Part) -> bool:
        if not part.lines:
            return False
        title = words.rows_of(part.lines)[0]
        if systemtexts.classify("".join(line.text for line in title).strip()) is not None:
            return True
        if bubbles.is_titled(part.lines, part.panel.box):
            return True
        box, wide = part.panel.box, self.seen.width
        is_centred = abs(box.middle - wide / 2) < 0.02 * wide and box.width > 0.6 * wide
        return is_centred and box.left < self._bubbles_begin() - 0.02 * wide and not self._beside(part)

    def _bubbles_begin(self) -> float:
        """Return where the peer's bubbles begin: cards reach farther out. Without a bubble, where they usually do."""
        begins = [part.panel.box.left for part in self.parts.values() if self._beside(part) == {Who.PEER}]
        return min(begins) if begins else 0.15 * self.seen.width

    def _beside(self, part: Part) -> set[Who]:
        return beside(part, self.avatars, self.seen.width)

    def _hang_quotes(self, size: float) -> None:
        """Hang a box of small letters right under a bubble to it: some apps show there what it answers."""
        near, slack = _HUNG * self.seen.width, 0.03 * self.seen.width
        order = sorted(self.parts.items(), key=lambda item: item[1].panel.box.top)
        for (_, above), (number, part) in pairwise(order):
            one, box = above.panel.box, part.panel.box
            is_small = bool(part.lines) and all(words.pitch(line) < bubbles.QUOTE * size for line in part.lines)
            level = abs(box.left - one.left) < slack or abs(box.right - one.right) < slack
            if (
                part.kind is above.kind is Kind.TEXT
                and is_small
                and level
                and 0 <= box.top - one.bottom < near
                and distance(part.panel.colour, above.panel.colour) > bubbles.TOUCH
                and not any(abs(avatar.top - box.top) < near for avatar, _ in self.avatars)
            ):
                above.quoted = part.lines
                del self.parts[number]

    # --- entries ----------------------------------------------------------------------------------------------------

    def _entry(self, part: Part, size: float) -> Entry:
        panel = part.panel
        above, below = self._cut_panel(part)
        lines = part.lines
        if part.kind is not Kind.PICTURE:
            lines = [line for line in lines if not bubbles.is_sliced(line, panel.box, size, above=above, below=below)]
            self.left_out += [(line.text, "cut") for line in part.lines if line not in lines]
        said, quoted = (
            (lines, [])
            if part.kind is Kind.CARD
            else bubbles.split_quote(lines, size, words.usual_contrast(self.seen.lines))
        )
        quoted = [*quoted, *part.quoted]
        begins = min((line.ink.left for line in part.lines), default=panel.box.left)
        inner: float = panel.box.right - max(0, begins - panel.box.left)
        if part.kind is Kind.TEXT:
            inner = begins + self._text_width()
        text = words.joined(said, inner) if said else ""
        if part.kind is Kind.CARD:
            text = bubbles.card_text(lines, inner)
        elif part.kind is Kind.TEXT:
            text = words.voice_of(text) or text
        return Entry(
            who=part.who,
            kind=part.kind,
            text=text,
            quote=words.joined(quoted, inner) if quoted else "",
            box=panel.box.scaled(self.seen.scale),
            trust=min((line.score for line in lines), default=1.0),
            sure=part.sure,
            cut_above=above,
            cut_below=below,
            print=panel.print if part.kind is Kind.PICTURE else "",
            picture=self.picture,
            boxes=tuple((line.text, line.box.scaled(self.seen.scale)) for line in (*part.lines, *part.quoted)),
        )

    def _text_width(self) -> float:
        """Return how wide the text of a bubble gets before it is wrapped: the widest one, at least half a page."""
        widths = [
            max(line.ink.right for line in part.lines) - min(line.ink.left for line in part.lines)
            for part in self.parts.values()
            if part.kind is Kind.TEXT and part.lines
        ]
        return max([*widths, 0.5 * self.seen.width])

    def _is_shown(self, part: Part) -> bool:
        return bool(part.lines) or part.kind is Kind.PICTURE or any(self._cut(part.panel.box))

    def _cut(self, box: Box) -> tuple[bool, bool]:
        above = any(abs(box.top - top) <= bubbles.TOUCH for top, _ in self.seen.bands)
        below = any(abs(box.bottom - bottom) <= bubbles.TOUCH for _, bottom in self.seen.bands)
        return above, below

    def _cut_panel(self, part: Part) -> tuple[bool, bool]:
        """Tell whether an edge cuts a panel: a bar's, or one of the page's own colour, which leaves square corners."""
        box = part.panel.box
        above, below = self._cut(box)
        boxes = [other.panel.box for other in self.parts.values()]
        is_first, is_last = box.top == min(one.top for one in boxes), box.bottom == max(one.bottom for one in boxes)
        square_above, square_below = part.panel.square
        if part.kind is Kind.PICTURE:  # pictures may be square all around
            has_bar = self.seen.bands[0][0] > 0, self.seen.bands[-1][1] < self.seen.height
            near = 0.35 * self.seen.width
            above = above or (is_first and not has_bar[0] and box.top < max(near, self.begins + 0.06 * self.seen.width))
            below = below or (is_last and not has_bar[1] and box.bottom > self.seen.height - near)
            return above, below
        tops, bottoms = [line.ink.top for line in part.lines], [line.ink.bottom for line in part.lines]
        is_full_above = bool(tops) and min(tops) - box.top <= bubbles.TOUCH  # bubbles leave room around their words
        is_full_below = bool(bottoms) and box.bottom - max(bottoms) <= bubbles.TOUCH
        return (
            above or (is_first and ((square_above and not square_below) or is_full_above)),
            below or (is_last and ((square_below and not square_above) or is_full_below)),
        )

    def _middles(self) -> list[Entry]:
        """Read the lines on the page itself: times, and what the platform writes between the bubbles."""
        found: list[Entry] = []
        wide = self.seen.width
        waiting: list[Line] = []
        for row in words.rows_of(self.loose):
            text = " ".join(line.text.strip() for line in row)
            box = Box(row[0].ink.left, min(x.ink.top for x in row), row[-1].ink.right, max(x.ink.bottom for x in row))
            gaps = [other.ink.left - line.ink.right for line, other in pairwise(row)]
            if abs(box.middle - wide / 2) > trifles.CENTRED * wide or max(gaps, default=0) > trifles.CENTRED * 2 * wide:
                self.left_out.append((text, "beside"))
                continue
            if self._is_half(row, box):
                self.left_out.append((text, "cut"))
                continue
            if words.is_stamp(text):
                found.append(self._middle(row, box, Kind.TIME, words.stamp_of(text)))
                continue
            if waiting and found and box.top - waiting[-1].ink.bottom < 0.8 * waiting[-1].ink.height:
                last = found.pop()
                text, box = last.text + text, Box(*_around(waiting[0].ink, box))
                row = [*waiting, *row]  # noqa: PLW2901 - a tip of several rows is one
            found.append(self._middle(row, box, Kind.TIP, text))
            waiting = row
        return found

    def _is_half(self, row: Sequence[Line], box: Box) -> bool:
        """Tell whether an edge runs through a line on the page: it touches a bar, or it is an outermost one misread."""
        if any(self._cut(box)):
            return True
        others = [part.panel.box for part in self.parts.values()]
        is_outermost = all(box.bottom <= one.top for one in others) or all(box.top >= one.bottom for one in others)
        if not is_outermost:
            return False
        if words.is_stamp(" ".join(line.text.strip() for line in row)) and min(line.score for line in row) >= _STAMPED:
            return False  # what an edge halves is no whole time any more
        is_low = any(words.is_wide(line.text) and line.ink.height < bubbles.LOW * words.pitch(line) for line in row)
        return is_low or min(line.score for line in row) < bubbles.HALF_READ

    def _middle(self, row: Sequence[Line], box: Box, kind: Kind, text: str) -> Entry:
        above, below = self._cut(box)
        return Entry(
            who=Who.PLATFORM,
            kind=kind,
            text=text,
            box=box.scaled(self.seen.scale),
            trust=min(line.score for line in row),
            cut_above=above,
            cut_below=below,
            picture=self.picture,
            boxes=tuple((line.text, line.box.scaled(self.seen.scale)) for line in row),
        )

    @staticmethod
    def _with_quotes(entries: Sequence[Entry]) -> list[Entry]:
        """Take a whole bubble of small letters for what is said: none stands above that it could belong to."""
        return [
            replace(one, text=one.quote, quote="") if one.quote and not one.text and not one.is_cut else one
            for one in entries
        ]


def _around(one: Box, other: Box) -> tuple[int, int, int, int]:
    return (
        min(one.left, other.left),
        min(one.top, other.top),
        max(one.right, other.right),
        max(one.bottom, other.bottom),
    )
