from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.kit import catalogue
from cardcase.kit.errors import Refused, WrongUse
from cardcase.sourcing import datafiles
from cardcase.sourcing.rules import papers
from cardcase.sourcing.rules.claims import FLOW, ClaimEvent, ClaimState, advance, open_events, window
from cardcase.sourcing.rules.completeness import ITEMS, Item, ProvenanceFacts, Standing, judge
from cardcase.sourcing.rules.flags import Decision, FlagState, choices, decide
from cardcase.sourcing.rules.papers import BadPaper, check_dates, media_of
from cardcase.sourcing.rules.recall import BadCard, Proof, proof_of
from cardcase.sourcing.rules.serials import Known, compare, line_of
from cardcase.sourcing.rules.suppliers import SupplierTold, normal_name

LIST = list(catalogue.load(datafiles.DATA / "completeness.toml", Item, table="item").records.values())
AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)

WHOLE = {
    "cards": 4,
    "has_supplier": True,
    "channel": "issuer_direct",
    "has_identity": True,
    "acquired_on": date(2026, 11, 1),
    "first_sold_on": date(2026, 11, 1),
    "cost_known": 4,
    "cost_fen": 40_000,
    "has_invoice": True,
    "has_payment": True,
    "papers_fen": 40_800,
    "listed": 4,
    "checked": 4,
    "checked_fresh": 4,
    "has_claim_window": True,
}


def score(**told):
    return judge(ProvenanceFacts(**{**WHOLE, **told}), LIST)


def item(found, name):
    return next(one for one in found.items if one.id == name)


# --- Completeness -----------------------------------------------------------------------------------------------------


def test_the_weights_are_those_of_all_items_and_add_up_to_a_hundred():
    assert {one.id for one in LIST} == ITEMS
    assert sum(one.weight for one in LIST) == 100


def test_a_batch_with_everything_has_a_hundred_and_no_gaps():
    assert score().score == 100
    assert score().gaps == ()


def test_a_batch_of_which_nothing_is_known_has_nothing():
    found = judge(ProvenanceFacts(cards=3), LIST)
    assert found.score == 0
    assert len(found.gaps) == len(LIST)


@pytest.mark.parametrize(
    ("told", "name", "lost"),
    [
        ({"has_supplier": False}, "supplier", 8),
        ({"channel": "unknown"}, "channel", 6),
        ({"has_invoice": False, "has_receipt": True}, "invoice", 4),
        ({"listed": None}, "serials", 10),
        ({"listed": 2}, "serials", 5),
        ({"checked": 1}, "checked", 6),
        ({"has_claim_window": False}, "claim_window", 4),
    ],
)
def test_what_is_missing_costs_its_weight(told, name, lost):
    found = score(**told)
    assert found.score == 100 - lost
    assert [gap.id for gap in found.gaps] == [name]


def test_sums_that_do_not_agree_are_a_contradiction_and_stand_first():
    found = score(papers_fen=50_000, has_supplier=False)
    assert found.gaps[0].id == "amounts"
    assert item(found, "amounts").standing is Standing.CONTRADICTED


def test_sums_may_differ_by_two_percent():
    assert item(score(papers_fen=40_816), "amounts").standing is Standing.DONE
    assert item(score(papers_fen=40_817), "amounts").standing is Standing.CONTRADICTED


def test_a_card_sold_before_it_was_bought_is_a_contradiction():
    found = score(first_sold_on=date(2026, 10, 31))
    assert item(found, "dates").standing is Standing.CONTRADICTED


def test_gaps_say_for_which_dispute_they_matter():
    found = score(checked_fresh=0, has_payment=False)
    assert [gap.id for gap in found.gaps_for("A2")] == ["fresh"]
    assert [gap.id for gap in found.gaps_for("A1")] == ["payment"]


@given(st.booleans(), st.booleans(), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_more_papers_never_lower_the_score(has_invoice, has_payment, listed, checked, more):
    told = {"has_invoice": has_invoice, "has_payment": has_payment, "listed": listed, "checked": checked}
    richer = {**told, "has_invoice": True, "listed": listed + more, "checked": checked + more}
    assert 0 <= score(**told).score <= score(**richer).score <= 100


# --- Papers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (b"%PDF-1.7 x", papers.PDF),
        (b"\x89PNG\r\n\x1a\n....", papers.PNG),
        (b"\xff\xd8\xff\xe0", papers.JPEG),
        (b"RIFF0000WEBPVP8 ", papers.WEBP),
        ("卡号,面值\n1,2".encode(), papers.CSV),
        ("卡号,面值\n1,2".encode("gb18030"), papers.CSV),
    ],
)
def test_a_paper_is_what_its_bytes_say(data, mime):
    assert media_of(data) == mime


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"<html><script>",
        b"\xef\xbb\xbf <svg",
        b"MZ\x90\x00\x03",
        b"PK\x03\x04 not a workbook",
        b"GIF89a\x01\x00\x01\x00",
    ],
)
def test_what_is_no_paper_is_not_taken(data):
    with pytest.raises(BadPaper):
        media_of(data)


