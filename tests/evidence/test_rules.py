from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.evidence.rules import (
    STRENGTH,
    CheckSeen,
    Delivery,
    ItemState,
    Timing,
    checklist,
    compare,
    contradictions,
    decline_gaps,
    find,
    overall,
    read_matrix,
)
from evidence.builders import (
    CLAIMED,
    NOON,
    PAID,
    REVEALED,
    a_card,
    a_case,
    a_request,
    an_exhibit,
    redeemed,
    said,
    with_card,
    with_exhibits,
    with_order,
)

MATRIX = read_matrix()


def items(facts):
    return {item.kind: item for item in checklist(facts, MATRIX)}


def timing(facts):
    return overall(compare(facts, MATRIX))


# --- N2: before or after -------------------------------------------------------------------------------------------


def test_a_card_redeemed_an_hour_before_delivery_was_redeemed_before():
    found = timing(with_exhibits(a_case("A2"), redeemed(REVEALED - timedelta(hours=1))))
    assert found.finding is Timing.REDEEMED_BEFORE_REVEAL
    assert found.gap == timedelta(hours=-1)
    assert "相符" in found.text.zh


def test_a_card_redeemed_an_hour_after_delivery_disagrees_with_the_record_and_says_who_is_open():
    found = timing(with_exhibits(a_case("A2"), redeemed(REVEALED + timedelta(hours=1))))
    assert found.finding is Timing.REDEEMED_AFTER_REVEAL
    assert "与记录不符" in found.text.zh
    assert "不说明是谁" in found.text.zh
    assert "骗" not in found.text.zh


def test_a_card_redeemed_after_the_refund_was_asked_for_says_so():
    assert timing(with_exhibits(a_case("A1"), redeemed(CLAIMED + timedelta(hours=2)))).is_after_claim
    assert not timing(with_exhibits(a_case("A1"), redeemed(CLAIMED - timedelta(hours=2)))).is_after_claim


@pytest.mark.parametrize(
    ("source", "minutes", "finding"),
    [
        ("issuer", 1, Timing.UNKNOWN),
        ("issuer", 3, Timing.REDEEMED_AFTER_REVEAL),
        ("issuer", -3, Timing.REDEEMED_BEFORE_REVEAL),
        ("device", 9, Timing.UNKNOWN),
        ("device", 11, Timing.REDEEMED_AFTER_REVEAL),
        ("device", -9, Timing.UNKNOWN),
    ],
)
def test_the_tolerance_depends_on_whose_clock_it_is(source, minutes, finding):
    facts = with_exhibits(a_case("A2"), redeemed(REVEALED + timedelta(minutes=minutes), source=source))
    assert timing(facts).finding is finding


def test_a_day_without_an_hour_decides_only_on_another_day():
    same = an_exhibit("E3", tail4="K4RT", redeemed_on="2026-11-20", is_redeemed=True, clock_source="issuer")
    before = an_exhibit("E3", tail4="K4RT", redeemed_on="2026-11-18", is_redeemed=True, clock_source="issuer")
    assert timing(with_exhibits(a_case("A2"), same)).finding is Timing.UNKNOWN
    assert timing(with_exhibits(a_case("A2"), before)).finding is Timing.REDEEMED_BEFORE_REVEAL


def test_a_card_is_unredeemed_only_when_seen_so_after_the_claim():
    early = CheckSeen(at=REVEALED + timedelta(hours=1), balance_fen=20000, is_usable=True)
    late = CheckSeen(at=CLAIMED + timedelta(hours=1), balance_fen=20000, is_usable=True)
    assert timing(with_card(a_case(), checks=(early,))).finding is Timing.UNKNOWN
    assert timing(with_card(a_case(), checks=(early, late))).finding is Timing.UNREDEEMED


def test_a_partly_spent_card_is_not_unredeemed():
    look = an_exhibit("E3", tail4="K4RT", is_redeemed=False, balance_fen=15000, at=NOON)
    assert timing(with_exhibits(a_case("V1"), look)).finding is Timing.UNKNOWN


