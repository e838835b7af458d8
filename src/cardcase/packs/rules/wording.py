"""How times and amounts are said in a report."""

from datetime import datetime
from typing import Final

from cardcase.kit.clock import SHANGHAI
from cardcase.kit.money import yuan

MISSING: Final = "未提供"
"""What stands where the channel told nothing."""


def moment(at: datetime | None) -> str:
    """Say a moment as the marketplace does, in Shanghai time; a missing one is called missing."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if at else MISSING


def money(fen: int | None) -> str:
    """Say an amount, or that none was given."""
    return MISSING if fen is None else yuan(fen)
