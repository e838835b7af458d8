"""Time-stamps after RFC 3161: the question, the reply, and whether the reply holds, at the moment it names itself.

A reply is checked against the question that was sent: status, imprint, nonce and policy, the one extended key usage
that a time-stamping certificate has, the signature, and the chain to a pinned root as it stood at genTime (custody.md
§2: never as it stands today). Roots come from the caller, never from the reply. Pure: no network, no clock.

All of it is checked by our own rules (``cms``, ``signing``, ``chain``), with nothing but ``cryptography``: so the
verifier that is one file says what the product says. The product asks ``rfc3161_client`` besides (``client``), and
what either of the two does not accept does not count.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from cardcase.kit.text import Text

from . import chain, cms, signing
from .cms import Info
from .der import BadDer

MAX_REPLY_BYTES: Final = 64 * 1024
GRANTED: Final = 0
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
    told: cms.Token

    @property
    def sha256(self) -> str:
        """SHA-256 in hex of the reply as it came: what ``sha256sum`` says of the .tsr file."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def is_chinese(self) -> bool:
        """Tell whether algorithms are used that cannot be checked here."""
        return any(one.startswith(_CHINESE) for one in (self.imprint_algorithm, *self.algorithms))


Second = Callable[[Token, Sequence[x509.Certificate], int | None], bool]
"""A second opinion on a token that holds by our own rules: roots, the nonce if it is known, and whether it holds."""


def _second() -> Second | None:
    """Return the second opinion of the product; the verifier that is one file goes without ``rfc3161_client``."""
    try:
        from . import client
    except ImportError:
        return None
    return client.agrees


SECOND: Final = _second()


def read(raw: bytes) -> Token:
    """Read a reply. Raises BadStamp when it is none or nothing was granted."""
    if len(raw) > MAX_REPLY_BYTES:
        raise BadStamp(Fault.UNREADABLE)
    try:
        status, told = cms.read(raw)
    except BadDer as error:
        raise BadStamp(Fault.UNREADABLE) from error
    if status != GRANTED:
        raise BadStamp(Fault.REJECTED)
    if told is None:
        raise BadStamp(Fault.UNREADABLE)
    try:
        return _token(raw, told, told.info)
    except Exception as error:  # a parser of other people's certificates may raise anything
        raise BadStamp(Fault.UNREADABLE) from error


def _token(raw: bytes, told: cms.Token, info: Info) -> Token:
    certificates = tuple(sorted(set(told.certificates)))
    algorithms = {one.oid for one in told.digests}
    algorithms |= {kind.oid for one in told.signers for kind in (one.digest, one.algorithm)}
    algorithms |= {x509.load_der_x509_certificate(one).signature_algorithm_oid.dotted_string for one in certificates}
    return Token(
        raw=raw,
        gen_time=info.gen_time,
        accuracy=info.accuracy,
        serial=info.serial,
        policy=info.policy,
        nonce=info.nonce,
        imprint_algorithm=signing.HASHES.get(info.imprint_algorithm, info.imprint_algorithm),
        imprint=info.imprint,
        certificates=certificates,
        algorithms=tuple(sorted(algorithms)),
        told=told,
    )


@dataclass(frozen=True, slots=True)
class Checked:
    """A token that holds: what it says, who signed it, to which pinned root that leads, and what is known of it."""

    token: Token
    signer: x509.Certificate
    root: x509.Certificate
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
    second: Second | None = SECOND,
) -> Checked:
    """Check a token over ``message`` against pinned roots, at its own genTime. Raises BadStamp.

    ``nonce`` is that of the request; None where the request is not known, as in a pack. ``policy`` is the OID that the
    authority must state, empty for any. ``revoked`` are lists of revocations; those of other issuers are left aside.
    ``second`` is asked about what holds by our own rules.
    """
    _check_answer(token, message, nonce, policy)
    if token.is_chinese:
        raise BadStamp(Fault.UNVERIFIABLE)
    if not roots:
        raise BadStamp(Fault.NO_ROOTS)
    try:
        return _check_signature(token, roots, nonce, revoked, second)
    except BadStamp:
        raise
    except Exception as error:  # parts of a certificate are parsed when asked for, and may be anything
        raise BadStamp(Fault.CHAIN) from error


def _check_signature(
    token: Token,
    roots: Sequence[x509.Certificate],
    nonce: int | None,
    revoked: Sequence[x509.CertificateRevocationList],
    second: Second | None,
) -> Checked:
    held = [x509.load_der_x509_certificate(one) for one in token.certificates]
    signer = _signer(token, held)
    _check_usage(signer)
    if not chain.is_valid_at(signer, token.gen_time):
        raise BadStamp(Fault.EXPIRED)
    way = chain.lead(signer, held, roots, token.gen_time)
    signing.check(token.told, signer)
    if second is not None and not second(token, way[-1:], nonce):
        raise BadStamp(Fault.CHAIN)
    return Checked(token, signer, way[-1], _check_revocation(token, way, revoked))


def _check_answer(token: Token, message: bytes, nonce: int | None, policy: str) -> None:
    if not token.imprint_algorithm.startswith("sha"):
        raise BadStamp(Fault.UNVERIFIABLE if token.is_chinese else Fault.IMPRINT)
    if hashlib.new(token.imprint_algorithm, message).digest() != token.imprint:
        raise BadStamp(Fault.IMPRINT)
    if nonce is not None and token.nonce != nonce:
        raise BadStamp(Fault.NONCE)
    if policy and token.policy != policy:
        raise BadStamp(Fault.POLICY)


def _signer(token: Token, held: Sequence[x509.Certificate]) -> x509.Certificate:
    signers = token.told.signers
    found = next((one for one in held if len(signers) == 1 and signing.is_named(signers[0], one)), None)
    if found is None:
        raise BadStamp(Fault.CHAIN)
    return found


def _check_usage(signer: x509.Certificate) -> None:
    """Demand the extended key usage of RFC 3161 §2.3: critical, and time-stamping alone."""
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, ValueError) as error:
        raise BadStamp(Fault.USAGE) from error
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise BadStamp(Fault.USAGE)


def _check_revocation(
    token: Token, way: Sequence[x509.Certificate], revoked: Sequence[x509.CertificateRevocationList]
) -> bool:
    """Look in the lists for the certificates that lead to the root; tell whether one is of the signer's issuer.

    What else came along in the token is no part of it: neither as a certificate, nor as an issuer of lists.
    """
    is_known = False
    for one in way:
        issuers = [maker for maker in way if maker.subject == one.issuer]
        for listed in revoked:
            if listed.issuer != one.issuer or not any(_signed_by(listed, maker) for maker in issuers):
                continue
            is_known = is_known or one == way[0]
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
