"""What in a text may be a card code: tokens to look up in the stock, and shapes that are masked even when unknown.

Order and item numbers, phones, dates, amounts and addresses of pages are digits or links and are left alone, unless
the stock knows them. Formats: platform-rules §8 (all marked as observed, none official), so shapes are wide on purpose.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cardcase.kit.text import fold

SHORTEST: Final = 6
LONGEST: Final = 64
SHAPED: Final = 10
"""Length from which letters mixed with digits look like a code (platform-rules §8: the shortest has 14)."""

_SHORTEST_PIN: Final = 3
_LONGEST_PIN: Final = 11  # identity.py: longer ones are looked for by themselves
_TAIL: Final = 4
_MOST_GROUPS: Final = 8  # Microsoft has five, Google Play five; eight leaves room

CERTAIN: Final = 14
"""Length of the shortest code of any brand (platform-rules §8): a run of letters and digits this long is no word."""

_JOINS = "-_\u2010\u2011\u2012\u2013\u2014\u2015"
_DROPPED = dict.fromkeys(map(ord, f"{_JOINS} \t\r\n\u3000\xa0"))
_TOKEN = re.compile(rf"[A-Za-z0-9]+(?:[{_JOINS}][A-Za-z0-9]+)*")
_GAP = re.compile(r"[ \t\u3000\xa0]{1,3}|[ ]?\r?\n")
_LINK = re.compile(r"(?:https?://|www\.)[!-~]+", re.IGNORECASE)
_KEYWORD = re.compile(
    r"(?:卡密|密码|兑换码|激活码|充值码|提货码|券码|redeem code|gift code|\bpin)\s*(?:[:：=]|是|为)\s*", re.IGNORECASE
)
_PIN = re.compile(
    r"(?:密码|密碼|刮刮码|校验码|\bpin(?:码|\s?code)?)\s{0,2}(?:[:：=]|是|为)?\s{0,2}"
    r"((?=[A-Za-z0-9]{0,7}\d)[A-Za-z0-9]{4,8})(?![A-Za-z0-9]|\s?[位个次遍天年元块张分])",
    re.IGNORECASE,
)
"""The short number that belongs to a card: shops send it right after its code, with or without a colon."""
_ODD = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060-\u206f\ufeff"
    "\uff0d\uff10-\uff19\uff21-\uff3a\uff3f\uff41-\uff5a\u2460-\u24ff\u3000\xa0\U0001d400-\U0001d7ff]"
)
_ROOM = re.compile(rf"{_ODD.pattern}|(?:[!-~][^!-~]*){{{SHORTEST}}}|(?:密码|密碼|刮刮码|校验码)[^!-~]{{0,3}}[!-~]")
_DATED = re.compile(r"(?:19|20)\d\d[-_]?\d\d[-_]?\d\d[Tt_-]")
_WAYBILL = re.compile(r"(?:SF|YT|JT|ZTO|STO|YD|DPK|EMS)\d{12,15}")  # couriers; JD is left out, its cards begin so too
_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|mp4|mov|pdf|xlsx?|csv|txt|zip)\b", re.IGNORECASE)
_PRODUCT = re.compile(
    r"(?:iphone|ipad|airpods|macbook|redmi|xiaomi|huawei|honor|galaxy|playstation|windows|office)[a-z]*\d+[a-z]*",
    re.IGNORECASE,
)
_SYMBOLIC = re.compile(r"[!-~]{8,64}")
_GROUPED: Final = frozenset(range(4, 7))


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A piece of a text, and the form of it under which the stock would know it."""

    start: int
    end: int
    normal: str


@dataclass(frozen=True, slots=True)
class _Folded:
    """A text with odd characters made plain, and for each plain character where it stood."""

    text: str
    places: Sequence[int] | None

    def span(self, start: int, end: int, normal: str) -> Span:
        if self.places is None:
            return Span(start, end, normal)
        return Span(self.places[start], self.places[end - 1] + 1, normal)


def has_room(text: str) -> bool:
    """Tell whether a text has room for a code at all: six signs of ASCII, an odd character that may hide some, a PIN.

    Most of what people say has not. Where there is no room, ``candidates`` and ``code_shaped`` find nothing.
    """
    return _ROOM.search(text) is not None


