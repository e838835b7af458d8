"""A real authority of time on 127.0.0.1: ``openssl ts`` for honest answers, certomancer for dishonest and odd ones."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from asn1crypto import algos, core, keys, tsp
from asn1crypto import x509 as asn1_x509
from certomancer.services import TimeStamper
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

START = datetime(2020, 1, 1, tzinfo=UTC)
END = datetime(2045, 1, 1, tzinfo=UTC)
POLICY = "1.2.3.4.1"
DER = serialization.Encoding.DER
PEM = serialization.Encoding.PEM


@dataclass
class Holder:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


_KEY_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def issue(
    name: str,
    issuer: Holder | None = None,
    *,
    start: datetime = START,
    end: datetime = END,
    usages: tuple[ObjectIdentifier, ...] | None = None,
    is_critical: bool = True,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
    ca: bool | None = None,
    depth: int | None = None,
    key_usage: str = "",
    more: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> Holder:
    """Make a certificate; without an issuer it is a root, without usages an authority of certificates.

    ``ca`` and ``key_usage`` (names of usages) say otherwise than is right; ``more`` are extensions, critical or not.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    ca = usages is None if ca is None else ca
    allowed = key_usage.split() or (["key_cert_sign", "crl_sign"] if usages is None else ["digital_signature"])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer or Holder(None, key)  # type: ignore[arg-type]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=depth), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(**{name: name in allowed for name in _KEY_USAGES}),
            critical=True,
        )
    )  # fmt: skip
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=is_critical)
    for extension, critical in more:
        builder = builder.add_extension(extension, critical=critical)
    return Holder(builder.sign(signer.key, hashes.SHA256()), key)


STAMPING = (ExtendedKeyUsageOID.TIME_STAMPING,)


@dataclass
class Pki:
    """A root, an authority between, and stamping certificates of every kind."""

    root: Holder = field(default_factory=lambda: issue("Test Root"))
    between: Holder = None  # type: ignore[assignment]
    good: Holder = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.between = issue("Test CA", self.root)
        self.good = issue("Test TSA", self.between, usages=STAMPING)

    @property
    def chain(self) -> list[Holder]:
        return [self.between]

    def revocations(self, serial: int | None, when: datetime, reason: x509.ReasonFlags | None = None) -> bytes:
        """List one certificate of the middle authority as revoked."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.between.certificate.subject)
            .last_update(when)
            .next_update(END)
        )
        if serial is not None:
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
            if reason is not None:
                one = one.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(one.build())
        return builder.sign(self.between.key, hashes.SHA256()).public_bytes(PEM)


class OpenSsl:
    """``openssl ts -reply``, as it stands in Debian."""

    def __init__(self, folder: Path, signer: Holder, chain: list[Holder], *, digests: str = "sha256, sha512",
                 signed_by: str = "sha256", named_by: str = "sha256") -> None:  # fmt: skip
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tsa.pem").write_bytes(signer.pem)
        (folder / "tsa.key").write_bytes(signer.key_pem)
        (folder / "chain.pem").write_bytes(b"".join(one.pem for one in chain))
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(
            f"[tsa]\ndefault_tsa=one\n[one]\nserial={folder}/serial\ncrypto_device=builtin\n"
            f"signer_cert={folder}/tsa.pem\ncerts={folder}/chain.pem\nsigner_key={folder}/tsa.key\n"
            f"signer_digest={signed_by}\ndefault_policy={POLICY}\ndigests={digests}\naccuracy=secs:1\n"
            f"ordering=no\ntsa_name=yes\ness_cert_id_chain=no\ness_cert_id_alg={named_by}\n"
        )
        self._lock = threading.Lock()

    def answer(self, request: bytes) -> bytes:
        with self._lock:
            asked, told = self.folder / "q.tsq", self.folder / "r.tsr"
            asked.write_bytes(request)
            subprocess.run(
                ["openssl", "ts", "-reply", "-queryfile", asked, "-out", told, "-config", self.folder / "tsa.cnf"],
                check=True, capture_output=True,
            )  # fmt: skip
            return told.read_bytes()


def openssl_accepts(
    folder: Path, reply: bytes, message: bytes, roots: bytes, chain: bytes, *, at: datetime | None = None
) -> bool:
    """Ask ``openssl ts -verify`` for its opinion, on the certificates as they stood ``at`` a moment, or stand today."""
    for name, data in (("s.tsr", reply), ("s.bin", message), ("s.root.pem", roots), ("s.chain.pem", chain)):
        (folder / name).write_bytes(data)
    said = subprocess.run(
        ["openssl", "ts", "-verify", "-in", folder / "s.tsr", "-data", folder / "s.bin", "-CAfile",
         folder / "s.root.pem", "-untrusted", folder / "s.chain.pem",
         *(("-attime", str(int(at.timestamp()))) if at else ())],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    return "Verification: OK" in said.stdout and said.returncode == 0


def certomancer(
    signer: Holder,
    chain: list[Holder],
    *,
    at: datetime | None = None,
    nonce: int | None = None,
    imprint: bytes | None = None,
    hashed: str = "sha256",
    algorithm: algos.SignedDigestAlgorithm | None = None,
) -> Callable[[bytes], bytes]:
    """An authority that answers what it is told to answer: another moment, another nonce, other bytes."""

    def load(one: Holder) -> asn1_x509.Certificate:
        return asn1_x509.Certificate.load(one.certificate.public_bytes(DER))

    pkcs8 = signer.key.private_bytes(DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    whole = at.replace(microsecond=0) if at else datetime.now(UTC).replace(microsecond=0)
    stamper = TimeStamper(
        load(signer), keys.PrivateKeyInfo.load(pkcs8), certs_to_embed=[load(one) for one in chain], fixed_dt=whole,
        md_algorithm=hashed, signature_algo=algorithm,
    )  # fmt: skip

    def answer(request: bytes) -> bytes:
        asked = tsp.TimeStampReq.load(request)
        if nonce is not None:
            asked["nonce"] = core.Integer(nonce)
        if imprint is not None:
            asked["message_imprint"]["hashed_message"] = imprint
        return stamper.request_tsa_response(asked).dump()

    return answer


@dataclass
class Authority:
    """The server: how it answers can be changed, what it was asked is kept."""

    answer: Callable[[bytes], bytes]
    port: int = 0
    status: int = 200
    wait: float = 0.0
    drips: bool = False
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tsa"


@contextmanager
def served(answer: Callable[[bytes], bytes]) -> Iterator[Authority]:
    told = Authority(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.asked.append((self.path, dict(self.headers), body))
            time.sleep(told.wait)
            self._say(told.status, told.answer(body) if told.status == 200 else b"no")

        def do_GET(self) -> None:
            found = told.files.get(self.path)
            self._say(404 if found is None else 200, found or b"")

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):
                if told.drips:
                    for byte in body:
                        self.wfile.write(bytes([byte]))
                        time.sleep(0.05)
                else:
                    self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield told
    finally:
        with suppress(OSError):
            server.socket.shutdown(socket.SHUT_RDWR)
        server.shutdown()
        server.server_close()


__all__ = ["POLICY", "STAMPING", "Authority", "Holder", "OpenSsl", "Pki", "certomancer", "issue", "openssl_accepts",
           "served", "timedelta"]  # fmt: skip
