"""Checking a mail's DKIM signature (RFC 6376) with the key that its sender's domain publishes, while it still does.

A signature that holds says: a server of that domain sent these header lines and this body. It says nothing about
whether what they tell is true. Keys are taken down after months, so the key is kept with the result.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import dkim as library
import dns.exception
import dns.resolver

from cardcase.kit.text import Text

Lookup = Callable[[str], bytes | None]
"""Returns the TXT record of a name, None when there is none. Raises KeyAway when nobody answers."""

LOOKUP_SECONDS: Final = 8.0
MOST_SIGNATURES: Final = 5
"""Signatures of one mail that are looked at, as RFC 6376 §8.15 lets a verifier limit them."""


class KeyAway(Exception):  # noqa: N818 - named after what is the case
    """Nobody answered the question for the key. Asking again later may help."""


class Signed(StrEnum):
    """How a mail's signature stands. The order is the one in which the best of several is chosen."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    NO_KEY = "no_key"
    UNREADABLE = "unreadable"
    UNSIGNED = "unsigned"
    PENDING = "pending"


TITLES: Final = {
    Signed.PASSED: Text(
        "DKIM 签名有效：确由该域名的邮件服务器发出，未改动", "DKIM holds: sent by that domain, unchanged"
    ),
    Signed.PARTIAL: Text(
        "DKIM 签名有效，但只签了正文的一部分，或签名方不是发件人的域名",
        "DKIM holds, but covers only part of the body, or another domain than the sender's signed",
    ),
    Signed.FAILED: Text(
        "DKIM 签名对不上：邮件在发出之后被改过，或签名是假的",
        "DKIM does not hold: the mail was changed after it was sent, or the signature is forged",
    ),
    Signed.NO_KEY: Text("签名的公钥已经不在，无法核对", "The key of the signature is no longer published; not checked"),
    Signed.UNREADABLE: Text("签名的方法本系统不认识，没有核对", "The kind of signature is not known here; not checked"),
    Signed.UNSIGNED: Text(
        "邮件没有 DKIM 签名，无法核对来源", "The mail has no DKIM signature; its origin is unchecked"
    ),
    Signed.PENDING: Text("还没有核对 DKIM 签名", "The DKIM signature is not checked yet"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one look found: the best signature's state, who signed, and the key record that it was checked with."""

    state: Signed
    domain: str = ""
    selector: str = ""
    key: bytes = b""


def check(raw: bytes, sender_domain: str, *, lookup: Lookup) -> Outcome:
    """Check the signatures of a mail and return the best. Raises KeyAway when a key could not be asked for.

    ``sender_domain`` is that of the visible sender: a signature of a stranger's domain is PARTIAL at most.
    """
    found = [_one(raw, number, sender_domain, lookup) for number in range(min(_signatures(raw), MOST_SIGNATURES))]
    if not found:
        return Outcome(Signed.UNSIGNED)
    order = list(Signed)
    return min(found, key=lambda one: order.index(one.state))


def _signatures(raw: bytes) -> int:
    try:
        headers, _ = library.rfc822_parse(raw)
    except library.MessageFormatError:
        return 0
    return sum(name.lower() == b"dkim-signature" for name, _ in headers)


def _one(raw: bytes, number: int, sender_domain: str, lookup: Lookup) -> Outcome:
    asked: list[bytes] = []

    def answer(name: bytes | str, timeout: float = LOOKUP_SECONDS) -> bytes | None:
        del timeout
        key = lookup((name.decode("ascii", "replace") if isinstance(name, bytes) else name).rstrip("."))
        asked.append(key or b"")
        return key

    # The library speaks of every doubt on its own log, header values among them: they are the buyer's.
    signer = library.DKIM(raw, logger=_silent(), minkey=1024)
    try:
        holds = bool(signer.verify(number, dnsfunc=answer))
    except library.NaClNotFoundError:  # Ed25519, which senders use beside RSA (RFC 8463 §3)
        return Outcome(Signed.UNREADABLE)
    except library.DKIMException:
        holds = False
    fields = _fields(signer)
    domain, selector = fields.get(b"d", b"").decode("ascii", "replace").lower(), fields.get(b"s", b"").decode()
    key = asked[-1] if asked else b""
    if not holds and asked and not key:
        return Outcome(Signed.NO_KEY, domain, selector)
    if not holds:
        return Outcome(Signed.FAILED, domain, selector, key)
    is_whole = b"l" not in fields and _is_of(sender_domain, domain)
    return Outcome(Signed.PASSED if is_whole else Signed.PARTIAL, domain, selector, key)


def _fields(signer: library.DKIM) -> dict[bytes, bytes]:
    found = getattr(signer, "signature_fields", None)
    return dict(found) if found else {}


def _is_of(sender: str, signer: str) -> bool:
    """Tell whether a signing domain speaks for a sender's: the same, or the one is part of the other."""
    return bool(signer) and (sender == signer or sender.endswith("." + signer) or signer.endswith("." + sender))


def _silent() -> logging.Logger:
    logger = logging.getLogger("cardcase.dkim.silent")
    logger.disabled = True
    return logger


def published(name: str) -> bytes | None:
    """Ask the domain name system for a key. Raises KeyAway when there is no answer."""
    try:
        answers = dns.resolver.resolve(name, "TXT", lifetime=LOOKUP_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return None
    except (dns.exception.DNSException, OSError) as error:
        raise KeyAway(name) from error
    for row in answers:
        return b"".join(row.strings)
    return None