def test_two_sources_that_differ_leave_it_open():
    facts = with_exhibits(
        a_case("A2"),
        redeemed(REVEALED - timedelta(hours=2)),
        an_exhibit(
            "E12", tail4="K4RT", redeemed_at=REVEALED + timedelta(hours=2), clock_source="issuer", ticket_no="T100"
        ),
    )
    found = timing(facts)
    assert found.finding is Timing.UNKNOWN
    assert found.is_disputed


def test_a_buyers_own_picture_never_decides_the_time():
    picture = an_exhibit("E10", party="buyer", tail4="K4RT", redeemed_at=REVEALED - timedelta(days=2))
    assert timing(with_exhibits(a_case("A2"), picture)).finding is Timing.UNKNOWN


def test_a_redemption_of_another_card_is_not_this_cards():
    other = an_exhibit("E3", tail4="ZZ99", redeemed_at=REVEALED - timedelta(days=2), clock_source="issuer")
    assert timing(with_exhibits(a_case("A2"), other)).finding is Timing.UNKNOWN


def test_one_of_two_cards_redeemed_before_delivery_decides_and_a_mixture_is_left_open():
    second = a_card(public_id="card_2", tail4="P2QQ")
    facts = replace(a_case("A2"), cards=(a_card(), second))
    before = with_exhibits(facts, redeemed(REVEALED - timedelta(hours=1)))
    after = with_exhibits(facts, redeemed(REVEALED + timedelta(hours=1)))
    assert timing(before).finding is Timing.REDEEMED_BEFORE_REVEAL
    assert timing(after).finding is Timing.UNKNOWN
    assert timing(replace(after, card_public_id="card_1")).finding is Timing.REDEEMED_AFTER_REVEAL


def test_without_a_card_nothing_is_compared():
    assert timing(replace(a_case(), cards=())).finding is Timing.UNKNOWN


@given(st.integers(-100_000, 100_000))
def test_before_and_after_are_mirror_images_outside_the_tolerance(seconds):
    found = timing(with_exhibits(a_case("A2"), redeemed(REVEALED + timedelta(seconds=seconds)))).finding
    expected = (
        Timing.UNKNOWN
        if abs(seconds) <= 120
        else Timing.REDEEMED_AFTER_REVEAL
        if seconds > 0
        else Timing.REDEEMED_BEFORE_REVEAL
    )
    assert found is expected


# --- N9: contradictions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exhibit", "field"),
    [
        (an_exhibit("E10", order_no="2226690000000000999", tail4="K4RT"), "order_no"),
        (an_exhibit("E10", tail4="ZZ99"), "tail4"),
        (an_exhibit("E3", tail4="K4RT", region="US", is_usable=False), "region"),
        (an_exhibit("E3", tail4="K4RT", brand="Steam", is_usable=False), "brand"),
        (an_exhibit("E10", tail4="K4RT", amount_fen=5000), "amount_fen"),
        (an_exhibit("E3", tail4="K4RT", face_fen=10000), "face_fen"),
        (an_exhibit("E3", tail4="K4RT", balance_fen=30000), "balance_fen"),
        (an_exhibit("E10", tail4="K4RT", at=REVEALED - timedelta(hours=1)), "at"),
        (an_exhibit("E3", tail4="K4RT", redeemed_at=NOON + timedelta(days=1)), "redeemed_at"),
        (
            an_exhibit("E3", tail4="K4RT", at=NOON - timedelta(hours=2), redeemed_at=NOON - timedelta(hours=1)),
            "redeemed_at",
        ),
    ],
)
def test_a_fact_that_does_not_fit_is_found_and_named(exhibit, field):
    assert field in {one.field for one in contradictions(with_exhibits(a_case(), exhibit))}


def test_facts_that_fit_contradict_nothing():
    fitting = an_exhibit(
        "E10",
        order_no="2226690000000000001",
        tail4="K4RT",
        region="cn",
        brand="APPLE",
        amount_fen=19300,
        at=REVEALED + timedelta(hours=3),
    )
    assert contradictions(with_exhibits(a_case(), fitting)) == ()


