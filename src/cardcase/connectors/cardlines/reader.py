"""Card files: one card a line, or tables with a column of codes. A code becomes a `CardCode` at once."""

from datetime import date
from functools import lru_cache
from typing import Any, Final

from cardcase.connectors import columns, documents, values
from cardcase.connectors.columns import Header
from cardcase.connectors.grid import Sheet
from cardcase.connectors.limits import CARD_CHARS, TEXT_ROWS
from cardcase.connectors.ports import CardNotice, FileKind
from cardcase.connectors.reader import Draft, Source
from cardcase.connectors.rows import Row
from cardcase.connectors.values import Unreadable, odd_characters
from cardcase.kit.secret import CardCode
from cardcase.kit.text import fold

from . import lines

_TABLES: Final = frozenset({"card"})
_NEEDS: Final = frozenset({"card_code", "card_number"})
_HEAD_LINES: Final = 200


class CardTables:
    """Reads tables of cards: CSV with header `secret`, number and password columns, face value, expiry, cost, brand."""

    name = "card-tables"
    kinds = frozenset({FileKind.CARDS})

    def claim(self, source: Source) -> int:
        """A column of codes and no column of order numbers. A lone header `code` also names other things: less sure."""
        best = 0
        for sheet in source.preview.sheets:
            header = columns.find_header(sheet.head(), _TABLES, needs=_NEEDS)
            if header is None or columns.find_header([header.row], frozenset({"order"}), needs=frozenset({"order_no"})):
                continue
            is_weak = len(header.columns) == 1 and source.document is not None  # {"code": …} is half of all JSON
            best = max(best, 88 if len(header.columns) > 1 else 20 if is_weak else 78)
        return best

    def read(self, source: Source) -> Draft:
        """Read every sheet with such a column; each filled row below the header is accounted for."""
        draft = Draft(source, FileKind.CARDS)
        book = source.sheets
        if book.problem:
            draft.refuse(book.problem, limit=book.limit)
            return draft
        seen: set[str] = set()
        for sheet in book.sheets:
            header = columns.find_header(sheet.head(), _TABLES, needs=_NEEDS)
            if header is None or book.hidden:
                draft.note("sheet_ignored")
            if header is not None:
                _read_sheet(draft, sheet, header, seen)
        return draft


def _read_sheet(draft: Draft, sheet: Sheet, header: Header, seen: set[str]) -> None:
    for name in header.repeated:
        draft.note("duplicate_header", header.row.number, name, sheet=sheet.name)
    if header.ignored:
        draft.note("columns_ignored", header.row.number, sheet=sheet.name, count=header.ignored)
    for row in sheet.rows[sheet.rows.index(header.row) + 1 :]:
        if not row.is_filled:
            continue
        draft.rows += 1
        if row.problem:
            draft.refuse(row.problem, row.number, sheet=sheet.name)
        elif not sheet.is_padded and header.is_ragged(row):
            draft.refuse("row_ragged", row.number, sheet=sheet.name, cells=len(row.cells), headers=header.width)
        else:
            _read_row(draft, sheet, header, row, seen)


def _read_row(draft: Draft, sheet: Sheet, header: Header, row: Row, seen: set[str]) -> None:
    def cell(meaning: str) -> Any:
        index = header.columns.get(meaning)
        return row.cells[index] if index is not None and index < len(row.cells) else None

    meaning = "card_code"
    try:
        code = _secret(cell("card_code"))
        meaning = "card_number"
        number = _secret(cell("card_number"))
        if not code and not number:
            meaning = "card_code"
            raise Unreadable("card_code_missing")  # noqa: TRY301 - one place turns faults of a row into findings
        meaning = "face"
        face = _fen(cell("face"), in_fen=header.units.get("face") == "分")
        meaning = "cost"
        cost = _fen(cell("cost"), in_fen=header.units.get("cost") == "分")
        meaning = "expires_on"
        expires_on = _day(cell("expires_on"))
    except Unreadable as error:
        draft.refuse(error.code, row.number, header.names.get(meaning, meaning), sheet=sheet.name)
        return
    notice = CardNotice(
        code=CardCode(code or number),
        number=number if code else "",
        brand=_words(cell("brand"), 60),
        region=_words(cell("region"), 20),
        spec=_words(cell("spec"), 60),
        form=_form(_words(cell("card_form"), 20)),
        face_fen=face,
        cost_fen=cost,
        expires_on=expires_on,
        note=_words(cell("card_note"), 300),
        origin=draft.source.origin(row.number, sheet=sheet.name, secret=True),
    )
    _add(draft, notice, seen, row.number)


