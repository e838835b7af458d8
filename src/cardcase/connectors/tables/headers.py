"""What the header of an order or refund table means as a whole: some names mean one thing in one table, another in another.

「状态」 of an order file is the order's, of a refund file the refund's; 「金额」 likewise. 闲管家's own field names count in 分.
"""

from dataclasses import dataclass
from typing import Final

from cardcase.connectors import columns
from cardcase.connectors.columns import Header
from cardcase.connectors.grid import Sheet
from cardcase.connectors.rows import Row

TABLES: Final = frozenset({"order", "refund"})
_CARD_TABLES: Final = frozenset({"order", "refund", "card"})
_REFUND_MARKS: Final = ("refund_no", "refund_reason", "applied_at", "timeout_at", "refund_kind", "refund_amount", "description")
_INTERFACE_NAMES: Final = frozenset({"total_amount", "pay_amount", "refund_amount"})
_INTERFACE_COMPANY: Final = frozenset({"buyer_eid", "seller_eid", "order_type", "consign_time", "confirm_time", "update_time"})


@dataclass(frozen=True, slots=True)
class Plan:
    """An understood table: where each meaning stands, whether it tells of refunds, which amounts count 分."""

    header: Header
    columns: dict[str, int]
    is_refunds: bool
    in_fen: frozenset[str]
    has_cards: bool

    def label(self, meaning: str) -> str:
        """Return the table's own name of a column, for findings."""
        return self.header.names.get(meaning, meaning)


def plan_of(sheet: Sheet) -> Plan | None:
    """Understand a sheet that has a column of order numbers, else return None."""
    header = columns.find_header(sheet.head(), TABLES, needs=frozenset({"order_no"}))
    if header is None:
        return None
    found = dict(header.columns)
    is_refunds = header.has(*_REFUND_MARKS) > 0 and not header.has("paid", "created_at", "delivered_at")
    if is_refunds and "refund_state" not in found and "order_state" in found:
        if columns.normal(_raw_name(header, "order_state")) in _BARE_STATES:
            found["refund_state"] = found.pop("order_state")
    if is_refunds and "refund_amount" not in found and "total" in found:
        if columns.normal(_raw_name(header, "total")) in {"金额", "amount", "money"}:
            found["refund_amount"] = found.pop("total")
    with_cards = columns.find_header([header.row], _CARD_TABLES, needs=frozenset({"order_no"}))
    cards = {name: with_cards.columns[name] for name in ("card_code", "card_number") if with_cards and name in with_cards.columns}
    cards = {name: index for name, index in cards.items() if index not in found.values()}
    return Plan(header, found | cards, is_refunds, _fen_columns(header, sheet.rows), bool(cards))


_BARE_STATES: Final = frozenset({"状态", "status", "statustext", "statusdesc", "狀態"})


def _raw_name(header: Header, meaning: str) -> str:
    return str(header.row.cells[header.columns[meaning]])


def _fen_columns(header: Header, rows: list[Row]) -> frozenset[str]:
    """Return the amount columns that count 分: those that say so, and those of an interface dump without a decimal point."""
    said = {meaning for meaning, unit in header.units.items() if unit in {"分", "fen"}}
    names = {str(cell).strip().lower() for cell in header.row.cells if cell is not None}
    if len(names & _INTERFACE_COMPANY) >= 2:  # noqa: PLR2004 - one such name may be chance, two are the interface's
        for meaning in ("total", "paid", "refund_amount"):
            index = header.columns.get(meaning)
            if index is None or _raw_name(header, meaning).strip().lower() not in _INTERFACE_NAMES:
                continue
            cells = [str(row.cells[index]) for row in rows if row is not header.row and index < len(row.cells)]
            if not any("." in cell for cell in cells):
                said.add(meaning)
    return frozenset(said)
