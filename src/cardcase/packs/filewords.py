"""All words that a file holds for a machine: text, the text layer and properties of a PDF, what lies beside pixels."""

import io
from dataclasses import dataclass, field
from typing import Any, Final

from cardcase.evidence.rules import mail, metadata

from .rules import disclosure

_MOST_PAGES: Final = 100
_MOST_CHARS: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class FileWords:
    """The words of a file. ``texts`` are content; ``beside`` are metadata, full of numbers that look like codes.

    ``is_whole``: nothing was passed over. ``has_place``: it tells where a photo was taken.
    """

    texts: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    is_whole: bool = True
    has_place: bool = False


def words(data: bytes, mime: str) -> FileWords:
    """Read the words of a file. What a picture shows is not read: that needs a person."""
    if mime.startswith("image/"):
        return FileWords(beside=metadata.words(data), has_place=metadata.has_place(data))
    if mime.startswith("application/pdf"):
        return _of_pdf(data)
    if mime == mail.MIME:
        read = mail.read_mail(data)
        return FileWords(texts=[read.subject, read.text], beside=[read.sender], is_whole=not read.has_more)
    return FileWords(texts=disclosure.words_in(data, mime))


def _of_pdf(data: bytes) -> FileWords:
    import pypdf  # 8 MB that most packs have no use for

    texts: list[str] = []
    beside: list[str] = []
    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        beside += [str(value) for value in (reader.metadata or {}).values()]
        beside += list(reader.attachments)
        for number, page in enumerate(reader.pages):
            if number >= _MOST_PAGES or sum(map(len, texts)) > _MOST_CHARS:
                return FileWords(texts, beside, is_whole=False)
            texts.append(page.extract_text())
            texts += [str(note) for note in _notes(page)]
    except Exception:  # noqa: BLE001 - a damaged PDF fails in a hundred ways; a person is then asked to look
        return FileWords(texts, beside, is_whole=False)
    return FileWords(texts, beside)


def _notes(page: Any) -> list[str]:
    found = [one.get_object() for one in page.get("/Annots") or []]
    return [str(one[name]) for one in found for name in ("/Contents", "/V") if name in one]
