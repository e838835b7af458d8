from datetime import UTC, datetime, timedelta

import pytest

from cardcase.triage.rules import FORM, Family, Speaker, Utterance, read_conversation, read_text
from cardcase.triage.rules.read import analyse

START = datetime(2026, 11, 22, tzinfo=UTC)
PICKED = {
    "卡密无效，无法使用": "A1", "卡券已被使用": "A2", "假冒品牌": "A3", "卖家发错货": "A5", "不喜欢/不想要": "P1", "多拍/拍错": "P2",
    "商品已过期": "V4", "余额不足": "V1", "面值不符": "V3", "买贵了": "V5", "商品与描述不符": "V6", "未收到货": "O1", "重复下单": "O2",
    "非本人操作": "O3", "收货地址填错": "O6", "卖家态度差": "O8",
}  # fmt: skip


def _talk(*lines):
    speakers = {"买": Speaker.BUYER, "卖": Speaker.SELLER, "系": Speaker.SYSTEM}
    return [
        Utterance(f"m{place}", line[2:], speakers[line[0]], START + timedelta(minutes=place))
        for place, line in enumerate(lines)
    ]


def test_the_reason_sits_in_another_turn_than_the_request():
    result = read_conversation(_talk("买：我要退款", "卖：怎么了呢", "买：显示此代码无效"))
    assert (result.reason, result.sub_reason) == (Family.AUTHENTICITY, "A1")
    assert [(quote.message_id, quote.text) for quote in result.quotes] == [("m2", "显示此代码无效")]


def test_only_the_buyers_words_are_claims():
    result = read_conversation(_talk("卖：是不是显示已被使用？还是余额不足？", "系：[我发起了退款申请]", "买：退款"))
    assert result.reason is Family.UNSTATED
    assert result.quotes == ()


def test_what_was_asked_before_paying_is_no_complaint():
    result = read_conversation(
        _talk("买：这卡是真的吗", "买：过期了怎么办", "系：[我已付款，等待你发货]", "买：拍错了 退一下")
    )
    assert (result.reason, result.sub_reason) == (Family.PERSONAL, "P2")


def test_the_claim_pressed_last_comes_first():
    result = read_conversation(_talk("买：发货太慢了", "卖：发了", "买：余额只有50 我买的100", "买：到账才50 你看看"))
    assert result.sub_reason == "V1"
    assert result.reason is Family.VALUE


def test_a_withdrawn_claim_is_none_without_a_request_and_kept_with_one():
    lines = _talk("买：卡密无效", "卖：核对下0和O", "买：可以了 谢谢 不退了")
    assert read_conversation(lines).reason is Family.NONE
    kept = read_conversation(lines, form_reason="卡券无法使用")
    assert (kept.sub_reason, kept.is_certain) == ("A1", False)
    assert "withdrawn" in [need.code for need in kept.needs_human]
    assert kept.confidence <= 0.4


@pytest.mark.parametrize(
    "text",
    ["退不退 给句话", "这课退不退", "侬退还是不退", "膜退了 壳不退", "电锤退 锯不退", "我点错撤销了 能重新申请退款吗"],
)
def test_words_that_sound_like_a_withdrawal_withdraw_nothing(text):
    result = read_text(text)
    assert result.reason is Family.UNSTATED
    assert "withdrawn" not in [need.code for need in result.needs_human]


@pytest.mark.parametrize(
    "text", ["不退了 能用了 谢谢", "算了不退了 弄好了", "我撤销申请了 不好意思", "取消退款", "撤回申请了"]
)
def test_a_withdrawal_is_still_heard(text):
    result = read_text(text)
    assert result.reason is Family.NONE
    assert "withdrawn" in [need.code for need in result.needs_human]


def test_a_claim_after_a_withdrawal_stands():
    result = read_conversation(_talk("买：不退了", "买：又不行了 显示已被使用 退款"))
    assert result.sub_reason == "A2"
    assert "withdrawn" not in [need.code for need in result.needs_human]


