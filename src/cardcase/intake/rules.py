"""What an import does, without doing it: order of its stages, its report, refunds that other papers imply. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cardcase.connectors.ports import (
    CardNotice,
    DeliveryNotice,
    FileKind,
    MessageNotice,
    Notice,
    OrderNotice,
    RefundNotice,
    RefundState,
    SystemEvent,
)
from cardcase.kit.errors import Finding

STAGES: Final[tuple[type[Notice], ...]] = (CardNotice, OrderNotice, RefundNotice, DeliveryNotice, MessageNotice)
"""Cards come first so that a code said in a chat is known as a code; messages last, when their order is known."""

BATCH: Final = 500
"""Rows in one transaction: large enough that the flush costs little, small enough that a page never waits long."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it came: its name and its bytes."""

    name: str
    data: bytes


@dataclass(slots=True)
class FileReport:
    """What became of every row of one file."""

    file: str
    kind: FileKind
    encoding: str
    new: int = 0
    known: int = 0
    changed: int = 0
    refused: list[Finding] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing was refused."""
        return not self.refused


@dataclass(slots=True)
class ImportReport:
    """What became of all files of one import, and which cases it opened or touched."""

    run: str
    is_dry_run: bool
    files: list[FileReport] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Tell whether no file had anything refused."""
        return all(report.is_clean for report in self.files)


def implied_by_orders(orders: Iterable[OrderNotice], told: Iterable[RefundNotice]) -> list[RefundNotice]:
    """Make the refunds that order papers speak of without a refund paper of their own.

    An order that says 「待商家处理」 is a refund that must be answered, even when its detail was not exported.
    """
    known = {notice.order_no for notice in told}
    return [
        RefundNotice(
            channel=order.channel,
            order_no=order.order_no,
            state=order.refund_state,
            state_raw=order.refund_state_raw,
            amount_fen=order.refund_fen,
            refunded_at=order.refunded_at,
            modified_at=order.updated_at,
            origin=order.origin,
        )
        for order in orders
        if order.refund_state not in (None, RefundState.NONE) and order.order_no not in known
    ]


_FROM_CHAT: Final = {
    SystemEvent.REFUND_OPENED: RefundState.AWAITING_SELLER,
    SystemEvent.REFUND_AGREED: RefundState.SUCCEEDED,
    SystemEvent.REFUND_PAID: RefundState.SUCCEEDED,
    SystemEvent.REFUND_REFUSED: RefundState.REFUSED,
    SystemEvent.REFUND_WITHDRAWN: RefundState.CLOSED,
}


def implied_by_chat(messages: Sequence[MessageNotice], order_no: str, channel: str) -> RefundNotice | None:
    """Make the refund that the platform's own texts in a chat speak of, from the last of them; None without any."""
    spoken = [message for message in messages if message.event in _FROM_CHAT]
    if not spoken:
        return None
    opened = next((message for message in spoken if message.event is SystemEvent.REFUND_OPENED), None)
    last = spoken[-1]
    assert last.event is not None
    return RefundNotice(
        channel=channel,
        order_no=order_no,
        state=_FROM_CHAT[last.event],
        state_raw=last.text[:40],
        applied_at=opened.said_at if opened else None,
        modified_at=last.said_at,
        origin=last.origin,
    )


def order_no_of_chat(conversation_id: str) -> str:
    """Name the order of a chat that tells no order number, so that the case has something to hang on."""
    return f"chat:{hashlib.sha256(conversation_id.encode()).hexdigest()[:20]}"


def is_order_no_made_up(order_no: str) -> bool:
    """Tell whether an order number was made by ``order_no_of_chat``."""
    return order_no.startswith("chat:")
