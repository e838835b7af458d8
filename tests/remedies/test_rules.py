from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.cases.rules import SUB_REASONS
from cardcase.evidence.rules import CheckSeen, RefundSeen
from cardcase.kit.catalogue import BrokenCatalogue
from cardcase.remedies.rules import (
    FloorKind,
    floor,
    is_typed,
    judge,
    options,
    phrase,
    read_catalogue,
    snapshot,
    tip,
)
from evidence.builders import (
    CLAIMED,
    NOON,
    REVEALED,
    a_card,
    a_case,
    an_exhibit,
    redeemed,
    said,
    with_card,
    with_exhibits,
    with_order,
)
from remedies.builders import a_remedy, dead, standing

CATALOGUE = read_catalogue()


def owed(case, **changes):
    return floor(standing(case, **changes), CATALOGUE)


def listed(case, **changes):
    return {option.kind: option for option in options(standing(case, **changes), CATALOGUE)}


def codes(option):
    return {blocker.code for blocker in option.blocked_by}


def alive(case):
    look = an_exhibit("E3", tail4="K4RT", is_usable=True, is_redeemed=False, at=NOON, clock_source="issuer")
    return with_exhibits(case, look)


def left(case, fen):
    return with_exhibits(case, an_exhibit("E13", tail4="K4RT", balance_fen=fen, at=NOON, clock_source="issuer"))


# --- the floor -----------------------------------------------------------------------------------------------------


def test_nothing_delivered_means_full_or_deliver():
    case = with_order(replace(a_case("P1"), cards=()), state="awaiting_delivery", delivered_at=None)
    found = owed(case)
    assert (found.kind, found.rule, found.amount_fen, found.binds) == (FloorKind.FULL_OR_REPLACE, "F1", 19300, True)


def test_a_card_proven_unusable_means_full_or_replace():
    assert (owed(dead(a_case())).rule, owed(dead(a_case())).binds) == ("F2", True)


def test_wrong_goods_mean_full_or_replace():
    case = with_exhibits(a_case("A5"), an_exhibit("E8", party="seller", matches_listing=False))
    assert (owed(case).rule, owed(case).binds) == ("F3", True)


def test_redeemed_before_delivery_means_full_or_replace_whatever_the_buyer_called_it():
    for code in ("A1", "A2", "P1", "V5", "O8"):
        case = with_exhibits(a_case(code), redeemed(REVEALED - timedelta(hours=2)))
        assert (owed(case).rule, owed(case).binds) == ("F4", True), code


def test_a_balance_short_before_delivery_means_at_least_the_share():
    case = left(with_exhibits(a_case("V1"), redeemed(REVEALED - timedelta(days=2))), 15000)
    found = owed(case)
    assert (found.kind, found.amount_fen, found.binds) == (FloorKind.PROPORTIONAL, 4825, True)
    assert "¥48.25" in found.text.zh


def test_a_code_given_to_two_orders_means_full_or_replace():
    assert (
        owed(with_card(a_case("A2"), delivered_to_orders=2)).rule,
        owed(with_card(a_case("A2"), delivered_to_orders=2)).binds,
    ) == ("F4", True)


def test_every_floor_rule_is_in_the_rule_catalogue():
    from cardcase.kit import catalogue
    from cardcase.policies.queries import DATA, RULES
    from cardcase.policies.rules import EntitlementRule

    known = catalogue.load(DATA / RULES, EntitlementRule, table="entitlement").records
    assert {"F1", "F2", "F3", "F4", "F5", "F7"} <= set(known)


@pytest.mark.parametrize("fen", [0, 9900, 10000])
def test_a_balance_far_short_means_full(fen):
    case = left(with_exhibits(a_case("V1"), redeemed(REVEALED - timedelta(days=2))), fen)
    assert owed(case).kind is FloorKind.FULL_OR_REPLACE


