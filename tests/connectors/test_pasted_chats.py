"""Copied chat text: the layouts that programs and people write, who speaks, system texts between, ids that stay."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcase.connectors.ports import FileKind, MessageKind, Speaker, SystemEvent
from cardcase.connectors.registry import read_file
from cardcase.kit import clock
from connectors import samples

S = Speaker
NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
SHOP = {"seller_names": ["礼卡小铺"]}


def read(text, name="粘贴.txt", **told):
    with clock.fixed_at(NOW):
        reading = read_file(name, text.encode(), **told)
    assert reading.rows == len(reading.accounted)
    return reading


def said(reading):
    return [(message.speaker, message.text) for message in reading.notices]


def times(reading):
    return [
        message.said_at and message.said_at.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M")
        for message in reading.notices
    ]


TALK = [(S.BUYER, "老板在吗\n这卡充不进去啊"), (S.SELLER, "亲，稍等帮您核实"), (S.BUYER, "都半天了，退了吧")]

LAYOUTS = {
    "nick and time, then words": """小鹿乱撞 2026-11-22 09:48
老板在吗
这卡充不进去啊
礼卡小铺 2026-11-22 09:50
亲，稍等帮您核实
小鹿乱撞 2026-11-22 10:02
都半天了，退了吧
""",
    "time in brackets, nick, colon": """[2026-11-22 09:48] 小鹿乱撞: 老板在吗
这卡充不进去啊
[2026-11-22 09:50] 礼卡小铺: 亲，稍等帮您核实
[2026-11-22 10:02] 小鹿乱撞: 都半天了，退了吧
""",
    "nick and short time": """小鹿乱撞 11-22 09:48
老板在吗
这卡充不进去啊

礼卡小铺 11-22 09:50
亲，稍等帮您核实

小鹿乱撞 11-22 10:02
都半天了，退了吧
""",
    "WeChat on a desktop": """小鹿乱撞 2026/11/22 9:48:30
老板在吗
这卡充不进去啊

礼卡小铺 2026/11/22 9:50:02
亲，稍等帮您核实

小鹿乱撞 2026/11/22 10:02:11
都半天了，退了吧
""",
    "QQ": """2026-11-22 9:48:30 小鹿乱撞(1234567)
老板在吗
这卡充不进去啊

2026-11-22 9:50:02 礼卡小铺(7654321)
亲，稍等帮您核实

2026-11-22 10:02:11 小鹿乱撞(1234567)
都半天了，退了吧
""",
    "time in round brackets behind the nick": """小鹿乱撞（2026-11-22 09:48）：老板在吗
这卡充不进去啊
礼卡小铺（2026-11-22 09:50）：亲，稍等帮您核实
小鹿乱撞（2026-11-22 10:02）：都半天了，退了吧
""",
    "time, nick, full-width colon": """2026年11月22日 09:48 小鹿乱撞：老板在吗
这卡充不进去啊
2026年11月22日 09:50 礼卡小铺：亲，稍等帮您核实
2026年11月22日 10:02 小鹿乱撞：都半天了，退了吧
""",
    "nick above time": """小鹿乱撞
2026-11-22 09:48
老板在吗
这卡充不进去啊
礼卡小铺
2026-11-22 09:50
亲，稍等帮您核实
小鹿乱撞
2026-11-22 10:02
都半天了，退了吧
""",
    "time above nick": """2026-11-22 09:48
小鹿乱撞
老板在吗
这卡充不进去啊
2026-11-22 09:50
礼卡小铺
亲，稍等帮您核实
2026-11-22 10:02
小鹿乱撞
都半天了，退了吧
""",
    "nick, short time and words on one line": """小鹿乱撞 11-22 09:48 老板在吗
这卡充不进去啊
礼卡小铺 11-22 09:50 亲，稍等帮您核实
小鹿乱撞 11-22 10:02 都半天了，退了吧
""",
    "English time, American date": """小鹿乱撞 11/22/2026 9:48 AM
