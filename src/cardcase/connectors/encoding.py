"""Which encoding a file is in: byte order mark, strict UTF-8, UTF-16 without a mark, GB18030, Big5, else ask.

Guessing libraries are not used: on short GBK files they answer Korean (reliability §0). We know more than they do:
the text is about trade and in Chinese, so candidates are judged by how many of their characters people really write.
"""

import codecs
import re
from dataclasses import dataclass
from typing import Final

from .frequent import EVERYDAY, TRADE_WORDS

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_NAMES: Final = {
    "utf-8": "utf-8", "utf8": "utf-8", "utf-8-sig": "utf-8-sig",
    "utf-16": "utf-16", "utf16": "utf-16", "unicode": "utf-16",
    "utf-16-le": "utf-16-le", "utf-16le": "utf-16-le", "utf-16-be": "utf-16-be", "utf-16be": "utf-16-be",
    "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "ansi": "gb18030",
    "big5": "big5", "cp950": "big5", "big5-hkscs": "big5",
}  # fmt: skip
_SURELY_UTF8: Final = re.compile("[\u0800-\U0010ffff·×÷°é]")
"""Characters that GBK bytes do not come out as: those of three bytes or more, and the few of two that people type."""
_HAN: Final = re.compile("[\u4e00-\u9fff]")
_CODECS: Final = {"big5": "cp950", "utf-8-sig": "utf-8"}
_CONTROLS: Final = bytes({*range(0x20)} - {*b"\t\n\r"})
"""Bytes that no text has in one-byte encodings, and nearly every UTF-16 text has."""
_SAMPLE = 65_536
"""Bytes looked at for scoring; the whole file is still decoded strictly."""
_CONVINCING = 0.45
"""Least mean weight of the non-ASCII characters of a believable Chinese text. Real files score 0.6–1.0, files read in
the wrong encoding 0.0–0.4 (measured on the samples of tests/connectors/test_encoding.py)."""
_AHEAD = 0.15
"""By how much the better of two readings must lead before it is taken without asking."""
_TORN = 0.02
"""Largest share of undecodable bytes in a file that still counts as of that encoding, its bad rows refused."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file as text, or the code of the finding that says why not.

    ``text`` may hold lone surrogates where single bytes were wrong; the rows with them are refused, the others read.
    """

    text: str
    encoding: str
    problem: str = ""


def known_encoding(name: str) -> str | None:
    """Return our name of an encoding that a person typed, or None."""
    return _NAMES.get(name.strip().lower().replace("_", "-"))


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """Decide the encoding and decode; with ``encoding`` given, only that one is tried. Never raises."""
    if encoding is not None:
        return _as_told(data, encoding)
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _marked(data[len(mark) :], name)
    if len(data.translate(None, _CONTROLS)) < len(data):
        wide = _utf16(data)
        if wide is not None:
            return wide
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _legacy(data)
    short = _accidental_utf8(data, text)
    return short or Decoded(text, "utf-8")


def weight(text: str) -> float:
    """Return how much a text looks like Chinese that people write, from 0 to 1, by its non-ASCII characters."""
    total = 0.0
    count = 0
    for char in text:
        if char < "\x80":
            continue
        count += 1
        total += _weight_of(char)
    if not count:
        return 0.0
    bonus = 0.25 if any(word in text for word in TRADE_WORDS) else 0.0
    return min(1.0, max(0.0, total / count) + bonus)


def _weight_of(char: str) -> float:
    if char in EVERYDAY:
        return 1.0
    for first, last, value in _WEIGHTS:
        if first <= char <= last:
            return value if value is not None else 0.5 if _is_level_one(char) else 0.05
    return 0.7 if char in _PUNCTUATION else 0.1


_PUNCTUATION: Final = frozenset("　、。〈〉《》「」『』【】〔〕—…‘’“”·×÷℃￥¥─║━│▪●○★☆※→←↑↓①②③④⑤⑥⑦⑧⑨⑩")
_WEIGHTS: Final[tuple[tuple[str, str, float | None], ...]] = (
    ("\u4e00", "\u9fff", None),  # Han: by how common the character is
    ("\uff01", "\uff5e", 0.7),  # full-width letters and punctuation
    ("\u2600", "\u27bf", 0.5),  # signs and emoji
    ("\U0001f300", "\U0001faff", 0.5),
    ("\ufeff", "\ufeff", 0.5),
    ("\ue000", "\uf8ff", -0.5),  # private use: where GBK puts what it does not know
    ("\udc80", "\udcff", -0.5),  # bytes that could not be decoded
    ("\x80", "\x9f", -0.5),
)


