"""An authority that writes whatever it is told to, byte by byte, and signs it: for replies that no program makes."""

import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from anchors.authority import DER, Holder
from cardcase.anchors.rules import der

TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
ESS, ESS_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
OIDS = {
    "sha1": "1.3.14.3.2.26",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
    "rsa": "1.2.840.113549.1.1.1",
    "sha256_rsa": "1.2.840.113549.1.1.11",
    "sha512_rsa": "1.2.840.113549.1.1.13",
    "pss": "1.2.840.113549.1.1.10",
    "mgf1": "1.2.840.113549.1.1.8",
    "sha256_ecdsa": "1.2.840.10045.4.3.2",
    "sha384_ecdsa": "1.2.840.10045.4.3.3",
    "sm3": "1.2.156.10197.1.401",
    "sm2_sm3": "1.2.156.10197.1.501",
}
KINDS = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
KINDS["sm3"] = hashes.SHA256  # no library here signs with SM2: what stands there is as good as anything
NULL = b"\x05\x00"


def write(tag: int, *parts: bytes) -> bytes:
    """Write one element."""
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + body


def sequence(*parts: bytes) -> bytes:
    return write(0x30, *parts)


def octets(data: bytes) -> bytes:
    return write(0x04, data)


def number(value: int) -> bytes:
    return core.Integer(value).dump()


def oid(name: str) -> bytes:
    return core.ObjectIdentifier(OIDS.get(name, name)).dump()


def algorithm(name: str, parameters: bytes = b"") -> bytes:
    return sequence(oid(name), parameters)


def set_of(*parts: bytes, tag: int = 0x31) -> bytes:
    return write(tag, *sorted(parts))


def attribute(kind: str, *values: bytes) -> bytes:
    return sequence(oid(kind), set_of(*values))


def pss_parameters(hashed: str, salt: int, mask: str = "") -> bytes:
    inner = algorithm(hashed, NULL)
    mgf = algorithm("mgf1", algorithm(mask or hashed, NULL))
    return sequence(write(0xA0, inner), write(0xA1, mgf), write(0xA2, number(salt)))


def named(certificate: x509.Certificate, hashed: str = "sha256") -> bytes:
    """Write the value of SigningCertificateV2."""
    digest = hashlib.new(hashed, certificate.public_bytes(DER)).digest()
    told = b"" if hashed == "sha256" else algorithm(hashed)
    return sequence(sequence(sequence(told, octets(digest))))


