"""What a reader may ask for: a policy is understood whole or refused, and every word of it counts."""

import base64
import hashlib

import pytest

from cardcase.anchors.rules import policy
from cardcase.anchors.rules.policy import BadPolicy, Policy
from cardcase.custody.rules import note
from cardcase.packs import verifier
from cardcase.packs.rules.trust import Stamped, Trust
from packs.packing import codes

KEY = note.Signer.of("example.com/log", bytes(32)).verifier.vkey


def witness(name: str, seed: int) -> str:
    material = b"\x04" + bytes([seed]) * 32
    ident = hashlib.sha256(name.encode() + b"\n" + material).hexdigest()[:8]
    return f"{name}+{ident}+{base64.b64encode(material).decode()}"


TEXT = f"""
# who signs, who watches
log {KEY} https://example.com/log
witness w1 {witness("w1.example", 1)} https://w1.example
witness w2 {witness("w2.example", 2)}
witness w3 {witness("w3.example", 3)}
witness w4 {witness("w4.example", 4)}
group some 2 w1 w2 w4
group one any w3
# own w4
group every all some one
quorum every
time 2
withheld none
pending none
"""


def test_a_policy_after_c2sp_with_our_lines_is_read():
    found = policy.read(TEXT.encode())
    assert list(found.logs) == [KEY]
    names = {name: one.witness.name for name, one in found.witnesses.items()}
    assert names == {"w1": "w1.example", "w2": "w2.example", "w3": "w3.example", "w4": "w4.example"}
    assert (found.times, found.may_withhold, found.may_be_pending) == (2, False, False)
    for cosigned, expected in (
        ("w1 w2 w3", True),
        ("w1 w2", False),
        ("w1 w3", False),
        ("w1 w3 w4", False),
        ("", False),
    ):
        assert found.is_met(cosigned.split()) is expected, cosigned


def test_nothing_said_is_the_policy_that_is_meant_for_most():
    assert policy.read(b"") == Policy() == policy.read(b"\n# nothing\r\n")
    assert Policy().is_met([])


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (1, "dance"),
        (1, "log"),
        (1, "log nonsense"),
        (2, f"\nlog {KEY}x"),
        (1, "quorum w9"),
        (1, "time many"),
        (1, "time -1"),
        (1, "time 10"),
        (1, "time 1 2"),
        (2, "time 1\ntime 1"),
        (1, "pending"),
        (1, "withheld perhaps"),
        (1, "witness w1 nonsense"),
        (1, f"witness w1 {KEY}"),
        (1, f"witness none {witness('w', 1)}"),
        (2, f"witness w1 {witness('w', 1)}\nwitness w1 {witness('v', 2)}"),
        (2, f"witness w1 {witness('w', 1)}\ngroup g 2 w1"),
        (2, f"witness w1 {witness('w', 1)}\ngroup g any w1 w1"),
        (2, f"witness w1 {witness('w', 1)}\ngroup g 0 w1"),
        (2, f"witness w1 {witness('w', 1)}\ngroup g any g"),
    ],
)
def test_a_line_that_is_not_understood_refuses_the_whole(line, text):
    with pytest.raises(BadPolicy) as refused:
        policy.read(text.encode())
    assert refused.value.line == line


# ---- what a policy does to the verdict --------------------------------------------------------------------------


@pytest.fixture
def judge(sealed, tmp_path):
    path = tmp_path / "pack.zip"
    path.write_bytes(sealed.data)
    known = (note.Verifier.parse(sealed.vkey),)

    def judged(text: str, stamped: Stamped | None = None) -> verifier.Report:
        def step(*_told: object) -> Stamped:
            return stamped or Stamped()

        return verifier.check(path, Trust(known, policy.read(text.encode())), step)

    return judged


W1 = f"witness w1 {witness('w1.example', 1)}\nquorum w1\n"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "stamped", "missing"),
    [
        ("time 0", Stamped(), set()),
        ("", Stamped(), {"no_trusted_time"}),
        ("", Stamped(authorities=frozenset({"a"})), set()),
        ("time 2", Stamped(authorities=frozenset({"a"})), {"no_trusted_time"}),
        ("time 2", Stamped(authorities=frozenset({"a", "b"})), set()),
        ("time 0\nwithheld none", Stamped(), {"withheld"}),
        ("time 0", Stamped(is_pending=True), set()),
        ("time 0\npending none", Stamped(is_pending=True), {"time_pending"}),
        (f"time 0\n{W1}", Stamped(), {"no_witness"}),
        (f"time 0\n{W1}", Stamped(witnesses=frozenset({"w2"})), {"no_witness"}),
        (f"time 0\n{W1}", Stamped(witnesses=frozenset({"w1"})), set()),
        (f"time 0\n{W1}# own w1\n", Stamped(witnesses=frozenset({"w1"})), {"no_witness"}),
    ],
)
def test_less_than_was_asked_for_is_exit_2_and_says_what(text, stamped, missing, judge):
    report = judge(text, stamped)
    assert {one.code for one in report.findings if one.level == "weakness"} == missing
    assert report.exit_code == (2 if missing else 0)
    assert report.findings[0].code in missing or not missing  # what weighs most comes first


@pytest.mark.django_db
def test_a_key_may_stand_in_the_policy(sealed, tmp_path):
    path = tmp_path / "pack.zip"
    path.write_bytes(sealed.data)
    trust = Trust(policy=policy.read(f"log {KEY}\nlog {sealed.vkey}\ntime 0".encode()))
    assert verifier.verify(path, trust=trust).exit_code == 0
    other = Trust(policy=policy.read(f"log {KEY}\ntime 0".encode()))
    assert {"seal_broken", "key_differs"} <= codes(verifier.verify(path, trust=other))
