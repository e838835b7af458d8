"""A collection of replies, good and bad in every way we know, by real authorities or forged byte by byte.

Each says what is to be found in it, and why ``rfc3161_client``, asked alone, may see it otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from asn1crypto import algos
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from anchors import forging
from anchors.authority import DER, STAMPING, Holder, OpenSsl, Pki, certomancer, issue
from anchors.forging import NULL, Forge, attribute, number, octets, oid, pss_parameters, sequence, write
from cardcase.anchors.rules import client, der
from cardcase.anchors.rules.stamp import Fault

NOTE = "cardcase.local/log_1\n3\nqqo=\n\n— x AAAA\n".encode()
THEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
END = datetime(2025, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LAX = "the library does not look at this"
CANNOT = "the library cannot judge this"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Specimen:
    """A reply over ``message`` and what is to be found; ``apart`` says why the library alone finds otherwise."""

    name: str
    reply: bytes
    fault: Fault | None = None
    apart: str = ""
    roots: tuple[x509.Certificate, ...] = ()
    nonce: int | None = None
    policy: str = ""
    lists: tuple[bytes, ...] = ()
    message: bytes = field(default=NOTE, repr=False)


class Collection:
    """The specimens, and the authorities that made them."""

    def __init__(self, folder: Path, message: bytes = NOTE, at: datetime = THEN) -> None:
        """Take a folder for ``openssl``, what is stamped, and when, for all but ``openssl``, which has its own clock."""
        self.folder, self.message, self.at, self.pki = folder, message, at, Pki()

    @cached_property
    def rsa(self) -> Holder:
        return issue("RSA TSA", self.pki.between, usages=STAMPING, key=rsa.generate_private_key(65537, 2048))

    def all(self) -> Iterator[Specimen]:
        """Give out every specimen, with its root and message filled in."""
        for made in (self._good(), self._moments(), self._certificates(), self._answers(), self._signatures(),
                     self._forms()):  # fmt: skip
            for one in made:
                yield replace(one, roots=one.roots or (self.pki.root.certificate,), message=self.message)

    def _asked(self, signer: Holder, *chain: Holder, at: datetime | None = None, **more: object) -> bytes:
        made = certomancer(signer, [*(chain or self.pki.chain)], at=at or self.at, **more)  # type: ignore[arg-type]
        return made(client.ask(self.message).request)

    def forge(self, holder: Holder | None = None, *chain: Holder) -> Forge:
        """Return a forge that, told nothing else, writes a good reply."""
        held = tuple(one.certificate.public_bytes(DER) for one in (chain or self.pki.chain))
        return Forge(holder or self.pki.good, self.message, self.at, held, nonce=5)

    # ---- good ------------------------------------------------------------------------------------------------------

    def _good(self) -> Iterator[Specimen]:
        pki, question = self.pki, client.ask(self.message)
        honest = OpenSsl(self.folder / "ec", pki.good, pki.chain).answer(question.request)
        yield Specimen("openssl, EC P-256", honest, nonce=question.nonce, policy="1.2.3.4.1")
        for hashed in ("sha256", "sha384", "sha512"):
            made = OpenSsl(self.folder / hashed, self.rsa, pki.chain, signed_by=hashed, named_by=hashed)
            yield Specimen(f"openssl, RSA {hashed}", made.answer(client.ask(self.message, is_strong=True).request))
        old = OpenSsl(self.folder / "sha1", pki.good, pki.chain, named_by="sha1")
        yield Specimen("openssl, named by SHA-1", old.answer(question.request))
        yield Specimen("certomancer", self._asked(pki.good))
        for curve, hashed in ((ec.SECP384R1(), "sha384"), (ec.SECP521R1(), "sha512")):
            signer = issue(f"TSA {hashed}", pki.between, usages=STAMPING, key=ec.generate_private_key(curve))
            yield Specimen(f"certomancer, {curve.name}", self._asked(signer, hashed=hashed))
        yield Specimen("certomancer, RSA", self._asked(self.rsa))
        pss = algos.SignedDigestAlgorithm({
            "algorithm": "rsassa_pss",
            "parameters": algos.RSASSAPSSParams({
                "hash_algorithm": {"algorithm": "sha256"},
                "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
                "salt_length": 32,
            }),
        })  # fmt: skip
        yield Specimen("certomancer, RSA-PSS", self._asked(self.rsa, algorithm=pss), apart=CANNOT)
        first = issue("Deep CA 1", pki.root, depth=1)
        second = issue("Deep CA 2", first, depth=0)
        signer = issue("Deep TSA", second, usages=STAMPING)
        yield Specimen("three certificates above", self._asked(signer, first, second))
        yield Specimen("the root came along", self._asked(pki.good, pki.between, pki.root))
        yield Specimen("others came along", self._asked(pki.good, pki.between, Pki().root, first))
        alone = issue("Self-made TSA", usages=STAMPING)
        yield Specimen("pinned itself", self._asked(alone, pki.between), roots=(alone.certificate,))
        ordered = der.with_sorted_certificates(honest)
        parts = sorted(one.public_bytes(DER) for one in (pki.good.certificate, pki.between.certificate))
        turned = ordered.replace(b"".join(parts), b"".join(parts[::-1]))
        assert turned != ordered
        yield Specimen("certificates out of order", turned)
        good = self.forge()
        yield Specimen("forged, but right", good.reply(), nonce=5)
        yield Specimen("forged with RSA", self.forge(self.rsa).reply())
        yield Specimen("RSA named with its hash", self.forge(self.rsa).but(kind="sha512_rsa", hashed="sha512").reply())
        millis = sequence(number(1), write(0x80, b"\x02"), write(0x81, b"\x03"))
        yield Specimen("accuracy and ordering", good.but(info_more=millis + write(0x01, b"\xff")).reply())
        note = sequence(sequence(oid("1.3.6.1.5.5.7.1.3"), octets(sequence())))
        yield Specimen("a note in the info", good.but(info_last=write(0xA1, note[2:])).reply())
        yield Specimen("unsigned attributes", good.but(unsigned=write(0xA1, attribute("1.2.3", NULL))).reply())
        named = forging.named(pki.good.certificate, "sha512")
        yield Specimen("named by SHA-512", good.but(names=named).reply())

    # ---- moments and certificates ------------------------------------------------------------------------------------

    def _moments(self) -> Iterator[Specimen]:
        pki, at = self.pki, self.at
        short = issue("Short TSA", pki.between, start=at, end=at + DAY, usages=STAMPING)
        yield Specimen("in its first second", self._asked(short, at=at))
        yield Specimen("in its last second", self._asked(short, at=at + DAY - SECOND))
        for name, moment in (("too early", at - SECOND), ("at its end", at + DAY), ("after it", at + 300 * DAY)):
            yield Specimen(name, self._asked(short, at=moment), Fault.EXPIRED)
        for name, authority in (
            ("authority had ended", issue("Ended CA", pki.root, end=at - DAY)),
            ("authority ends with it", issue("Ending CA", pki.root, end=at)),
            ("authority was not yet", issue("Later CA", pki.root, start=at + SECOND)),
        ):
            yield Specimen(name, self._asked(issue("TSA of it", authority, usages=STAMPING), authority), Fault.CHAIN)
        ended = issue("Ended Root", end=at - DAY)
        signer = issue("TSA of ended", ended, usages=STAMPING)
        yield Specimen("root had ended", self._asked(signer, ended), Fault.CHAIN, roots=(ended.certificate,))
        serial, good = pki.good.certificate.serial_number, self._asked(pki.good)
        lost = pki.revocations(serial, at + DAY, x509.ReasonFlags.key_compromise)
        yield Specimen("revoked", good, Fault.REVOKED, apart=LAX, lists=(lost,))
        retired = pki.revocations(serial, at + DAY, x509.ReasonFlags.superseded)
        yield Specimen("retired later", good, lists=(retired,))
        yield Specimen("others revoked", good, lists=(pki.revocations(None, at),))

    def _certificates(self) -> Iterator[Specimen]:
        pki = self.pki
        coding = ExtendedKeyUsageOID.CODE_SIGNING
        for name, usages, is_critical, apart in (
            ("for code", (coding,), True, ""),
            ("for two things", (*STAMPING, coding), True, ""),
            ("not critical", STAMPING, False, ""),
        ):
            signer = issue("Odd TSA", pki.between, usages=usages, is_critical=is_critical)
            yield Specimen(name, self._asked(signer), Fault.USAGE, apart)
        yield Specimen("no usage said", self._asked(issue("CA as TSA", pki.between, ca=False)), Fault.USAGE)
        for words in (
            "nothing",
            "key_encipherment",
            "digital_signature key_encipherment",
            "digital_signature key_cert_sign",
        ):
            signer = issue("Odd key", pki.between, usages=STAMPING, key_usage=words)
            yield Specimen(f"key for {words}", self._asked(signer), Fault.CHAIN)
        consent = issue("Consenting TSA", pki.between, usages=STAMPING, key_usage="content_commitment")
        yield Specimen("key for consent", self._asked(consent))
        strange = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
        odd = issue("Strange TSA", pki.between, usages=STAMPING, more=((strange, True),))
        yield Specimen("must be understood", self._asked(odd), Fault.CHAIN)
        other = Pki()
        yield Specimen("another root", self._asked(pki.good), Fault.CHAIN, roots=(other.root.certificate,))
        yield Specimen("no root", self._asked(pki.good), Fault.CHAIN, roots=(pki.between.certificate,))
        for name, authority, apart in (
            ("authority of nothing", issue("No CA", pki.root, ca=False), ""),
            ("authority may not issue", issue("Mute CA", pki.root, key_usage="crl_sign"), ""),
            ("strange authority", issue("Strange CA", pki.root, more=((strange, True),)), ""),
            ("authority by SHA-1", forging.by_sha1(issue("SHA-1 CA", pki.root), pki.root), LAX),
            ("authority for servers", issue("Web CA", pki.root, more=(_for(ExtendedKeyUsageOID.SERVER_AUTH),)), LAX),
            ("authority for some names", issue("Narrow CA", pki.root, more=(_within("Test", is_critical=True),)), LAX),
            ("authority for names, if one likes", issue("Soft CA", pki.root, more=(_within("Test"),)), LAX),
        ):
            signer = issue("TSA under it", authority, usages=STAMPING)
            yield Specimen(name, self._asked(signer, authority), Fault.CHAIN, apart)
        for kind in (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE):
            authority = issue("Fitting CA", pki.root, more=(_for(kind),))
            signer = issue("TSA under it", authority, usages=STAMPING)
            yield Specimen(f"authority for {kind.dotted_string}", self._asked(signer, authority))
        first = issue("Shallow CA", pki.root, depth=0)
        second = issue("Too deep CA", first)
        signer = issue("Too deep TSA", second, usages=STAMPING)
        yield Specimen("too deep", self._asked(signer, first, second), Fault.CHAIN)
        yield Specimen("authority missing", self._asked(signer, second), Fault.CHAIN)
        between = pki.between.certificate
        key = between.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        for name, told, fault in (
            ("its authority's key is told", _by(key, None, between), None),
            ("another key is told", _by(bytes(20), None, between), Fault.CHAIN),
            ("its authority's number is told", _by(None, between.serial_number, between), None),
            ("another number is told", _by(None, 99, between), Fault.CHAIN),
        ):
            yield Specimen(name, self._asked(issue("Told TSA", pki.between, usages=STAMPING, more=(told,))), fault)
        namesake = issue("Test CA", other.root)
        signer = issue("Test TSA", namesake, usages=STAMPING)
        yield Specimen("a namesake of the authority", self._asked(signer, pki.between), Fault.CHAIN)
        signer = issue("Test TSA", issue("Test Root"), usages=STAMPING)
        yield Specimen("a namesake of the root", self._asked(signer, pki.between), Fault.CHAIN)

    # ---- answers and signatures --------------------------------------------------------------------------------------

    def _answers(self) -> Iterator[Specimen]:
        pki, good = self.pki, self.forge()
        yield Specimen("another nonce", self._asked(pki.good, nonce=7), Fault.NONCE, nonce=8)
        yield Specimen("no nonce", good.but(nonce=None).reply(), Fault.NONCE, nonce=8)
        yield Specimen("other bytes", self._asked(pki.good, imprint=bytes(32)), Fault.IMPRINT, apart=LAX)
        yield Specimen("imprint by SHA-1", good.but(imprint="sha1").reply(), Fault.IMPRINT, apart=LAX)
        yield Specimen("another policy", good.reply(), Fault.POLICY, apart=LAX, policy="1.2.3.4.2")
        yield Specimen("not granted", good.but(status=2).reply(), Fault.REJECTED)
        yield Specimen("granted with changes", good.but(status=1).reply(), Fault.REJECTED)
        refused = OpenSsl(self.folder / "strict", pki.good, pki.chain, digests="sha512")
        yield Specimen("refused", refused.answer(client.ask(self.message).request), Fault.REJECTED)

    def _signatures(self) -> Iterator[Specimen]:
        pki, good, apart = self.pki, self.forge(), LAX
        liar = Holder(pki.good.certificate, ec.generate_private_key(ec.SECP256R1()))
        yield Specimen("by another key", self.forge(liar).reply(), Fault.CHAIN)
        yield Specimen("a broken signature", good.but(signature=lambda made: made[:-1]).reply(), Fault.CHAIN)
        yield Specimen("no signature", good.but(signature=lambda _: b"").reply(), Fault.CHAIN)
        yield Specimen("other content", good.but(digest=bytes(32)).reply(), Fault.CHAIN)
        yield Specimen("no attributes", good.but(has_attributes=False).reply(), Fault.CHAIN, apart)
        yield Specimen("signed as data", good.but(signed_type="1.2.840.113549.1.7.1").reply(), Fault.CHAIN, apart)
        for index, name in enumerate(("content type", "digest", "certificate")):
            left = good.but(attributes=lambda made, gone=index: sorted(made[:gone] + made[gone + 1 :]))
            yield Specimen(f"no {name}", left.reply(), Fault.CHAIN, "" if name == "digest" else apart)
        other = forging.named(pki.between.certificate)
        yield Specimen("another certificate is named", good.but(names=other).reply(), Fault.CHAIN, apart)
        yield Specimen("no certificate is named", good.but(names=sequence(sequence())).reply(), Fault.CHAIN, apart)
        yield Specimen("nothing is named", good.but(names=NULL).reply(), Fault.CHAIN, apart)
        mine = forging.named(pki.good.certificate)[6:]
        serial = sequence(sequence(write(0xA4, sequence())), number(99))
        wrong = sequence(sequence(sequence(mine, serial)))
        yield Specimen("another number is named", good.but(names=wrong).reply(), Fault.CHAIN, apart)
        yield Specimen("hash not announced", good.but(announced=("sha512",)).reply(), Fault.CHAIN)
        yield Specimen("no hash announced", good.but(announced=()).reply(), Fault.CHAIN)
        yield Specimen("signed by SHA-1", good.but(hashed="sha1", kind="sha256_ecdsa").reply(), Fault.CHAIN, apart)
        yield Specimen("named with another hash", good.but(kind="sha384_ecdsa").reply(), Fault.CHAIN, apart)
        yield Specimen("named as RSA", good.but(kind="rsa").reply(), Fault.CHAIN, apart)
        other_hash = self.forge(self.rsa).but(kind="sha512_rsa").reply()
        yield Specimen("RSA named with another hash", other_hash, Fault.CHAIN, apart)
        yield Specimen("two signers", good.but(signers=2).reply(), Fault.CHAIN)
        yield Specimen("no signer", good.but(signers=0).reply(), Fault.CHAIN)
        yield Specimen("a signer who is not there", good.but(issuer=sequence()).reply(), Fault.CHAIN)
        pss = self.forge(self.rsa).but(kind="pss", salt=20)
        yield Specimen("PSS", pss.but(parameters=pss_parameters("sha256", 20)).reply(), apart=CANNOT)
        for name, parameters in (
            ("with another salt", pss_parameters("sha256", 32)),
            ("with another hash", pss_parameters("sha512", 20)),
            ("with another mask", pss_parameters("sha256", 20, "sha1")),
            ("with nothing said", sequence()),
            ("with no parameters", NULL),
        ):
            yield Specimen(f"PSS {name}", pss.but(parameters=parameters).reply(), Fault.CHAIN)
        yield Specimen("SM3 announced", good.but(announced=("sha256", "sm3")).reply(), Fault.UNVERIFIABLE, apart)
        chinese = self.forge(Holder(forging.sm2(self.folder / "sm2", "SM2-TSA"), pki.good.key))
        whole = chinese.but(hashed="sm3", kind="sm2_sm3").reply()
        yield Specimen("SM2 and SM3 throughout", whole, Fault.UNVERIFIABLE)
        yield Specimen("imprint by SM3", chinese.but(imprint="sm3").reply(), Fault.UNVERIFIABLE)
        yield Specimen("SM2 named", good.but(kind="sm2_sm3").reply(), Fault.UNVERIFIABLE, apart)

    # ---- forms -------------------------------------------------------------------------------------------------------

    def _forms(self) -> Iterator[Specimen]:
        good, unread = self.forge(), Fault.UNREADABLE
        whole = good.reply()
        yield Specimen("bytes after the end", good.but(tail=b"\0").reply(), unread)
        yield Specimen("cut short", whole[:-1], unread)
        yield Specimen("a length of no end", whole[:1] + b"\x80" + whole[4:] + b"\0\0", unread)
        yield Specimen("a long length", b"\x30\x83\x00" + whole[2:], unread)
        yield Specimen("words that are none", good.but(status_more=sequence(write(0x0C, b"\xff"))).reply(), unread)
        yield Specimen("words", good.but(status_more=sequence(write(0x0C, "好".encode()))).reply())
        yield Specimen("a reason", good.but(status_more=write(0x03, b"\x05\x20")).reply())
        yield Specimen("a reason that is none", good.but(status_more=write(0x03, b"\x05\x21")).reply(), unread)
        yield Specimen("attributes out of order", good.but(attributes=_turned).reply(), unread)
        twice = good.but(attributes=lambda made: sorted([*made, made[0]]))
        yield Specimen("an attribute twice", twice.reply(), unread, LAX)
        yield Specimen("not a TSTInfo", good.but(content_type="1.2.840.113549.1.7.1").reply(), unread)
        yield Specimen("a hash with parameters", good.but(imprint_more=octets(b"x")).reply(), unread)
        yield Specimen("a later TSTInfo", good.but(info_version=2).reply(), unread, LAX)
        yield Specimen("no content", good.but(content=b"").reply(), unread)
        yield Specimen("bytes after the info", good.but(content=good.info() + b"\0").reply(), unread)
        for moment, fault, apart in (
            ("20240506070809.5Z", None, ""),
            ("20240506070809.50Z", unread, ""),
            ("20240506070809.Z", unread, ""),
            ("202405060708Z", unread, ""),
            ("20240506070809", unread, ""),
            ("20240506070809+0000", unread, ""),
            ("20240230070809Z", unread, ""),
            ("20240506250809Z", unread, ""),
            ("２０２４0506070809Z", unread, ""),
        ):
            yield Specimen(f"time {moment}", good.but(moment=moment).reply(), fault, apart)
        yield Specimen("said though it goes without", good.but(info_more=write(0x01, b"\0")).reply(), unread)
        yield Specimen("a thousand thousandths", good.but(info_more=sequence(write(0x80, b"\x03\xe8"))).reply(), unread)
        years = good.but(info_more=sequence(number(10**9)))
        yield Specimen("an accuracy of years", years.reply(), unread, LAX)
        yield Specimen("a negative nonce", good.but(nonce=-5).reply(), unread)
        must = sequence(oid("1.2.3"), write(0x01, b"\xff"), octets(b""))
        yield Specimen("info that must be understood", good.but(info_last=write(0xA1, must)).reply(), unread, LAX)
        yield Specimen("a broken certificate", good.but(certificates=(sequence(number(1)),)).reply(), unread)
        yield Specimen(
            "too many certificates", good.but(certificates=good.certificates + self._many(15)).reply(), unread, LAX
        )
        yield Specimen("too large", good.but(certificates=(bytes(70_000),)).reply(), unread)
        yield Specimen("no token", sequence(sequence(number(0))), unread)
        yield Specimen("nothing", b"", unread)

    def _many(self, count: int) -> tuple[bytes, ...]:
        return tuple(issue(f"CA {one}").certificate.public_bytes(DER) for one in range(count))


def _turned(made: list[bytes]) -> list[bytes]:
    return sorted(made, reverse=True)


def _for(kind: ObjectIdentifier) -> tuple[x509.ExtensionType, bool]:
    return x509.ExtendedKeyUsage([kind]), False


def _within(name: str, *, is_critical: bool = False) -> tuple[x509.ExtensionType, bool]:
    return x509.NameConstraints([x509.DNSName(name)], None), is_critical


def _by(key: bytes | None, serial: int | None, issuer: x509.Certificate) -> tuple[x509.ExtensionType, bool]:
    names = None if serial is None else [x509.DirectoryName(issuer.issuer)]
    return x509.AuthorityKeyIdentifier(key, names, serial), False
