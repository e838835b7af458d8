"""Reading single values: order numbers, amounts, moments, days. Total: a value, nothing, or `Unreadable` with a code.

An error here names its kind only; what stood in the cell is never repeated, it may have been a card code.
"""

import math
import re
import unicodedata
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from cardcase.kit.clock import SHANGHAI

_BLANK: Final = frozenset({"", "-", "--", "—", "——", "/", "\\", "无", "空", "none", "null", "nan", "n/a", "#n/a"})
_EDGES: Final = " \t\r\n　\xa0\ufeff\u200b'’`\"“”="
_SCIENTIFIC: Final = re.compile(r"[+-]?\d+(\.\d+)?e[+-]?\d+", re.IGNORECASE)
_FLOATED: Final = re.compile(r"(\d+)\.0+")
_ORDER_NO: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-]{3,39}")
_SAFE_DIGITS: Final = 15
"""Digits that a spreadsheet's number keeps (IEEE 754 double); the 16th is already lost."""
_ODD_CHARACTERS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_TORN_BYTES: Final = re.compile("[\ud800-\udfff]")
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


class Unreadable(ValueError):  # noqa: N818 - it reads as what it is: `raise Unreadable("time_unreadable")`
    """A value that says something, but not what its place asks for. ``code`` is a key of `findings.WORDS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def odd_characters(text: str) -> str:
    """Return the code of the finding for torn bytes or control characters in a text, or the empty string."""
    if _ODD_CHARACTERS.search(text) is None:
        return ""
    return "bad_bytes" if _TORN_BYTES.search(text) else "control_character"


def clean(value: Any) -> str:
    """Return a cell as text: width folded, spreadsheet armour (``="…"``, leading ', trailing tab) taken off."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**_SAFE_DIGITS:
        value = int(value)
    return unicodedata.normalize("NFKC", str(value)).strip(_EDGES)


def word(value: Any) -> str:
    """Return what a field of JSON says, when it is a text or a number: anything else says nothing."""
    if isinstance(value, str):
        return value.strip()
    return "" if value is None or isinstance(value, (bool, dict, list)) else str(value).strip()


def is_blank(value: Any) -> bool:
    """Tell whether a cell says nothing, in one of the ways in which people write nothing."""
    return value is None or clean(value).casefold() in _BLANK


def order_no(value: Any) -> str:
    """Read an order number as text. Raises Unreadable: missing, mangled by a spreadsheet, or not a number at all."""
    if isinstance(value, bool) or value is None:
        raise Unreadable("order_no_missing")
    if isinstance(value, int | float):
        if isinstance(value, float) and not math.isfinite(value):
            raise Unreadable("order_no_unreadable")
        if abs(value) >= 10**_SAFE_DIGITS or value != int(value):
            raise Unreadable("order_no_mangled")
        value = str(int(value))
    text = clean(value)
    if text.casefold() in _BLANK:
        raise Unreadable("order_no_missing")
    if _SCIENTIFIC.fullmatch(text):
        raise Unreadable("order_no_mangled")
    floated = _FLOATED.fullmatch(text)
    if floated is not None:
        if len(floated.group(1)) > _SAFE_DIGITS:
            raise Unreadable("order_no_mangled")
        text = floated.group(1)
    if not _ORDER_NO.fullmatch(text) or not any(char.isdigit() for char in text):
        raise Unreadable("order_no_unreadable")
    return text


def looks_scientific(text: str) -> bool:
    """Tell whether a text is a number in scientific notation, which no order number or card ever is."""
    return _SCIENTIFIC.fullmatch(text) is not None and "." in text


def looks_rounded(number: str) -> bool:
    """Tell whether a long order number ends in the zeros that a spreadsheet puts where it lost digits.

    One real number in ten thousand ends so: the caller asks whether all numbers of the column do.
    """
    if len(number) < 19 or not number.isdigit():  # noqa: PLR2004 - order numbers have 19 digits or more
        return False
    return not number[_SAFE_DIGITS:].strip("0") and bool(number[5:_SAFE_DIGITS].strip("0"))


def fen(value: Any, *, in_fen: bool = False, absolute: bool = False) -> int | None:
    """Read an amount into 分, exactly. ``in_fen`` says the source counts 分; ``absolute`` drops a minus sign.

    Raises Unreadable for anything that is not an amount, has a third decimal, or is negative.
    """
    if isinstance(value, bool) or is_blank(value):
        return None
    amount = _near_decimal(value) if isinstance(value, float) else _decimal(clean(value))
    if amount < 0 and absolute:
        amount = -amount
    if amount < 0:
        raise Unreadable("amount_negative")
    if not in_fen:
        amount *= 100
    if amount != amount.to_integral_value():
        raise Unreadable("amount_not_exact")
    if amount > 10**14:
        raise Unreadable("amount_unreadable")
    return int(amount)


def _near_decimal(value: float) -> Decimal:
    if not math.isfinite(value) or abs(value) > 10**13:
        raise Unreadable("amount_unreadable")
    near = round(value, 2)  # a workbook stores 0.1+0.2 as 0.30000000000000004
    return Decimal(repr(near)) if abs(near - value) < 1e-6 else Decimal(repr(value))  # noqa: PLR2004


_GROUPED: Final = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_PLAIN_AMOUNT: Final = re.compile(r"-?\d{1,13}(\.\d{1,6})?")


def _decimal(text: str) -> Decimal:
    bare = re.sub(r"^(-?)\s*(?:[¥￥]|cny|rmb|人民币)\s*", r"\1", text, flags=re.IGNORECASE)
    bare = re.sub(r"\s*(?:元|块|cny|rmb)$", "", bare, flags=re.IGNORECASE).strip()
    if _GROUPED.fullmatch(bare):
        bare = bare.replace(",", "")
    if not _PLAIN_AMOUNT.fullmatch(bare):
        raise Unreadable("amount_unreadable")
    try:
        return Decimal(bare)
    except InvalidOperation as error:  # pragma: no cover - the pattern admits only decimals
        raise Unreadable("amount_unreadable") from error


def quantity(value: Any) -> int | None:
    """Read a small whole number ("2", "2件", "x2"). Raises Unreadable."""
    if isinstance(value, bool) or is_blank(value):
        return None
    match = re.fullmatch(r"[x×*]?\s*(\d{1,9})(?:\.0+)?\s*[张个件份]?", clean(value), re.IGNORECASE)
    if match is None:
        raise Unreadable("quantity_unreadable")
    return int(match.group(1))


_YMD: Final = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:\s*\(?(?:星期|周)[一二三四五六日天]\)?)?"
)
_COMPACT: Final = re.compile(r"(20\d{2})(\d{2})(\d{2})(?:\s*(\d{2})(\d{2})(\d{2})?)?")
_XXY: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_MONTH_NAME: Final = re.compile(
    r"(\d{1,2})[- ]([a-z]{3,9})[- ,]+(\d{4})|([a-z]{3,9})\.? (\d{1,2}),? (\d{4})", re.IGNORECASE
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK: Final = re.compile(
    r"(?P<half>上午|下午|凌晨|早上|中午|晚上|傍晚)?\s*(?P<h>\d{1,2})(?:[:时点]\s*(?P<m>\d{1,2}))(?:[:分]\s*(?P<s>\d{1,2})(?:[.,](?P<f>\d{1,9}))?)?\s*[秒分]?"
    r"\s*(?P<ampm>am|pm)?\s*(?P<zone>z|utc|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"\d+(\.\d+)?")
_EPOCH: Final = re.compile(r"\d{9,13}")
_LAST_SECOND_DIGITS, _LAST_MILLI_DIGITS = 10, 13
_FIRST_SERIAL, _LAST_SERIAL = 36_526, 73_415
"""Excel serial days of 2000-01-01 and 2101-01-01."""


def moment(value: Any) -> datetime | None:
    """Read a moment into aware UTC; without a zone it is Shanghai's. Blank and 0 mean not set.

    Understands year-first dates with -, /, . or 年月日, compact digits, US and European dates when only one reading
    is possible, month names, 上午/下午, zones, Excel serial days, and epoch seconds or milliseconds. Raises Unreadable.
    """
    if isinstance(value, bool):
        raise Unreadable("time_unreadable")
    if isinstance(value, datetime):
        return _aware(value)
    if isinstance(value, date):
        return _aware(datetime(value.year, value.month, value.day))  # noqa: DTZ001 - made aware in the same breath
    text = clean(value)
    if text.casefold() in _BLANK or text.strip("0-:/. ") == "":
        return None
    if _NUMBER.fullmatch(text) and not _COMPACT.fullmatch(text):
        return _from_number(text)
    day, rest = _day_and_rest(text)
    return _with_clock(day, rest.strip(" ,T\tt"))


def day(value: Any) -> date | None:
    """Read a calendar day ("2027-12-31", "2027年12月", Excel serial); a month means its last day. Raises Unreadable."""
    text = clean(value)
    if isinstance(value, str):
        if text in {"长期", "永久", "长期有效", "永久有效", "不限"}:
            return None
        month_only = re.fullmatch(r"(20\d{2})\s*[-/.年]\s*(\d{1,2})\s*月?", text)
        if month_only and 1 <= int(month_only.group(2)) <= 12:  # noqa: PLR2004 - months
            year, month = int(month_only.group(1)), int(month_only.group(2))
            return date(year, month, monthrange(year, month)[1])
    at = moment(value)
    return None if at is None else at.astimezone(SHANGHAI).date()


def epoch(value: Any) -> datetime | None:
    """Read epoch seconds or milliseconds of an interface; 0, null and the empty string mean not set.

    Raises Unreadable. Anything else in the place of a number, such as a list or a bool, is unreadable too.
    """
    if type(value) is int and value > 0:
        return _from_number(str(value))
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, str))):
        raise Unreadable("time_unreadable")
    text = word(value)
    if text in {"", "0"}:
        return None
    if _EPOCH.fullmatch(text):
        return _from_number(text)
    if isinstance(value, str) and _YMD.match(clean(text)):
        return moment(text)
    raise Unreadable("time_unreadable")


