"""What makes two complaints the same case, and how a case is numbered."""

import hashlib
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

KEY_MAX: Final = 140
"""Characters that a claim key may have; longer ones are replaced by their hash."""

ENQUIRY: Final = "enquiry"
"""Stands for the refund's number while there is no refund on the platform."""


def claim_key(channel: str, order_no: str, external_id: str, *, again_at: datetime | None = None) -> str:
    """Return the key under which a claim opens one case only: channel, order and the refund's number.

    ``again_at`` is when the same refund was applied for again after its case had been resolved: another claim.
    """
    key = f"{channel}/{order_no}/{external_id or ENQUIRY}"
    if again_at is not None:
        key += f"@{int(again_at.timestamp())}"
    return key if len(key) <= KEY_MAX else f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def year_of(at: datetime, time_zone: str) -> int:
    """Return the year that a shop's calendar shows."""
    return at.astimezone(ZoneInfo(time_zone)).year


def number(year: int, count: int) -> str:
    """Return the number by which people call a case: AS-2026-000123."""
    return f"AS-{year}-{count:06d}"
