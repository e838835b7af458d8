"""Whose words, and are they meant: negation, questions, suppositions, quotations. Works on folded text."""

import re
from dataclasses import dataclass
from typing import Final

_DENIAL: Final = (
    r"(?:不是|并不是|并非|又不是|倒不是|不算|没说|没有说|不是说|没讲|不是因为|没怀疑|不怀疑|不觉得|没觉得|不认为|不担心|"
    r"不怕|不代表|not|n't)"
)
_DENIED_BEFORE: Final = re.compile(
    _DENIAL + r"(?:的|说|讲|我|你|您|你们|因为|这个?|那个?|那种|它|张|卡|要|想|卖|在|是|买|发|给|什么){0,4}\s?$"
)
_BARE_NOT_BEFORE: Final = re.compile(
    r"(?:不|没|未|别|没有|并没|还没|从没|不会|不太|不算|唔|冇|无|"
    r"(?:不会|没想|不想|不打算|没打算|没有要)(?:要|再|去|给|你|打|写){1,3})$"
)
_NOT_A_NEGATION: Final = re.compile(r"(?:是不|能不|会不|要不|好不|对不|有没|差不|不得不|怎么不|从不|无论|不小心|毫无)$")
_HAS_NEGATION: Final = re.compile(r"[不没未无唔冇莫非别]")
_NEGATED_GAP: Final = re.compile(r"(?:不|没|未|没有|不是|并非|并不|没说|不会|唔|冇|不算)$")
_RHETORICAL: Final = re.compile(r"(?:吗|吧|么|嘛|\?)")
_SUPPOSED: Final = re.compile(
    r"如果|要是|万一|假如|假设|倘若|假使|若是|要不是|假若|以防|假设说|会不会|有没有可能|if\b|what if"
)
_FEARED: Final = re.compile(r"(?:怕|担心|害怕|唯恐|生怕|会不会)[^,。!?;\n]{0,3}$")
_TAG: Final = re.compile(r"(?:吗|么|嘛|\?)")
_SUPPOSED_AFTER: Final = re.compile(r"^(?:[^,。!?;\n]{0,4}的话|了?的?(?:包|可|都能?)(?:退|赔|换))")
_TERM: Final = re.compile(r"(?:包|可|都能?)(?:退|赔|换)")
_WONDERS: Final = re.compile(r"怎么办|咋办|咋整|怎么处理|怎么弄|该怎么|如何处理|怎么解决")
_COMPLAINS: Final = re.compile(r"怎么|为什么|为啥|咋|凭什么|什么情况|怎么回事|难道|岂不|why|how come")
_ASKS_REFUND: Final = re.compile(
    r"(?:能|可以|可不可以|能不能|给|包|支持|会)[^,。!?;\n]{0,3}(?:退|赔|换|补)[^,。!?;\n]{0,4}(?:吗|么|不|\?)"
)
_LIVED: Final = re.compile(r"我|了|显示|提示|试|收到|已|刚|今天|昨天|现在|怎么|一直|都")
_HARD: Final = "。!?;\n"
_SOFT: Final = "。!?;\n,、 \t~"

_SELLER: Final = r"(?:你们?家?|您|卖家|商家|店家|老板|掌柜|标题|详情页?|描述|页面|介绍|宣传)"
_SAYS: Final = r"(?:说|写|标|承诺|保证|宣称|讲|答应|吹|声称)(?:好|了|的|过|明|着|是|什么)*[:,]?\s?"
_QUOTED: Final = re.compile(_SELLER + r"[^,。!?;\n]{0,4}" + _SAYS + r"[\"'“‘「『]([^\"'”’」』\n]{1,80})")
_TITLE: Final = re.compile(r"【([^】\n]{1,80})】|『([^』\n]{1,80})』")
_QUOTED_LINE: Final = re.compile(r"(?m)^(?:>.*|「[^」\n]{1,200}」\s*$|(?:卖家|商家|店家|客服|店主|seller)\s?:.*)$")
_TERMS: Final = re.compile(
    _SELLER
    + r"[^,。!?;\n]{0,4}"
    + _SAYS
    + r"([^,。!?;\n]{0,20}?"
    + r"(?:包|赔|不退|不换|不支持退|可以退|能退|保证|保真|放心|绝对|肯定|没问题|不会|都是真|是正品|是真的|全新)"
    + r"[^,。!?;\n]{0,10})"
)
_ACCUSED: Final = re.compile(
    r"(?:你们?|您|卖家|商家)(?:凭什么|还|居然|竟然)?(?:说|讲|怀疑|污蔑|冤枉|指责)我([^。!?;\n]{0,20})"
)
_PLATFORM_TEXT: Final = re.compile(r"^\s*[\[【][^\]】]{2,40}[\]】]\s*$")


@dataclass(frozen=True, slots=True)
class Meaning:
    """How far the words at one place are meant as a claim. ``factor`` scales their weight; 0 cancels them."""

    factor: float
    is_asked: bool = False
    is_supposed: bool = False


CANCELLED: Final = Meaning(0.0)


def is_platform_text(text: str) -> bool:
    """Tell whether the whole text is one of the platform's bracketed notices, nobody's words."""
    return _PLATFORM_TEXT.match(text) is not None


