"""Our own check of replies and ``rfc3161_client``, asked about the same replies: they agree, or it is said why not."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchors.authority import PEM, openssl_accepts
from anchors.forging import number, sequence
from anchors.tokens import CANNOT, Collection, Specimen
from cardcase.anchors.rules import client, stamp
from cardcase.anchors.rules.stamp import BadStamp, Checked, Fault

pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number")  # of changed certificates


@pytest.fixture(scope="module")
def collection(tmp_path_factory) -> Collection:
    return Collection(tmp_path_factory.mktemp("authorities"))


def judged(one: Specimen, reply: bytes | None = None, **more) -> Checked | Fault:
    try:
        token = stamp.read(one.reply if reply is None else reply)
        lists = [stamp.read_revocations(listed) for listed in one.lists]
        return stamp.check(token, one.message, one.roots, nonce=one.nonce, policy=one.policy, revoked=lists, **more)
    except BadStamp as bad:
        return bad.fault


def alone(one: Specimen, reply: bytes | None = None) -> bool:
    """Ask the library and nobody else."""
    raw = one.reply if reply is None else reply
    try:
        imprint = client.decode_timestamp_response(client.der.with_sorted_certificates(raw)).tst_info.message_imprint
    except ValueError:
        return False
    return client.accepts(raw, bytes(imprint.message), one.roots, one.nonce)


def test_every_specimen_is_judged_as_it_says_and_both_agree(collection):
    found: Counter[str] = Counter()
    wrong = []
    for one in collection.all():
        ours = judged(one, second=None)
        told = None if isinstance(ours, Checked) else ours
        both = judged(one)
        library = alone(one)
        if (told, both) != (one.fault, ours) or (library == (told is None)) == bool(one.apart):
            wrong.append((one.name, one.fault, told, both if isinstance(both, Fault) else None, library, one.apart))
        found[told.value if told else "holds"] += 1
    assert wrong == []
    assert found.keys() >= {fault.value for fault in Fault} - {Fault.NO_ROOTS.value}
    print(f"\n{sum(found.values())} specimens: {dict(found)}")  # noqa: T201 - the count is the proof


def test_openssl_accepts_what_holds(collection, tmp_path):
    """A third opinion; of its own it checks ESSCertID, and like the library it cannot judge RSA-PSS."""
    asked = 0
    for one in collection.all():
        if one.fault is not None or one.apart == CANNOT:
            continue
        token = stamp.read(one.reply)
        roots = b"".join(root.public_bytes(PEM) for root in one.roots)
        held = stamp.pem_of(token)
        assert openssl_accepts(tmp_path, one.reply, one.message, roots, held, at=token.gen_time), one.name
        asked += 1
    assert asked > 25


def flipped(reply: bytes, step: int) -> list[tuple[str, bytes]]:
    """Change one byte at a time, its lowest bit or its highest."""
    made = []
    for at in range(0, len(reply), step):
        for bit in (0x01, 0x80):
            changed = bytearray(reply)
            changed[at] ^= bit
            made.append((f"byte {at}, bit {bit:#x}", bytes(changed)))
    return made


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["cut", "double", "put", "swap"]), st.integers(0), st.integers(1, 40), st.binary(max_size=9)
    ),
    min_size=1,
    max_size=4,
)


def changed(reply: bytes, changes: list[tuple[str, int, int, bytes]]) -> bytes:
    """Cut, double, exchange and put in pieces."""
    for what, place, length, put in changes:
        at = place % (len(reply) + 1)
        piece, rest = reply[at : at + length], reply[at + length :]
        made = {"cut": b"", "double": piece * 2, "put": put + piece, "swap": piece[::-1]}[what]
        reply = reply[:at] + made + rest
    return reply


@pytest.fixture(scope="module")
def some(collection) -> list[Specimen]:
    return [one for one in collection.all() if one.fault in (None, Fault.CHAIN)]


@given(st.integers(0), CHANGES)
def test_whatever_is_changed_is_judged_alike(some, which, changes):
    one = some[which % len(some)]
    reply = changed(one.reply, changes)
    ours, both = judged(one, reply, second=None), judged(one, reply)
    assert isinstance(ours, Checked) == isinstance(both, Checked)
    assert isinstance(ours, Checked) or ours == both


@given(st.binary(max_size=300))
def test_whatever_is_sent_is_read_or_refused(data):
    for reply in (data, sequence(sequence(number(0)), data), sequence(sequence(number(0)), sequence(data))):
        with pytest.raises(BadStamp):
            stamp.read(reply)


EVERY = pytest.param(1, marks=pytest.mark.night)


@pytest.mark.parametrize("step", [5, EVERY])
@pytest.mark.parametrize("name", ["openssl, EC P-256", "openssl, RSA sha384", "certomancer", "accuracy and ordering"])
def test_every_changed_byte_is_judged_alike(collection, name, step):
    """What holds by our rules holds for the library; what that alone lets pass is not signed, and changes nothing."""
    one = next(one for one in collection.all() if one.name == name)
    good = stamp.read(one.reply)
    found: Counter[str] = Counter()
    for place, reply in flipped(one.reply, step):
        ours, both = judged(one, reply, second=None), judged(one, reply)
        if isinstance(ours, Fault):
            assert ours == both
            found[ours.value] += 1
            if alone(one, reply):
                found["only ours refuses"] += 1
                info = client.decode_timestamp_response(client.der.with_sorted_certificates(reply)).tst_info
                assert (info.gen_time, bytes(info.message_imprint.message)) == (good.gen_time, good.imprint)
        else:
            assert isinstance(both, Checked), place
            told = (ours.token.gen_time, ours.token.imprint, ours.token.serial, ours.token.accuracy)
            assert told == (good.gen_time, good.imprint, good.serial, good.accuracy)
            found["unseen"] += 1
    assert found["unseen"] <= len(one.reply) // (10 * step)
    print(f"\n{name}: {dict(found)}")  # noqa: T201 - the count is the proof
