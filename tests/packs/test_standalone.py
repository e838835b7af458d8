"""The single-file verifier says of every pack what the product says, with nothing but Python and ``cryptography``."""

import itertools
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cryptography
import pytest

from anchors.authority import PEM, Pki, served
from anchors.tokens import Collection
from cardcase.anchors.models import Cosignature
from cardcase.anchors.rules import cosign
from cardcase.anchors.rules.stamp import Fault
from cardcase.anchors.witness_server import Witness
from cardcase.custody import queries as ledger
from cardcase.custody.rules import note
from cardcase.kit import clock
from cardcase.packs import service, verifier
from cardcase.packs.rules import form, stamping
from conftest import NOON
from packs import builders, hostile, tampering
from packs.packing import members_of
from packs.test_stamps import World

pytestmark = pytest.mark.django_db  # makes the test database for `sealed`

HOUR = timedelta(hours=1)
ROOT = Path(__file__).parent.parent.parent
FILE = ROOT / "verifier" / "cardcase_verify.py"
FEW, EVERY = 1, 9  # by day every ninth mutant: all of them were judged by the product in test_tamper
MANY = pytest.param(20, marks=pytest.mark.night)
NEEDED = ("cryptography", "cffi", "_cffi_backend*", "pycparser")
STEP = """
from pathlib import Path
from cardcase.custody.rules import note
from cardcase.packs import archive, bag, check_stamps
from cardcase.packs.findings import Findings
from cardcase.packs.rules import form

def step(folder, trust):
    # Judge time-stamps and witnesses alone, as if all the rest had been sealed anew around them.
    manifest = form.read_manifest(Path(folder, form.MANIFEST).read_bytes())
    head = note.Checkpoint(manifest.origin, manifest.size, bytes.fromhex(manifest.root))
    findings, opened = Findings(), bag.open_bag(Path(folder))
    try:
        stamped = check_stamps.check(opened, manifest, head, trust, findings)
        told = [sorted(stamped.authorities), sorted(stamped.witnesses), stamped.is_pending, dict(stamped.facts)]
    except archive.UnsafeArchive as unsafe:
        told = [unsafe.code]
    finally:
        opened.close()
    return [*told, [[one.level, one.code, one.place, one.text.zh, one.text.en] for one in findings.all]]
"""
CHILD = f"""
import json, runpy, sys
sys.path.append(sys.argv[1])
tool = runpy.run_path(sys.argv[2])
{STEP}
for line in sys.stdin:
    path, is_step, words = json.loads(line)
    trust = tool["trust_of"](**{{key: value if key == "vkey" else Path(value) for key, value in words.items()}})
    found = step(path, trust) if is_step else tool["verify"](path, trust=trust).document()
    print(json.dumps(found), flush=True)
"""


class Alone:
    """The single file in a process of its own, asked about one pack after the other, and the product beside it."""

    def __init__(self, child: subprocess.Popen) -> None:
        self._child = child
        self._names: dict = {}
        exec(STEP, self._names)  # noqa: S102 - the same words for both
        self.compared = 0

    def both(self, path: Path, *, is_step: bool = False, **trust: str | Path) -> Any:
        """Let both judge a pack; return what the product finds, which the file finds, too."""
        assert self._child.stdin
        assert self._child.stdout
        words = {key: str(value) for key, value in trust.items()}
        self._child.stdin.write(json.dumps([str(path), is_step, words]) + "\n")
        self._child.stdin.flush()
        brought = verifier.trust_of(**trust)
        ours = self._names["step"](path, brought) if is_step else verifier.verify(path, trust=brought).document()
        line = self._child.stdout.readline()
        assert line, path
        found = json.loads(json.dumps(ours))
        assert json.loads(line) == found, path
        self.compared += 1
        return found


