"""The only way out: resolve a name, refuse private addresses, connect to what was checked, read a little, never follow.

A name is resolved once and the connection goes to the address that was looked at, so that a second answer of the name
server changes nothing. Redirects are answers, not orders. Proxies of the environment are not used.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 8.0
TOTAL_SECONDS: Final = 20.0
"""After this a connection is cut, however slowly the other side drips."""

_LEAST_LEFT: Final = 0.05
"""Seconds that an exchange gets at least, once it is connected: a timeout of zero would mean none."""

LARGEST_ANSWER: Final = 64 * 1024
MOST_ADDRESSES: Final = 3

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotReached(OSError):  # noqa: N818 - it is a result on its way up, as often as an error
    """A connection that was not made, or ended without an answer. Its text names nobody.

    ``why`` is one of name_unknown, not_reached, broken (try again later); address_private, address_bad, tls_failed
    (of no use to try again); ``has_left`` tells whether bytes that matter may have reached the other side.
    """

    def __init__(self, why: str, *, is_refused: bool = False, has_left: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.is_refused = is_refused
        self.has_left = has_left


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other side answered, cut at the size that was asked for."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def is_public(address: str) -> bool:
    """Tell whether an IP address lies in the open internet, also when an IPv4 one hides in an IPv6 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(one.is_global and not one.is_multicast and not one.is_reserved for one in _inside(found))


def dial(host: str, port: int, *, allow_private: bool, seconds: float | None = None) -> socket.socket:
    """Connect to a host, within some seconds if told. Raises NotReached: unknown, private or not reached."""
    ends = None if seconds is None else time.monotonic() + seconds
    answers = _resolved(host, port, seconds)
    addresses = list(dict.fromkeys((answer[0], answer[4]) for answer in answers))
    # One private answer among public ones is reason enough: who mixes them means no good.
    if not allow_private and not all(is_public(str(address[0])) for _family, address in addresses):
        raise NotReached("address_private", is_refused=True)
    for family, address in addresses[:MOST_ADDRESSES]:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(CONNECT_SECONDS if ends is None else _left(ends))
            connection.connect(address)
        except OSError:
            connection.close()
            continue
        connection.settimeout(ANSWER_SECONDS if ends is None else _left(ends))
        return connection
    raise NotReached("not_reached")


def _left(ends: float) -> float:
    """Return the seconds until a moment of the monotonic clock. Raises NotReached when there are none."""
    left = ends - time.monotonic()
    if left <= 0:
        raise NotReached("not_reached")
    return min(left, CONNECT_SECONDS)


def _resolved(host: str, port: int, seconds: float | None) -> list[Any]:
    """Return the addresses of a name. Raises NotReached.

    The system's resolver knows no limit of time. Where there is one, a thread of its own asks, and is left behind.
    """
    found: list[Any] = []

    def look() -> None:
        with suppress(OSError, UnicodeError):
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    if seconds is None:
        look()
    else:
        asking = threading.Thread(target=look, daemon=True)
        asking.start()
        asking.join(seconds)
    if not found:
        raise NotReached("name_unknown")
    return list(found)


def secured(connection: socket.socket, host: str) -> ssl.SSLSocket:
    """Begin TLS. Raises NotReached when the certificate is not to be trusted."""
    try:
        return ssl.create_default_context().wrap_socket(connection, server_hostname=host)
    except ssl.SSLCertVerificationError:
        connection.close()
        raise NotReached("tls_failed", is_refused=True) from None
    except OSError:
        connection.close()
        raise NotReached("not_reached") from None


def cut_later(connection: socket.socket, seconds: float = TOTAL_SECONDS) -> threading.Timer:
    """Cut a connection that lasts too long: the other side may drip a byte at a time for ever. Cancel when done."""

    def cut() -> None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    return timer


class _Connection(http.client.HTTPConnection):
    """A connection that goes through ``dial``."""

    def __init__(
        self, host: str, port: int, *, is_secure: bool, allow_private: bool, seconds: float | None = None
    ) -> None:
        super().__init__(host, port)
        self._is_secure, self._allow_private, self._seconds = is_secure, allow_private, seconds

    def connect(self) -> None:
        """Connect to a checked address."""
        connection = dial(self.host, self.port, allow_private=self._allow_private, seconds=self._seconds)
        self.sock = secured(connection, self.host) if self._is_secure else connection


def ask(
    method: str,
    url: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    allow_private: bool = False,
    limit: int = LARGEST_ANSWER,
    seconds: float | None = None,
    leaving: Callable[[], None] = lambda: None,
) -> Reply:
    """Send one request and return the answer, whatever its status, its body cut at ``limit`` bytes.

    ``seconds``: how long the whole exchange may last, looking the name up included; else the usual limits.
    ``leaving`` is called right before the first byte that matters goes out. Raises NotReached.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotReached("address_bad", is_refused=True) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise NotReached("address_bad", is_refused=True)
    is_secure = parts.scheme == "https"
    port = port or (443 if is_secure else 80)
    ends = None if seconds is None else time.monotonic() + seconds
    connection = _Connection(parts.hostname, port, is_secure=is_secure, allow_private=allow_private, seconds=seconds)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    has_left = False
    try:
        connection.connect()
        left = TOTAL_SECONDS if ends is None else max(_LEAST_LEFT, ends - time.monotonic())
        if ends is not None:
            connection.sock.settimeout(left)
        timer = cut_later(connection.sock, left)
        try:
            leaving()
            has_left = True
            connection.request(method, path, body or None, {**(headers or {}), "Connection": "close"})
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, answer.read(limit), told)
        finally:
            timer.cancel()
    except NotReached:
        raise
    except (OSError, http.client.HTTPException, ValueError):
        raise NotReached("broken", has_left=has_left) from None
    finally:
        connection.close()


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
