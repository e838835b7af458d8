"""A TimeStampResp (RFC 3161 §2.4.2) taken apart: status, the CMS SignedData in it, and the TSTInfo that is signed.

Only form is looked at here; nothing of it is believed. What DER would not write that way is refused, except for the
order of the certificates, which is not signed and which some authorities do not keep.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from . import der
from .der import BadDer, Element, Reader, reader, tagged

SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
MOST_CERTIFICATES: Final = 16
_MOST_STATUS, _MOST_VERSION, _LAST_NAME = 255, 5, 8
_LONGEST_ACCURACY: Final = timedelta(days=366)
_THOUSAND: Final = 1000


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An AlgorithmIdentifier: its OID, and its parameters as they stand, empty when there are none."""

    oid: str
    parameters: bytes

    @property
    def is_plain(self) -> bool:
        """Tell whether it has no parameters, or NULL, as hashes and RSA have."""
        return self.parameters in (b"", b"\x05\x00")


@dataclass(frozen=True, slots=True)
class Info:
    """The TSTInfo: what was stamped, when, by whose rule."""

    policy: str
    imprint_algorithm: str
    imprint: bytes
    serial: int
    gen_time: datetime
    accuracy: timedelta
    nonce: int | None


@dataclass(frozen=True, slots=True)
class Signer:
    """A SignerInfo. ``signed`` are its attributes as the SET that is signed, None where it has none."""

    issuer: bytes
    serial: int
    digest: Algorithm
    signed: bytes | None
    attributes: Mapping[str, tuple[bytes, ...]]
    algorithm: Algorithm
    signature: bytes


@dataclass(frozen=True, slots=True)
class Token:
    """The SignedData: the bytes of the TSTInfo, that taken apart, the hashes, certificates and signers it names."""

    content: bytes
    info: Info
    digests: tuple[Algorithm, ...]
    certificates: tuple[bytes, ...]
    signers: tuple[Signer, ...]


def read(reply: bytes) -> tuple[int, Token | None]:
    """Take a reply apart: its status and its token, if there is one. Raises BadDer."""
    parts = reader(Element.whole(reply, der.SEQUENCE))
    status = _status(parts.next())
    told = parts.if_next(der.SEQUENCE)
    parts.done()
    if told is None:
        return status, None
    kind = reader(told)
    if kind.next().oid() != SIGNED_DATA:
        raise BadDer("no SignedData")
    signed = kind.next().of(tagged(0)).only(der.SEQUENCE)
    kind.done()
    return status, _signed_data(signed)


def _status(told: Element) -> int:
    parts = reader(told)
    status = parts.next().natural()
    words = parts.if_next(der.SEQUENCE)
    for one in words.parts() if words else ():
        one.text()
    why = parts.if_next(der.BITS)
    if why:
        why.bits()
    parts.done()
    if status > _MOST_STATUS:
        raise BadDer("no such status")
    return status


def _signed_data(told: Element) -> Token:
    parts = reader(told)
    _version(parts)
    digests = tuple(algorithm(one) for one in parts.next().of(der.SET).sorted_parts())
    inside = reader(parts.next())
    if inside.next().oid() != TST_INFO:
        raise BadDer("no TSTInfo")
    content = inside.next().of(tagged(0)).only(der.OCTETS).content
    inside.done()
    held = parts.if_next(tagged(0))
    certificates = tuple(one.of(der.SEQUENCE).raw for one in held.parts()) if held else ()
    if len(certificates) > MOST_CERTIFICATES:
        raise BadDer("too many certificates")
    parts.if_next(tagged(1))  # lists of revocations: the caller has his own
    signers = tuple(_signer(one) for one in parts.next().of(der.SET).sorted_parts())
    parts.done()
    return Token(content, _info(content), digests, certificates, signers)


def _version(parts: Reader) -> None:
    if not 1 <= parts.next().integer() <= _MOST_VERSION:
        raise BadDer("an unknown version")


def algorithm(told: Element) -> Algorithm:
    """Read an AlgorithmIdentifier. Raises BadDer."""
    found = told.of(der.SEQUENCE).parts()
    if not 1 <= len(found) <= 2:  # noqa: PLR2004 - name and parameters
        raise BadDer("an algorithm was expected")
    return Algorithm(found[0].oid(), found[1].raw if found[1:] else b"")


