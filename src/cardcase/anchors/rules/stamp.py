"""Time-stamps after RFC 3161: the question, the reply, and whether the reply holds, at the moment it names itself.

A reply is checked against the question that was sent: status, imprint, nonce and policy, the one extended key usage
that a time-stamping certificate has, the signature, and the chain to a pinned root as it stood at genTime (custody.md
§2: never as it stands today). Roots come from the caller, never from the reply. Pure: no network, no clock.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from cardcase.kit.text import Text

from . import der

MAX_REPLY_BYTES: Final = 64 * 1024
GRANTED: Final = 0
_HASHES: Final = {
    x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1"): "sha256",
    x509.ObjectIdentifier("2.16.840.1.101.3.4.2.2"): "sha384",
    x509.ObjectIdentifier("2.16.840.1.101.3.4.2.3"): "sha512",
}
_CHINESE: Final = "1.2.156.10197.1."
"""Arc of the Chinese commercial algorithms (GM/T 0006): SM2, SM3 and their signatures stand under it."""

_KEEPS_OLD_TOKENS: Final = frozenset(
    {
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
    }
)
"""Reasons of a revocation that leave tokens from before it valid (RFC 3161 §4.1); any other, or none, does not."""


class Fault(StrEnum):
    """Why a reply does not count."""

    UNREADABLE = "stamp_unreadable"
    REJECTED = "stamp_rejected"
    IMPRINT = "stamp_of_other_bytes"
    NONCE = "stamp_nonce_differs"
    POLICY = "stamp_policy_differs"
    USAGE = "stamp_key_usage"
    EXPIRED = "stamp_certificate_expired"
    REVOKED = "stamp_certificate_revoked"
    CHAIN = "stamp_chain_untrusted"
    NO_ROOTS = "stamp_no_roots"
    UNVERIFIABLE = "stamp_not_verified"


FAULT_TEXTS: Final = {
    Fault.UNREADABLE: Text("答复不是可以读的时间戳", "The reply is no time-stamp that can be read"),
    Fault.REJECTED: Text("时间戳机构没有给出时间戳", "The authority did not grant a time-stamp"),
    Fault.IMPRINT: Text("时间戳盖的是别的内容", "The time-stamp is of other bytes"),
    Fault.NONCE: Text("答复对应的不是我们发出的请求", "The reply does not answer the request that was sent"),
    Fault.POLICY: Text("时间戳用的是另一种策略", "The time-stamp was made under another policy"),
    Fault.USAGE: Text("签名证书不是专用于时间戳的", "The signing certificate is not one for time-stamps alone"),
    Fault.EXPIRED: Text(
        "盖时间戳时签名证书不在有效期内", "The signing certificate was not valid at the time of the stamp"
    ),
    Fault.REVOKED: Text("签名证书已被吊销", "The signing certificate was revoked"),
    Fault.CHAIN: Text(
        "签名不成立，或证书不出自指定的根证书",
        "The signature does not hold, or its certificate does not lead to a pinned root",
    ),
    Fault.NO_ROOTS: Text("没有指定这家机构的根证书，未核验", "No root is pinned for this authority; not verified"),
    Fault.UNVERIFIABLE: Text(
        "用国密算法（SM2/SM3）签的，本软件不能核验；原样保留",
        "Signed with Chinese commercial algorithms (SM2/SM3), which cannot be verified here; kept as it came",
    ),
}


class BadStamp(ValueError):  # noqa: N818 - named like every refusal here, after what is wrong
    """A reply that does not count; ``fault`` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault

    @property
    def text(self) -> Text:
        """The reason as a sentence."""
        return FAULT_TEXTS[self.fault]


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


