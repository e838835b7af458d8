"""One line of a card file: which part is the code and which the number. Says nothing about whether a code is genuine.

Forms (data-shapes §6.8): one secret; 卡号:密码; 账号:xxx--密码:yyy; parts between ----, --, tab, |, comma or spaces;
║ lines of acg-faka.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from cardcase.connectors import values
from cardcase.connectors.limits import CARD_CHARS
from cardcase.connectors.values import Unreadable

_BOX: Final = "║"  # U+2551, as acg-faka writes it
_LABEL: Final = re.compile(
    r"^(?:(?P<number>礼品卡号|卡券号|卡号码?|账号|帐号|账户|用户名|number|card ?no|card ?number|account|user(?:name)?)"
    r"|(?P<code>卡密码?|密码|兑换码|激活码|充值码|券码|提取码|串码|code|pin|password|pwd|secret|key|cdk|cdkey))\s*[:：]\s*(?P<rest>.*)$",
    re.IGNORECASE,
)
_LABEL_INSIDE: Final = re.compile(
    r"(?:礼品卡号|卡号|账号|帐号|卡密|密码|兑换码|激活码|充值码|券码|card ?no|account|password|code|pin)\s*[:：]",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"^https?://\S+$", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z\-_.@#!$%^&*+=/~?]*")
_GROUPS: Final = re.compile(r"[0-9A-Za-z]{3,6}(?: [0-9A-Za-z]{3,6}){2,7}")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_SHORTEST: Final = 4
_SEPARATORS: Final = ("----", "---", "--", "\t", "|", "｜", ",", "，", ";", "；")
"""Longer ones first: 「----」 is not two 「--」."""


@dataclass(frozen=True, slots=True)
class CardParts:
    """What one line says of one card, still as plain text: it becomes a `CardCode` in the next step and is dropped."""

    code: str = field(repr=False)
    number: str = field(default="", repr=False)
    note: str = field(default="", repr=False)
    region: str = ""
    cost_fen: int | None = None
    is_structured: bool = False
    """Whether the form of the line itself says that it is a card (labels, ----, ║), not only its characters."""


def parse(line: str, *, is_told: bool = False) -> CardParts:
    """Read one line. ``is_told`` says that the person called the file a card file: then odd single words pass.

    Raises Unreadable with a code that says which rule the line broke.
    """
    text = line.strip(" \t\ufeff\u200b'\"")
    if not text:
        raise Unreadable("card_code_missing")
    if _BOX in text:
        return _boxed(text)
    labelled = CardParts(_checked(text)) if _LINK.match(text) else _labelled(text)
    if labelled is not None:
        return labelled
    separator = next((part for part in _SEPARATORS if part in text), "")
    return _split(text, separator) if separator else _undivided(text, is_told=is_told)


def _undivided(text: str, *, is_told: bool) -> CardParts:
    """Read a line without a separator: 卡号:密码, groups of characters, number and code with a space, one secret."""
    match = re.fullmatch(r"([^:：\s]{3,64})\s*[:：]\s*([^:：\s]{3,})", text)
    if match:
        return _pair(match[1], match[2])
    if _GROUPS.fullmatch(text):
        return CardParts(_checked(text))
    parts = text.split()
    if len(parts) == 2 and all(_TOKEN.fullmatch(part) for part in parts):  # noqa: PLR2004 - number and code
        return _pair(*parts)
    if len(parts) == 1 and (is_told or (_TOKEN.fullmatch(text) and len(text) >= 6)):  # noqa: PLR2004 - shorter is a word
        return CardParts(_checked(text))
    raise Unreadable("card_line_unreadable")


def _checked(code: str) -> str:
    code = code.strip()
    if not code:
        raise Unreadable("card_code_missing")
    if not _SHORTEST <= len(code) <= CARD_CHARS or _HAN.search(code):
        raise Unreadable("card_code_odd")
    _whole(code)
    return code


def _whole(text: str) -> None:
    """Refuse a number in scientific notation: a spreadsheet wrote it so and lost its digits."""
    if values.looks_scientific(text):
        raise Unreadable("card_code_mangled")


def _pair(number: str, code: str, *, is_structured: bool = True) -> CardParts:
    number = number.strip()
    if _HAN.search(number) or len(number) > CARD_CHARS:
        raise Unreadable("card_line_unreadable")
    _whole(number)
    return CardParts(_checked(code), number, is_structured=is_structured)


def _labelled(text: str) -> CardParts | None:
    """Read 「账号:xxx--密码:yyy」 and its relatives; labels decide what is what."""
    if not _LABEL.match(text):
        return None
    starts = [match.start() for match in _LABEL_INSIDE.finditer(text)]
    pieces = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)] or [text]
    number = code = ""
    for piece in pieces:
        match = _LABEL.match(piece.strip(" \t-—|,，;；/"))
        if match is None:
            continue
        value = match["rest"].strip(" \t-—|,，;；/")
        if match["code"]:
            code = code or value
        else:
            number = number or value
    if not code and number:
        # 「卡号:6222…:密码」 without a second label, or a card that has only a number.
        inner = re.split(r"\s*(?:-{2,}|[:：\s|,，])\s*", number, maxsplit=1)
        if len(inner) == 2 and inner[1]:  # noqa: PLR2004 - number and code
            return _pair(inner[0], inner[1])
        return CardParts(_checked(number), is_structured=True)
    return CardParts(_checked(code), number[:CARD_CHARS], is_structured=True)


def _split(text: str, separator: str) -> CardParts:
    parts = [part.strip() for part in text.split(separator)]
    parts = [part for part in parts if part]
    if len(parts) == 1:
        return CardParts(_checked(parts[0]))
    if not parts or len(parts) > 6:  # noqa: PLR2004 - a card line has number, code and a few remarks
        raise Unreadable("card_line_unreadable")
    if _HAN.search(parts[0]) and not _HAN.search(parts[1]) and len(parts) > 2:  # noqa: PLR2004
        # 「京东E卡100元----JDV…----XXXX」: the first part is a remark.
        found = _pair(parts[1], parts[2])
        return CardParts(found.code, found.number, " ".join([parts[0], *parts[3:]])[:300], is_structured=True)
    if _HAN.search(parts[0]) and len(parts) == 2:  # noqa: PLR2004
        if "," in separator or "，" in separator:
            raise Unreadable("card_line_unreadable")
        return CardParts(_checked(parts[1]), note=parts[0][:300], is_structured=True)
    found = _pair(parts[0], parts[1], is_structured=separator not in {",", "，", ";", "；"})
    return CardParts(found.code, found.number, " ".join(parts[2:])[:300], is_structured=found.is_structured)


def _boxed(text: str) -> CardParts:
    """Read 「卡密本体║预告信息║加价║成本」; the surcharge is the shop's business and kept as a remark."""
    parts = [part.strip() for part in text.split(_BOX)]
    body = parts[0]
    inner = _labelled(body) or CardParts(_checked(body))
    note = parts[1] if len(parts) > 1 else ""
    if len(parts) > 2 and parts[2]:  # noqa: PLR2004 - third part: surcharge
        note = f"{note} 加价 {parts[2]}".strip()
    cost = values.fen(parts[3]) if len(parts) > 3 else None  # noqa: PLR2004 - fourth part: cost in yuan
    region = re.search(r"地区\s*[:：]\s*([^·\s,，;；]{1,20})", unicodedata.normalize("NFC", note))
    return CardParts(inner.code, inner.number, note[:300], region[1] if region else "", cost, is_structured=True)
