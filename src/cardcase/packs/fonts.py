"""Find a font that can print Chinese, and know which characters it has, so that nothing is printed as a blank."""

import hashlib
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from cardcase.kit.errors import Unavailable
from cardcase.kit.text import Text

_KNOWN = (
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "Noto Sans CJK SC"),
    ("NotoSansCJKsc-Regular.otf", "NotoSansCJKsc-Bold.otf", "Noto Sans CJK SC"),
    ("NotoSansSC-Regular.otf", "NotoSansSC-Bold.otf", "Noto Sans SC"),
    ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf", "Noto Sans SC"),
    ("SourceHanSansSC-Regular.otf", "SourceHanSansSC-Bold.otf", "Source Han Sans SC"),
    ("msyh.ttc", "msyhbd.ttc", "Microsoft YaHei"),
    ("wqy-microhei.ttc", "", "WenQuanYi Micro Hei"),
    ("wqy-zenhei.ttc", "", "WenQuanYi Zen Hei"),
)
"""(regular file, bold file, family) of fonts that print Chinese, the best first; the first found is used."""

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
_OTHER_FOLDERS = {
    "darwin": ("~/Library/Fonts", "/Library/Fonts", "/System/Library/Fonts"),
    "win32": ("C:/Windows/Fonts", "~/AppData/Local/Microsoft/Windows/Fonts"),
}
_COLLECTION = b"ttcf"
_UNICODE = {(0, 3): 1, (0, 4): 2, (3, 1): 1, (3, 10): 2}
"""Unicode tables of a font by (platform, encoding) and how much we like them: 2 has all planes, 1 the first only."""
_BY_DELTA, _BY_GROUP = 4, 12  # formats of a cmap subtable (OpenType specification, cmap)
_WIDTH = 0x10000


class NoFont(Unavailable):
    """No font on this machine can print Chinese."""

    code = "no_cjk_font"


@dataclass(frozen=True, slots=True)
class Font:
    """A font family by its files; ``bold`` is None when the family has only one weight."""

    family: str
    regular: Path
    bold: Path | None

    def __str__(self) -> str:
        return f"{self.family} ({self.regular})"

    @property
    def files(self) -> list[Path]:
        """The files that the typesetter needs."""
        return [self.regular] + ([self.bold] if self.bold else [])


def find_cjk_font() -> Font | None:
    """Return the font that packs are printed with, or None. Own fonts may be put into ``<data>/fonts``."""
    return _find(Path(settings.CARDCASE.data) / "fonts")


def require_cjk_font() -> Font:
    """Return the font that packs are printed with. Raises NoFont naming the package that brings one."""
    found = find_cjk_font()
    if found is None:
        raise NoFont(
            "这台机器上没有能印中文的字体，证据包排不了版",
            "No font on this machine can print Chinese; the pack cannot be set",
            next=Text(
                "Debian/Ubuntu：apt-get install fonts-noto-cjk；或把 NotoSansSC 等字体放进数据目录的 fonts。",
                "Debian/Ubuntu: apt-get install fonts-noto-cjk; or put NotoSansSC or the like into data/fonts.",
            ),
        )
    return found


def _find(own: Path) -> Font | None:
    folders = [own, *(Path(name).expanduser() for name in (*_FOLDERS, *_OTHER_FOLDERS.get(sys.platform, ())))]
    there = [folder for folder in reversed(folders) if folder.is_dir()]
    files = {path.name: path for folder in there for path in sorted(folder.rglob("*.?t?"))}
    for regular, bold, family in _KNOWN:
        if regular in files:
            return Font(family, files[regular], files.get(bold))
    return None


@lru_cache(maxsize=8)
def coverage(path: Path) -> frozenset[int]:
    """Return the code points that a font has glyphs for. Raises NoFont when its tables cannot be read."""
    try:
        return frozenset(_code_points(path.read_bytes()))
    except (struct.error, IndexError, OSError) as error:
        raise NoFont(f"字体文件 {path.name} 读不了", f"The font file {path.name} cannot be read") from error


@lru_cache(maxsize=8)
def sha256(path: Path) -> str:
    """Return the hash of a font file, printed in every pack that was set with it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _code_points(data: bytes) -> Iterator[int]:
    # All faces of the collections above share one repertoire, so the first speaks for all.
    start = struct.unpack_from(">I", data, 12)[0] if data.startswith(_COLLECTION) else 0
    tables = struct.unpack_from(">H", data, start + 4)[0]
    for number in range(tables):
        tag, _, offset, _ = struct.unpack_from(">4s3I", data, start + 12 + 16 * number)
        if tag == b"cmap":
            return _subtable(data, offset)
    raise struct.error("no cmap")


def _subtable(data: bytes, cmap: int) -> Iterator[int]:
    count = struct.unpack_from(">H", data, cmap + 2)[0]
    records = [struct.unpack_from(">2HI", data, cmap + 4 + 8 * number) for number in range(count)]
    liked = max((_UNICODE.get((platform, encoding), 0), offset) for platform, encoding, offset in records)
    at = cmap + liked[1]
    kind = struct.unpack_from(">H", data, at)[0]
    if kind == _BY_GROUP:
        return _by_group(data, at)
    if kind == _BY_DELTA:
        return _by_delta(data, at)
    raise struct.error("an unknown kind of cmap")


def _by_group(data: bytes, at: int) -> Iterator[int]:
    for number in range(struct.unpack_from(">I", data, at + 12)[0]):
        first, last, glyph = struct.unpack_from(">3I", data, at + 16 + 12 * number)
        yield from range(first + (glyph == 0), last + 1)


def _by_delta(data: bytes, at: int) -> Iterator[int]:
    width = struct.unpack_from(">H", data, at + 6)[0]
    ends, starts = at + 14, at + 16 + width
    for number in range(0, width, 2):
        last, first = (struct.unpack_from(">H", data, place + number)[0] for place in (ends, starts))
        delta = struct.unpack_from(">h", data, starts + width + number)[0]
        where = starts + 2 * width + number
        indirect = struct.unpack_from(">H", data, where)[0]
        for code in range(first, min(last, _WIDTH - 2) + 1):
            glyph = code
            if indirect:
                glyph = struct.unpack_from(">H", data, where + indirect + 2 * (code - first))[0]
            if glyph and (glyph + delta) % _WIDTH:
                yield code
