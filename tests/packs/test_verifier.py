"""A stranger checks a pack: what is whole passes, whatever was touched is seen, and nothing else is claimed."""

import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cardcase
from cardcase.custody.rules import note
from cardcase.kit.errors import WrongUse
from cardcase.packs import verifier
from cardcase.packs.rules import form
from packs import packing
from packs.packing import check, codes, forged, lines_of, members_of, resealed, zipped

SOURCES = str(Path(cardcase.__file__).parent.parent)
pytestmark = pytest.mark.django_db  # not for the checks, which need none: it makes the test database for `sealed`

PARTS = (
    "README.txt", "bag-info.txt", "bagit.txt", "data/checkpoints", "data/environment.json", "data/files",
    "data/history.json", "data/index.csv", "data/index.pdf", "data/manifest.json", "data/manifest.note", "data/pack.tlog-proof", "data/policy.txt",
    "data/proofs.json", "data/records.jsonl", "data/report.pdf", "manifest-sha256.txt", "tagmanifest-sha256.txt",
)  # fmt: skip


@pytest.fixture
def members(sealed) -> dict[str, bytes]:
    return members_of(sealed.data)


def name_of(part: str, members: dict[str, bytes]) -> str:
    return next(name for name in members if name.startswith(part))


# ---- what is whole ----------------------------------------------------------------------------------------------


def test_a_whole_pack_with_the_right_key_is_valid_for_who_asks_for_no_more(sealed, tmp_path):
    report = check(sealed.data, tmp_path, sealed.vkey)
    assert (report.verdict, report.exit_code) == (verifier.Verdict.VALID, 0)
    assert codes(report) == {"withheld", "no_trusted_time", "no_witness"}
    assert {one.level for one in report.findings} == {"note"}
    assert report.facts["is_signer_known"] is True
    assert report.facts["case"] == sealed.number


def test_without_a_key_the_signer_is_said_to_be_unknown(sealed, tmp_path):
    report = check(sealed.data, tmp_path)
    found = {one.code: one for one in report.findings}
    assert (report.verdict, report.exit_code) == (verifier.Verdict.BELOW_POLICY, 2)
    assert found["signer_unknown"].level == "weakness"
    assert str(report.facts["fingerprint"]) in found["signer_unknown"].text.en
    assert "signer unknown" in found["signer_unknown"].text.en


def test_the_report_says_what_it_does_not_prove_in_both_languages(sealed, tmp_path):
    report = check(sealed.data, tmp_path, sealed.vkey)
    text = report.as_text()
    assert "不证明记录在写下时属实" in text
    assert "true when written" in text
    assert json.loads(json.dumps(report.document()))["does_not_prove"]


def test_the_pack_has_its_parts_and_no_more(members):
    assert {next((part for part in PARTS if name.startswith(f"{part}/")), name) for name in members} == set(PARTS)


def test_the_same_archive_comes_out_of_the_same_members(sealed, members):
    assert zipped(members) == sealed.data


def test_verifying_needs_neither_django_nor_a_database(sealed, tmp_path):
    path = tmp_path / "pack.zip"
    path.write_bytes(sealed.data)
    code = (
        "import sys; from cardcase.packs import verifier; report = verifier.verify(sys.argv[1]);"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('django', 'sqlite3', 'psycopg')];"
        "print(report.verdict)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "", "PYTHONPATH": SOURCES},
    )
    assert done.stdout.strip() == "below_policy"


def test_it_runs_as_a_program_with_the_promised_exit_codes(sealed, members, tmp_path, capsys):
    path, lax, asking = tmp_path / "pack.zip", tmp_path / "lax.txt", tmp_path / "asking.txt"
    lax.write_text("time 0\n")
    asking.write_text(f"# the key may stand here\nlog {sealed.vkey}\ntime 0\nwithheld none\n")
    path.write_bytes(sealed.data)
    assert verifier.main([str(path), "--vkey", sealed.vkey, "--policy", str(lax)]) == 0
    assert verifier.main([str(path), "--vkey", sealed.vkey]) == 2  # no trusted time
    assert verifier.main([str(path), "--policy", str(asking)]) == 2  # withheld
    assert verifier.main([str(path)]) == 2
    path.write_bytes(zipped({**members, "README.txt": b"!"}))
    assert verifier.main([str(path)]) == 1
    path.write_bytes(b"no zip")
    assert verifier.main([str(path)]) == 3
    assert "不是可以打开的证据包" in capsys.readouterr().out
    for wrong in ([], [str(path), "--vkey", "no key"], [str(path), "--dance"], [str(path), "--policy", "/nowhere"]):
        with pytest.raises(SystemExit) as left:
            raise SystemExit(verifier.main(wrong))
        assert left.value.code == 64


