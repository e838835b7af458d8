"""A stranger without Cardcase follows README.txt: its very commands run here, with sha256sum and openssl alone."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cardcase.custody.rules import note
from cardcase.packs.rules import form
from packs.packing import bagged, members_of

NEEDS_TOOLS = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "openssl", "sha256sum"))), reason="NOT RUN: needs bash, openssl, sha256sum"
)
pytestmark = [pytest.mark.django_db, NEEDS_TOOLS]  # the first makes the test database for `sealed`


@pytest.fixture
def unpacked(sealed, tmp_path) -> Path:
    return lay(members_of(sealed.data), tmp_path / "pack")


def lay(members: dict[str, bytes], folder: Path) -> Path:
    for name, data in members.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def step(folder: Path, number: int) -> str:
    """Return the commands of one step, as they stand in the README."""
    readme = (folder / "README.txt").read_text("utf-8")
    start = readme.index(f"\n  {number}. ")
    end = min(at for at in (readme.find(f"\n  {number + 1}. "), readme.find("\n三、")) if at > 0)
    lines = readme[start:end].splitlines()
    return "\n".join(line for line in lines if line.startswith("       "))


def run(folder: Path, *numbers: int, vkey: str, roots: str = "", commands: str = "bash") -> subprocess.CompletedProcess:
    script = "set -e -o pipefail\n" + "\n".join(step(folder, number) for number in (0, *numbers))
    script = script.replace("VKEY='…'", f"VKEY='{vkey}'").replace("ROOTS='…'", f"ROOTS='{roots}'")
    assert "…" not in script
    return subprocess.run([commands, "-c", script], cwd=folder, capture_output=True, text=True, check=False)


def test_every_step_holds_for_a_whole_pack(sealed, unpacked):
    done = run(unpacked, 1, 2, 3, 4, 5, 7, vkey=sealed.vkey)
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.count("Signature Verified Successfully") == 2
    assert "data/manifest.json: OK" in done.stdout
    extra = sorted(re.findall(r"EXTRA (.*)", done.stdout))
    assert extra == sorted(form.OUTSIDE)
    commit, computed = re.findall(r"^[0-9a-f]{64}$", done.stdout, re.MULTILINE)[-2:]
    assert commit == computed


@pytest.mark.parametrize("name", ["data/records.jsonl", "data/report.pdf", "README.txt", "data/manifest.json", "data/manifest.note"])  # fmt: skip
def test_a_changed_file_fails_even_when_the_lists_of_the_bag_were_made_anew(name, sealed, unpacked):
    before = (unpacked / name).read_bytes()
    members = members_of(sealed.data) | {name: before[:-20] + bytes([before[-20] ^ 1]) + before[-19:]}
    lay(bagged(members), unpacked)
    (unpacked / "README.txt").write_bytes(members_of(sealed.data)["README.txt"]) if name != "README.txt" else None
    assert run(unpacked, 1, vkey=sealed.vkey).returncode == 0
    assert any(run(unpacked, *steps, vkey=sealed.vkey).returncode for steps in ((2,), (3,), (3, 4)))


def test_the_key_of_another_fails(sealed, unpacked):
    other = note.Signer.of(note.Verifier.parse(sealed.vkey).name, bytes(32)).verifier.vkey
    assert run(unpacked, 3, vkey=other).returncode != 0


def test_an_added_file_is_named(sealed, unpacked):
    (unpacked / "data" / "extra.txt").write_text("surprise")
    assert "EXTRA data/extra.txt" in run(unpacked, 4, vkey=sealed.vkey).stdout


@pytest.mark.skipif(not shutil.which("jq"), reason="NOT RUN: needs jq")
def test_an_opened_text_is_what_was_committed_to(sealed, unpacked):
    readme = (unpacked / "README.txt").read_text("utf-8")
    part = readme[readme.index("\n三、") : readme.index("\n四、")]
    script = "\n".join(line for line in part.splitlines() if line.startswith("       "))
    done = subprocess.run(["bash", "-ec", script], cwd=unpacked, capture_output=True, text=True, check=True)
    hashes = re.findall(r"[0-9a-f]{64}", done.stdout)
    assert len(hashes) == 2
    assert hashes[0] == hashes[1]