def test_a_balance_spent_after_delivery_by_a_known_buyer_owes_nothing():
    case = left(with_exhibits(a_case("V1"), redeemed(REVEALED + timedelta(hours=2))), 5000)
    case = with_exhibits(case, an_exhibit("E4", tail4="K4RT", account="买家**"))
    assert owed(case).kind is FloorKind.NONE


def test_what_is_not_known_gives_a_sentence_with_if_and_binds_nothing():
    found = owed(a_case("A1"))
    assert found.text.zh == "卡若确实不能用，必须全额退或换卡。"
    assert found.is_conditional
    assert not found.binds


def test_redeemed_after_delivery_by_nobody_knows_whom_stays_open():
    case = with_exhibits(a_case("A2"), redeemed(REVEALED + timedelta(hours=1)))
    assert owed(case).is_conditional
    assert "不知道是谁" in owed(case).text.zh
    named = with_exhibits(case, an_exhibit("E4", tail4="K4RT", account="买家**"))
    assert owed(named).kind is FloorKind.NONE


def test_personal_reasons_have_no_floor():
    for code in ("P1", "P2", "P3", "P4", "P5"):
        assert owed(a_case(code)).kind is FloorKind.NONE


def test_a_buyers_picture_alone_makes_no_floor_bind():
    case = with_exhibits(a_case("A1"), an_exhibit("E10", party="buyer", tail4="K4RT", is_usable=False))
    assert not owed(case).binds


# --- what is advised -----------------------------------------------------------------------------------------------


def advised(case, **changes):
    return next((kind for kind, option in listed(case, **changes).items() if option.is_recommended), None)


def test_evidence_first_while_it_is_open():
    assert advised(a_case("A1")) == "ask_first"
    assert advised(a_case("V1")) == "ask_first"


def test_without_time_to_ask_the_best_final_remedy_is_named_and_it_is_no_refusal():
    margin = NOON + timedelta(minutes=10)
    found = advised(a_case("A1"), platform_margin_at=margin, platform_due_at=margin + timedelta(minutes=30))
    assert found in ("full_refund", None)
    assert "no_time_to_ask" in codes(listed(a_case("A1"), platform_margin_at=margin)["ask_first"])


def test_a_dead_card_is_replaced_when_there_is_stock_and_refunded_when_not():
    assert advised(dead(a_case())) == "replace_card"
    assert advised(dead(a_case()), stock_equal=0) == "full_refund"


def test_a_short_balance_is_made_good_in_part():
    case = left(with_exhibits(a_case("V1"), redeemed(REVEALED - timedelta(days=2))), 15000)
    assert advised(case) == "partial_refund"
    assert listed(case)["partial_refund"].amount_fen == 4825


def test_a_refusal_is_advised_only_on_complete_evidence_that_names_who_redeemed():
    case = with_exhibits(a_case("A2"), redeemed(REVEALED + timedelta(hours=1)))
    assert advised(case) == "ask_first"
    full = with_exhibits(case, an_exhibit("E4", tail4="K4RT", account="买家**"))
    assert listed(full)["decline"].allowed
    assert advised(full) == "decline"


def test_a_possible_take_over_goes_to_the_platform_and_never_gets_a_second_card():
    assert advised(a_case("O3"), status="declined") == "escalate"
    assert advised(a_case("O3")) == "ask_first"
    assert "takeover_suspected" in codes(listed(replace(dead(a_case("A1")), signals=("off_platform",)))["replace_card"])


def test_an_unredeemed_card_and_a_changed_mind_is_the_shops_own_choice():
    case = with_card(
        a_case("P1"),
        checks=(*a_card().checks, CheckSeen(at=CLAIMED + timedelta(hours=1), is_usable=True, balance_fen=20000)),
    )
    assert listed(case)["decline"].allowed
    assert advised(case) is None


TIMES = st.one_of(st.none(), st.integers(-5, 5))
FLAGS = st.sampled_from([None, True, False])


