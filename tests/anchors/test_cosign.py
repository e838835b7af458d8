"""Cosignatures, the words of tlog-witness, and tlog-policy: the examples of the C2SP texts, and what must be refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardcase.anchors.rules import cosign, policy
from cardcase.anchors.rules.policy import BadPolicy
from cardcase.custody.rules import note
from cardcase.custody.rules.note import BadNote

TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
LOG_LINE = "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
WITNESS_LINE = "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
REQUEST = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""
SEED = bytes(range(32))
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
W1 = cosign.Witness("witness.example/w1", KEY.public_key().public_bytes_raw())


def other(number):
    key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    return cosign.Witness(f"w.example/{number}", key.public_key().public_bytes_raw())


def test_the_example_of_the_text_has_the_form_that_we_read():
    """C2SP prints no key for it, so its form is what can be compared: the type, the moment, the length."""
    _, (_, line) = note.split(TEXT + "\n" + LOG_LINE + WITNESS_LINE)
    assert line.name == "witness.example.com/w1"
    assert int.from_bytes(line.body[:8]) == 1679315147
    assert len(line.body) == 72


def test_the_request_of_the_text_is_read_and_written_as_it_stands():
    old, proof, signed = cosign.read_request(REQUEST.encode())
    assert (old, len(proof)) == (20852014, 4)
    assert cosign.write_request(old, proof, signed) == REQUEST.encode()


def test_a_cosignature_is_over_header_time_and_note_body():
    line = cosign.sign(TEXT, W1.name, KEY, 1679315147)
    (held,) = cosign.holding(TEXT + "\n" + LOG_LINE + line, [W1])
    assert (held.seconds, held.line) == (1679315147, line)
    body = note.decode64(line.split(" ")[2].strip())
    assert body[:4] == W1.ident
    KEY.public_key().verify(body[12:], b"cosignature/v1\ntime 1679315147\n" + TEXT.encode())


@pytest.mark.parametrize("at", [4, 11, 12, 75])
def test_a_changed_cosignature_spoils_the_note(at):
    line = cosign.sign(TEXT, W1.name, KEY, 1679315147)
    body = bytearray(note.decode64(line.split(" ")[2].strip()))
    body[at] ^= 1
    bad = f"— {W1.name} {note.encode64(bytes(body))}\n"
    with pytest.raises(BadNote):
        cosign.holding(TEXT + "\n" + bad, [W1])


def test_a_moment_of_zero_is_none_and_other_keys_are_left_aside():
    with pytest.raises(BadNote):
        cosign.holding(TEXT + "\n" + cosign.sign(TEXT, W1.name, KEY, 0), [W1])
    assert cosign.holding(TEXT + "\n" + WITNESS_LINE, [W1]) == []
    assert cosign.holding(TEXT + "\n" + cosign.sign(TEXT, "another.name", KEY, 5), [W1]) == []


def test_keys_of_witnesses_are_of_their_own_type():
    assert cosign.Witness.parse(W1.vkey) == W1
    with pytest.raises(BadNote):
        cosign.Witness.parse(note.Verifier(W1.name, W1.public).vkey)
    with pytest.raises(BadNote):
        note.Verifier.parse(W1.vkey)
    with pytest.raises(BadNote):
        cosign.Witness.parse(W1.vkey.replace("w1+", "w2+"))


@pytest.mark.parametrize(
    "body",
    [b"", b"old 1", b"old 01\n\n" + TEXT.encode(), b"old -1\n\nx", b"new 1\n\nx", b"old 1\nnot base64\n\nx", b"\xff\n\n",
     b"old 1\n" + b"AAAA\n" * 64 + b"\nx"],
)  # fmt: skip
def test_what_is_no_request_is_refused(body):
    with pytest.raises(BadNote):
        cosign.read_request(body)


@pytest.mark.parametrize(("body", "size"), [(b"0\n", 0), (b"17\n", 17), (b"17", None), (b"017\n", None), (b"-1\n", None),
                                            (b"<html>", None), (b"9" * 40 + b"\n", None)])  # fmt: skip
def test_the_size_in_a_409_is_decimal_with_its_newline(body, size):
    assert cosign.read_size(body) == size


# ---- policy ----------------------------------------------------------------------------------------------------------

X1, X2, X3, Y1, Y2, Y3 = (other(number) for number in range(1, 7))
LOG = note.Verifier("example.com/log", SEED)
EXAMPLE = f"""log {LOG.vkey}

witness X1 {X1.vkey}
witness X2 {X2.vkey} https://x2.example/
witness X3 {X3.vkey}
group X-witnesses 2 X1 X2 X3

\twitness Y1 {Y1.vkey}
witness   Y2\t{Y2.vkey}
witness Y3 {Y3.vkey}
# a comment
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


@pytest.mark.parametrize(
    ("who", "is_met"),
    [("", False), ("X1 X2", False), ("X1 Y1", False), ("X1 X2 Y3", True), ("X1 X2 X3", False),
     ("X1 X2 X3 Y1 Y2 Y3", True)],
)  # fmt: skip
def test_the_policy_of_the_text_asks_for_two_of_these_and_one_of_those(who, is_met):
    found = policy.read(EXAMPLE.encode())
    assert found.is_met(who.split()) is is_met
    assert found.witnesses["X2"].url == "https://x2.example/"
    assert list(found.logs.values()) == [LOG]


def test_a_witness_of_the_sellers_own_counts_as_zero():
    own = policy.read((EXAMPLE + "# own Y3\n").encode())
    assert own.witnesses["Y3"].is_own
    assert not own.is_met(["X1", "X2", "Y3"])
    assert own.is_met(["X1", "X2", "Y1"])
    assert len(own.neutral) == 5
    alone = policy.read(f"witness W {X1.vkey}\n#own W\nquorum W".encode())
    assert not alone.is_met(["W"])


def test_quorum_none_asks_for_nobody():
    found = policy.read(b"quorum none\n")
    assert found.is_met([])
    assert found.quorum == policy.NONE


@pytest.mark.parametrize(
    "text",
    [
        "quorum W", "quorum none\nquorum none", f"witness W {X1.vkey}", f"witness none {X1.vkey}\nquorum none",
        f"witness W {LOG.vkey}\nquorum W", f"witness W {X1.vkey}\nwitness W {X2.vkey}\nquorum W",
        f"witness V {X1.vkey}\nwitness W {X1.vkey}\nquorum W", "group G any\nquorum G", "group G any W\nquorum none",
        f"witness W {X1.vkey}\ngroup G 2 W\nquorum G", f"witness W {X1.vkey}\ngroup G 0 W\nquorum G",
        f"witness W {X1.vkey}\ngroup G any none\nquorum G", f"witness W {X1.vkey}\ngroup G any W\ngroup H any W\nquorum H",
        f"witness W {X1.vkey}\ngroup G any W W\nquorum G", f"log {LOG.vkey}\nlog {LOG.vkey}\nquorum none",
        f"quorum W\nwitness W {X1.vkey}", "trust me\nquorum none", "quorum\rnone", "quorum none\r", "quorum none\x00",
        "# own W\nquorum none", "quorum none extra", f"log {LOG.vkey} a b\nquorum none",
        f"witness W {X1.vkey}\ngroup G +1 W\nquorum G",
    ],
)  # fmt: skip
def test_what_is_no_policy_is_refused(text):
    with pytest.raises(BadPolicy):
        policy.read(text.encode())


def test_names_are_octets():
    text = f"witness 见证 {X1.vkey}\n".encode() + b"# \xff\xfe\nquorum " + "见证".encode()
    assert policy.read(text).is_met(["见证"])