def test_a_recording_with_another_word_contradicts_and_with_the_given_word_counts():
    facts = replace(a_case(), requests=(a_request("E11", nonce="7K4M"),))
    wrong = with_exhibits(facts, an_exhibit("E11", nonce="AAAA"))
    right = with_exhibits(facts, an_exhibit("E11", nonce="7k4m"))
    assert items(wrong)["E11"].state is ItemState.CONTRADICTS
    assert items(right)["E11"].state is ItemState.HAVE


def test_a_delivery_before_the_payment_contradicts_the_delivery_record():
    facts = with_card(a_case(), revealed_at=PAID - timedelta(hours=1))
    assert items(facts)["E5"].state is ItemState.CONTRADICTS


def test_a_card_sold_although_its_check_failed_contradicts_the_check():
    bad = CheckSeen(at=REVEALED - timedelta(minutes=6), is_usable=False)
    assert items(with_card(a_case(), checks=(bad,)))["E2"].state is ItemState.CONTRADICTS


def test_what_contradicts_ranks_below_what_is_missing_and_stands_last():
    facts = with_exhibits(a_case(), an_exhibit("E10", tail4="ZZ99"))
    states = [item.state for item in checklist(facts, MATRIX)]
    assert STRENGTH[ItemState.CONTRADICTS] < STRENGTH[ItemState.MISSING]
    assert states[-1] is ItemState.CONTRADICTS
    assert states == sorted(states, key=lambda state: -STRENGTH[state])


# --- the checklist -------------------------------------------------------------------------------------------------


def test_a_batch_with_supplier_and_invoice_is_the_purchase_record():
    item = items(a_case())["E1"]
    assert item.state is ItemState.HAVE
    assert item.why.zh == "批次 2026-11-03，官方旗舰店（官方直购），凭证已存"


def test_a_batch_without_invoice_says_what_is_lacking():
    item = items(with_card(a_case(), has_proof=False))["E1"]
    assert item.state is ItemState.MISSING
    assert "还缺发票或收据" in item.why.zh
    assert item.how is not None


def test_a_check_before_sale_says_how_long_before_and_what_was_left():
    item = items(a_case())["E2"]
    assert item.state is ItemState.HAVE
    assert item.why.zh == "发货前 6 分钟，余额 ¥200.00，有截图"


def test_a_check_made_only_after_the_sale_is_no_check_before_sale():
    late = CheckSeen(at=CLAIMED, balance_fen=20000, is_usable=True)
    assert items(with_card(a_case(), checks=(late,)))["E2"].state is ItemState.MISSING


def test_an_old_check_only_supports():
    old = CheckSeen(at=REVEALED - timedelta(days=3), balance_fen=20000, is_usable=True)
    assert "只作佐证" in items(with_card(a_case(), checks=(old,)))["E2"].why.zh


def test_a_delivery_says_when_and_which_card():
    item = items(a_case())["E5"]
    assert item.why.zh == "平台自动发货 11月20日 20:12，卡‥K4RT"


def test_an_order_only_marked_as_shipped_is_no_delivery_record():
    facts = replace(a_case(), cards=())
    assert items(facts)["E5"].state is ItemState.MISSING
    assert "没有发出哪张卡" in items(facts)["E5"].why.zh
    assert find(facts, MATRIX).delivery is Delivery.MARKED


@pytest.mark.parametrize("text", ["充上了 谢谢老板", "可以了", "已经用了", "到账了👍"])
def test_an_admission_after_delivery_is_quoted(text):
    facts = replace(a_case(), words=(said(text, REVEALED + timedelta(minutes=9)),))
    item = items(facts)["E7"]
    assert item.state is ItemState.HAVE
    assert text[:3] in item.why.zh


@pytest.mark.parametrize(
    "text",
    [
        "用不了啊",
        "没到账",
        "怎么才可以了？",
        "是不是被人用了",
        "显示已使用",
        "兑换成功了吗",
        "提示已经兑换了",
        "别人已经用了吧",
    ],
)
def test_a_complaint_is_no_admission(text):
    facts = replace(a_case(), words=(said(text, REVEALED + timedelta(minutes=9)),))
    assert items(facts)["E7"].state is ItemState.MISSING


