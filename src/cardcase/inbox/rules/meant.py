"""Does the seller mean these words? Quoted, denied and warned-of words are nobody's promise and nobody's insult.

Pure; works on folded text. 「没有人会拉黑您」, 「"概不退换"是旧招牌」 and 「自称客服要加微信的是骗子」
say the opposite of the words in them.
"""

import re
from typing import Final

_QUOTED: Final = re.compile(r'["“「『‘]([^"”」』’\n]{1,60})["”」』’]')
_DENIED: Final = re.compile(
    r"(?:没有?(?:任何)?人(?:会|要|能)?|没有?(?:说|讲|让|叫|要求|怀疑|觉得|认为|逼|催|打算|想)过?|没有(?=无理|恶意|骗|违|什么)|"
    r"(?<!是)不是(?:说|在说|怀疑|要|让)?|并非|不(?:怪|怨|算|会怪)|从[不没](?:会|要|叫|让)?|绝不会?|不会(?:因为|再)?|不敢|没法|"
    r"没有?办法|不能|不(?=加[微vq]|乱|骗)|无法|不用|不必|无需|别[信给点加扫转]|不要|勿|千万别|哪有|谁说|怎么会觉得|不(?:支持|接受|同意|走|涉及|适用)|"
    r"\b(?:not|never|no one|nobody)\b|n't )([^,。!?;\n]{0,24})"
)
_WARNING: Final = re.compile(
    r"冒充|假冒|自称|骗子|诈骗|行骗|钓鱼|当心|小心|谨防|别信|千万别|请勿|举报|黑卡|上当|套路|骗局|假客服|"
    r"scam|phish|claiming|impersonat|isn't us|not us"
)
_SENTENCE: Final = re.compile(r"[^。!?\n]*[。!?\n]?")
_NOT_WORD: Final = re.compile(r"[^\w\x1a]")
_QUOTE_MASK: Final = "\x1a"
_BREAK: Final = "\n"


class Meaning:
    """One folded text with the stretches that the seller does not claim worked out once."""

    __slots__ = ("_denied", "_quoted", "_warnings", "text")

    def __init__(self, text: str) -> None:
        """Take a folded text."""
        self.text = text
        self._quoted = [match.span(1) for match in _QUOTED.finditer(text)]
        self._denied = [(match.start(), match.end()) for match in _DENIED.finditer(text)]
        self._warnings = [match.span() for match in _WARNING.finditer(text)]

    def is_meant(self, start: int, end: int, *, warns: bool) -> bool:
        """Tell whether words are the seller's own claim. ``warns``: a warning in the sentence excuses them too."""
        if any(begin <= start and end <= stop for begin, stop in self._quoted):
            return False
        if any(begin < start and end <= stop + 1 for begin, stop in self._denied):
            return False
        return not (warns and self._is_warned_of(start, end))

    def _is_warned_of(self, start: int, end: int) -> bool:
        if not self._warnings:
            return False
        left, right = next(
            (match.span() for match in _SENTENCE.finditer(self.text) if match.start() <= start < match.end()), (0, 0)
        )
        return any(left <= begin < right and not (begin < end and start < stop) for begin, stop in self._warnings)


def as_read(folded: str) -> str:
    """Return a folded text as the learned reader takes it, of the same length: quotations away, clauses apart."""
    masked = _QUOTED.sub(lambda match: _QUOTE_MASK * len(match.group()), folded)
    return _NOT_WORD.sub(_BREAK, masked)
