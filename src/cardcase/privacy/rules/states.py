"""The life of a removal. Pure."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.text import Text


class RemovalState(StrEnum):
    """Proposed; restricted (locked away until a date); erasing (gone from the tables, files still to go); erased.

    Lifted: what was restricted is back. Dropped: a proposal that something now stands against.
    """

    PROPOSED = "proposed"
    RESTRICTED = "restricted"
    ERASING = "erasing"
    ERASED = "erased"
    LIFTED = "lifted"
    DROPPED = "dropped"


LIVE: Final = (RemovalState.PROPOSED, RemovalState.RESTRICTED, RemovalState.ERASING)
"""States of which a matter has one at most."""

STATE_TITLES: Final = MappingProxyType(
    {
        RemovalState.PROPOSED: Text("建议删除", "proposed"),
        RemovalState.RESTRICTED: Text("限制处理", "restricted"),
        RemovalState.ERASING: Text("正在删除", "being erased"),
        RemovalState.ERASED: Text("已删除", "erased"),
        RemovalState.LIFTED: Text("已恢复", "restored"),
        RemovalState.DROPPED: Text("不再建议", "withdrawn"),
    }
)
