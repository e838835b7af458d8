from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cardcase.cards import file_rows
from cardcase.cases.rules import GuardRefused
from cardcase.connectors.ports import OrderState
from cardcase.custody import queries as custody
from cardcase.evidence import queries, service
from cardcase.evidence.models import EvidenceRequest, Exhibit
from cardcase.evidence.rules import BadFact, BadFile, ItemState, NoTimeToAsk, Timing, find
from cardcase.kit.errors import Conflict, NotAllowed, NotFound, Refused, WrongUse
from cardcase.orders.models import Order
from evidence.world import HOUR, PNG

pytestmark = pytest.mark.django_db


def items(actor, case, at):
    return {item.kind: item for item in queries.checklist(actor, case, at=at)}


# --- facts and checklist -------------------------------------------------------------------------------------------


def test_a_case_of_the_shop_gives_a_checklist_from_its_own_records(world, owner, noon):
    case = world.case("A1")
    found = items(owner, case, noon)
    assert found["E1"].state is ItemState.HAVE
    assert "官方旗舰店" in found["E1"].why.zh
    assert found["E2"].why.zh == "发货前 6 分钟，余额 ¥200.00，有截图"
    assert found["E5"].state is ItemState.HAVE
    assert found["E3"].state is ItemState.ASK
    assert found["E10"].state is ItemState.ASK


def test_words_after_delivery_are_found_in_the_conversation(world, owner, noon):
    case = world.case("A2")
    world.say(case.order, "充上了 谢谢老板")
    assert items(owner, case, noon)["E7"].state is ItemState.HAVE


def test_several_cases_are_read_in_the_questions_of_one(world, owner, noon, django_assert_max_num_queries):
    cases = [world.case(code) for code in ("A1", "P1", "V1", "A2")]
    Order.objects.filter(pk__in=[case.order_id for case in cases[2:]]).update(buyer_id=cases[0].order.buyer_id)
    cases = [world.fresh(case) for case in cases]
    world.say(cases[3].order, "充上了 谢谢老板")
    alone, most = {}, 0
    for case in cases:
        with CaptureQueriesContext(connection) as seen:
            alone[case.pk] = queries.case_facts(owner, case, at=noon)
        most = max(most, len(seen))
    assert len({facts.other_claims for facts in alone.values()}) > 1
    with django_assert_max_num_queries(most + 2):  # reasons ask for different things
        assert queries.facts_of(owner, cases, at=noon) == alone


def test_a_replacement_card_is_not_the_card_that_the_complaint_is_about(world, owner, noon):
    case = world.case("A1")
    [first] = queries.case_facts(owner, case, at=noon).cards
    [spare] = world.stock(1)
    type(spare).objects.filter(pk=spare.pk).update(order=case.order, state="reserved")
    assert [card.public_id for card in queries.case_facts(owner, case, at=noon).cards] == [first.public_id]


def test_earlier_orders_other_claims_and_duplicates_of_the_buyer_are_counted(world, owner, noon):
    case = world.case("O2")
    buyer = case.order.buyer.external_id
    for days in (130, 200):
        world.order(buyer=buyer, days_ago=days, state=OrderState.COMPLETED)
    other = world.order(buyer=buyer, days_ago=30, paid_fen=5000, total_fen=5000)
    world.refund(other)
    twin = world.order(buyer=buyer, days_ago=4.1)
    facts = queries.case_facts(owner, case, at=noon)
    assert facts.other_claims == 1
    assert facts.duplicate_orders == (twin.order_no,)
    case.sub_reason = "A2"  # what does not matter for a reason is not asked of the database
    facts = queries.case_facts(owner, case, at=noon)
    assert facts.undisputed_orders == 2
    assert facts.duplicate_orders == ()


def test_the_facts_of_a_case_take_a_fixed_number_of_questions(world, owner, noon, django_assert_max_num_queries):
    case = world.case("A2")
    world.say(case.order, *[f"第 {n} 句" for n in range(40)])
    for n in range(5):
        service.add_exhibit(owner, case.number, "E10", f"截图 {n}", PNG, at=noon)
    with django_assert_max_num_queries(22):  # two for the batches’ papers and claims, two for parcels
        queries.checklist(owner, case, at=noon)


# --- exhibits ------------------------------------------------------------------------------------------------------


