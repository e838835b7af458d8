"""Mails as servers send them, signed by keys that the tests make. Shared by the tests of mails."""

import base64

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SELECTOR = "s1"


class Domain:
    """A domain that sends mail: it signs, and publishes its key for as long as it likes."""

    def __init__(self, name: str = "support.example") -> None:
        self.name = name
        self.is_published = True
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        spki = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(spki)

    def lookup(self, name: str) -> bytes | None:
        return self._record if self.is_published and name == f"{SELECTOR}._domainkey.{self.name}" else None

    def signed(self, raw: bytes, *, length: bool = False) -> bytes:
        return dkim.sign(raw, SELECTOR.encode(), self.name.encode(), self._pem, length=length) + raw


def mail(
    text: str,
    *,
    sender: str = "客服 <help@support.example>",
    subject: str = "关于您的查询",
    date: str = "Tue, 24 Nov 2026 10:20:00 +0800",
    html: bool = False,
) -> bytes:
    from email.header import Header

    name, _, address = sender.rpartition(" ")
    head = [
        f"From: {Header(name, 'utf-8').encode()} {address}" if name else f"From: {address}",
        "To: shop@example.org",
        f"Subject: {Header(subject, 'utf-8').encode()}",
        f"Date: {date}",
        "Message-ID: <1@support.example>",
        "MIME-Version: 1.0",
        f"Content-Type: text/{'html' if html else 'plain'}; charset=utf-8",
        "Content-Transfer-Encoding: base64",
    ]
    body = base64.encodebytes(text.encode()).decode().replace("\n", "\r\n")
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()
