"""Order and refund tables: CSV and its relatives, XLSX, JSON lists of flat records."""

from cardcase.connectors import values
from cardcase.connectors.grid import Sheet
from cardcase.connectors.ports import DeliveryNotice, FileKind, OrderNotice, RefundNotice
from cardcase.connectors.reader import Draft, Source
from cardcase.connectors.rows import Row

from .headers import Plan, plan_of
from .rows_to_notices import notices_of

_ALL_ROUNDED = 1
"""From how many rows on a column of order numbers that all end in 0000 counts as rounded by a spreadsheet."""


class OrderTables:
    """Reads tables that have a column of order numbers."""

    name = "order-tables"
    kinds = frozenset({FileKind.ORDERS, FileKind.REFUNDS, FileKind.DELIVERIES})

    def claim(self, source: Source) -> int:
        """An order-number column and one more known column are convincing; the column alone is only worth a try."""
        best = 0
        for sheet in source.preview.sheets:
            plan = plan_of(sheet)
            if plan is not None:
                best = max(best, 85 if len(plan.columns) > 1 else 40)
        return best

    def read(self, source: Source) -> Draft:
        """Read every sheet that has such a column; each filled row below the header is accounted for."""
        draft = Draft(source)
        book = source.sheets
        if book.problem:
            draft.refuse(book.problem, limit=book.limit)
            return draft
        plans = [(sheet, plan_of(sheet)) for sheet in book.sheets]
        if book.hidden or any(plan is None for _, plan in plans):
            draft.note("sheet_ignored")
        if not any(plan for _, plan in plans):
            draft.refuse("header_missing")
        for sheet, plan in plans:
            if plan is not None:
                _read_sheet(draft, sheet, plan)
        draft.kind = _kind(draft, [plan for _, plan in plans if plan is not None])
        return draft


def _kind(draft: Draft, plans: list[Plan]) -> FileKind:
    counts = {
        FileKind.ORDERS: sum(isinstance(notice, OrderNotice) for notice in draft.notices),
        FileKind.REFUNDS: sum(isinstance(notice, RefundNotice) for notice in draft.notices),
        FileKind.DELIVERIES: sum(isinstance(notice, DeliveryNotice) for notice in draft.notices),
    }
    if plans and all(plan.is_refunds for plan in plans):
        return FileKind.REFUNDS
    if counts[FileKind.DELIVERIES] and not counts[FileKind.ORDERS]:
        return FileKind.DELIVERIES
    return FileKind.ORDERS


def _read_sheet(draft: Draft, sheet: Sheet, plan: Plan) -> None:
    for name in plan.header.repeated:
        draft.note("duplicate_header", plan.header.row.number, name, sheet=sheet.name)
    if plan.header.ignored:
        draft.note("columns_ignored", plan.header.row.number, sheet=sheet.name, count=plan.header.ignored)
    if plan.in_fen:
        draft.note("amount_unit_fen", plan.header.row.number, sheet=sheet.name)
    below = sheet.rows[sheet.rows.index(plan.header.row) + 1 :]
    rounded = _is_rounded(plan, below)
    for row in below:
        if not row.is_filled:
            continue
        draft.rows += 1
        if row.problem:
            draft.refuse(row.problem, row.number, sheet=sheet.name)
            continue
        if not sheet.is_padded and plan.header.is_ragged(row):
            draft.refuse("row_ragged", row.number, sheet=sheet.name, cells=len(row.cells), headers=plan.header.width)
            continue
        if rounded:
            draft.refuse("order_no_mangled", row.number, plan.label("order_no"), sheet=sheet.name)
            continue
        origin = draft.source.origin(row.number, sheet=sheet.name)
        secret_origin = draft.source.origin(row.number, sheet=sheet.name, secret=True)
        notices, faults = notices_of(plan, row, origin, secret_origin)
        if faults:
            for code, meaning in dict.fromkeys(faults):
                draft.refuse(code, row.number, plan.label(meaning), sheet=sheet.name)
        else:
            draft.notices.extend(notices)


def _is_rounded(plan: Plan, rows: list[Row]) -> bool:
    """Tell whether all order numbers of the column lost their last digits to a spreadsheet that wrote zeros there."""
    index = plan.columns["order_no"]
    numbers = [values.clean(row.cells[index]) for row in rows if not row.problem and index < len(row.cells)]
    numbers = [number for number in numbers if number]
    return len(numbers) >= _ALL_ROUNDED and all(values.looks_rounded(number) for number in numbers)


READERS = (OrderTables(),)
