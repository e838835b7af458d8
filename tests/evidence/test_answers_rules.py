"""Which answer stands, what is still to ask, and what an answer offers: pure, in milliseconds."""

from dataclasses import dataclass

import pytest

from cardcase.evidence.rules import offered, standing, to_ask
from cardcase.policies.queries import _load_playbooks
from cardcase.policies.rules import IN_WORDS, SILENT

BOOKS = _load_playbooks(None)
A1 = BOOKS["A1"]


@dataclass
class Said:
    playbook: str
    question: str
    answer: str


def ids(questions) -> list[str]:
    return [question.id for question in questions]


def test_an_answered_question_leaves_the_list_and_silence_does_not():
    assert ids(to_ask(A1, [])) == ["where", "typing", "screen"]
    assert ids(to_ask(A1, [Said("A1", "where", "used"), Said("A1", "typing", SILENT)])) == ["typing", "screen"]


def test_the_last_of_several_answers_counts():
    said = [Said("A1", "where", SILENT), Said("A1", "where", "used"), Said("A1", "where", "region")]
    assert standing(said)["A1", "where"].answer == "region"
    assert ids(to_ask(A1, [*said, Said("A1", "where", SILENT)])) == ["where", "typing", "screen"]


def test_an_answer_under_another_reason_answers_no_question_of_this_one():
    assert "account" in ids(to_ask(BOOKS["A2"], [Said("A4", "account", "x")]))


def test_an_answer_offers_the_other_reason_and_what_would_show_it():
    used = A1.question("where").choice("used")
    assert (offered(used, sub_reason="A1", settled=()).sub_reason, used.asks) == ("A2", ("E12",))
    nothing = offered(used, sub_reason="A2", settled={"E12"})
    assert (nothing.sub_reason, nothing.kinds) == ("", ())


@pytest.mark.parametrize("book", BOOKS.values(), ids=lambda book: book.id)
def test_every_question_can_be_answered_otherwise_or_not_at_all(book):
    for question in book.questions:
        found = ids(question.choices)
        assert len(set(found)) == len(found)
        assert {IN_WORDS, SILENT} < set(found)
        assert question.choice(SILENT).means.zh


def test_a_playbook_that_knows_better_what_silence_means_is_heard():
    assert "快到时限" in BOOKS["unstated"].question("which").choice(SILENT).means.zh