@st.composite
def cases(draw):
    case = a_case(draw(st.sampled_from(SUB_REASONS)))
    hours = draw(TIMES)
    if hours is not None:
        case = with_exhibits(case, redeemed(REVEALED + timedelta(hours=hours)))
    facts = {
        "is_usable": draw(FLAGS),
        "matches_listing": draw(FLAGS),
        "balance_fen": draw(st.sampled_from([None, 0, 15000, 20000])),
    }
    told = {key: value for key, value in facts.items() if value is not None}
    if told:
        case = with_exhibits(case, an_exhibit("E13", tail4="K4RT", at=NOON, clock_source="issuer", **told))
    if draw(st.booleans()):
        case = with_exhibits(case, an_exhibit("E4", tail4="K4RT", account="x"))
    if draw(st.booleans()):
        case = with_exhibits(case, an_exhibit("E10", party="buyer", tail4=draw(st.sampled_from(["K4RT", "ZZ99"]))))
    if draw(st.booleans()):
        case = with_order(replace(case, cards=()), state="awaiting_delivery", delivered_at=None)
    if draw(st.booleans()):
        case = replace(case, words=(said("充上了", REVEALED + timedelta(minutes=5)),))
    return case


@given(cases(), st.sampled_from([0, 3]), st.sampled_from(["needs_response", "declined", "under_review"]))
def test_advice_is_never_below_the_floor_and_a_refusal_never_stands_against_it(case, stock, status):
    facts = standing(case, stock_equal=stock, status=status)
    found = floor(facts, CATALOGUE)
    made = options(facts, CATALOGUE)
    assert sum(option.is_recommended for option in made) <= 1
    for option in made:
        if option.is_recommended:
            assert option.allowed
            assert not found.binds or option.is_floor
        if option.kind == "decline" and option.allowed:
            assert not found.binds
            assert not facts.gaps
        if option.cost_low_fen is not None:
            assert option.cost_low_fen <= option.cost_high_fen


# --- preconditions -------------------------------------------------------------------------------------------------


def test_a_live_card_is_not_replaced_and_the_way_out_is_said():
    option = listed(a_case("A1"))["replace_card"]
    assert codes(option) == {"old_code_alive"}
    assert "作废" in option.blocked_by[0].text.zh


@pytest.mark.parametrize("state", ["voided", "quarantined", "written_off"])
def test_a_voided_or_quarantined_card_may_be_replaced(state):
    assert listed(with_card(a_case("A1"), state=state))["replace_card"].allowed


def test_without_a_card_nothing_is_replaced_but_a_refund_stays_open():
    made = listed(replace(a_case("A1"), cards=()))
    assert "card_unlinked" in codes(made["replace_card"])
    assert made["full_refund"].allowed


def test_what_the_platform_has_refunded_is_not_paid_again():
    case = replace(a_case("A1"), refund=RefundSeen(state="succeeded", amount_fen=19300))
    made = listed(dead(case))
    for kind in ("full_refund", "replace_card"):
        assert "already_refunded" in codes(made[kind]), kind


@pytest.mark.parametrize(
    ("remedy", "code"),
    [
        (a_remedy("full_refund", "executed"), "already_refunded"),
        (a_remedy("full_refund", "verified", of_this_case=False), "already_refunded"),
        (a_remedy("full_refund", "ambiguous"), "remedy_ambiguous"),
        (a_remedy("full_refund", "executing"), "remedy_running"),
        (a_remedy("replace_card", "approved"), "remedy_running"),
        (a_remedy("replace_card", "verified"), "already_replaced"),
    ],
)
def test_a_second_remedy_is_blocked(remedy, code):
    made = listed(dead(a_case("A1")), remedies=(remedy,))
    assert code in codes(made["full_refund"])
    assert not made["replace_card"].allowed


def test_a_failed_remedy_blocks_nothing():
    assert listed(dead(a_case("A1")), remedies=(a_remedy("full_refund", "failed"),))["full_refund"].allowed


