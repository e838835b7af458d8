"""From recorded lines and colours to the talk: who said what, in which order, once."""

from dataclasses import replace

import pytest

from cardcase.screens.rules.layout import log_of
from cardcase.screens.rules.log import Kind, Who
from cardcase.screens.rules.seen import Box, Line, Panel, Seen, from_document, to_document
from cardcase.screens.rules.stitching import stitch
from screens import recorded

WHITE, GREY, YELLOW = (255, 255, 255), (245, 245, 245), (255, 226, 61)


@pytest.mark.parametrize("name", recorded.CHATS)
@pytest.mark.parametrize("way", ["as given", "backwards"])
def test_screenshots_that_overlap_become_the_whole_talk_in_order_and_once(name, way):
    pictures = list(recorded.seen(name))[: 4 if name == "light" else None]
    if way == "backwards":
        pictures = pictures[::-1]
    together = stitch([log_of(one, picture=place) for place, one in enumerate(pictures)])
    truth = recorded.told(recorded.CHATS[name])
    if way == "as given":
        assert recorded.read(together.entries) == truth
        assert together.gaps == ()
    else:  # without the given order two pictures may be found to have too little in common: then that is said
        assert together.gaps or recorded.read(together.entries) == truth
    assert together.nick == "小鹿不吃草"


def test_one_long_picture_says_the_same_as_its_screenshots():
    long = recorded.seen("light")[-1]
    assert recorded.read(log_of(long).entries) == recorded.told(recorded.CHATS["light"])


def test_nothing_that_was_read_is_dropped_in_silence():
    for name in recorded.CHATS:
        for seen in recorded.seen(name):
            log = log_of(seen)
            kept = sum(len(entry.boxes) for entry in log.entries)
            named = len(log.left_out) + bool(log.nick)
            assert kept + named >= sum(bool(line.text.strip()) for line in seen.lines)


def test_what_was_seen_survives_being_written_down():
    for seen in recorded.seen("market"):
        assert from_document(to_document(seen)) == seen


def line(text, left, top, panel, *, size=40, contrast=220, score=0.99, ground=WHITE):
    width = round(sum(1 if ord(char) > 255 else 0.55 for char in text) * size)
    ink = Box(left, top, left + width, top + size)
    return Line(ink, ink, text, score, ground, contrast, panel)


def bubble(left, top, right, bottom, colour, **more):
    return Panel(Box(left, top, right, bottom), colour, 0.9, **more)


def avatar(left, top):
    return bubble(left, top, left + 110, top + 110, (90, 90, 200))


def seen(panels, lines):
    return Seen(1080, 2000, 1.0, GREY, tuple(lines), tuple(panels), ((200, 1800),))


def who(*pairs):
    panels, lines = [], []
    for number, (left, right, colour) in enumerate(pairs):
        top = 300 + number * 200
        panels.append(bubble(left, top, right, top + 110, colour))
        lines.append(line("你好啊朋友", left + 30, top + 30, number, ground=colour))
    return [(entry.who, entry.text) for entry in log_of(seen(panels, lines)).entries]


def test_a_wide_bubble_is_known_by_its_colour_though_it_clings_to_neither_side():
    found = who((180, 600, WHITE), (180, 900, YELLOW), (500, 900, YELLOW), (180, 900, WHITE))
    assert [one for one, _ in found] == [Who.PEER, Who.OWN, Who.OWN, Who.PEER]


def test_two_pale_colours_are_told_apart_by_the_sides_that_they_cling_to():
    dark, darker = (60, 60, 64), (40, 40, 43)
    found = who((180, 500, dark), (600, 900, darker), (180, 900, dark), (180, 900, darker))
    assert [one for one, _ in found] == [Who.PEER, Who.OWN, Who.PEER, Who.OWN]


def test_with_one_colour_for_both_each_bubble_stands_for_itself():
    panels = [bubble(180, 300, 500, 410, WHITE), bubble(600, 600, 900, 710, WHITE), avatar(40, 300), avatar(930, 600)]
    lines = [line("你好啊朋友", 210, 330, 0), line("你也好啊", 630, 630, 1)]
    assert [entry.who for entry in log_of(seen(panels, lines)).entries] == [Who.PEER, Who.OWN]


def test_nobody_is_named_where_nothing_tells():
    [(unclear, text)] = who((180, 900, WHITE))
    assert (unclear, text) == (Who.UNCLEAR, "你好啊朋友")


def test_words_that_a_bar_cuts_in_half_are_left_out_and_the_rest_is_marked():
    panels = [bubble(180, 200, 700, 330, WHITE), avatar(40, 200)]
    half = replace(line("半行", 210, 202, 0), ink=Box(210, 202, 290, 226))
    lines = [half, line("后面完整", 210, 265, 0)]
    [entry] = (log := log_of(seen(panels, lines))).entries
    assert (entry.text, entry.cut_above, entry.cut_below) == ("后面完整", True, False)
    assert ("半行", "cut") in log.left_out


