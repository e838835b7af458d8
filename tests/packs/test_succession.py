"""A reader who holds an earlier key comes by it to the present one: when every change is proved, and only then."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cardcase.custody import keys as key_files
from cardcase.custody import queries as ledger
from cardcase.custody import service as custody
from cardcase.custody.rules import entry as entries
from cardcase.custody.rules import merkle, note, plain
from cardcase.kit import clock
from cardcase.packs import service, verifier
from cardcase.packs.rules import form, succession
from cardcase.packs.rules.succession import Change
from cardcase.packs.rules.trust import Trust
from cardcase.staff import service as staff
from cardcase.staff.rules import Role
from conftest import NOON
from packs import builders, tampering
from packs.packing import ANY_TIME, bagged, check, codes, members_of, relisted
from packs.test_readme import NEEDS_TOOLS, lay, run

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
FILE = Path(__file__).parent.parent.parent / "verifier" / "cardcase_verify.py"


@dataclass(frozen=True)
class World:
    """A pack made after two changes of the key; its keys, oldest first; the signers, and the head signed before."""

    data: bytes
    before: bytes
    keys: tuple[str, ...]
    signers: tuple[note.Signer, ...]
    copy: str

    @property
    def members(self):
        return members_of(self.data)

    @property
    def changes(self):
        return succession.read(self.members[form.KEYS])

    @property
    def head(self):
        told = json.loads(self.members[form.MANIFEST])
        text = self.members[form.checkpoint_path(told["log"]["size"])].decode()
        return note.Checkpoint.parse(note.split(text)[0])

    def sealed_anew(self, changed: bytes) -> dict[str, bytes]:
        """Put another chain in and seal it with the true, present key: only the chain itself can give it away."""
        members = {**self.members, form.KEYS: changed}
        raw = relisted(members)
        lines = (form.FORMAT, *form.seal_lines(json.loads(raw)["pack"], raw))
        seal = note.sign("".join(f"{line}\n" for line in lines), self.signers[-1])
        return bagged({**members, form.MANIFEST: raw, form.SEAL: seal.encode()})


@pytest.fixture
def world(data, owner) -> World:
    with clock.fixed_at(NOON):
        case = builders.a_case(owner, NOON).build()
    before = service.build(owner, case.number, at=NOON)
    copy = ledger.latest_checkpoint(owner)
    keys = [ledger.vkey(owner)]
    origin = note.Verifier.parse(keys[0]).name
    signers = [key_files.signer(origin)]
    for hour in (1, 2):
        keys.append(custody.rotate_key(owner, "换机器", at=NOON + hour * HOUR))
        signers.append(key_files.signer(origin))
    with clock.fixed_at(NOON + 3 * HOUR):
        sealed = service.build(owner, case.number, at=NOON + 3 * HOUR)
    return World(sealed, before, tuple(keys), tuple(signers), copy)


def faults(report):
    return {one.code for one in report.findings if one.level == "fault"}


# ---- who trusts which key ---------------------------------------------------------------------------------------


def test_every_earlier_key_leads_to_the_present_one(world, tmp_path):
    for old in world.keys[:-1]:
        report = check(world.data, tmp_path, old, ANY_TIME)
        assert report.exit_code == 0, report.as_text()
        [said] = [one for one in report.findings if one.code == "key_followed"]
        assert (said.level, said.place) == ("note", form.KEYS)
        fingerprint = note.Verifier.parse(old).fingerprint
        assert fingerprint in said.text.zh
        assert fingerprint in said.text.en
        assert report.facts["follows_key"] == fingerprint
        assert report.facts["fingerprint"] == note.Verifier.parse(world.keys[-1]).fingerprint
        assert report.facts["is_signer_known"] is True


def test_a_reader_with_the_present_key_notices_nothing(world, tmp_path):
    report = check(world.data, tmp_path, world.keys[-1], ANY_TIME)
    assert report.exit_code == 0, report.as_text()
    assert "key_followed" not in codes(report)
    assert "follows_key" not in report.facts


def test_a_reader_without_a_key_learns_no_more_than_before(world, tmp_path):
    report = check(world.data, tmp_path, None, ANY_TIME)
    assert report.exit_code == 2
    assert "signer_unknown" in codes(report)


def test_the_key_of_another_leads_nowhere(world, tmp_path):
    name = note.Verifier.parse(world.keys[0]).name
    report = check(world.data, tmp_path, note.Signer.of(name, bytes(32)).verifier.vkey, ANY_TIME)
    assert report.exit_code == 1
    assert {"seal_broken", "key_differs"} <= faults(report)


def test_the_new_key_does_not_lead_back_to_the_old_one(world, tmp_path):
    assert form.KEYS not in members_of(world.before)
    assert check(world.before, tmp_path, world.keys[0], ANY_TIME).exit_code == 0
    assert "key_differs" in faults(check(world.before, tmp_path, world.keys[1], ANY_TIME))


def test_a_head_that_the_old_key_signed_can_be_held_against_it(world, tmp_path):
    report = check(world.data, tmp_path, world.keys[0], ANY_TIME, previous=world.copy)
    assert report.exit_code == 0, report.as_text()
    assert report.facts["continues_previous"] > 0
    between = world.changes[1].checkpoint  # signed by the second and the third key
    report = check(world.data, tmp_path, world.keys[0], ANY_TIME, previous=between)
    assert report.exit_code == 0, report.as_text()
    assert "previous_of_another" not in codes(report)


def test_the_readme_speaks_of_the_keys_where_there_were_several(world):
    after, before = (members_of(one)[form.README].decode() for one in (world.data, world.before))
    assert form.KEYS in after
    assert "signing key was changed" in after
    assert form.KEYS not in before


@NEEDS_TOOLS
def test_openssl_alone_checks_the_head_that_two_keys_signed(world, tmp_path):
    head = f"data/checkpoints/{world.head.size}.note"
    assert len(note.split(world.members[head].decode())[1]) == 2
    unpacked = lay(world.members, tmp_path / "pack")
    done = run(unpacked, 1, 2, 3, 4, 5, vkey=world.keys[-1])
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.count("Signature Verified Successfully") == 2


def test_page_and_api_follow_the_keys_too(world, client, owner):
    cache.clear()
    asked = {"vkey": world.keys[0], "policy": "time 0\r\nquorum none\r\n"}
    page = client.post("/verify/", {"pack": SimpleUploadedFile("a.zip", world.data), **asked}).content.decode()
    assert "有效：每一项都对得上" in page
    assert "key_followed" in page
    assert "您给的公钥（较早的一把），指纹" in page
    token = staff.create_token(owner, label="x", role=Role.AGENT, at=NOON).plain
    client = Client(headers={"Authorization": f"Bearer {token}"})
    answer = client.post("/api/v1/verify", {"pack": SimpleUploadedFile("a.zip", world.data), **asked})
    told = answer.json()
    assert (answer.status_code, told["verdict"]) == (200, "valid")
    assert told["facts"]["follows_key"] == note.Verifier.parse(world.keys[0]).fingerprint


# ---- forged successions -----------------------------------------------------------------------------------------


def resigned(change: Change, *signers: note.Signer) -> Change:
    head = note.Checkpoint.parse(note.split(change.checkpoint)[0])
    return replace(change, checkpoint=note.sign(head.text(), *signers))


def retold(change: Change, **told: object) -> Change:
    """Change the entry; it is no longer in the tree, whatever else holds."""
    value = {**json.loads(change.entry), **told}
    return replace(change, entry=plain.encode(value))


def forgeries(world: World):
    first, second = world.changes
    one, two, three = world.signers
    thief = note.Signer.of(one.name, b"t" * 32)
    refs = json.loads(first.entry)["refs"]
    yield "the old key did not sign", (resigned(first, two), second)
    yield "another signed in the old key's place", (resigned(first, thief, two), second)
    yield "the new key did not sign", (resigned(first, one), second)
    yield "the next key signed instead", (first, resigned(second, one, three))
    yield "the old key of another", (retold(first, refs={**refs, "prev_vkey": thief.verifier.vkey}), second)
    yield "entry not in the tree", (retold(first, at=json.loads(second.entry)["at"]), second)
    yield "entry of another kind", (retold(first, type="custody.continued"), second)
    yield "entry of another log", (retold(first, log="cardcase.local/x"), second)
    yield "entry of another subject", (retold(first, case="case_1"), second)
    yield "named for another log", (retold(first, refs={**refs, "origin": "cardcase.local/x"}), second)
    yield "turned round", (second, first)
    yield "one twice", (first, first, second)
    yield "the last one left out", (first,)
    yield "the head of the one with the other", (replace(first, checkpoint=second.checkpoint), second)
    yield "proof of the other", (replace(first, path=second.path), second)
    yield "no proof", (replace(first, path=()), second)
    yield "not the beginning of this record", (replace(first, consistency=second.consistency[:-1]), second)
    head = note.Checkpoint.parse(note.split(first.checkpoint)[0])
    short = note.Checkpoint(head.origin, json.loads(first.entry)["seq"], bytes(32))
    yield "a head from before the entry", (replace(first, checkpoint=note.sign_checkpoint(short, one, two)), second)
    other = note.Checkpoint(head.origin, head.size, merkle.leaf_hash(b"x"))
    yield "a head of another record", (replace(first, checkpoint=note.sign_checkpoint(other, one, two)), second)


def test_a_forged_succession_is_found_though_the_present_key_sealed_it(world, tmp_path):
    assert check(world.sealed_anew(succession.write(world.changes)), tmp_path, world.keys[0]).exit_code == 0
    for name, changes in forgeries(world):
        members = world.sealed_anew(succession.write(changes))
        for key in (*world.keys, None):
            report = check(members, tmp_path, key, ANY_TIME)
            assert report.exit_code == 1, (name, key)
            told = faults(report) - {"export_unproved"}  # the manifest is not the one that was recorded
            if key in world.keys[:-1]:
                assert "key_differs" in told, (name, key)
            else:
                assert told == {"succession_broken"}, (name, key)


def test_every_condition_is_asked_for_by_itself(world):
    """Build a record of one's own, in which but one thing is wrong: its proofs and signatures all hold."""
    one, two = (note.Signer.of("cardcase.local/log_x", bytes([n]) * 32) for n in (1, 2))
    entry = json.loads(world.changes[0].entry)

    def chain(crossed: int = 2, size: int = 3, **told: object):
        value = {**entry, "log": one.name, "case": "log_x", "seq": 1, "refs": {
            "origin": one.name, "vkey": two.verifier.vkey, "prev_vkey": one.verifier.vkey}, **told}  # fmt: skip
        leaves = [merkle.leaf_hash(data) for data in (b"0", plain.encode(value), b"2")]

        def root(start: int, end: int) -> bytes:
            if end - start == 1:
                return leaves[start]
            half = 1 << (end - start - 1).bit_length() - 1
            return merkle.node_hash(root(start, start + half), root(start + half, end))

        signed = note.sign_checkpoint(note.Checkpoint(one.name, crossed, root(0, crossed)), one, two)
        consistency = () if crossed == size else ((leaves[2],) if crossed == 2 else (leaves[1], leaves[2]))
        change = Change(plain.encode(value), (leaves[0], leaves[2]), signed, consistency)
        return [change], note.Checkpoint(one.name, size, root(0, size)), two.verifier.vkey

    assert succession.prove(*chain()) == [one.verifier, two.verifier]
    assert succession.prove(*chain(crossed=3)) == [one.verifier, two.verifier]
    refs = {"origin": one.name, "vkey": two.verifier.vkey, "prev_vkey": one.verifier.vkey}
    for wrong in (
        {"type": entries.CONTINUED},
        {"log": "cardcase.local/log_y"},
        {"case": "case_1"},
        {"seq": 2},
        {"refs": {**refs, "origin": "cardcase.local/log_y"}},
        {"refs": {**refs, "vkey": one.verifier.vkey}},
        {"refs": {**refs, "prev_vkey": two.verifier.vkey}},
        {"refs": {}},
        {"crossed": 1},
    ):
        with pytest.raises(ValueError, match=r".+"):
            succession.prove(*chain(**wrong))
    changes, head, _ = chain()
    with pytest.raises(ValueError, match="the last key is another"):
        succession.prove(changes, head, one.verifier.vkey)


