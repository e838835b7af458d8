"""What a shop may learn from its own cases, and what it may not; pure rules."""

import random
from dataclasses import replace
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.evidence.rules import Timing
from cardcase.kit.catalogue import BrokenCatalogue
from cardcase.remedies.rules import read_catalogue
from cardcase.remedies.rules.advice import (
    Claim,
    advise,
    believe,
    document,
    read_claim,
    read_numbers,
    version_of,
    with_learned,
    write_claim,
)
from cardcase.remedies.rules.advice.losses import chance_to_win
from cardcase.remedies.rules.learning import (
    LEAST,
    Choice,
    Closed,
    Example,
    Forecast,
    Source,
    Verdict,
    as_toml,
    calibrate,
    fresh,
    label_of,
    learn,
    overrides,
    wilson,
)

NUMBERS = read_numbers()
CATALOGUE = read_catalogue()
CLAIM = Claim(id="x", amount_fen=10_000, paid_fen=10_000, sub_reason="A2", redemption="after_reveal", is_delivered=True)
NOTHING = Closed(
    sub_reason="A2",
    timing=Timing.UNKNOWN,
    is_unusable=False,
    is_short_before=False,
    is_whole_after=False,
    is_redeemed_by_buyer=False,
    is_admitted=False,
)


def examples(owed: int, not_owed: int, *, claim=CLAIM, contested: bool = False, verdict=Verdict.NONE) -> list[Example]:
    return [Example(claim, i < owed, contested, verdict) for i in range(owed + not_owed)]


def fault_after(rows) -> float:
    return believe(CLAIM, with_learned(NUMBERS, learn(rows, NUMBERS))).mid


# --- labels --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "source", "is_owed"),
    [
        ({"timing": Timing.REDEEMED_BEFORE_REVEAL}, Source.BEFORE_REVEAL, True),
        ({"is_unusable": True}, Source.UNUSABLE, True),
        ({"is_short_before": True}, Source.SHORT, True),
        ({"is_whole_after": True}, Source.WHOLE, False),
        ({"timing": Timing.REDEEMED_AFTER_REVEAL, "is_redeemed_by_buyer": True}, Source.ACCOUNT, False),
        ({"is_admitted": True}, Source.ADMISSION, False),
        ({"found_cause": "A1"}, Source.CAUSE, True),
        ({"found_cause": "P2"}, Source.CAUSE, False),
        ({"review_causes": ("goods_faulty",)}, Source.REVIEW, True),
        ({"verdict": Verdict.LOST}, Source.RULING, True),
        ({"verdict": Verdict.WON}, Source.RULING, False),
    ],
)
def test_a_label_has_its_source(changes, source, is_owed):
    label = label_of(replace(NOTHING, **changes))
    assert [(one.source, one.is_owed) for one in label.statements] == [(source, is_owed)]
    assert label.is_owed is is_owed
    assert label.is_contested == (source is Source.RULING)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"timing": Timing.REDEEMED_AFTER_REVEAL},  # the time alone does not say who
        {"timing": Timing.UNREDEEMED},
        {"found_cause": "A2"},
        {"review_causes": ("unfair_ruling", "wrong_choice")},  # the shop's word in its own cause
        {"sub_reason": "A4", "is_admitted": True},  # use does not answer a lock
        {"sub_reason": "A5", "is_whole_after": True},
    ],
)
def test_what_decides_nothing_is_no_label(changes):
    assert label_of(replace(NOTHING, **changes)).is_owed is None


def test_statements_that_differ_are_no_label():
    label = label_of(replace(NOTHING, timing=Timing.REDEEMED_BEFORE_REVEAL, verdict=Verdict.WON))
    assert label.is_owed is None
    assert label.verdict is Verdict.WON


def test_what_the_advice_already_knew_does_not_praise_it():
    label = label_of(replace(NOTHING, is_admitted=True))
    assert fresh(label, CLAIM) is False
    assert fresh(label, CLAIM.but(is_admitted=True)) is None


# --- learned values ------------------------------------------------------------------------------------------------

counts = st.integers(0, 40)


@given(owed=counts, not_owed=counts, contested=counts)
def test_below_eight_labels_nothing_moves(owed, not_owed, contested):
    rows = examples(min(owed, 7), 0) + examples(0, max(0, min(not_owed, 7 - min(owed, 7))))
    rows += [replace(one, is_owed=None) for one in examples(0, contested)]
    assert learn(rows, NUMBERS) == ()


@given(owed=counts, not_owed=counts, verdict=st.sampled_from(list(Verdict)))
def test_contested_labels_alone_never_move_the_fault(owed, not_owed, verdict):
    rows = examples(owed, not_owed, contested=True, verdict=verdict)
    made = learn(rows, NUMBERS)
    assert not [one for one in made if one.number == "prior_odds"]
    assert fault_after(rows) == believe(CLAIM, NUMBERS).mid


