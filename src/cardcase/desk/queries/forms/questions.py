"""Forms of the guided questions: record an answer with one tap, and what an answer offers next."""

from collections.abc import Sequence
from typing import Final

from cardcase.cases.rules import Event
from cardcase.connectors.ports import Speaker
from cardcase.desk.queries.view import CaseView
from cardcase.evidence.rules import PARTY_TITLES, Kind
from cardcase.kit.text import Text
from cardcase.policies.rules import Question
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Input, InputKind
from cardcase.staff.rules import Actor, Permission
from cardcase.triage.rules import reasons

from . import base

MESSAGES: Final = 8
"""The buyer's latest messages among which one says what an answer rests on."""

LETTERS: Final = 24
"""Of a message, so that a choice stays one line on a phone."""


def answer(actor: Actor, view: CaseView, question: Question) -> ActionForm | None:
    """Record how the buyer answered. The buttons are the question's choices; note and message may be left out."""
    if not view.case.is_open or not actor.may(Permission.WORK):
        return None
    # Several lines, so that the key for a new line does not press the first of the buttons.
    note = Input(
        "note", say(Text("买家的原话，或补充", "The buyer's words, or a remark")), InputKind.TEXTAREA, max_length=300
    )
    return ActionForm(
        url=base.url(view.case, "answer"),
        button="",
        inputs=(note, *_message(view)),
        hidden=base.hidden(view.case, ("playbook", view.playbook.id), ("question", question.id)),
        opens=say(Text("写原话、指出是哪条消息（可不填）", "Add the words, or the message (optional)")),
    )


def _message(view: CaseView) -> Sequence[Input]:
    said = [one for one in view.talk if one.speaker == Speaker.BUYER and one.text][-MESSAGES:]
    if not said:
        return ()
    choices = [Choice("", say(Text("不指明", "None in particular")), is_chosen=True)]
    choices += [Choice(one.public_id, f"{one.time_text} {one.text[:LETTERS]}".strip()) for one in reversed(said)]
    label = Text("是哪条消息里说的", "In which message it was said")
    return (Input("message", say(label), InputKind.SELECT, choices=tuple(choices)),)


def other_reason(actor: Actor, view: CaseView, sub_reason: str) -> ActionForm | None:
    """Take the reason that an answer speaks for: a person confirms it, as every reason."""
    case = view.case
    if not sub_reason or not case.is_open or not actor.is_person or not actor.may(Permission.WORK):
        return None
    title = reasons.title(sub_reason)
    return ActionForm(
        url=base.url(case, "reason"),
        button=say(Text(f"原因改为：{title.zh}", f"Change the reason to: {title.en}")),
        hidden=base.hidden(case, ("sub_reason", sub_reason)),
    )


def ask_for(actor: Actor, view: CaseView, kinds: Sequence[Kind], to: str) -> ActionForm | None:
    """Record that the evidence which an answer names was asked for, all of one party at once."""
    if not view.case.is_open or not actor.may(Permission.WORK):
        return None
    if to == "buyer" and not view.may(Event.EVIDENCE_ASKED):
        return None
    party = PARTY_TITLES[to]
    zh = f"记为已向{party.zh}索要：{'、'.join(kind.title.zh for kind in kinds)}"
    en = f"Mark as asked of {party.en}: {', '.join(kind.title.en for kind in kinds)}"
    return ActionForm(
        url=base.url(view.case, "ask"),
        button=say(Text(zh, en)),
        hidden=base.hidden(view.case, *(("kinds", kind.id) for kind in kinds), ("to", to)),
    )