def test_an_exhibit_is_kept_by_its_bytes_with_its_facts_and_in_the_record(world, agent, noon):
    case = world.case("A2")
    redeemed_at = case.order.delivered_at + HOUR
    facts = queries.case_facts(agent, case, at=noon)
    exhibit = service.add_exhibit(
        agent,
        case.number,
        "E3",
        "官方客服查询",
        PNG,
        "image/png",
        {"tail4": facts.cards[0].tail4, "redeemed_at": redeemed_at, "is_redeemed": True, "clock_source": "issuer"},
        at=noon,
    )
    assert file_rows.read(exhibit) == PNG
    assert exhibit.party == "issuer"
    found = find(queries.case_facts(agent, case, at=noon), queries.matrix(agent))
    assert found.timing is Timing.REDEEMED_AFTER_REVEAL
    [entry] = [item for item in custody.history(agent, [case.public_id]) if item.kind == "evidence.added"]
    assert entry.facts["exhibit"] == exhibit.public_id
    assert entry.actor_label == agent.label


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (("E99", PNG, "", {}), WrongUse),
        (("E10", None, "", {}), WrongUse),
        (("E10", b"MZ\x90", "", {}), BadFile),
        (("E10", PNG, "image/jpeg", {}), BadFile),
        (("E10", PNG, "", {"colour": "red"}), BadFact),
        (("E10", PNG, "", {"balance_fen": -5}), BadFact),
    ],
)
def test_what_cannot_be_an_exhibit_is_refused_and_leaves_nothing(world, owner, noon, given, error):
    case = world.case("A1")
    kind, data, mime, facts = given
    with pytest.raises(error):
        service.add_exhibit(owner, case.number, kind, "x", data, mime, facts, at=noon)
    assert not Exhibit.objects.exists()


def test_card_codes_never_stay_in_titles_or_facts(world, owner, noon):
    case = world.case("A1")
    [card] = queries.case_facts(owner, case, at=noon).cards
    code = world.codes[card.public_id].expose()
    exhibit = service.add_exhibit(
        owner,
        case.number,
        "E10",
        f"报错 {code}",
        PNG,
        facts={"answer": f"卡 {code} 无效", "tail4": card.tail4},
        at=noon,
    )
    assert code not in exhibit.title
    assert code not in str(exhibit.facts)
    with pytest.raises(BadFact) as refused:
        service.add_exhibit(owner, case.number, "E12", "工单", None, facts={"ticket_no": code}, at=noon)
    assert code not in str(refused.value)


def test_an_exhibit_set_aside_stays_on_file_and_no_longer_counts(world, owner, lead, noon):
    case = world.case("A1")
    odd = service.add_exhibit(owner, case.number, "E10", "别的卡", PNG, facts={"tail4": "ZZ99"}, at=noon)
    assert items(owner, case, noon)["E10"].state is ItemState.CONTRADICTS
    service.set_aside(lead, odd.public_id, "买家发错图，已重发", at=noon)
    service.set_aside(lead, odd.public_id, "再点一次", at=noon)
    assert items(owner, case, noon)["E10"].state is ItemState.ASK
    assert Exhibit.objects.get().set_aside_reason == "买家发错图，已重发"
    kinds = [item.kind for item in custody.history(owner, [case.public_id])]
    assert kinds.count("evidence.set_aside") == 1


def test_evidence_against_the_shop_cannot_be_set_aside(world, owner, noon):
    case = world.case("A1")
    bad = service.add_exhibit(
        owner, case.number, "E24", "货源方承认重复售出", PNG, facts={"answer": "重复"}, at=noon, is_against_seller=True
    )
    with pytest.raises(Refused):
        service.set_aside(owner, bad.public_id, "不想要", at=noon)


# --- requests ------------------------------------------------------------------------------------------------------


def test_asking_the_buyer_moves_the_case_and_a_recording_gets_its_word(world, agent, noon):
    case = world.case("A1")
    request = service.ask(agent, case.number, ["E11", "E10"], "buyer", revision=case.revision, at=noon)
    moved = world.fresh(case)
    assert moved.status == "waiting_buyer"
    assert len(request.nonce) == 4
    assert request.nonce in items(agent, moved, noon)["E11"].wording.zh
    assert request.due_at < noon + 22 * HOUR