@given(owed=counts, not_owed=counts, lost=counts, won=counts)
def test_what_contested_labels_say_never_changes_what_the_calm_ones_taught(owed, not_owed, lost, won):
    calm = examples(owed, not_owed)
    one_way = calm + examples(lost + won, 0, contested=True)
    other_way = calm + examples(0, lost + won, contested=True)
    assert fault_after(one_way) == fault_after(other_way)


@given(n=st.integers(LEAST, 60), owed=st.integers(0, 59))
def test_more_owed_labels_never_lower_the_fault(n, owed):
    less = min(owed, n - 1)
    assert fault_after(examples(less, n - less)) < fault_after(examples(less + 1, n - less - 1))


@given(owed=st.integers(0, 60), not_owed=st.integers(0, 60))
def test_a_learned_value_lies_between_the_prior_and_what_was_counted(owed, not_owed):
    n = owed + not_owed
    prior, after = believe(CLAIM, NUMBERS).mid, fault_after(examples(owed, not_owed))
    if n < LEAST:
        assert after == prior
    else:
        low, high = sorted((prior, owed / n))
        assert low - 1e-4 <= after <= high + 1e-4
        [one] = learn(examples(owed, not_owed), NUMBERS)
        assert 0 < one.low <= one.mid <= one.high
        assert (one.n, one.hits) == (n, owed)


def test_the_estimator_is_a_beta_of_thirty_cases():
    prior = believe(CLAIM, NUMBERS).mid
    assert isclose(fault_after(examples(12, 0)), (30 * prior + 12) / 42, rel_tol=1e-4)


def test_the_part_that_went_to_the_platform_keeps_the_prior():
    prior = believe(CLAIM, NUMBERS).mid
    whole = fault_after(examples(12, 0))
    half = fault_after(examples(12, 0) + examples(0, 12, contested=True))
    assert isclose(half - prior, (whole - prior) / 2, rel_tol=1e-3)


def test_a_stratum_teaches_only_itself():
    learned = with_learned(NUMBERS, learn(examples(12, 0), NUMBERS))
    for other in (CLAIM.but(sub_reason="A1"), CLAIM.but(redemption="unredeemed"), CLAIM.but(sub_reason="A")):
        assert believe(other, learned) == believe(other, NUMBERS)


def test_rulings_teach_the_odds_before_the_platform_and_nothing_else():
    rows = examples(10, 0, contested=True, verdict=Verdict.LOST)
    learned = with_learned(NUMBERS, learn(rows, NUMBERS))
    assert chance_to_win(CLAIM, learned.mid) < chance_to_win(CLAIM, NUMBERS.mid)
    assert learned.low["win_after"] <= learned.mid["win_after"] <= learned.high["win_after"]
    assert learned.mid["win_else"] == NUMBERS.mid["win_else"]
    assert learn(rows[:7], NUMBERS) == ()


def test_the_same_labels_in_any_order_are_the_same_version():
    rows = (
        examples(9, 4)
        + examples(3, 6, claim=CLAIM.but(sub_reason="V1"))
        + examples(8, 3, contested=True, verdict=Verdict.WON)
    )
    shuffled = random.Random(3).sample(rows, len(rows))
    assert learn(rows, NUMBERS) == learn(shuffled, NUMBERS)
    assert version_of(learn(rows, NUMBERS)) == version_of(learn(shuffled, NUMBERS))
    assert version_of(learn(rows[:-1], NUMBERS)) != version_of(learn(rows, NUMBERS))
    assert version_of(()) == ""


def test_a_file_says_the_same_as_the_values(tmp_path):
    made = learn(examples(9, 4) + examples(8, 3, contested=True, verdict=Verdict.WON), NUMBERS)
    path = tmp_path / "learned.toml"
    path.write_text(as_toml(made), "utf-8")
    read = read_numbers(learned=path)
    assert read.version == with_learned(NUMBERS, made).version
    assert believe(CLAIM, read) == believe(CLAIM, with_learned(NUMBERS, made))
    path.write_text(as_toml(()), "utf-8")
    assert read_numbers(learned=path) == NUMBERS


def test_values_learned_with_other_numbers_are_refused(tmp_path):
    [one] = learn(examples(9, 4), NUMBERS)
    with pytest.raises(BrokenCatalogue, match="cardcase learn"):
        with_learned(NUMBERS, [one.model_copy(update={"base": "advice/1999.1"})])
    path = tmp_path / "learned.toml"
    path.write_text(as_toml([one]).replace("n = 13", "n = 7").replace("hits = 9", "hits = 3"), "utf-8")
    with pytest.raises(BrokenCatalogue):
        read_numbers(learned=path)


