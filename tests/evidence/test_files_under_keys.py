"""Files of evidence and packs: nobody reads them without the key in their row; those from before come under one."""

import json
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from cardcase.cards import file_rows, queries, vault
from cardcase.cards import service as cards
from cardcase.cards.vault import SealBroken
from cardcase.custody import files
from cardcase.custody.files import DamagedFile
from cardcase.evidence import service
from cardcase.evidence.models import Exhibit, Redaction
from cardcase.evidence.rules.covering import Area
from cardcase.jobs.models import Job
from cardcase.kit.errors import NotFound
from cardcase.packs import sealed
from cardcase.packs import service as packs
from cardcase.packs.models import Pack
from cardcase.project.sealed import PLACES
from cardcase.sourcing import service as sourcing
from cardcase.sourcing.models import SourceDocument
from cardcase.sourcing.service import PaperTold
from evidence.world import World, readable
from packs.builders import png
from project.command import cardcase, environment
from project.test_crash import SEED, database, fresh  # noqa: F401 - the fixture

PICTURE = png(60, 90)
FILES = 120


@pytest.fixture
def world(shop, owner, system, noon):
    return World(shop, owner, system, noon)


@pytest.fixture
def case(world):
    return world.case("A1")


@pytest.fixture
def rows(owner, case, noon):
    """An exhibit, its covered copy and a pack, each with the bytes that it must give."""
    exhibit = service.add_exhibit(owner, case.number, "E12", "截图", PICTURE, at=noon)
    copy = service.redact(owner, exhibit.public_id, [Area(0, 0, 20, 20)], "第三方", at=noon)
    service.confirm_looked(owner, case.number, [exhibit.public_id], at=noon)
    whole = packs.build(owner, case.number, at=noon)
    return {exhibit: PICTURE, copy: file_rows.read(copy), Pack.objects.get(): whole}


def again(row):
    return type(row).objects.get(pk=row.pk)


def on_disk() -> bytes:
    return b"".join(path.read_bytes() for path in Path(settings.CARDCASE.files).rglob("*") if path.is_file())


def drop(actor) -> list[bool]:
    return [cards.drop_plain(actor, job.args["sha256"]) for job in Job.objects.filter(kind=cards.DROP_PLAIN)]


@pytest.mark.django_db(transaction=True)
def test_no_file_lies_readable_and_each_has_a_key_of_its_own(rows):
    disk = on_disk()
    assert [len(data) for data in rows.values() if data in disk or data[64:128] in disk] == []
    assert len({bytes(row.key_sealed) for row in rows}) == len({row.kept_sha256 for row in rows}) == 3
    assert {row: file_rows.read(again(row)) for row in rows} == rows
    assert list(file_rows.read_many(list(rows))) == list(rows.values())


@pytest.mark.django_db(transaction=True)
def test_without_its_key_a_file_opens_for_nobody(rows):
    for row in rows:
        type(row).objects.filter(pk=row.pk).update(key_sealed=None)
        with pytest.raises(NotFound):
            file_rows.read(again(row))


@pytest.mark.django_db(transaction=True)
def test_a_changed_file_and_one_in_the_place_of_another_are_refused(owner, case, rows, noon):
    exhibit, copy, _ = rows
    other = service.add_exhibit(owner, case.number, "E12", "另一张", png(61, 90), at=noon)
    moved = {"kept_sha256": other.kept_sha256, "key_sealed": other.key_sealed}
    Exhibit.objects.filter(pk=exhibit.pk).update(**moved)
    with pytest.raises(DamagedFile):
        file_rows.read(again(exhibit))
    Redaction.objects.filter(pk=copy.pk).update(**moved)
    with pytest.raises(SealBroken):  # what is kept as an exhibit does not open as a copy
        file_rows.read(again(copy))
    path = files.path_of(other.kept_sha256)
    body = bytearray(path.read_bytes())
    body[40] ^= 1
    path.write_bytes(body)
    with pytest.raises(DamagedFile):
        file_rows.read(again(other))


