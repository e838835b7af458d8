"""The parcel of a physical card as evidence: E14 packing, E15 unboxing, E16 the carrier, E17 the return; V6 of a code."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cardcase.evidence.rules import ItemState, OrderSeen, ParcelSeen, checklist, decline_gaps, read_matrix
from cardcase.kit.text import Text
from evidence.builders import NOON, a_case

MATRIX = read_matrix()
HOUR = timedelta(hours=1)
WHOLE = ParcelSeen(
    packed_at=NOON,
    has_packing_video=True,
    is_serial_same=True,
    shipped_at=NOON + HOUR,
    carrier="顺丰",
    waybill_no="SF1234567890",
    weight_g=52,
    signed_at=NOON + 9 * HOUR,
    signed_by="本人",
    unboxed_at=NOON + 10 * HOUR,
    has_unboxing_video=True,
    is_uncut=True,
    is_waybill_visible=True,
    is_tape_intact=True,
    received_at=NOON + 20 * HOUR,
    inspected_at=NOON + 21 * HOUR,
    has_inspection_video=True,
    outcome="switched",
    outcome_text=Text("序列号与寄出时的记录不符", "another serial"),
)


def seen(sub_reason, parcel=WHOLE, **order):
    case = a_case(sub_reason)
    told = {"order_no": case.order.order_no, "is_physical": True, **order}
    return replace(case, order=replace(case.order, **told), parcel=parcel)


def items(facts):
    return {item.kind: item for item in checklist(facts, MATRIX)}


def test_the_whole_chain_is_held_without_anybody_adding_an_exhibit():
    found = items(seen("A3"))
    assert {kind: found[kind].state for kind in ("E14", "E15", "E16", "E17")} == dict.fromkeys(
        ("E14", "E15", "E16", "E17"), ItemState.HAVE
    )
    assert "SF1234567890" in found["E16"].why.zh
    assert "序列号与卡库一致" in found["E14"].why.zh
    assert not any(found[kind].is_against_seller for kind in ("E14", "E15", "E16", "E17"))


@pytest.mark.parametrize(
    ("change", "kind", "state"),
    [
        ({"has_packing_video": False}, "E14", ItemState.MISSING),
        ({"packed_at": None}, "E14", ItemState.MISSING),
        ({"signed_at": None}, "E16", ItemState.ASK),
        ({"shipped_at": None}, "E16", ItemState.MISSING),
        ({"unboxed_at": None}, "E15", ItemState.ASK),
        ({"is_uncut": False}, "E15", ItemState.ASK),
        ({"inspected_at": None}, "E17", ItemState.MISSING),
        ({"outcome": "unclear"}, "E17", ItemState.MISSING),
        ({"outcome": "partly"}, "E17", ItemState.MISSING),
    ],
)
def test_what_is_not_on_record_is_not_held(change, kind, state):
    assert items(seen("A3", replace(WHOLE, **change)))[kind].state is state


def test_what_speaks_for_the_buyer_is_kept_and_counts_against_the_shop():
    intact = items(seen("P1", replace(WHOLE, outcome="intact")))["E17"]
    broken = items(seen("A3", replace(WHOLE, is_tape_intact=False)))["E15"]
    assert (intact.state, intact.is_against_seller) == (ItemState.HAVE, True)
    assert (broken.state, broken.is_against_seller) == (ItemState.HAVE, True)


def test_a_contradiction_of_our_own_record_ranks_below_missing_and_stops_a_refusal():
    facts = seen("O1", replace(WHOLE, clashes=(("E16", "parcel_weight", Text("重量不一致", "weights differ")),)))
    assert items(facts)["E16"].state is ItemState.CONTRADICTS
    gaps = decline_gaps(checklist(facts, MATRIX), facts, MATRIX)
    assert "evidence_contradicts" in {gap.code for gap in gaps}


def test_a_code_has_no_unboxing_and_nobody_asks_for_one():
    for physical in (False, None):
        case = a_case("V6")
        facts = replace(case, order=replace(case.order, is_physical=physical))
        assert not {"E14", "E15", "E16", "E17"} & set(items(facts))
        assert not any(
            "E15" in gap.text.zh or "开箱" in gap.text.zh
            for gap in decline_gaps(checklist(facts, MATRIX), facts, MATRIX)
        )
    assert items(seen("V6", None))["E15"].state is ItemState.ASK
    assert OrderSeen().is_physical is None


@pytest.mark.django_db
def test_a_case_about_a_parcel_finds_the_whole_chain_by_itself(world, owner, system, noon):
    from cardcase.cards.models import Card
    from cardcase.cases import service as cases
    from cardcase.evidence import queries
    from cardcase.orders.models import Order
    from cardcase.packs.queries import dossier
    from delivery.parcels_world import boxed, through

    then = noon - timedelta(days=3)
    view = boxed(system, then)
    chain = through(owner, view, "inspected", then, serials=("7777666655554444",))
    order = Order.objects.get(pk=view.order_id)
    case, _ = cases.open_case(system, order, world.refund(order), at=noon)
    cases.confirm_reason(owner, case.number, "A3", revision=case.revision, at=noon)
    case = world.fresh(case)
    facts = queries.case_facts(owner, case)
    assert facts.order.is_physical is True
    assert [card.reveal_how for card in facts.cards] == ["parcel"]
    assert facts.cards[0].revealed_at == chain.steps[2].facts.happened_at
    found = {item.kind: item for item in queries.checklist(owner, case)}
    assert {kind: found[kind].state for kind in ("E14", "E15", "E16", "E17")} == dict.fromkeys(
        ("E14", "E15", "E16", "E17"), ItemState.HAVE
    )
    assert "序列号与寄出时的记录不符" in found["E17"].why.zh
    assert Card.objects.get().state == "revealed"
    assert {step.parcel for step in chain.steps} <= set(dossier(owner, case.number).subjects)


@pytest.mark.django_db
def test_a_case_about_a_replacement_is_judged_by_its_own_parcel_and_the_pack_has_both(world, owner, system, noon):
    from cardcase.cards import service as stockroom
    from cardcase.cards.models import Card
    from cardcase.cases import service as cases
    from cardcase.cases.models import Case
    from cardcase.delivery import queries as delivery
    from cardcase.evidence import queries
    from cardcase.orders.models import Order
    from cardcase.packs.queries import dossier
    from delivery.parcels_world import boxed, goes, more_in_stock, through

    then = noon - timedelta(days=3)
    view = boxed(system, then)
    through(owner, view, "unboxed", then)
    more_in_stock(system, then, first=7)
    kept = stockroom.reserve_equal(owner, view.slots[0].card.public_id, order_no=view.row.order_no, at=then)
    for name in ("packed", "shipped", "signed"):
        goes(owner, kept, name, then + 9 * HOUR, **({"waybill_no": "SF5555555555"} if name == "shipped" else {}))
    order = Order.objects.get(pk=view.order_id)
    case, _ = cases.open_case(system, order, world.refund(order), at=noon)
    cases.confirm_reason(owner, case.number, "A3", revision=case.revision, at=noon)
    assert queries.case_facts(owner, world.fresh(case)).parcel.unboxed_at is not None
    Case.objects.filter(pk=case.pk).update(card=Card.objects.get(public_id=kept))
    parcel = queries.case_facts(owner, world.fresh(case)).parcel
    assert (parcel.waybill_no, parcel.unboxed_at) == ("SF5555555555", None)
    subjects = set(dossier(owner, case.number).subjects)
    assert set(delivery.parcels(owner, kept).parcels) | set(delivery.parcels(owner, view.public_id).parcels) <= subjects
