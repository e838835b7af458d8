"""A stranger checks a pack: what is whole passes, whatever was touched is seen, and nothing else is claimed."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardcase.custody.rules import note, plain
from cardcase.kit.errors import WrongUse
from cardcase.packs import archive, verifier
from cardcase.packs.rules import form

pytestmark = pytest.mark.django_db  # not for the checks, which need none: it makes the test database for `sealed`

PARTS = (
    "README.txt", "checkpoint.note", "files", "manifest.json", "manifest.note", "pack.tlog-proof", "proofs.json",
    "index.csv", "index.pdf", "records.jsonl", "report.pdf",
)  # fmt: skip


def members_of(data: bytes, folder: Path) -> dict[str, bytes]:
    path = folder / "original.zip"
    path.write_bytes(data)
    opened = archive.open_archive(path)
    members = {name: opened.read(name) for name in opened.members}
    opened.close()
    return members


def check(members: dict[str, bytes] | bytes, folder: Path, vkey: str | None = None) -> verifier.Report:
    path = folder / "pack.zip"
    path.write_bytes(members if isinstance(members, bytes) else archive.write(members))
    return verifier.verify(path, vkey=vkey)


def codes(report: verifier.Report) -> set[str]:
    return {one.code for one in report.findings}


@pytest.fixture
def members(sealed, tmp_path) -> dict[str, bytes]:
    return members_of(sealed.data, tmp_path)


def name_of(part: str, members: dict[str, bytes]) -> str:
    return next(name for name in members if name.startswith(part))


# ---- what is whole ----------------------------------------------------------------------------------------------


def test_a_whole_pack_with_the_right_key_is_intact(sealed, tmp_path):
    report = check(sealed.data, tmp_path, sealed.vkey)
    assert (report.verdict, report.exit_code) == (verifier.Verdict.INTACT, 0)
    assert codes(report) <= {"withheld"}
    assert report.facts["is_signer_known"] is True
    assert report.facts["case"] == sealed.number


def test_without_a_key_the_signer_is_said_to_be_unknown(sealed, tmp_path):
    report = check(sealed.data, tmp_path)
    found = {one.code: one for one in report.findings}
    assert report.exit_code == 0
    assert found["signer_unknown"].level == "note"
    assert str(report.facts["fingerprint"]) in found["signer_unknown"].text.en
    assert "signer unknown" in found["signer_unknown"].text.en


def test_the_report_says_what_it_does_not_prove_in_both_languages(sealed, tmp_path):
    report = check(sealed.data, tmp_path, sealed.vkey)
    text = report.as_text()
    assert "不证明记录在写下时属实" in text
    assert "true when written" in text
    assert json.loads(json.dumps(report.document()))["does_not_prove"]


def test_the_pack_has_its_parts_and_no_more(members):
    assert {name.partition("/")[0] for name in members} == set(PARTS)


def test_the_same_archive_comes_out_of_the_same_members(sealed, members):
    assert archive.write(members) == sealed.data


def test_verifying_needs_neither_django_nor_a_database(sealed, tmp_path):
    path = tmp_path / "pack.zip"
    path.write_bytes(sealed.data)
    code = (
        "import sys; from cardcase.packs import verifier; report = verifier.verify(sys.argv[1]);"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('django', 'sqlite3', 'psycopg')];"
        "print(report.exit_code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True, env={"PATH": ""}
    )
    assert done.stdout.strip() == "0"


def test_it_runs_as_a_program_with_the_promised_exit_codes(sealed, members, tmp_path, capsys):
    path = tmp_path / "pack.zip"
    path.write_bytes(sealed.data)
    assert verifier.main([str(path), sealed.vkey]) == 0
    path.write_bytes(archive.write({**members, "README.txt": b"!"}))
    assert verifier.main([str(path)]) == 1
    path.write_bytes(b"no zip")
    assert verifier.main([str(path)]) == 3
    assert verifier.main([]) == 2
    assert verifier.main([str(path), "no key"]) == 2
    assert "不是可以打开的证据包" in capsys.readouterr().out


# ---- keys -------------------------------------------------------------------------------------------------------


def test_the_key_of_another_is_refused(sealed, tmp_path):
    other = note.Signer.of(note.Verifier.parse(sealed.vkey).name, bytes(32)).verifier.vkey
    report = check(sealed.data, tmp_path, other)
    assert report.exit_code == 1
    assert {"seal_broken", "checkpoint_broken", "key_differs"} <= codes(report)


def test_a_key_that_is_none_is_wrong_use(sealed, tmp_path):
    with pytest.raises(WrongUse):
        check(sealed.data, tmp_path, "nonsense")


def forge(members: dict[str, bytes]) -> dict[str, bytes]:
    """Seal the manifest anew with a key of one's own, as somebody would who has only the pack."""
    manifest = form.read_manifest(members["manifest.json"])
    signer = note.Signer.of(manifest.origin, b"f" * 32)
    told = json.loads(members["manifest.json"])
    told["log"]["vkey"] = signer.verifier.vkey
    raw = plain.encode(told)
    title, lines = form.FORMAT, form.seal_lines(manifest.pack, raw)
    seal = note.sign("".join(f"{line}\n" for line in (title, *lines)), signer)
    return {**members, "manifest.json": raw, "manifest.note": seal.encode()}