@pytest.mark.django_db(transaction=True)
def test_files_from_before_are_given_out_and_sealed_and_then_the_readable_ones_go(owner, system, case, rows, noon):
    for row in rows:
        readable(row)
    assert PICTURE in on_disk()
    assert {row: file_rows.read(again(row)) for row in rows} == rows
    assert sealed.sealed_bytes(owner, case)[1] == rows[Pack.objects.get()]
    assert cards.seal_files(system, at=noon, limit=2) == 2
    assert queries.readable_files(system) == 1
    assert cards.seal_files(system, at=noon) == 1
    assert drop(system) == [True, True, True]
    assert PICTURE not in on_disk()
    assert {row: file_rows.read(again(row)) for row in rows} == rows
    assert (cards.seal_files(system, at=noon), queries.readable_files(system)) == (0, 0)
    assert {again(row).file_sha256 for row in rows} == {row.file_sha256 for row in rows}


@pytest.mark.django_db(transaction=True)
def test_readable_bytes_stay_for_what_is_not_sealed_yet(owner, system, world, case, noon):
    first = service.add_exhibit(owner, case.number, "E12", "截图", PICTURE, at=noon)
    second = service.add_exhibit(owner, case.number, "E12", "同一张", PICTURE, at=noon)
    lot = world.stock()[0].batch.public_id
    paper = sourcing.attach(owner, PICTURE, PaperTold(kind="invoice"), batch=lot, at=noon)
    readable(first)
    readable(second)
    SourceDocument.objects.filter(pk=paper.pk).update(body_sealed=None, sha256=first.file_sha256)
    assert cards.seal_files(system, at=noon, limit=1) == 1
    assert drop(system) == [False]
    assert file_rows.read(again(second)) == PICTURE
    assert cards.seal_files(system, at=noon) == 1
    assert drop(system) == [False, False]  # the paper needs them
    assert sourcing.seal_older(system, at=noon) == 1
    assert sorted(drop(system)) == [False, False, True]
    assert PICTURE not in on_disk()


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_gone_keeps_no_other_waiting(owner, system, case, noon):
    gone = service.add_exhibit(owner, case.number, "E12", "截图", PICTURE, at=noon)
    readable(gone)
    files.remove(again(gone).kept_sha256)
    there = service.add_exhibit(owner, case.number, "E12", "另一张", png(61, 90), at=noon)
    readable(there)
    assert cards.seal_files(system, at=noon, limit=1) == 1
    assert queries.readable_files(system) == 1
    assert again(there).key_sealed is not None


@pytest.mark.django_db(transaction=True)
def test_a_case_that_goes_on_shows_the_same_file_under_its_key(owner, world, case, rows, noon):
    exhibit, copy, _ = rows
    other = world.case("A2")
    [carried] = service.carry_over(owner, case.number, other.number, at=noon)
    assert (carried.kept_sha256, file_rows.read(carried)) == (exhibit.kept_sha256, PICTURE)
    assert file_rows.read(Redaction.objects.get(exhibit=carried)) == rows[copy]


@pytest.mark.django_db(transaction=True)
def test_a_key_of_the_vault_that_leaves_takes_no_file_with_it(owner, rows, noon):
    done = cards.rotate(owner, PLACES, at=noon)
    assert done.retired
    assert {row: file_rows.read(again(row)) for row in rows} == rows


@pytest.mark.django_db(transaction=True)
def test_a_pack_is_the_same_byte_for_byte_whether_its_files_were_sealed_or_not(owner, case, noon):
    exhibit = service.add_exhibit(owner, case.number, "E12", "截图", PICTURE, at=noon)
    service.confirm_looked(owner, case.number, [exhibit.public_id], at=noon)
    before = packs.preview(owner, case.number, at=noon)
    readable(exhibit)
    after = packs.preview(owner, case.number, at=noon)
    assert (after.digest, after.gathered.files) == (before.digest, before.gathered.files)


def migrate(*targets) -> None:
    MigrationExecutor(connection).migrate(list(targets) or MigrationExecutor(connection).loader.graph.leaf_nodes())


@pytest.fixture
def migrated():
    yield
    migrate()


