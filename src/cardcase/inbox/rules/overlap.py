"""Which lines of a chat are lines that are known already, told in another form. Pure.

The same chat comes as copied text, as a tool's JSON, as a database, each with ids and times of its own. Lines are
compared one to one, never by their words alone: 「在吗」 said twice stays said twice. In doubt both are kept.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Final

from cardcase.connectors.ports import MessageKind, Speaker
from cardcase.kit.text import fold

DERIVED: Final = "derived:"
"""How an id begins that a reader made because the source had none (connectors.chats.identity)."""

FLOOR: Final = "derived:screen:"
"""How the id begins of a message from a screenshot whose time is that of the line of time above it: then or later."""

LATER: Final = timedelta(hours=12)
"""How much later than that it may have been said: an app writes the time again after minutes of silence. Judgement."""

_WORDLESS: Final = frozenset({MessageKind.IMAGE, MessageKind.AUDIO, MessageKind.VIDEO, MessageKind.EMOJI})
_BRACKETS: Final = str.maketrans("", "", "[]【】「」")

ENOUGH_IN_A_RUN: Final = 10
ENOUGH_ALONE: Final = 15
"""Characters that lines without a time must have, several in a row or one alone, to be known again. Judgement."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message as far as it is compared. ``words``: from ``words_of``. ``has_own_id``: the channel gave its id.

    ``is_floor``: it was said at ``said_at`` or later, within ``LATER``.
    """

    speaker: str
    words: str
    said_at: datetime | None
    has_own_id: bool = False
    is_floor: bool = False

    @property
    def is_of_people(self) -> bool:
        """Tell whether a person said it: the platform's texts alone make no two chats the same."""
        return self.speaker != Speaker.SYSTEM.value


def words_of(kind: str, text: str) -> str:
    """Return what is compared of a message: its masked words without width, case, space and brackets."""
    plain = "".join(fold(text).translate(_BRACKETS).split())
    return f"<{kind}>" if kind in _WORDLESS else plain


def has_own_id(external_id: str) -> bool:
    """Tell whether an id is the channel's own. Two of those never name one message."""
    return not external_id.startswith(DERIVED)


def is_floor(external_id: str) -> bool:
    """Tell whether a message with this id was said at its time or later."""
    return external_id.startswith(FLOOR)


def matches(known: Sequence[Line], told: Sequence[Line]) -> dict[int, int]:
    """Return which told line is which known one, each at most once, by their places.

    ``known`` in the order in which it was said. Lines with a time must agree in it, to the minute where one of the
    two is only that exact. Lines without one must stand in a run that is too long to be chance, or beside a line that
    is known again by its time.
    """
    found = _by_time(known, told)
    if any(line.said_at is None or line.is_floor for line in (*known, *told)):
        found |= _by_sequence(known, told, found)
    return found


def _is_exact(moment: datetime) -> bool:
    return bool(moment.second or moment.microsecond)


def _to_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _to_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _could_be(one: Line, other: Line) -> bool:
    """Tell whether two lines of the same words may be one, times aside."""
    if one.words != other.words or not one.words or (one.has_own_id and other.has_own_id):
        return False
    sides = {one.speaker, other.speaker}
    return len(sides) == 1 or (Speaker.UNKNOWN.value in sides and Speaker.SYSTEM.value not in sides)


def _times_agree(one: Line, other: Line) -> bool:
    """Tell whether two lines may be of one moment, although not both tell it exactly."""
    if one.said_at is None or other.said_at is None:
        return True
    if not (one.is_floor or other.is_floor):
        return False
    floor, exact = (one, other) if one.is_floor else (other, one)
    assert floor.said_at is not None
    assert exact.said_at is not None
    apart = exact.said_at - _to_minute(floor.said_at)
    return timedelta(0) <= apart <= LATER or (exact.is_floor and apart >= -LATER)


def _at_the_same_second(one: datetime, other: datetime) -> bool:
    return _to_second(one) == _to_second(other)


def _within_the_minute(one: datetime, other: datetime) -> bool:
    return not (_is_exact(one) and _is_exact(other)) and _to_minute(one) == _to_minute(other)


