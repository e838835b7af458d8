"""Third parties' words in a pack: real tokens and cosignatures, judged by what the reader brings."""

import hashlib
import io
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from anchors.authority import Pki, certomancer, openssl_accepts, served
from cardcase.anchors import queries as anchors
from cardcase.anchors import service as anchoring
from cardcase.anchors.models import Cosignature, Deposit, Stamp
from cardcase.anchors.queries import KeptStamp
from cardcase.anchors.rules import client, config, cosign
from cardcase.anchors.witness_server import Witness
from cardcase.custody import queries as ledger
from cardcase.custody import service as custody
from cardcase.custody.rules import note
from cardcase.kit import clock, ids
from cardcase.packs import bag, check_stamps, service, stamps, verifier
from cardcase.packs.findings import Findings
from cardcase.packs.rules import form, stamping
from cardcase.staff.rules import Actor
from conftest import NOON
from packs import builders

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def pki():
    return Pki()


class World:
    """A case, an authority, and a witness, all in one data folder."""

    def __init__(self, folder, owner, authority, pki):
        self.folder, self.owner, self.authority, self.pki = folder, owner, authority, pki
        self.roots = folder / "trusted"
        self.roots.mkdir()
        (self.roots / "root.pem").write_bytes(pki.root.pem)
        (folder / "roots.pem").write_bytes(pki.root.pem)
        self.configure("")

    def configure(self, more):
        config._read.cache_clear()
        (self.folder / config.FILE).write_text(
            f'[[authority]]\nname = "first"\nurl = "{self.authority.url}"\nroots = "roots.pem"\nprivate = true\n{more}'
        )

    def something(self, *, at, subject=None):
        """Let the record grow by one entry."""
        with transaction.atomic():
            record = custody.Record("case.noted", subject or ids.public_id("case"), at, {"text": "x"})
            custody.append(self.owner, record)

    def stamp(self, at, signer=None):
        self.authority.answer = certomancer(signer or self.pki.good, self.pki.chain, at=at)
        with clock.fixed_at(at):
            size = anchoring.promise(None, at=at, is_forced=True)
            row = Stamp.objects.get(size=size, over=None)
            assert anchoring.try_stamp(None, row.pk, at=at) == ""
        return Stamp.objects.get(pk=row.pk)

    def trust(self, tmp_path, policy=""):
        path = None
        if policy:
            path = tmp_path / "policy.txt"
            path.write_text(policy)
        return verifier.trust_of(vkey=ledger.vkey(self.owner), policy=path, tsa_roots=self.roots)

    def verify(self, data, tmp_path, policy="", trust=None):
        path = tmp_path / "pack.zip"
        path.write_bytes(data)
        return verifier.verify(path, trust=trust or self.trust(tmp_path, policy))


@pytest.fixture
def world(data, owner, pki):
    with served(lambda _asked: b"") as authority:
        yield World(data, owner, authority, pki)


@pytest.fixture
def case(world, owner):
    with clock.fixed_at(NOON):
        return builders.a_case(owner, NOON).build()


def codes(report):
    return [one.code for one in report.findings]


def members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def sealed(world, case, owner):
    """A pack whose records are bounded: a stamp before they were written is missing, one after is there."""
    world.stamp(NOON + HOUR)
    with clock.fixed_at(NOON + 2 * HOUR):
        return service.build(owner, case.number, at=NOON + 2 * HOUR)


def test_a_pack_carries_tokens_that_the_readers_root_proves(world, sealed, tmp_path):
    report = world.verify(sealed, tmp_path)
    assert report.exit_code == 0, report.as_text()
    assert report.facts["trusted_times"] == 1
    assert report.facts["records_not_after"] > 0
    bounded = [one for one in report.findings if one.code == "record_bounded"]
    assert "2026-11-24 13:00:00" in bounded[0].text.zh
    assert "not after 2026-11-24 05:00:00Z" in bounded[0].text.en


def test_openssl_alone_accepts_what_lies_in_the_pack(world, sealed, tmp_path):
    held = members(sealed)
    told = stamping.read(held[stamping.LIST])
    (one,) = told.stamps
    assert openssl_accepts(tmp_path, held[one.token], held[one.note], world.pki.root.pem, held[one.certificates])
    assert subprocess.run(["openssl", "version"], check=True, capture_output=True).stdout


def test_without_roots_no_time_is_trusted(world, sealed, tmp_path):
    report = world.verify(sealed, tmp_path, trust=verifier.trust_of(vkey=ledger.vkey(world.owner)))
    assert report.exit_code == 2
    assert "stamp_no_roots" in codes(report)
    assert "no_trusted_time" in codes(report)