def test_a_part_is_not_enough_for_a_dead_card_and_needs_a_verified_balance():
    assert "below_floor" in codes(listed(dead(a_case("V1")))["partial_refund"])
    assert "balance_unverified" in codes(listed(a_case("V1"))["partial_refund"])


def test_a_code_cannot_be_returned_and_a_parcel_can():
    assert "not_physical" in codes(listed(a_case("A3"))["return_and_refund"])
    assert listed(with_order(a_case("A3"), is_physical=True))["return_and_refund"].allowed
    assert "form_unknown" in codes(listed(with_order(a_case("A3"), is_physical=None))["return_and_refund"])


def test_the_same_code_is_sent_again_until_somebody_has_read_it():
    assert listed(a_case("O1"))["resend_same_code"].allowed
    read = replace(a_case("O1"), words=(said("卡密收到了，谢谢", REVEALED + timedelta(minutes=2)),))
    assert "code_was_read" in codes(listed(read)["resend_same_code"])


def test_a_refusal_is_blocked_when_not_delivered_incomplete_contradicted_or_below_the_floor():
    undelivered = with_order(replace(a_case("P1"), cards=()), state="awaiting_delivery", delivered_at=None)
    assert "not_delivered" in codes(listed(undelivered)["decline"])
    assert "evidence_incomplete" in codes(listed(a_case("A1"))["decline"])
    odd = with_exhibits(alive(a_case("A1")), an_exhibit("E10", tail4="ZZ99"))
    assert codes(listed(odd)["decline"]) == {"evidence_contradicts"}
    assert "below_floor" in codes(listed(dead(a_case("A1")))["decline"])
    assert listed(alive(a_case("A1")))["decline"].allowed


def test_nothing_moves_while_the_platform_decides_or_after_the_end():
    for option in listed(a_case("P1"), status="under_review").values():
        assert not option.allowed or option.kind == "ask_first"
    assert all(not option.allowed for option in listed(a_case("P1"), is_open=False).values())


def test_waiting_for_the_issuer_needs_its_ticket():
    assert codes(listed(a_case("A4"))["wait_issuer"]) == {"no_issuer_ticket"}
    ticket = an_exhibit("E12", ticket_no="T1234", ticket_on="2026-11-23")
    assert listed(with_exhibits(a_case("A4"), ticket))["wait_issuer"].allowed


def test_the_supplier_answers_for_what_failed_before_delivery_within_its_term():
    before = with_exhibits(a_case("A2"), redeemed(REVEALED - timedelta(hours=2)))
    assert listed(before)["supplier_claim"].allowed
    assert "failure_unproven" in codes(listed(a_case("A2"))["supplier_claim"])
    late = with_exhibits(
        with_card(a_case("A2"), claim_until=NOON.date() - timedelta(days=1)), redeemed(REVEALED - timedelta(hours=2))
    )
    assert "supplier_window_closed" in codes(listed(late)["supplier_claim"])


def test_the_price_of_one_of_two_cards_is_its_share():
    second = a_card(public_id="card_2", tail4="P2QQ", face_fen=60000)
    case = replace(a_case("A1"), cards=(a_card(), second), card_public_id="card_1")
    case = with_order(case, paid_fen=80000, quantity=2)
    assert standing(case).price_fen == 20000


def test_a_replacement_does_not_halve_the_price_of_the_one_card_that_was_bought():
    case = replace(a_case("A1"), cards=(a_card(), a_card(public_id="card_2", tail4="P2QQ")), card_public_id="card_1")
    assert standing(case).price_fen == 19300


# --- costs, tip, confirmations, data -------------------------------------------------------------------------------


def test_costs_are_ranges_that_say_what_they_rest_on():
    made = listed(a_case("A1"))
    full, refusal = made["full_refund"], made["decline"]
    assert full.cost_low_fen <= full.cost_mid_fen <= full.cost_high_fen <= 19300
    assert full.harm_fen == 0
    assert refusal.cost_low_fen < refusal.cost_mid_fen < refusal.cost_high_fen
    assert refusal.harm_fen > 0
    assert "假设" in refusal.rests_on.zh