def test_a_table_may_be_smaller_than_a_picture_only():
    with pytest.raises(BadPaper):
        media_of(b"1,2\n" * (papers.LARGEST_TABLE // 4 + 1))
    with pytest.raises(BadPaper):
        media_of(b"%PDF-" + bytes(papers.LARGEST))


def test_a_paper_is_not_issued_tomorrow_nor_ends_before_it_begins():
    today = date(2026, 11, 20)
    check_dates(today, today, today, today=today)
    with pytest.raises(WrongUse):
        check_dates(today + timedelta(days=1), None, None, today=today)
    with pytest.raises(WrongUse):
        check_dates(None, today, today - timedelta(days=1), today=today)


# --- Serials ----------------------------------------------------------------------------------------------------------


def test_a_list_is_compared_row_by_row_and_shows_tails_only():
    lines = [
        line_of(1, ("序号", "卡号")),
        line_of(2, (1, "2336-8800-1122-3344")),
        line_of(3, (2, 2336880011223345.0)),
        line_of(4, (3, "2336880011223346")),
        line_of(5, (4, "2336880011223344")),
    ]
    known = {
        "2336880011223344": Known("card_a", is_of_batch=True, by_code=False),
        "2336880011223345": Known("card_b", is_of_batch=False, by_code=False),
    }
    found = compare(lines, known, {"card_a", "card_c"})
    assert [(row.row, row.state, row.masked) for row in found.rows] == [
        (2, "matched", "‥3344"),
        (3, "elsewhere", "‥3345"),
        (4, "missing", "‥3346"),
    ]
    assert (found.matched_cards, found.unlisted, found.codes) == (frozenset({"card_a"}), 1, 0)
    assert "23368800" not in repr((lines, found))


def test_a_code_in_a_list_is_noticed():
    line = line_of(2, ("2336880011223344", "K7QM92XFLP3D0001"))
    known = {
        "2336880011223344": Known("card_a", is_of_batch=True, by_code=False),
        "K7QM92XFLP3D0001": Known("card_a", is_of_batch=True, by_code=True),
    }
    found = compare([line], known, {"card_a"})
    assert (found.codes, found.rows[0].masked) == (1, "‥3344")


# --- Suppliers, flags, claims, recall ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [("福礼汇", "福礼汇 有限公司"), ("ＡＢＣ卡行", "abc卡行"), ("福礼（汇）", "福礼汇"), ("京东官方旗舰店", "京东")],
)
def test_names_that_look_the_same_have_one_normal_form(one, other):
    assert normal_name(one) == normal_name(other)


def test_a_name_that_is_only_a_suffix_stays():
    assert normal_name("有限公司") == "有限公司"
    assert normal_name("福礼汇") != normal_name("福礼会")


def test_what_is_told_of_a_supplier_is_not_shown_by_its_repr():
    told = SupplierTold(id_number="91310000MA1K35XX01", contact="13800001111", channel="authorised")
    assert repr(told) == "SupplierTold(channel, id_number, contact)"


def test_only_an_open_flag_is_decided_and_only_a_batch_is_taken_out_of_sale():
    assert decide(FlagState.OPEN, Decision.STOP) is FlagState.ACTED
    assert Decision.STOP not in choices("order")
    for state in set(FlagState) - {FlagState.OPEN}:
        with pytest.raises(Refused):
            decide(state, Decision.CLEAR)


def test_a_claim_moves_along_its_table_and_nowhere_else():
    for state in ClaimState:
        for event in ClaimEvent:
            if (state, event) in FLOW:
                assert event in open_events(state)
                advance(state, event)
            else:
                with pytest.raises(Refused):
                    advance(state, event)


def test_a_closed_claim_stays_closed_and_money_needs_an_acceptance():
    assert open_events(ClaimState.CLOSED) == ()
    assert ClaimEvent.RECOVER not in open_events(ClaimState.REJECTED)


def test_the_window_of_the_batch_counts_before_the_suppliers_terms():
    bought = date(2026, 11, 1)
    assert window(date(2026, 11, 5), bought, 30) == date(2026, 11, 5)
    assert window(None, bought, 7) == date(2026, 11, 8)
    assert window(None, None, 7) is None


def bad(**told):
    quiet = {
        "is_voided": False,
        "was_void_asked": False,
        "revealed_at": AT,
        "redeemed_at": None,
        "bad_checks": (),
        "is_ruled_for_buyer": False,
    }
    return BadCard(**{**quiet, **told})


def test_a_card_is_proven_bad_by_what_lies_before_its_buyer_had_it():
    assert proof_of(bad(bad_checks=[AT - timedelta(minutes=1)])) is Proof.CHECK
    assert proof_of(bad(bad_checks=[AT + timedelta(minutes=1)])) is None
    assert proof_of(bad(bad_checks=[AT], revealed_at=None)) is Proof.CHECK
    assert proof_of(bad(redeemed_at=AT - timedelta(hours=1))) is Proof.REDEEMED
    assert proof_of(bad(redeemed_at=AT + timedelta(hours=1))) is None


def test_a_card_voided_at_the_shops_own_request_was_not_bad():
    assert proof_of(bad(is_voided=True)) is Proof.ISSUER
    assert proof_of(bad(is_voided=True, was_void_asked=True)) is None
    assert proof_of(bad(is_ruled_for_buyer=True)) is Proof.RULING
