"""Why a goal of the shop's own is paused. The platform's clocks have no such word: they run on."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.text import Text


class PauseReason(StrEnum):
    """Why the goal waits."""

    WAITING_BUYER = "waiting_buyer"
    WAITING_SUPPLIER = "waiting_supplier"
    WAITING_PLATFORM = "waiting_platform"
    HOLIDAY_CLOSING = "holiday_closing"
    OTHER = "other"  # said in words


PAUSE_TITLES: Final = MappingProxyType(
    {
        PauseReason.WAITING_BUYER: Text("等买家", "waiting for the buyer"),
        PauseReason.WAITING_SUPPLIER: Text("等货源方", "waiting for the supplier"),
        PauseReason.WAITING_PLATFORM: Text("等平台", "waiting for the platform"),
        PauseReason.HOLIDAY_CLOSING: Text("放假休店", "closed for a holiday"),
        PauseReason.OTHER: Text("其他", "other"),
    }
)

BY_ITSELF: Final = frozenset({PauseReason.WAITING_BUYER, PauseReason.WAITING_SUPPLIER, PauseReason.WAITING_PLATFORM})
"""Pauses that the case itself begins and ends as its turn changes; the others are a person's."""
