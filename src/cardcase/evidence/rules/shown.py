"""The facts that the words of a mail or a screenshot show, to be compared with the case: told once, with their name.

Two different order numbers, tails or amounts in one piece say nothing: a quoted older mail has its own.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

_ORDER_NO: Final = re.compile(r"(?<![0-9A-Za-z])[0-9]{18,20}(?![0-9A-Za-z])")
_TAIL: Final = re.compile(
    r"(?:尾号|后四位|末四位|ending\s+(?:in|with)|last\s+(?:four|4)(?:\s+digits)?)\s*(?:为|是|is|of|:|：)?\s*"
    r"[*‥.…]*([0-9A-Za-z]{4})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_AMOUNT: Final = re.compile(
    r"(?:实付|实付款|支付金额|付款金额|订单金额|退款金额|合计|amount\s+paid|order\s+total|total\s+paid)\s*(?:为|是|is|:|：)?\s*"
    r"(?:¥|￥|RMB|CNY|人民币)?\s*([0-9]{1,7}(?:,[0-9]{3})*(?:\.[0-9]{1,2})?)\s*(?:元|CNY|RMB)?",
    re.IGNORECASE,
)
_REGION: Final = re.compile(
    r"(?:卡区|地区|国家/地区|适用地区|region|country/region)\s*(?:为|是|is|:|：)\s*([^\s，,。.;；]{2,20})",
    re.IGNORECASE,
)


def facts_in(words: str) -> dict[str, Any]:
    """Return order number, tail, amount in fen and region, as far as the words name one of each."""
    amounts = {match.replace(",", "") for match in _AMOUNT.findall(words)}
    facts: dict[str, Any] = {
        "order_no": _only(_ORDER_NO.findall(words)),
        "tail4": _only(tail.upper() for tail in _TAIL.findall(words)),
        "amount_fen": _fen(_only(amounts)),
        "region": _only(_REGION.findall(words)),
    }
    return {name: value for name, value in facts.items() if value not in (None, "")}


def _only(values: Iterable[str]) -> str:
    found = set(values)
    return found.pop() if len(found) == 1 else ""


def _fen(yuan: str) -> int | None:
    whole, _, part = yuan.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0")) if whole else None