老板在吗
这卡充不进去啊
礼卡小铺 11/22/2026 9:50 AM
亲，稍等帮您核实
小鹿乱撞 11/22/2026 10:02 AM
都半天了，退了吧
""",
    "a date once, then clock times": """—— 2026年11月22日 星期日 ——
小鹿乱撞 09:48
老板在吗
这卡充不进去啊
礼卡小铺 09:50
亲，稍等帮您核实
小鹿乱撞 10:02
都半天了，退了吧
""",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_talk(layout):
    reading = read(LAYOUTS[layout], **SHOP)
    assert (reading.kind, said(reading), reading.refused) == (FileKind.CHAT, TALK, ())
    assert times(reading) == ["2026-11-22 09:48", "2026-11-22 09:50", "2026-11-22 10:02"]
    assert {message.buyer_nick for message in reading.notices} == {"小鹿乱撞"}
    assert {message.conversation_id for message in reading.notices} == {"paste:小鹿乱撞"}


@pytest.mark.parametrize("codec", ["utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_pasted_chat_is_read_in_every_encoding(codec):
    assert said(read_file("聊天.txt", LAYOUTS["nick above time"].encode(codec), **SHOP)) == TALK


def test_windows_line_ends_change_nothing():
    assert said(read(LAYOUTS["QQ"].replace("\n", "\r\n"), **SHOP)) == TALK


def test_roles_before_a_colon_without_times():
    reading = read(
        "买家：在吗\n我：在的亲\n买家：用不了啊！！\n我：卡号：JDV000123\n密码：7F3A-99C0\n买家：步骤：打开app-礼品卡\n",
        name="小鹿.txt",
    )
    assert said(reading) == [
        (S.BUYER, "在吗"),
        (S.SELLER, "在的亲"),
        (S.BUYER, "用不了啊！！"),
        (S.SELLER, "卡号：JDV000123\n密码：7F3A-99C0"),
        (S.BUYER, "步骤：打开app-礼品卡"),
    ]
    assert times(reading) == [None] * 5
    assert reading.notices[0].conversation_id == "paste:file:小鹿"


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("小鹿：在吗\n我：在的\n小鹿：退了吧\n", [S.BUYER, S.SELLER, S.BUYER]),
        ("买家-小鹿：在吗\n卖家-礼卡小铺：在的\n", [S.BUYER, S.SELLER]),
        ("小鹿(买家): 在吗\n小铺(卖家): 在的\n", [S.BUYER, S.SELLER]),
        ("顾客：在吗\n客服：在的\n", [S.BUYER, S.SELLER]),
        ("对方：在吗\n自己：在的\n", [S.BUYER, S.SELLER]),
        ("买家（小鹿）：在吗\n卖家（我）：在的\n", [S.BUYER, S.SELLER]),
        ("【买家】小鹿：在吗\n【卖家】礼卡小铺：在的\n", [S.BUYER, S.SELLER]),
        ("买家小鹿: 拍错了\n客服小王: 亲，不能退哦\n", [S.BUYER, S.SELLER]),
        ("A：在吗老板\nB：在的亲\nA：卡不对\n", [S.BUYER, S.SELLER, S.BUYER]),
        ("buyer: hello\nseller: hi\nbuyer: the code does not work\n", [S.BUYER, S.SELLER, S.BUYER]),
    ],
)
def test_who_is_who_by_what_they_are_called(text, speakers):
    assert [speaker for speaker, _ in said(read(text))] == speakers


def test_names_alone_on_a_line_with_a_colon_as_phones_copy_them():
    reading = read("小鹿:\n在吗\n\n礼卡小铺:\n亲在的\n\n小鹿:\n[图片]\n卡是假的吧\n")
    assert said(reading) == [(S.BUYER, "在吗"), (S.SELLER, "亲在的"), (S.BUYER, "[图片]\n卡是假的吧")]
    assert [finding.code for finding in reading.notes] == ["speaker_inferred"]


def test_one_who_spoke_once_is_not_taken_for_words_of_the_other():
    reading = read("小鹿：老板在吗\n阿强：稍等\n小鹿：退了吧\n")
    assert [text for _, text in said(reading)] == ["老板在吗", "稍等", "退了吧"]


def test_two_names_of_whom_nothing_is_known_stay_unknown_and_that_is_said():
    reading = read("甲 2026-11-22 09:48\n1\n乙 2026-11-22 09:49\n2\n")
    assert [speaker for speaker, _ in said(reading)] == [S.UNKNOWN, S.UNKNOWN]
    [finding] = reading.notes
    assert finding.code == "speaker_unclear"
    assert "昵称" in finding.next.zh


def test_system_texts_between_are_the_platforms_and_close_nobodys_mouth_open():
    reading = read(samples.PASTED, **SHOP)
    assert said(reading) == [TALK[0], TALK[1], (S.SYSTEM, "[我发起了退款申请]"), TALK[2]]
    assert reading.notices[2].event is SystemEvent.REFUND_OPENED
    assert reading.notices[2].kind is MessageKind.TIP


def test_a_system_text_under_a_name_tells_who_the_buyer_is():
    reading = read(
        "甲 2026-11-22 09:40\n[我已付款，等待你发货]\n乙 2026-11-22 09:41\n已发\n甲 2026-11-22 09:50\n用不了\n"
    )
    assert said(reading) == [(S.SYSTEM, "[我已付款，等待你发货]"), (S.SELLER, "已发"), (S.BUYER, "用不了")]
    assert reading.notices[0].event is SystemEvent.PAID
    assert reading.notes == ()


def test_a_time_before_a_system_text_is_its_time():
    reading = read(
        "2026-11-22 09:48:12 小鹿: 不想要了\n2026-11-22 09:49:12 我: 亲 不支持退哦\n2026-11-22 09:50:30 [我发起了退款申请]\n"
    )
    assert said(reading)[2] == (S.SYSTEM, "[我发起了退款申请]")
    assert times(reading)[2] == "2026-11-22 09:50"


def test_a_time_above_a_named_line_is_that_lines_time():
    reading = read("2026-11-22 09:48\n小鹿：在吗\n2026-11-22 09:49\n我：在\n")
    assert said(reading) == [(S.BUYER, "在吗"), (S.SELLER, "在")]
    assert times(reading) == ["2026-11-22 09:48", "2026-11-22 09:49"]


def test_a_line_that_only_looks_like_a_name_and_a_time_stays_words():
    reading = read("买家 2026-11-22 09:48\n我充值的时间 09:31\n我 2026-11-22 09:50\n好\n")
    assert [text for _, text in said(reading)] == ["我充值的时间 09:31", "好"]


def test_words_after_a_system_text_in_the_middle_are_nobodys_until_somebody_is_named():
    reading = read("买家：在吗\n[买家申请退款]\n处理一下\n我：好的\n")
    assert said(reading) == [
        (S.BUYER, "在吗"),
        (S.SYSTEM, "[买家申请退款]"),
        (S.UNKNOWN, "处理一下"),
        (S.SELLER, "好的"),
    ]


def test_words_that_people_type_too_stay_theirs_under_their_name():
    reading = read("买家：退款成功\n我：退款成功了\n")
    assert said(reading) == [(S.BUYER, "退款成功"), (S.SELLER, "退款成功了")]


def test_marks_of_reading_are_not_words_and_show_whose_side_it_is():
    reading = read("甲 09:48\n在吗\n乙 09:49\n在的\n已读\n甲 09:50\n用不了\n")
    assert said(reading) == [(S.BUYER, "在吗"), (S.SELLER, "在的"), (S.BUYER, "用不了")]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("[图片]", MessageKind.IMAGE),
        ("[语音]", MessageKind.AUDIO),
        ("[视频]", MessageKind.VIDEO),
        ("[表情]", MessageKind.EMOJI),
        ("看[图片]", MessageKind.TEXT),
    ],
)
def test_placeholders_say_what_a_message_is_made_of(words, kind):
    assert read(f"买家 2026-11-22 09:48\n{words}\n我 2026-11-22 09:49\n好\n").notices[0].kind is kind


# ---- times -------------------------------------------------------------------------------------


def test_a_year_that_is_left_out_is_the_latest_that_is_past():
    assert times(read("买家 12-30 09:48\n在吗\n我 11-23 09:49\n在\n")) == ["2025-12-30 09:48", "2026-11-23 09:49"]


def test_yesterday_is_only_understood_when_the_day_of_copying_is_told():
    text = "买家 昨天 21:03\n在吗\n我 今天 上午8:15\n在\n买家 星期三 10:00\n?\n"
    assert times(read(text)) == [None, None, None]
    assert "time_incomplete" in {finding.code for finding in read(text).notes}
    assert times(read(text, copied_on=date(2026, 11, 24))) == [
        "2026-11-23 21:03",
        "2026-11-24 08:15",
        "2026-11-18 10:00",
    ]


def test_a_clock_that_goes_back_leaves_the_day_open():
    assert times(read("买家 2026-11-22 23:58\n在吗\n我 23:59\n在\n买家 00:03\n好\n")) == [
        "2026-11-22 23:58",
        "2026-11-22 23:59",
        None,
    ]


@pytest.mark.parametrize(
    ("stamp", "expected"), [("下午3:05", "15:05"), ("晚上9:05", "21:05"), ("9:05 PM", "21:05"), ("上午9：05", "09:05")]
)
def test_halves_of_the_day_are_understood(stamp, expected):
    assert times(read(f"买家 2026-11-22 {stamp}\n在吗\n我 2026-11-22 23:00\n在\n"))[0] == f"2026-11-22 {expected}"


def test_a_time_among_peoples_words_is_words():
    text = "买家：付款时间 2026-11-20 10:41\n我：好的\n买家：我昨天 21:30 充的\n下单时间 2026-11-20 10:40\n我：看到了\n"
    assert [speaker for speaker, _ in said(read(text))] == [S.BUYER, S.SELLER, S.BUYER, S.SELLER]


# ---- which conversation, which order -----------------------------------------------------------


def test_what_stands_above_the_first_speaker_tells_about_the_chat():
    reading = read(
        f"与 小鹿乱撞 的聊天记录\n订单编号：{samples.ORDER_NO}\n\n买家 2026-11-22 09:48\n用不了\n我 2026-11-22 09:50\n稍等\n"
    )
    assert {(m.order_no, m.buyer_nick, m.conversation_id) for m in reading.notices} == {
        (samples.ORDER_NO, "小鹿乱撞", "paste:小鹿乱撞")
    }
    assert len(reading.notices) == 2


@pytest.mark.parametrize(
    ("text", "name", "told", "order_no"),
    [
        ("买家：用不了\n我：稍等\n", f"聊天-{samples.ORDER_NO}.txt", {}, samples.ORDER_NO),
        ("买家：用不了\n我：稍等\n", "a.txt", {"order_no": samples.ORDER_NO}, samples.ORDER_NO),
        (f"买家：订单号是{samples.ORDER_NO}\n我：稍等\n", "a.txt", {}, samples.ORDER_NO),
        ("买家：用不了\n我：卡号 1000111234567890123\n", "a.txt", {}, ""),
        (f"买家：订单号{samples.ORDER_NO}和订单号3364202298717566230\n我：好\n", "a.txt", {}, ""),
    ],
)
def test_the_order_of_a_chat_is_found_where_it_is_told_and_nowhere_else(text, name, told, order_no):
    assert read(text, name=name, **told).notices[1].order_no == order_no


def test_several_conversations_under_headings_are_kept_apart():
    reading = read(
        f"===== 买家：小鹿 订单 {samples.ORDER_NO} =====\n买家：卡不能用\n我：我看看\n"
        "===== 买家：大熊 订单 3364202298717566230 =====\n买家：拍错了能退吗\n我：可以\n"
    )
    assert [(m.conversation_id, m.order_no, m.text) for m in reading.notices] == [
        ("paste:小鹿", samples.ORDER_NO, "卡不能用"),
        ("paste:小鹿", samples.ORDER_NO, "我看看"),
        ("paste:大熊", "3364202298717566230", "拍错了能退吗"),
        ("paste:大熊", "3364202298717566230", "可以"),
    ]


# ---- ids ---------------------------------------------------------------------------------------


def ids(reading):
    return [message.message_id for message in reading.notices]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_chat_pasted_again_has_the_same_ids(layout):
    text = LAYOUTS[layout]
    assert ids(read(text, **SHOP)) == ids(read(text, name="另一个文件.txt", **SHOP))
    assert len(set(ids(read(text, **SHOP)))) == 3


def test_a_longer_paste_gives_the_same_ids_for_the_same_lines():
    text = LAYOUTS["nick and time, then words"]
    earlier = "小鹿乱撞 2026-11-21 20:00\n[我已付款，等待你发货]\n礼卡小铺 2026-11-21 20:01\n已发，请查收\n"
    later = "礼卡小铺 2026-11-22 10:30\n好的，给您退\n"
    assert set(ids(read(text, **SHOP))) <= set(ids(read(earlier + text + later, **SHOP)))


def test_blank_lines_and_width_do_not_change_an_id():
    first = read("买家 2026-11-22 09:48\n卡 ＡＢ 无效\n我 2026-11-22 09:50\n好\n")
    second = read("买家 2026-11-22 09:48\n卡  AB 无效  \n\n\n我 2026-11-22 09:50\n好")
    assert ids(first) == ids(second)


def test_the_same_words_said_twice_in_one_minute_are_two_messages():
    reading = read("买家 2026-11-22 09:48\n在吗\n买家 2026-11-22 09:48\n在吗\n我 2026-11-22 09:50\n在\n")
    assert len(set(ids(reading))) == 3


def test_two_conversations_do_not_share_ids():
    other = LAYOUTS["QQ"].replace("小鹿乱撞", "大熊")
    assert not set(ids(read(LAYOUTS["QQ"], **SHOP))) & set(ids(read(other, **SHOP)))


lines = st.lists(
    st.tuples(
        st.sampled_from(["小鹿", "礼卡小铺"]),
        st.integers(0, 59),
        st.sampled_from(["在吗", "用不了", "亲稍等", "退了吧老板", "[图片]", "[买家申请退款]"]),
    ),
    min_size=2,
    max_size=12,
)


@given(lines, st.integers(0, 12))
def test_any_beginning_of_a_chat_keeps_its_ids_when_the_chat_goes_on(talk, cut):
    def text(part):
        return "".join(f"[2026-11-22 09:{minute:02d}] {name}: {words}\n" for name, minute, words in part)

    whole = read(text(talk), **SHOP)
    part = read(text(talk[: max(1, cut)]), kind=FileKind.CHAT, **SHOP)
    if {m.conversation_id for m in part.notices} == {m.conversation_id for m in whole.notices}:
        assert ids(part) == ids(whole)[: len(part.notices)]


def test_a_message_with_control_characters_is_refused_and_the_others_read():
    reading = read("买家 2026-11-22 09:48\n在\x00吗\n我 2026-11-22 09:50\n好\n")
    assert [(finding.code, finding.row) for finding in reading.refused] == [("control_character", 1)]
    assert said(reading) == [(S.SELLER, "好")]


def test_text_without_any_speaker_is_only_a_chat_when_it_is_said_to_be_one():
    text = "今天天气不错\n适合出门走走吧各位\n"
    assert [finding.code for finding in read(text).refused] == ["kind_unclear"]
    reading = read(text, kind=FileKind.CHAT)
    assert {speaker for speaker, _ in said(reading)} == {S.UNKNOWN}