def test_asking_is_due_before_the_platforms_margin_and_refused_when_there_is_no_time(world, owner, noon):
    soon = world.case("A1", timeout_at=noon + timedelta(hours=3))
    request = service.ask(owner, soon.number, ["E10"], "buyer", revision=soon.revision, at=noon)
    assert request.due_at < noon + timedelta(hours=2, minutes=30)
    late = world.case("A1", timeout_at=noon + timedelta(minutes=50))
    with pytest.raises(NoTimeToAsk):
        service.ask(owner, late.number, ["E10"], "buyer", revision=late.revision, at=noon)
    assert world.fresh(late).status == "needs_response"
    assert EvidenceRequest.objects.filter(case=late).count() == 0


def test_nobody_asks_while_messages_are_held(world, owner, noon):
    case = world.case("A1", confirmed=False)
    type(case).objects.filter(pk=case.pk).update(status="needs_response", sub_reason="A1")
    with pytest.raises(GuardRefused) as refused:
        service.ask(owner, case.number, ["E10"], "buyer", revision=case.revision, at=noon)
    assert "hold_is_lifted" in refused.value.facts["guards"]
    assert EvidenceRequest.objects.count() == 0


def test_a_stale_picture_is_a_conflict_and_asks_nothing(world, owner, noon):
    case = world.case("A1")
    with pytest.raises(Conflict):
        service.ask(owner, case.number, ["E10"], "buyer", revision=case.revision - 1, at=noon)
    assert EvidenceRequest.objects.count() == 0


def test_asking_the_supplier_leaves_the_case_with_us(world, owner, noon):
    case = world.case("A1")
    service.ask(owner, case.number, ["E24"], "supplier", revision=case.revision, at=noon)
    assert world.fresh(case).status == "needs_response"
    assert "已向货源方要" in items(owner, case, noon)["E24"].why.zh


@pytest.mark.parametrize(("kinds", "to"), [([], "buyer"), (["E77"], "buyer"), (["E10"], "moon")])
def test_a_request_names_something_known_and_somebody(world, owner, noon, kinds, to):
    case = world.case("A1")
    with pytest.raises(WrongUse):
        service.ask(owner, case.number, kinds, to, revision=case.revision, at=noon)


def test_a_request_ends_once(world, agent, noon):
    case = world.case("A1")
    request = service.ask(agent, case.number, ["E10"], "buyer", revision=case.revision, at=noon)
    with pytest.raises(Refused):
        service.expire(agent, request.public_id, at=noon)
    service.fulfil(agent, request.public_id, at=noon)
    assert service.fulfil(agent, request.public_id, at=noon).state == "fulfilled"
    with pytest.raises(Conflict):
        service.refuse(agent, request.public_id, at=noon)


def test_overdue_requests_expire_by_themselves_and_only_once(world, owner, system, noon):
    case = world.case("A1")
    request = service.ask(owner, case.number, ["E10"], "buyer", revision=case.revision, at=noon)
    later = request.due_at + timedelta(minutes=1)
    assert [one.public_id for one in service.expire_overdue(system, at=later)] == [request.public_id]
    assert service.expire_overdue(system, at=later) == []
    assert items(owner, world.fresh(case), later)["E10"].state is ItemState.MISSING


# --- who may -------------------------------------------------------------------------------------------------------


def test_strangers_see_nothing_and_auditors_change_nothing(world, stranger, auditor, owner, noon):
    case = world.case("A1")
    exhibit = service.add_exhibit(owner, case.number, "E10", "x", PNG, at=noon)
    for refused in (
        lambda: service.add_exhibit(stranger, case.number, "E10", "x", PNG, at=noon),
        lambda: queries.exhibit(stranger, exhibit.public_id),
        lambda: service.set_aside(stranger, exhibit.public_id, "x", at=noon),
    ):
        with pytest.raises(NotFound):
            refused()
    with pytest.raises(NotAllowed):
        service.add_exhibit(auditor, case.number, "E10", "x", PNG, at=noon)
    assert queries.checklist(auditor, case, at=noon)


def test_a_shops_own_matrix_rules_its_cases(world, owner, shop, data, noon):
    own = data / "overrides" / shop.slug
    own.mkdir(parents=True)
    (own / "matrix.toml").write_text(
        '[catalogue]\nid = "x"\nversion = "1"\nsource = "shop"\ncertainty = "J"\n[[decline]]\nid = "V5"\ngroups = [["E9"]]\n',
        "utf-8",
    )
    assert queries.matrix(owner).decline_needs("V5").groups == (("E9",),)
    queries.check_data()


def test_facts_need_the_right_to_read(world, noon, owner):
    case = world.case("A1")
    with pytest.raises(NotAllowed):
        queries.case_facts(replace(owner, role=None), case, at=noon)
