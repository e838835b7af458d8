"""Answers that are a file: saved, never run or shown inside a page, and kept by nobody on the way."""

from collections.abc import Iterator
from typing import TypeVar

from django.http import HttpResponseBase, StreamingHttpResponse

_Answer = TypeVar("_Answer", bound=HttpResponseBase)


def as_file(response: _Answer, name: str) -> _Answer:
    """Mark an answer as a private file of this name, which is harmless in a header."""
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def stream(pieces: Iterator[bytes], *, mime: str, name: str, size: int) -> StreamingHttpResponse:
    """Return a private file piece by piece, so that it is never all in memory. ``size`` in bytes."""
    response = StreamingHttpResponse(pieces, content_type=mime)
    response.headers["Content-Length"] = str(size)
    return as_file(response, name)
