"""Files of imports on their way in: in memory, bounded while they come, never readable in a temporary file.

Django writes what is larger than a few megabytes into a plain file of the system's folder for temporary ones, and a
file of cards is made of codes.
"""

import io
from typing import Any, Final

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopFutureHandlers
from django.http import HttpRequest

from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

MEGABYTE: Final = 1024 * 1024
LARGEST_FILE: Final = 32 * MEGABYTE
"""Most bytes of one file: 100,000 codes take some 7 MB as text, some 20 with all columns told."""
LARGEST_TOGETHER: Final = 64 * MEGABYTE
"""Most bytes of all files of one import: with what is made of them it stays below 512 MiB. Our own choice."""
PATHS: Final = ("/import/", "/api/v1/imports", "/screens/", "/api/v1/screens")
"""Screenshots among them: a card code may stand on one."""


class FileTooLarge(WrongUse):
    """A file, or all of them together, is more than an import takes."""

    code = "file_too_large"


_MARK: Final = "cardcase_too_large"


def require_small(request: HttpRequest) -> None:
    """Raise FileTooLarge when a file of a request was let go because of its size. Reads the request."""
    if request.FILES is not None and getattr(request, _MARK, False):
        file, together = LARGEST_FILE // MEGABYTE, LARGEST_TOGETHER // MEGABYTE
        raise FileTooLarge(
            f"文件太大（每个最多 {file} MB，一次最多 {together} MB）",
            f"Too large ({file} MB a file, {together} MB at a time)",
            next=Text("把文件拆小，或者用 cardcase import 命令。", "Split it, or use the command cardcase import."),
        )


def is_import(path: str) -> bool:
    """Tell whether files that come to this path are those of an import."""
    return path.rstrip("/") in {known.rstrip("/") for known in PATHS}


class ImportUploads(FileUploadHandler):
    """Keeps the files of imports in memory and ends too large ones as they come. Leaves every other path alone."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        """Begin a request: nothing has come yet."""
        del args, kwargs
        self._is_mine = self.request is not None and is_import(self.request.path)
        self._together = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file; the handlers after this one do not see it."""
        super().new_file(*args, **kwargs)
        if self._is_mine:
            self._held = io.BytesIO()
            raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Take a piece. Lets the file go as soon as it, or all of them, are too large; ``require_small`` says so."""
        if not self._is_mine:
            return raw_data
        self._together += len(raw_data)
        if start + len(raw_data) > LARGEST_FILE or self._together > LARGEST_TOGETHER:
            self._held = io.BytesIO()
            setattr(self.request, _MARK, True)
            raise SkipFile
        self._held.write(raw_data)
        return None

    def file_complete(self, file_size: int) -> InMemoryUploadedFile | None:
        """Give the file."""
        if not self._is_mine:
            return None
        self._held.seek(0)
        return InMemoryUploadedFile(
            self._held, self.field_name, self.file_name or "", self.content_type or "", file_size, self.charset
        )
