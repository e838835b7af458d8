"""Nothing that anybody said is lost: every word of a copied chat stands in some message, whatever the layout."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cardcase.connectors.ports import FileKind, Speaker
from cardcase.connectors.registry import read_file

NAMES = st.sampled_from(
    ["小鹿乱撞", "礼卡小铺", "买家", "我", "tb8829_31", "客服小王", "Tom", "开心😊", "买家（小鹿）"]
)
STAMPS = st.sampled_from(
    ["2026-11-22 09:48", "11-22 09:48:30", "09:48", "昨天 21:03", "2026年11月22日 09:48", "11/22/2026 9:48 AM"]
)
FORMS = st.sampled_from(
    [
        "{name} {stamp}\n{words}", "[{stamp}] {name}: {words}", "{stamp} {name}：{words}", "{stamp} {name}\n{words}", "{name}：{words}",
        "{name}:\n{words}", "{name}\n{stamp}\n{words}", "{stamp}\n{name}\n{words}", "{stamp}\n{name}：{words}", "{name}({stamp})：{words}",
        "{name} {stamp} {words}", "{stamp}\n{words}", "{words}", "{stamp} {words}", "2026-11-22\n{words}", "\n{name} {stamp}\n\n{words}\n",
    ]
)  # fmt: skip
MOODS = st.sampled_from(
    [
        "{m}",
        "{m}：充不了",
        "卡号：{m}",
        "提示 {m} 09:48",
        "{m}\n第二行",
        "我昨天 21:30 充的 {m}",
        "[{m}]",
        "退款成功 {m}",
        "{m} -- 什么情况",
        "时间：2026-11-22 {m}",
        "# {m}",
        "== {m}",
    ]
)


@settings(max_examples=150)
@given(st.lists(st.tuples(FORMS, NAMES, STAMPS, MOODS), min_size=1, max_size=9), st.booleans())
@example([("{stamp}\n{name}：{words}", "小鹿乱撞", "2026-11-22 09:48", "{m}")] * 2, True)
@example(
    [
        ("{stamp} {name}\n{words}", "小鹿乱撞", "2026-11-22 09:48", "{m}"),
        ("{stamp} {words}", "小鹿乱撞", "2026-11-22 09:48", "{m}"),
        ("{name}\n{stamp}\n{words}", "小鹿乱撞", "2026-11-22 09:48", "{m}"),
    ],
    False,
)
@example([("2026-11-22\n{words}", "我", "09:48", "{m}")] * 2, True)
def test_every_word_stands_in_some_message(parts, is_told):
    text = "\n".join(
        form.format(name=name, stamp=stamp, words=mood.format(m=f"词{number:03d}尾"))
        for number, (form, name, stamp, mood) in enumerate(parts)
    )
    reading = read_file("聊天.txt", text.encode(), kind=FileKind.CHAT if is_told else None)
    if reading.kind is not FileKind.CHAT or reading.refused:
        return
    said = "\n".join(f"{message.text} {message.sender_name}" for message in reading.notices)
    ignored = any(finding.code == "preamble_ignored" for finding in reading.notes)
    for number in range(len(parts)):
        assert f"词{number:03d}尾" in said or (ignored and number < first_said(said, len(parts)))


def first_said(said, count):
    """The first part whose words are in some message: what stood before the first speaker was noted."""
    return next((number for number in range(count) if f"词{number:03d}尾" in said), count)


def test_a_table_of_messages_is_a_chat_too():
    text = "时间,发送者,内容\n2026-11-22 09:48,小鹿,在吗老板\n2026-11-22 09:49,我,在\n2026-11-22 09:50,小鹿,[我发起了退款申请]\n昨天,小鹿,?\n2026-11-22 09:51,小鹿,\n"
    reading = read_file("聊天.csv", text.encode("gb18030"))
    assert [(m.speaker, m.text) for m in reading.notices] == [
        (Speaker.BUYER, "在吗老板"),
        (Speaker.SELLER, "在"),
        (Speaker.SYSTEM, "[我发起了退款申请]"),
    ]
    assert [(finding.code, finding.row) for finding in reading.refused] == [
        ("time_unreadable", 5),
        ("message_empty", 6),
    ]
    assert {m.conversation_id for m in reading.notices} == {"peer:小鹿"}
    assert reading.rows == len(reading.accounted) == 5
