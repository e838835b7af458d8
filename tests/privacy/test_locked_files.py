"""Files of evidence and packs when their buyer goes: the key goes first, and what is locked away comes back whole."""

import shutil
from datetime import timedelta

import pytest

from cardcase.cards import file_rows, vault
from cardcase.cards import service as cards
from cardcase.custody import files
from cardcase.delivery.models import ParcelFile
from cardcase.evidence import service as evidence
from cardcase.evidence.models import Exhibit, Redaction
from cardcase.evidence.rules.covering import Area
from cardcase.kit.errors import NotFound
from cardcase.orders.models import Order
from cardcase.packs import service as packs
from cardcase.packs.models import Pack
from cardcase.privacy import queries, sealing, service
from cardcase.privacy.models import Removal
from cardcase.privacy.service import rows as locked
from cardcase.project.sealed import PLACES
from evidence.world import readable
from privacy.conftest import AT, LATER, NICK, PICTURE
from privacy.test_parcels import parcel  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db(transaction=True)
SOON = AT + timedelta(days=400)


@pytest.fixture
def kept(world):
    """His exhibit, its covered copy and a pack, each with the bytes that it must give; all of it settled."""
    exhibit = Exhibit.objects.get()
    copy = evidence.redact(world.actor, exhibit.public_id, [Area(0, 0, 9, 9)], "第三方", at=AT)
    evidence.confirm_looked(world.actor, world.case.number, [exhibit.public_id], at=AT)
    whole = packs.build(world.actor, world.case.number, at=AT)
    world.close()
    return {exhibit: PICTURE, copy: file_rows.read(copy), Pack.objects.get(): whole}


def again(row):
    return type(row).objects.get(pk=row.pk)


def erase(actor, who, at=LATER):
    plan = queries.plan(actor, who)
    return service.erase(actor, who, ground="retention_over", confirmation=plan.phrase.zh, stamp=plan.stamp, at=at)


def restrict(actor, who=NICK):
    return service.restrict(actor, who, ground="buyer_request", at=SOON)


def lift(actor, who):
    return service.lift(actor, who, reason="法院要求举证", at=SOON)


def folder(world):
    return world.data / "files"


def test_a_copy_of_the_folder_made_before_opens_nothing_once_he_is_erased(world, kept):
    assert {row: file_rows.read(row) for row in kept} == kept
    shutil.copytree(folder(world), world.data / "copy")
    erase(world.actor, NICK)
    shutil.rmtree(folder(world))
    (world.data / "copy").rename(folder(world))
    for row in kept:
        assert files.path_of(row.kept_sha256).exists()
        gone = again(row)
        assert (gone.file_sha256, gone.kept_sha256, gone.key_sealed) == ("", "", None)
        type(row).objects.filter(pk=row.pk).update(file_sha256=row.file_sha256, kept_sha256=row.kept_sha256)
        with pytest.raises(NotFound):
            file_rows.read(again(row))


def test_erasing_takes_the_bytes_too(world, kept):
    erase(world.actor, NICK)
    assert [row for row in kept if files.path_of(row.kept_sha256).exists()] == []


def test_a_restricted_file_stays_as_it_lies_and_comes_back_with_its_key(world, kept):
    restrict(world.actor)
    assert [row for row in kept if not files.path_of(row.kept_sha256).exists()] == []
    assert {again(row).key_sealed for row in kept} == {None}
    lift(world.actor, f"buyer_{world.buyer.pk}")
    assert {row: file_rows.read(again(row)) for row in kept} == kept


def test_what_is_locked_away_outlives_the_key_of_the_vault(world, kept):
    restrict(world.actor)
    done = cards.rotate(world.actor, PLACES, at=SOON)
    assert done.retired
    lift(world.actor, f"buyer_{world.buyer.pk}")
    assert {row: file_rows.read(again(row)) for row in kept} == kept
    assert cards.rotate(world.actor, PLACES, at=SOON).kept == ()


def test_a_locked_parcel_outlives_the_key_of_the_vault(owner, parcel):  # noqa: F811 - the fixture
    order, file = Order.objects.get(), ParcelFile.objects.order_by("pk").first()
    context = f"{file.shop_id}|{file.sealed_sha256}|parcel|1"
    key = vault.open_sealed(bytes(file.key_sealed), context=context)
    restrict(owner, order.order_no)
    assert cards.rotate(owner, PLACES, at=SOON).retired
    lift(owner, order.order_no)
    assert vault.open_sealed(bytes(again(file).key_sealed), context=context) == key


def test_files_from_before_are_sealed_before_they_are_locked_away(world, kept):
    for row in kept:
        readable(row)
    restrict(world.actor)
    cards.drop_plain(world.actor, next(iter(kept)).file_sha256)
    assert PICTURE not in b"".join(path.read_bytes() for path in folder(world).rglob("*") if path.is_file())
    lift(world.actor, f"buyer_{world.buyer.pk}")
    assert {row: file_rows.read(again(row)) for row in kept} == kept


def test_files_from_before_go_with_their_buyer(world, kept):
    for row in kept:
        readable(row)
    erase(world.actor, NICK)
    assert [row for row in kept if files.path_of(row.file_sha256).exists()] == []


def test_what_was_locked_away_before_files_were_sealed_comes_back_whole(world, system, kept):
    """As it lay then: exhibits encrypted for the removal, copies and packs readable, no column for where."""
    restrict(world.actor)
    removal = Removal.objects.exclude(bundle=None).get(order__isnull=False)
    key = sealing.key_of(removal.shop_id, removal.public_id, bytes(removal.key_half))
    told = locked.unpack(sealing.unlock(key, bytes(removal.bundle), about=removal.public_id))
    tables = {Exhibit: "evidence.Exhibit", Redaction: "evidence.Redaction", Pack: "packs.Pack"}
    plain = []
    for row, data in kept.items():
        columns = told["values"][tables[type(row)]][str(row.pk)]
        del columns["kept_sha256"], columns["key_sealed"]
        files.remove(row.kept_sha256)
        if isinstance(row, Exhibit):
            told["files"] = {row.file_sha256: files.keep(sealing.lock(key, data, about=row.file_sha256))}
        else:
            plain.append(files.keep(data))
    removal.bundle = sealing.lock(key, locked.pack(told), about=removal.public_id)
    removal.locked = [*told["files"].values(), *plain]
    removal.save()
    lift(world.actor, f"buyer_{world.buyer.pk}")
    assert {row: file_rows.read(again(row)) for row in kept} == kept
    assert cards.seal_files(system, at=SOON) == 3
    assert {row: file_rows.read(again(row)) for row in kept} == kept
    assert not Removal.objects.exclude(locked=[]).exists()