def epoch_or_none(value: Any) -> datetime | None:
    """Read epoch time as ``epoch`` does, where a time that cannot be read is worth no more than one not told."""
    try:
        return epoch(value)
    except Unreadable:
        return None


def _from_number(text: str) -> datetime:
    whole = text.partition(".")[0]
    try:
        if len(whole) == _LAST_MILLI_DIGITS:
            return _in_range(datetime.fromtimestamp(int(whole) / 1000, UTC))
        if len(whole) in (_LAST_SECOND_DIGITS - 1, _LAST_SECOND_DIGITS):
            return _in_range(datetime.fromtimestamp(int(whole), UTC))
        serial = Decimal(text)
        if _FIRST_SERIAL <= serial <= _LAST_SERIAL:
            naive = datetime(1899, 12, 30) + timedelta(seconds=round(serial * 86_400))  # noqa: DTZ001 - Excel's day 0
            return _aware(naive)
    except (OverflowError, OSError, ValueError, InvalidOperation) as error:
        raise Unreadable("time_unreadable") from error
    raise Unreadable("time_unreadable")


def _day_and_rest(text: str) -> tuple[date, str]:
    match = _YMD.match(text)
    if match:
        return _date(*(int(part) for part in match.groups())), text[match.end() :]
    match = _COMPACT.fullmatch(text)
    if match:
        hour, minute, second = (part or "00" for part in match.groups()[3:])
        rest = f"{hour}:{minute}:{second}" if match.group(4) else ""
        return _date(int(match.group(1)), int(match.group(2)), int(match.group(3))), rest
    match = _XXY.match(text)
    if match:
        first, second_part, year = (int(part) for part in match.groups())
        if first <= 12 and second_part <= 12 and first != second_part:  # noqa: PLR2004 - both could be the month
            raise Unreadable("time_ambiguous")
        month, day_of = (second_part, first) if first > 12 else (first, second_part)  # noqa: PLR2004
        return _date(year, month, day_of), text[match.end() :]
    match = _MONTH_NAME.match(text)
    if match:
        d1, m1, y1, m2, d2, y2 = match.groups()
        name = (m1 or m2)[:3].lower()
        if name in _MONTHS:
            return _date(int(y1 or y2), _MONTHS.index(name) + 1, int(d1 or d2)), text[match.end() :]
    raise Unreadable("time_unreadable")


