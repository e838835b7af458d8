"""What the header of an order or refund table means as a whole: some names mean different things in different tables.

「状态」 of an order file is the order's, of a refund file the refund's; 「金额」 likewise. 闲管家's own field names
count in 分.
"""

import re
from dataclasses import dataclass
from typing import Final

from cardcase.connectors import columns
from cardcase.connectors.columns import Header
from cardcase.connectors.grid import Sheet
from cardcase.connectors.rows import Row

TABLES: Final = frozenset({"order", "refund"})
_CARD_TABLES: Final = frozenset({"order", "refund", "card"})
_SAYS_REFUND: Final = re.compile("退款|退款|售后|维权|申请|申請|refund|apply|applied|dispute")
_OF_REFUNDS: Final = frozenset(
    [
        "refund_no",
        "refund_state",
        "refund_kind",
        "refund_amount",
        "refund_reason",
        "description",
        "applied_at",
        "timeout_at",
        "refunded_at",
        "rejected_at",
        "goods_status",
    ]
)
_INTERFACE_NAMES: Final = frozenset({"total_amount", "pay_amount", "refund_amount"})
_INTERFACE_COMPANY: Final = frozenset(
    {"buyer_eid", "seller_eid", "order_type", "consign_time", "confirm_time", "update_time"}
)


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
    is_told = any(_SAYS_REFUND.search(columns.normal(_raw_name(header, meaning))) for meaning in header.columns)
    if not is_told:
        # 「原因」, 「说明」 or 「截止时间」 alone do not make an order file one of refunds.
        found = {meaning: index for meaning, index in found.items() if meaning not in _OF_REFUNDS}
    is_refunds = is_told and not header.has("paid", "created_at", "delivered_at")
    for order_meaning, refund_meaning, names in _SHARED_NAMES:
        if not is_refunds or refund_meaning in found or order_meaning not in found:
            continue
        if columns.normal(_raw_name(header, order_meaning)) in names:
            found[refund_meaning] = found.pop(order_meaning)
    with_cards = columns.find_header([header.row], _CARD_TABLES, needs=frozenset({"order_no"}))
    cards = {
        name: with_cards.columns[name]
        for name in ("card_code", "card_number")
        if with_cards and name in with_cards.columns
    }
    cards = {name: index for name, index in cards.items() if index not in found.values()}
    return Plan(header, found | cards, is_refunds, _fen_columns(header, sheet.rows), bool(cards))


_SHARED_NAMES: Final = (
    ("order_state", "refund_state", frozenset({"状态", "status", "statustext", "statusdesc", "狀態"})),
    ("total", "refund_amount", frozenset({"金额", "amount", "money"})),
)


def _raw_name(header: Header, meaning: str) -> str:
    return str(header.row.cells[header.columns[meaning]])


def _fen_columns(header: Header, rows: list[Row]) -> frozenset[str]:
    """Return the amount columns that count 分: those that say so, and those of an interface dump without a point."""
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