def candidates(text: str) -> list[Span]:
    """Return every piece that could be a whole code or card number: tokens, and neighbouring tokens taken together."""
    folded = _plain(text)
    found = [folded.span(*piece) for piece in _joined(folded.text)]
    found += [folded.span(*piece) for piece in _symbolic(folded.text)]
    return found


def short_pieces(text: str) -> list[Span]:
    """Return the tokens that could be the PIN to a card number: three to eleven letters or digits."""
    folded = _plain(text)
    tokens = ((match.start(), match.end(), _normal(match.group())) for match in _TOKEN.finditer(folded.text))
    return [folded.span(*token) for token in tokens if _SHORTEST_PIN <= len(token[2]) <= _LONGEST_PIN]


def code_shaped(text: str) -> list[Span]:
    """Return the pieces that look like a code though nobody knows them. They may overlap."""
    folded = _plain(text)
    plain = folded.text
    links = [match.span() for match in _LINK.finditer(plain)]
    found: list[Span] = []
    for match in _KEYWORD.finditer(plain):
        piece = _after_keyword(plain, match.end())
        if piece is not None:
            found.append(folded.span(*piece))
    found += [folded.span(*match.span(1), _normal(match.group(1))) for match in _PIN.finditer(plain)]
    for start, end, normal in (*_single(plain), *_groups(plain)):
        if not any(begin < end and start < stop for begin, stop in links):
            found.append(folded.span(start, end, normal))
    return found


def mask_spans(text: str, spans: Sequence[Span]) -> str:
    """Return the text with each piece as 「‥」 and its last four characters; pieces that touch become one."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda piece: (piece.start, -piece.end)):
        last = merged[-1] if merged else None
        if last is not None and span.start < last.end:
            merged[-1] = Span(last.start, max(last.end, span.end), last.normal if span.end <= last.end else span.normal)
        else:
            merged.append(span)
    parts, at = [], 0
    for span in merged:
        parts += [text[at : span.start], _masked(span.normal)]
        at = span.end
    return "".join([*parts, text[at:]])


def _masked(normal: str) -> str:
    # Four characters out of fewer than eight would tell too much; CardCode.tail draws the same line.
    return f"‥{normal[-_TAIL:]}" if len(normal) >= 2 * _TAIL else "‥"


def _plain(text: str) -> _Folded:
    """Undo full-width letters, circled digits and invisible characters, remembering where each one stood."""
    if _ODD.search(text) is None:
        return _Folded(text, None)
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        if _ODD.match(letter) is None:
            letters.append(letter)
            places.append(place)
            continue
        plain = fold(letter)
        if unicodedata.category(letter) == "Lu":
            plain = plain.upper()
        letters += plain
        places += [place] * len(plain)
    return _Folded("".join(letters), places)


def _normal(piece: str) -> str:
    return piece.translate(_DROPPED).upper()


def _joined(plain: str) -> Iterator[tuple[int, int, str]]:
    tokens = [(match.start(), match.end(), _normal(match.group())) for match in _TOKEN.finditer(plain)]
    for first, (start, end, normal) in enumerate(tokens):
        if _could_be_known(normal):
            yield start, end, normal
        whole = normal
        for count, (next_start, next_end, more) in enumerate(tokens[first + 1 : first + _MOST_GROUPS], start=first):
            gap = plain[tokens[count][1] : next_start]
            whole += more
            if _GAP.fullmatch(gap) is None or len(whole) > LONGEST:
                break
            if _could_be_known(whole) and not whole.isalpha():
                yield start, next_end, whole


def _symbolic(plain: str) -> Iterator[tuple[int, int, str]]:
    """Codes with signs in them, such as a mail address or 「Ab#12!xz」: the run of characters as it stands."""
    for match in _SYMBOLIC.finditer(plain):
        piece = match.group()
        if piece.isalnum():
            continue
        left = len(piece) - len(piece.lstrip("([{\"'<:;,"))
        right = len(piece.rstrip(")]}\"'>:;,.!?"))
        for start, end in {(0, len(piece)), (left, right)}:
            if end - start >= SHORTEST:
                yield match.start() + start, match.start() + end, _as_code(piece[start:end])


