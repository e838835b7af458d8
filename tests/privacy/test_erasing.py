"""Erasing: nothing is left to be found, the record still verifies, and it says what went, why and by whom."""

import json
import zipfile
from datetime import timedelta

import pytest
from django.db import connection

from cardcase.cards import file_rows
from cardcase.cards.models import Card, VoidAttempt
from cardcase.cases.models import Case
from cardcase.custody import erasing as record
from cardcase.custody import files, sealing
from cardcase.custody import queries as ledger
from cardcase.custody.models import Entry, Opening, SubjectKey
from cardcase.custody.rules import entry as form
from cardcase.evidence.models import Exhibit
from cardcase.inbox.models import Message
from cardcase.intake import service as intake
from cardcase.intake.models import ImportedFile
from cardcase.jobs.models import Job
from cardcase.kit.errors import Conflict, NotAllowed, WrongUse
from cardcase.orders.models import Buyer, Order
from cardcase.packs import service as packs
from cardcase.packs import verifier
from cardcase.privacy import queries, service
from cardcase.privacy.models import Removal
from cardcase.privacy.rules import MARK
from cardcase.privacy.service import DataHeld, NotDueYet
from cardcase.remedies.rules.demands import NotConfirmed
from intake.world import INVALID, QUIET, order_row, orders_csv, upload
from privacy.conftest import AT, EXTERNAL, LATER, NICK, PICTURE, WORDS, everything

pytestmark = pytest.mark.django_db(transaction=True)


def erase(world, *, who=NICK, ground="retention_over", at=LATER, **more):
    plan = queries.plan(world.actor, who)
    return service.erase(world.actor, who, ground=ground, confirmation=plan.phrase.zh, stamp=plan.stamp, at=at, **more)


def on_disk(world) -> bytes:
    return b"".join(path.read_bytes() for path in (world.data / "files").rglob("*") if path.is_file())


def test_before_everything_is_there_and_what_is_looked_for_can_be_found(world):
    found = everything()
    assert [needle for needle in world.needles() if needle not in found] == []
    assert PICTURE not in on_disk(world)  # encrypted; its key is in the row


def test_after_erasing_no_word_is_left_in_any_table_and_no_picture_on_the_disk(world):
    world.close()
    kept = Exhibit.objects.get().kept_sha256
    assert files.path_of(kept).exists()
    done = erase(world)
    assert [one.state for one in done] == ["erased", "erased"]
    found = everything()
    assert [needle for needle in world.needles() if needle in found] == []
    assert PICTURE not in on_disk(world)
    assert not files.path_of(kept).exists()


def test_the_record_verifies_and_counts_what_was_erased(world):
    world.close()
    before = ledger.verify_all()
    erase(world)
    report = ledger.verify_all()
    assert report.is_intact, report.as_text()
    assert report.erased_contents > 5
    assert report.restricted_contents == 0
    assert before.root != report.root
    named = [item for item in ledger.history(world.actor, [world.case.public_id]) if item.kind == "content.erased"]
    assert {(item.facts["ground"], item.facts["by"]) for item in named} == {("retention_over", world.actor.label)}


def test_a_content_that_went_without_an_entry_is_a_fault(world):
    world.close()
    erase(world)
    victim = Opening.objects.exclude(sealed=None).exclude(id__in=naming_openings()).first()
    Opening.objects.filter(id=victim.id).update(sealed=None)
    report = ledger.verify_all()
    assert [fault.code for fault in report.faults] == ["content_missing"]
    assert report.first_bad == form.place_of(victim.id)[0]


def test_facts_that_lost_only_their_words_are_a_fault_too(world):
    victim = Opening.objects.order_by("id").first()
    key = sealing.cipher(victim.key_id, bytes(SubjectKey.objects.get(id=victim.key_id).half))
    salt, _ = sealing.unseal(key, victim.id, bytes(victim.sealed))
    Opening.objects.filter(id=victim.id).update(sealed=sealing.seal(key, victim.id, salt, None))
    assert [fault.code for fault in ledger.verify_all().faults] == ["content_missing"]


def test_an_entry_cannot_excuse_what_it_does_not_name_and_is_not_erased_itself(world):
    world.close()
    erase(world)
    Opening.objects.filter(id=naming_openings()[0]).update(sealed=None)
    report = ledger.verify_all()
    assert {fault.code for fault in report.faults} == {"content_missing"}
    assert report.first_bad is not None


