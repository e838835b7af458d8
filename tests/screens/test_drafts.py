"""What a person makes of the reading: entry by entry, kept apart from it, put together for the yes."""

from datetime import UTC, date, datetime

import pytest

from cardcase.screens.rules import drafts, lines
from cardcase.screens.rules.lines import BadSheet
from cardcase.screens.rules.log import Kind

READ = [
    {"who": "platform", "kind": "time", "text": "2026-11-20 19:58", "quote": "", "print": ""},
    {"who": "buyer", "kind": "text", "text": "在吗", "quote": "", "print": ""},
    {"who": "seller", "kind": "text", "text": "在的", "quote": "在吗", "print": ""},
    {"who": "buyer", "kind": "picture", "text": "", "quote": "", "print": "00ff"},
]


def rows(draft=()):
    return drafts.rows_of(READ, draft, [[0, 10, 20, 0.9, 1.0, False, False]] * len(READ))


def told(found):
    return [(one.who, one.kind.value, one.text) for one in found]


def test_untouched_it_says_what_was_read():
    assert drafts.final(rows(), None) == lines.from_documents(READ)
    assert drafts.documents(rows()) == [{}, {}, {}, {}]


def test_words_speaker_time_missed_lines_and_what_is_left_out():
    changed = drafts.changed(
        rows(),
        {
            1: {"who": "seller", "text": " 您好 ", "time": "2026-11-20 20:01", "more": "买家：你好\n我：请说"},
            2: {"keep": False},
        },
    )
    assert told(drafts.final(changed, None)) == [
        ("platform", "time", "2026-11-20 19:58"),
        ("platform", "time", "2026-11-20 20:01"),
        ("seller", "text", "您好"),
        ("buyer", "text", "你好"),
        ("seller", "text", "请说"),
        ("buyer", "picture", ""),
    ]
    kept = drafts.documents(changed)
    assert [bool(one) for one in kept] == [False, True, True, False]
    assert drafts.rows_of(READ, kept, [[0, 10, 20, 0.9, 1.0, False, False]] * len(READ)) == changed
    assert READ[1]["text"] == "在吗"


def test_the_other_phone_swaps_people_and_leaves_the_platform():
    assert [one.said.who for one in drafts.swapped(rows())] == ["platform", "seller", "buyer", "seller"]


def test_a_typed_time_counts_from_its_entry_on():
    changed = drafts.changed(rows(), {2: {"time": "20:30"}})
    at = datetime(2026, 11, 20, 11, 58, tzinfo=UTC)
    later = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    assert drafts.moments(changed, date(2026, 11, 21)) == [(at, True), (at, True), (later, True), (later, False)]
    assert drafts.moments(drafts.changed(rows(), {0: {"keep": False}}), None)[1] == (None, False)


@pytest.mark.parametrize("typed", [
    {1: {"who": "me"}}, {1: {"text": ""}}, {1: {"time": "很久以前"}}, {1: {"time": "2月30日 10:00"}},
    {0: {"text": "改成一句话"}}, {1: {"more": "没有说话人"}}, {1: {"text": "x" * (lines.LONGEST + 1)}},
])  # fmt: skip
def test_what_cannot_be_kept_names_its_entry(typed):
    [number] = typed
    with pytest.raises(BadSheet, match=f"第 {number + 1} 条") as refused:
        drafts.changed(rows(), typed)
    assert refused.value.facts["entry"] == number + 1


def test_an_entry_that_is_not_there_and_a_chat_of_nothing_are_refused():
    with pytest.raises(BadSheet):
        drafts.changed(rows(), {4: {"keep": False}})
    nothing = drafts.changed(rows(), {number: {"keep": False} for number in range(4)})
    with pytest.raises(BadSheet, match="没有一条消息"):
        drafts.final(nothing, None)


def test_an_entry_that_is_left_out_may_be_empty():
    [*_, one] = [drafts.changed(rows(), {1: {"text": "", "keep": False}})[1]]
    assert (one.is_kept, one.said.kind) == (False, Kind.TEXT)


def test_a_time_without_a_day_is_the_day_of_the_screenshot_and_a_typed_one_that_of_what_stands_above():
    stamps = lines.from_documents([
        {"who": "platform", "kind": "time", "text": "昨天 20:00"},
        {"who": "buyer", "text": "在吗"},
        {"who": "platform", "kind": "time", "text": "21:05"},
        {"who": "buyer", "text": "在吗"},
    ])  # fmt: skip
    day = date(2026, 11, 21)
    read = drafts.rows_of(lines.documents(stamps), [], [])
    typed = drafts.changed(read, {1: {"time": "20:30"}})
    moments = [at for at, _ in drafts.moments(typed, day)]
    assert moments[1:4:2] == [datetime(2026, 11, 20, 12, 30, tzinfo=UTC), datetime(2026, 11, 21, 13, 5, tzinfo=UTC)]
    said = lines.to_notices(drafts.final(typed, day), lines.About(conversation="c", taken_on=day))
    assert [one.said_at for one in said] == moments[1:4:2]