@dataclass(frozen=True, slots=True)
class Token:
    """What a granted reply says, before anything of it is believed."""

    raw: bytes
    gen_time: datetime
    accuracy: timedelta
    serial: int
    policy: str
    nonce: int | None
    imprint_algorithm: str
    imprint: bytes
    certificates: tuple[bytes, ...]
    algorithms: tuple[str, ...]
    parsed: TimeStampResponse

    @property
    def sha256(self) -> str:
        """SHA-256 in hex of the reply as it came: what ``sha256sum`` says of the .tsr file."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def is_chinese(self) -> bool:
        """Tell whether algorithms are used that cannot be checked here."""
        return any(one.startswith(_CHINESE) for one in (self.imprint_algorithm, *self.algorithms))


def read(raw: bytes) -> Token:
    """Read a reply. Raises BadStamp when it is none or nothing was granted."""
    if len(raw) > MAX_REPLY_BYTES:
        raise BadStamp(Fault.UNREADABLE)
    parsed = _parse(raw)
    if parsed.status != GRANTED:
        raise BadStamp(Fault.REJECTED)
    try:
        told, signed = parsed.tst_info, parsed.signed_data
        certificates = tuple(sorted(signed.certificates))
        algorithms = {one.dotted_string for one in signed.digest_algorithms}
        algorithms |= {
            x509.load_der_x509_certificate(one).signature_algorithm_oid.dotted_string for one in certificates
        }
        imprint = told.message_imprint
        return Token(
            raw=raw,
            gen_time=_utc(told.gen_time),
            accuracy=_accuracy(told.accuracy),
            serial=told.serial_number,
            policy=told.policy.dotted_string,
            nonce=told.nonce,
            imprint_algorithm=_HASHES.get(imprint.hash_algorithm, imprint.hash_algorithm.dotted_string),
            imprint=bytes(imprint.message),
            certificates=certificates,
            algorithms=tuple(sorted(algorithms)),
            parsed=parsed,
        )
    except Exception as error:  # a parser of other people's bytes may raise anything
        raise BadStamp(Fault.UNREADABLE) from error


def _parse(raw: bytes) -> TimeStampResponse:
    for prepare in (bytes, der.with_sorted_certificates):
        try:
            parsed: TimeStampResponse = decode_timestamp_response(prepare(raw))
        except Exception:  # noqa: BLE001, S112 - as above; the second form is tried, then it is unreadable
            continue
        return parsed
    raise BadStamp(Fault.UNREADABLE)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _accuracy(told: object) -> timedelta:
    """Return the accuracy that a token states; none stated counts as none (RFC 3161 §2.4.2 leaves it open)."""
    seconds, millis, micros = (getattr(told, name, None) or 0 for name in ("seconds", "millis", "micros"))
    return timedelta(seconds=seconds, milliseconds=millis, microseconds=micros)


@dataclass(frozen=True, slots=True)
class Checked:
    """A token that holds: what it says, who signed it, until when that certificate lives, and what is known of it."""

    token: Token
    signer: x509.Certificate
    is_revocation_known: bool

    @property
    def ends_at(self) -> datetime:
        """Moment at which the signing certificate ends; before it the token is to be stamped anew."""
        return self.signer.not_valid_after_utc

    @property
    def signer_name(self) -> str:
        """Name of the signing certificate."""
        return self.signer.subject.rfc4514_string()


def check(
    token: Token,
    message: bytes,
    roots: Sequence[x509.Certificate],
    *,
    nonce: int | None = None,
    policy: str = "",
    revoked: Sequence[x509.CertificateRevocationList] = (),
) -> Checked:
    """Check a token over ``message`` against pinned roots, at its own genTime. Raises BadStamp.

    ``nonce`` is that of the request; None where the request is not known, as in a pack. ``policy`` is the OID that the
    authority must state, empty for any. ``revoked`` are lists of revocations; those of other issuers are left aside.
    """
    _check_answer(token, message, nonce, policy)
    if token.is_chinese:
        raise BadStamp(Fault.UNVERIFIABLE)
    if not roots:
        raise BadStamp(Fault.NO_ROOTS)
    try:
        return _check_signature(token, roots, nonce, revoked)
    except BadStamp:
        raise
    except Exception as error:  # parts of a certificate are parsed when asked for, and may be anything
        raise BadStamp(Fault.CHAIN) from error


def _check_signature(
    token: Token,
    roots: Sequence[x509.Certificate],
    nonce: int | None,
    revoked: Sequence[x509.CertificateRevocationList],
) -> Checked:
    signer = _signer(token)
    _check_usage(signer)
    if not signer.not_valid_before_utc <= token.gen_time <= signer.not_valid_after_utc:
        raise BadStamp(Fault.EXPIRED)
    builder = VerifierBuilder(roots=list(roots), nonce=nonce)
    try:
        builder.build().verify(token.parsed, token.imprint)
    except VerificationError as error:
        raise BadStamp(Fault.CHAIN) from error
    chain = [x509.load_der_x509_certificate(one) for one in token.certificates]
    return Checked(token, signer, _check_revocation(token, chain, roots, revoked, signer))


def _check_answer(token: Token, message: bytes, nonce: int | None, policy: str) -> None:
    if not token.imprint_algorithm.startswith("sha"):
        raise BadStamp(Fault.UNVERIFIABLE if token.is_chinese else Fault.IMPRINT)
    if hashlib.new(token.imprint_algorithm, message).digest() != token.imprint:
        raise BadStamp(Fault.IMPRINT)
    if nonce is not None and token.nonce != nonce:
        raise BadStamp(Fault.NONCE)
    if policy and token.policy != policy:
        raise BadStamp(Fault.POLICY)


def _signer(token: Token) -> x509.Certificate:
    infos = list(token.parsed.signed_data.signer_infos)
    if len(infos) != 1:
        raise BadStamp(Fault.CHAIN)
    for one in map(x509.load_der_x509_certificate, token.certificates):
        if (one.issuer, one.serial_number) == (infos[0].issuer, infos[0].serial_number):
            return one
    raise BadStamp(Fault.CHAIN)


def _check_usage(signer: x509.Certificate) -> None:
    """Demand the extended key usage of RFC 3161 §2.3: critical, and time-stamping alone."""
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, ValueError) as error:
        raise BadStamp(Fault.USAGE) from error
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise BadStamp(Fault.USAGE)


def _check_revocation(
    token: Token,
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    revoked: Sequence[x509.CertificateRevocationList],
    signer: x509.Certificate,
) -> bool:
    """Look for the chain's certificates in the lists; tell whether a list of the signer's issuer was there."""
    is_known = False
    for one in chain:
        issuers = [maker for maker in (*chain, *roots) if maker.subject == one.issuer]
        for listed in revoked:
            if listed.issuer != one.issuer or not any(_signed_by(listed, maker) for maker in issuers):
                continue
            is_known = is_known or one == signer
            found = listed.get_revoked_certificate_by_serial_number(one.serial_number)
            if found is not None and not _is_older(token.gen_time, found):
                raise BadStamp(Fault.REVOKED)
    return is_known


def _signed_by(listed: x509.CertificateRevocationList, maker: x509.Certificate) -> bool:
    try:
        return listed.is_signature_valid(maker.public_key())  # type: ignore[arg-type]  # other kinds of key raise
    except (TypeError, UnsupportedAlgorithm, InvalidSignature, ValueError):
        return False


def _is_older(gen_time: datetime, found: x509.RevokedCertificate) -> bool:
    """Tell whether a token was made before a revocation that leaves such tokens valid (RFC 3161 §4.1)."""
    try:
        reason = found.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return False
    return reason in _KEEPS_OLD_TOKENS and gen_time < found.revocation_date_utc


def read_roots(pems: Iterable[bytes]) -> list[x509.Certificate]:
    """Read certificates out of PEM texts, each once. Raises ValueError for a text without one."""
    found: dict[bytes, x509.Certificate] = {}
    for pem in pems:
        for one in x509.load_pem_x509_certificates(pem):
            found[one.public_bytes(Encoding.DER)] = one
    return list(found.values())


def read_revocations(data: bytes) -> x509.CertificateRevocationList:
    """Read a list of revocations, PEM or DER. Raises ValueError."""
    if data.lstrip().startswith(b"-----BEGIN"):
        return x509.load_pem_x509_crl(data)
    return x509.load_der_x509_crl(data)


def pem_of(token: Token) -> bytes:
    """Write the certificates of a token as PEM, so that ``openssl ts -verify -untrusted`` finds them."""
    return b"".join(x509.load_der_x509_certificate(one).public_bytes(Encoding.PEM) for one in token.certificates)


def archive_message(note: bytes, reply: bytes) -> bytes:
    """Return what a renewal is over: the note, then the reply over it, byte after byte (``cat NOTE TSR`` makes it)."""
    return note + reply
