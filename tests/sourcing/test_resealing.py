"""Papers from before papers were sealed: sealed later, once, whole, and whatever kills the process meanwhile."""

import json
import random
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from cardcase.cards import service as cards
from cardcase.cards.models import CardBatch
from cardcase.custody import files
from cardcase.custody.models import Entry
from cardcase.evidence import service as evidence
from cardcase.jobs.models import Job
from cardcase.kit.errors import NotFound, Refused
from cardcase.project.cli import cli
from cardcase.sourcing import queries, service
from cardcase.sourcing.models import SourceDocument
from cardcase.sourcing.service import PaperTold
from evidence.world import PNG, World, readable
from project.command import cardcase, environment
from project.test_crash import SEED, database, fresh  # noqa: F401 - the fixture

PDF = b"%PDF-1.7\n1 0 obj invoice"
PAPERS = 300

PREPARE = """
import sys
from datetime import UTC, datetime
from cardcase.project import boot
boot.prepare(sys.argv[1])
from cardcase.custody import files
from cardcase.sourcing import service
from cardcase.sourcing.models import SourceDocument
from cardcase.sourcing.service import PaperTold
actor, at = boot.operator(), datetime.now(UTC)
giver, _ = service.add_supplier(actor, "福礼汇", service.suppliers.SupplierTold(), at=at)
for number in range(int(sys.argv[2])):
    data = b"%PDF-1.7 " + str(number).encode() * 500
    paper = service.attach(actor, data, PaperTold(kind="other"), supplier=giver.public_id, at=at)
    SourceDocument.objects.filter(pk=paper.pk).update(body_sealed=None, sha256=files.keep(data), note=str(number))
"""

SEAL = """
import sys
from datetime import UTC, datetime
from cardcase.project import boot
boot.prepare(sys.argv[1])
from cardcase.sourcing import service
actor = boot.operator()
while service.seal_older(actor, at=datetime.now(UTC), limit=1):
    print("one", flush=True)
"""

AUDIT = """
import json, sys
from pathlib import Path
from cardcase.project import boot
boot.prepare(sys.argv[1])
from django.conf import settings
from cardcase.custody.models import Entry
from cardcase.jobs.models import Job
from cardcase.cards.service import DROP_PLAIN, drop_plain
from cardcase.sourcing import queries
from cardcase.sourcing.models import SourceDocument
actor = boot.operator()
whole = sum(
    queries.paper_file(actor, paper.public_id)[0] == b"%PDF-1.7 " + paper.note.encode() * 500
    for paper in SourceDocument.objects.all()
)
left = queries.unsealed(actor)
promised = [job.args["sha256"] for job in Job.objects.filter(kind=DROP_PLAIN)]
folder = Path(settings.CARDCASE.files)
def plain():
    return sum(b"%PDF-1.7" in path.read_bytes() for path in folder.rglob("*") if path.is_file())
before = plain()
for sha256 in promised:
    drop_plain(actor, sha256)
print(json.dumps({"whole": whole, "left": left, "promised": len(promised), "before": before, "after": plain(),
                  "entries": Entry.objects.filter(kind="paper.sealed").count()}))
"""


@pytest.fixture
def world(shop, owner, system, noon):
    return World(shop, owner, system, noon)


@pytest.fixture
def lot(world):
    return CardBatch.objects.get(pk=world.stock()[0].batch_id).public_id


def older(owner, noon, lot, data=PDF, kind="invoice"):
    """Keep a paper as it was kept before papers were sealed."""
    paper = service.attach(owner, data, PaperTold(kind=kind), batch=lot, at=noon)
    SourceDocument.objects.filter(pk=paper.pk).update(body_sealed=None, sha256=files.keep(data), has_code=False)
    return paper.public_id


def drop(system):
    return [cards.drop_plain(system, job.args["sha256"]) for job in Job.objects.filter(kind=cards.DROP_PLAIN)]