def _by_time(known: Sequence[Line], told: Sequence[Line]) -> dict[int, int]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, line in enumerate(known):
        if line.said_at is not None:
            places[line.words].append(place)
    found: dict[int, int] = {}
    used: set[int] = set()
    agree: Callable[[datetime, datetime], bool]
    for agree in (_at_the_same_second, _within_the_minute):  # exact ones first: they leave no choice
        for place, line in enumerate(told):
            if place in found or line.said_at is None:
                continue
            for other in places.get(line.words, ()):
                moment = known[other].said_at
                if other in used or moment is None or not _could_be(known[other], line):
                    continue
                if agree(moment, line.said_at):
                    found[place] = other
                    used.add(other)
                    break
    return found


def _by_sequence(known: Sequence[Line], told: Sequence[Line], sure: dict[int, int]) -> dict[int, int]:
    """Match what has no time by its place between the lines that are sure."""
    mine = [place for place, line in enumerate(told) if line.is_of_people]
    theirs = [place for place, line in enumerate(known) if line.is_of_people]
    found: dict[int, int] = {}
    for part, other, is_open in _gaps(mine, theirs, sure):
        found |= _runs(known, told, part, other, is_open)
    if found or sure:
        found |= _texts_of_the_platform(known, told, {**sure, **found})
    return found


def _gaps(
    mine: Sequence[int], theirs: Sequence[int], sure: dict[int, int]
) -> Iterable[tuple[list[int], list[int], tuple[bool, bool]]]:
    """Cut both sequences at the lines that are sure; tell whether a part begins and ends at one."""
    rank = {place: number for number, place in enumerate(theirs)}
    start_mine = start_theirs = 0
    begins = False
    used = set(sure.values())
    for number, place in enumerate(mine):
        if place in sure and sure[place] in rank and rank[sure[place]] >= start_theirs:
            end = rank[sure[place]]
            yield (
                list(mine[start_mine:number]),
                [one for one in theirs[start_theirs:end] if one not in used],
                (begins, True),
            )
            start_mine, start_theirs, begins = number + 1, end + 1, True
    yield list(mine[start_mine:]), [one for one in theirs[start_theirs:] if one not in used], (begins, False)


def _runs(
    known: Sequence[Line], told: Sequence[Line], mine: list[int], theirs: list[int], is_open: tuple[bool, bool]
) -> dict[int, int]:
    """Match runs of equal words between two sure lines, the longest first."""
    if not mine or not theirs:
        return {}
    matcher = SequenceMatcher(
        None, [known[place].words for place in theirs], [told[place].words for place in mine], autojunk=False
    )
    found: dict[int, int] = {}
    for start, first, size in matcher.get_matching_blocks():
        pairs = [(mine[first + step], theirs[start + step]) for step in range(size)]
        pairs = [
            (place, other)
            for place, other in pairs
            if _could_be(known[other], told[place]) and _times_agree(known[other], told[place])
        ]
        begins = is_open[0] and start == 0 and first == 0
        ends = is_open[1] and start + size == len(theirs) and first + size == len(mine)
        if pairs and (begins or ends or _is_no_chance([told[place].words for place, _ in pairs])):
            found |= dict(pairs)
    return found


def _is_no_chance(words: Sequence[str]) -> bool:
    different = set(words)
    enough = ENOUGH_IN_A_RUN if len(different) > 1 else ENOUGH_ALONE
    return sum(map(len, different)) >= enough


def _texts_of_the_platform(known: Sequence[Line], told: Sequence[Line], sure: dict[int, int]) -> dict[int, int]:
    """Match the platform's texts without a time, in order, between lines of people that are known again."""
    first, last = min(sure.values()), max(sure.values())
    used = set(sure.values())
    left = [
        place
        for place in range(max(first - 2, 0), min(last + 3, len(known)))
        if place not in used and not known[place].is_of_people
    ]
    found: dict[int, int] = {}
    for place, line in enumerate(told):
        if line.is_of_people or place in sure:
            continue
        for number, other in enumerate(left):
            if _could_be(known[other], line) and _times_agree(known[other], line):
                found[place] = other
                left = left[number + 1 :]
                break
    return found