def test_words_before_delivery_or_of_the_seller_are_no_admission():
    before = said("可以了", REVEALED - timedelta(minutes=9))
    ours = said("可以了", REVEALED + timedelta(minutes=9), speaker="seller")
    assert items(replace(a_case(), words=(before, ours)))["E7"].state is ItemState.MISSING


def test_failing_siblings_are_shown_although_they_speak_against_the_shop():
    item = items(with_card(a_case("A2"), siblings_failed=3))["E18"]
    assert item.state is ItemState.HAVE
    assert item.is_against_seller
    assert "42 张，3 张出错" in item.why.zh


def test_two_earlier_orders_carry_weight_and_one_does_not():
    assert items(replace(a_case("A2"), undisputed_orders=2))["E19"].state is ItemState.HAVE
    assert items(replace(a_case("A2"), undisputed_orders=1))["E19"].state is ItemState.MISSING


def test_other_claims_are_a_fact_and_their_absence_is_not_listed():
    assert "不说明对错" in items(replace(a_case(), other_claims=2))["E21"].why.zh
    assert "E21" not in items(a_case())


def test_a_refund_already_paid_is_found():
    paid = replace(a_case("O4"), refund=replace(a_case().refund, state="succeeded"))
    assert items(paid)["E22"].state is ItemState.HAVE
    assert items(a_case("O4"))["E22"].state is ItemState.MISSING


def test_duplicates_are_listed_by_number():
    item = items(replace(a_case("O2"), duplicate_orders=("2226690000000000002",)))["E23"]
    assert "2226690000000000002" in item.why.zh


def test_an_exhibit_without_a_tying_fact_does_not_count_yet():
    item = items(with_exhibits(a_case(), an_exhibit("E10", party="buyer")))["E10"]
    assert item.state is ItemState.ASK
    assert "暂不算数" in item.why.zh
    assert item.exhibits


def test_what_was_asked_says_until_when_and_with_which_word():
    facts = replace(a_case(), requests=(a_request("E11", nonce="7K4M"),))
    item = items(facts)["E11"]
    assert item.state is ItemState.ASK
    assert item.why.zh == "已向买家要，11月24日 20:00 前，口令 7K4M"
    assert "7K4M" in item.wording.zh


@pytest.mark.parametrize("state", ["refused", "expired"])
def test_what_was_asked_in_vain_is_missing(state):
    facts = replace(a_case(), requests=(a_request("E10", state=state),))
    assert items(facts)["E10"].state is ItemState.MISSING


def test_parcels_are_not_asked_about_for_a_code():
    assert not {"E14", "E15", "E16", "E17"} & set(items(a_case("O1")))
    assert "E16" in items(with_order(a_case("O1"), is_physical=True))
    assert "E17" not in items(with_order(a_case("P1"), is_physical=None))
    assert "E16" in items(with_order(a_case("O6"), is_physical=None))


def test_what_could_be_asked_for_says_what_it_would_show_and_a_supplier_nobody_knows_is_not_asked():
    assert items(a_case())["E10"].why.zh == "还没有；向买家要，能看出报的是什么错、用的哪个账号、什么时候"
    assert items(a_case())["E24"].state is ItemState.ASK
    assert items(with_card(a_case(), supplier_name=""))["E24"].state is ItemState.MISSING


def test_every_sub_reason_gives_a_checklist_in_finished_sentences():
    for code in {code for kind in MATRIX.kinds.values() for code in (*kind.proves, *kind.judged)}:
        for item in checklist(a_case(code), MATRIX):
            for text in (item.title, item.why):
                assert text.zh
                assert text.en
                assert "None" not in text.zh + text.en


# --- findings ------------------------------------------------------------------------------------------------------


def test_the_issuers_word_makes_a_card_unusable_but_a_redeemed_card_says_nothing_about_fault():
    dead = an_exhibit("E3", tail4="K4RT", is_usable=False, at=NOON)
    used = an_exhibit("E3", tail4="K4RT", is_usable=False, is_redeemed=True, at=NOON)
    assert find(with_exhibits(a_case(), dead), MATRIX).is_usable is False
    assert find(with_exhibits(a_case(), used), MATRIX).is_usable is None