def test_another_root_is_no_reason_to_call_it_tampered(world, sealed, tmp_path):
    (world.roots / "root.pem").write_bytes(Pki().root.pem)
    report = world.verify(sealed, tmp_path)
    assert report.exit_code == 2
    assert "stamp_chain_untrusted" in codes(report)


def test_a_revocation_that_the_reader_brings_counts(world, sealed, tmp_path):
    listed = world.pki.revocations(world.pki.good.certificate.serial_number, NOON)
    (world.roots / "ca.crl").write_bytes(listed)
    report = world.verify(sealed, tmp_path)
    assert report.exit_code == 2
    assert "stamp_certificate_revoked" in codes(report)


def test_records_are_bounded_on_both_sides(world, owner, tmp_path):
    world.something(at=NOON - HOUR)
    world.stamp(NOON - HOUR / 2)
    with clock.fixed_at(NOON):
        case = builders.a_case(owner, NOON).build()
    world.stamp(NOON + HOUR)
    with clock.fixed_at(NOON + 2 * HOUR):
        sealed = service.build(owner, case.number, at=NOON + 2 * HOUR)
    report = world.verify(sealed, tmp_path)
    assert report.exit_code == 0, report.as_text()
    assert report.facts["records_not_before"] == report.facts["records_not_after"] > 0
    said = next(one.text.zh for one in report.findings if one.code == "record_bounded")
    assert "不早于 2026-11-24 11:30:00" in said
    assert "不晚于 2026-11-24 13:00:00" in said


def test_a_clock_that_was_wrong_is_found_out(world, owner, tmp_path):
    with clock.fixed_at(NOON + 9 * HOUR):
        case = builders.a_case(owner, NOON + 9 * HOUR).build()
    world.stamp(NOON)
    with clock.fixed_at(NOON + HOUR):
        sealed = service.build(owner, case.number, at=NOON + HOUR)
    report = world.verify(sealed, tmp_path)
    assert report.exit_code == 2
    assert "clock_outside_bounds" in codes(report)


def test_only_the_tokens_that_matter_are_carried(world, owner):
    with clock.fixed_at(NOON):
        case = builders.a_case(owner, NOON).build()
    for hour in range(1, 6):
        world.something(at=NOON + hour * HOUR)
        world.stamp(NOON + hour * HOUR)
    with clock.fixed_at(NOON + 9 * HOUR):
        sealed = service.build(owner, case.number, at=NOON + 9 * HOUR)
    told = stamping.read(members(sealed)[stamping.LIST])
    assert [one.size for one in told.stamps] == sorted({told.stamps[0].size, told.stamps[-1].size})


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 60), st.integers(0, 9)), max_size=25),
       st.lists(st.integers(0, 60), max_size=6))  # fmt: skip
def test_the_nearest_tokens_are_those_that_a_plain_search_finds(rows, seqs):
    kept = [
        KeptStamp(number, name, size, f"t{number}", "", size + later)
        for number, (name, size, later) in enumerate(sorted(rows, key=lambda row: row[1]))
    ]
    chosen = {one.token_sha256 for one in stamps._chosen(kept, sorted(seqs))}
    for name in {one.authority for one in kept}:
        mine = [one for one in kept if one.authority == name]
        for seq in seqs:
            over = [one.size for one in mine if one.size > seq]
            under = [one.entry_seq for one in mine if one.entry_seq < seq]
            assert not over or any(one.size == min(over) for one in mine if one.token_sha256 in chosen)
            assert not under or any(one.entry_seq == max(under) for one in mine if one.token_sha256 in chosen)


def test_a_renewal_comes_along_and_holds(world, case, owner, tmp_path):
    first = world.stamp(NOON + HOUR)
    Stamp.objects.filter(pk=first.pk).update(ends_at=NOON + timedelta(days=30))
    assert anchoring.renew(None, at=NOON + HOUR) == 1
    row = Stamp.objects.get(over=first)
    assert anchoring.try_stamp(None, row.pk, at=NOON + HOUR) == ""
    with clock.fixed_at(NOON + 2 * HOUR):
        sealed = service.build(owner, case.number, at=NOON + 2 * HOUR)
    told = stamping.read(members(sealed)[stamping.LIST])
    assert [bool(one.over) for one in told.stamps] == [False, True]
    report = world.verify(sealed, tmp_path)
    assert report.exit_code == 0, report.as_text()
    assert report.facts["stamps_that_hold"] == 2


