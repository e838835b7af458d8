"""How a notice goes out: through ``connectors.egress``, the only way out, with what came of it said as a result."""

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from cardcase.connectors import egress
from cardcase.connectors.egress import Reply, cut_later
from cardcase.notices.rules import Outcome, Result

__all__ = ["NotSent", "Reply", "Trip", "broken", "cut_later", "dial", "judge", "post", "secured"]


class NotSent(OSError):  # noqa: N818 - it is a result on its way up, as often as an error
    """A connection that was not made, or ended without success; carries the result. Its text names nobody."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.why)
        self.result = result


@dataclass(slots=True)
class Trip:
    """One attempt. ``has_left`` once bytes that matter may have reached the other side."""

    allow_private: bool
    has_left: bool = False
    result: Result | None = None

    def end(self, result: Result) -> Result:
        """Remember how it ended; the first end counts."""
        self.result = self.result or result
        return self.result

    def leave(self) -> None:
        """Note that from now on bytes may arrive."""
        self.has_left = True


@contextmanager
def _told(trip: Trip) -> Iterator[None]:
    try:
        yield
    except egress.NotReached as stopped:
        if stopped.why == "broken":
            raise NotSent(trip.end(broken(trip))) from None
        outcome = Outcome.REFUSED if stopped.is_refused else Outcome.AWAY
        raise NotSent(trip.end(Result(outcome, stopped.why))) from None


def dial(trip: Trip, host: str, port: int) -> socket.socket:
    """Connect to a host. Raises NotSent: unknown, private or not reached."""
    with _told(trip):
        return egress.dial(host, port, allow_private=trip.allow_private)


def secured(trip: Trip, connection: socket.socket, host: str) -> ssl.SSLSocket:
    """Begin TLS. Raises NotSent when the certificate is not to be trusted."""
    with _told(trip):
        return egress.secured(connection, host)


def post(trip: Trip, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Send a POST and return the answer, whatever its status. Raises NotSent."""
    with _told(trip):
        return egress.ask("POST", url, body, headers, allow_private=trip.allow_private, leaving=trip.leave)


def judge(reply: Reply) -> Result:
    """Read success or failure from an answer's status, and from the number that Chinese robots put into its body."""
    if reply.status == http.HTTPStatus.TOO_MANY_REQUESTS:
        return Result(Outcome.AWAY, "too_often", reply.status)
    if reply.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        return Result(Outcome.AWAY, "server_broken", reply.status)
    if reply.status >= http.HTTPStatus.MULTIPLE_CHOICES:
        is_redirect = reply.status < http.HTTPStatus.BAD_REQUEST
        return Result(Outcome.REFUSED, "redirected" if is_redirect else "http_status", reply.status)
    return Result(Outcome.SENT)


def broken(trip: Trip) -> Result:
    """Say how an attempt ended that broke off: before the hand-over nothing was sent, after it nobody knows."""
    return Result(Outcome.UNCLEAR, "no_answer") if trip.has_left else Result(Outcome.AWAY, "broken")
