"""Restricting: the words are locked away, nothing shows them, and they come back whole or go for ever."""

from datetime import timedelta

import pytest

from cardcase.cards import file_rows
from cardcase.cases.models import Case
from cardcase.custody import queries as ledger
from cardcase.deadlines.models import Deadline
from cardcase.evidence.models import Exhibit
from cardcase.inbox import queries as inbox
from cardcase.inbox.models import Message
from cardcase.intake import service as intake
from cardcase.kit.errors import NotAllowed, Refused
from cardcase.orders.models import Buyer, Order
from cardcase.packs import service as packs
from cardcase.privacy import queries, sealing, service
from cardcase.privacy.models import Removal
from cardcase.privacy.queries import DataRestricted
from cardcase.privacy.sealing import LockedForGood
from cardcase.privacy.service import DataHeld
from intake.world import INVALID, orders_csv, said, upload
from privacy.conftest import AT, EXTERNAL, LATER, NICK, PICTURE, WORDS, everything, his_order

pytestmark = pytest.mark.django_db(transaction=True)
SOON = AT + timedelta(days=400)


def restrict(world, *, who=NICK, at=SOON):
    return service.restrict(world.actor, who, ground="buyer_request", at=at)


def ref(world) -> str:
    return f"buyer_{world.buyer.pk}"


def test_nothing_shows_what_is_restricted_and_it_has_a_date(world):
    world.close()
    done = restrict(world)
    assert {one.state for one in done} == {"restricted"}
    assert all(one.erase_at and one.erase_at > SOON for one in done if one.order_no)
    found = everything()
    assert [needle for needle in world.needles() if needle in found] == []
    assert PICTURE not in b"".join(path.read_bytes() for path in (world.data / "files").rglob("*") if path.is_file())
    assert [row.public_id for row in inbox.conversation_list(world.actor)] == []
    with pytest.raises(DataRestricted):
        packs.build(world.actor, world.case.number, at=SOON)
    report = ledger.verify_all()
    assert report.is_intact, report.as_text()
    assert (report.erased_contents, report.restricted_contents > 5) == (0, True)


def test_lifting_puts_everything_back_and_the_record_opens_again(world):
    world.close()
    before = {
        "text": list(Message.objects.order_by("pk").values_list("text", "external_id", "source_sha256", "said_at")),
        "exhibit": list(Exhibit.objects.values_list("title", "facts", "file_sha256")),
        "history": [(item.kind, dict(item.facts)) for item in ledger.history(world.actor, [world.case.public_id])],
    }
    restrict(world)
    service.lift(world.actor, ref(world), reason="法院要求举证", at=SOON)
    after = {
        "text": list(Message.objects.order_by("pk").values_list("text", "external_id", "source_sha256", "said_at")),
        "exhibit": list(Exhibit.objects.values_list("title", "facts", "file_sha256")),
        "history": [
            (item.kind, dict(item.facts))
            for item in ledger.history(world.actor, [world.case.public_id])
            if not item.kind.startswith("content.")
        ],
    }
    assert after == before
    assert Buyer.objects.get(pk=world.buyer.pk).nick == NICK
    assert file_rows.read(Exhibit.objects.get()) == PICTURE
    report = ledger.verify_all()
    assert report.is_intact, report.as_text()
    assert (report.erased_contents, report.restricted_contents) == (0, 0)
    assert list(sealing.halves()) == []
    assert not Removal.objects.exclude(bundle=None).exists()


def test_erasing_what_is_restricted_destroys_its_key_and_the_bundle(world):
    world.close()
    restrict(world)
    held = list(Removal.objects.exclude(bundle=None).values_list("public_id", "key_half"))
    plan = queries.plan(world.actor, ref(world))
    assert plan.is_due(LATER)
    done = service.erase(
        world.actor, ref(world), ground="retention_over", confirmation=plan.phrase.en, stamp=plan.stamp, at=LATER
    )
    assert {one.state for one in done} == {"erased"}
    assert list(sealing.halves()) == []
    for public_id, half in held:  # an old copy of the database still has this half, and it opens nothing
        with pytest.raises(LockedForGood):
            sealing.key_of(world.actor.shop_id, public_id, half)
    report = ledger.verify_all()
    assert report.is_intact, report.as_text()
    assert (report.erased_contents > 5, report.restricted_contents) == (True, 0)


def test_a_copy_of_the_database_alone_opens_nothing(world):
    world.close()
    restrict(world)
    row = Removal.objects.exclude(bundle=None).first()
    sealing.half_of(row.public_id).write_bytes(b"\0" * 32)
    with pytest.raises(LockedForGood):
        service.lift(world.actor, ref(world), reason="x", at=SOON)
    assert WORDS[0] not in everything()


def test_a_case_that_is_open_is_not_restricted(world):
    with pytest.raises(DataHeld):
        restrict(world)


def test_who_writes_again_is_locked_away_with_the_rest_and_all_of_it_comes_back(world):
    world.close()
    restrict(world)
    more = [
        upload("again.csv", orders_csv(his_order())),
        upload("again.json", said("50000001", EXTERNAL, NICK, "我又来了你们在吗")),
    ]
    intake.import_files(world.actor, more, at=SOON)
    order = Order.objects.get(order_no=INVALID)
    assert "我又来了你们在吗" in everything()
    Deadline.objects.filter(state="armed").update(state="void")
    Case.objects.update(is_open=False, status="closed")
    restrict(world, who=INVALID)
    restrict(world, who=EXTERNAL)
    found = everything()
    assert [needle for needle in (*world.needles(), "我又来了你们在吗") if needle in found] == []
    assert ledger.verify_all().is_intact
    service.lift(world.actor, INVALID, reason="平台要求举证", at=SOON)
    service.lift(world.actor, f"buyer_{order.buyer_id}", reason="平台要求举证", at=SOON)
    service.lift(world.actor, ref(world), reason="平台要求举证", at=SOON)
    found = everything()
    assert [needle for needle in (*world.needles(), "我又来了你们在吗") if needle not in found] == []
    report = ledger.verify_all()
    assert report.is_intact, report.as_text()
    assert report.restricted_contents == 0


def test_only_the_owner_restricts_and_lifting_needs_a_reason(world, lead):
    world.close()
    with pytest.raises(NotAllowed):
        service.restrict(lead, NICK, ground="buyer_request", at=SOON)
    restrict(world)
    with pytest.raises(Refused) as refused:
        service.lift(world.actor, ref(world), reason=" ", at=SOON)
    assert refused.value.problem_code == "reason_missing"
    assert {one.state for one in restrict(world, who=ref(world))} == set()


def test_half_a_key_of_an_attempt_that_was_never_committed_is_swept_away(world):
    sealing.new_key(world.actor.shop_id, "removal_never")
    system = world.actor.system(world.actor.shop_id)
    assert service.destroy_orphans(system, at=LATER) == 1
    assert list(sealing.halves()) == []