def _form(word: str) -> str:
    """Read whether a card is a thing to be sent; a file that does not say so holds codes."""
    told = fold(word).lower()
    return "physical" if "实体" in told or told in ("physical", "plastic") else "code"


def _fen(value: Any, *, in_fen: bool) -> int | None:
    """Read an amount. Files repeat few of them by the thousand, so that texts once read are remembered."""
    return _fen_of_text(value, in_fen) if isinstance(value, str) else values.fen(value, in_fen=in_fen)


@lru_cache(maxsize=1024)
def _fen_of_text(text: str, in_fen: bool) -> int | None:
    return values.fen(text, in_fen=in_fen)


def _day(value: Any) -> date | None:
    """Read a day, remembered like amounts."""
    return _day_of_text(value) if isinstance(value, str) else values.day(value)


@lru_cache(maxsize=1024)
def _day_of_text(text: str) -> date | None:
    return values.day(text)


def _secret(value: Any) -> str:
    """Return a code or number cell as the characters it stands for. Raises Unreadable when digits were lost."""
    if values.is_blank(value):
        return ""
    if isinstance(value, bool) or (isinstance(value, int | float) and (abs(value) >= 10**15 or value != int(value))):
        raise Unreadable("card_code_mangled")
    text = values.clean(value) if isinstance(value, int | float) else str(value).strip(" \t\r\n'=\"\ufeff")
    if values.looks_scientific(text):
        raise Unreadable("card_code_mangled")
    if len(text) > CARD_CHARS or len(text) < 2:  # noqa: PLR2004 - one character is no code
        raise Unreadable("card_code_odd")
    return text


@lru_cache(maxsize=1024)
def _words(value: Any, limit: int) -> str:
    return "" if values.is_blank(value) else documents.storable(str(value)).strip()[:limit]


def _add(draft: Draft, notice: CardNotice, seen: set[str], row: int) -> None:
    normal = notice.code.normal_form()
    if normal in seen:
        draft.note("card_repeated", row)
    seen.add(normal)
    draft.notices.append(notice)


class CardLines:
    """Reads files of one card a line."""

    name = "card-lines"
    kinds = frozenset({FileKind.CARDS})

    def claim(self, source: Source) -> int:
        """Nine of ten lines must be cards; or six, when their form says so; single words might be anything."""
        if source.text is not None and documents.looks_like_json(source.text):
            return 0  # whole or broken, JSON is no list of cards
        if source.wanted is FileKind.CARDS:
            return 50 if _plain_rows(source) else 0
        if source.text is None:
            return 0
        good = structured = filled = 0
        for line in source.lines[:_HEAD_LINES]:
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            filled += 1
            try:
                parts = lines.parse(line)
            except Unreadable:
                continue
            good += 1
            structured += parts.is_structured
        is_structured = structured * 2 >= filled
        if not filled or good * 10 < filled * 9:
            return 58 if filled and is_structured and good * 10 >= filled * 6 else 0
        return 80 if is_structured else 60

    def read(self, source: Source) -> Draft:
        """Read every line; blank lines are none, and lines that start with # are remarks."""
        draft = Draft(source, FileKind.CARDS)
        rows = _plain_rows(source)
        if len(rows) > TEXT_ROWS:
            draft.refuse("too_many_rows", limit=TEXT_ROWS)
            return draft
        seen: set[str] = set()
        is_told = source.wanted is FileKind.CARDS
        for number, line in rows:
            if not line.strip():
                continue
            if line.lstrip().startswith("#"):
                draft.note("remarks_skipped", number)
                continue
            draft.rows += 1
            problem = "bare_cr" if "\r" in line.rstrip("\r") else odd_characters(line)
            if problem:
                draft.refuse(problem, number)
                continue
            try:
                parts = lines.parse(line, is_told=is_told)
            except Unreadable as error:
                draft.refuse(error.code, number)
                continue
            notice = CardNotice(
                code=CardCode(parts.code),
                number=parts.number,
                region=parts.region,
                cost_fen=parts.cost_fen,
                note=parts.note,
                origin=source.origin(number, secret=True),
            )
            _add(draft, notice, seen, number)
        return draft


def _plain_rows(source: Source) -> list[tuple[int, str]]:
    """Return the lines of a text, or the rows of a workbook without a known header as lines of tabbed cells."""
    if source.text is not None:
        return list(enumerate(source.lines, 1))
    return [
        (row.number, "\t".join("" if cell is None else str(cell) for cell in row.cells))
        for sheet in source.sheets.sheets[:1]
        for row in sheet.rows
        if not row.problem
    ]


READERS = (CardTables(), CardLines())
