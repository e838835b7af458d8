"""How much one picture may cost, and the refusals when it would cost more. Figures: docs/decisions/0020."""

from types import MappingProxyType
from typing import Final

from cardcase.kit import media
from cardcase.kit.errors import Problem, Refused, Unavailable
from cardcase.kit.text import Text

MEGABYTE: Final = 1024 * 1024
MOST_BYTES: Final = 20 * MEGABYTE
MOST_PIXELS: Final = 40_000_000
"""As everywhere here: a 688 kB picture of 177 million took 735 MB (reliability §3)."""
LONGEST: Final = 32_000
"""Rows: some twenty screens stitched into one."""
SHORTEST: Final = 120
SECONDS: Final = 300
"""Of the clock, for one picture. A screen takes three seconds of a core, the longest picture a minute."""
CPU_SECONDS: Final = 240
MEMORY: Final = 1600 * MEGABYTE
"""Resident memory of the worker; 0.6 GB is usual. Watched where the system tells it (Linux)."""
ADDRESSES: Final = 6 * 1024 * MEGABYTE
"""Address space, where the system can bound it: the engine maps some 2 GB without touching it."""
MOST_PICTURES: Final = 30

FORMATS: Final = MappingProxyType({media.PNG: "PNG", media.JPEG: "JPEG", media.WEBP: "WEBP"})

_SAVE_AGAIN: Final = Text(
    "在手机上打开它，重新截一张图（PNG 或 JPEG）再传。",
    "Open it on the phone, take a new screenshot (PNG or JPEG) and add that.",
)
_NOTHING: Final = Text("", "")


class BadPicture(Refused):
    """The picture is not read: too large, of another kind, damaged or hostile. ``problem_code`` says which."""

    code = "picture_refused"


class ReaderAway(Unavailable):
    """The reader cannot work on this machine: not installed, or it did not start."""

    code = "reader_away"


_REFUSALS: Final = MappingProxyType(
    {
        "picture_kind": (
            Text(
                "只认 PNG、JPEG、WEBP 图片（按内容认，不看文件名）",
                "Only PNG, JPEG and WEBP pictures are read, by their content",
            ),
            _SAVE_AGAIN,
        ),
        "picture_bytes": (
            Text(f"图片超过 {MOST_BYTES // MEGABYTE} MB", f"The picture is larger than {MOST_BYTES // MEGABYTE} MB"),
            _SAVE_AGAIN,
        ),
        "picture_pixels": (
            Text(
                f"图片像素太多（最多 {MOST_PIXELS // 10_000} 万像素，最长 {LONGEST} 行）",
                f"The picture has too many pixels (at most {MOST_PIXELS // 1_000_000} million, {LONGEST} rows)",
            ),
            Text("长图分成几张再传，首尾留一点重叠。", "Cut it into several that overlap a little."),
        ),
        "picture_small": (
            Text("图片太小，看不清字", "The picture is too small to read"),
            Text("请传原图，不要传缩略图。", "Add the original, not its thumbnail."),
        ),
        "picture_damaged": (
            Text("图片打不开，可能损坏或不完整", "The picture cannot be opened: damaged or cut short"),
            _SAVE_AGAIN,
        ),
        "picture_moves": (Text("动图不认", "Pictures that move are not read"), _SAVE_AGAIN),
        "picture_slow": (
            Text(f"识别超过 {SECONDS} 秒，已停止", f"Reading took longer than {SECONDS} seconds and was stopped"),
            Text("裁掉无关部分，或分成几张再传。", "Crop it, or cut it into several."),
        ),
        "picture_memory": (
            Text("识别这张图用的内存超过上限，已停止", "Reading it took more memory than allowed and was stopped"),
            Text("裁掉无关部分，或分成几张再传。", "Crop it, or cut it into several."),
        ),
        "picture_crashed": (Text("识别程序处理这张图时出错退出", "The reader died of this picture"), _SAVE_AGAIN),
    }
)


def refusal(code: str, file: str = "") -> BadPicture:
    """Return the refusal of a code, with the file's name where there are several."""
    message, way_out = _REFUSALS.get(code, _REFUSALS["picture_crashed"])
    zh, en = (f"{file}：{message.zh}", f"{file}: {message.en}") if file else (message.zh, message.en)
    return BadPicture(zh, en, next=way_out, code=code, file=file)


def document(problem: Problem) -> dict[str, str]:
    """Write why pictures were not read, as it is kept."""
    return {
        "code": problem.problem_code,
        "zh": problem.message.zh,
        "en": problem.message.en,
        "next_zh": problem.next.zh,
        "next_en": problem.next.en,
    }


def missing() -> ReaderAway:
    """Return the refusal when the extra is not installed."""
    return ReaderAway(
        "这台机器没有装截图识别",
        "The reader of screenshots is not installed here",
        next=Text(
            "运行 pip install 'cardcase[screens]'，或先把聊天文字粘贴进来。",
            "Run pip install 'cardcase[screens]', or paste the words of the chat.",
        ),
        code="reader_missing",
    )
