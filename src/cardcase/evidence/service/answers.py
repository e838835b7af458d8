"""What the buyer answers to the guided questions of a playbook: kept as the buyer's word, never as a finding."""

from datetime import datetime
from typing import Final

from django.db import transaction

from cardcase.cases.models import Case
from cardcase.cases.service.rows import LABEL_MAX, take, write
from cardcase.evidence import queries
from cardcase.evidence.models import BuyerAnswer
from cardcase.inbox import queries as inbox
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.kit.text import Text
from cardcase.policies import queries as policies
from cardcase.policies.rules import IN_WORDS, Answer, Question
from cardcase.staff.rules import Actor, Permission

from .entries import masked, record
from .requests import refuse_while_over

CLAIMED: Final = "claimed"
"""How sure a buyer's word is. Evidence may show it; until then nothing is decided upon it."""


@transaction.atomic
def record_answer(
    actor: Actor,
    number: str,
    question: str,
    answer: str,
    *,
    revision: int,
    at: datetime,
    playbook: str = "",
    note: str = "",
    message: str = "",
) -> BuyerAnswer:
    """Note how the buyer answered a question of a playbook, or that no answer came. The answer before stays.

    ``playbook``: the sub-reason asked under, the case's own when empty. ``message``: what the buyer wrote that it rests
    on. Card codes in the note are masked. It confirms no reason, asks for nothing and moves nothing: a person does.
    Raises NotAllowed, NotFound for a message of another talk, Conflict, Refused on a case that is over, WrongUse for an
    unknown question or answer, and for an answer in other words without them.
    """
    actor.require(Permission.WORK)
    case = take(actor, number, revision=revision)
    refuse_while_over(case)
    asked_under = playbook or case.sub_reason or "unstated"
    asked, said = _chosen(actor, asked_under, question, answer)
    words = masked(actor, note)
    if said.id == IN_WORDS and not words:
        raise WrongUse("写下买家怎么说的", "Write down what the buyer said", code="words_missing", field="note")
    if message and not inbox.is_of_case(actor, case, message):
        raise NotFound(
            "这一单的会话里没有这条消息", "The talk of this case has no such message", code="no_such_message"
        )
    row: BuyerAnswer = BuyerAnswer.objects.create(
        shop_id=case.shop_id,
        case=case,
        playbook=asked_under,
        question=asked.id,
        answer=said.id,
        asked_text=_both(asked.text),
        said_text=_both(said.text),
        note=words,
        message=message,
        by=(actor.label or actor.kind.value)[:LABEL_MAX],
        at=at,
    )
    write(actor, case, "buyer_answered", at=at)
    _enter(actor, case, row, at=at)
    return row


def carry_answers(actor: Actor, case: Case, to: Case, *, at: datetime) -> None:
    """Give a case what was answered in one that ended as the same matter, so that nobody asks the buyer twice."""
    for row in queries.answers_of(actor, [case])[case.pk]:
        row.pk, row._state.adding = None, True  # noqa: SLF001 - Django's documented way to copy a row
        row.case = to
        row.save(force_insert=True)
        _enter(actor, to, row, at=at, copied_from=case.number)


def _enter(actor: Actor, case: Case, row: BuyerAnswer, *, at: datetime, **more: str) -> None:
    """Record the words as they stood in the playbook at that moment: a shop may rewrite it later."""
    record(
        actor,
        case,
        "evidence.answer_recorded",
        at,
        playbook=row.playbook,
        question=row.question,
        answer=row.answer,
        asked=row.asked_text,
        said=row.said_text,
        note=row.note,
        message=row.message,
        certainty=CLAIMED,
        revision=case.revision,
        **more,
    )


def _chosen(actor: Actor, playbook: str, question: str, answer: str) -> tuple[Question, Answer]:
    """Return the question and the answer meant. Raises WrongUse that names what is known."""
    book = policies.playbooks(actor).get(playbook)
    if book is None:  # what was typed is not repeated: a card code may have slipped in
        raise WrongUse("没有这本处理手册", "There is no such playbook", code="unknown_playbook", field="playbook")
    asked = book.question(question)
    if asked is None:
        known = "、".join(one.id for one in book.questions)
        raise WrongUse(
            f"处理手册 {book.id} 没有这个问题；有的是：{known}",
            f"Playbook {book.id} asks no such question; it asks: {known}",
            code="unknown_question",
            field="question",
        )
    said = asked.choice(answer)
    if said is None:
        known = "、".join(one.id for one in asked.choices)
        raise WrongUse(
            f"这个问题没有这种回答；有的是：{known}",
            f"The question knows no such answer; it knows: {known}",
            code="unknown_answer",
            field="answer",
        )
    return asked, said


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
