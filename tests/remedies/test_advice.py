"""Advice on one claim: the floor, the guards, the harm and what to ask, on plain values."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.cases.rules import SUB_REASONS
from cardcase.kit.catalogue import BrokenCatalogue
from cardcase.remedies.rules import read_catalogue
from cardcase.remedies.rules.advice import (
    AdviceInput,
    Claim,
    advise,
    believe,
    document,
    losses,
    read_claim,
    read_numbers,
)
from cardcase.remedies.rules.advice.numbers import SHIPPED

CATALOGUE = read_catalogue()
NUMBERS = read_numbers()


def on(**known):
    return advise(Claim(**{"amount_fen": 13_700, "paid_fen": 13_700, **known}), NUMBERS, CATALOGUE)


def line(advice, kind):
    return next(one for one in advice.lines if one.kind == kind)


# --- the floor -----------------------------------------------------------------------------------------------------


def test_what_was_redeemed_before_delivery_is_owed_in_full():
    found = on(sub_reason="A2", redemption="before_reveal")
    assert (found.owed.kind, found.owed.rule) == ("full_or_replace", "F4")
    assert found.recommended in ("full_refund", "replace_card")
    assert line(found, "decline").blocked_by[0] == "below_floor"
    assert line(found, "partial_refund").blocked_by == ("below_floor",)


def test_what_was_not_delivered_is_delivered_or_paid():
    assert on(sub_reason="O1", is_delivered=False).recommended in ("resend_same_code", "full_refund")
    assert on(sub_reason="P1", is_delivered=False).recommended == "full_refund"


def test_a_proven_short_balance_is_made_good_in_proportion_and_a_serious_one_in_full():
    short = {"sub_reason": "V1", "redemption": "unredeemed", "promised_fen": 20_000}
    part = on(**short, balance_fen=15_000)
    assert (part.owed.kind, part.recommended, part.amount_fen) == ("proportional", "partial_refund", 3425)
    assert on(**short, balance_fen=9_000).owed.kind == "full_or_replace"
    assert on(**{**short, "redemption": "unknown"}, balance_fen=15_000).owed.kind == "none"


# --- refusing ------------------------------------------------------------------------------------------------------


def test_redeemed_after_delivery_alone_does_not_say_who_and_is_never_refused():
    found = on(sub_reason="A2", redemption="after_reveal", undisputed=0, orders=9, disputes=8)
    assert found.recommended != "decline"
    assert "nothing_speaks_for_it" in line(found, "decline").blocked_by


def test_the_buyers_own_account_or_word_supports_a_refusal():
    assert on(sub_reason="A2", redemption="after_reveal", by_buyer=True).recommended == "decline"
    assert on(sub_reason="A1", redemption="after_reveal", is_admitted=True).recommended == "decline"


def test_a_balance_that_nobody_looked_up_is_not_counted_as_owed_whole():
    def owed_of(**known):
        claim = read_claim({"amount_fen": 10_000, "promised_fen": 10_000, "sub_reason": "V1", **known}, number=1)
        belief = believe(claim, NUMBERS)
        return losses.sums(belief.shares, claim, losses.stakes(claim, NUMBERS), NUMBERS).owed, belief

    unseen, belief = owed_of()
    short = belief.shares[NUMBERS.short_before]
    assert unseen == pytest.approx(belief.mid - short * (1 - NUMBERS.mid["short_owed"]))
    assert owed_of(verified_balance_fen=0)[0] == pytest.approx(owed_of(verified_balance_fen=0)[1].mid)


def test_having_used_a_card_is_no_answer_to_a_short_balance():
    assert on(sub_reason="V1", redemption="after_reveal", by_buyer=True).recommended != "decline"


def test_too_dear_after_use_is_refused_and_a_changed_mind_on_a_card_that_can_be_voided_is_paid():
    assert on(sub_reason="V5", redemption="after_reveal").recommended == "decline"
    voidable = on(sub_reason="P1", redemption="unredeemed", is_voidable=True, salvage_fen=12_500)
    assert voidable.recommended == "full_refund"


def test_nothing_is_asked_where_nothing_is_at_stake():
    row = {"paid_fen": 0, "sub_reason": "P", "redemption": "after_reveal", "admission": True, "labour_fen": 0}
    found = advise(read_claim({**row, "provenance": "none", "pre_sale_check": True}, number=1), NUMBERS, CATALOGUE)
    assert all(question.worth > 0 for question in found.ask_first)
    assert found.is_abstaining == bool(found.ask_first)


def test_asking_is_only_for_those_who_have_the_time():
    hurried = on(sub_reason="A1", time_left_s=60)
    assert not hurried.ask_first
    assert not hurried.is_abstaining
    unhurried = on(sub_reason="A1", time_left_s=86_400)
    assert unhurried.is_abstaining
    assert 1 <= len(unhurried.ask_first) <= 3
    assert unhurried.recommended == hurried.recommended
    worths = [one.worth for one in unhurried.ask_first]
    assert worths == sorted(worths, reverse=True)


def test_without_any_amount_a_remedy_is_named_but_no_money():
    found = advise(Claim(), NUMBERS, CATALOGUE)
    assert found.recommended
    assert all(one.cost_fen is None and one.harm_fen is None and one.amount_fen is None for one in found.lines)


# --- what always holds ---------------------------------------------------------------------------------------------

MAYBE = st.sampled_from([None, True, False])
FEN = st.one_of(st.none(), st.integers(0, 200_000))
FEW = st.one_of(st.none(), st.integers(0, 60))

claims = st.builds(
    Claim,
    amount_fen=FEN,
    paid_fen=FEN,
    sub_reason=st.sampled_from(["", "A", "P", "V", "O", *SUB_REASONS]),
    redemption=st.sampled_from(["unknown", "unredeemed", "after_reveal", "before_reveal"]),
    by_buyer=MAYBE,
    provenance=st.sampled_from([None, "none", "partial", "full"]),
    is_checked=MAYBE,
    is_agreed=MAYBE,
    is_admitted=MAYBE,
    balance_fen=FEN,
    promised_fen=FEN,
    orders=FEW,
    disputes=FEW,
    undisputed=FEW,
    sold=FEW,
    failed=FEW,
    is_voidable=MAYBE,
    salvage_fen=FEN,
    replacement_fen=FEN,
    labour_fen=FEN,
    loss_fen=FEN,
    is_delivered=MAYBE,
    time_left_s=st.one_of(st.none(), st.integers(-10, 200_000)),
)


@given(claims)
def test_every_claim_is_answered_within_the_floor_and_the_guards(claim):
    found = advise(claim, NUMBERS, CATALOGUE)
    json.dumps(document(found))
    assert 0 <= found.belief.low <= found.belief.mid <= found.belief.high <= 1
    assert abs(sum(found.belief.shares) - 1) < 1e-9
    best = line(found, found.recommended)
    assert not best.blocked_by
    for one in found.lines:
        if one.cost_fen is not None:
            assert 0 <= one.cost_fen[0] <= one.cost_fen[1] <= one.cost_fen[2]
            assert one.harm_fen >= 0
    if found.owed.kind == "full_or_replace":
        assert found.recommended in ("full_refund", "replace_card", "resend_same_code")
    if found.owed.kind == "proportional":
        assert found.recommended in ("partial_refund", "replace_card")
    if found.owed.kind == "proportional" and found.recommended == "partial_refund":
        assert found.amount_fen is None or found.amount_fen >= found.owed.amount_fen
    if found.recommended == "decline":
        assert found.belief.mid <= 0.2
        assert claim.is_delivered is not False
        assert claim.by_buyer or claim.is_admitted or claim.is_personal or claim.left == 2
    assert found.is_abstaining == bool(found.ask_first)
    assert all(question.worth > 0 for question in found.ask_first)


@given(claims)
def test_more_evidence_that_the_buyer_redeemed_never_speaks_for_the_buyer(claim):
    before = believe(replace(claim, by_buyer=None, is_admitted=None), NUMBERS).mid
    named = believe(replace(claim, by_buyer=True, is_admitted=None), NUMBERS).mid
    both = believe(replace(claim, by_buyer=True, is_admitted=True), NUMBERS).mid
    assert both <= named + 1e-9
    assert named <= before + 1e-9


@given(claims)
def test_paying_all_that_is_asked_harms_nobody_and_refusing_harms_by_how_likely_it_is_owed(claim):
    found = advise(claim, NUMBERS, CATALOGUE)
    if line(found, "full_refund").cost_fen is not None:
        assert line(found, "full_refund").harm_fen == 0
        assert line(found, "decline").harm_fen <= (claim.amount_fen if claim.amount_fen is not None else claim.paid_fen)


# --- reading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"amount_fen": -1}, "amount_fen"),
        ({"amount_fen": True}, "amount_fen"),
        ({"amount_fen": 1.5}, "amount_fen"),
        ({"paid_fen": "12"}, "paid_fen"),
        ({"redemption": "maybe"}, "redemption"),
        ({"admission": 1}, "admission"),
        ({"sub_reason": "Z9"}, "sub_reason"),
        ({"buyer": []}, "buyer"),
        ({"siblings": {"sold": -2}}, "sold"),
        ({"time_left_s": "soon"}, "time_left_s"),
        ({"time_left_s": float("nan")}, "time_left_s"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(row, field):
    with pytest.raises(AdviceInput) as refused:
        read_claim(row, number=1)
    assert refused.value.facts["field"] == field
    assert refused.value.message.zh
    assert refused.value.message.en


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({}, ""),
        ({"reason": "authenticity"}, "A"),
        ({"reason": "personal", "sub_reason": None}, "P"),
        ({"reason": "value", "sub_reason": "V2"}, "V2"),
        ({"sub_reason": "O"}, "O"),
        ({"reason": "none"}, ""),
        ({"reason": "真实性质疑"}, "A"),
    ],
)
def test_a_family_alone_is_enough_and_nothing_is_too(row, code):
    assert read_claim(row, number=1).sub_reason == code


@pytest.mark.parametrize(
    "broken",
    [
        '[[number]]\nid = "escalates"\nlow = 0.9\nmid = 0.5\nhigh = 0.4\n',
        '[[evidence]]\nid = "serial"\nseller = 1.0\nthird = 1.0\nbuyer = 1.0\nnobody = 2.0\n',
        (
            '[[cause]]\nid = "invalid"\nzh = "x"\nen = "x"\nside = "seller"\nentitled = true\nweight = 1.0\n'
            "claims = { Z1 = 0.5 }\nstate = [1, 0, 0]\naccount = 0.5\nbalance = [1, 0, 0]\n"
        ),
    ],
)
def test_broken_numbers_are_refused_before_anything_starts(tmp_path, broken):
    own = tmp_path / "advice.toml"
    head = '[catalogue]\nid = "advice"\nversion = "1"\nsource = "test"\ncertainty = "J"\n'
    own.write_text(head + broken, "utf-8")
    with pytest.raises(BrokenCatalogue):
        read_numbers(own)


def test_a_shops_own_number_is_laid_over_ours(tmp_path):
    own = tmp_path / "advice.toml"
    head = '[catalogue]\nid = "advice"\nversion = "1"\nsource = "test"\ncertainty = "J"\n'
    own.write_text(head + '[[number]]\nid = "refuse_below"\nlow = 0.0\nmid = 0.0\nhigh = 0.0\n', "utf-8")
    claim = Claim(amount_fen=13_700, sub_reason="A2", redemption="after_reveal", by_buyer=True)
    assert advise(claim, read_numbers(own), CATALOGUE).recommended != "decline"


def test_every_number_says_where_it_comes_from():
    import tomllib

    data = tomllib.loads(SHIPPED.read_text("utf-8"))
    assert data["catalogue"]["source"]
    assert data["catalogue"]["certainty"] == "J"
    assert all(one.get("source", data["catalogue"]["source"]) for one in data["number"])
