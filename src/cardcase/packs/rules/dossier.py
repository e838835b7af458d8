"""All that a report tells of one case, as plain values: collected by ``queries``, set by ``report``."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

T = TypeVar("T")


class Said(str):
    """Words that came from a person or from outside: searched for card codes before they are printed."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One fact: its label and its value, ready to read."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of facts under a heading. ``purpose`` names what it is to prove; ``source`` where the facts come from."""

    key: str
    title: str
    rows: tuple[Row, ...]
    source: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the time line."""

    at: datetime
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """One message of the conversation, numbered from 1 in order of time."""

    number: int
    at: datetime | None
    speaker: str
    name: str
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Covered:
    """How the copy of an exhibit was made that stands in for its original: how many places, why, by whom, when."""

    places: int
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One exhibit with the file that it is, if any.

    ``how`` says how it came on file; ``weight`` how much its kind proves about the claim, see ``listing.WEIGHTS``.
    ``shown_sha256`` is what others get to see: the original, or a copy with places ``covered``.
    """

    public_id: str
    kind: str
    title: str
    party: str
    facts: tuple[Row, ...]
    captured_at: datetime
    captured_by: str
    how: str
    sha256: str
    mime: str
    is_against_seller: bool
    is_set_aside: bool
    set_aside_reason: str = ""
    event_at: datetime | None = None
    weight: str = ""
    shown_sha256: str = ""
    shown_mime: str = ""
    covered: Covered | None = None
    is_sealed: bool = False  # a card code stands in what would be shown: it lies under seal and stays out
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """One line of the evidence matrix for the buyer's claim: how much it would prove, whether it is there, and why.

    ``state`` is a value of ``evidence.rules.ItemState``. ``exhibits``: public ids of what is on file for it.
    """

    kind: str
    title: str
    weight: str
    state: str
    state_title: str
    why: str
    exhibits: tuple[str, ...]
    is_against_seller: bool


@dataclass(frozen=True, slots=True)
class Dossier:
    """One case, read for its report.

    ``story`` tells the dispute in a few sentences for somebody who knows nothing of it. ``subjects`` are all public
    ids whose entries belong into the pack. ``texts`` are the words of messages as they are kept, for opening the
    commitments to them. ``claim`` is what the buyer says is wrong, ``asks`` the amount asked for. ``clashes`` are
    contradictions in the file, ``gaps`` what it still lacks: both are told, whomever they help. ``covers`` are words
    about third parties that are covered wherever they stand; they never leave the shop themselves.
    """

    number: str
    case_id: str
    shop: str
    order_no: str
    headline: tuple[Row, ...]
    story: tuple[str, ...]
    sheets: tuple[Sheet, ...]
    happenings: tuple[Happening, ...]
    conversation: tuple[Utterance, ...]
    exhibits: tuple[Exhibit, ...]
    policy_text: str
    subjects: tuple[str, ...]
    texts: tuple[str, ...]
    claim: str
    asks: str
    needs: tuple[Need, ...]
    clashes: tuple[str, ...]
    gaps: tuple[str, ...]
    covers: tuple[str, ...]


def said_in(value: Any) -> Iterator[str]:
    """Find every ``Said`` in a dossier or any part of one."""
    if isinstance(value, Said):
        yield str(value)
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from said_in(getattr(value, one.name))
    elif isinstance(value, tuple):
        for inner in value:
            yield from said_in(inner)


def with_said(value: T, change: Callable[[str], str]) -> T:
    """Return a dossier, or part of one, with every ``Said`` replaced by what ``change`` makes of it."""
    if isinstance(value, Said):
        return type(value)(change(str(value)))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: with_said(getattr(value, one.name), change) for one in fields(value)})
    if isinstance(value, tuple):
        return type(value)(with_said(inner, change) for inner in value)
    return value