@pytest.mark.usefixtures("migrated")
@pytest.mark.django_db(transaction=True)
def test_rows_from_before_the_columns_are_named_as_they_lie(owner, system, case, rows, noon):
    for row in rows:
        readable(row)
    coded = service.add_exhibit(owner, case.number, "E12", "有卡密", png(62, 90), at=noon, has_code=True)
    migrate(("evidence", "0003_mails"), ("packs", "0001_initial"))
    migrate()
    assert {row: file_rows.read(again(row)) for row in rows} == rows
    assert again(coded).kept_sha256 == ""
    assert cards.seal_files(system, at=noon) == 3
    assert service.original(again(coded)) == png(62, 90)


@pytest.mark.django_db(transaction=True)
def test_a_pack_asks_the_vault_once_for_all_its_files(owner, case, noon, monkeypatch):
    for number in range(4):
        service.add_exhibit(owner, case.number, "E12", f"截图{number}", png(60 + number, 90), at=noon)
    asked = []
    real = vault.open_many
    monkeypatch.setattr(vault, "open_many", lambda *told: asked.append(len(told[0])) or real(*told))
    packs.preview(owner, case.number, at=noon + timedelta(minutes=1))
    assert [count for count in asked if count] == [4]


PREPARE = """
import sys
from datetime import UTC, datetime
from cardcase.project import boot
boot.prepare(sys.argv[1])
from cardcase.cases.models import Case
from cardcase.custody import files
from cardcase.evidence import service
from cardcase.evidence.models import Exhibit
actor, at = boot.operator(), datetime.now(UTC)
number = Case.objects.get().number
for place in range(int(sys.argv[2])):
    data = b"%PDF-1.7 " + str(place).encode() * 500
    row = service.add_exhibit(actor, number, "E12", str(place), data, at=at)
    files.remove(row.kept_sha256)
    Exhibit.objects.filter(pk=row.pk).update(kept_sha256=files.keep(data), key_sealed=None)
"""

SEAL = """
import sys
from datetime import UTC, datetime
from cardcase.project import boot
boot.prepare(sys.argv[1])
from cardcase.cards import service
actor = boot.operator()
while service.seal_files(actor, at=datetime.now(UTC), limit=1):
    print("one", flush=True)
"""

AUDIT = """
import json, sys
from pathlib import Path
from cardcase.project import boot
boot.prepare(sys.argv[1])
from django.conf import settings
from cardcase.cards import file_rows, queries, service
from cardcase.evidence.models import Exhibit
from cardcase.jobs.models import Job
actor = boot.operator()
def whole():
    return sum(file_rows.read(row) == b"%PDF-1.7 " + row.title.encode() * 500 for row in Exhibit.objects.all())
def plain():
    return sum(b"%PDF-1.7" in path.read_bytes() for path in Path(settings.CARDCASE.files).rglob("*") if path.is_file())
told = {"whole": whole(), "left": queries.readable_files(actor), "before": plain()}
promised = [job.args["sha256"] for job in Job.objects.filter(kind=service.DROP_PLAIN)]
for sha256 in promised:
    service.drop_plain(actor, sha256)
print(json.dumps({**told, "promised": len(promised), "after": plain(), "still": whole()}))
"""


@pytest.mark.crash
def test_sealing_survives_being_killed_at_any_moment(fresh, tmp_path):  # noqa: F811 - the fixture
    from intake.world import INVALID, order_row, orders_csv

    data = fresh("exhibits")
    env = environment(CARDCASE_DATA=str(data), **database())
    (tmp_path / "orders.csv").write_text(orders_csv(order_row(INVALID, refund="卡密无效")), "utf-8")
    cardcase("handle", tmp_path / "orders.csv", data=data, **database())

    def run(script, *words):
        command = [sys.executable, "-c", script, str(data), *words]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    run(PREPARE, str(FILES))
    dice = random.Random(SEED)
    for _ in range(5):
        command = [sys.executable, "-c", SEAL, str(data)]
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
            for _ in range(dice.randint(3, 15)):
                assert process.stdout.readline() == "one\n", f"seed {SEED}"
            time.sleep(dice.uniform(0, 0.03))  # into the middle of the next
            process.send_signal(signal.SIGKILL)
    cardcase("vault", "seal-files", data=data, **database())
    found = json.loads(run(AUDIT).splitlines()[-1])
    assert found == {"whole": FILES, "left": 0, "before": FILES, "promised": FILES, "after": 0, "still": FILES}