def _as_code(piece: str) -> str:
    return re.sub(rf"[{_JOINS}\s]+", "", unicodedata.normalize("NFKC", fold(piece))).upper()


def _could_be_known(normal: str) -> bool:
    """Rule out what would match by chance: short numbers (amounts, dates) and short words."""
    if len(normal) > LONGEST:
        return False
    if normal.isdigit() or normal.isalpha():
        return len(normal) >= 8  # noqa: PLR2004 - the shortest card number or letter code that is looked up
    return len(normal) >= SHORTEST


def _single(plain: str) -> Iterator[tuple[int, int, str]]:
    """Tokens of ten and more that mix letters and digits."""
    for match in _TOKEN.finditer(plain):
        normal = _normal(match.group())
        if not SHAPED <= len(normal) <= LONGEST or normal.isdigit() or normal.isalpha():
            continue
        if not _is_innocent(match.group(), normal, plain, match.start(), match.end()):
            yield match.start(), match.end(), normal


def _is_innocent(token: str, normal: str, plain: str, start: int, end: int) -> bool:
    """Tell dates, waybills, file names, mail addresses and product words from codes."""
    return bool(
        _DATED.match(token)
        or _WAYBILL.fullmatch(normal)
        or _FILE.match(plain, end)
        or plain[end : end + 1] == "@"
        or (plain[start - 1 : start] == "@" and plain[end : end + 1] == ".")
        or _is_worded(token)
    )


def _is_worded(token: str) -> bool:
    """Tell words with one short number in them, such as 「iPhone15ProMax」 or 「redmi-note-12」."""
    if len(token) >= CERTAIN and token.isalnum() and token == token.lower() and not _PRODUCT.fullmatch(token):
        return False  # as long as a whole code and in one piece: one code in fifteen, typed small, has a single number
    numbers = re.findall(r"\d+", token)
    words = re.findall(r"[A-Za-z]+", token)
    return (
        len(numbers) == 1
        and len(numbers[0]) <= _TAIL
        and all(re.search(r"[a-z]{2}", word) or len(word) == 1 for word in words)
    )


def _groups(plain: str) -> Iterator[tuple[int, int, str]]:
    """Groups of equal length with spaces between: 「ABCD 1234 EFGH 5678」, 「5a3f 77c1 …」."""
    tokens = [(match.start(), match.end(), match.group()) for match in re.finditer(r"[A-Za-z0-9]+", plain)]
    first = 0
    while first < len(tokens):
        size = len(tokens[first][2])
        last = first
        while (
            size in _GROUPED
            and last + 1 < len(tokens)
            and len(tokens[last + 1][2]) == size
            and _is_join(plain[tokens[last][1] : tokens[last + 1][0]])
        ):
            last += 1
        whole = "".join(token for _, _, token in tokens[first : last + 1])
        if last - first >= 2 and _is_code_in_groups(whole, groups=last - first + 1, size=size):  # noqa: PLR2004 - three groups
            yield tokens[first][0], tokens[last][1], whole.upper()
        first = last + 1


def _is_join(gap: str) -> bool:
    return gap in _JOINS or _GAP.fullmatch(gap) is not None if gap else False


def _is_code_in_groups(whole: str, *, groups: int, size: int) -> bool:
    """Four by four of anything but words; other groupings only where letters and digits mix."""
    if whole.isalpha():
        return whole.isupper() and groups * size >= SHAPED
    if whole.isdigit():
        return groups == _TAIL and size == _TAIL
    return whole in (whole.upper(), whole.lower())


def _after_keyword(plain: str, start: int) -> tuple[int, int, str] | None:
    """Return the token right after 「密码：」, with the groups of equal length that follow it."""
    match = _TOKEN.match(plain, start)
    if match is None:
        return None
    end, size = match.end(), len(match.group())
    if size in _GROUPED:
        while (gap := _GAP.match(plain, end)) and (more := _TOKEN.match(plain, gap.end())):
            if len(more.group()) != size:
                break
            end = more.end()
    normal = _normal(plain[match.start() : end])
    return (match.start(), end, normal) if len(normal) >= SHORTEST else None
