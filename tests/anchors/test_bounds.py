"""What a stranger's reply may cost: no depth, no size, no crowd of certificates makes the check of a stamp long."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from anchors.authority import DER, STAMPING, Holder, Pki, issue
from anchors.forging import Forge, algorithm, number, oid, sequence, write
from anchors.tokens import NOTE, THEN
from cardcase.anchors.rules import chain, client, cms, der, signing, stamp
from cardcase.anchors.rules.der import BadDer, Element
from cardcase.anchors.rules.stamp import BadStamp, Fault


@pytest.fixture(scope="module")
def pki() -> Pki:
    return Pki()


def held(*chain_of: Holder) -> tuple[bytes, ...]:
    return tuple(one.certificate.public_bytes(DER) for one in chain_of)


def fault(reply: bytes, root: Holder) -> Fault | None:
    """Judge a reply by our rules alone, and with the second opinion, which changes nothing."""
    found: list[Fault | None] = []
    for second in (None, stamp.SECOND):
        try:
            stamp.check(stamp.read(reply), NOTE, [root.certificate], second=second)
            found.append(None)
        except BadStamp as bad:
            found.append(bad.fault)
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x30", b"\x30\x80\0\0", b"\x30\x81\x7f" + bytes(127), b"\x30\x82\0\x80" + bytes(128), b"\x30\x01",
        b"\x30\x84\x7f\xff\xff\xff", b"\x30\x85\0\0\0\0\0", b"\x3f\x01\0", b"\x1f\x81\x01\0", b"\x30\xff",
    ],
)  # fmt: skip
def test_lengths_and_tags_that_der_does_not_write_are_refused(data):
    with pytest.raises(BadDer):
        Element.at(data, 0, len(data))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("integer", b"\x02\x00"), ("integer", b"\x02\x02\x00\x01"), ("integer", b"\x02\x02\xff\xff"),
        ("integer", b"\x02\x41" + b"\x01" * 65), ("natural", b"\x02\x01\xff"), ("oid", b"\x06\x00"),
        ("oid", b"\x06\x02\x2a\x80"), ("oid", b"\x06\x03\x2a\x80\x01"), ("oid", b"\x06\x40" + b"\x01" * 64),
        ("oid", b"\x06\x0b\x2a" + b"\x81" * 9 + b"\x01"), ("flag", b"\x01\x01\x01"), ("flag", b"\x01\x00"),
        ("text", b"\x0c\x01\xff"), ("bits", b"\x03\x00"), ("bits", b"\x03\x01\x01"), ("bits", b"\x03\x02\x08\x00"),
        ("integer", b"\x04\x01\x01"), ("parts", b"\x04\x02\x05\x00"),
    ],
)  # fmt: skip
def test_values_that_der_does_not_write_are_refused(kind, data):
    with pytest.raises(BadDer):
        getattr(Element.whole(data, data[0]), kind)()


def test_values_are_read_as_they_were_written():
    for value in (0, 1, -1, 127, 128, -128, -129, 2**160, -(2**160)):
        assert Element.whole(number(value), der.INTEGER).integer() == value
    for name in ("1.2.840.113549.1.9.16.1.4", "2.16.840.1.101.3.4.2.1", "2.999.1", "0.9.2342", "1.3.6.1.4.1.4146.2.3"):
        assert Element.whole(oid(name), der.OID).oid() == name
    assert Element.whole(b"\x03\x02\x05\x20", der.BITS).bits() == b"\x20"


def test_depth_costs_nothing():
    deep = b""
    while len(deep) < stamp.MAX_REPLY_BYTES - 8:
        deep = write(0x30, deep)
    for reply in (deep, sequence(sequence(number(0)), deep[:60_000]), sequence(deep[4:])):
        with pytest.raises(BadStamp):
            stamp.read(reply)


def test_a_crowd_of_elements_is_not_read():
    with pytest.raises(BadDer):
        Element.whole(write(0x31, *[b"\x05\x00"] * (der.MOST_ELEMENTS + 1)), der.SET).parts()
    assert len(Element.whole(write(0x31, *[b"\x05\x00"] * der.MOST_ELEMENTS), der.SET).parts()) == der.MOST_ELEMENTS


def test_a_crowd_of_namesakes_costs_a_bounded_number_of_signatures(pki, monkeypatch):
    """Certificates that all bear one name, each a possible issuer of each, and none led to by the signer."""
    namesakes = [issue("Same")]
    while len(namesakes) < cms.MOST_CERTIFICATES - 1:
        namesakes.append(issue("Same", namesakes[-1]))
    signer = issue("TSA", namesakes[-1], usages=STAMPING)
    looked_at = []
    real = chain.is_signed_by.__wrapped__
    monkeypatch.setattr(chain, "is_signed_by", lambda one, maker: looked_at.append(one) or real(one, maker))
    assert fault(Forge(signer, NOTE, THEN, held(*namesakes)).reply(), pki.root) is Fault.CHAIN
    assert 10 <= len(looked_at) <= 2 * chain.MOST_TRIES


def test_a_way_is_as_long_as_it_may_be_and_no_longer(pki):
    way = [pki.root]
    while len(way) < chain.MOST_DEEP:
        way.append(issue(f"CA {len(way)}", way[-1]))
    for last, wanted in ((way[-2], None), (way[-1], Fault.CHAIN)):
        signer = issue("TSA", last, usages=STAMPING)
        assert fault(Forge(signer, NOTE, THEN, held(*way[1:])).reply(), pki.root) is wanted


def test_a_ring_of_issuers_ends(pki):
    key = issue("x").key
    ring = [issue("Ring A", Holder(issue("Ring B", key=key).certificate, key))]
    ring.append(issue("Ring B", ring[0], key=key))
    signer = issue("TSA", ring[0], usages=STAMPING)
    assert fault(Forge(signer, NOTE, THEN, held(*ring)).reply(), pki.root) is Fault.CHAIN


def test_keys_of_endless_length_are_refused(pki, monkeypatch):
    monkeypatch.setattr(signing, "MOST_RSA_BITS", 1024)
    signer = issue("RSA TSA", pki.between, usages=STAMPING, key=rsa.generate_private_key(65537, 2048))
    assert fault(Forge(signer, NOTE, THEN, held(pki.between)).reply(), pki.root) is Fault.CHAIN
    monkeypatch.undo()
    assert fault(Forge(signer, NOTE, THEN, held(pki.between)).reply(), pki.root) is None


def test_what_came_along_revokes_nothing(pki):
    """A list counts for the certificates on the way to the root, whoever else lies in the token."""
    other = issue("Another TSA", pki.between, usages=STAMPING)
    token = stamp.read(Forge(pki.good, NOTE, THEN, held(pki.between, other)).reply())
    lists = [stamp.read_revocations(pki.revocations(other.certificate.serial_number, THEN))]
    assert stamp.check(token, NOTE, [pki.root.certificate], revoked=lists).is_revocation_known


def test_an_algorithm_is_a_name_and_perhaps_a_word():
    for data in (sequence(), sequence(oid("1.2.3"), b"\x05\x00", b"\x05\x00"), sequence(b"\x05\x00")):
        with pytest.raises(BadDer):
            cms.algorithm(Element.whole(data, der.SEQUENCE))
    assert cms.algorithm(Element.whole(algorithm("sha256", b"\x05\x00"), der.SEQUENCE)).is_plain


def test_one_bit_of_a_certificates_signature_cannot_be_spelled_twice(pki):
    while True:
        between = issue("Test CA", pki.root)
        whole = Element.whole(between.certificate.public_bytes(DER), der.SEQUENCE).parts()
        if not whole[2].content[-1] & 1:
            break
    signer = issue("TSA", between, usages=STAMPING)
    assert fault(Forge(signer, NOTE, THEN, held(between)).reply(), pki.root) is None
    other = sequence(whole[0].raw, whole[1].raw, write(der.BITS, b"\x01", whole[2].content[1:]))
    assert fault(Forge(signer, NOTE, THEN, (other,)).reply(), pki.root) is Fault.CHAIN


def test_only_hashes_that_count_make_a_way(pki, monkeypatch):
    """The present ``cryptography`` refuses SHA-1 by itself; older ones did not."""
    chain.is_signed_by.cache_clear()
    monkeypatch.setattr(chain, "_HASHES", ())
    assert fault(Forge(pki.good, NOTE, THEN, held(pki.between)).reply(), pki.root) is Fault.CHAIN
    chain.is_signed_by.cache_clear()


def test_a_signature_is_that_of_one_signer(pki):
    token = stamp.read(Forge(pki.good, NOTE, THEN, held(pki.between), signers=2).reply()).told
    with pytest.raises(signing.BadSignature):
        signing.check(token, pki.good.certificate)


def test_what_the_second_opinion_refuses_does_not_count(pki):
    asked = []

    def never(token, roots, nonce):
        asked.append((token.serial, roots, nonce))
        return False

    others = [Pki().root.certificate, pki.root.certificate]
    token = stamp.read(Forge(pki.good, NOTE, THEN, held(pki.between), nonce=5).reply())
    with pytest.raises(BadStamp) as refused:
        stamp.check(token, NOTE, others, nonce=5, second=never)
    assert refused.value.fault is Fault.CHAIN
    assert asked == [(77, [pki.root.certificate], 5)]
    assert stamp.SECOND is client.agrees
    assert client.agrees(token, [pki.root.certificate], 5)
    assert not client.agrees(token, [pki.root.certificate], 6)
    assert not client.agrees(replace(token, accuracy=timedelta(seconds=1)), [pki.root.certificate], 5)