def test_a_short_row_ends_a_paragraph_and_a_full_one_goes_on():
    panels = [bubble(180, 300, 900, 600, WHITE), avatar(40, 300)]
    rows = [line("这一行写满了所以接着往下读的", 210, 330, 0), line("短的", 210, 400, 0), line("新的一段", 210, 470, 0)]
    [entry] = log_of(seen(panels, rows)).entries
    assert entry.text == "这一行写满了所以接着往下读的短的\n新的一段"


def test_an_order_number_that_is_wrapped_stays_one_number():
    panels = [bubble(180, 300, 900, 500, WHITE), avatar(40, 300)]
    rows = [line("订单编号3310145690545023994123", 210, 330, 0), line("4567", 210, 400, 0)]
    [entry] = log_of(seen(panels, rows)).entries
    assert entry.text == "订单编号33101456905450239941234567"


def test_buttons_side_by_side_are_no_bubbles():
    panels = [
        bubble(180, 300, 500, 410, WHITE),
        bubble(40, 1700, 240, 1770, WHITE),
        bubble(260, 1700, 460, 1770, WHITE),
    ]
    lines = [
        line("你好啊朋友", 210, 330, 0),
        line("去发货", 60, 1715, 1, size=30),
        line("催付款", 280, 1715, 2, size=30),
    ]
    log = log_of(seen(panels, lines))
    assert [entry.text for entry in log.entries] == ["你好啊朋友"]
    assert {why for _, why in log.left_out} == {"button"}


def test_a_line_over_the_whole_page_is_a_time_or_the_platforms():
    lines = [line("昨天 09:03", 440, 300, -1, size=30), line("[买家申请退款]", 430, 400, -1, size=30)]
    entries = log_of(seen([], lines)).entries
    assert [(entry.kind, entry.who, entry.text) for entry in entries] == [
        (Kind.TIME, Who.PLATFORM, "昨天 09:03"),
        (Kind.TIP, Who.PLATFORM, "[买家申请退款]"),
    ]


def test_a_traditional_letter_among_simplified_ones_is_a_misreading_and_in_a_traditional_chat_it_is_not():
    def said(text):
        panels = [bubble(180, 300, 900, 410, WHITE), avatar(40, 300)]
        return log_of(seen(panels, [line(text, 210, 330, 0)])).entries[0].text

    assert said("这边还没换过，请问先別打开") == "这边还没换过，请问先别打开"
    assert said("這邊還沒換過，先別打開") == "這邊還沒換過，先別打開"


def test_the_same_short_words_twice_stay_twice_and_a_gap_is_told():
    one = log_of(seen([bubble(180, 300, 300, 410, WHITE), avatar(40, 300)], [line("在吗", 210, 330, 0)]))
    other = replace(one, entries=(*one.entries, *one.entries))
    together = stitch([one, other])
    assert [entry.text for entry in together.entries] == ["在吗", "在吗", "在吗"]
    assert together.gaps == (1,)


def test_a_picture_given_twice_adds_nothing():
    log = log_of(recorded.seen("plain")[0])
    again = stitch([log, log])
    assert again.entries == stitch([log]).entries
    assert again.doubles == sum(
        bool(one.text or one.quote) or one.kind is Kind.PICTURE for one in log.entries
    )  # not one cut empty


def test_a_foot_of_the_pages_own_colour_is_told_by_what_waits_in_it_and_a_bubble_is_none():
    panels = [
        bubble(180, 300, 700, 410, WHITE),
        avatar(40, 300),
        bubble(180, 1500, 760, 1610, WHITE),
        avatar(40, 1500),
        bubble(40, 1700, 800, 1800, WHITE),
    ]
    lines = [
        line("你好啊朋友", 210, 330, 0),
        line("请输入什么密码", 210, 1530, 2),
        line("想跟TA说点什么…", 70, 1730, 4, contrast=90),
    ]
    picture = replace(seen(panels, lines), bands=((0, 2000),), height=1850)
    assert [entry.text for entry in log_of(picture).entries] == ["你好啊朋友", "请输入什么密码"]


def test_a_card_beside_the_others_avatar_is_nobodys_words():
    panels = [
        bubble(180, 300, 500, 410, WHITE), avatar(40, 300), bubble(180, 500, 500, 610, WHITE), avatar(40, 500),
        bubble(500, 700, 900, 810, YELLOW), avatar(930, 700), bubble(300, 900, 900, 1100, WHITE), avatar(930, 900),
    ]  # fmt: skip
    lines = [
        line("你好啊朋友", 210, 330, 0), line("卡用不了啊", 210, 530, 2), line("我看一看", 530, 730, 4, ground=YELLOW),
        line("订单已关闭", 330, 940, 6),
    ]  # fmt: skip
    entries = log_of(seen(panels, lines)).entries
    assert [entry.kind for entry in entries] == [Kind.TEXT, Kind.TEXT, Kind.TEXT, Kind.CARD]
    assert entries[-1].who is Who.PLATFORM


def test_rings_too_low_for_letters_are_full_stops():
    panels = [bubble(180, 300, 400, 410, WHITE), avatar(40, 300)]
    low = replace(line("000", 210, 330, 0), ink=Box(210, 365, 310, 377))
    assert [entry.text for entry in log_of(seen(panels, [low])).entries] == ["。。。"]
    assert [entry.text for entry in log_of(seen(panels, [line("000", 210, 330, 0)])).entries] == ["000"]