def test_without_an_amount_no_cost_is_made_up():
    case = replace(with_order(a_case("A1"), paid_fen=None, total_fen=None), claimed_fen=None)
    assert listed(case)["full_refund"].cost_low_fen is None


def test_the_tip_names_the_facts_that_would_change_the_advice_and_what_they_are_worth():
    facts = standing(a_case("A1"))
    made, advice = judge(facts, CATALOGUE)
    told = tip(made, facts, advice)
    assert "发卡方" in told.zh
    assert "约值 ¥" in told.zh


def test_a_refund_of_a_part_of_the_price_says_that_it_is_what_was_asked():
    case = replace(a_case("V5"), claimed_fen=1500)
    full = listed(case)["full_refund"]
    assert (full.amount_fen, full.title.zh, full.title.en) == (1500, "按申请退 ¥15.00", "Refund ¥15.00 as asked")
    assert listed(a_case("V5"))["full_refund"].title.zh == "全额退款"


def test_too_dear_after_use_is_never_advised_to_be_paid():
    case = with_exhibits(
        replace(a_case("V5"), claimed_fen=1500),
        redeemed(REVEALED + timedelta(hours=1)),
        an_exhibit("E4", tail4="K4RT", account="买家**"),
    )
    assert advised(case) in ("decline", "ask_first", None)
    assert judge(standing(case), CATALOGUE)[1].recommended != "full_refund"


def test_a_decision_keeps_what_was_advised_and_by_which_rules():
    kept = snapshot(standing(dead(a_case())), CATALOGUE, "full_refund", 19300)
    assert kept["advised"] == kept["advised_final"] == "replace_card"
    assert (kept["chosen"], kept["chosen_amount_fen"], kept["is_other_than_advised"]) == ("full_refund", 19300, True)
    assert kept["advice_version"] == f"advice/{CATALOGUE.numbers.version}; remedies/{CATALOGUE.version}"
    low, mid, high = kept["p_seller_fault_permille"]
    assert 0 <= low <= mid <= high <= 1000


def test_each_act_is_confirmed_in_its_own_words_and_either_language():
    wanted = phrase("execute", "full_refund", 19300)
    assert (wanted.zh, wanted.en) == ("执行退款 193.00", "execute refund 193.00")
    for typed in ("执行退款193.00", "执行退款 １９３．００", "Execute  refund 193.00", "执行退款 ¥193.00"):
        assert is_typed(typed, wanted)
    for typed in ("", "执行退款", "执行退款 1930.0", "是", phrase("concede", "full_refund", 19300).zh):
        assert not is_typed(typed, wanted)


def test_every_sub_reason_has_remedies_and_can_always_be_paid_in_full():
    for code in SUB_REASONS:
        made = listed(a_case(code))
        assert made["full_refund"].allowed, code
        for option in made.values():
            assert option.needs.zh
            assert option.needs.en
            assert option.allowed or all(blocker.text.zh and blocker.text.en for blocker in option.blocked_by)


@pytest.mark.parametrize(
    "broken",
    [
        '[[kind]]\nid = "x"\ntitle_zh = "x"\ntitle_en = "x"\nfits = ["Z1"]\nroute = "offer"\nvalue = "none"\nchecks = []\nneeds_zh = "x"\nneeds_en = "x"\n',
        '[[kind]]\nid = "x"\ntitle_zh = "x"\ntitle_en = "x"\nfits = ["*"]\nroute = "offer"\nvalue = "none"\nchecks = ["made_up"]\nneeds_zh = "x"\nneeds_en = "x"\n',
    ],
)
def test_a_broken_catalogue_is_refused(tmp_path, broken):
    own = tmp_path / "remedies.toml"
    own.write_text('[catalogue]\nid = "x"\nversion = "1"\nsource = "s"\ncertainty = "J"\n' + broken, "utf-8")
    with pytest.raises(BrokenCatalogue):
        read_catalogue(own)
