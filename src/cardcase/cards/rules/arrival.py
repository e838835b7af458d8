"""What came in a file of cards, told without a character of a code: kinds, doubles, what is known, what is odd. Pure.

The same account is kept by the preview, which only reads, and by the verb that takes the cards in.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple, Protocol

from cardcase.connectors.ports import CardNotice
from cardcase.kit.secret import CardCode

from .formats import CardWarning, FormatBook, Verdict
from .shapes import code_shaped, mask_spans

LISTED: Final = 200
"""Rows named one by one of each list; the rest is counted."""
ROWS_NAMED: Final = 20
"""Rows named of each warning."""


class Kind(NamedTuple):
    """What tells kinds of cards apart in a file: as the rows tell it, and the format that was recognised."""

    brand: str
    face_fen: int | None
    spec: str
    format: str
    outcome: str


class Repeat(NamedTuple):
    """A row that repeats an earlier one of the same import."""

    file: str
    row: int | None
    of_file: str
    of_row: int | None


class Present(NamedTuple):
    """A row whose card the shop has already: its tail, its batch, and whether some buyer got it."""

    file: str
    row: int | None
    tail4: str
    batch: str
    is_sold: bool


class _Known(Protocol):
    """What is known of a card, whether it is a row of the table or only looked at."""

    brand: str
    region: str
    spec: str
    note: str
    face_fen: int | None
    cost_fen: int | None
    expires_on: date | None


@dataclass(slots=True)
class Odd:
    """How many cards have a warning, and the first rows of them."""

    count: int = 0
    rows: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Arrival:
    """The account of one import's cards. Lists are cut at LISTED, their counts are not."""

    book: FormatBook
    on: date
    least_validity_days: int
    kinds: Counter[Kind] = field(default_factory=Counter)
    odd: dict[CardWarning, Odd] = field(default_factory=dict)
    repeats: list[Repeat] = field(default_factory=list)
    repeated: int = 0
    present: list[Present] = field(default_factory=list)
    presents: int = 0
    _seen: dict[str, tuple[str, int | None]] = field(default_factory=dict, repr=False)

    def judge(self, notice: CardNotice) -> Verdict:
        """Hold a card against its format and count what it is."""
        verdict = self.book.judge(
            notice.code,
            number=notice.number,
            brand=notice.brand,
            face_fen=notice.face_fen,
            expires_on=notice.expires_on,
            on=self.on,
            least_validity_days=self.least_validity_days,
        )
        self.kinds[Kind(notice.brand, notice.face_fen, notice.spec, verdict.format, verdict.outcome.value)] += 1
        for warning in verdict.warnings:
            odd = self.odd.setdefault(warning, Odd())
            odd.count += 1
            if notice.origin.row is not None and len(odd.rows) < ROWS_NAMED:
                odd.rows.append(notice.origin.row)
        return verdict

    def is_repeat(self, code_index: str, notice: CardNotice) -> bool:
        """Tell whether the import had this card before, and keep the account of it."""
        origin = notice.origin
        place = (origin.file, origin.row)
        first = self._seen.setdefault(code_index, place)
        if first is place:
            return False
        self.repeated += 1
        if len(self.repeats) < LISTED:
            self.repeats.append(Repeat(origin.file, origin.row, *first))
        return True

    def is_present(self, notice: CardNotice, *, tail4: str, batch: str, is_sold: bool) -> None:
        """Keep the account of a card that the shop has."""
        self.presents += 1
        if len(self.present) < LISTED:
            self.present.append(Present(notice.origin.file, notice.origin.row, tail4, batch, is_sold))

    @property
    def has_doubles(self) -> bool:
        """Tell whether any row is a card that stands in the import twice or in the stock already."""
        return bool(self.repeated or self.presents)

    def document(self) -> dict[str, Any]:
        """Write the account for programs: the stable form of ``--json``, of the API, and of what an import keeps."""
        kinds = sorted(self.kinds.items(), key=lambda pair: (-pair[1], str(pair[0])))
        return {
            "kinds": [{**kind._asdict(), "count": count} for kind, count in kinds[:LISTED]],
            "kinds_more": max(len(kinds) - LISTED, 0),
            "repeated": self.repeated,
            "repeats": [repeat._asdict() for repeat in self.repeats],
            "in_stock": self.presents,
            "in_stock_rows": [present._asdict() for present in self.present],
            "warnings": [
                {"code": code.value, "count": odd.count, "rows": odd.rows}
                for code, odd in sorted(self.odd.items(), key=lambda pair: -pair[1].count)
            ],
        }


def gaps(known: _Known, notice: CardNotice) -> dict[str, Any]:
    """Return what a notice tells where nothing is known yet. What is known is never overwritten."""
    values = {name: getattr(notice, name) for name in ("face_fen", "cost_fen", "expires_on")}
    told = {name: value for name, value in values.items() if value is not None and getattr(known, name) is None}
    return told | {name: value for name, value in words(notice).items() if value and not getattr(known, name)}


def words(notice: CardNotice) -> dict[str, str]:
    """Return the words of a notice as long as the columns keep them, its note without anything that reads as a code."""
    return {
        "brand": notice.brand[:60],
        "region": notice.region[:20],
        "spec": notice.spec[:60],
        "note": _harmless(notice) if notice.note else "",
    }


def _harmless(notice: CardNotice) -> str:
    """Return the note of a line, and nothing where it repeats its own code."""
    note = notice.note.strip()
    if not note or notice.code.normal_form() in CardCode(note).normal_form():
        return ""
    return mask_spans(note, code_shaped(note))[:300]


def warning_codes(verdict: Verdict) -> Sequence[str]:
    """Return the warnings of a verdict as they are kept with a card."""
    return [warning.value for warning in verdict.warnings]
