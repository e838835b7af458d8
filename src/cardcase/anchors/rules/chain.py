"""Whether a certificate for time-stamping leads to a pinned root, as it stood at one moment (RFC 5280 §6, bounded).

Only what decides about such certificates: names, signatures, moments, who may issue and how deep, extensions that must
be understood. Lists of revocations are looked at by ``stamp``. Constraints on names are not followed: an issuer that
has them is refused. Depth and signatures are bounded, whatever certificates a stranger sends along.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from . import der
from .der import Element
from .signing import MOST_RSA_BITS

MOST_DEEP: Final = 8
"""Certificates from the signer to the root, both counted."""
MOST_TRIES: Final = 48
"""Pairs of a certificate and a possible issuer that are looked at for one token."""
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        # No policy of certificates is asked for, so that none of these can refuse one (RFC 5280 §6.1.1 d to f).
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.INHIBIT_ANY_POLICY,
    }
)
_Kind = TypeVar("_Kind", bound=x509.ExtensionType)


class Broken(ValueError):  # noqa: N818 - named after what is wrong
    """No way leads from the certificate to a root."""


def lead(
    signer: x509.Certificate, others: Iterable[x509.Certificate], roots: Sequence[x509.Certificate], at: datetime
) -> list[x509.Certificate]:
    """Return the certificates from the signer to one of the roots, both included. Raises Broken.

    ``others`` are the certificates that came along and prove nothing. A root is a certificate of its own issue.
    """
    found = None
    if _may_stamp(signer):
        pinned = [one for one in roots if one.subject == one.issuer]
        found = _Search(pinned, [one for one in others if one not in pinned], at).way([signer])
    if found is None:
        raise Broken("no way to a root")
    return found


class _Search:
    """Looks for a way upwards, root first, and turns back where one ends."""

    def __init__(self, roots: list[x509.Certificate], others: list[x509.Certificate], at: datetime) -> None:
        self._roots = frozenset(roots)
        self._named: dict[x509.Name, list[x509.Certificate]] = {}
        for one in (*roots, *others):
            self._named.setdefault(one.subject, []).append(one)
        self._at = at
        self._left = MOST_TRIES

    def way(self, below: list[x509.Certificate]) -> list[x509.Certificate] | None:
        last = below[-1]
        if not is_valid_at(last, self._at) or not _is_understood(last):
            return None
        if last in self._roots:
            return below
        for maker in self._named.get(last.issuer, ()):
            if len(below) == MOST_DEEP or self._left == 0:
                return None
            self._left -= 1
            found = self.way([*below, maker]) if maker not in below and self._issued(last, maker, below) else None
            if found is not None:
                return found
        return None

    def _issued(self, last: x509.Certificate, maker: x509.Certificate, below: list[x509.Certificate]) -> bool:
        depth = sum(one.subject != one.issuer for one in below[1:])
        is_fit = _may_issue(maker, depth, is_root=maker in self._roots) and _fits(last, maker)
        return is_fit and is_signed_by(last, maker)


def is_valid_at(one: x509.Certificate, at: datetime) -> bool:
    """Tell whether a moment lies within a certificate's validity. The last second counts as over, as OpenSSL has it."""
    return one.not_valid_before_utc <= at < one.not_valid_after_utc


def _is_understood(one: x509.Certificate) -> bool:
    try:
        return all(not told.critical or told.oid in _UNDERSTOOD for told in one.extensions)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False


def _find(one: x509.Certificate, kind: type[_Kind]) -> _Kind | None:
    try:
        return one.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _may_stamp(signer: x509.Certificate) -> bool:
    """Tell whether the key may sign: by its usage nothing but signatures, as RFC 3161 §2.3 and OpenSSL demand."""
    if not _is_understood(signer):
        return False
    usage = _find(signer, x509.KeyUsage)
    if usage is None:
        return True
    others = usage.key_encipherment, usage.data_encipherment, usage.key_agreement, usage.key_cert_sign, usage.crl_sign
    return (usage.digital_signature or usage.content_commitment) and not any(others)


def _may_issue(maker: x509.Certificate, depth: int, *, is_root: bool) -> bool:
    """Tell whether a certificate is one of an authority that may stand this many authorities above the signer's."""
    if not _is_understood(maker):
        return False
    constraints, usage = _find(maker, x509.BasicConstraints), _find(maker, x509.KeyUsage)
    extended = _find(maker, x509.ExtendedKeyUsage)
    fitting = {ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if (usage is not None and not usage.key_cert_sign) or (extended is not None and not fitting & set(extended)):
        return False
    if _find(maker, x509.NameConstraints) is not None:
        return False
    if constraints is None:
        return is_root and (maker.version is x509.Version.v1 or usage is not None)  # a root of before RFC 3280
    return constraints.ca and (constraints.path_length is None or depth <= constraints.path_length)


def _fits(last: x509.Certificate, maker: x509.Certificate) -> bool:
    """Tell whether the ids of keys agree, where both are told."""
    wanted, has = _find(last, x509.AuthorityKeyIdentifier), _find(maker, x509.SubjectKeyIdentifier)
    if wanted is None:
        return True
    if wanted.authority_cert_serial_number not in (None, maker.serial_number):
        return False
    return has is None or wanted.key_identifier in (None, has.digest)


def _is_whole(one: x509.Certificate) -> bool:
    """Tell whether the signature under a certificate is whole bytes: a bit left unused would be a second spelling."""
    signature = Element.whole(one.public_bytes(Encoding.DER), der.SEQUENCE).parts()[-1]
    return signature.of(der.BITS).content[:1] == b"\0"


@lru_cache(maxsize=1024)
def is_signed_by(one: x509.Certificate, maker: x509.Certificate) -> bool:
    """Tell whether a certificate was signed by the key of another, with a hash that still counts."""
    try:
        key = maker.public_key()
        if isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
            counts = True
        elif isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)):
            counts = isinstance(one.signature_hash_algorithm, _HASHES) and key.key_size <= MOST_RSA_BITS
        else:
            counts = False
        if counts:
            one.verify_directly_issued_by(maker)
            counts = _is_whole(one)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return counts