def test_no_copy_of_the_database_opens_what_was_erased_since(world):
    """Crypto-shredding: the rows of yesterday beside the keys of today show nothing."""
    world.close()
    first = Entry.objects.get(subject=world.case.public_id, cseq=1)
    kept = Opening.objects.get(id=form.opening_id(first.seq, 0))
    half = bytes(SubjectKey.objects.get(id=kept.key_id).half)
    assert sealing.unseal(sealing.cipher(kept.key_id, half), kept.id, bytes(kept.sealed)).body
    erase(world)
    assert SubjectKey.objects.get(id=kept.key_id).is_destroyed
    with pytest.raises(sealing.NoSubjectKey):
        sealing.cipher(kept.key_id, half)


def test_halves_that_a_kill_left_standing_are_destroyed_the_next_time(world, monkeypatch):
    world.close()

    def killed() -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(record, "destroy_keys", killed)
        with pytest.raises(KeyboardInterrupt):
            erase(world)
    given_up = list(SubjectKey.objects.filter(half=None, is_destroyed=False).values_list("id", flat=True))
    assert given_up
    service.finish_begun(world.actor, at=LATER)
    for key_id in given_up:
        sheet = sealing.sheet_of(key_id).read_bytes()
        assert sheet[key_id * 32 : key_id * 32 + 32] == bytes(32)
    assert not SubjectKey.objects.filter(half=None, is_destroyed=False).exists()


def test_what_stays_of_a_subject_lies_under_a_new_key_and_is_read_as_before(world):
    world.close()
    subjects = dict(SubjectKey.objects.values_list("id", "subject"))
    erase(world)
    staying = Opening.objects.exclude(sealed=None)
    given_up = set(SubjectKey.objects.filter(half=None).values_list("id", flat=True))
    assert given_up
    assert not given_up & set(staying.values_list("key_id", flat=True))
    assert {subjects[key] for key in given_up} >= {world.case.public_id}
    assert ledger.verify_all().is_intact


def naming_openings() -> list[int]:
    """The openings of entries that name what was erased."""
    seqs = Entry.objects.filter(kind__startswith="content.").order_by("seq").values_list("seq", flat=True)
    return [form.opening_id(seq, 0) for seq in seqs]


def test_an_old_copy_put_back_is_told(world):
    world.close()
    """Somebody restores rows and sheet of an older backup over the present ones."""
    first = Entry.objects.get(subject=world.case.public_id, cseq=1)
    kept = Opening.objects.get(id=form.opening_id(first.seq, 0))
    half = SubjectKey.objects.get(id=kept.key_id).half
    sheet = sealing.sheet_of(kept.key_id).read_bytes()
    erase(world)
    sealing.sheet_of(kept.key_id).write_bytes(sheet)
    sealing.forget()
    SubjectKey.objects.filter(id=kept.key_id).update(half=half)
    Opening.objects.filter(id=kept.id).update(sealed=kept.sealed, key_id=kept.key_id)
    report = ledger.verify_all()
    assert report.is_intact
    assert [note.code for note in report.notes if note.code != "unanchored"] == ["erased_is_back"]


def test_the_figures_stay_and_the_other_buyer_keeps_everything(world):
    world.close()
    erase(world)
    order = Order.objects.get(order_no=INVALID)
    assert (order.paid_fen or order.total_fen, order.state) == (19300, "delivered")
    assert order.raw == {}
    other = Buyer.objects.get(external_id="2209")
    assert other.nick == "晚风"
    assert Order.objects.get(order_no=QUIET).raw != {}
    assert Message.objects.filter(text=MARK).count() == len(WORDS) + 1


def test_an_imported_original_waits_for_the_last_buyer_in_it(world):
    world.close()
    orders, chat = ImportedFile.objects.order_by("pk")
    sealed_chat, sealed_orders = chat.kept_sha256, orders.kept_sha256
    done = erase(world)
    chat, orders = ImportedFile.objects.get(pk=chat.pk), ImportedFile.objects.get(pk=orders.pk)
    assert chat.kept_sha256 == ""
    assert not files.path_of(sealed_chat).exists()
    assert files.path_of(orders.kept_sha256).exists()
    assert (chat.name, orders.name) == ("", "orders.csv")
    assert sum(one.waiting_originals for one in done) == 1
    erase(world, who="晚风")
    service.finish_begun(world.actor, at=LATER)
    assert not files.path_of(sealed_orders).exists()
    assert not Removal.objects.exclude(originals=[]).exists()
    assert ledger.verify_all().is_intact


