"""Pictures laid upon each other by place: what one of two misread, missed or cut is said once and as a whole."""

import pytest

from cardcase.screens.rules.log import Entry, Kind, Log, Who
from cardcase.screens.rules.seen import Box
from cardcase.screens.rules.stitching import stitch

TALK = ["在吗", "买的卡激活不了", "？", "您好", "提示已被使用", "我看一下", "好", "这张是昨天发的"]


def entry(text, top, *, who=Who.PEER, kind=Kind.TEXT, width=300, height=100, **more):
    return Entry(who=who, kind=kind, text=text, box=Box(150, top, 150 + width, top + height), **more)


def shown(texts, *, first=0, down=0, **more):
    """One picture: the texts from a place of the talk on, a bubble every 150 rows, widths by their letters."""
    return Log(
        entries=tuple(
            entry(text, 300 + 150 * (first + row) - down, width=80 + 40 * len(TALK[first + row]), **more)
            for row, text in enumerate(texts)
        )
    )


def said(*logs):
    together = stitch(logs)
    return [one.text for one in together.entries], together.gaps


@pytest.mark.parametrize("order", [1, -1])
def test_a_sign_that_one_of_two_pictures_reads_as_another_tears_nothing(order):
    one = shown(TALK[:6])
    other = shown(["2", *TALK[3:]], first=2, down=400)
    texts, gaps = said(*[one, other][::order])
    assert [*texts[:2], *texts[3:]] == [*TALK[:2], *TALK[3:]]
    assert len(texts) == len(TALK)
    assert gaps == ()


def test_a_message_that_one_of_two_pictures_missed_is_said_once():
    one = shown(TALK[:6])
    whole = shown(TALK[2:], first=2, down=400).entries
    texts, gaps = said(one, Log(entries=(*whole[:2], *whole[3:])))
    assert texts == TALK
    assert gaps == ()


def test_what_an_edge_leaves_of_a_card_is_not_said_again():
    one = Log(entries=(*shown(TALK[:3]).entries, entry("退款\n¥50", 750, kind=Kind.CARD, who=Who.PLATFORM, height=240)))
    rest = entry("查看详情", 310, height=90, cut_above=True)
    other = Log(entries=(rest, entry("收到了吗亲", 430), entry("没有", 580)))
    one = Log(entries=(*one.entries, entry("收到了吗亲", 1020)))
    texts, gaps = said(one, other)
    assert texts == [*TALK[:3], "退款\n¥50", "收到了吗亲", "没有"]
    assert gaps == ()


def test_two_pieces_of_a_long_message_become_one():
    begin = entry("订单号是3310145690545023994，麻烦", 900, height=180, cut_below=True)
    end = entry("5023994，麻烦您查一下到哪了", 200, height=180, cut_above=True)
    texts, gaps = said(
        Log(entries=(*shown(TALK[:2]).entries, begin)), Log(entries=(end, entry("好的，稍等", 430, who=Who.OWN)))
    )
    assert texts == [*TALK[:2], "订单号是3310145690545023994，麻烦您查一下到哪了", "好的，稍等"]
    assert gaps == ()


def test_the_same_words_elsewhere_are_no_overlap():
    one, other = shown(["在吗", "您好"]), Log(entries=(entry("在吗", 300), entry("怎么没人", 480), entry("您好", 700)))
    texts, gaps = said(one, other)
    assert texts == ["在吗", "您好", "在吗", "怎么没人", "您好"]
    assert gaps == (2,)