@pytest.mark.parametrize(
    "bend",
    [
        lambda data: b"",
        lambda data: b"[]",
        lambda data: b'{"changes":[],"v":1}',
        lambda data: data + b"\n",
        lambda data: data.replace(b'"v":1', b'"v":2'),
        lambda data: data.replace(b'"checkpoint":', b'"checkpoint" :', 1),
        lambda data: data[: len(data) // 2],
    ],
)
def test_a_list_in_another_form_is_none(bend, world, tmp_path):
    members = world.sealed_anew(bend(world.members[form.KEYS]))
    assert "succession_broken" in faults(check(members, tmp_path, world.keys[-1], ANY_TIME))
    assert check(members, tmp_path, world.keys[0], ANY_TIME).exit_code == 1


def test_a_chain_is_of_no_use_for_a_pack_of_another_key(world, tmp_path):
    """A thief adds the true chain to a pack that the thief sealed."""
    thief = note.Signer.of(world.signers[0].name, b"t" * 32)
    told = json.loads(relisted(world.members))
    told["log"]["vkey"] = thief.verifier.vkey
    raw = plain.encode(told)
    lines = (form.FORMAT, *form.seal_lines(told["pack"], raw))
    seal = note.sign("".join(f"{line}\n" for line in lines), thief)
    members = bagged({**world.members, form.MANIFEST: raw, form.SEAL: seal.encode()})
    for key in world.keys:
        assert check(members, tmp_path, key, ANY_TIME).exit_code == 1


def test_every_change_of_the_member_is_found(world, tmp_path):
    """By readers with the earliest and the present key, whoever made lists, manifest and seal anew."""
    path, count = tmp_path / "pack.zip", 0
    for mutant in tampering.bytes_of_members(world.members, 12, {form.KEYS}):
        path.write_bytes(mutant.data)
        for key in (world.keys[0], world.keys[-1]):
            report = verifier.verify(path, trust=Trust((note.Verifier.parse(key),), ANY_TIME))
            assert report.exit_code in (1, 3), (mutant.name, key)
            count += 1
    assert count > 200
    gone = {name: data for name, data in world.members.items() if name != form.KEYS}
    assert "member_missing" in faults(check(bagged(gone), tmp_path, world.keys[-1], ANY_TIME))


def test_the_single_file_says_the_same(world, tmp_path):
    lax, path = tmp_path / "lax.txt", tmp_path / "pack.zip"
    lax.write_text("time 0\n")
    forged = [members for _, members in list(forgeries(world))[:3]]
    for pack in (world.data, *(world.sealed_anew(succession.write(one)) for one in forged)):
        for key in (world.keys[0], world.keys[-1]):
            expected = check(pack, tmp_path, key, verifier.trust_of(policy=lax).policy)
            done = subprocess.run(
                [sys.executable, FILE, path, "--vkey", key, "--policy", lax, "--json"], capture_output=True, check=False
            )
            assert done.returncode == expected.exit_code
            assert json.loads(done.stdout) == json.loads(json.dumps(expected.document()))
