"""Whoever changes a pack is found out by a reader who has the key: always; and nobody is accused for nothing."""

from collections import Counter
from pathlib import Path

import pytest

from cardcase.custody.rules import note
from cardcase.packs import archive, verifier
from cardcase.packs.rules.trust import Trust
from packs import tampering
from packs.packing import ANY_TIME, codes, members_of

pytestmark = pytest.mark.django_db  # makes the test database for `sealed`

FEW = 1
MANY = pytest.param(60, marks=pytest.mark.night)


def judge(path: Path, vkey: str) -> verifier.Report:
    return verifier.verify(path, trust=Trust((note.Verifier.parse(vkey),), ANY_TIME))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("count", [FEW, MANY])
def test_every_change_is_found(count, sealed, tmp_path):
    good, later = members_of(sealed.data), members_of(sealed.later)
    path, found, missed = tmp_path / "pack.zip", Counter(), []
    for mutant in tampering.mutants(good, later, count):
        path.write_bytes(mutant.data)
        report = judge(path, sealed.vkey)
        if report.exit_code in (1, 3):
            found[mutant.region] += 1
        else:
            missed.append((mutant.region, mutant.name, report.exit_code))
    assert not missed, missed[:20]
    assert found.keys() >= {*good, "records", "manifest", "proofs", "notes", "log proof", "report", "structure"}
    print(f"\nfound {sum(found.values())} of {sum(found.values())}: {dict(found)}")  # noqa: T201 - the count is the proof


@pytest.mark.parametrize("count", [FEW, MANY])
def test_the_frame_of_the_archive_cannot_change_what_is_read(count, sealed, tmp_path):
    """A flipped time or attribute is no change of the pack; anything else is seen. No third outcome."""
    good, path, outcome = members_of(sealed.data), tmp_path / "pack.zip", Counter()
    for mutant in tampering.frame(sealed.data, count):
        path.write_bytes(mutant.data)
        report = judge(path, sealed.vkey)
        if report.exit_code not in (1, 3):
            assert (report.exit_code, members_of(mutant.data)) == (0, good), mutant.name
        outcome["found" if report.exit_code else "the very same members"] += 1
    assert len(outcome) == 2
    print(f"\n{dict(outcome)}")  # noqa: T201 - the count is the proof


def test_nobody_is_accused_for_nothing(sealed, tmp_path):
    good, count = members_of(sealed.data), 0
    for name, path in tampering.harmless(good, tmp_path):
        report = judge(path, sealed.vkey)
        assert report.exit_code == 0, (name, codes(report))
        count += 1
    assert count > 45
    print(f"\n0 false alarms in {count}")  # noqa: T201 - the count is the proof


def test_cosignatures_are_told_of(sealed, tmp_path):
    path = tmp_path / "pack.zip"
    path.write_bytes(tampering.zipped(tampering.cosigned(members_of(sealed.data), 2)))
    said = [one for one in judge(path, sealed.vkey).findings if one.code == "cosigned"]
    assert len(said) == 3
    assert "2 more signatures" in said[0].text.en


def test_lines_that_are_no_signatures_are_not_passed_for_cosigning(sealed, tmp_path):
    good = members_of(sealed.data)
    head = next(name for name in good if name.startswith("data/checkpoints/"))
    for junk in (b"hello\n", b"\xe2\x80\x94 x\n", b"\xe2\x80\x94 x AAAA\n", b"\n", b"\xe2\x80\x94 x AAAAAAAA"):
        path = tmp_path / "pack.zip"
        path.write_bytes(tampering.zipped({**good, head: good[head] + junk}))
        assert judge(path, sealed.vkey).exit_code == 1


@pytest.mark.parametrize("name", ["__MACOSX/report.pdf", "__MACOSX/data/records.jsonl", "Thumbs.db/x.pdf"])
def test_nothing_hides_among_what_file_managers_leave(name, sealed, tmp_path):
    path = tmp_path / "pack.zip"
    inside = {f"{tampering.FOLDER}/{one}": data for one, data in members_of(sealed.data).items()}
    path.write_bytes(tampering._python({**inside, name: b"another report"}, ""))
    assert judge(path, sealed.vkey).exit_code in (1, 3)


def test_an_unsafe_archive_says_where(tmp_path):
    path = tmp_path / "pack.zip"
    path.write_bytes(archive.write({"a.txt": b"x"})[:-4])
    assert verifier.verify(path).findings[0].place == "archive"
