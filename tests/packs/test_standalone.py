"""The single-file verifier says of every pack what the product says, with nothing but Python and ``cryptography``."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cryptography
import pytest

from cardcase.custody.rules import note
from cardcase.packs import verifier
from cardcase.packs.rules.trust import Trust
from packs import hostile, tampering
from packs.packing import members_of

pytestmark = pytest.mark.django_db  # makes the test database for `sealed`

ROOT = Path(__file__).parent.parent.parent
FILE = ROOT / "verifier" / "cardcase_verify.py"
FEW, EVERY = 1, 9  # by day every ninth mutant: all of them were judged by the product in test_tamper
MANY = pytest.param(20, marks=pytest.mark.night)
NEEDED = ("cryptography", "cffi", "_cffi_backend*", "pycparser")
CHILD = """
import json, runpy, sys
sys.path.append(sys.argv[1])
tool = runpy.run_path(sys.argv[2])
from pathlib import Path
for line in sys.stdin:
    path, vkey, policy = json.loads(line)
    trust = tool["trust_of"](vkey=vkey, policy=Path(policy))
    print(json.dumps(tool["verify"](path, trust=trust).document()), flush=True)  # noqa: T201 - the count is the proof
"""


@pytest.fixture
def shelf(tmp_path) -> Path:
    """A folder with ``cryptography`` and what it stands on, and nothing else."""
    site, folder = Path(cryptography.__file__).parent.parent, tmp_path / "shelf"
    folder.mkdir()
    for pattern in NEEDED:
        for path in site.glob(pattern):
            (folder / path.name).symlink_to(path)
    return folder


def test_the_file_is_in_step_with_the_sources():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/standalone.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def alone(shelf: Path, *words: object) -> subprocess.CompletedProcess:
    """Run the file with the standard library and the shelf, as in an empty environment."""
    code = "import runpy, sys; sys.path.append(sys.argv.pop(1)); sys.argv.pop(0); runpy.run_path(sys.argv[0], run_name='__main__')"  # fmt: skip
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, *map(str, (shelf, FILE, *words))],
        capture_output=True, check=False, env={"PATH": "", "LC_ALL": "C"},
    )  # fmt: skip


def test_it_runs_as_a_program_with_the_exit_codes_and_words_of_the_product(sealed, shelf, tmp_path, capsys):
    path, lax = tmp_path / "pack.zip", tmp_path / "lax.txt"
    lax.write_text("time 0\n")
    path.write_bytes(sealed.data)
    for words in ([path], [path, "--vkey", sealed.vkey], [path, "--vkey", sealed.vkey, "--policy", lax], [lax, "--json"]):  # fmt: skip
        expected = verifier.main([str(word) for word in words])
        done = alone(shelf, *words)
        assert (done.returncode, done.stdout.decode()) == (expected, capsys.readouterr().out)
    assert alone(shelf).returncode == 64
    assert alone(shelf, path, "--vkey", "none").returncode == 64


def test_it_says_what_is_missing(tmp_path, sealed):
    (tmp_path / "empty").mkdir()
    done = alone(tmp_path / "empty", tmp_path)
    assert done.returncode == 4
    assert "pip install cryptography" in done.stderr.decode()


def everything(sealed, count: int, folder: Path) -> Iterator[tuple[str, Path]]:
    good, later = members_of(sealed.data), members_of(sealed.later)
    path = folder / "one.zip"
    mutants = itertools.chain(tampering.mutants(good, later, count), tampering.frame(sealed.data, min(count, 10)))
    for mutant in itertools.islice(mutants, 0, None, EVERY if count == FEW else 1):
        path.write_bytes(mutant.data)
        yield f"{mutant.region} {mutant.name}", path
    if count > FEW:
        for name, maker in (*hostile.archives(), *hostile.insides()):
            path.write_bytes(maker(good))
            yield name, path
    yield from tampering.harmless(good, folder)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("count", [FEW, MANY])
def test_it_finds_what_the_product_finds(count, sealed, shelf, tmp_path):
    policy, compared = tmp_path / "policy.txt", 0
    policy.write_text("time 0\n")
    lax = verifier.trust_of(policy=policy).policy
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", CHILD, shelf, FILE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={"PATH": "", "PYTHONIOENCODING": "utf-8"},
    ) as child:
        assert child.stdin
        assert child.stdout
        for name, path in everything(sealed, count, tmp_path):
            for key in (sealed.vkey, None):
                child.stdin.write(json.dumps([str(path), key, str(policy)]) + "\n")
                child.stdin.flush()
                keys = (note.Verifier.parse(key),) if key else ()
                ours = verifier.verify(path, trust=Trust(keys, lax)).document()
                line = child.stdout.readline()
                assert line, name
                assert json.loads(line) == json.loads(json.dumps(ours)), name
                compared += 1
        child.stdin.close()
    print(f"\n{compared} judgements agree")  # noqa: T201 - the count is the proof