class Scope:
    """One folded text with the places that are not the buyer's own claim worked out once."""

    __slots__ = ("_foreign", "_has_supposition", "_is_asking", "_is_feared", "_titles", "text")

    def __init__(self, text: str) -> None:
        """Take a folded text."""
        self.text = text
        self._foreign = self._find_foreign(text)
        self._titles = [match.span() for match in _TITLE.finditer(text)] if "【" in text or "『" in text else []
        self._has_supposition = _SUPPOSED.search(text) is not None or "的话" in text or _TERM.search(text) is not None
        self._is_feared = any(word in text for word in ("怕", "担心", "恐", "会不会"))
        self._is_asking = _RHETORICAL.search(text) is not None or "不" in text or "么" in text

    @staticmethod
    def _find_foreign(text: str) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        if any(mark in text for mark in "\"'“‘「『"):
            found += [match.span(1) for match in _QUOTED.finditer(text)]
        if ">" in text or "」" in text or ":" in text:
            found += [match.span() for match in _QUOTED_LINE.finditer(text)]
        if any(word in text for word in ("说", "写", "标", "承诺", "保证", "讲", "怀疑", "答应", "冤枉")):
            found += [match.span(1) for match in _TERMS.finditer(text)]
            found += [match.span() for match in _ACCUSED.finditer(text)]
        return found

    @property
    def foreign(self) -> list[tuple[int, int]]:
        """The stretches that are somebody else's words: quotations, titles, what the seller said."""
        return [*self._foreign, *self._titles]

    def meaning(self, match: re.Match[str], *, weight: float, asks: bool) -> Meaning:
        """Judge one match: cancelled when it is somebody else's words or denied, weakened when asked or supposed."""
        start, end = match.span()
        if self._is_foreign(start, end):
            return CANCELLED
        clause_start, clause_end = self._clause(start, end)
        if self._is_denied(match, clause_start, clause_end):
            return CANCELLED
        if self._has_supposition and self._is_supposed(start, end):
            return Meaning(0.2, is_supposed=True)
        if not asks and self._is_feared and self._feared(match):
            return Meaning(0.4, is_supposed=True)
        if asks or not self._is_asking:
            return Meaning(1.0)
        return self._asked(start, end, clause_start, clause_end, weight)

    def _is_foreign(self, start: int, end: int) -> bool:
        return any(begin <= start and end <= stop for begin, stop in self._foreign) or any(
            begin < end and start < stop for begin, stop in self._titles
        )

    def _clause(self, start: int, end: int) -> tuple[int, int]:
        """Return the bounds of the small clause that the end of a match lies in, its closing mark included."""
        text = self.text
        left = start
        while left > 0 and text[left - 1] not in _SOFT:
            left -= 1
        right = end
        while right < len(text) and text[right] not in _SOFT:
            right += 1
        while right < len(text) and text[right] in "?!":
            right += 1
        return left, right

    def _is_denied(self, match: re.Match[str], left: int, right: int) -> bool:
        start, end = match.span()
        before = self.text[max(0, start - 12, left - 1) : start]
        words = match.group()
        denied = False
        if before:
            if _DENIED_BEFORE.search(before) is not None:
                denied = "是不是" not in before
            elif not _HAS_NEGATION.search(words):
                denied = _BARE_NOT_BEFORE.search(before) is not None and _NOT_A_NEGATION.search(before) is None
        if not denied and match.re.groups:
            denied = any(gap and _NEGATED_GAP.search(gap) and not _NOT_A_NEGATION.search(gap) for gap in match.groups())
        if denied and _RHETORICAL.search(self.text[end:right]):
            return False  # 「不会是假的吧」「这不是骗人吗」 affirm what they seem to deny
        return denied

    def _is_supposed(self, start: int, end: int) -> bool:
        left = start
        while left > 0 and self.text[left - 1] not in _HARD:
            left -= 1
        if _SUPPOSED.search(self.text, max(left, start - 16), start + 1) is not None:
            return True
        return _SUPPOSED_AFTER.match(self.text[end : end + 12]) is not None

    def _feared(self, match: re.Match[str]) -> bool:
        before = self.text[max(0, match.start() - 8) : match.start()]
        return _FEARED.search(before) is not None or any(
            gap and _FEARED.search(gap) is not None for gap in match.groups()
        )

    def _asked(self, start: int, end: int, left: int, right: int, weight: float) -> Meaning:
        clause = self.text[left:right]
        strong = weight >= 2.0  # noqa: PLR2004 - a specific statement stays one when a question follows
        after = self.text[end : end + 24]
        if _WONDERS.search(after):
            return Meaning(0.9 if strong else 0.6, is_asked=not strong)
        if not strong and _ASKS_REFUND.search(self.text) and not _LIVED.search(self.text[max(0, start - 14) : end + 3]):
            return Meaning(0.6, is_asked=True)
        tail = clause[end - left :]
        if _TAG.search(tail) and not _COMPLAINS.search(clause) and not _ASKS_REFUND.search(clause):
            return Meaning(0.6, is_asked=True)
        return Meaning(1.0)
