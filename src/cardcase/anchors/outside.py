"""Calling out: an authority is asked, a list of revocations fetched, a witness and a deposit service spoken to.

All through ``connectors.egress``. Nothing here touches a table; what came back is judged by the rules.
"""

import base64
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

from django.conf import settings

from cardcase.connectors import egress
from cardcase.connectors.egress import NotReached, Reply

from .rules.config import Authority, url_of

QUERY_TYPE: Final = "application/timestamp-query"
LARGEST_REPLY: Final = 64 * 1024
LARGEST_LIST: Final = 4 * 1024 * 1024
LARGEST_SECRET: Final = 8 * 1024


class CameToNothing(OSError):  # noqa: N818 - named after what it says
    """An attempt without a usable answer. ``code`` is a key of ``plan.REASONS``; ``reply`` is what came, if any."""

    def __init__(self, code: str, reply: Reply | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.reply = reply


def secret(file: str) -> str:
    """Read a password out of a file beside the keys. Raises CameToNothing."""
    try:
        data = (Path(settings.CARDCASE.keys) / file).read_bytes()
        if len(data) > LARGEST_SECRET:
            raise CameToNothing("no_secret")
        return data.decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CameToNothing("no_secret") from error


def call(
    method: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow_private: bool,
    limit: int = LARGEST_REPLY,
) -> Reply:
    """Ask once; an answer larger than ``limit`` is none. Raises CameToNothing."""
    try:
        reply = egress.ask(
            method, url, body, {**headers, "User-Agent": "Cardcase"}, allow_private=allow_private, limit=limit + 1
        )
    except NotReached as stopped:
        raise CameToNothing(stopped.why) from None
    if len(reply.body) > limit:
        raise CameToNothing("too_large", Reply(reply.status, reply.body[:limit], reply.headers))
    return reply


def ask_time(authority: Authority, request: bytes) -> Reply:
    """Send a time-stamp request (RFC 3161 §3.4) and return the 200 answer. Raises CameToNothing."""
    headers = {"Content-Type": QUERY_TYPE, "Accept": "application/timestamp-reply"}
    if authority.user:
        pair = f"{authority.user}:{secret(authority.password_file) if authority.password_file else ''}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    reply = call("POST", url_of(authority), request, headers, allow_private=authority.private)
    if reply.status != HTTPStatus.OK:
        raise CameToNothing("http_status", reply)
    return reply


def fetch_list(url: str, *, allow_private: bool) -> bytes:
    """Fetch a list of revocations. Raises CameToNothing."""
    reply = call("GET", url, b"", {}, allow_private=allow_private, limit=LARGEST_LIST)
    if reply.status != HTTPStatus.OK:
        raise CameToNothing("http_status", reply)
    return reply.body


def add_checkpoint(url: str, body: bytes, *, allow_private: bool) -> Reply:
    """Hand a checkpoint to a witness and return its answer, whatever its status. Raises CameToNothing."""
    address = url.rstrip("/") + "/add-checkpoint"
    return call("POST", address, body, {"Content-Type": "text/plain; charset=utf-8"}, allow_private=allow_private)
