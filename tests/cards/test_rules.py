import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.cards.rules import LIFE, CardEvent, CardState, IllegalCardMove, advance, check_reveal, identity, shapes
from cardcase.cards.rules.life import TITLES
from cardcase.kit.errors import Refused
from cardcase.kit.secret import CardCode

S, E = CardState, CardEvent


def test_the_usual_life_of_a_card():
    state = S.ACQUIRED
    for event in (E.CHECK, E.STOCK, E.RESERVE, E.REVEAL, E.REDEEM):
        state = advance(state, event)
    assert state is S.REDEEMED


def test_what_is_not_in_the_table_is_refused_with_the_state_named():
    for state, event in itertools.product(S, E):
        if (state, event) in LIFE:
            continue
        with pytest.raises(IllegalCardMove) as refusal:
            advance(state, event)
        assert TITLES[state].zh in refusal.value.message.zh


@given(st.lists(st.sampled_from(list(E)), max_size=12))
def test_a_code_that_was_shown_never_comes_back_into_the_stock(events):
    state, was_shown = S.ACQUIRED, False
    for event in events:
        if (state, event) in LIFE:
            state = LIFE[state, event]
        was_shown = was_shown or state is S.REVEALED
        assert not (was_shown and state in (S.ACQUIRED, S.CHECKED, S.IN_STOCK, S.RESERVED, S.QUARANTINED))


@pytest.mark.parametrize("state", [S.REDEEMED, S.VOIDED, S.QUARANTINED])
def test_a_dead_or_doubtful_card_is_neither_reserved_nor_shown(state):
    with pytest.raises(IllegalCardMove):
        check_reveal(state, bound_order="order_1", asked_order="order_1")
    with pytest.raises(IllegalCardMove):
        advance(state, E.RESERVE)


def test_a_card_is_not_shown_for_another_order():
    check_reveal(S.REVEALED, bound_order="order_1", asked_order="order_1")
    check_reveal(S.REVEALED, bound_order="order_1", asked_order="")
    with pytest.raises(Refused) as refusal:
        check_reveal(S.REVEALED, bound_order="order_1", asked_order="order_2")
    assert refusal.value.problem_code == "card_of_another_order"


def test_a_short_pin_counts_only_with_its_number_and_a_long_code_by_itself():
    pin, code = CardCode("482913"), CardCode("K7QM-92XF-LP3D-8WZA")
    assert not identity(pin, "2336880011223344").same_as(identity(pin, "2336880011223345"))
    assert identity(pin, "2336 8800 1122 3344").same_as(identity(pin, "2336880011223344"))
    assert identity(code, "2336880011223344").same_as(identity(code))
    assert identity(pin).same_as(pin)


pieces = st.sampled_from(
    [
        "卡密：",
        "密码是",
        "pin ",
        "a",
        "Z",
        "7",
        "42",
        "AB12",
        "-",
        "#",
        " ",
        "\n",
        "好",
        "。",
        "５",
        "⑩",
        "\u200b",
        "😡",
    ]
)


@given(st.lists(pieces, max_size=9).map("".join) | st.text(max_size=12))
def test_a_text_without_room_for_a_code_holds_none(text):
    if not shapes.has_room(text):
        assert shapes.candidates(text) == []
        assert shapes.code_shaped(text) == []


@pytest.mark.parametrize("text", ["卡密：AB12C3", "密 码 : a b 1 2 c 3", "⑩⑩⑩", "ＡＢＣ１２３", "zX#9!kQ-77"])
def test_a_text_that_could_hold_a_code_has_room(text):
    assert shapes.has_room(text)


@pytest.mark.parametrize("text", ["在吗", "拍了 2 张 200 的", "收到啦 👍", "OK，谢谢！"])
def test_everyday_words_have_no_room(text):
    assert not shapes.has_room(text)