def test_a_forger_with_an_own_key_fails_against_the_true_key_and_against_the_checkpoint(sealed, members, tmp_path):
    assert check(forge(members), tmp_path, sealed.vkey).exit_code == 1
    report = check(forge(members), tmp_path)
    assert report.exit_code == 1
    assert "checkpoint_broken" in codes(report)


# ---- every part, every kind of change ---------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS)
def test_a_deleted_part_is_missed(part, members, tmp_path):
    members.pop(name_of(part, members))
    assert check(members, tmp_path).exit_code == 1


@pytest.mark.parametrize("part", PARTS)
def test_an_emptied_part_is_seen(part, members, tmp_path):
    members[name_of(part, members)] = b""
    assert check(members, tmp_path).exit_code == 1


@pytest.mark.parametrize("part", PARTS)
def test_a_renamed_part_is_seen(part, members, tmp_path):
    name = name_of(part, members)
    members[name[:-1] + "x"] = members.pop(name)
    assert check(members, tmp_path).exit_code == 1


@pytest.mark.parametrize("part", PARTS)
def test_a_part_with_a_byte_more_is_seen(part, members, tmp_path):
    members[name_of(part, members)] += b"\n"
    assert check(members, tmp_path).exit_code == 1


@pytest.mark.parametrize("part", PARTS)
def test_flipped_bytes_of_a_part_are_seen(part, members, tmp_path):
    name = name_of(part, members)
    data = members[name]
    chosen = random.Random(part)
    for at in {0, len(data) - 1, *(chosen.randrange(len(data)) for _ in range(12))}:
        bent = bytearray(data)
        bent[at] ^= 1 << chosen.randrange(8)
        assert check({**members, name: bytes(bent)}, tmp_path).exit_code == 1, at


@pytest.mark.parametrize("extra", ["extra.txt", "files/extra.txt", "checkpoint2.note"])
def test_an_inserted_member_is_seen(extra, members, tmp_path):
    report = check({**members, extra: b"surprise"}, tmp_path)
    assert report.exit_code == 1
    assert "member_unexpected" in codes(report)


def test_reordered_members_are_seen(members, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(archive, "sorted", lambda names: sorted(names, reverse=True), raising=False)
        data = archive.write(members)
    report = check(data, tmp_path)
    assert report.exit_code == 1
    assert codes(report) - {"signer_unknown", "withheld"} == {"repacked"}


def test_exchanged_files_are_seen(members, tmp_path):
    one, two = [name for name in members if name.startswith("files/")][:2]
    members[one], members[two] = members[two], members[one]
    report = check(members, tmp_path)
    assert report.exit_code == 1
    assert {"file_altered", "file_misnamed"} <= codes(report)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), part=st.sampled_from(["manifest.json", "records.jsonl"]))
def test_any_change_to_any_byte_of_manifest_or_records_is_seen(data, part, members, tmp_path):
    original = members[part]
    at = data.draw(st.integers(0, len(original) - 1))
    how = data.draw(st.sampled_from(["change", "drop", "insert"]))
    value = bytes([data.draw(st.integers(0, 255))])
    bent = original[:at] + (b"" if how == "drop" else value) + original[at + (how != "insert") :]
    expected = 0 if bent == original else 1
    assert check({**members, part: bent}, tmp_path).exit_code == expected


# ---- the inside, by somebody who can make a right manifest but not sign it ---------------------------------------


def resealed(members: dict[str, bytes]) -> dict[str, bytes]:
    """List the files anew: every hash in the manifest is right again, only signatures and proofs still speak."""
    told = json.loads(members["manifest.json"])
    told["files"] = [
        {"path": one.path, "size": one.size, "sha256": one.sha256, "sm3": one.sm3}
        for path in sorted(set(members) - form.OUTSIDE)
        for one in [form.list_file(path, members[path])]
    ]
    return forge({**members, "manifest.json": plain.encode(told)})


