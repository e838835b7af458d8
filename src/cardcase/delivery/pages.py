"""What the pages of giving show. ``present`` fills these; ``jinja2/delivery`` draws them.

Every ``str`` is a finished sentence in the reader's language. Codes appear as tails, except in ``CodesPage``.
"""

from dataclasses import dataclass

from cardcase.shell.parts import ActionForm, EmptyState, Fact, Link, Notice, Pill


@dataclass(frozen=True, slots=True)
class Row:
    """One delivery or order in a list."""

    title: str
    text: str
    url: str = ""
    state: Pill | None = None
    form: ActionForm | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One list under its title."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class ListPage:
    """待发货: GET /deliveries/."""

    title: str
    back: Link
    sections: tuple[Section, ...]
    notices: tuple[Notice, ...] = ()
    empty: EmptyState | None = None


@dataclass(frozen=True, slots=True)
class ParcelStep:
    """One step of a parcel in the list: done, or what comes next. ``tone``: good, warn, bad, or empty."""

    title: str
    tone: str
    when: str
    lines: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    lacks: str = ""
    files: tuple[ActionForm, ...] = ()
    forms: tuple[ActionForm, ...] = ()


@dataclass(frozen=True, slots=True)
class ParcelPart:
    """One chain of parcels of a physical card: its steps from packing to the inspected return. ``why`` it was begun."""

    title: str
    hint: str
    why: str
    steps: tuple[ParcelStep, ...]
    acts: tuple[ActionForm, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """One delivery: GET /deliveries/<delivery>/."""

    title: str
    back: Link
    state: Pill
    facts: tuple[Fact, ...]
    cards_title: str
    cards: tuple[Row, ...]
    terms_title: str
    terms: tuple[Fact, ...]
    notices: tuple[Notice, ...]
    acts: tuple[ActionForm, ...]
    terms_words: str = ""
    terms_hint: str = ""
    parcels: tuple[ParcelPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """One code in plain, with its number where it has one."""

    title: str
    code: str
    number: str


@dataclass(frozen=True, slots=True)
class CodesPage:
    """The codes of an order, once; never stored (Cache-Control: no-store)."""

    title: str
    back: Link
    codes: tuple[Code, ...]
    number_label: str
    code_label: str
    recorded: str
    warning: str
    confirm: ActionForm


@dataclass(frozen=True, slots=True)
class LinkPage:
    """A new claim link, told once; never stored (Cache-Control: no-store)."""

    title: str
    back: Link
    link_label: str
    link: str
    words_label: str
    words: str
    warning: str
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class LinkHoursPage:
    """How long claim links are good: GET /settings/links/."""

    title: str
    back: Link
    hint: str
    acts: tuple[ActionForm, ...]
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """取卡页: /c/, for the buyer who holds a link. ``language`` stands where turning to the other loses nothing.

    ``terms`` are the exact words that are agreed to. ``codes`` stand there once. ``confirm``: with JavaScript it is
    sent by itself as soon as the codes stand on the screen.
    """

    title: str
    shop: str
    lead: str = ""
    notice: Notice | None = None
    facts: tuple[Fact, ...] = ()
    terms_title: str = ""
    terms: str = ""
    codes: tuple[Code, ...] = ()
    number_label: str = ""
    code_label: str = ""
    copy_label: str = ""
    copied: str = ""
    warning: str = ""
    form: ActionForm | None = None
    confirm: ActionForm | None = None
    language: ActionForm | None = None
    language_link: Link | None = None
    opening: str = ""
    offline: str = ""
    put_away: str = ""
