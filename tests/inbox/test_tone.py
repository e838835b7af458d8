import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcase.inbox.rules.tone import MOST, CheckCode, check_reply, is_fit

ROWS = [line.split("\t") for line in (Path(__file__).parent / "data" / "replies.tsv").read_text("utf-8").splitlines()]
POLITE = [text for code, text in ROWS if code == "ok"]
BAD = [(code, text) for code, text in ROWS if code != "ok"]


def _failed(text):
    return [check.code for check in check_reply(text) if not check.ok]


def test_polite_replies_raise_no_false_alarm():
    assert len(POLITE) >= 60
    assert [(text, _failed(text)) for text in POLITE if _failed(text)] == []


def test_bad_replies_are_caught_by_the_check_they_deserve():
    assert len(BAD) >= 60
    missed = [(code, text) for code, text in BAD if code not in _failed(text)]
    assert len(missed) <= len(BAD) // 20, missed


def test_every_check_is_always_answered_in_both_languages():
    for text in ("", "您好", "加微信", BAD[0][1]):
        checks = check_reply(text)
        assert [check.code for check in checks] == [code.value for code in CheckCode]
        assert all(check.text.zh and check.text.en for check in checks)


@given(st.text(max_size=300) | st.sampled_from([text for _, text in BAD]))
@settings(max_examples=200)
def test_any_reply_is_checked_with_spans_inside_it(text):
    for check in check_reply(text):
        for start, end in check.spans:
            assert 0 <= start < end <= len(text)
        assert check.ok is not bool(check.spans) or check.code == CheckCode.LENGTH


def test_the_words_are_named_with_a_better_way_but_a_code_is_never_repeated():
    calm = next(check for check in check_reply("随便你投诉") if check.code == "calm")
    assert "随便你" in calm.text.zh
    code = next(check for check in check_reply("XJ7K-9Q2M-PL4T-88ZA") if check.code == "no_code")
    assert not code.ok
    assert "XJ7K" not in code.text.zh + code.text.en


@pytest.mark.parametrize(
    ("text", "ok"), [("好" * MOST, True), ("好" * (MOST + 1), False), ("", False), (" \n ", False), ("好", True)]
)
def test_two_hundred_characters_fit(text, ok):
    assert ("length" not in _failed(text)) is ok


@pytest.mark.parametrize(
    "text",
    [
        "如果是我们发错了，会按规定处理",
        "谨防诈骗，请勿把卡密告诉他人",
        "全国线下门店都可以使用",
        "不一定能马上到账，请耐心等待",
        "订单 2226687816233094017 已查到",
        "售后单 AS-2026-000123",
        "尾号 ‥K4RT 的卡",
        "画面里写上 7K2M",
        "2026-11-24 12:00 前答复您",
    ],
)
def test_what_only_looks_bad_passes(text):
    assert _failed(text) == []


@pytest.mark.parametrize("text", ["加 V X", "ＷＥＣＨＡＴ", "微 信", "v信", "扣扣", "ｑｑ群"])
def test_disguised_ways_off_the_platform_are_seen(text):
    assert "on_platform" in _failed(text)


def test_a_shop_may_forbid_its_own_words(tmp_path):
    own = tmp_path / "tone.toml"
    own.write_text(
        '[catalogue]\nid = "own"\nversion = "1"\nsource = "the shop"\ncertainty = "J"\n'
        '[[tone]]\nid = "own.dear"\ncheck = "calm"\nregex = "亲亲"\nhint_zh = "用您"\nhint_en = "say you"\n',
        "utf-8",
    )
    assert is_fit(check_reply("亲亲在的"))
    assert not is_fit(check_reply("亲亲在的", override=own))


def test_a_check_can_be_written_as_json():
    assert json.dumps([{"code": check.code, "ok": check.ok} for check in check_reply("您好")])
