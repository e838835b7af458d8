"""Where a request came from, and which addresses count as one visitor."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Network = IPv4Network | IPv6Network
_ONE_LINE: Final = 64
"""Bits of an IPv6 address that name a line; within it anybody may take as many addresses as he likes."""

_MOST_HOPS: Final = 20


def client_address(remote: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Return the address of whoever asks: the peer's, or what a trusted proxy says of it in X-Forwarded-For.

    Read from the right, past the proxies that are trusted, to the first that is not: whatever stands further left was
    written by the visitor himself. A list that cannot be read ends there. Without trusted proxies only the peer counts.
    """
    here = _parsed(remote)
    if here is None or not _is_trusted(here, trusted):
        return str(here) if here else remote
    for hop in reversed(forwarded.split(",")[-_MOST_HOPS:]):
        told = _parsed(hop)
        if told is None:
            break
        here = told
        if not _is_trusted(here, trusted):
            break
    return str(here)


def network_of(address: str) -> str:
    """Return what counts as one visitor: an IPv4 address, or the /64 of an IPv6 one; anything else as it is."""
    here = _parsed(address)
    if isinstance(here, IPv6Address):
        return str(IPv6Network((here, _ONE_LINE), strict=False))
    return str(here) if here else address


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    plain = text.strip()
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        here = ip_address(plain.partition("%")[0])
    except ValueError:
        return None
    return (here.ipv4_mapped or here) if isinstance(here, IPv6Address) else here


def _is_trusted(here: IPv4Address | IPv6Address, trusted: Sequence[Network]) -> bool:
    return any(here.version == network.version and here in network for network in trusted)