def test_what_is_still_on_its_way_is_said(world, case, owner, tmp_path):
    with clock.fixed_at(NOON):
        anchoring.promise(None, at=NOON, is_forced=True)
        sealed = service.build(owner, case.number, at=NOON)
    assert stamping.read(members(sealed)[stamping.LIST]).pending == ("first",)
    report = world.verify(sealed, tmp_path)
    assert {"time_pending", "no_trusted_time"} <= set(codes(report))
    strict = world.verify(sealed, tmp_path, policy="pending none\ntime 0\nquorum none\n")
    assert strict.exit_code == 2


def test_a_pack_of_a_shop_that_asks_nobody_has_no_list(data, owner):
    with clock.fixed_at(NOON):
        number = builders.a_case(owner, NOON).build().number
        assert stamping.LIST not in members(service.build(owner, number, at=NOON))


# ---- what is changed is found, also by somebody who seals anew -------------------------------------------------------


@contextmanager
def bag_of(tmp_path, held, changes):
    folder = tmp_path / "unpacked"
    for name, content in {**held, **changes}.items():
        if content is None:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    opened = bag.open_bag(folder)
    try:
        yield opened
    finally:
        opened.close()


def judged(world, tmp_path, held, changes):
    """Run the step alone, as if all the rest had been sealed anew around the changes."""
    manifest = form.read_manifest(held[form.MANIFEST])
    head = note.Checkpoint(manifest.origin, manifest.size, bytes.fromhex(manifest.root))
    findings = Findings()
    with bag_of(tmp_path, held, changes) as opened:
        stamped = check_stamps.check(opened, manifest, head, world.trust(tmp_path), findings)
    return stamped, [one.code for one in findings.all]


def with_list(held, **changes):
    told = stamping.read(held[stamping.LIST])
    (one,) = told.stamps
    return {stamping.LIST: replace(told, stamps=(replace(one, **changes),)).encode()}


def test_the_step_alone_finds_every_exchange(world, sealed, tmp_path):
    held = members(sealed)
    (one,) = stamping.read(held[stamping.LIST]).stamps
    other = certomancer(world.pki.good, world.pki.chain, at=NOON)
    foreign = other(client.ask(b"other bytes").request)
    early = other(client.ask(held[one.note]).request)
    other_note = note.Checkpoint("cardcase.local/log_x", 3, bytes(32)).text() + "\n— x AAAAAAA=\n"
    cases = [
        ({one.token: foreign}, "stamp_entry_broken"),
        ({one.token: foreign, **with_list(held, entry=b"", path=())}, "stamp_of_other_bytes"),
        ({one.token: early}, "stamp_entry_broken"),  # an earlier time that the record does not name
        ({one.token: b"junk"}, "stamp_unreadable"),
        ({one.token: None}, "stamp_member_missing"),
        ({one.note: None}, "stamp_member_missing"),
        ({one.note: b"junk"}, "stamp_note_unreadable"),
        ({one.note: other_note.encode()}, "stamp_inconsistent"),
        (with_list(held, size=one.size - 1), "stamp_inconsistent"),
        (with_list(held, consistency=()), "stamp_inconsistent"),
        (with_list(held, path=one.path[:-1]), "stamp_entry_broken"),
        (with_list(held, note="data/records.jsonl"), "stamp_member_missing"),
        ({stamping.LIST: held[stamping.LIST] + b"\n"}, "stamps_unreadable"),
        ({stamping.LIST: b"{}"}, "stamps_unreadable"),
    ]
    for number, (changes, code) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        stamped, found = judged(world, folder, held, changes)
        assert code in found, (number, code, found)
        assert stamped.authorities == frozenset()