def test_a_file_that_another_case_needs_stays_until_its_last_case(world):
    world.close()
    order = Order.objects.get(order_no=QUIET)
    other = Case.objects.create(
        shop_id=world.actor.shop_id, public_id="case_other", number="AS-2026-000099", order=order, buyer=order.buyer,
        stage="closed", status="closed", waiting_on="none", claim_key="y", is_open=False, resolved_at=AT,
    )  # fmt: skip
    mine = Exhibit.objects.get()
    copy = Exhibit.objects.create(
        shop_id=world.actor.shop_id, public_id="ev_other", case=other, kind="E10", title="同一张", party="buyer",
        file_sha256=mine.file_sha256, kept_sha256=mine.kept_sha256, key_sealed=mine.key_sealed, captured_by="x",
    )  # fmt: skip
    erase(world)
    assert file_rows.read(copy) == PICTURE
    erase(world, who="晚风")
    assert not files.path_of(copy.kept_sha256).exists()


def test_what_is_open_holds_and_says_so(world):
    with pytest.raises(DataHeld) as held:
        erase(world)
    assert {"case_open", "clock_runs"} <= set(held.value.facts["holds"].split(","))
    assert NICK in everything()


def test_a_period_that_runs_needs_another_ground_and_the_phrase(world):
    world.close()
    soon = AT + timedelta(days=400)
    plan = queries.plan(world.actor, NICK)
    with pytest.raises(NotDueYet):
        erase(world, at=soon)
    with pytest.raises(NotConfirmed):
        service.erase(world.actor, NICK, ground="buyer_request", confirmation="删除", at=soon)
    with pytest.raises(WrongUse, match="理由"):
        service.erase(world.actor, NICK, ground="", confirmation=plan.phrase.zh, at=soon)
    with pytest.raises(Conflict):
        service.erase(world.actor, NICK, ground="buyer_request", confirmation=plan.phrase.zh, stamp="0" * 16, at=soon)
    assert NICK in everything()
    assert {one.state for one in erase(world, ground="buyer_request", at=soon)} <= {"erased", "erasing"}
    assert NICK not in everything()


def test_what_staff_wrote_about_his_card_and_errors_that_name_him_go_too(world):
    world.close()
    shop = world.actor.shop_id
    card = Card.objects.create(
        shop_id=shop, public_id="card_1", code_sealed=b"x", code_index="i", state="revealed",
        order=Order.objects.get(order_no=INVALID), note="进货时标签破损",
    )  # fmt: skip
    VoidAttempt.objects.create(shop_id=shop, card=card, asked_at=AT, asked_by="x", reason=f"{NICK}投诉")
    Job.objects.create(shop_id=shop, kind="x", state="stuck", last_error=f"Key (nick)=({NICK}) already exists")
    erase(world)
    assert NICK not in everything()
    card.refresh_from_db()
    assert card.note == "进货时标签破损"
    assert Job.objects.filter(kind="x").count() == 1


def test_only_the_owner_erases_and_only_a_person(world, lead, stranger):
    world.close()
    for actor in (lead, world.actor.system(world.actor.shop_id)):
        with pytest.raises(NotAllowed):
            service.erase(actor, NICK, ground="retention_over", confirmation="x", at=LATER)
    assert NICK in everything()
    with pytest.raises(Exception, match="没有这位买家"):
        queries.plan(stranger, NICK)


def test_again_changes_nothing(world):
    world.close()
    erase(world)
    size = ledger.verify_all().size
    assert erase(world, who=f"buyer_{world.buyer.pk}") == []
    assert ledger.verify_all().size == size


def test_an_order_alone_can_go_while_who_he_is_stays_for_the_others(world):
    world.close()
    more = upload("more.csv", orders_csv(order_row("3310145690545000077", buyer=EXTERNAL, nick=NICK)))
    intake.import_files(world.actor, [more], at=AT)
    erase(world, who=INVALID)
    assert WORDS[0] not in everything()
    assert Buyer.objects.get(pk=world.buyer.pk).nick == NICK
    assert [held.hold.value for held in queries.plan(world.actor, f"buyer_{world.buyer.pk}").parts[-1].holds] == [
        "others_first"
    ]


def test_a_pack_of_an_erased_case_counts_what_is_gone_and_verifies(world):
    world.close()
    erase(world)
    data = packs.build(world.actor, world.case.number, at=LATER)
    target = world.data / "pack.zip"
    target.write_bytes(data)
    report = verifier.verify(target, vkey=ledger.vkey(world.actor))
    assert report.exit_code in (0, 2), report.as_text()
    with zipfile.ZipFile(target) as archive:
        manifest = json.loads(archive.read(next(name for name in archive.namelist() if name.endswith("manifest.json"))))
    assert manifest["counts"]["erased"] > 5
    assert NICK.encode() not in data


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="a file of SQLite")
def test_sqlite_overwrites_what_it_deletes(world):
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        assert cursor.fetchone()[0] == 1