def test_the_form_is_read_and_quoted_as_the_form():
    result = read_conversation([], form_reason="不想要了", form_description="拍错规格了")
    assert result.reason is Family.PERSONAL
    assert {quote.message_id for quote in result.quotes} == {FORM}


def test_a_form_that_names_no_reason_leaves_it_unstated():
    result = read_conversation([], form_reason="协商一致退款")
    assert result.reason is Family.UNSTATED
    assert "unstated" in [need.code for need in result.needs_human]


def test_a_form_that_says_otherwise_than_the_chat_is_pointed_out():
    result = read_conversation(_talk("买：显示已被别人兑换了"), form_reason="不想要了")
    assert result.sub_reason == "A2"
    assert "form_differs" in [need.code for need in result.needs_human]
    assert not result.is_certain


def test_an_admission_beside_a_doubt_is_never_certain():
    result = read_conversation(_talk("买：显示已被使用", "买：哦 我自己昨天已经充了 用掉了"))
    assert "admission" in result.signals
    assert not result.is_certain


def test_a_victim_of_fraud_is_given_to_a_person():
    result = read_conversation(_talk("买：有人冒充客服让我买卡把密码发给他 我被骗了"))
    assert result.sub_reason == "O3"
    assert "scam_victim" in [need.code for need in result.needs_human]


def test_nothing_said_is_none_and_nothing_said_with_a_request_is_unstated():
    assert read_conversation([]).reason is Family.NONE
    assert read_conversation([], form_reason="其他").reason is Family.UNSTATED


@pytest.mark.parametrize("chat", [(), ("买：退款",), ("买：在吗", "买：怎么退 多久到账")], ids=["", "short", "longer"])
@pytest.mark.parametrize(("picked", "sub_reason"), PICKED.items(), ids=PICKED.values())
def test_where_the_chat_gives_no_reason_that_of_the_form_stands_and_its_words_are_quoted(picked, sub_reason, chat):
    result = read_conversation(_talk(*chat), form_reason=picked)
    assert (result.sub_reason, result.second_reason) == (sub_reason, "")
    assert [quote.message_id for quote in result.quotes] == [FORM]
    assert result.quotes[0].text in picked
    assert "form_only" in [need.code for need in result.needs_human]
    assert not result.is_certain


@pytest.mark.parametrize("text", ["卡绑上去只有255", "只有255，不是300", "绑定了只有50块"])
def test_less_than_was_bought_speaks_for_a_short_balance(text):
    assert "V1" in {hit.sub_reason for hit in analyse(text).hits}


def test_a_form_that_says_what_the_chat_hints_at_does_not_stand_alone():
    lines = (
        "买：老板 那个卡我还没用 能退吗",
        "买：公司楼下那家关了 而且同事送了我两张券 我用不完了",
        "买：您看着办 不行也没事",
    )
    result = read_conversation(_talk(*lines), form_reason="不想要了")
    assert result.sub_reason == "P1"
    assert {quote.message_id for quote in result.quotes} - {FORM}
    assert "form_only" not in [need.code for need in result.needs_human]


@pytest.mark.parametrize("chat", [(), ("买：退款",), ("买：在吗", "买：怎么退 多久到账")], ids=["", "short", "longer"])
def test_a_form_that_says_other_names_no_reason(chat):
    result = read_conversation(_talk(*chat), form_reason="其他")
    assert (result.reason, result.sub_reason, result.quotes) == (Family.UNSTATED, "", ())
    assert result.question is not None


def test_order_of_arrival_does_not_matter_when_times_are_known():
    lines = _talk("买：太贵了", "买：显示已被使用", "买：显示已被使用 退款")
    assert read_conversation(lines) == read_conversation(lines[::-1])


def test_a_long_quarrel_is_read_to_its_end():
    lines = _talk(*["买：你好在吗"] * 400, "买：面值不对 我买的是100 发来50")
    assert read_conversation(lines).sub_reason == "V3"
