"""Heads of screens whose bars have the page's own colour, told by their words; and what an edge leaves."""

from dataclasses import replace

from cardcase.screens.rules import bars, words
from cardcase.screens.rules.layout import log_of
from cardcase.screens.rules.log import Kind, Log, Who
from cardcase.screens.rules.seen import Box, Line, Panel, Seen
from cardcase.screens.rules.stitching import stitch

WHITE, GREY, YELLOW = (255, 255, 255), (241, 242, 245), (255, 232, 117)


def a_line(text, left, top, panel=-1, size=40):
    box = Box(left, top, left + round(words.units(text) * size), top + round(0.9 * size))
    return Line(box, box, text, 0.99, WHITE, 200, panel)


def white_screen(*, thumb=True):
    panels = [
        Panel(Box(30, 260, 150, 380), (90, 120, 60), 0.1, patch=80),
        Panel(Box(880, 280, 1050, 360), YELLOW, 0.8),
        Panel(Box(30, 500, 120, 590), (90, 60, 120), 0.1, patch=80),
        Panel(Box(150, 500, 700, 610), GREY, 0.9),
    ]
    lines = [
        a_line("18:21", 60, 40),
        a_line("小鹿不吃草", 440, 140, size=46),
        a_line("3小时前来过", 450, 205, size=26),
        a_line("¥815.80", 180, 270),
        a_line("京东E卡500元", 180, 330, size=30),
        a_line("去发货", 910, 300, 1, size=32),
        a_line("卡密收到了吗", 180, 530, 3),
    ]
    return Seen(1080, 2300, 1.0, WHITE, tuple(lines), tuple(panels if thumb else panels[2:]), ((0, 2300),))


def test_clock_name_and_goods_on_a_white_page_are_no_part_of_the_talk():
    seen = white_screen()
    assert 380 <= bars.head_end(seen) < 500
    log = log_of(seen)
    assert [(one.who, one.text) for one in log.entries] == [(Who.PEER, "卡密收到了吗")]
    assert log.nick == "小鹿不吃草"


def test_an_amount_in_a_bubble_is_not_the_goods():
    panels = (Panel(Box(30, 300, 120, 390), (90, 60, 120), 0.1, patch=80), Panel(Box(150, 300, 500, 410), GREY, 0.9))
    seen = Seen(1080, 2300, 1.0, WHITE, (a_line("¥815.80", 180, 330, 1),), panels, ((0, 2300),))
    assert bars.head_end(seen) == 0
    assert [one.text for one in log_of(seen).entries] == ["¥815.80"]


def test_a_voice_message_is_marked_and_inches_in_a_sentence_are_not():
    assert [words.voice_of(text) for text in ('川7"', "56″", '|| 12"', '屏幕6.1"的', "7")] == [
        "[语音] 7″", "[语音] 56″", "[语音] 12″", "", "",
    ]  # fmt: skip


def test_a_rest_of_a_card_does_not_keep_two_screens_apart_and_a_picture_does():
    talk = log_of(white_screen()).entries[0]
    card = replace(talk, who=Who.PLATFORM, kind=Kind.CARD, text="你已发货\n请提醒买家\n查看物流")
    rest = replace(talk, text="查看物流", cut_above=True)
    after = [replace(talk, text=text) for text in ("这一句足够长可以认出来", "后面的话", "最后")]
    together = stitch([Log(entries=(talk, card, *after[:2])), Log(entries=(rest, *after))])
    assert [one.text for one in together.entries] == [talk.text, card.text, *(one.text for one in after)]
    apart = stitch([Log(entries=(talk, card, *after[:2])), Log(entries=(replace(rest, kind=Kind.PICTURE), *after))])
    assert apart.gaps
