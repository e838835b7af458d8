import json
import time
from collections import Counter
from pathlib import Path

import pytest

from cardcase.triage.rules import Family, read_text, reasons
from cardcase.triage.rules.read import analyse

DATA = Path(__file__).parent / "data"
MESSAGES = [json.loads(line) for file in sorted(DATA.glob("*.jsonl")) for line in file.read_text("utf-8").splitlines()]
FAMILIES = ("authenticity", "personal", "value", "other")


def _macro_f1(pairs):
    scores = []
    for family in FAMILIES:
        hit = sum(want == got == family for want, got in pairs)
        wrong = sum((want == family) != (got == family) for want, got in pairs)
        scores.append(2 * hit / (2 * hit + wrong))
    return sum(scores) / len(scores)


def test_the_families_of_472_messages_are_read():
    # The rules had been fitted to these; judged since on texts unseen (tests/training), they only guard against a fall.
    assert len(MESSAGES) >= 450
    pairs = [(row["reason"], read_text(row["text"]).reason.value) for row in MESSAGES]
    assert _macro_f1(pairs) >= 0.9
    assert sum(want == got for want, got in pairs) / len(pairs) >= 0.9


def test_sub_reasons_are_mostly_read():
    named = [row for row in MESSAGES if row["sub_reason"]]
    right = sum(read_text(row["text"]).sub_reason == row["sub_reason"] for row in named)
    assert right / len(named) >= 0.8


def test_what_is_called_certain_is_right():
    certain = [(row, result) for row in MESSAGES if (result := read_text(row["text"])).is_certain]
    assert len(certain) >= 130
    wrong = [row["text"] for row, result in certain if row["reason"] != result.reason]
    assert len(wrong) <= 2, wrong


def test_what_is_unsure_is_given_to_a_person():
    for row in MESSAGES:
        result = read_text(row["text"])
        if result.reason in FAMILIES and result.confidence < 0.6:
            assert "unsure" in [need.code for need in result.needs_human], row["text"]
            assert result.question is not None


def test_the_learned_reader_costs_no_more_than_a_few_times_what_the_rules_cost():
    texts = [row["text"] for row in MESSAGES]

    def cost(act):
        """The least processor time of three rounds: beside other work some rounds take twice as long."""
        found = []
        for _ in range(3):
            began = time.process_time()
            for text in texts:
                act(text)
            found.append(time.process_time() - began)
        return min(found)

    read_text(texts[0])
    ratio = cost(read_text) / cost(analyse)
    assert ratio < 6, f"{ratio:.1f} times the rules alone; about 3.5 (docs/benchmarks.md has the rate)"


@pytest.mark.parametrize(
    ("text", "reason", "sub"),
    [
        ("这不是假的 我就是不想要了", "personal", "P1"),
        ("没说你卖假卡 是地区不对 我要的国区", "authenticity", "A5"),
        ("不是拍错 是你发错了", "authenticity", "A5"),
        ("卡没有过期 是余额不足", "value", "V1"),
        ("不会是假的吧", "authenticity", "A3"),
        ("这难道不是骗人吗 显示已被使用", "authenticity", "A2"),
    ],
)
def test_what_is_denied_is_not_claimed(text, reason, sub):
    result = read_text(text)
    assert (result.reason.value, result.sub_reason) == (reason, sub)


@pytest.mark.parametrize(
    "text",
    [
        "没说你卖假卡",
        "我可没怀疑你骗人",
        "你说包真的",
        "你说“假一赔十”，那我拍了",
        "【官方正品】苹果充值卡 过期包退",
        "卖家：卡密无效可以退的",
        "你凭什么说我用过了",
        "[我发起了退款申请]",
    ],
)
def test_other_peoples_words_are_no_claim(text):
    assert read_text(text).reason in (Family.NONE, Family.UNSTATED)


@pytest.mark.parametrize(
    "text", ["如果充不进去能退吗", "要是假的怎么办", "万一过期了呢 你们管吗", "便宜点呗", "怎么兑换", "有效期多久"]
)
def test_what_might_happen_is_no_claim(text):
    result = read_text(text)
    assert result.reason is Family.NONE
    assert not result.is_certain


@pytest.mark.parametrize("text", ["过期了怎么办？", "用不了", "已经用过了", "我朋友说是假的", "骗人", "绑定不了"])
def test_border_cases_are_never_certain(text):
    result = read_text(text)
    assert not result.is_certain
    assert result.needs_human or result.question


@pytest.mark.parametrize("text", ["不退了", "算了 不用退了", "可以了 刚才网不好", "已经解决了 谢谢"])
def test_taking_it_back_is_no_claim(text):
    result = read_text(text)
    assert result.reason is Family.NONE
    assert "withdrawal" in result.signals


@pytest.mark.parametrize(
    ("text", "sub"),
    [
        ("冲步进去啊", "A1"),
        ("现实已被使用", "A2"),
        ("贾的吧这卡", "A3"),
        ("查价退我", "V5"),
        ("于额不足", "V1"),
        ("顯示無效 兌換唔到", "A1"),
        ("充 不 进 去", "A1"),
        ("ＣＯＤＥ　ｉｎｖａｌｉｄ", "A1"),
        ("莫得用啊 退了嘛", "A1"),
        ("过其了 我忘了用", "P4"),
    ],
)
def test_typing_errors_and_dialects_are_read(text, sub):
    assert read_text(text).sub_reason == sub


@pytest.mark.parametrize("text", ["腿款", "推款", "tk", "退欵", "我要退款！！！", "仅退款"])
def test_a_refund_without_a_reason_is_unstated_and_asks(text):
    result = read_text(text)
    assert result.reason is Family.UNSTATED
    assert result.sub_reason == ""
    assert result.question == reasons.question("unstated")


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("再不退我就投诉到平台", "threat.platform"),
        ("差评等着", "threat.review"),
        ("12315见", "threat.authority"),
        ("挂你到小红书", "threat.public"),
        ("骗子😡", "hostility.2"),
        ("急用 快点", "urgency"),
        ("已经充上了", "admission"),
        ("不退了", "withdrawal"),
        ("加微信聊", "off_platform"),
        ("XJ7K-9Q2M-PL4T-88ZA 这个不行", "code_in_text"),
        ("我手机13800138000", "personal_data"),
    ],
)
def test_signals_are_told_with_their_kind(text, signal):
    signals = read_text(text).signals
    assert signal in signals
    assert signal.partition(".")[0] in signals


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("不是要投诉你", "threat"),
        ("我不会给差评的", "threat"),
        ("退给我就可以了", "withdrawal"),
        ("我用了三次都不行", "admission"),
        ("不退我就投诉", "withdrawal"),
    ],
)
def test_signals_are_not_made_up(text, signal):
    assert signal not in read_text(text).signals


def test_a_text_of_several_matters_names_the_second_one():
    result = read_text("卡密显示已被使用 而且你态度也太差了")
    assert (result.sub_reason, result.second_reason) == ("A2", "O8")


def test_a_consequence_is_not_the_reason():
    told = read_text("太贵了 不想要了")
    assert "V5" in (told.sub_reason, told.second_reason)
    assert read_text("我们县城没有门店 用不了").sub_reason == "P5"


def test_every_sub_reason_can_be_read():
    read = Counter(read_text(row["text"]).sub_reason for row in MESSAGES)
    assert set(reasons.SUB_REASONS) - set(read) <= {"O5"}  # only the form says "other"
