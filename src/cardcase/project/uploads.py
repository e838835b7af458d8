"""Refusing photos and videos of parcels by their size while they come, before they are whole on the disk."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse

from cardcase.delivery.rules.parcels_media import MEGABYTE, TooLarge, most_bytes, most_of_request, too_large
from cardcase.kit.text import Text
from cardcase.staff.gate import refusal

from . import service

Answer = Callable[[HttpRequest], HttpResponse]


class ParcelLimit(FileUploadHandler):
    """Counts each file of a step of a parcel while it is parsed. Raises TooLarge at the first byte too many."""

    _seen = 0
    _most = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin with another file."""
        super().new_file(*args, **kwargs)
        self._seen, self._most = 0, most_bytes(self.field_name or "", largest_video=_largest())

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass a piece on, unless it makes the file too large."""
        del start
        self._seen += len(raw_data)
        if self._seen > self._most and self.request is not None and is_parcel(self.request):
            raise too_large(self._most)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handlers that follow."""
        del file_size


def is_parcel(request: HttpRequest) -> bool:
    """Tell whether a request notes something of a parcel."""
    return request.method == "POST" and service.PARCELS in request.path


def refuse_large_parcels(get_response: Answer) -> Answer:
    """Answer 413 to what is too large by its own word, unread; and to a file that turns out to be while it comes."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not is_parcel(request):
            return get_response(request)
        most = most_of_request(largest_video=_largest())
        try:
            if _length(request) > most:
                raise too_large(most)
            if not request.path.startswith("/api/"):  # there it is parsed once it is known who asks
                _ = request.POST
        except TooLarge as problem:
            return _answer(request, problem)
        return get_response(request)

    return middleware


def _length(request: HttpRequest) -> int:
    told = request.META.get("CONTENT_LENGTH") or "0"
    return int(told) if told.isascii() and told.isdigit() else 0


def _largest() -> int:
    most: int = settings.CARDCASE.parcel_video_mb * MEGABYTE
    return most


def _answer(request: HttpRequest, problem: TooLarge) -> HttpResponse:
    """Say it in both languages: which one the reader has chosen is known later only."""
    if request.path.startswith("/api/"):
        from .api import say_problem

        return say_problem(problem)
    both = Text(*(f"{problem.message.zh} / {problem.message.en}",) * 2)
    way_out = Text(*(f"{problem.next.zh} / {problem.next.en}",) * 2)
    return refusal(request, TooLarge(both.zh, both.en, next=way_out))
