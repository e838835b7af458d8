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
class Row:
    """One thing in a list: a supplier, a paper, a flag, an order. ``small`` stands beneath in small type."""

    title: str
    text: str = ""
    small: tuple[str, ...] = ()
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
    """One page: where back leads, the chain if it has one, and its sections."""

    title: str
    back: Link
    sub: str = ""
    notices: tuple[Notice, ...] = ()
    chain: tuple[Step, ...] = ()
    sections: tuple[Section, ...] = ()
    empty: EmptyState | None = None
