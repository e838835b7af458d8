"""The log of a picture of a chat: who, what, where it stands and how sure that is. Values only."""

from dataclasses import dataclass
from enum import StrEnum

from .seen import Box


class Who(StrEnum):
    """Whose words an entry holds. ``own`` is whoever holds the phone: the one who adds it says who that is."""

    OWN = "own"
    PEER = "peer"
    PLATFORM = "platform"
    UNCLEAR = "unclear"


class Kind(StrEnum):
    """What an entry is."""

    TEXT = "text"
    PICTURE = "picture"
    CARD = "card"
    TIP = "tip"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing in the chat.

    ``quote``: what it answers, shown with it. ``trust``: the engine's least trust in a line, 0–1. ``sure``: how clear
    it is who speaks, 0–1. ``cut_above``, ``cut_below``: the edge of the picture runs through it, so that words may be
    missing there. ``print`` of a picture: by which it is known again. ``picture``: place of the screenshot that it was
    taken from. ``boxes``: of its lines, in pixels of the original.
    """

    who: Who
    kind: Kind
    text: str
    box: Box
    quote: str = ""
    trust: float = 1.0
    sure: float = 1.0
    cut_above: bool = False
    cut_below: bool = False
    print: str = ""
    picture: int = 0
    boxes: tuple[tuple[str, Box], ...] = ()

    @property
    def is_cut(self) -> bool:
        """Tell whether a part of it lies outside of the picture."""
        return self.cut_above or self.cut_below


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """All that one picture shows, from top to bottom.

    ``nick``: the name at its head. ``left_out``: lines that are no part of the talk, with where they stood: bars, marks
    of reading, avatars. Nothing that was read is dropped in silence.
    """

    entries: tuple[Entry, ...]
    nick: str = ""
    left_out: tuple[tuple[str, str], ...] = ()
