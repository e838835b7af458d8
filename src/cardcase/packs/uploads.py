"""Check a pack that came over the network: capped, counted, on the disk, and gone when it was judged.

Nothing here knows a shop. What is asked is answered from the upload and from what the reader brought along alone.
"""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text

from . import verifier

MAX_UPLOAD_BYTES: Final = 64 * 1024 * 1024
"""What may be sent at once, all parts together. Larger packs are for the command or the single file."""

WINDOW_SECONDS: Final = 60
PER_NETWORK: Final = 6
IN_ALL: Final = 30
AT_ONCE: Final = 2
"""Checks in a window for one network and for everybody, and at one time: a check costs up to two seconds of CPU."""

_running: Final = threading.BoundedSemaphore(AT_ONCE)
_MOST_ROOTS: Final = 16
_MOST_ROOT_BYTES: Final = 64 * 1024


class TooManyChecks(Refused):
    """Too many packs are being checked. Nothing of this one was read."""

    code = "too_many_checks"
    status = 429


class UploadTooLarge(WrongUse):
    """The upload is over the cap. It was not kept."""

    code = "upload_too_large"
    status = 413


class _Quota(FileUploadHandler):
    """Ends an upload that is over the cap, whatever it said of its length."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.seen = 0

    @property
    def is_over(self) -> bool:
        return self.seen > MAX_UPLOAD_BYTES

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002 - Django's signature
        self.seen += len(raw_data)
        if self.is_over:
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> Any:  # noqa: ARG002 - as above
        return None


def check(request: HttpRequest, network: str) -> verifier.Report:
    """Judge the pack in the field ``pack`` by ``vkey``, ``policy``, ``previous`` and the files ``roots``.

    Raises TooManyChecks before anything is read, UploadTooLarge, WrongUse without a pack, WrongArgument.
    """
    with _turn(network):
        quota = _Quota(request)
        if not hasattr(request, "_files"):  # who signs in by session has had the request read for the CSRF token
            request.upload_handlers.insert(0, quota)
        if _told_length(request) > MAX_UPLOAD_BYTES or _is_over(request, quota):
            most = MAX_UPLOAD_BYTES // 2**20
            raise UploadTooLarge(
                f"文件太大：这里最多 {most} MB",
                f"Too large: at most {most} MB here",
                next=Text(
                    "用 cardcase verify 命令，或单文件核对程序，在自己的电脑上核对。",
                    "Check it on your own machine, with cardcase verify or the single-file checker.",
                ),
            )
        file = request.FILES.get("pack")
        if not isinstance(file, UploadedFile):
            raise WrongUse(
                "请选择证据包（ZIP 文件）",
                "Choose a pack, a ZIP file",
                next=Text("选好文件再核对一次。", "Choose the file and check again."),
                code="nothing_given",
            )
        trust = verifier.trust_from(
            vkey=request.POST.get("vkey", ""),
            policy=request.POST.get("policy", ""),
            previous=request.POST.get("previous", "").replace("\r\n", "\n"),
            roots=tuple(one.read(_MOST_ROOT_BYTES) for one in request.FILES.getlist("roots")[:_MOST_ROOTS]),
        )
        with tempfile.TemporaryDirectory(prefix="cardcase-verify-") as folder:
            path = Path(folder) / "pack.zip"
            with path.open("wb") as kept:
                for piece in file.chunks():
                    kept.write(piece)
            return verifier.verify(path, trust=trust)


def _told_length(request: HttpRequest) -> int:
    told = request.META.get("CONTENT_LENGTH") or "0"
    return int(told) if told.isascii() and told.isdigit() else 0


def _is_over(request: HttpRequest, quota: _Quota) -> bool:
    """Read the request, and tell whether the quota ended it."""
    _ = request.FILES
    return quota.is_over


@contextmanager
def _turn(network: str) -> Iterator[None]:
    """Take a turn. Raises TooManyChecks."""
    key = salted_hmac("cardcase.packs.uploads", network, algorithm="sha256").hexdigest()
    if _count(f"verify:{key}") > PER_NETWORK or _count("verify:all") > IN_ALL or not _running.acquire(blocking=False):
        raise TooManyChecks(
            "核对的人太多，请一分钟后再试",
            "Too many packs are being checked; try again in a minute",
            next=Text(
                "也可以用单文件核对程序在自己的电脑上核对。", "Or use the single-file checker on your own machine."
            ),
        )
    try:
        yield
    finally:
        _running.release()


def _count(key: str) -> int:
    if cache.add(key, 1, timeout=WINDOW_SECONDS):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # it ended in this very moment
        cache.set(key, 1, timeout=WINDOW_SECONDS)
        return 1
