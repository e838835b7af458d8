"""Whether a reply holds: real tokens of ``openssl ts`` and certomancer, honest and otherwise."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import decode_timestamp_response

from anchors.authority import STAMPING, OpenSsl, Pki, certomancer, issue, openssl_accepts
from cardcase.anchors.rules import client, der, stamp
from cardcase.anchors.rules.stamp import BadStamp, Fault

NOTE = "cardcase.local/log_1\n3\nqqo=\n\n— x AAAA\n".encode()
THEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def pki():
    return Pki()


@pytest.fixture(scope="module")
def roots(pki):
    return [pki.root.certificate]


@pytest.fixture(scope="module")
def honest(pki, tmp_path_factory):
    return OpenSsl(tmp_path_factory.mktemp("tsa"), pki.good, pki.chain)


def chain_of(pki):
    return b"".join(one.pem for one in pki.chain)


def faults(reply, question, roots, **more):
    with pytest.raises(BadStamp) as refused:
        stamp.check(stamp.read(reply), NOTE, roots, nonce=question.nonce, **more)
    assert refused.value.text.zh
    assert refused.value.text.en
    return refused.value.fault


def test_an_honest_reply_holds_and_openssl_says_so_too(pki, roots, honest, tmp_path):
    question = client.ask(NOTE)
    reply = honest.answer(question.request)
    checked = stamp.check(stamp.read(reply), NOTE, roots, nonce=question.nonce)
    assert abs(checked.token.gen_time - datetime.now(UTC)) < timedelta(minutes=2)
    assert checked.token.accuracy == timedelta(seconds=1)
    assert checked.token.sha256 == hashlib.sha256(reply).hexdigest()
    assert checked.signer_name == "CN=Test TSA"
    assert not checked.is_revocation_known
    assert openssl_accepts(tmp_path, reply, NOTE, pki.root.pem, chain_of(pki))


def test_a_renewal_is_over_note_and_reply_with_the_longer_hash(pki, roots, honest, tmp_path):
    first = honest.answer(client.ask(NOTE).request)
    message = stamp.archive_message(NOTE, first)
    question = client.ask(message, is_strong=True)
    reply = honest.answer(question.request)
    assert stamp.check(stamp.read(reply), message, roots, nonce=question.nonce).token.imprint_algorithm == "sha512"
    assert openssl_accepts(tmp_path, reply, message, pki.root.pem, chain_of(pki))


def test_certomancer_is_accepted_by_both(pki, roots, tmp_path):
    question = client.ask(NOTE)
    reply = certomancer(pki.good, pki.chain, at=THEN)(question.request)
    assert stamp.check(stamp.read(reply), NOTE, roots, nonce=question.nonce).token.gen_time == THEN
    assert openssl_accepts(tmp_path, reply, NOTE, pki.root.pem, chain_of(pki))


def test_the_chain_counts_at_gen_time_and_not_today(pki, roots):
    short = issue("Short TSA", pki.between, start=datetime(2024, 1, 1, tzinfo=UTC),
                  end=datetime(2025, 1, 1, tzinfo=UTC), usages=STAMPING)  # fmt: skip
    question = client.ask(NOTE)
    in_time = certomancer(short, pki.chain, at=THEN)(question.request)
    assert stamp.check(stamp.read(in_time), NOTE, roots, nonce=question.nonce).ends_at.year == 2025
    too_late = certomancer(short, pki.chain, at=datetime(2026, 1, 1, tzinfo=UTC))(question.request)
    assert faults(too_late, question, roots) is Fault.EXPIRED
    too_early = certomancer(short, pki.chain, at=datetime(2023, 1, 1, tzinfo=UTC))(question.request)
    assert faults(too_early, question, roots) is Fault.EXPIRED


def test_an_authority_between_that_had_ended_breaks_the_chain(pki, roots):
    ended = issue("Ended CA", pki.root, end=datetime(2024, 1, 1, tzinfo=UTC))
    signer = issue("TSA of it", ended, usages=STAMPING)
    question = client.ask(NOTE)
    assert faults(certomancer(signer, [ended], at=THEN)(question.request), question, roots) is Fault.CHAIN


@pytest.mark.parametrize(
    ("usages", "is_critical"),
    [
        ((ExtendedKeyUsageOID.CODE_SIGNING,), True),
        ((ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING), True),
        ((ExtendedKeyUsageOID.TIME_STAMPING,), False),
    ],
)
def test_a_certificate_for_anything_else_is_refused(pki, roots, usages, is_critical, tmp_path):
    signer = issue("Odd", pki.between, usages=usages, is_critical=is_critical)
    question = client.ask(NOTE)
    reply = certomancer(signer, pki.chain)(question.request)
    assert faults(reply, question, roots) is Fault.USAGE
    assert not openssl_accepts(tmp_path, reply, NOTE, pki.root.pem, chain_of(pki))


def test_another_nonce_or_other_bytes_are_no_answer(pki, roots, tmp_path):
    question = client.ask(NOTE)
    assert faults(certomancer(pki.good, pki.chain, nonce=7)(question.request), question, roots) is Fault.NONCE
    other = certomancer(pki.good, pki.chain, imprint=bytes(32))(question.request)
    assert faults(other, question, roots) is Fault.IMPRINT
    assert not openssl_accepts(tmp_path, other, NOTE, pki.root.pem, chain_of(pki))


def test_an_answer_to_an_earlier_question_does_not_do(pki, roots, honest):
    """A replayed reply is honest in all but its nonce."""
    replayed = honest.answer(client.ask(NOTE).request)
    assert faults(replayed, client.ask(NOTE), roots) is Fault.NONCE


def test_a_policy_that_was_agreed_is_demanded(pki, roots, honest):
    question = client.ask(NOTE)
    reply = honest.answer(question.request)
    assert stamp.check(stamp.read(reply), NOTE, roots, policy="1.2.3.4.1")
    assert faults(reply, question, roots, policy="1.2.3.4.2") is Fault.POLICY


def test_what_was_not_granted_is_refused(pki, tmp_path):
    strict = OpenSsl(tmp_path / "strict", pki.good, pki.chain, digests="sha512")
    with pytest.raises(BadStamp) as refused:
        stamp.read(strict.answer(client.ask(NOTE).request))
    assert refused.value.fault is Fault.REJECTED


def test_another_root_does_not_do_and_none_is_said(pki, honest):
    question = client.ask(NOTE)
    reply = honest.answer(question.request)
    assert faults(reply, question, [Pki().root.certificate]) is Fault.CHAIN
    assert faults(reply, question, []) is Fault.NO_ROOTS


@pytest.mark.parametrize(
    ("reason", "day", "holds"),
    [
        (None, 1, False),
        (None, 365, False),  # no reason told: every token of the key is lost (RFC 3161 §4.1)
        (x509.ReasonFlags.key_compromise, 365, False),
        (x509.ReasonFlags.superseded, 365, True),
        (x509.ReasonFlags.cessation_of_operation, 365, True),
        (x509.ReasonFlags.superseded, -1, False),
    ],
)
def test_a_revocation_counts_by_its_reason_and_moment(pki, roots, reason, day, holds):
    question = client.ask(NOTE)
    reply = certomancer(pki.good, pki.chain, at=THEN)(question.request)
    listed = pki.revocations(pki.good.certificate.serial_number, THEN + timedelta(days=day), reason)
    lists = [stamp.read_revocations(listed)]
    if holds:
        checked = stamp.check(stamp.read(reply), NOTE, roots, nonce=question.nonce, revoked=lists)
        assert checked.is_revocation_known
    else:
        assert faults(reply, question, roots, revoked=lists) is Fault.REVOKED


def test_a_list_that_names_others_says_that_this_one_is_good(pki, roots, honest):
    reply = honest.answer(client.ask(NOTE).request)
    lists = [stamp.read_revocations(pki.revocations(None, THEN))]
    assert stamp.check(stamp.read(reply), NOTE, roots, revoked=lists).is_revocation_known


def test_a_list_that_somebody_else_signed_is_left_aside(pki, roots, honest):
    reply = honest.answer(client.ask(NOTE).request)
    liar = Pki()
    lists = [stamp.read_revocations(liar.revocations(pki.good.certificate.serial_number, THEN))]
    assert not stamp.check(stamp.read(reply), NOTE, roots, revoked=lists).is_revocation_known


@pytest.mark.parametrize("garbage", [b"", b"0", b"\x30\x00", b"<html>", b"\x30\x80" + bytes(50), bytes(70_000)])
def test_garbage_is_no_time_stamp(garbage):
    with pytest.raises(BadStamp) as refused:
        stamp.read(garbage)
    assert refused.value.fault is Fault.UNREADABLE


def test_every_changed_byte_is_found_or_lies_outside_of_what_is_signed(pki, roots, honest):
    """Changes that stay unseen must not change what the token says (custody.md §2: only unsigned CMS fields)."""
    question = client.ask(NOTE)
    reply = honest.answer(question.request)
    good = stamp.read(reply)
    unseen = 0
    for at in range(len(reply)):
        changed = bytearray(reply)
        changed[at] ^= 1
        try:
            token = stamp.read(bytes(changed))
            stamp.check(token, NOTE, roots, nonce=question.nonce)
        except BadStamp:
            continue
        unseen += 1
        assert (token.gen_time, token.imprint, token.serial) == (good.gen_time, good.imprint, good.serial)
    assert unseen <= len(reply) // 20


def test_unsorted_certificates_are_read_all_the_same(pki, roots, honest):
    question = client.ask(NOTE)
    reply = honest.answer(question.request)
    parts = sorted(stamp.read(reply).certificates)
    ordered = der.with_sorted_certificates(reply)
    unsorted = ordered.replace(b"".join(parts), b"".join(parts[::-1]))
    assert unsorted != ordered
    assert der.with_sorted_certificates(unsorted) == ordered
    with pytest.raises(ValueError):
        decode_timestamp_response(unsorted)
    checked = stamp.check(stamp.read(unsorted), NOTE, roots, nonce=question.nonce)
    assert checked.token.raw == unsorted


def test_a_token_with_chinese_algorithms_is_kept_and_said_not_to_be_verified(pki, roots, honest):
    question = client.ask(NOTE)
    told = tsp.TimeStampResp.load(honest.answer(question.request))
    signed = told["time_stamp_token"]["content"]
    sm3 = core.ObjectIdentifier("1.2.156.10197.1.401")
    signed["digest_algorithms"] = cms.DigestAlgorithms([{"algorithm": sm3.native}])
    token = stamp.read(told.dump(force=True))
    assert token.is_chinese
    assert token.gen_time
    with pytest.raises(BadStamp) as refused:
        stamp.check(token, NOTE, roots, nonce=question.nonce)
    assert refused.value.fault is Fault.UNVERIFIABLE
    with pytest.raises(BadStamp) as refused:
        stamp.check(token, b"other", roots, nonce=question.nonce)
    assert refused.value.fault is Fault.IMPRINT


def test_the_fields_of_a_token_cannot_be_rewritten_after_reading(honest):
    token = stamp.read(honest.answer(client.ask(NOTE).request))
    with pytest.raises(AttributeError):
        token.gen_time = THEN
    assert replace(token, gen_time=THEN).gen_time == THEN
