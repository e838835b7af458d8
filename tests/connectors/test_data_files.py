"""The data files of the room: valid, sourced, and without words that mean two things."""

from collections import Counter

import pytest

from cardcase.connectors import columns, words
from cardcase.connectors.chats import systemtexts
from cardcase.connectors.findings import WORDS, finding
from cardcase.connectors.ports import OrderState, RefundKind, RefundState
from cardcase.kit import catalogue


@pytest.mark.parametrize(
    ("file", "kind", "table"),
    [
        ("columns.toml", columns.ColumnRecord, "column"), ("status_words.toml", words.WordRecord, "word"),
        ("system_texts.toml", systemtexts.TextRecord, "text"), ("system_texts.toml", systemtexts.TextRecord, "button"),
        ("system_texts.toml", systemtexts.TextRecord, "task"),
    ],
)  # fmt: skip
def test_every_file_is_valid_and_every_record_has_a_source(file, kind, table):
    loaded = catalogue.load(words.DATA / file, kind, table=table)
    assert loaded.records
    assert all(record.source and record.certainty for record in loaded.records.values())


def test_no_header_name_means_two_things_within_one_table():
    loaded = catalogue.load(words.DATA / "columns.toml", columns.ColumnRecord, table="column")
    for tables in ({"order", "refund"}, {"card"}, {"chat"}, {"personal"}):
        seen = Counter(
            columns.normal(name)
            for record in loaded.records.values()
            if record.table in tables
            for name in set(map(columns.normal, record.names))
        )
        assert [name for name, times in seen.items() if times > 1] == []


def test_no_state_word_means_two_states():
    loaded = catalogue.load(words.DATA / "status_words.toml", words.WordRecord, table="word")
    for group in ("order", "refund", "kind"):
        seen = Counter(
            word
            for key, record in loaded.records.items()
            if key.startswith(f"{group}.")
            for word in {words.squeeze(name) for name in record.names}
        )
        assert [word for word, times in seen.items() if times > 1] == []


def test_every_state_of_the_file_is_one_of_ours():
    loaded = catalogue.load(words.DATA / "status_words.toml", words.WordRecord, table="word")
    known = {"order": {*OrderState, *words.Hint}, "refund": set(RefundState), "kind": set(RefundKind)}
    for key in loaded.records:
        group, _, state = key.partition(".")
        assert state in known[group]


def test_no_system_text_stands_twice():
    loaded = catalogue.load(words.DATA / "system_texts.toml", systemtexts.TextRecord, table="text")
    seen = Counter(systemtexts.normal(text) for record in loaded.records.values() for text in record.texts)
    assert [text for text, times in seen.items() if times > 1] == []


@pytest.mark.parametrize("code", WORDS)
def test_every_finding_can_be_said_in_both_languages(code):
    said = finding(code, file="a", row=1, limit=5, count=2, cells=3, headers=4, of_row=2, encoding="big5")
    for text in (said.message, said.next):
        assert "{" not in text.zh + text.en
        assert bool(text.zh) == bool(text.en)
    assert said.message.zh


@pytest.mark.parametrize(
    ("written", "state"),
    [
        ("退款中-待卖家处理", RefundState.AWAITING_SELLER),
        ("退款中（待买家退货）", RefundState.AWAITING_RETURN),
        ("售后中 / 已拒绝", RefundState.REFUSED),
        ("退款成功（已拒绝）", RefundState.UNKNOWN),  # two steps at once: a person looks
        ("退款中", RefundState.UNKNOWN),
        ("售后中 (5)", RefundState.UNKNOWN),  # alone, 5 is the code of a refund that was paid
        ("退款中 2026-11-6 待处理", RefundState.AWAITING_SELLER),
        ("等一等再说", RefundState.UNKNOWN),
    ],
)
def test_a_state_and_its_step_in_one_cell_are_read_by_the_step(written, state):
    assert words.refund_state(written) is state
