"""Money is an integer number of 分 (fen). Floats never touch it."""

import re
from decimal import Decimal, InvalidOperation

_AMOUNT = re.compile(r"^[¥￥]?\s*(-?\d{1,12}(?:\.\d{1,2})?)\s*元?$")


def yuan(fen: int) -> str:
    """Show 分 as yuan: ``19300`` becomes ``¥193.00``."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), 100)
    return f"{sign}¥{whole}.{rest:02d}"


def parse_yuan(text: str) -> int:
    """Read an amount in yuan ("193", "￥193.00", "1,234.5元") into 分. Raises ValueError when it is not one."""
    cleaned = text.strip().replace(",", "").replace("，", "")
    match = _AMOUNT.match(cleaned)
    if match is None:
        raise ValueError(f"not an amount in yuan: {text!r}")
    try:
        return int(Decimal(match.group(1)) * 100)
    except InvalidOperation as error:  # pragma: no cover - the pattern admits only decimals
        raise ValueError(str(error)) from error