def _is_level_one(char: str) -> bool:
    """Tell whether a character is of the commoner half of GB2312 (lead bytes B0–D7) or of Big5 (A4–C6)."""
    return any(
        raw and first <= raw[:1] <= last
        for raw, first, last in (
            (char.encode("gb2312", "ignore"), b"\xb0", b"\xd7"),
            (char.encode("cp950", "ignore"), b"\xa4", b"\xc6"),
        )
    )


def _as_told(data: bytes, encoding: str) -> Decoded:
    name = known_encoding(encoding)
    if name is None:
        return Decoded("", encoding, "encoding_unknown")
    for mark, marked in _MARKS:
        if data.startswith(mark) and marked.startswith(name.removesuffix("-sig")):
            return _marked(data[len(mark) :], marked)
    if name == "utf-16":
        wide = _utf16(data)
        return wide or Decoded("", name, "encoding_wrong")
    text = _torn(data, name)
    return Decoded(text, name) if text is not None else Decoded("", name, "encoding_wrong")


def _marked(body: bytes, name: str) -> Decoded:
    try:
        return Decoded(body.decode(_CODECS.get(name, name)), name)
    except UnicodeDecodeError:
        if not name.startswith(("utf-16", "utf-32")):
            text = _torn(body, name)
            return Decoded(text, name) if text is not None else Decoded("", name, "encoding_unclear")
        # An odd last byte is a cut-off file: its last row is refused, the others are good.
        return Decoded(body.decode(name, "replace").replace("\ufffd", "\udcff"), name)


def _utf16(data: bytes) -> Decoded | None:
    """Decode UTF-16 without a mark when one byte order gives text and the other does not."""
    if len(data) % 2:
        return None
    best: tuple[float, str, str] | None = None
    for name in ("utf-16-le", "utf-16-be"):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        sample = text[: _SAMPLE // 2]
        usual = sum(1 for char in sample if " " <= char <= "~" or char in "\t\r\n" or _weight_of(char) >= _CONVINCING)
        share = usual / len(sample) if sample else 0.0
        if "\0" not in sample and (best is None or share > best[0]):
            best = (share, name, text)
    if best is None or best[0] < 0.9:  # noqa: PLR2004 - nine of ten characters are ones that people type
        return None
    return Decoded(best[2], best[1])


def _accidental_utf8(data: bytes, text: str) -> Decoded | None:
    """See through a few GBK characters that happen to be valid UTF-8, such as 「一」, read as Cyrillic by others."""
    if text.isascii() or _SURELY_UTF8.search(text):
        return None
    try:
        gbk = data.decode("gb18030")
    except UnicodeDecodeError:
        return None
    if all("\u4e00" <= char <= "\u9fff" and _weight_of(char) >= 0.5 for char in gbk if char >= "\x80"):  # noqa: PLR2004
        return Decoded(gbk, "gb18030")
    return None


def _legacy(data: bytes) -> Decoded:
    """Choose between GB18030, Big5, UTF-16 without NULs and damaged UTF-8 by how believable each reads."""
    scored: list[tuple[float, str, str]] = []
    for name in ("gb18030", "big5"):
        text = _strict(data, name)
        if text is not None:
            scored.append((weight(text[:_SAMPLE]), name, text))
    wide = _utf16(data)
    if wide is not None:
        scored.append((weight(wide.text[:_SAMPLE]) - 0.1, wide.encoding, wide.text))
    if not scored or max(score for score, _, _ in scored) < _CONVINCING:
        for name in ("utf-8", "gb18030", "big5"):
            text = _torn(data, name)
            if text is not None:
                scored.append((weight(text[:_SAMPLE]), name, text))
    scored.sort(reverse=True)
    if not scored or scored[0][0] < _CONVINCING or not _HAN.search(scored[0][2]):
        return Decoded("", "", "encoding_unclear")
    rivals = [score for score, name, _ in scored[1:] if name != scored[0][1]]
    if rivals and scored[0][0] - rivals[0] < _AHEAD:
        return Decoded("", "", "encoding_unclear")
    return Decoded(scored[0][2], scored[0][1])


def _strict(data: bytes, name: str) -> str | None:
    try:
        return data.decode(_CODECS.get(name, name))
    except UnicodeDecodeError:
        return None


def _torn(data: bytes, name: str) -> str | None:
    """Decode a file of which a few bytes are wrong, marking those; None when it is more than a few."""
    if name.startswith("utf-16"):
        text = data.decode(name, "replace").replace("\ufffd", "\udcff")
    else:
        text = data.decode(_CODECS.get(name, name), "surrogateescape")
    wrong = sum(1 for char in text if "\udc80" <= char <= "\udcff")
    high = sum(1 for byte in data if byte > 0x7F)  # noqa: PLR2004 - the end of ASCII
    if wrong == 0:
        return text
    return text if wrong <= 2 or wrong <= high * _TORN else None  # noqa: PLR2004 - one torn character is two bytes
