"""The form of an entry: canonical bytes, commitments without words, nothing accepted that we would not write."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.custody.rules import entry as form
from cardcase.custody.rules import plain

AT = datetime(2026, 11, 24, 4, tzinfo=UTC)
SALT = bytes(range(32))


def entry(**changes) -> form.Entry:
    values = {
        "log": "cardcase.local/log_1", "seq": 7, "at": "2026-11-24T04:00:00.000000Z", "kind": "case.opened",
        "subject": "case_01", "cseq": 2, "cprev": "ab" * 32, "actor_role": "staff:owner", "actor_id": "00ff",
        "source": {"tool": "cardcase/0.1.0"}, "refs": {"order": "order_1"},
        "contents": (form.Committed("facts", "application/json", 3, bytes(32)),),
    }  # fmt: skip
    return form.Entry(**{**values, **changes})


def test_no_entry_has_more_contents_than_places():
    def size(many):
        contents = (form.Committed("a", "a/b", 0, bytes(32)),) * many
        return len(form.encode(form.Entry("l", 0, "a", "k", "s", 1, None, "r", "i", {}, contents, {})))

    assert form.PLACES * (size(2) - size(1)) > form.MAX_ENTRY_BYTES


def test_an_entry_is_written_like_this():
    assert form.encode(entry()) == (
        b'{"actor":{"id":"00ff","role":"staff:owner"},"at":"2026-11-24T04:00:00.000000Z","case":"case_01",'
        b'"content":[{"bytes":3,"commit":"' + b"0" * 64 + b'","mime":"application/json","role":"facts"}],'
        b'"cprev":"' + b"ab" * 32 + b'","cseq":2,"log":"cardcase.local/log_1","refs":{"order":"order_1"},"seq":7,'
        b'"src":{"tool":"cardcase/0.1.0"},"type":"case.opened","v":1}'
    )


def test_an_entry_comes_back_as_it_was_written():
    assert form.decode(form.encode(entry())) == entry()
    assert form.decode(form.encode(entry(cprev=None))).cprev is None


def test_every_flipped_bit_is_refused_or_read_as_something_else():
    data = form.encode(entry())
    for at in range(len(data) * 8):
        bent = bytearray(data)
        bent[at // 8] ^= 1 << at % 8
        try:
            assert form.decode(bytes(bent)) != entry()
        except ValueError:
            continue


@pytest.mark.parametrize("data", [
    b"{}", b"[]", b"null", b"", b"\xff", b"[" * 5000,
    form.encode(entry()) + b" ",
    form.encode(entry()).replace(b'"v":1', b'"v":2'),
    form.encode(entry()).replace(b'"seq":7', b'"seq":-7'),
    form.encode(entry()).replace(b'"seq":7', b'"seq":7,"seq":7'),
    form.encode(entry()).replace(b'"seq":7', b'"seq":true'),
    form.encode(entry()).replace(b'"cprev":"ab', b'"cprev":"AB'),
    form.encode(entry()).replace(b".000000Z", b"Z"),
])  # fmt: skip
def test_what_is_no_entry_is_refused(data):
    with pytest.raises(ValueError):
        form.decode(data)


def slowly(data: bytes) -> form.Entry | None:
    """Read an entry the long way: through the JSON decoder, and written again."""
    try:
        return form.read(plain.decode(data))
    except ValueError:
        return None


def quickly(data: bytes) -> form.Entry | None:
    try:
        return form.decode(data)
    except ValueError:
        return None


WORDS = st.dictionaries(st.text('abz"\\é{}', max_size=3), st.text('a:1"\\\n余{}', max_size=4), max_size=2)


@given(
    st.builds(
        entry,
        seq=st.integers(0, 2**53 - 1), cseq=st.integers(0, 3), cprev=st.sampled_from([None, "0a" * 32]),
        kind=st.text('a."\\\t~é \x7f', max_size=5), subject=st.text(max_size=4), refs=WORDS, source=WORDS,
        contents=st.lists(st.builds(form.Committed, st.text('m/1"é', max_size=4), st.sampled_from(["text/plain", "é", '"']),
                                    st.integers(0, 10**16), st.just(bytes(32))), max_size=3).map(tuple),
    )
)  # fmt: skip
def test_the_quick_reading_is_the_long_one(told):
    try:
        data = form.encode(told)
    except ValueError:  # a lone surrogate is no text
        return
    assert quickly(data) == slowly(data)


@given(st.data())
def test_the_quick_reading_refuses_what_the_long_one_refuses(data):
    whole = form.encode(entry(refs={"order": "order_1", "vkey": "x+y/z="}))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(whole) - 1))
        gone = data.draw(st.integers(0, 3))
        put = data.draw(
            st.sampled_from([b"", b'"', b",", b"0", b"9", b"{}", b"\\u0061", b" ", b"\x7f", "é".encode(), b"e1", b"-"])
        )
        whole = whole[:at] + put + whole[at + gone :]
    assert quickly(whole) == slowly(whole)


def test_the_quick_reading_is_used_for_what_we_write():
    assert form._glance(form.encode(entry())) == entry()


@pytest.mark.parametrize("who", [
    {"kind": "staff", "label": "owner", "role": "owner", "shop": 7, "staff": 1},
    {"kind": "system", "label": 'a "shop":9, \\" 余', "role": None, "shop": None, "staff": None},
])  # fmt: skip
def test_the_shop_of_the_facts_is_read_without_reading_them(who):
    assert form.shop_of(plain.encode({"actor": who, "facts": {"shop": 3}})) == who["shop"]
    assert form.shop_of(plain.encode({"facts": {}, "actor": {"shop": 5, "other": 1}})) == 5


def test_an_entry_over_16_kib_is_refused_with_the_way_out():
    big = tuple(form.Committed(f"message/msg_{n:032x}", "text/plain", 5, bytes(32)) for n in range(120))
    with pytest.raises(form.BadEntry) as refusal:
        form.encode(entry(contents=big))
    assert "16384" in refusal.value.message.zh
    assert refusal.value.next.zh


def test_64_messages_fit_into_one_entry():
    chunk = tuple(form.Committed(f"message/msg_{n:032x}", "text/plain", 99999, bytes(32)) for n in range(64))
    assert len(form.encode(entry(contents=chunk))) <= form.MAX_ENTRY_BYTES


def test_the_commitment_is_the_hmac_that_the_readme_of_a_pack_explains():
    # printf "evidence/v1|facts|余额 0" | openssl dgst -sha256 -mac HMAC -macopt hexkey:0001…1f
    assert form.commit(SALT, "facts", "余额 0".encode()).hex() == (
        "94377af0e7306c62abe3896e2af789e41524e0a2c5de4817f596bf2aa35ebe6b"
    )


@given(st.binary(max_size=40), st.binary(max_size=40), st.sampled_from(["facts", "message/msg_1"]))
def test_a_commitment_opens_to_its_bytes_only(body, other, role):
    commitment = form.commit(SALT, role, body)
    assert form.opens(SALT, role, body, commitment)
    assert form.opens(SALT, role, other, commitment) is (other == body)
    assert not form.opens(SALT, "file", body, commitment)
    assert not form.opens(SALT[:31], role, body, commitment)


@pytest.mark.parametrize("change", [
    {"kind": "退款"}, {"kind": "case"}, {"kind": "case opened.now"}, {"subject": "买家"}, {"subject": "case_ 1"},
    {"refs": {"note": "two words"}}, {"refs": {"备注": "x"}}, {"source": {"channel": "闲鱼"}},
    {"contents": [form.Content("买家说", b"")]}, {"contents": [form.Content("facts", b"")]},
    {"contents": [form.Content("file", b"", "text plain")]}, {"at": datetime(2026, 1, 1)},  # noqa: DTZ001 - meant
])  # fmt: skip
def test_words_never_get_into_a_leaf(change):
    record = form.Record(**{"kind": "case.opened", "subject": "case_1", "at": AT, "facts": {}, **change})
    with pytest.raises(form.BadEntry):
        form.check_record(record)


def test_the_body_of_a_content_is_not_shown():
    assert "秘密" not in repr(form.Content("file", "秘密".encode()))