def test_every_changed_byte_of_the_stamps_is_found_in_the_whole_pack(world, sealed, tmp_path):
    held = members(sealed)
    base = zipfile.ZipFile(io.BytesIO(sealed)).namelist()[0].partition("/")[0]
    names = [name for name in held if name.startswith((form.STAMPS, form.CHECKPOINTS))]
    assert len(names) >= 4
    for name in names:
        for at in range(0, len(held[name]), max(1, len(held[name]) // 7)):
            folder = tmp_path / "changed" / base
            for path, content in held.items():
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            changed = bytearray(held[name])
            changed[at] ^= 1
            (folder / name).write_bytes(bytes(changed))
            report = verifier.verify(folder, trust=world.trust(tmp_path))
            assert report.exit_code in (1, 3), (name, at, report.as_text())


def test_the_hashes_of_a_pack_go_to_the_deposit_services_that_are_on(world, case, owner):
    world.configure('[[deposit]]\nname = "dac"\npreset = "huawei_dac"\nurl = "https://a.example/"\nenabled = true\n')
    with clock.fixed_at(NOON):
        sealed = service.build(owner, case.number, at=NOON)
    row = Deposit.objects.get()
    manifest = members(sealed)[form.MANIFEST]
    assert (row.sha256, row.size) == (hashlib.sha256(manifest).hexdigest(), len(manifest))
    assert row.name.startswith("pack_")
    config._read.cache_clear()
    (world.folder / config.FILE).write_text("not toml")
    with clock.fixed_at(NOON + HOUR):
        assert service.build(owner, case.number, at=NOON + HOUR)


# ---- witnesses -------------------------------------------------------------------------------------------------------


@pytest.fixture
def cosigned(world, case, owner, tmp_path):
    """A head over the whole case, cosigned by a witness; returns (pack, policy text of a reader)."""
    log = note.Verifier.parse(ledger.vkey(owner))
    witness = Witness(tmp_path / "witness", "witness.example/w1", [log])
    row = world.stamp(NOON + HOUR)
    line = witness.add_checkpoint(cosign.write_request(0, [], row.note))[2].decode()

    def make(is_own=False):
        Cosignature.objects.create(
            size=row.size, key_id=witness.listed.ident.hex(), name=witness.listed.name, vkey=witness.listed.vkey,
            is_own=is_own, line=line, seen_at=NOON, entry_seq=None,
        )  # fmt: skip
        with clock.fixed_at(NOON + 2 * HOUR):
            return service.build(owner, case.number, at=NOON + 2 * HOUR)

    return make, f"witness W {witness.listed.vkey}\nquorum W\n"


def test_a_witness_of_the_readers_choice_counts(world, cosigned, tmp_path):
    make, policy = cosigned
    report = world.verify(make(), tmp_path, policy=policy)
    assert report.exit_code == 0, report.as_text()
    assert report.facts["witnesses"] == 1


def test_a_witness_that_the_exporter_controls_counts_as_zero(world, cosigned, tmp_path):
    make, policy = cosigned
    report = world.verify(make(is_own=True), tmp_path, policy=policy)
    assert report.exit_code == 2
    assert {"witness_is_own", "no_witness"} <= set(codes(report))
    assert report.facts["witnesses"] == 0


def test_a_witness_that_the_policy_calls_the_sellers_own_counts_as_zero(world, cosigned, tmp_path):
    """The seller's own file, as it is asked by, serves a reader as well: what it says of a witness counts there."""
    make, policy = cosigned
    (world.folder / "witness-policy.txt").write_text(f"{policy}# own W\n")
    world.configure("[witness]\n")
    sealed = make(is_own=True)
    told = members(sealed)[f"{form.STAMPS}witness-policy.txt"].decode()
    assert told == f"{policy}# own W\n"
    report = world.verify(sealed, tmp_path, policy=told)
    assert report.exit_code == 2
    assert {one.code: one.level for one in report.findings if "witness" in one.code} == {
        "witness_is_own": "note",
        "no_witness": "weakness",
    }
    assert report.facts["witnesses"] == 0
    asks_nobody = told.replace("quorum W", "quorum none")
    assert world.verify(sealed, tmp_path, policy=asks_nobody).exit_code == 0


def test_words_for_packs_disturb_nobody_who_asks_witnesses(world, cosigned):
    _, policy = cosigned
    (world.folder / "witness-policy.txt").write_bytes(f"{policy}time 2\nwithheld none\n".replace("\n", "\r\n").encode())
    world.configure("[witness]\n")
    told = anchors.witness_policy(config.load(world.folder).witness)
    assert (told.quorum, told.times, told.may_withhold, list(told.witnesses)) == ("W", 2, False, ["W"])


def test_a_witness_that_the_reader_does_not_name_counts_for_nothing(world, cosigned, tmp_path):
    make, _ = cosigned
    report = world.verify(make(), tmp_path)
    assert report.exit_code == 0
    assert report.facts["witnesses"] == 0


def test_an_older_cosignature_does_not_cover_later_records(world, case, cosigned, owner, tmp_path):
    make, policy = cosigned
    make()
    world.something(at=NOON + 2 * HOUR, subject=case.public_id)
    with clock.fixed_at(NOON + 3 * HOUR):
        sealed = service.build(owner, case.number, at=NOON + 3 * HOUR)
    report = world.verify(sealed, tmp_path, policy=policy)
    assert report.exit_code == 2
    assert "witness_partial" in codes(report)


def test_the_check_needs_no_django(tmp_path):
    code = "import cardcase.packs.check_stamps, sys; sys.exit('django' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nobody_of_another_shop_is_told_of_in_the_list(world, sealed, owner):
    held = members(sealed)
    assert Actor.system(0).shop_id == 0
    for one in stamping.read(held[stamping.LIST]).stamps:
        assert b'"content"' in one.entry
        assert owner.label.encode() not in one.entry
