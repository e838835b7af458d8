"""The shape of playbooks: for one sub-reason, what to ask, what to ask for, which remedies fit, what to do next."""

import re
from enum import StrEnum
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cardcase.kit.catalogue import Record
from cardcase.kit.text import Text

_EVIDENCE = re.compile(r"^E([1-9]|1\d|2[0-4])$")
_REASON = re.compile(r"^([APVO]\d|unstated|none)$")


class RemedyKind(StrEnum):
    """What can be done for a buyer (design/domain.md §7.5)."""

    REPLACE_CARD = "replace_card"
    PARTIAL_REFUND = "partial_refund"
    FULL_REFUND = "full_refund"
    RETURN_AND_REFUND = "return_and_refund"
    RESEND_SAME_CODE = "resend_same_code"
    DECLINE = "decline"
    ESCALATE = "escalate"
    ACCEPT_CLAIM = "accept_claim"
    GOODWILL = "goodwill"
    WAIT_ISSUER = "wait_issuer"
    SUPPLIER_CLAIM = "supplier_claim"


class Answer(BaseModel):
    """One way in which buyers answer a guided question, and what it means for whoever decides.

    ``points_to``: the sub-reason that the answer speaks for, when it is another than the one asked under.
    ``asks``: the evidence that would show it, kinds E1–E24. An answer is the buyer's word, never a finding.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str = Field(min_length=1, max_length=40)
    zh: str = Field(min_length=2, max_length=40)
    en: str = Field(min_length=2, max_length=60)
    means_zh: str = Field(min_length=4, max_length=80)
    means_en: str = Field(min_length=4, max_length=120)
    points_to: str = ""
    asks: tuple[str, ...] = ()

    @property
    def text(self) -> Text:
        """Return the answer in both languages."""
        return Text(self.zh, self.en)

    @property
    def means(self) -> Text:
        """Return, for staff, what to make of it."""
        return Text(self.means_zh, self.means_en)


SILENT: Final = "silent"
"""The answer that none came. Playbooks that know better what silence means there have one of this id."""

IN_WORDS: Final = "in_words"
"""An answer that is none of the usual ones; what was said then stands in the note."""

_ANYWHERE: Final = (
    Answer(
        id=IN_WORDS,
        zh="别的说法",
        en="Something else",
        means_zh="不在常见回答里：按买家原话判断，需要时换个问法再问",
        means_en="None of the usual answers: judge by the buyer's own words, and ask again if need be",
    ),
    Answer(
        id=SILENT,
        zh="没有回答",
        en="No answer",
        means_zh="没回答不等于默认：再问一次，同时查自己的记录",
        means_en="Silence admits nothing: ask once more and look at our own records",
    ),
)


class Question(BaseModel):
    """One guided question to the buyer: polite, neutral, answerable; what it is good for, and what answers mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str = Field(min_length=1, max_length=40)
    zh: str = Field(min_length=4, max_length=120)
    en: str = Field(min_length=4, max_length=240)
    why_zh: str = Field(min_length=2)
    why_en: str = Field(min_length=2)
    answers: tuple[Answer, ...] = ()

    def answer(self, answer_id: str) -> Answer | None:
        """Return the answer of this id, if the question knows it."""
        return next((answer for answer in self.answers if answer.id == answer_id), None)

    @property
    def choices(self) -> tuple[Answer, ...]:
        """Return what can be recorded: its usual answers, something else, and that no answer came."""
        own = {answer.id for answer in self.answers}
        return (*self.answers, *(answer for answer in _ANYWHERE if answer.id not in own))

    def choice(self, answer_id: str) -> Answer | None:
        """Return what can be recorded under this id."""
        return next((answer for answer in self.choices if answer.id == answer_id), None)

    @property
    def text(self) -> Text:
        """Return the question in both languages."""
        return Text(self.zh, self.en)

    @property
    def why(self) -> Text:
        """Return, for staff, what the answer decides."""
        return Text(self.why_zh, self.why_en)


class Playbook(Record):
    """What to do about one sub-reason. ``id`` is the sub-reason, ``unstated`` or ``none``.

    ``evidence`` lists what to ask the buyer for, the most decisive first; ``remedies`` the fitting ones, the usual
    first step first. Preconditions are judged elsewhere: fitting is not allowed.
    """

    title_zh: str = Field(min_length=2)
    title_en: str = Field(min_length=2)
    next_zh: str = Field(min_length=4, max_length=30)
    next_en: str = Field(min_length=4, max_length=60)
    aim_zh: str = Field(min_length=4)
    aim_en: str = Field(min_length=4)
    questions: tuple[Question, ...] = ()
    evidence: tuple[str, ...] = ()
    remedies: tuple[RemedyKind, ...] = ()

    def question(self, question_id: str) -> Question | None:
        """Return the question of this id, if the playbook asks it."""
        return next((question for question in self.questions if question.id == question_id), None)

    @property
    def title(self) -> Text:
        """Return the sub-reason's name in both languages."""
        return Text(self.title_zh, self.title_en)

    @property
    def next_step(self) -> Text:
        """Return the sentence that the Today list shows once the reason is confirmed."""
        return Text(self.next_zh, self.next_en)

    @property
    def aim(self) -> Text:
        """Return what this playbook is after: the fact that decides."""
        return Text(self.aim_zh, self.aim_en)

    @model_validator(mode="after")
    def _words_are_known(self) -> Self:
        if not _REASON.match(self.id):
            raise ValueError(f"{self.id} is no sub-reason")
        answers = [answer for question in self.questions for answer in question.answers]
        for kind in (*self.evidence, *(kind for answer in answers for kind in answer.asks)):
            if not _EVIDENCE.match(kind):
                raise ValueError(f"{self.id}: {kind} is no evidence kind (E1–E24)")
        asked = [question.id for question in self.questions]
        for ids in (asked, *([answer.id for answer in question.answers] for question in self.questions)):
            if len(set(ids)) != len(ids):
                raise ValueError(f"{self.id}: a question or an answer stands there twice")
        if self.id != "none" and not self.questions:
            raise ValueError(f"{self.id}: a playbook needs at least one question")
        return self