def lines_of(members: dict[str, bytes]) -> list[dict]:
    return [json.loads(line) for line in members["records.jsonl"].splitlines()]


def with_lines(members: dict[str, bytes], lines: list[dict]) -> dict[str, bytes]:
    return resealed({**members, "records.jsonl": b"".join(plain.encode(line) + b"\n" for line in lines)})


def test_an_altered_entry_is_not_in_the_signed_tree(members, tmp_path):
    lines = lines_of(members)
    lines[2]["entry"]["at"] = "2026-11-23T04:00:00.000000Z"
    assert "not_included" in codes(check(with_lines(members, lines), tmp_path))


def test_a_dropped_entry_leaves_a_gap(members, tmp_path):
    lines = lines_of(members)
    subject = next(line["entry"]["case"] for line in lines if line["entry"]["cseq"] == 2)
    first = next(at for at, line in enumerate(lines) if line["entry"]["case"] == subject)
    del lines[first]
    assert {"chain_gap", "proofs_incomplete", "counts_differ"} <= codes(check(with_lines(members, lines), tmp_path))


def test_a_dropped_last_entry_is_missed_by_the_count(members, tmp_path):
    lines = lines_of(members)[:-1]
    assert {"chain_cut", "counts_differ"} <= codes(check(with_lines(members, lines), tmp_path))


def test_moved_entries_are_out_of_order(members, tmp_path):
    lines = lines_of(members)
    lines[0], lines[1] = lines[1], lines[0]
    assert "order_broken" in codes(check(with_lines(members, lines), tmp_path))


def test_other_words_than_were_said_do_not_open_the_commitment(members, tmp_path):
    lines = lines_of(members)
    at, line = next((at, line) for at, line in enumerate(lines) if line["entry"]["type"] == "conversation.received")
    line["contents"][1]["text"] = line["contents"][1]["text"].replace("在吗", "不在")
    report = check(with_lines(members, lines), tmp_path)
    assert "opening_false" in codes(report)
    assert f"entry {lines[at]['entry']['seq']} content 1" in {one.place for one in report.findings}


def test_another_file_does_not_open_the_commitment(members, tmp_path):
    lines = lines_of(members)
    paths = [name for name in members if name.startswith("files/")]
    opened = [one for line in lines for one in line["contents"] if "path" in one]
    assert {one["path"] for one in opened} == set(paths)
    opened[0]["path"], opened[1]["path"] = opened[1]["path"], opened[0]["path"]
    assert "opening_false" in codes(check(with_lines(members, lines), tmp_path))


def test_withholding_more_than_was_withheld_is_seen(members, tmp_path):
    lines = lines_of(members)
    lines[0]["contents"][0] = {"state": "withheld"}
    assert "counts_differ" in codes(check(with_lines(members, lines), tmp_path))


def test_the_log_proof_of_another_manifest_is_seen(sealed, members, tmp_path):
    proof = form.read_log_proof(members["pack.tlog-proof"])
    other = form.LogProof(proof.entry, bytes(32), proof.index, proof.path, proof.checkpoint)
    report = check({**members, "pack.tlog-proof": other.encode()}, tmp_path, sealed.vkey)
    assert codes(report) - {"withheld"} == {"export_unproved"}


# ---- unsafe archives ---------------------------------------------------------------------------------------------


def test_an_unsafe_archive_is_malformed_and_says_why(sealed, tmp_path):
    for data in (b"MZ" + sealed.data, sealed.data + b"x", sealed.data[:-1], sealed.data[100:], b"", b"hello"):
        report = check(data, tmp_path)
        assert (report.verdict, report.exit_code) == (verifier.Verdict.MALFORMED, 3)
        assert report.findings[0].text.zh


def test_a_good_zip_that_is_no_pack_is_malformed(tmp_path):
    report = check({"a.txt": b"hello"}, tmp_path)
    assert (report.exit_code, codes(report)) == (3, {"not_a_pack"})


def test_a_missing_file_is_malformed(tmp_path):
    assert verifier.verify(tmp_path / "nothing.zip").exit_code == 3


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_byte_of_the_whole_file_is_seen(data, sealed, tmp_path):
    bent = bytearray(sealed.data)
    bent[data.draw(st.integers(0, len(bent) - 1))] ^= data.draw(st.integers(1, 255))
    assert check(bytes(bent), tmp_path, sealed.vkey).exit_code in (1, 3)
