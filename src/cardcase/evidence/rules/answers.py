"""What has been asked and answered, pure: which answer stands, what is still to ask, what an answer offers next."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from cardcase.policies.rules import SILENT, Answer, Playbook, Question


class Answered(Protocol):
    """An answer on record, as far as these rules look at it."""

    playbook: str
    question: str
    answer: str


A = TypeVar("A", bound=Answered)


@dataclass(frozen=True, slots=True)
class Offered:
    """What a person may do upon an answer; nothing of it is done by itself.

    ``sub_reason``: the other reason that it speaks for, empty when none. ``kinds``: evidence that would show it.
    """

    sub_reason: str = ""
    kinds: tuple[str, ...] = ()


def standing(answers: Iterable[A]) -> Mapping[tuple[str, str], A]:
    """Return the answer that counts to each question, by playbook and question: the last of those given in order."""
    return {(one.playbook, one.question): one for one in answers}


def to_ask(book: Playbook, answers: Iterable[A]) -> tuple[Question, ...]:
    """Return the questions still to ask, in the playbook's order; one that met with silence is still to be asked."""
    heard = {question for (playbook, question), one in standing(answers).items() if _is_heard(one, book, playbook)}
    return tuple(question for question in book.questions if question.id not in heard)


def offered(answer: Answer, *, sub_reason: str, settled: Collection[str]) -> Offered:
    """Return what an answer offers for a case with this reason. ``settled``: kinds on file or asked for already."""
    other = answer.points_to if answer.points_to != sub_reason else ""
    return Offered(other, tuple(kind for kind in answer.asks if kind not in settled))


def _is_heard(one: Answered, book: Playbook, playbook: str) -> bool:
    return playbook == book.id and one.answer != SILENT
