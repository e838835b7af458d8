"""What may be the rest of a card code is covered though it was read in part or wrongly; what people need stays."""

import pytest

from cardcase.screens.rules import masks, suspicion
from cardcase.screens.rules.seen import Box, Line, Panel, Seen

WHITE = (255, 255, 255)


@pytest.mark.parametrize(
    "text",
    [
        "卡密 XQ7M4口K2PR9",
        "兑换码 8KQ2P7",
        "卡号 1234 5678 90",
        "密码123456",
        "5a3f77c1 卡密",
        "XQ7M4LK2P",
        "AB12 CD34 E5",
    ],
)
def test_the_rest_of_a_code_is_covered(text):
    least = suspicion.NEAR if suspicion.speaks_of_codes(text) else suspicion.ALONE
    told = suspicion.covered(text, least, is_near=suspicion.speaks_of_codes(text))
    assert suspicion.COVER in told
    assert not any(char.isdigit() for char in told)


@pytest.mark.parametrize(
    "text",
    [
        "尾号8KQ2那张兑换不了", "订单号861935344573061520 卡密没收到", "手机19900000123 卡密", "实付¥1234567.00 卡密",
        "2026-11-20 14:05 兑换的", "iPhone15ProMax 礼品卡", "Apple ID 是 mei_0912@example.com 礼品卡", "‥8KQ2 卡密",
        "code ends with QNPJ", "给你WTB3Z", "兑换 1000 元",
    ],
)  # fmt: skip
def test_orders_phones_amounts_times_words_and_tails_stay(text):
    assert suspicion.covered(text, suspicion.NEAR, is_near=suspicion.speaks_of_codes(text)) == text


def test_words_about_codes_in_the_message_before_make_a_short_run_suspicious():
    said = ["卡密是这个", "8KQ2P7", "好的", "下一个", "8KQ2P7"]
    assert suspicion.covered_talk(said, [False] * 5) == ["卡密是这个", suspicion.COVER, "好的", "下一个", "8KQ2P7"]
    assert suspicion.covered_talk(["8KQ2P7"], [True]) == [suspicion.COVER]


def a_line(text, top, panel, score=0.99):
    box = Box(200, top, 500, top + 40)
    return Line(box, box, text, score, WHITE, 200, panel)


def test_the_breadth_of_the_bubble_is_covered_up_to_what_else_is_said():
    panels = (Panel(Box(180, 280, 900, 480), WHITE, 0.9), Panel(Box(180, 900, 900, 1000), WHITE, 0.9))
    lines = (a_line("卡密给你", 300, 0), a_line("XQ7M4口K2P", 360, 0), a_line("好的", 930, 1))
    seen = Seen(1080, 2000, 1.0, (240, 240, 240), lines, panels, ((0, 2000),))
    nothing = [False] * len(masks.texts_of(seen))
    assert masks.boxes(seen, nothing) == [[180, 340, 900, 480]]


def test_on_a_picture_digits_alone_and_garbled_rows_are_covered_and_the_rest_of_it_stays():
    panels = (Panel(Box(180, 280, 900, 1480), WHITE, 0.1),)
    lines = (a_line("1234 5678 9012", 600, 0), a_line("余额不足", 900, 0), a_line("K2 P", 1200, 0, score=0.5))
    seen = Seen(1080, 2000, 1.0, (240, 240, 240), lines, panels, ((0, 2000),))
    nothing = [False] * len(masks.texts_of(seen))
    covered = masks.boxes(seen, nothing)
    assert next(box[1::2] for box in covered) == [560, 680]
    assert all(not (top < 920 < bottom) for _, top, _, bottom in covered)