@pytest.fixture
def together(shelf) -> Iterator[Alone]:
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", CHILD, shelf, FILE],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        env={"PATH": "", "PYTHONIOENCODING": "utf-8"},
    ) as child:  # fmt: skip
        told = Alone(child)
        yield told
        child.stdin.close()
    print(f"\n{told.compared} judgements agree")  # noqa: T201 - the count is the proof


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
    (tmp_path / "old" / "cryptography").mkdir(parents=True)
    (tmp_path / "old" / "cryptography" / "__init__.py").write_text('__version__ = "41.0.7"\n')
    done = alone(tmp_path / "old", tmp_path)
    assert done.returncode == 4
    assert "cryptography 42 or later is needed" in done.stderr.decode()


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
def test_it_finds_what_the_product_finds(count, sealed, together, tmp_path):
    policy = tmp_path / "policy.txt"
    policy.write_text("time 0\n")
    for _, path in everything(sealed, count, tmp_path):
        together.both(path, vkey=sealed.vkey, policy=policy)
        together.both(path, policy=policy)


# ---- time-stamps and witnesses ---------------------------------------------------------------------------------------


class Stamped:
    """A shop whose record was stamped and cosigned, its pack, and what a reader brings."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        with clock.fixed_at(NOON):
            self.case = builders.a_case(world.owner, NOON).build()
        self.row = world.stamp(NOON + HOUR)
        self.vkey = ledger.vkey(world.owner)
        log = note.Verifier.parse(self.vkey)
        self.witness = Witness(folder / "witness", "witness.example/w1", [log])
        self.line = self.witness.add_checkpoint(cosign.write_request(0, [], self.row.note))[2].decode()

    def seal(self, at: datetime) -> bytes:
        with clock.fixed_at(at):
            return service.build(self.world.owner, self.case.number, at=at)

    def cosigned(self, *, is_own: bool) -> None:
        listed = self.witness.listed
        Cosignature.objects.update_or_create(
            size=self.row.size, key_id=listed.ident.hex(),
            defaults={"name": listed.name, "vkey": listed.vkey, "is_own": is_own, "line": self.line, "seen_at": NOON},
        )  # fmt: skip

    def roots(self, name: str, *pems: bytes, lists: Sequence[bytes] = ()) -> Path:
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for number, pem in enumerate(pems):
            (folder / f"{number}.pem").write_bytes(pem)
        for number, listed in enumerate(lists):
            (folder / f"{number}.crl").write_bytes(listed)
        return folder

    def policy(self, text: str) -> Path:
        path = self.folder / "policy.txt"
        path.write_text(text)
        return path


@pytest.fixture
def stamped(data, owner, tmp_path) -> Iterator[Stamped]:
    with served(lambda _asked: b"") as authority:
        yield Stamped(World(data, owner, authority, Pki()), tmp_path)


def codes(report: Any) -> set[str]:
    return {one["code"] for one in report["findings"]}


@pytest.mark.django_db(transaction=True)
def test_time_stamps_are_judged_alike(stamped, together, tmp_path):
    pki, path, vkey = stamped.world.pki, tmp_path / "pack.zip", stamped.vkey
    path.write_bytes(stamped.seal(NOON + 2 * HOUR))
    good = stamped.roots("good", pki.root.pem)
    report = together.both(path, vkey=vkey, tsa_roots=good)
    assert (report["exit_code"], report["facts"]["trusted_times"]) == (0, 1)
    assert "record_bounded" in codes(report)
    assert "stamp_no_roots" in codes(together.both(path, vkey=vkey))
    other = stamped.roots("other", Pki().root.pem, pki.between.pem)
    assert "stamp_chain_untrusted" in codes(together.both(path, vkey=vkey, tsa_roots=other))
    many = stamped.roots("many", Pki().root.pem, pki.root.pem, pki.root.pem + Pki().root.pem)
    assert together.both(path, vkey=vkey, tsa_roots=many)["exit_code"] == 0
    lost = pki.revocations(pki.good.certificate.serial_number, NOON)
    revoked = stamped.roots("revoked", pki.root.pem, lists=[lost])
    assert "stamp_certificate_revoked" in codes(together.both(path, vkey=vkey, tsa_roots=revoked))
    known = stamped.roots("known", pki.root.pem, lists=[pki.revocations(None, NOON)])
    assert "stamp_revocation_unknown" not in codes(together.both(path, vkey=vkey, tsa_roots=known))
    two = together.both(path, vkey=vkey, tsa_roots=good, policy=stamped.policy("time 2\n"))
    assert (two["exit_code"], "no_trusted_time" in codes(two)) == (2, True)


@pytest.mark.django_db(transaction=True)
def test_every_kind_of_reply_is_judged_alike(stamped, together, tmp_path):
    """Every specimen of the collection, put in the place of the token of a pack."""
    held, folder = members_of(stamped.seal(NOON + 2 * HOUR)), tmp_path / "unpacked"
    told = stamping.read(held[stamping.LIST])
    (one,) = told.stamps
    held[stamping.LIST] = replace(told, stamps=(replace(one, entry=b"", path=()),)).encode()
    for name, content in held.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    kept: Counter[str] = Counter()
    for specimen in Collection(tmp_path / "authorities", held[one.note], NOON + HOUR).all():
        (folder / one.token).write_bytes(specimen.reply)
        pems = [root.public_bytes(PEM) for root in specimen.roots]
        roots = stamped.roots("trusted", *pems, lists=specimen.lists)
        authorities, _, _, *rest = [
            *together.both(folder, is_step=True, vkey=stamped.vkey, tsa_roots=roots),
            None,
            None,
        ]
        fault = None if specimen.fault in (Fault.NONCE, Fault.POLICY) else specimen.fault  # a pack knows neither
        if specimen.name == "too large":
            continue  # not even read
        assert bool(authorities) == (fault is None), specimen.name
        said = {found[1] for found in rest[1]}
        assert fault is None or fault.value in said, (specimen.name, said)
        kept[fault.value if fault else "holds"] += 1
    print(f"\n{dict(kept)}")  # noqa: T201 - the count is the proof


@pytest.mark.django_db(transaction=True)
def test_changed_stamps_are_found_alike(stamped, together, tmp_path):
    stamped.cosigned(is_own=False)
    good, path = members_of(stamped.seal(NOON + 2 * HOUR)), tmp_path / "pack.zip"
    roots = stamped.roots("good", stamped.world.pki.root.pem)
    names = [name for name in good if name.startswith((form.STAMPS, form.CHECKPOINTS))]
    assert {Path(name).suffix for name in names} == {".note", ".tsr", ".pem", ".json"}
    for mutant in tampering.bytes_of_members(good, 4, names):
        path.write_bytes(mutant.data)
        assert together.both(path, vkey=stamped.vkey, tsa_roots=roots)["exit_code"] in (1, 3)


@pytest.mark.django_db(transaction=True)
def test_witnesses_are_judged_alike(stamped, together, tmp_path):
    path, vkey = tmp_path / "pack.zip", stamped.vkey
    roots = stamped.roots("good", stamped.world.pki.root.pem)
    asked = f"witness W {stamped.witness.listed.vkey}\nquorum W\n"

    def judged(policy: str, data: bytes | None = None) -> Any:
        if data:
            path.write_bytes(data)
        return together.both(path, vkey=vkey, tsa_roots=roots, policy=stamped.policy(policy))

    stamped.cosigned(is_own=False)
    good = judged(asked, stamped.seal(NOON + 2 * HOUR))
    assert (good["exit_code"], good["facts"]["witnesses"]) == (0, 1)
    assert {"witness_is_own", "no_witness"} <= codes(judged(f"{asked}# own W\n"))
    stranger = Witness(tmp_path / "stranger", "witness.example/w2", [note.Verifier.parse(vkey)]).listed.vkey
    assert "no_witness" in codes(judged(f"witness S {stranger}\nquorum S\n"))
    both = f"witness W {stamped.witness.listed.vkey}\nwitness S {stranger}\ngroup G {{}} W S\nquorum G\n"
    assert [judged(both.format(least))["exit_code"] for least in ("any", "all")] == [0, 2]
    assert "witness_partial" in codes(judged(asked, stamped.seal(NOON + 3 * HOUR)))  # that export came after
    stamped.cosigned(is_own=True)
    assert "witness_is_own" in codes(judged(asked, stamped.seal(NOON + 4 * HOUR)))
    changed = "AAAA" if stamped.line[-8:-4] != "AAAA" else "BBBB"
    stamped.line = stamped.line[:-8] + changed + stamped.line[-4:]
    stamped.cosigned(is_own=False)
    broken = judged(asked, stamped.seal(NOON + 5 * HOUR))
    assert (broken["exit_code"], "cosignature_broken" in codes(broken)) == (1, True)
