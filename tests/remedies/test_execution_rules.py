from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cardcase.remedies.rules import sum_blocker, void_blocker
from evidence.builders import REVEALED, a_case, redeemed, with_card, with_exhibits
from remedies.builders import a_remedy, dead, standing


def test_an_unredeemed_card_is_voided_before_money_goes_out():
    facts = standing(a_case("P1"))
    assert void_blocker(facts, "", "").code == "void_first"
    assert void_blocker(facts, "voided", "") is None
    assert void_blocker(facts, "failed", "").code == "void_failed"
    assert void_blocker(facts, "not_possible", "老客户，店主同意承担") is None


def test_while_nobody_knows_whether_the_card_was_voided_nothing_is_paid():
    for told in ("open", "unknown"):
        facts = standing(with_card(a_case("P1"), void_result=told))
        assert void_blocker(facts, "failed", "").code == "void_unclear"
        assert void_blocker(facts, "failed", "老客户，店主同意承担") is None
    assert void_blocker(standing(a_case("P1")), "unknown", "").code == "void_unclear"


def test_a_redemption_that_is_known_only_since_the_agreement_stops_the_payment():
    agreed = REVEALED + timedelta(hours=5)
    used = {"state": "redeemed", "redeemed_at": REVEALED + timedelta(hours=1)}
    later = standing(with_card(a_case("P1"), **used, redeemed_noted_at=agreed + timedelta(minutes=1)))
    assert void_blocker(later, "", "", agreed_at=agreed).code == "redeemed_meanwhile"
    assert void_blocker(later, "", "仍然退，老客户", agreed_at=agreed) is None
    known = standing(with_card(a_case("P1"), **used, redeemed_noted_at=agreed - timedelta(minutes=1)))
    assert void_blocker(known, "", "", agreed_at=agreed) is None


def test_a_voided_card_that_the_issuer_shows_as_redeemed_stops_the_payment():
    facts = standing(with_card(a_case("P1"), state="voided", redeemed_at=REVEALED + timedelta(hours=1)))
    assert void_blocker(facts, "voided", "").code == "void_contradicted"


def test_a_failed_request_counts_as_the_result_though_nobody_typed_it_again():
    facts = standing(with_card(a_case("P1"), void_result="failed"))
    assert void_blocker(facts, "", "").code == "void_failed"


def test_there_is_nothing_to_void_when_the_card_is_dead_redeemed_or_unknown():
    assert void_blocker(standing(dead(a_case())), "", "") is None
    assert void_blocker(standing(with_exhibits(a_case(), redeemed(REVEALED + timedelta(hours=1)))), "", "") is None
    assert void_blocker(standing(with_card(a_case(), state="voided")), "", "") is None
    assert void_blocker(standing(replace(a_case(), cards=())), "", "") is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["executing", "executed", "verified", "failed", "cancelled"]), st.integers(0, 30000))
    ),
    st.integers(0, 30000),
)
def test_more_than_was_paid_never_goes_out_without_a_reason(made, value):
    remedies = tuple(a_remedy("goodwill", state, fen) for state, fen in made)
    facts = standing(a_case("P1"), remedies=remedies)
    gone = sum(fen for state, fen in made if state in ("executing", "executed", "verified"))
    assert (sum_blocker(facts, value, "") is None) == (gone + value <= 19300)
    assert sum_blocker(facts, value, "店主说明") is None