def test_what_breaks_inside_the_checker_is_said_to_be_the_checkers_fault(sealed, tmp_path, monkeypatch):
    monkeypatch.setattr(form, "read_proofs", lambda data: 1 // 0)
    report = check(sealed.data, tmp_path, sealed.vkey)
    assert (report.verdict, report.exit_code, codes(report)) == (verifier.Verdict.INTERNAL, 4, {"internal"})
    assert "ZeroDivisionError" in report.findings[0].text.zh


def test_nothing_out_of_a_pack_can_lead_a_terminal_astray(members, tmp_path):
    told = json.loads(members[form.MANIFEST])
    told["shop"] = "\x1b[2J\u202e店" + "长" * 5000
    report = check(forged(members, json.dumps(told).encode()), tmp_path)
    text = report.as_text()
    assert "[U+001B]" in text
    assert "[U+202E]" in text
    assert "\x1b" not in text
    assert len(text) < 20_000


# ---- keys -------------------------------------------------------------------------------------------------------


def test_the_key_of_another_is_refused(sealed, tmp_path):
    other = note.Signer.of(note.Verifier.parse(sealed.vkey).name, bytes(32)).verifier.vkey
    report = check(sealed.data, tmp_path, other)
    assert report.exit_code == 1
    assert {"seal_broken", "checkpoint_broken", "key_differs"} <= codes(report)


def test_a_key_that_is_none_is_wrong_use(sealed, tmp_path):
    with pytest.raises(WrongUse):
        verifier.verify(tmp_path, vkey="nonsense")


def test_a_forger_with_an_own_key_fails_against_the_true_key_and_against_the_checkpoint(sealed, members, tmp_path):
    assert check(forged(members), tmp_path, sealed.vkey).exit_code == 1
    report = check(forged(members), tmp_path)
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


@pytest.mark.parametrize("extra", ["extra.txt", "data/files/extra.txt", "data/checkpoints/2.note", "data/tsa/9.x.tsr"])
def test_an_inserted_member_is_seen(extra, members, tmp_path):
    report = check({**members, extra: b"surprise"}, tmp_path)
    assert report.exit_code == 1
    assert "member_unexpected" in codes(report)


def test_exchanged_files_are_seen(members, tmp_path):
    one, two = [name for name in members if name.startswith(form.FILES)][:2]
    members[one], members[two] = members[two], members[one]
    report = check(members, tmp_path)
    assert report.exit_code == 1
    assert "file_altered" in codes(report)


def test_a_file_that_is_not_named_after_its_hash_is_seen(members, tmp_path):
    name = next(name for name in members if name.startswith(form.FILES))
    members[form.FILES + "0" * 64 + ".png"] = members.pop(name)
    assert "file_misnamed" in codes(check(resealed(members), tmp_path))


@settings(max_examples=60)
@given(data=st.data(), part=st.sampled_from([form.MANIFEST, form.RECORDS]))
def test_any_change_to_any_byte_of_manifest_or_records_is_seen(data, part, members, tmp_path):
    original = members[part]
    at = data.draw(st.integers(0, len(original) - 1))
    how = data.draw(st.sampled_from(["change", "drop", "insert"]))
    value = bytes([data.draw(st.integers(0, 255))])
    bent = original[:at] + (b"" if how == "drop" else value) + original[at + (how != "insert") :]
    expected = 2 if bent == original else 1
    assert check({**members, part: bent}, tmp_path).exit_code == expected


# ---- the inside, by somebody who can make a right manifest but not sign it ---------------------------------------


def with_lines(members: dict[str, bytes], lines: list[dict]) -> dict[str, bytes]:
    return resealed(packing.with_lines(members, lines))


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
    paths = [name for name in members if name.startswith(form.FILES)]
    opened = [one for line in lines for one in line["contents"] if "path" in one]
    assert {one["path"] for one in opened} == set(paths)
    opened[0]["path"], opened[1]["path"] = opened[1]["path"], opened[0]["path"]
    assert "opening_false" in codes(check(with_lines(members, lines), tmp_path))


def test_withholding_more_than_was_withheld_is_seen(members, tmp_path):
    lines = lines_of(members)
    lines[0]["contents"][0] = {"state": "withheld"}
    assert "counts_differ" in codes(check(with_lines(members, lines), tmp_path))


def test_the_log_proof_of_another_manifest_is_seen(sealed, members, tmp_path):
    proof = form.read_log_proof(members[form.LOG_PROOF])
    other = form.LogProof(proof.entry, bytes(32), proof.index, proof.path, proof.checkpoint)
    report = check({**members, form.LOG_PROOF: other.encode()}, tmp_path, sealed.vkey)
    assert {one.code for one in report.findings if one.level == "fault"} == {"export_unproved"}


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


@settings(max_examples=60)
@given(data=st.data())
def test_any_flipped_byte_of_the_whole_file_is_seen_or_says_nothing(data, sealed, members, tmp_path):
    """What is neither refused nor seen stands in the frame of the archive only: the members are the very same."""
    bent = bytearray(sealed.data)
    bent[data.draw(st.integers(0, len(bent) - 1))] ^= data.draw(st.integers(1, 255))
    report = check(bytes(bent), tmp_path, sealed.vkey)
    assert report.exit_code in (1, 3) or members_of(bytes(bent)) == members


# ---- what was given out earlier -----------------------------------------------------------------------------------


def given(members: dict[str, bytes]) -> str:
    """The signed head in a pack, as it was given to somebody."""
    return next(data for name, data in members.items() if name.startswith(form.CHECKPOINTS)).decode()


def test_a_later_pack_continues_the_checkpoint_that_was_given_out(sealed, members, tmp_path):
    report = check(sealed.later, tmp_path, sealed.vkey, previous=given(members))
    assert (report.exit_code, report.facts["continues_previous"]) == (0, 9)
    assert check(sealed.data, tmp_path, sealed.vkey, previous=given(members)).facts["continues_previous"] == 9


def test_a_checkpoint_under_an_older_key_of_the_reader_counts_too(sealed, members, tmp_path):
    old = note.Signer.of(note.Verifier.parse(sealed.vkey).name, b"o" * 32)
    text = note.sign(note.split(given(members))[0], old)
    policy = replace(packing.ANY_TIME, logs={old.verifier.vkey: old.verifier})
    report = check(sealed.later, tmp_path, sealed.vkey, policy, previous=text)
    assert report.facts["continues_previous"] == 9
    assert "previous_of_another" in codes(check(sealed.later, tmp_path, sealed.vkey, previous=text))


def test_an_earlier_pack_cannot_prove_that_it_continues_a_later_checkpoint(sealed, tmp_path):
    report = check(sealed.data, tmp_path, sealed.vkey, previous=given(members_of(sealed.later)))
    assert (report.exit_code, "previous_unproved" in codes(report)) == (2, True)


def test_another_version_of_the_record_is_found_by_who_kept_a_checkpoint(sealed, members, tmp_path, monkeypatch):
    """The exporter's own key signed both: only the copy that was given out shows it."""
    monkeypatch.setattr(note, "open_note", lambda text, _key: note.split(text)[0])  # any signature is the exporter's
    head = note.Checkpoint.parse(note.split(given(members))[0])
    other = note.Checkpoint(head.origin, head.size, bytes(32)).text() + "\n" + given(members).split("\n\n")[1]
    report = check(sealed.later, tmp_path, sealed.vkey, previous=other)
    assert (report.exit_code, "history_rewritten" in codes(report)) == (1, True)


def test_a_checkpoint_of_another_log_is_set_aside(sealed, tmp_path):
    signer = note.Signer.of("cardcase.local/log_other", bytes(32))
    other = note.sign_checkpoint(note.Checkpoint(signer.name, 5, bytes(32)), signer)
    report = check(sealed.data, tmp_path, sealed.vkey, previous=other)
    assert (report.exit_code, "previous_of_another" in codes(report)) == (2, True)
