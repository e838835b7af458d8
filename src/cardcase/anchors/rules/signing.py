"""Whether the signature of a token is that of a certificate: what is signed names the TSTInfo and the certificate.

RFC 5652 §5.4 and §5.6, RFC 5035 and 5816 for the attribute that names the certificate. SHA-2 only, and only the pairs
of algorithms that authorities use.
"""

import hashlib
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from . import cms, der
from .cms import Algorithm, Signer, Token
from .der import Element, reader, tagged

HASHES: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
PSS: Final = "1.2.840.113549.1.1.10"
MOST_RSA_BITS: Final = 8192
"""Longer keys cost a verifier time, and no authority has them."""
_KINDS: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_RSA: Final = {
    "1.2.840.113549.1.1.1": None,  # the hash is the one that the signer names beside
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
_ECDSA: Final = {
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
_MGF1: Final = "1.2.840.113549.1.1.8"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"


class BadSignature(ValueError):  # noqa: N818 - named after what is wrong
    """The signature is not that of this certificate over this content."""


def is_named(signer: Signer, certificate: x509.Certificate) -> bool:
    """Tell whether a certificate is the one that a SignerInfo names: issuer, byte for byte, and serial number."""
    fields = reader(Element.whole(certificate.tbs_certificate_bytes, der.SEQUENCE))
    fields.if_next(tagged(0))
    serial, _algorithm, issuer = fields.next().integer(), fields.next(), fields.next().raw
    return (issuer, serial) == (signer.issuer, signer.serial)


def check(token: Token, certificate: x509.Certificate) -> None:
    """Check the one signer of a token against his certificate. Raises BadSignature."""
    if len(token.signers) != 1:
        raise BadSignature("one signer, and no more")
    (signer,) = token.signers
    hashed = HASHES.get(signer.digest.oid, "")
    announced = [one.oid for one in token.digests]
    if (
        not hashed
        or signer.digest.oid not in announced
        or not all(one.is_plain for one in (signer.digest, *token.digests))
    ):
        raise BadSignature("a hash that is not known here, or not announced")
    try:
        _check_attributes(signer, token.content, certificate, hashed)
        _verify(signer, certificate, hashed)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, IndexError) as error:
        raise BadSignature("the signature does not hold") from error


def _check_attributes(signer: Signer, content: bytes, certificate: x509.Certificate, hashed: str) -> None:
    if Element.whole(_one(signer, _CONTENT_TYPE), der.OID).oid() != cms.TST_INFO:
        raise BadSignature("signed as something else")
    if Element.whole(_one(signer, _MESSAGE_DIGEST), der.OCTETS).content != hashlib.new(hashed, content).digest():
        raise BadSignature("other content was signed")
    named = [kind for kind in (_CERTIFICATE, _CERTIFICATE_V2) if kind in signer.attributes]
    if not named or not all(_names(_one(signer, kind), kind, certificate) for kind in named):
        raise BadSignature("another certificate is named")


def _one(signer: Signer, kind: str) -> bytes:
    values = signer.attributes.get(kind, ())
    if len(values) != 1:
        raise BadSignature("a signed attribute is missing, or has not one value")
    return values[0]


def _names(value: bytes, kind: str, certificate: x509.Certificate) -> bool:
    """Tell whether a SigningCertificate or SigningCertificateV2 names this certificate first.

    SHA-1 is what the older form has (RFC 3161 itself); nobody makes a second certificate for a given hash of it.
    """
    parts = reader(Element.whole(value, der.SEQUENCE))
    first = reader(parts.next().of(der.SEQUENCE).parts()[0])
    hashed = "sha1"
    if kind == _CERTIFICATE_V2:
        told = first.if_next(der.SEQUENCE)
        hashed = HASHES.get(cms.algorithm(told).oid, "") if told else "sha256"
    digest, more = first.next().of(der.OCTETS).content, first.if_next(der.SEQUENCE)
    first.done()
    if more is not None and more.parts()[-1].integer() != certificate.serial_number:
        return False  # IssuerSerial; its issuer is fixed by the hash already
    whole = certificate.public_bytes(Encoding.DER)
    return bool(hashed) and hashlib.new(hashed, whole, usedforsecurity=False).digest() == digest


def _verify(signer: Signer, certificate: x509.Certificate, hashed: str) -> None:
    assert signer.signed is not None  # it has the attributes that were looked at
    key, kind, digest = certificate.public_key(), signer.algorithm, _KINDS[hashed]()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size <= MOST_RSA_BITS:
        if kind.oid == PSS:
            key.verify(signer.signature, signer.signed, _pss(kind, hashed), digest)
            return
        if kind.oid in _RSA and _RSA[kind.oid] in (None, hashed) and kind.is_plain:
            key.verify(signer.signature, signer.signed, padding.PKCS1v15(), digest)
            return
    elif isinstance(key, ec.EllipticCurvePublicKey) and _ECDSA.get(kind.oid) == hashed and kind.is_plain:
        key.verify(signer.signature, signer.signed, ec.ECDSA(digest))
        return
    raise BadSignature("a kind of signature that is not known here")


def _pss(kind: Algorithm, hashed: str) -> padding.PSS:
    """Read RSASSA-PSS-params (RFC 4055 §3.1), with the hash of the signer throughout. Raises BadDer, BadSignature."""
    parts = reader(Element.whole(kind.parameters, der.SEQUENCE))
    told: dict[int, Any] = {}
    for number in range(4):
        one = parts.if_next(tagged(number))
        told[number] = one.parts()[0] if one and len(one.parts()) == 1 else None
    parts.done()
    if told[0] is None or told[1] is None or told[2] is None:
        raise BadSignature("without its parts this means SHA-1")
    mask = reader(told[1])
    is_mgf1, inner = mask.next().oid() == _MGF1, cms.algorithm(mask.next())
    if not is_mgf1 or {HASHES.get(cms.algorithm(told[0]).oid), HASHES.get(inner.oid)} != {hashed}:
        raise BadSignature("other hashes than the signer names")
    if told[3] is not None and told[3].integer() != 1:
        raise BadSignature("an unknown trailer")
    return padding.PSS(padding.MGF1(_KINDS[hashed]()), told[2].natural())
