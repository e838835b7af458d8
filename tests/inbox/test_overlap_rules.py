"""When two lines of two files are one message, and when both are kept."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cardcase.inbox.rules.overlap import Line, matches, words_of

NINE = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def at(minute, second=0):
    return NINE + timedelta(minutes=minute, seconds=second)


def line(words, when=None, *, who="buyer", own=False):
    return Line(who, words_of("text", words), when, own)


def test_a_minute_is_the_minute_of_its_seconds():
    known = [line("在吗", at(1, 12), own=True), line("在吗", at(1, 50), own=True), line("在吗", at(3, 5), own=True)]
    assert matches(known, [line("在吗", at(1)), line("在吗", at(1)), line("在吗", at(3))]) == {0: 0, 1: 1, 2: 2}


def test_what_was_said_once_more_stays_said_once_more():
    known = [line("在吗", at(1, 12), own=True)]
    assert matches(known, [line("在吗", at(1)), line("在吗", at(1))]) == {0: 0}
    assert matches(known, [line("在吗", at(2))]) == {}
    assert matches([line("在吗", at(1, 12))], [line("在吗", at(1, 50))]) == {}


def test_two_ids_of_the_channel_are_two_messages():
    known = [line("在吗", at(1, 12), own=True)]
    assert matches(known, [line("在吗", at(1, 12), own=True)]) == {}
    assert matches(known, [line("在吗", at(1, 12))]) == {0: 0}


def test_the_side_must_be_the_same_unless_nobody_knows_it():
    known = [line("好的", at(1), who="seller", own=True)]
    assert matches(known, [line("好的", at(1))]) == {}
    assert matches(known, [line("好的", at(1), who="unknown")]) == {0: 0}
    assert matches([line("好的", at(1), who="system", own=True)], [line("好的", at(1), who="unknown")]) == {}


def test_width_space_and_brackets_are_no_difference_and_pictures_are_pictures():
    assert words_of("text", "[我发起了退款申请]") == words_of("tip", "我发起了退款申请")
    assert words_of("text", "ＡＢ １2\n3") == words_of("text", "ab 123")
    assert words_of("image", "") == words_of("image", "[图片]") != words_of("image", "").strip("<>")


TALK = ["在吗", "老板 充的时候一直弹此代码无效", "亲，稍等帮您核实", "在吗", "都半天了，给我退款"]


def test_lines_without_a_time_are_matched_as_a_run():
    known = [line(words, at(minute), own=True) for minute, words in enumerate(TALK)]
    assert matches(known, [line(words) for words in TALK]) == {n: n for n in range(5)}
    assert matches(known, [line(words) for words in TALK[2:]]) == {0: 2, 1: 3, 2: 4}
    assert matches(known, [line(words) for words in [*TALK[1:3], "在吗", "我要投诉了"]]) == {0: 1, 1: 2, 2: 3}
    assert matches(known, [line(words) for words in [*TALK[3:], "在吗"]]) == {0: 3, 1: 4}


def test_a_short_word_without_a_time_proves_nothing():
    known = [line(words, at(minute), own=True) for minute, words in enumerate(TALK)]
    assert matches(known, [line("在吗")]) == {}
    assert matches(known, [line("在吗"), line("新的问题来了 这张卡余额不对")]) == {}


def test_beside_a_line_that_is_sure_a_short_one_is_known_again():
    known = [line("你好", at(1, 5), own=True), line("在吗", at(2, 5), own=True), line("1", at(3), own=True)]
    assert matches(known, [line("你好", at(1)), line("在吗")]) == {0: 0, 1: 1}


def test_the_platforms_texts_follow_the_people():
    known = [
        line("老板 充的时候一直弹此代码无效", at(1), own=True),
        line("[我发起了退款申请]", at(2), who="system", own=True),
        line("什么时候处理啊", at(3), own=True),
    ]
    told = [
        line("老板 充的时候一直弹此代码无效"),
        line("我发起了退款申请", who="system"),
        line("什么时候处理啊"),
    ]
    assert matches(known, told) == {0: 0, 1: 1, 2: 2}
    assert matches(known, told[1:2]) == {}


SAID = st.lists(
    st.tuples(st.sampled_from(["在吗", "好的", "快点", "怎么还没到账啊老板"]), st.integers(0, 3), st.integers(1, 59)),
    max_size=8,
)


@given(SAID)
def test_the_same_chat_by_the_minute_is_known_whole_and_once(said):
    said = sorted(said, key=lambda one: (one[1], one[2]))
    known = [line(words, at(minute, second), own=True) for words, minute, second in said]
    told = [line(words, at(minute)) for words, minute, _ in said]
    found = matches(known, told)
    assert sorted(found) == sorted(found.values()) == list(range(len(said)))
    back = matches(told, known)
    assert sorted(back) == sorted(back.values()) == list(range(len(said)))


@given(SAID, st.data())
def test_a_new_line_is_never_taken_for_an_old_one(said, data):
    said = sorted(said, key=lambda one: (one[1], one[2]))
    known = [line(words, at(minute, second), own=True) for words, minute, second in said]
    extra = data.draw(st.sampled_from(["在吗", "好的", "新的话"]))
    told = [line(words, at(minute)) for words, minute, _ in said] + [line(extra, at(9))]
    assert len(told) - len(matches(known, told)) == 1


@given(SAID, SAID)
def test_each_line_is_matched_once_with_its_own_words(known, told):
    mine = [line(words, at(minute, second) if second % 3 else None) for words, minute, second in known]
    other = [line(words, at(minute, second) if second % 2 else None) for words, minute, second in told]
    found = matches(mine, other)
    assert len(set(found.values())) == len(found)
    assert all(mine[place].words == other[number].words for number, place in found.items())
