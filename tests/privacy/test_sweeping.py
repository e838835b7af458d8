"""What the clock does: it proposes what is due, erases nothing by itself, and tells what came back."""

from datetime import timedelta

import pytest

from cardcase.custody import queries as ledger
from cardcase.inbox.models import Conversation
from cardcase.intake import service as intake
from cardcase.kit import clock
from cardcase.orders.models import Buyer, Order
from cardcase.privacy import queries, service
from cardcase.privacy.models import Removal
from cardcase.privacy.rules import RemovalState
from cardcase.project.config import Config
from intake.world import INVALID, orders_csv, said, upload
from privacy.conftest import AT, EXTERNAL, LATER, NICK, WORDS, everything, his_order

pytestmark = pytest.mark.django_db(transaction=True)


def proposed(world) -> set[str]:
    return {one.ref for one in queries.removals(world.actor, states=[RemovalState.PROPOSED])}


def test_what_is_due_is_proposed_once_and_nothing_is_erased(world):
    system = world.actor.system(world.actor.shop_id)
    assert service.propose_due(system, at=LATER) == 1  # the other buyer's order; this one's case is open
    world.close()
    assert service.propose_due(system, at=AT + timedelta(days=900)) == 0
    assert service.propose_due(system, at=LATER) == 2
    assert service.propose_due(system, at=LATER) == 0
    assert Order.objects.get(order_no=INVALID).public_id in proposed(world)
    assert NICK in everything()
    assert ledger.verify_all().erased_contents == 0


def test_a_proposal_is_withdrawn_when_something_holds_again(world):
    system = world.actor.system(world.actor.shop_id)
    world.close()
    service.propose_due(system, at=LATER)
    world.case.is_open = True
    world.case.save(update_fields=["is_open"])
    service.propose_due(system, at=LATER)
    assert Order.objects.get(order_no=INVALID).public_id not in proposed(world)


def test_a_chat_that_led_to_no_order_is_due_after_half_a_year(world):
    chat = upload("lone.json", said("50000099", "220000001", "路人甲", "这个卡还有吗"))
    with clock.fixed_at(AT):  # a buyer is first seen when his row is made
        intake.import_files(world.actor, [chat], at=AT)
    buyer = Buyer.objects.get(external_id="220000001")
    system = world.actor.system(world.actor.shop_id)
    service.propose_due(system, at=AT + timedelta(days=170))
    assert f"buyer_{buyer.pk}" not in proposed(world)
    service.propose_due(system, at=AT + timedelta(days=200))
    assert proposed(world) == {f"buyer_{buyer.pk}"}


def test_with_the_setting_what_is_due_goes_by_the_clock(world, settings):
    world.close()
    settings.CARDCASE = Config(data=world.data, privacy_auto_erase=True)
    system = world.actor.system(world.actor.shop_id, "privacy")
    service.propose_due(system, at=LATER)
    service.propose_due(system, at=LATER)  # who he is goes once his orders are gone
    service.finish_begun(system, at=LATER)
    found = everything()
    assert [needle for needle in world.needles() if needle in found] == []
    report = ledger.verify_all()
    assert report.is_intact, report.as_text()
    assert set(Removal.objects.filter(state="erased").values_list("by", flat=True)) == {"privacy"}


def test_what_comes_in_again_is_recognised(world):
    world.close()
    plan = queries.plan(world.actor, NICK)
    service.erase(world.actor, NICK, ground="retention_over", confirmation=plan.phrase.zh, at=LATER)
    assert queries.came_back(world.actor) == []
    again = LATER + timedelta(days=1)
    files = [
        upload("orders.csv", orders_csv(his_order())),
        upload("chat.json", said("50000001", EXTERNAL, NICK, *WORDS)),
    ]
    intake.import_files(world.actor, files, at=again)
    Buyer.objects.filter(external_id=EXTERNAL).update(first_seen_at=again)
    Order.objects.filter(order_no=INVALID).update(seen_at=again)
    back = {matter.subject for matter in queries.came_back(world.actor)}
    assert Order.objects.get(order_no=INVALID).public_id in back
    plan = queries.plan(world.actor, INVALID)
    service.erase(world.actor, INVALID, ground="purpose_ended", confirmation=plan.phrase.zh, at=again)
    plan = queries.plan(world.actor, EXTERNAL)
    service.erase(world.actor, EXTERNAL, ground="purpose_ended", confirmation=plan.phrase.zh, at=again)
    found = everything()
    assert [needle for needle in world.needles() if needle in found] == []
    assert Conversation.objects.exclude(external_id__startswith="erased:").count() == 0
