"""Disputes as a platform tells them: kinds, our total reading of its words, and which of them stop money."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.text import Text, fold


class DisputeKind(StrEnum):
    """What kind of procedure the platform runs (domain.md §7.1)."""

    REFUND = "refund"
    COMPENSATION = "compensation"
    INTERVENTION = "intervention"
    JURY = "jury"


class DisputeStatus(StrEnum):
    """Where it stands. What cannot be read is unknown and counts as open: better a look too many."""

    OPEN = "open"
    EVIDENCE_WANTED = "evidence_wanted"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"
    UNKNOWN = "unknown"


STOPS_MONEY: Final = frozenset(
    {DisputeStatus.OPEN, DisputeStatus.EVIDENCE_WANTED, DisputeStatus.UNDER_REVIEW, DisputeStatus.UNKNOWN}
)
"""While one of these stands, no money of ours moves on the order (T9)."""

KIND_TITLES: Final[Mapping[DisputeKind, Text]] = MappingProxyType(
    {
        DisputeKind.REFUND: Text("退款纠纷", "Refund dispute"),
        DisputeKind.COMPENSATION: Text("赔付申请", "Compensation claim"),
        DisputeKind.INTERVENTION: Text("平台介入", "Platform intervention"),
        DisputeKind.JURY: Text("小法庭", "Jury"),
    }
)

STATUS_TITLES: Final[Mapping[DisputeStatus, Text]] = MappingProxyType(
    {
        DisputeStatus.OPEN: Text("进行中", "open"),
        DisputeStatus.EVIDENCE_WANTED: Text("等我们举证", "waits for our evidence"),
        DisputeStatus.UNDER_REVIEW: Text("平台审理中", "under review"),
        DisputeStatus.WON: Text("支持卖家", "for the seller"),
        DisputeStatus.LOST: Text("支持买家", "for the buyer"),
        DisputeStatus.CLOSED: Text("已关闭", "closed"),
        DisputeStatus.UNKNOWN: Text("看不懂的状态", "a state that is not known"),
    }
)

_WORDS: Final[Mapping[str, DisputeStatus]] = MappingProxyType(
    {
        **{status.value: status for status in DisputeStatus},
        **{fold(title.zh): status for status, title in STATUS_TITLES.items()},
    }
)


def read_status(raw: str) -> DisputeStatus:
    """Read a platform's word for where a dispute stands. Total: what is not known is UNKNOWN, never an exception."""
    return _WORDS.get(fold(raw).strip(), DisputeStatus.UNKNOWN)