def test_a_buyers_picture_alone_establishes_nothing():
    picture = an_exhibit("E10", party="buyer", tail4="K4RT", is_usable=False, balance_fen=0)
    found = find(with_exhibits(a_case(), picture), MATRIX)
    assert found.is_usable is None
    assert found.remaining_fen is None


def test_a_recording_with_the_given_word_establishes_that_the_card_does_not_work():
    facts = replace(a_case(), requests=(a_request("E11", nonce="7K4M", state="fulfilled"),))
    film = an_exhibit("E11", party="buyer", nonce="7K4M", tail4="K4RT", is_usable=False)
    assert find(with_exhibits(facts, film), MATRIX).is_usable is False


def test_a_contradicting_exhibit_establishes_nothing():
    dead = an_exhibit("E3", tail4="K4RT", region="US", is_usable=False)
    assert find(with_exhibits(a_case(), dead), MATRIX).is_usable is None


def test_a_card_expired_before_delivery_is_unusable_and_one_expired_afterwards_is_not():
    day = REVEALED.date()
    assert find(with_card(a_case("V4"), expires_on=day - timedelta(days=1)), MATRIX).is_usable is False
    assert find(with_card(a_case("P4"), expires_on=day + timedelta(days=1)), MATRIX).is_usable is None


def test_a_code_given_to_two_orders_is_said_and_speaks_against_the_shop():
    item = items(with_card(a_case("A2"), delivered_to_orders=2))["E5"]
    assert "2 笔订单" in item.why.zh
    assert item.is_against_seller


def test_a_card_redeemed_nobody_knows_when_is_not_taken_for_unredeemed():
    late = CheckSeen(at=CLAIMED + timedelta(hours=1), balance_fen=20000, is_usable=True)
    found = timing(with_card(a_case(), state="redeemed", checks=(late,)))
    assert found.finding is Timing.UNKNOWN
    assert "兑换时间和账号" in found.text.zh


def test_the_balance_left_is_the_latest_verified_one():
    facts = with_exhibits(
        a_case("V1"),
        an_exhibit("E3", tail4="K4RT", balance_fen=15000, at=NOON - timedelta(hours=2)),
        an_exhibit("E13", tail4="K4RT", balance_fen=12000, at=NOON - timedelta(hours=1)),
    )
    found = find(facts, MATRIX)
    assert (found.promised_fen, found.remaining_fen, found.is_short) == (20000, 12000, True)


# --- what a refusal needs --------------------------------------------------------------------------------------------


def gaps(facts):
    return {gap.code for gap in decline_gaps(checklist(facts, MATRIX), facts, MATRIX)}


def test_a_refusal_of_an_invalid_code_needs_the_issuers_word():
    assert gaps(a_case("A1")) == {"evidence_missing"}
    seen = an_exhibit("E3", tail4="K4RT", is_redeemed=False, is_usable=True, at=NOON, clock_source="issuer")
    assert gaps(with_exhibits(a_case("A1"), seen)) == set()


def test_redeemed_after_delivery_alone_does_not_support_a_refusal():
    facts = with_exhibits(a_case("A2"), redeemed(REVEALED + timedelta(hours=1)))
    assert gaps(facts) == {"evidence_missing"}
    with_account = with_exhibits(facts, an_exhibit("E4", tail4="K4RT", account="买家**"))
    assert gaps(with_account) == set()


def test_a_contradiction_blocks_a_refusal_even_when_all_else_is_there():
    seen = an_exhibit("E3", tail4="K4RT", is_redeemed=False, is_usable=True, at=NOON, clock_source="issuer")
    facts = with_exhibits(a_case("A1"), seen, an_exhibit("E10", tail4="ZZ99"))
    assert gaps(facts) == {"evidence_contradicts"}


def test_evidence_against_the_shop_supports_no_refusal():
    seen = an_exhibit("E3", tail4="K4RT", is_usable=False, at=NOON, clock_source="issuer", against=True)
    assert gaps(with_exhibits(a_case("A1"), seen)) == {"evidence_missing"}


def test_an_unclear_claim_is_never_refused():
    assert gaps(a_case("O5")) == {"never_declined"}
    assert gaps(a_case("")) == {"never_declined"}
