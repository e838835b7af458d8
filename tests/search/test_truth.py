"""The index against the law: a generated truth set, found exactly, on whichever database the tests run."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcase.search import engine, queries
from cardcase.search.engine import Entry
from cardcase.search.rules import Kind, ask, fold, place, span
from search.corpus import messages, questions

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 1, tzinfo=UTC)
ODD = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from("退款卡余额aA1 '\"\\:*&|!<->()^~"),
    min_size=1,
    max_size=12,
)


def fill(texts, shop_id=1):
    entries = [
        Entry(place(Kind.MESSAGE, row, START + timedelta(minutes=row % 977)), shop_id, text)
        for row, text in enumerate(texts, 1)
    ]
    engine.write(entries)
    return {entry.number: fold(entry.text) for entry in entries}


def truth(folded, question):
    return sorted((number for number, text in folded.items() if question.is_in(text)), reverse=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_recall_and_precision_are_one_for_words_of_any_length(seed):
    texts = messages(4000, seed)
    folded = fill(texts)
    asked = found = 0
    for words in questions(texts, 250, seed):
        question = ask(words)
        if not question:
            continue
        want = truth(folded, question)
        assert engine.look(1, question, span(things=False), limit=10**6) == want, words
        assert engine.look(1, question, span(things=False), limit=21) == want[:21], words
        asked, found = asked + 1, found + len(want)
    assert asked > 200
    assert found > 5000


def test_going_on_behind_a_page_meets_every_answer_once(owner):
    texts = messages(3000, 7)
    folded = fill(texts, owner.shop_id)
    for words in ("退款", "的", "了", "卡", "😡"):
        question = ask(words)
        batches = list(queries.find(owner, question))
        assert [number for batch in batches for number, _ in batch] == truth(folded, question)
        assert len(batches) > 1
        first = batches[0][-1][0]
        rest = [number for batch in queries.find(owner, question, before=first) for number, _ in batch]
        assert rest == [number for number in truth(folded, question) if number < first]


def test_a_span_of_time_is_exact_to_the_minute(owner):
    folded = fill(messages(2000, 9), owner.shop_id)
    since, until = START + timedelta(minutes=300), START + timedelta(minutes=600)
    first, behind = span(things=False, since=since, until=until)
    for words in ("退款", "卡", "了"):
        found = [n for batch in queries.find(owner, ask(words), since=since, until=until) for n, _ in batch]
        assert found == [number for number in truth(folded, ask(words)) if first <= number < behind]
        assert found


@settings(max_examples=60)
@given(st.lists(ODD, min_size=1, max_size=12), ODD)
def test_odd_characters_break_nothing_and_are_found(texts, words):
    engine.empty()
    folded = {number: text for number, text in fill(texts).items() if text}
    for told in (words, texts[0], texts[-1][:2], f'"{texts[0][:5]}"'):
        question = ask(told)
        if question:
            assert engine.look(1, question, span(things=False), limit=100) == truth(folded, question)


def test_the_day_of_a_row_is_no_word_of_its_text():
    [number] = fill(["退款 0"])
    day = engine._day_word(engine._day(number))
    for words in ("d", "D", "d2", day, day.strip(), day.strip()[:2], day.strip()[0], f'"{day}"', '" "'):
        question = ask(words)
        assert not question or engine.look(1, question, span(things=False), limit=9) == [], words


def rows():
    with connection.cursor() as cursor:
        cursor.execute("SELECT rowid, words FROM search_doc ORDER BY rowid")
        return cursor.fetchall()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL keeps days among the words")
def test_days_that_were_written_with_a_letter_are_written_anew():
    folded = fill(["退款", "d1 退款"])
    right = rows()
    with connection.cursor() as cursor:
        for number in folded:
            day = engine._day(number)
            cursor.execute(
                "UPDATE search_doc SET words = ts_delete(words, %s) || quote_literal(%s)::tsvector WHERE rowid = %s",
                [engine._day_word(day), f"d{day}", number],
            )
    assert rows() != right
    with connection.schema_editor() as editor:
        engine.rename_days(editor)
    assert rows() == right


def test_a_text_longer_than_places_are_kept_for_is_found_by_every_part_of_it():
    text = "的了的" * 300 + "退款请求" + "是是否" * 300
    folded = fill([text, "退 款", "款退"])
    for words in ("退款", "款请", "求是", "的退款请求是", "的了的的了", "否是是否", text[600:800]):
        assert engine.look(1, ask(words), span(things=False), limit=9) == truth(folded, ask(words)), words
    assert engine.look(1, ask("了退"), span(things=False), limit=9) == []


def test_what_is_removed_is_not_found_and_removing_it_again_is_no_error():
    fill(["退款", "退货"])
    number = place(Kind.MESSAGE, 1, START + timedelta(minutes=1))
    engine.remove([number])
    engine.remove([number, 12345])
    assert engine.look(1, ask("退款"), span(things=False), limit=9) == []
    assert len(engine.look(1, ask("退"), span(things=False), limit=9)) == 1


def test_another_shop_finds_nothing_of_ours(owner, stranger):
    fill(["退款"] * 50, owner.shop_id)
    assert list(queries.find(stranger, ask("退款"))) == []
    assert list(queries.find(stranger, ask("退"))) == []


def test_nobody_looks_without_the_right_to_read(shop):
    from cardcase.kit.errors import NotAllowed
    from cardcase.staff.rules import Actor, ActorKind

    with pytest.raises(NotAllowed):
        list(queries.find(Actor(ActorKind.BUYER, shop.pk), ask("退款")))


@pytest.mark.django_db(transaction=True)
def test_the_words_are_gone_from_the_index_itself_when_they_are_removed():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's vacuum takes them: decision 0015")
    fill(["麤爨退款", *messages(500, 3)])
    end = "麤爨".encode()[2:]  # what its neighbour in the order of words begins with as well is left out
    assert end in blocks()
    engine.remove([place(Kind.MESSAGE, 1, START + timedelta(minutes=1))])
    assert end not in blocks()


def blocks() -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT block FROM search_doc_data")
        return b"".join(bytes(row[0]) for row in cursor.fetchall())
