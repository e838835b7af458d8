"""Every rule about buying and selling: what raises it, what does not, and that it was silent before its day."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from cardcase.kit import catalogue
from cardcase.sourcing import datafiles
from cardcase.sourcing.rules.legality import (
    BoughtCard,
    LegalityRule,
    PurchaseFacts,
    SaleFacts,
    SoldCard,
    is_known,
    raise_flags,
)

BOOK = catalogue.load(datafiles.DATA / "legality.toml", LegalityRule, table="rule")
DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def card(**told):
    return BoughtCard(**{"face_fen": 20_000, "cost_fen": 18_000, "region": "CN", **told})


def bought(**told):
    sound = {
        "on": DAY,
        "cards": (card(),),
        "total_fen": 18_000,
        "card_kind": "single",
        "has_supplier": True,
        "has_supplier_identity": True,
        "supplier_channel": "issuer_direct",
        "has_receipt": True,
    }
    return PurchaseFacts(**{**sound, **told})


def out(**told):
    sound = {"card": "card_1", "face_fen": 20_000, "region": "CN", "stocked_at": AT - timedelta(days=9)}
    return SoldCard(**{**sound, **told})


def sold(**told):
    sound = {
        "on": DAY,
        "paid_at": AT,
        "delivered_at": AT,
        "is_pro": True,
        "total_fen": 19_300,
        "cards": (out(),),
        "orders_before": 3,
    }
    return SaleFacts(**{**sound, **told})


def multi(**told):
    return bought(card_kind="multi", **told)


ASKED = {"refund_asked_at": AT + timedelta(days=6)}
LATE = {"refund_asked_at": AT + timedelta(days=8)}
SHORT = (card(expires_on=date(2029, 11, 19)),)
LONG = (card(expires_on=date(2029, 11, 20)),)

CASES = {
    "L8-cap-unnamed": (bought(cards=(card(face_fen=100_001),)), bought(cards=(card(face_fen=100_000),))),
    "L8-cap-named": (
        bought(is_named=True, cards=(card(face_fen=500_001),)),
        bought(is_named=True, cards=(card(face_fen=500_000),)),
    ),
    "L9-cap-unnamed": (multi(cards=(card(face_fen=100_001),)), multi(cards=(card(face_fen=100_000),))),
    "L9-cap-named": (
        multi(is_named=True, cards=(card(face_fen=500_001),)),
        multi(is_named=False, cards=(card(face_fen=500_001),)),
    ),
    "L8-validity": (bought(cards=SHORT), bought(cards=LONG)),
    "L9-validity": (multi(cards=SHORT), multi(cards=SHORT, is_named=True)),
    "L8-real-name": (bought(total_fen=1_000_000), bought(total_fen=1_000_000, has_id_check=True)),
    "L9-real-name": (multi(total_fen=1_000_000), multi(total_fen=999_999)),
    "L8-named-identity": (
        bought(is_named=True, total_fen=200),
        bought(is_named=True, total_fen=200, has_id_check=True),
    ),
    "L9-named-identity": (multi(is_named=True, total_fen=200), multi(is_named=False, total_fen=200)),
    "L8-transfer-unit": (
        bought(payer_kind="company", paid_by="cash", total_fen=500_000),
        bought(payer_kind="company", paid_by="transfer", total_fen=500_000),
    ),
    "L8-transfer-person": (bought(total_fen=5_000_000), bought(total_fen=4_999_999)),
    "L9-credit-card": (multi(paid_by="credit_card"), bought(paid_by="credit_card")),
    "L9-payer": (multi(is_third_party_paid=True), multi(is_third_party_paid=False)),
    "L10-licence": (multi(supplier_channel="second_hand"), multi(supplier_channel="authorised")),
    "J-split-buy": (
        bought(total_fen=950_000, others=((DAY - timedelta(days=2), 990_000),)),
        bought(total_fen=950_000, others=((DAY - timedelta(days=7), 990_000),)),
    ),
    "J-no-identity": (bought(has_supplier_identity=False), bought()),
    "J-authorisation": (
        bought(supplier_channel="authorised", authorisations=((None, DAY - timedelta(days=1)),)),
        bought(supplier_channel="authorised", authorisations=((DAY, DAY),)),
    ),
    "J-authorisation-dates": (
        bought(supplier_channel="authorised", authorisations=((None, None),)),
        bought(supplier_channel="authorised", authorisations=((None, None), (DAY, DAY))),
    ),
    "J-second-hand": (
        bought(supplier_channel="second_hand", has_receipt=False),
        bought(supplier_channel="second_hand"),
    ),
    "J-cheap": (bought(cards=(card(cost_fen=13_999),)), bought(cards=(card(cost_fen=14_000),))),
    "J-many-at-cap": (bought(cards=(card(face_fen=100_000),) * 20), bought(cards=(card(face_fen=100_000),) * 19)),
    "J-suspended": (bought(supplier_suspended_on=DAY), bought(supplier_suspended_on=DAY + timedelta(days=1))),
    "L20-foreign-buy": (
        bought(is_third_party_paid=True, cards=(card(region="US"),) * 5),
        bought(cards=(card(region="US"),) * 5),
    ),
    "X-individual": (sold(is_pro=None), sold(is_pro=False, cards=(out(form="physical"),))),
    "L20-foreign-sale": (
        sold(signals=frozenset({"third_party"}), cards=(out(region="US"),) * 3),
        sold(signals=frozenset({"third_party"}), cards=(out(region="CN"),) * 3),
    ),
    "J-foreign-bulk": (sold(cards=(out(region="US"),) * 5), sold(cards=(out(region="US"),) * 4)),
    "J-split-sale": (
        sold(total_fen=460_000, others=((AT - timedelta(days=1), 480_000),)),
        sold(total_fen=460_000, others=((AT - timedelta(days=1), 500_000),)),
    ),
    "J-cap-sale": (sold(cards=(out(face_fen=100_000),) * 10), sold(cards=(out(face_fen=100_000),) * 9)),
    "J-payers": (sold(payers=2), sold(payers=1)),
    "J-fast-resale": (
        sold(cards=(out(stocked_at=AT - timedelta(minutes=9)),)),
        sold(cards=(out(stocked_at=AT + timedelta(minutes=1)),)),
    ),
    "L19-off-platform": (sold(signals=frozenset({"off_platform"})), sold(signals=frozenset({"payer"}))),
    "J-same-code": (sold(cards=(out(disputes=2),)), sold(cards=(out(disputes=1),))),
    "J-new-buyer": (sold(orders_before=0, total_fen=200_000), sold(orders_before=1, total_fen=200_000)),
    "J-used-then-refund": (
        sold(**ASKED, cards=(out(redeemed_at=AT + timedelta(hours=1)),)),
        sold(**ASKED, cards=(out(redeemed_at=AT + timedelta(days=7)),)),
    ),
    "J-refund-rate": (sold(orders_before=5, refunds_before=2), sold(orders_before=2, refunds_before=2)),
    "L18-lists": (sold(total_fen=5_000_000), sold(total_fen=4_999_999)),
    "L4-used": (sold(**ASKED, cards=(out(revealed_at=AT),)), sold(**LATE, cards=(out(revealed_at=AT),))),
    "L11-prepaid": (sold(**ASKED), sold(**LATE)),
    "L12-beijing": (
        sold(**ASKED, cards=(out(issuer_place="北京市"),)),
        sold(**ASKED, cards=(out(issuer_place="上海"),)),
    ),
}


def raised(facts):
    return {flag.rule: flag for flag in raise_flags(BOOK.records.values(), facts)}


def test_every_rule_has_its_three_tests_and_its_function():
    assert set(CASES) == set(BOOK.records)
    assert all(is_known(rule) for rule in BOOK.records.values())


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_is_raised_by_what_it_speaks_of(rule):
    flag = raised(CASES[rule][0])[rule]
    assert flag.facts
    assert all(isinstance(value, int | str) for value in flag.facts.values())


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_is_silent_when_its_case_is_just_missed(rule):
    assert rule not in raised(CASES[rule][1])


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_is_silent_on_the_day_before_it_took_effect(rule):
    since = BOOK.records[rule].effective_from
    facts = CASES[rule][0]
    # only the rule's own day moves: what depends on the facts' day moves with it
    shift = since - facts.on
    assert rule in raised(moved(facts, shift))
    assert rule not in raised(moved(facts, shift - timedelta(days=1)))


def moved(facts, shift):
    if isinstance(facts, SaleFacts):
        return replace(facts, on=facts.on + shift)
    on = facts.on + shift
    cards = tuple(
        replace(one, expires_on=one.expires_on.replace(year=on.year + 2)) if one.expires_on else one
        for one in facts.cards
    )
    return replace(
        facts,
        on=on,
        cards=cards,
        others=tuple((day + shift, fen) for day, fen in facts.others),
        authorisations=tuple(tuple(day and day + shift for day in days) for days in facts.authorisations),
        supplier_suspended_on=facts.supplier_suspended_on and facts.supplier_suspended_on + shift,
    )


def test_a_sound_purchase_and_a_sound_sale_raise_nothing():
    assert raised(bought()) == {}
    assert raised(sold()) == {}


def test_a_rule_ends_with_its_last_day_and_the_next_version_goes_on():
    old = BOOK.records["J-cheap"].model_copy(update={"effective_to": date(2026, 6, 30)})
    new = old.model_copy(
        update={
            "id": "J-cheap-2",
            "code": "J-cheap",
            "effective_from": date(2026, 7, 1),
            "effective_to": None,
            "params": {"percent": 60},
        }
    )
    facts = CASES["J-cheap"][0]
    early = replace(facts, on=date(2026, 6, 30))
    assert [flag.facts["least_percent"] for flag in raise_flags([old, new], early)] == [70]
    assert raise_flags([old, new], facts) == []  # 69 % is not below 60


def test_foreign_cards_are_outside_the_rules_of_the_mainland():
    assert raised(bought(cards=(card(face_fen=1_000_000, cost_fen=900_000, region="US"),))) == {}


def test_nothing_is_called_unlawful_that_is_only_a_flag():
    """Only the names of instruments, which stand in ``source``, may hold such words."""
    texts = [
        getattr(rule, name)
        for rule in BOOK.records.values()
        for name in ("title_zh", "title_en", "text_zh", "text_en", "todo_zh", "todo_en", "ours_zh", "ours_en")
    ]
    hard = re.compile(r"违法|违规|非法|犯罪|洗钱罪|禁止|illegal|unlawful|crim|forbidden|prohibit", re.IGNORECASE)
    assert [text for text in texts if hard.search(text)] == []


@pytest.mark.parametrize("days", [(None, None), (DAY, None), (None, DAY)])
def test_an_authorisation_without_its_days_is_not_valid_for_ever(days):
    found = raised(bought(supplier_channel="authorised", authorisations=(days,)))
    assert "J-authorisation-dates" in found
    assert "J-authorisation" not in found


@pytest.mark.parametrize("days", [(None, DAY - timedelta(days=1)), (DAY + timedelta(days=1), None)])
def test_an_authorisation_that_surely_did_not_hold_is_over_whatever_else_it_says(days):
    assert "J-authorisation" in raised(bought(supplier_channel="authorised", authorisations=(days,)))


def test_a_rule_of_a_statute_names_the_day_from_which_it_holds():
    statutes = [rule for rule in BOOK.records.values() if rule.certainty is not catalogue.Certainty.JUDGEMENT]
    assert [rule.id for rule in statutes if rule.effective_from.isoformat() not in rule.source] == []
    assert all(rule.article for rule in statutes if rule.id != "X-individual")
    assert all("2016-08-18" in rule.source for rule in statutes if rule.id.startswith("L8"))


def test_a_number_of_our_own_behind_a_statute_is_called_ours():
    mixed = {"L10-licence", "L18-lists", "L19-off-platform", "L20-foreign-buy", "L20-foreign-sale"}
    assert {rule.id for rule in BOOK.records.values() if rule.ours.zh} == mixed
    assert {BOOK.records[rule].certainty.value for rule in mixed} == {"J"}
    unsourced = [rule for rule in BOOK.records.values() if rule.id.startswith("L20")]
    assert {rule.effective_from for rule in unsourced} == {date(2026, 1, 1)}


def test_every_rule_says_where_it_comes_from_and_how_sure_that_is():
    assert all(rule.source and rule.certainty and rule.effective_from for rule in BOOK.records.values())
    ours = [rule for rule in BOOK.records.values() if rule.id.startswith("J-")]
    assert {rule.certainty.value for rule in ours} == {"J"}
