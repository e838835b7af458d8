"""``rfc3161_client``, the one library for RFC 3161: it writes our questions, and is the second opinion on replies.

The only module that needs it, so that the verifier that is one file can leave it out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerifierBuilder,
    decode_timestamp_response,
)

from . import der, signing

if TYPE_CHECKING:
    from .stamp import Token


@dataclass(frozen=True, slots=True)
class Question:
    """A request as it is sent: its DER bytes and the nonce that the reply must carry."""

    request: bytes
    nonce: int


def ask(message: bytes, *, is_strong: bool = False) -> Question:
    """Make a request over the SHA-256 of ``message`` (SHA-512 when ``is_strong``), with a nonce and certificates."""
    kind = HashAlgorithm.SHA512 if is_strong else HashAlgorithm.SHA256
    made = TimestampRequestBuilder(data=message, hash_algorithm=kind, nonce=True, cert_req=True).build()
    assert made.nonce is not None
    return Question(made.as_bytes(), made.nonce)


def agrees(token: "Token", roots: Sequence[x509.Certificate], nonce: int | None) -> bool:
    """Tell whether the library reads in a reply what we read, and accepts it under these roots, at its genTime.

    RSA-PSS it cannot judge, because OpenSSL's PKCS#7, on which it stands, knows no such signatures: there it is not
    asked.
    """
    if token.told.signers[0].algorithm.oid == signing.PSS:
        return True
    return accepts(token.raw, token.imprint, roots, nonce) and _facts(token.raw) == (
        token.gen_time,
        token.accuracy,
        token.serial,
        token.policy,
        token.nonce,
        token.imprint,
    )


def accepts(raw: bytes, imprint: bytes, roots: Sequence[x509.Certificate], nonce: int | None) -> bool:
    """Tell whether the library, asked alone, accepts a reply over an imprint under these roots."""
    try:
        parsed = decode_timestamp_response(der.with_sorted_certificates(raw))
        VerifierBuilder(roots=list(roots), nonce=nonce).build().verify(parsed, imprint)
    except Exception:  # noqa: BLE001 - VerificationError, or whatever its parsers raise for other people's bytes
        return False
    return True


def _facts(raw: bytes) -> tuple[datetime, timedelta, int, str, int | None, bytes]:
    info = decode_timestamp_response(der.with_sorted_certificates(raw)).tst_info
    seconds, millis, micros = (
        getattr(info.accuracy, name, None) or 0 for name in ("seconds", "millis", "micros")
    )  # what is not stated counts as none
    return (
        info.gen_time.astimezone(UTC),
        timedelta(seconds=seconds, milliseconds=millis, microseconds=micros),
        info.serial_number,
        info.policy.dotted_string,
        info.nonce,
        bytes(info.message_imprint.message),
    )