def test_the_answer_says_prior_or_learned_with_n_and_range():
    before = document(advise(CLAIM, NUMBERS, CATALOGUE))
    assert {one["from"] for one in before["numbers"]} == {"prior"}
    assert "假设" in before["basis"]
    after = document(advise(CLAIM, with_learned(NUMBERS, learn(examples(9, 4), NUMBERS)), CATALOGUE))
    fault, win = after["numbers"]
    assert (fault["number"], fault["from"], fault["n"], win["from"], win["n"]) == (
        "p_seller_fault",
        "learned",
        13,
        "prior",
        0,
    )
    assert fault["low"] <= fault["mid"] <= fault["high"]
    assert "按本店 13 单结论校正" in after["basis"]
    assert after["version"].startswith(before["version"] + "+")


def test_a_kept_claim_reads_back_as_it_was():
    claim = CLAIM.but(by_buyer=True, provenance="full", orders=3, disputes=1, sold=9, failed=0, time_left_s=-5)
    assert read_claim(write_claim(claim), number=0) == claim
    assert "admission" not in write_claim(claim)


# --- calibration ---------------------------------------------------------------------------------------------------


def test_below_eight_forecasts_it_is_too_few_to_say():
    made = calibrate([Forecast(0.5, is_owed=True)] * 7, [])
    assert (made.calm.judgement, made.calm.score, made.calm.n) == ("too_few", None, 7)
    assert not any(one.seen.is_enough for one in made.calm.bins)


def test_the_floor_is_what_a_perfect_forecaster_scores():
    chance = random.Random(11)
    ps = [0.1] * 20 + [0.4] * 20 + [0.8] * 20
    floor = calibrate([Forecast(p, is_owed=False) for p in ps], []).calm.score
    scores = sorted(
        calibrate([Forecast(p, is_owed=chance.random() < p) for p in ps], []).calm.score.brier for _ in range(2000)
    )
    assert isclose(sum(scores) / len(scores), floor.floor, abs_tol=0.003)
    assert isclose(scores[50], floor.floor_low, abs_tol=0.01)
    assert isclose(scores[-50], floor.floor_high, abs_tol=0.01)


@pytest.mark.parametrize(("hits", "judgement"), [(40, "too_low"), (0, "too_high"), (20, "not_told_apart")])
def test_a_forecast_is_judged_in_the_large(hits, judgement):
    rows = [Forecast(0.5, is_owed=i < hits) for i in range(40)]
    assert calibrate(rows, []).calm.judgement == judgement
    assert calibrate([], rows).calm.n == 0


@given(ps=st.lists(st.floats(0, 1), max_size=60), seed=st.integers(0, 9))
def test_every_forecast_falls_into_one_bin(ps, seed):
    chance = random.Random(seed)
    group = calibrate([Forecast(p, is_owed=chance.random() < 0.5) for p in ps], []).calm
    assert sum(one.seen.n for one in group.bins) == len(ps)
    for one in group.bins:
        assert one.seen.low <= one.seen.rate <= one.seen.high or one.seen.n == 0


@given(hits=st.integers(0, 50), more=st.integers(0, 50))
def test_wilson_holds_the_share(hits, more):
    low, high = wilson(hits, hits + more)
    assert 0 <= low <= high <= 1
    if hits + more:
        assert low <= hits / (hits + more) <= high


# --- overrides -----------------------------------------------------------------------------------------------------


def choice(advised="full_refund", chosen="full_refund", because="", outcome="refunded", *, is_owed=None, is_last=True):
    return Choice(advised=advised, chosen=chosen, because=because, outcome=outcome, is_owed=is_owed, is_last=is_last)


def test_overrides_are_counted_by_kind_and_reason():
    made = overrides(
        [choice()] * 6
        + [choice(chosen="decline", because="small", outcome="lost", is_owed=True)] * 3
        + [choice(advised="decline", chosen="goodwill", outcome="")]
        + [choice(advised="", chosen="decline")] * 2
    )
    assert (made.whole.hits, made.whole.n, made.unadvised) == (4, 10, 2)
    assert [(row.key, row.seen.hits, row.seen.n) for row in made.by_kind] == [("full_refund", 3, 9), ("decline", 1, 1)]
    assert [(row.key, row.seen.hits) for row in made.by_reason] == [("small", 3), ("", 1)]
    assert (made.other.n, made.other.lost.hits, made.other.against_label.hits) == (3, 3, 3)
    assert (made.followed.n, made.followed.lost.hits) == (6, 0)
    assert made.floor is None


def test_a_case_ends_once_however_often_it_was_decided():
    made = overrides([choice(is_last=False), choice()])
    assert (made.whole.n, made.followed.n) == (2, 1)


def test_chance_alone_sets_two_shares_apart():
    made = overrides([choice(outcome="lost")] * 10 + [choice(chosen="decline")] * 10)
    assert isclose(made.floor, 1.96 * (0.25 * 0.2) ** 0.5)
