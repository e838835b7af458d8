"""Reading a supplier's list of numbers and comparing it with the stock. Codes in it are treated as codes."""

from datetime import datetime
from itertools import permutations
from typing import Final

from cardcase.cards import vault
from cardcase.cards.models import Card, CardBatch
from cardcase.cards.rules.identity import identity
from cardcase.connectors import encoding, grid
from cardcase.connectors.rows import Row
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit.secret import CardCode
from cardcase.sourcing.models import SerialReport, SourceDocument
from cardcase.sourcing.rules import papers, pdftext
from cardcase.sourcing.rules.papers import BadPaper
from cardcase.sourcing.rules.serials import SHOWN, Compared, Known, Line, compare, line_of
from cardcase.staff.rules import Actor

READABLE: Final = papers.TABLES | {papers.PDF}
"""Papers that are looked through for numbers and codes of the stock. Nobody reads the text in a picture."""
_AT_ONCE: Final = 500
_PAIRED: Final = 4
"""Cells of a row of which any two may be card number and PIN; a list has no more columns that count."""


def read(actor: Actor, data: bytes, mime: str, batch: CardBatch | None) -> Compared:
    """Compare a table with the shop's cards, and those of a batch if there is one. Raises BadPaper for no table.

    Of a PDF each piece of text that it shows is a row; see ``rules.pdftext`` for what cannot be read.
    """
    lines = [line_of(row.number, row.cells) for row in _rows(data, mime)]
    own = _cards(actor, lines, batch)
    mine = Card.objects.visible_to(actor).filter(batch=batch) if batch else Card.objects.none()
    return compare(lines, own, set(mine.values_list("public_id", flat=True)))


def keep(actor: Actor, document: SourceDocument, batch: CardBatch, found: Compared, *, at: datetime) -> SerialReport:
    """Keep how a list agreed with its batch, masked."""
    report = SerialReport(
        shop_id=actor.shop_id,
        document=document,
        batch=batch,
        matched=len(found.matched_cards),
        missing=found.count("missing"),
        elsewhere=found.count("elsewhere"),
        unlisted=found.unlisted,
        codes=found.codes,
        rows=[
            {"row": row.row, "shown": row.masked, "state": row.state, "has_code": row.has_code}
            for row in sorted(found.rows, key=lambda row: (row.state == "matched", row.row))[:SHOWN]
        ],
        at=at,
    )
    report.save(force_insert=True)
    cards = Card.objects.visible_to(actor).filter(batch=batch, public_id__in=found.matched_cards)
    report.matched_cards.set(cards)
    facts = {
        "matched": report.matched,
        "missing": report.missing,
        "elsewhere": report.elsewhere,
        "unlisted": report.unlisted,
        "codes": report.codes,
    }
    custody.append(
        actor, Record("paper.serials_compared", document.public_id, at, facts, refs={"batch": batch.public_id})
    )
    return report


def _rows(data: bytes, mime: str) -> list[Row]:
    if mime == papers.PDF:
        shown = enumerate(pdftext.lines_of(data), start=1)
        return [Row(number, (text, *text.split())) for number, text in shown]
    if mime == papers.CSV:
        text = encoding.decode(data)
        book = grid.book_of(data=data, text=text.text, lines=text.text.splitlines(), records=[])
        problem = text.problem or book.problem
    else:
        book = grid.book_of(data=data, text=None, lines=[], records=[])
        problem = book.problem
    if problem or not book.sheets:
        raise BadPaper("这份表格读不出来", "This table cannot be read", reason=problem)
    return [row for sheet in book.sheets for row in sheet.rows if not row.problem]


def _cards(actor: Actor, lines: list[Line], batch: CardBatch | None) -> dict[str, Known]:
    """Find the card of each form: by number, by code, and by a number with the short PIN beside it."""
    index = vault.indexer(actor.shop_id)
    forms = {form: index(form) for line in lines for form in line.forms}
    pairs: dict[str, str] = {}
    for line in lines:
        for number, pin in permutations(line.forms[:_PAIRED], 2):
            whole = identity(CardCode(pin), number).normal_form()
            if whole != pin:
                pairs[index(whole)] = pin
    numbers, codes = (
        _look_up(actor, {*forms.values()}, "number_index"),
        _look_up(actor, {*forms.values(), *pairs}, "code_index"),
    )

    def known(card: tuple[str, int | None], *, by_code: bool) -> Known:
        public_id, batch_pk = card
        return Known(public_id, is_of_batch=batch is not None and batch_pk == batch.pk, by_code=by_code)

    found = {form: known(numbers[key], by_code=False) for form, key in forms.items() if key in numbers}
    found |= {pin: known(codes[key], by_code=True) for key, pin in pairs.items() if key in codes}
    return found | {form: known(codes[key], by_code=True) for form, key in forms.items() if key in codes}


def _look_up(actor: Actor, indices: set[str], column: str) -> dict[str, tuple[str, int | None]]:
    wanted = sorted(indices)
    found: dict[str, tuple[str, int | None]] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        cards = Card.objects.visible_to(actor).filter(**{f"{column}__in": wanted[start : start + _AT_ONCE]})
        found.update({key: (card, lot) for key, card, lot in cards.values_list(column, "public_id", "batch_id")})
    return found