@dataclass(frozen=True)
class Forge:
    """What is written; every part can be said otherwise with ``but``."""

    holder: Holder
    message: bytes
    at: datetime
    certificates: tuple[bytes, ...] = ()
    nonce: int | None = None
    hashed: str = "sha256"
    imprint: str = "sha256"
    imprint_more: bytes = NULL
    info_version: int = 1
    kind: str = ""
    parameters: bytes = b""
    status: int = 0
    status_more: bytes = b""
    policy: str = "1.2.3.4.1"
    moment: str = ""
    info_more: bytes = b""
    """After the time, before the nonce: accuracy and ordering."""
    info_last: bytes = b""
    """After the nonce: name and extensions."""
    content_type: str = TST_INFO
    signed_type: str = TST_INFO
    content: bytes | None = None
    names: bytes | None = None
    names_as: str = ESS_V2
    has_attributes: bool = True
    attributes: Callable[[list[bytes]], list[bytes]] = sorted
    digest: bytes | None = None
    announced: tuple[str, ...] | None = None
    unsigned: bytes = b""
    lists: bytes = b""
    signature: Callable[[bytes], bytes] = bytes
    signers: int = 1
    issuer: bytes | None = None
    version: int = 3
    salt: int = 0
    tail: bytes = b""

    def but(self, **changes: object) -> "Forge":
        return replace(self, **changes)  # type: ignore[arg-type]

    def reply(self) -> bytes:
        """Write the TimeStampResp."""
        token = sequence(oid("1.2.840.113549.1.7.2"), write(0xA0, self._signed_data()))
        return sequence(sequence(number(self.status), self.status_more), token) + self.tail

    def info(self) -> bytes:
        """Write the TSTInfo."""
        moment = self.moment or self.at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")
        imprint = sequence(
            algorithm(self.imprint, self.imprint_more), octets(hashlib.new(self.imprint, self.message).digest())
        )
        nonce = b"" if self.nonce is None else number(self.nonce)
        return sequence(
            number(self.info_version), oid(self.policy), imprint, number(77), write(0x18, moment.encode()), self.info_more, nonce,
            self.info_last,
        )  # fmt: skip

    def _signed_data(self) -> bytes:
        content = self.info() if self.content is None else self.content
        announced = (self.hashed,) if self.announced is None else self.announced
        own = (self.holder.certificate.public_bytes(DER),)
        signer = self._signer(content)
        return sequence(
            number(self.version),
            set_of(*(algorithm(one, NULL) for one in announced)),
            sequence(oid(self.content_type), write(0xA0, octets(content))),
            set_of(*own, *self.certificates, tag=0xA0),
            self.lists,
            set_of(*[signer] * self.signers),
        )

    def _signer(self, content: bytes) -> bytes:
        certificate = self.holder.certificate
        digest = hashlib.new(self.hashed, content).digest() if self.digest is None else self.digest
        made = self.attributes(
            [
                attribute(CONTENT_TYPE, oid(self.signed_type)),
                attribute(DIGEST, octets(digest)),
                attribute(self.names_as, named(certificate) if self.names is None else self.names),
            ]
        )
        signed = write(0x31, *made)
        is_rsa = isinstance(self.holder.key, rsa.RSAPrivateKey)
        kind = self.kind or ("rsa" if is_rsa else f"{self.hashed}_ecdsa")
        parameters = NULL if is_rsa and not self.parameters else self.parameters
        return sequence(
            number(1),
            sequence(self.issuer or certificate.issuer.public_bytes(), number(certificate.serial_number)),
            algorithm(self.hashed, NULL),
            b"\xa0" + signed[1:] if self.has_attributes else b"",
            algorithm(kind, parameters),
            octets(self.signature(self._sign(signed if self.has_attributes else content))),
            self.unsigned,
        )

    def _sign(self, message: bytes) -> bytes:
        hashed = KINDS[self.hashed]()
        if isinstance(self.holder.key, rsa.RSAPrivateKey):
            way = padding.PSS(padding.MGF1(hashed), self.salt) if self.salt else padding.PKCS1v15()
            return self.holder.key.sign(message, way, hashed)
        return self.holder.key.sign(message, ec.ECDSA(hashed))


def by_sha1(one: Holder, issuer: Holder) -> Holder:
    """Sign a certificate anew with SHA-1, which no library does any more."""
    fields = der.Element.whole(one.certificate.tbs_certificate_bytes, der.SEQUENCE).parts()
    kind = sequence(core.ObjectIdentifier("1.2.840.10045.4.1").dump())
    body = sequence(*(kind if index == 2 else part.raw for index, part in enumerate(fields)))
    signature = issuer.key.sign(body, ec.ECDSA(hashes.SHA1()))  # type: ignore[call-arg, arg-type]  # noqa: S303 - see above
    return Holder(x509.load_der_x509_certificate(sequence(body, kind, write(0x03, b"\0", signature))), one.key)


def sm2(folder: Path, name: str) -> x509.Certificate:
    """Let ``openssl`` make a certificate for time-stamping with an SM2 key, signed with SM2 and SM3 by itself."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sm2.cnf").write_text(
        "[req]\ndistinguished_name=dn\n[dn]\n[tsa]\nbasicConstraints=critical,CA:FALSE\n"
        "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"
    )
    for words in (
        "ecparam -genkey -name SM2 -noout -out sm2.key",
        f"req -x509 -new -key sm2.key -sm3 -subj /CN={name} -days 3000 -config sm2.cnf -extensions tsa -out sm2.pem",
    ):
        subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
    return x509.load_pem_x509_certificate((folder / "sm2.pem").read_bytes())
