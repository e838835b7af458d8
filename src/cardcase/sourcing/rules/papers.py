"""Papers: what they are, which forms of file are taken, and what their bytes say they are."""

import io
import zipfile
from datetime import date
from types import MappingProxyType
from typing import Final

from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

DOCUMENT_KINDS: Final = MappingProxyType(
    {
        "invoice": Text("发票", "invoice"),
        "receipt": Text("收据", "receipt"),
        "payment": Text("付款凭证", "proof of payment"),
        "contract": Text("合同", "contract"),
        "authorisation": Text("授权书", "authorisation"),
        "serial_list": Text("序列号清单", "list of serials"),
        "id_check": Text("身份核验", "identity check"),
        "chat": Text("聊天记录", "chat"),
        "other": Text("其他", "other"),
    }
)

LARGEST: Final = 10 * 1024 * 1024
"""Most bytes of a picture or PDF, as for exhibits. Our own choice."""

LARGEST_TABLE: Final = 2 * 1024 * 1024
"""Most bytes of a table: it is kept sealed in the database. 2 MiB hold some 60,000 numbers. Our own choice."""

PNG, JPEG, WEBP, PDF = "image/png", "image/jpeg", "image/webp", "application/pdf"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv"
TABLES: Final = frozenset({XLSX, CSV})
ENDINGS: Final = MappingProxyType({PNG: "png", JPEG: "jpg", WEBP: "webp", PDF: "pdf", XLSX: "xlsx", CSV: "csv"})

_HEAD: Final = 4096
_BINARY: Final = frozenset(range(32)) - {9, 10, 12, 13, 27}


class BadPaper(WrongUse):
    """A file that cannot be kept as a paper."""

    code = "bad_paper"


def media_of(data: bytes) -> str:
    """Tell a paper's media type by its own bytes, never by its name. Raises BadPaper for what is not taken."""
    found = _media_of(data)
    most = LARGEST_TABLE if found in TABLES else LARGEST
    if len(data) > most:
        raise BadPaper(
            f"文件超过 {most // 1024 // 1024} MB",
            f"The file is larger than {most // 1024 // 1024} MB",
            next=Text("压缩图片，或把清单分成几份。", "Compress the picture, or split the list."),
        )
    return found


def _media_of(data: bytes) -> str:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data.startswith(b"%PDF-"):
        return PDF
    if data.startswith(b"PK\x03\x04") and _is_workbook(data):
        return XLSX
    if data.strip() and not data.startswith(b"PK") and _is_text(data[:_HEAD]):
        return CSV
    raise BadPaper(
        "只收 PDF、PNG、JPEG、WEBP、CSV、XLSX",
        "Only PDF, PNG, JPEG, WEBP, CSV and XLSX are taken",
        next=Text("另存为其中一种格式再传。", "Save it in one of these forms and add it again."),
    )


def _is_workbook(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile:
        return False
    return "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names)


def _is_text(head: bytes) -> bool:
    """Tell whether bytes read as text: UTF-8, UTF-16 with its mark, or GB18030; no markup that a browser would run."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    if any(byte in _BINARY for byte in head):
        return False
    return not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def check_dates(issued_on: date | None, valid_from: date | None, valid_until: date | None, *, today: date) -> None:
    """Raise WrongUse for a paper issued in the future, or one that ends before it begins."""
    if issued_on is not None and issued_on > today:
        raise WrongUse(
            "开具日期在将来", "The day of issue lies in the future", next=Text("核对日期。", "Check the day.")
        )
    if valid_from is not None and valid_until is not None and valid_until < valid_from:
        raise WrongUse(
            "有效期的结束早于开始", "The validity ends before it begins", next=Text("核对日期。", "Check the days.")
        )
