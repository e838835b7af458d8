"""What the pages of sourcing show. ``present`` fills these, ``jinja2/sourcing/page.html`` draws all of them.

Every ``str`` is a finished sentence or word in the reader's language. Cards appear by their tail only.

    GET /suppliers/   /suppliers/<id>/   /batches/<id>/   /flags/   /claims/
    POST /suppliers/<id>/details/ answers with the sealed details of a supplier; never cached (no-store)
"""

from dataclasses import dataclass

from cardcase.shell.parts import ActionForm, EmptyState, Fact, Link, Notice, Pill, Tone


@dataclass(frozen=True, slots=True)
class Step:
    """One link of the chain from supplier to cases: 「单据」, 「发票 1 份」; ``missing`` says what is not there."""

    title: str
    text: str
    missing: str = ""
    tone: Tone = Tone.PLAIN
    url: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A line of type in a picture; ``kind``: title, text or gap. Places are in units of the picture."""

    x: int
    y: int
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Box:
    """A box in a picture with what it says; ``is_gap``: dashed, because it is not there."""

    x: int
    y: int
    width: int
    height: int
    tone: Tone
    is_gap: bool
    url: str
    texts: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """A way from one box to the next; dashed when the books do not show it."""

    x1: int
    y1: int
    x2: int
    y2: int
    is_gap: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of the bar of cards."""

    x: int
    y: int
    width: int
    height: int
    tone: Tone


@dataclass(frozen=True, slots=True)
class Picture:
    """Where a batch came from and where its cards went, drawn. The page's chain says the same in words."""

    title: str
    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing in a list: a supplier, a paper, a flag, an order. ``small`` stands beneath in small type."""

    title: str
    text: str = ""
    small: tuple[str, ...] = ()
    folded: tuple[str, ...] = ()  # what only somebody who doubts it wants to read: 「依据」
    pill: Pill | None = None
    url: str = ""
    tone: Tone = Tone.PLAIN
    links: tuple[Link, ...] = ()
    acts: tuple[ActionForm, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One card of a page. ``anchor`` is its name in an address; ``note`` a sentence under the title."""

    title: str
    anchor: str = ""
    pill: Pill | None = None
    note: str = ""
    facts: tuple[Fact, ...] = ()
    rows: tuple[Row, ...] = ()
    acts: tuple[ActionForm, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page: where back leads, the chain with its picture if it has one, and its sections."""

    title: str
    back: Link
    sub: str = ""
    notices: tuple[Notice, ...] = ()
    chain: tuple[Step, ...] = ()
    picture: Picture | None = None
    sections: tuple[Section, ...] = ()
    empty: EmptyState | None = None