def _info(content: bytes) -> Info:
    parts = reader(Element.whole(content, der.SEQUENCE))
    if parts.next().integer() != 1:
        raise BadDer("an unknown version of TSTInfo")
    policy = parts.next().oid()
    imprint = reader(parts.next())
    kind, digest = algorithm(imprint.next()), imprint.next().of(der.OCTETS).content
    imprint.done()
    if not kind.is_plain:
        raise BadDer("a hash has no parameters")
    serial, gen_time = parts.next().integer(), parts.next().moment()
    accuracy = parts.if_next(der.SEQUENCE)
    ordering = parts.if_next(der.BOOLEAN)
    if ordering and not ordering.flag():
        raise BadDer("what is meant anyway is not written")
    nonce = parts.if_next(der.INTEGER)
    name = parts.if_next(tagged(0))
    if name:
        _name(name)
    more = parts.if_next(tagged(1))
    for one in more.parts() if more else ():
        _extension(one)
    parts.done()
    return Info(
        policy=policy,
        imprint_algorithm=kind.oid,
        imprint=digest,
        serial=serial,
        gen_time=gen_time,
        accuracy=_accuracy(accuracy) if accuracy else timedelta(),
        nonce=nonce.natural() if nonce else None,
    )


def _name(told: Element) -> None:
    found = told.parts()
    if len(found) != 1 or not tagged(0, is_constructed=False) <= found[0].tag <= tagged(_LAST_NAME):
        raise BadDer("a general name was expected")


def _extension(told: Element) -> None:
    """Read an Extension of the TSTInfo. None is known here, so that one which must be understood is refused."""
    parts = reader(told)
    parts.next().oid()
    if parts.if_next(der.BOOLEAN) is not None:
        raise BadDer("an extension that must be understood, and is not")
    parts.next().of(der.OCTETS)
    parts.done()


def _accuracy(told: Element) -> timedelta:
    """Read an Accuracy; what it does not state counts as none (RFC 3161 §2.4.2 leaves it open)."""
    parts = reader(told)
    seconds = parts.if_next(der.INTEGER)
    rest = []
    for number in (0, 1):
        one = parts.if_next(tagged(number, is_constructed=False))
        rest.append(one.natural(one.tag) if one else 0)
        if one and not 1 <= rest[-1] < _THOUSAND:
            raise BadDer("thousandths lie between 1 and 999")
    parts.done()
    whole = seconds.natural() if seconds else 0
    if whole > _LONGEST_ACCURACY.total_seconds():
        raise BadDer("an accuracy of years")
    return timedelta(seconds=whole, milliseconds=rest[0], microseconds=rest[1])


def _signer(told: Element) -> Signer:
    parts = reader(told)
    _version(parts)
    who = reader(parts.next())  # the other choice, a key id, is used by no authority; the issuer is what we look for
    issuer, serial = who.next().of(der.SEQUENCE).raw, who.next().integer()
    who.done()
    digest = algorithm(parts.next())
    held = parts.if_next(tagged(0))
    attributes = dict(_attributes(held)) if held else {}
    if held and len(attributes) != len(held.parts()):
        raise BadDer("a signed attribute stands twice")
    kind = algorithm(parts.next())
    signature = parts.next().of(der.OCTETS).content
    unsigned = parts.if_next(tagged(1))
    if unsigned:
        _attributes(unsigned)  # nothing in it counts
    parts.done()
    signed = bytes([der.SET]) + held.raw[1:] if held else None  # RFC 5652 §5.4: with the tag of a SET, not [0]
    return Signer(issuer, serial, digest, signed, attributes, kind, signature)


def _attributes(told: Element) -> list[tuple[str, tuple[bytes, ...]]]:
    """Read a SET OF Attribute: kinds and values. Raises BadDer."""
    found = []
    for one in told.sorted_parts():
        parts = reader(one)
        kind, values = parts.next().oid(), parts.next().of(der.SET).sorted_parts()
        parts.done()
        found.append((kind, tuple(value.raw for value in values)))
    return found
