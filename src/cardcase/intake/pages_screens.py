"""What the pages of screenshots show. ``intake/web_screens.py`` fills these; ``jinja2/intake/screens*.html`` draw them.

Every ``str`` is a finished sentence in the reader's language; card codes are masked in words and pictures.

Templates and their values
    intake/screens.html    ScreensPage    GET, POST  /screens/
    intake/capture.html    CapturePage    GET, POST  /screens/<capture>/
"""

from dataclasses import dataclass

from cardcase.intake.pages import Progress
from cardcase.shell.parts import ActionForm, Choice, Link, Notice, Pager


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A capture that is being read or waits for a person: 「小鹿不吃草 · 3 张」, 「待核对 · 今天 12:03」."""

    url: str
    head: str
    text: str


@dataclass(frozen=True, slots=True)
class ScreensPage:
    """聊天截图: the form that takes pictures, and what waits."""

    form: ActionForm | None
    limits: str
    notices: tuple[Notice, ...] = ()
    waiting: tuple[WaitingRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """The number of an entry on a piece of its picture. ``y`` in pixels of the piece as drawn."""

    y: int
    text: str
    is_warned: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A strip of a picture, as drawn: a long screenshot has several."""

    url: str
    width: int
    height: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry to look over. ``name`` stands in the names of its inputs: ``who-3``, ``text-3``, ``keep-3``.

    ``number``: 「4」, as on the picture. ``when``: what its time is taken for. ``warnings``: what to compare. ``was``:
    what the reader had read, when somebody changed it. ``added``: lines that the reader missed and somebody typed.
    """

    name: str
    number: str
    kind: str
    speakers: tuple[Choice, ...]
    speaker: str
    text: str
    quote: str
    time: str
    when: str
    is_time: bool
    is_kept: bool
    lines: int
    added: str = ""
    was: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PictureBox:
    """One picture beside its entries. ``title``: 「第 1 张 · 截图 1.png」. ``refused``: why it was not read."""

    title: str
    alt: str
    pieces: tuple[Piece, ...]
    entries: tuple[EntryRow, ...]
    refused: Notice | None = None


@dataclass(frozen=True, slots=True)
class About:
    """Whose chat it is: what was told or read, to be put right. ``found``: case numbers that its words lead to."""

    nick: str
    case: str
    phones: tuple[Choice, ...]
    found: tuple[str, ...] = ()
    tip: str = ""


@dataclass(frozen=True, slots=True)
class CapturePage:
    """One capture: being read (``progress``), to be looked over (``pictures``), or settled.

    ``can_edit``: it waits and this person may. ``first`` and ``last`` bound the entries of this part, from 0; ``part``
    counts from 1. ``is_last``: the yes stands on the last part only, so that nothing is taken unseen.
    """

    title: str
    summary: str
    url: str
    back: Link
    notices: tuple[Notice, ...] = ()
    progress: Progress | None = None
    pictures: tuple[PictureBox, ...] = ()
    about: About | None = None
    can_edit: bool = False
    can_drop: bool = False
    is_last: bool = True
    first: int = 0
    last: int = -1
    part: int = 1
    pager: Pager | None = None
    confirm: str = ""
    links: tuple[Link, ...] = ()