@pytest.mark.django_db
def test_an_older_paper_is_sealed_once_and_its_plain_file_goes(owner, system, noon, lot):
    paper = older(owner, noon, lot)
    plain = SourceDocument.objects.get(public_id=paper).sha256
    assert queries.unsealed(owner) == 1
    assert service.seal_older(system, at=noon) == 1
    assert files.read(plain) == PDF  # until the promise is kept
    assert drop(system) == [True]
    with pytest.raises(NotFound):
        files.read(plain)
    assert service.open_paper(owner, paper, at=noon)[0] == PDF
    assert (service.seal_older(system, at=noon), drop(system), queries.unsealed(owner)) == (0, [False], 0)
    assert Entry.objects.filter(kind="paper.sealed", subject=paper).count() == 1
    again = service.attach(owner, PDF, PaperTold(kind="invoice"), batch=lot, at=noon)
    assert again.public_id == paper  # the same bytes are still the same paper


@pytest.mark.django_db
def test_bytes_that_something_else_needs_stay(owner, system, noon, world, lot):
    case = world.case("A1")
    readable(evidence.add_exhibit(owner, case.number, "E1", "发票", PNG, at=noon))
    older(owner, noon, lot, PNG)
    service.seal_older(system, at=noon)
    assert drop(system) == [False]
    assert any(path.read_bytes() == PNG for path in files.path_of("0" * 64).parents[1].rglob("*") if path.is_file())


@pytest.mark.django_db
def test_two_papers_of_the_same_bytes_lose_their_file_with_the_second(owner, system, noon, lot):
    older(owner, noon, lot, kind="invoice")
    older(owner, noon, lot, kind="receipt")
    assert service.seal_older(system, at=noon, limit=1) == 1
    assert drop(system) == [False]
    assert service.seal_older(system, at=noon) == 1
    assert sorted(drop(system)) == [False, True]


@pytest.mark.django_db
def test_a_code_in_an_older_paper_is_found_while_it_is_sealed(owner, system, noon, world, lot):
    [card] = world.stock()
    data = (
        b"%PDF-1.7\n4 0 obj <<>> stream\nBT (" + world.codes[card.public_id].expose().encode() + b") Tj ET\nendstream"
    )
    paper = older(owner, noon, lot, data, "other")
    service.seal_older(system, at=noon)
    with pytest.raises(Refused):
        service.open_paper(owner, paper, at=noon)


@pytest.mark.django_db
def test_a_file_that_is_gone_keeps_nobody_waiting_and_doctor_counts_it(owner, system, noon, lot):
    gone = older(owner, noon, lot)
    files.path_of(SourceDocument.objects.get(public_id=gone).sha256).unlink()
    older(owner, noon, lot, PNG, "receipt")
    assert service.seal_older(system, at=noon, limit=1) == 1
    assert "升级前的单据还有 1 份没有加密" in CliRunner().invoke(cli, ["doctor"], standalone_mode=False).output
    assert CliRunner().invoke(cli, ["lot", "seal-papers"]).exit_code == 1


@pytest.mark.django_db
def test_who_had_a_paper_stands_in_the_record(owner, agent, noon, lot, tmp_path):
    paper = service.attach(owner, PDF, PaperTold(kind="invoice"), batch=lot, at=noon).public_id
    service.open_paper(agent, paper, at=noon)
    target = tmp_path / "invoice.pdf"
    assert CliRunner().invoke(cli, ["lot", "paper", paper, "-o", str(target)]).exit_code == 0
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (PDF, 0o600)
    assert Entry.objects.filter(kind="paper.opened", subject=paper).count() == 2


@pytest.mark.crash
def test_sealing_survives_being_killed_at_any_moment(fresh):  # noqa: F811 - the fixture
    data = fresh("papers")
    env = environment(CARDCASE_DATA=str(data), **database())

    def run(script, *words):
        command = [sys.executable, "-c", script, str(data), *words]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    run(PREPARE, str(PAPERS))
    dice = random.Random(SEED)
    for _ in range(6):
        command = [sys.executable, "-c", SEAL, str(data)]
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
            for _ in range(dice.randint(5, 30)):
                assert process.stdout.readline() == "one\n", f"seed {SEED}"
            time.sleep(dice.uniform(0, 0.03))  # into the middle of the next
            process.send_signal(signal.SIGKILL)
    cardcase("lot", "seal-papers", data=data, **database())
    found = json.loads(run(AUDIT).splitlines()[-1])
    assert found == {"whole": PAPERS, "left": 0, "promised": PAPERS, "before": PAPERS, "after": 0, "entries": PAPERS}
