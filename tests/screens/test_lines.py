"""The sheet that a person confirms, the messages that it becomes, and what on a picture is masked."""

from datetime import UTC, date, datetime

import pytest

from cardcase.connectors.ports import MessageKind, Speaker, SystemEvent
from cardcase.evidence.rules import shown
from cardcase.inbox.rules import overlap
from cardcase.screens.rules import lines, masks, words
from cardcase.screens.rules.layout import log_of
from cardcase.screens.rules.log import Kind
from cardcase.screens.rules.stitching import stitch
from screens import recorded

ABOUT = lines.About(conversation="paste:小鹿", nick="小鹿", taken_on=date(2026, 11, 21))


def first(taken_by="seller"):
    logs = [log_of(one) for one in recorded.seen("light")[:4]]
    return lines.from_entries(stitch(logs).entries, taken_by=taken_by)


@pytest.mark.parametrize(
    "text",
    ["2026-11-20 20:12", "昨天09:03", "昨天 09:03", "星期三 22:41", "11月26日 10:20", "11-2414:03", "23:05", "下午3:20",
     "2026年11月20日 20:12", "周二 上午 9:01", "Yesterday 9:41 PM"],
)  # fmt: skip
def test_lines_that_are_nothing_but_a_time(text):
    assert words.is_stamp(text)


@pytest.mark.parametrize("text", ["今天18:00前给您答复", "500", "2026", "昨天", "11:58绑定的", "订单 12:30"])
def test_lines_that_only_speak_of_one(text):
    assert not words.is_stamp(text)


def test_a_time_that_was_read_without_its_blank_gets_it_back():
    assert words.stamp_of("11-2414:03") == "11-24 14:03"
    assert words.stamp_of("昨天09：03") == "昨天 09:03"
    assert words.stamp_of("2026-11-2020:12") == "2026-11-20 20:12"


def test_a_sheet_comes_back_as_it_was():
    said = first()
    assert lines.from_sheet(lines.to_sheet(said), said) == said


def test_whoever_holds_the_phone_is_the_one_whose_bubbles_are_its_own():
    mine, theirs = first("seller"), first("buyer")
    swapped = {"seller": "buyer", "buyer": "seller", "platform": "platform"}
    assert [swapped[one.who] for one in mine] == [one.who for one in theirs]
    assert mine[1].who == "buyer"


@pytest.mark.parametrize("sheet", ["老王：你好\n", "没有冒号的一行\n", "\n \n"])
def test_a_sheet_that_cannot_be_read_says_which_line(sheet):
    with pytest.raises(lines.BadSheet):
        lines.from_sheet(sheet)


def test_confirmed_lines_become_messages_with_their_times_and_the_platforms_events():
    told = lines.to_notices(first(), ABOUT)
    spoken = {one.text.split("\n")[0]: one for one in told}
    opened = spoken["[我发起了退款申请]"]
    assert (opened.speaker, opened.event, opened.kind) == (Speaker.SYSTEM, SystemEvent.REFUND_OPENED, MessageKind.TIP)
    asked = told[0]
    assert asked.said_at == datetime(2026, 11, 20, 11, 58, tzinfo=UTC)
    assert asked.speaker is Speaker.BUYER
    complaint = next(one for one in told if one.text.startswith("你到底处理"))
    assert complaint.said_at == datetime(2026, 11, 20, 1, 3, tzinfo=UTC)
    assert len({one.message_id for one in told}) == len(told)
    assert [one.kind for one in told].count(MessageKind.IMAGE) == 2


def test_only_the_first_message_below_a_time_is_of_that_minute():
    told = lines.to_notices(
        [
            lines.Said(who="platform", kind=Kind.TIME, text="2026-11-20 20:12"),
            lines.Said(who="buyer", kind=Kind.TEXT, text="在吗"),
            lines.Said(who="buyer", kind=Kind.TEXT, text="在吗"),
        ],
        ABOUT,
    )
    assert [overlap.is_floor(one.message_id) for one in told] == [False, True]
    assert told[0].said_at == told[1].said_at


def test_the_same_screenshots_again_give_the_same_ids():
    assert [one.message_id for one in lines.to_notices(first(), ABOUT)] == [
        one.message_id for one in lines.to_notices(first(), ABOUT)
    ]


def test_facts_are_taken_only_where_they_are_named_once():
    text = "\n".join(one.text for one in first())
    assert shown.facts_in(text) == {"order_no": "3310145690545023994", "tail4": "8KQ2", "amount_fen": 50_000}
    assert "tail4" not in shown.facts_in(f"{text}\n尾号 7Q4M")


def test_letters_and_digits_that_are_easily_taken_for_one_another_are_named():
    assert lines.doubtful("尾号 8KQ2，单号 3310145690545023994，Apple") == ["8KQ2"]


def test_a_code_that_is_wrapped_is_masked_on_all_of_its_lines():
    seen = recorded.seen("light")[0]
    texts = masks.texts_of(seen)
    count = len(seen.lines)
    group = next(place for place, text in enumerate(texts[count:], count) if "8KQ2" in text)
    had = [place == group for place in range(len(texts))]
    boxes = masks.boxes(seen, had)
    hidden = [line for line in seen.lines if "8KQ2" in line.text or ("500" in line.text and "面值" in line.text)]
    bubble = seen.panels[hidden[0].panel].box
    assert all(
        any(left == bubble.left and top <= one.box.top and right == bubble.right and bottom >= one.box.bottom
            for left, top, right, bottom in boxes)
        for one in hidden
    )  # fmt: skip
    places = masks.places(
        seen, [*texts[:count], *("x" if flag else text for flag, text in zip(had[count:], texts[count:], strict=True))]
    )
    assert not any("8KQ2" in place[5] for place in places)
