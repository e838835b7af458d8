"""The only way out: resolve a name, refuse private addresses, connect to what was checked, read a little, never follow.

A name is resolved once and the connection goes to the address that was looked at, so that a second answer of the name
server changes nothing. Redirects are answers, not orders. Proxies of the environment are not used.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cardcase.notices.rules import Outcome, Result

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 8.0
TOTAL_SECONDS: Final = 20.0
"""After this a connection is cut, however slowly the other side drips."""

LARGEST_ANSWER: Final = 64 * 1024
MOST_ADDRESSES: Final = 3

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


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


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other side answered, cut at LARGEST_ANSWER."""

    status: int
    body: bytes


def is_public(address: str) -> bool:
    """Tell whether an IP address lies in the open internet, also when an IPv4 one hides in an IPv6 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in _inside(found))


def dial(trip: Trip, host: str, port: int) -> socket.socket:
    """Connect to a host. Raises NotSent: unknown, private or not reached."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotSent(trip.end(Result(Outcome.AWAY, "name_unknown"))) from None
    addresses = list(dict.fromkeys((answer[0], answer[4]) for answer in answers))
    # One private answer among public ones is reason enough: who mixes them means no good.
    if not trip.allow_private and not all(is_public(str(address[0])) for _family, address in addresses):
        raise NotSent(trip.end(Result(Outcome.REFUSED, "address_private")))
    for family, address in addresses[:MOST_ADDRESSES]:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(CONNECT_SECONDS)
            connection.connect(address)
        except OSError:
            connection.close()
            continue
        connection.settimeout(ANSWER_SECONDS)
        return connection
    raise NotSent(trip.end(Result(Outcome.AWAY, "not_reached")))


def secured(trip: Trip, connection: socket.socket, host: str) -> ssl.SSLSocket:
    """Begin TLS. Raises NotSent when the certificate is not to be trusted."""
    try:
        return ssl.create_default_context().wrap_socket(connection, server_hostname=host)
    except ssl.SSLCertVerificationError:
        connection.close()
        raise NotSent(trip.end(Result(Outcome.REFUSED, "tls_failed"))) from None
    except OSError:
        connection.close()
        raise NotSent(trip.end(Result(Outcome.AWAY, "not_reached"))) from None


def cut_later(connection: socket.socket) -> threading.Timer:
    """Cut a connection that lasts too long: the other side may drip a byte at a time for ever. Cancel when done."""

    def cut() -> None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(TOTAL_SECONDS, cut)
    timer.daemon = True
    timer.start()
    return timer


class _Connection(http.client.HTTPConnection):
    """A connection that goes through ``dial``."""

    def __init__(self, trip: Trip, host: str, port: int, *, is_secure: bool) -> None:
        super().__init__(host, port)
        self._trip, self._is_secure = trip, is_secure

    def connect(self) -> None:
        """Connect to a checked address."""
        connection = dial(self._trip, self.host, self.port)
        self.sock = secured(self._trip, connection, self.host) if self._is_secure else connection


def post(trip: Trip, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Send a POST and return the answer, whatever its status. Raises NotSent."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise NotSent(trip.end(Result(Outcome.REFUSED, "address_bad")))
    is_secure = parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    connection = _Connection(trip, parts.hostname, port, is_secure=is_secure)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.connect()
        limit = cut_later(connection.sock)
        try:
            trip.has_left = True
            connection.request("POST", path, body, {**headers, "Connection": "close"})
            answer = connection.getresponse()
            return Reply(answer.status, answer.read(LARGEST_ANSWER))
        finally:
            limit.cancel()
    except NotSent:
        raise
    except (OSError, http.client.HTTPException, ValueError):
        raise NotSent(trip.end(broken(trip))) from None
    finally:
        connection.close()


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


def _inside(address: IpAddress) -> list[IpAddress]:
    """Return an address and those that it carries inside."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]  # the wrapping itself is not global
    carried: list[IpAddress] = [address]
    if address.sixtofour is not None:
        carried.append(address.sixtofour)
    if address.teredo is not None:
        carried.extend(address.teredo)
    if address in _NAT64:
        carried.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return carried
