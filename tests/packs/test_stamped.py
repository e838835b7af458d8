"""Packs with real time-stamps: the recipe with openssl holds, no change of a stamp goes unseen."""

import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from anchors.authority import Pki, served
from cardcase.custody import queries as ledger
from cardcase.kit import clock
from cardcase.packs import service, verifier
from cardcase.packs.rules import form
from conftest import NOON
from packs import builders, tampering
from packs.packing import members_of
from packs.test_readme import lay, run
from packs.test_stamps import World

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


@pytest.fixture
def world(data, owner):
    pki = Pki()
    with served(lambda _asked: b"") as authority:
        yield World(data, owner, authority, pki)


@pytest.fixture
def stamped(world, owner) -> bytes:
    """A pack whose head was stamped once, before it was built."""
    with clock.fixed_at(NOON):
        number = builders.a_case(owner, NOON).build().number
    world.stamp(NOON + HOUR)
    with clock.fixed_at(NOON + 2 * HOUR):
        return service.build(owner, number, at=NOON + 2 * HOUR)


@pytest.mark.skipif(not all(map(shutil.which, ("bash", "openssl", "sha256sum"))), reason="NOT RUN: needs openssl")
def test_the_recipe_checks_the_tokens_with_openssl_alone(world, owner, stamped, tmp_path):
    folder, vkey = lay(members_of(stamped), tmp_path / "pack"), ledger.vkey(owner)
    roots = tmp_path / "roots.pem"
    roots.write_bytes(world.pki.root.pem)
    done = run(folder, 1, 2, 3, 4, 5, 6, vkey=vkey, roots=str(roots))
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).count("Verification: OK") == 1
    assert "Time stamp: Nov 24 05:00:00 2026 GMT" in done.stdout
    roots.write_bytes(Pki().root.pem)
    assert run(folder, 6, vkey=vkey, roots=str(roots)).returncode != 0


def test_every_change_of_a_stamp_is_found(world, owner, stamped, tmp_path):
    good, path, found = members_of(stamped), tmp_path / "pack.zip", Counter()
    trust = verifier.trust_of(vkey=ledger.vkey(owner), tsa_roots=world.roots)
    path.write_bytes(stamped)
    assert verifier.verify(path, trust=trust).exit_code == 0
    names = [name for name in good if name.startswith((form.STAMPS, form.CHECKPOINTS))]
    assert {Path(name).suffix for name in names} == {".note", ".tsr", ".pem", ".json"}
    for mutant in tampering.bytes_of_members(good, 4, names):
        path.write_bytes(mutant.data)
        report = verifier.verify(path, trust=trust)
        assert report.exit_code in (1, 3), (mutant.region, mutant.name, report.as_text())
        found[Path(mutant.region).suffix] += 1
    print(f"\nfound {sum(found.values())} of {sum(found.values())}: {dict(found)}")  # noqa: T201 - the count is the proof


def test_carried_about_it_stays_valid(world, owner, stamped, tmp_path):
    trust, count = verifier.trust_of(vkey=ledger.vkey(owner), tsa_roots=world.roots), 0
    for name, path in tampering.harmless(members_of(stamped), tmp_path):
        report = verifier.verify(path, trust=trust)
        assert report.exit_code == 0, (name, report.as_text())
        count += 1
    assert count > 45
