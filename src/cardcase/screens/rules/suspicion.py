"""Runs of letters and digits that may be what is left of a card code: misread, cut by an edge, or of an unknown form.

Whole codes are found by ``cards``. The engine takes a 0 for a 口 and loses half a row; so here rather too much is
covered: a long run wherever it stands, a short one near words about codes and on pictures.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

ALONE: Final = 9
"""Signs of a run of letters and digits that is covered wherever it stands: half of most brands' codes."""
NEAR: Final = 6
"""The same near words about codes, and on pictures; four signs are a tail, which people name to each other."""
BESIDE: Final = 4
"""The same in a bubble in which a code was found."""
COVER: Final = "••••"

_WORDS: Final = re.compile(
    r"卡密|卡号|卡號|密码|密碼|兑换|兌換|激活码|充值码|提货码|券码|序列号|口令|刮开|刮码|礼品卡|点卡|"
    r"\bcdk|\bcode|\bpin\b|\bkey\b|serial|redeem|gift\s?card",
    re.IGNORECASE,
)
_INNOCENT: Final = re.compile(r"订单|訂單|单号|流水|运单|快递|手机|电话|微信|编号|order", re.IGNORECASE)
_MOMENT: Final = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}[:：]\d{2}(?:[:：]\d{2})?|[¥￥$]\s?\d[\d,.]*")
_TOKEN: Final = re.compile(r"[0-9A-Za-z口〇|]+(?:[-–—_][0-9A-Za-z口〇|]+)*")
_JOIN: Final = re.compile(r"[ \t.·]{0,2}")
_LENGTHS: Final = frozenset(range(4, 7))
"""Letters of a group of a code that has no digit in it."""
_ORDER: Final = 15
"""Digits from which a run of digits alone is an order's number; codes of digits alone are shorter or in groups."""


def speaks_of_codes(text: str) -> bool:
    """Tell whether a text speaks of codes, so that a run of signs in it or next to it may be one."""
    return _WORDS.search(text) is not None


def runs(text: str, least: int, *, is_near: bool) -> list[tuple[int, int]]:
    """Return where runs of at least ``least`` signs stand that may be of a code.

    ``is_near``: words about codes stand near, so that digits alone may be one, too.
    """
    plain = unicodedata.normalize("NFKC", text)
    if len(plain) != len(text):
        plain = text
    plain = _MOMENT.sub(lambda found: "。" * len(found.group()), plain)
    found: list[tuple[int, int]] = []
    for group in _grouped(plain):
        whole = "".join(char for start, end in group for char in plain[start:end] if char.isalnum() or char == "|")
        digits = sum(char.isdigit() for char in whole)
        if len(whole) < least or not digits:
            continue
        if digits == len(whole):
            is_order = _INNOCENT.search(text) is not None or (len(group) == 1 and len(whole) >= _ORDER)
            if not is_near or is_order:
                continue
        found.append((group[0][0], group[-1][1]))
    return found


def covered(text: str, least: int, *, is_near: bool) -> str:
    """Return the text with such runs covered."""
    for start, end in reversed(runs(text, least, is_near=is_near)):
        text = text[:start] + COVER + text[end:]
    return text


def covered_talk(texts: Sequence[str], are_pictures: Sequence[bool]) -> list[str]:
    """Cover the runs in what was said, one entry after another: the entries before and after may speak of a code."""
    spoken = [speaks_of_codes(text) for text in texts]
    told: list[str] = []
    for place, (text, is_picture) in enumerate(zip(texts, are_pictures, strict=True)):
        is_near = any(spoken[max(0, place - 1) : place + 2]) or is_picture
        told.append(covered(text, NEAR if is_near else ALONE, is_near=is_near))
    return told


def _grouped(plain: str) -> list[list[tuple[int, int]]]:
    """Put tokens that look like pieces of a code and stand together into groups."""
    tokens = [match.span() for match in _TOKEN.finditer(plain) if match.group() not in ("口", "|", "〇")]
    groups: list[list[tuple[int, int]]] = []
    for before, token in pairwise([(-9, -9), *tokens]):
        start, end = token
        piece = plain[start:end]
        is_joined = bool(groups) and groups[-1][-1] == before and _JOIN.fullmatch(plain[before[1] : start]) is not None
        if piece.isalpha() and not (piece.isupper() and end - start in _LENGTHS):
            continue
        if _is_word(piece):
            continue
        if is_joined and piece.isalpha() and end - start != before[1] - before[0]:
            continue
        if is_joined:
            groups[-1].append(token)
        else:
            groups.append([token])
    return groups


def _is_word(piece: str) -> bool:
    """Tell a word with a number in it, 「iphone15」, from a code typed small, 「5a3f77c1」."""
    if not re.search(r"[a-z]{2}", piece):
        return False
    changes = sum(one.isdigit() != other.isdigit() for one, other in pairwise(piece))
    return changes < 3  # noqa: PLR2004 - one number in or behind a word
