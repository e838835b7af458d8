"""Mails as evidence: known by their head, read without trust, and their signature checked with the sender's key."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.evidence import dkim
from cardcase.evidence.dkim import Signed
from cardcase.evidence.rules import file_kind
from cardcase.evidence.rules.mail import facts_of, looks_like_mail, read_mail
from evidence.mails import Domain, mail


def test_a_mail_is_known_by_its_head_not_by_its_name():
    assert file_kind(mail("你好")) == "message/rfc822"
    assert file_kind(b"Received: by x\nFrom: a@b.c\nDate: Tue, 24 Nov 2026 10:20:00 +0800\n\nhi") == "message/rfc822"


@pytest.mark.parametrize(
    "data",
    [
        b"From: me\n\nnot a mail, a chat copied with one header line",
        b"Dear all,\nFrom: a@b.c\nDate: x\n\n",
        b"Date: x\nMessage-ID: <1>\n\nnobody sent it",
        b"\x00From: a@b.c\nDate: x\nReceived: y\n\n",
        b"",
    ],
)
def test_what_only_looks_a_little_like_a_mail_is_none(data):
    assert not looks_like_mail(data)


def test_a_mail_is_read_with_sender_date_and_words():
    read = read_mail(mail("订单号 331014569054500100\n尾号 K4RT\n实付：¥193.00\n地区：美区"))
    assert (read.sender, read.sender_domain, read.subject) == (
        "help@support.example",
        "support.example",
        "关于您的查询",
    )
    assert read.sent_at == datetime(2026, 11, 24, 2, 20, tzinfo=UTC)
    assert facts_of(read) == {
        "order_no": "331014569054500100",
        "tail4": "K4RT",
        "amount_fen": 19300,
        "region": "美区",
        "at": datetime(2026, 11, 24, 2, 20, tzinfo=UTC),
        "mail_from": "help@support.example",
        "mail_subject": "关于您的查询",
        "mail_id": "<1@support.example>",
    }


def test_html_is_read_as_a_reader_sees_it():
    read = read_mail(mail("<style>p{}</style><p>Card ending in <b>K4RT</b></p><script>x</script>", html=True))
    assert facts_of(read)["tail4"] == "K4RT"
    assert "p{}" not in read.text


def test_two_different_numbers_say_nothing():
    facts = facts_of(read_mail(mail("尾号 K4RT，不是尾号 ABCD；订单 331014569054500100 和 331014569054500101")))
    assert "tail4" not in facts
    assert "order_no" not in facts


def test_an_amount_without_its_name_is_not_taken():
    assert "amount_fen" not in facts_of(read_mail(mail("满 100 减 20，快来买")))


@given(st.binary(max_size=400))
def test_reading_never_fails_for_what_is_in_it(rest):
    read = read_mail(b"From: a@b.c\r\nDate: Tue\r\nMessage-ID: <1>\r\n" + rest)
    assert isinstance(facts_of(read), dict)


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_odd_headers_never_fail(lines):
    head = b"\r\n".join(
        name + b": " + line for name, line in zip([b"From", b"Date", b"Subject"] * 3, lines, strict=False)
    )
    assert read_mail(head + b"\r\n\r\nbody").text is not None


@pytest.fixture(scope="module")
def domain():
    return Domain()


def checked(raw: bytes, *domains: Domain, sender="support.example") -> dkim.Outcome:
    return dkim.check(
        raw, sender, lookup=lambda name: next((one.lookup(name) for one in domains if one.lookup(name)), None)
    )


def test_a_signature_that_holds(domain):
    outcome = checked(domain.signed(mail("已核实")), domain)
    assert (outcome.state, outcome.domain, outcome.selector) == (Signed.PASSED, "support.example", "s1")
    assert outcome.key.startswith(b"v=DKIM1")


@pytest.mark.parametrize("was", ["已核实", "help@support.example", "10:20:00"])
def test_one_changed_word_and_it_does_not_hold(domain, was):
    import base64

    raw = domain.signed(mail("已核实"))
    old = was.encode() if was.isascii() else base64.b64encode(was.encode())
    new = old[:-1] + (b"B" if old[-1:] != b"B" else b"C")
    assert old in raw
    assert checked(raw.replace(old, new), domain).state is Signed.FAILED


def test_a_stranger_who_signs_for_another_counts_in_part(domain):
    other = Domain("mailer.test")
    assert checked(other.signed(mail("已核实")), other).state is Signed.PARTIAL
    assert checked(domain.signed(other.signed(mail("已核实"))), domain, other).state is Signed.PASSED


def test_a_signature_of_a_part_of_the_body_counts_in_part(domain):
    raw = domain.signed(mail("已核实"), length=True)
    assert checked(raw, domain).state is Signed.PARTIAL
    assert checked(raw + b"5bey5Y+W5raI\r\n", domain).state is Signed.PARTIAL  # what was hung on is not signed


def test_a_key_that_was_taken_down_says_neither_yes_nor_no(domain):
    raw = domain.signed(mail("已核实"))
    assert checked(raw).state is Signed.NO_KEY


def test_no_signature_is_said(domain):
    assert checked(mail("已核实"), domain).state is Signed.UNSIGNED


def test_nobody_answers_is_not_no_key(domain):
    def away(_name):
        raise dkim.KeyAway("away")

    with pytest.raises(dkim.KeyAway):
        dkim.check(domain.signed(mail("已核实")), "support.example", lookup=away)