def _date(year: int, month: int, day_of: int) -> date:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise Unreadable("time_out_of_range")
    try:
        return date(year, month, day_of)
    except ValueError as error:
        raise Unreadable("time_unreadable") from error


def _with_clock(day_of: date, rest: str) -> datetime:
    if not rest:
        return _aware(datetime(day_of.year, day_of.month, day_of.day))  # noqa: DTZ001 - made aware in the same breath
    match = _CLOCK.fullmatch(rest)
    if match is None:
        raise Unreadable("time_unreadable")
    hour = hour_of(int(match["h"]), match["half"] or match["ampm"] or "")
    micro = int(((match["f"] or "0") + "000000")[:6])
    try:
        naive = datetime(day_of.year, day_of.month, day_of.day, hour, int(match["m"]), int(match["s"] or 0), micro)  # noqa: DTZ001
    except ValueError as error:
        raise Unreadable("time_unreadable") from error
    zone = (match["zone"] or "").lower()
    if not zone:
        return _aware(naive)
    if zone in {"z", "utc"}:
        return _in_range(naive.replace(tzinfo=UTC))
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 14 or minutes > 59:  # noqa: PLR2004 - no zone is farther from UTC
        raise Unreadable("time_unreadable")
    offset = timedelta(hours=hours, minutes=minutes)
    return _in_range((naive - offset if zone[0] == "+" else naive + offset).replace(tzinfo=UTC))


def hour_of(hour: int, half: str) -> int:
    """Turn an hour said with 上午, 下午, 晚上, am or pm into one of 24."""
    half = half.lower()
    noon = 12
    if half in {"下午", "晚上", "傍晚", "pm"} and hour < noon:
        return hour + noon
    if half == "中午" and hour < 3:  # noqa: PLR2004 - 中午 1 点 is 13:00
        return hour + noon
    if half in {"上午", "凌晨", "早上", "am"} and hour == noon:
        return 0
    return hour


def _aware(naive: datetime) -> datetime:
    if naive.tzinfo is None:
        naive = naive.replace(tzinfo=SHANGHAI)
    return _in_range(naive.astimezone(UTC))


def _in_range(at: datetime) -> datetime:
    if not _FIRST_YEAR - 1 <= at.year <= _LAST_YEAR:
        raise Unreadable("time_out_of_range")
    return at
