"""The guided questions of a case in finished sentences: what to ask, what was answered, what an answer offers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cardcase.cases.rules import Event
from cardcase.desk import pages, words
from cardcase.evidence import queries as evidence
from cardcase.evidence.models import BuyerAnswer
from cardcase.evidence.rules import ItemState, Kind, offered, standing, to_ask
from cardcase.kit.text import Text
from cardcase.policies.rules import SILENT, Question
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Link
from cardcase.staff.rules import Actor

from . import forms
from .view import CaseView

_OTHERS: Final = ("buyer", "issuer", "supplier", "carrier")
"""Whom a request goes out to. What we or the platform hold is not asked for but looked up."""


def questions(actor: Actor, view: CaseView) -> pages.QuestionsBox | None:
    """Write what to ask under the present reason and what was answered, also under an earlier one."""
    book, latest = view.playbook, standing(view.answers)
    still = to_ask(book, view.answers) if view.case.is_open else ()
    ask = tuple(_row(actor, view, one, latest.get((book.id, one.id)), is_first=one is still[0]) for one in still)
    told = tuple(
        _row(actor, view, one, latest[book.id, one.id])
        for one in book.questions
        if one not in still and (book.id, one.id) in latest
    )
    known = {(book.id, one.id) for one in book.questions}
    earlier = tuple(_sentence(view, row) for key, row in latest.items() if key not in known)
    if not (ask or told or earlier):
        return None
    left = Text(f"还有 {len(ask)} 个要问", f"{len(ask)} still to ask") if ask else Text("都问到了", "all answered")
    return pages.QuestionsBox(aim=say(book.aim), summary=say(left), ask=ask, told=told, earlier=earlier)


def _row(
    actor: Actor, view: CaseView, question: Question, answer: BuyerAnswer | None, *, is_first: bool = False
) -> pages.QuestionRow:
    spoken, read = question.text.say(words.language_of_buyer(view.case)), say(question.text)
    return pages.QuestionRow(
        text=spoken,
        meaning=read if read != spoken else "",
        why=say(question.why),
        answers=tuple(Choice(one.id, say(one.text)) for one in question.choices),
        form=forms.answer(actor, view, question),
        heard=_heard(actor, view, question, answer) if answer is not None else None,
        is_open=is_first and view.case.claimed_reason in words.UNSTATED,
    )


def _heard(actor: Actor, view: CaseView, question: Question, row: BuyerAnswer) -> pages.HeardAnswer:
    """Say what was answered and what it offers; a shop may have taken that answer out of its playbook since."""
    known = question.choice(row.answer)
    before = [one for one in view.answers if (one.playbook, one.question) == (row.playbook, row.question)][:-1]
    confirm, wants, asks = None, "", tuple[ActionForm, ...]()
    if known is not None and view.case.is_open:
        next_acts = offered(known, sub_reason=view.case.sub_reason, settled=_settled(view))
        confirm = forms.other_reason(actor, view, next_acts.sub_reason)
        matrix = evidence.matrix(actor)
        kinds = [matrix.kinds[kind] for kind in next_acts.kinds if kind in matrix.kinds]
        wants, asks = _wants(view, kinds), tuple(_asks(actor, view, kinds))
    return pages.HeardAnswer(
        said=_said(row),
        head=_head(view, row),
        means=say(known.means) if known is not None else "",
        note=row.note,
        source=Link(say(Text("看原话", "See the words")), f"#m-{row.message}") if row.message else None,
        before=tuple(f"{_moment(view, one)} {_said(one)}" for one in reversed(before)),
        wants=wants,
        confirm=confirm,
        asks=asks,
    )


def _settled(view: CaseView) -> set[str]:
    """Return the kinds of evidence that are on file or contradict, and those asked for before, however that ended."""
    asked = {kind for one in view.judged.facts.case.requests for kind in one.kinds}
    return asked | {item.kind for item in view.items if item.state in (ItemState.HAVE, ItemState.CONTRADICTS)}


def _wants(view: CaseView, kinds: Sequence[Kind]) -> str:
    """Say what would show it; where it cannot be asked of the buyer now, why."""
    if not kinds:
        return ""
    zh = f"能说明的证据：{'、'.join(kind.title.zh for kind in kinds)}"
    en = f"What would show it: {', '.join(kind.title.en for kind in kinds)}"
    if any(_party(view, kind) == "buyer" for kind in kinds) and not view.may(Event.EVIDENCE_ASKED):
        why = _why_not(view)
        return say(Text(f"{zh}。{why.zh}", f"{en}. {why.en}")) if why is not None else say(Text(zh, en))
    return say(Text(zh, en))


def _why_not(view: CaseView) -> Text | None:
    if view.case.reason_confirmed_at is None:
        return Text("确认原因之后再要。", "To be asked for once the reason is confirmed.")
    move = view.move(Event.EVIDENCE_ASKED)
    return move.why_not if move is not None else None


def _asks(actor: Actor, view: CaseView, kinds: Sequence[Kind]) -> Iterator[ActionForm]:
    """Offer to ask for it. What the checklist lists and nobody can be asked for now is ours to look up."""
    not_askable = {item.kind for item in view.items if item.state is not ItemState.ASK}
    by_party: dict[str, list[Kind]] = {}
    for kind in (one for one in kinds if one.id not in not_askable):
        by_party.setdefault(_party(view, kind), []).append(kind)
    for party in _OTHERS:
        form = forms.ask_for(actor, view, by_party[party], party) if party in by_party else None
        if form is not None:
            yield form


def _party(view: CaseView, kind: Kind) -> str:
    """Return who has it: the checklist knows it for this reason, else the matrix."""
    return next((item.party for item in view.items if item.kind == kind.id), kind.party)


def _sentence(view: CaseView, row: BuyerAnswer) -> str:
    asked, said, when = _text(row.asked_text), _said(row), _moment(view, row)
    return say(Text(f"{when} 问过：{asked} 回答：{said}", f"{when} asked: {asked} Answer: {said}"))


def _head(view: CaseView, row: BuyerAnswer) -> str:
    who = f"{row.by} · {_moment(view, row)}"
    return (
        who if row.answer == SILENT else f"{who} · {say(Text('买家说的，未核实', 'the buyer says so; not verified'))}"
    )


def _said(row: BuyerAnswer) -> str:
    return _text(row.said_text)


def _moment(view: CaseView, row: BuyerAnswer) -> str:
    return timing.moment_text(row.at, now=view.now)


def _text(kept: Mapping[str, str]) -> str:
    return say(Text(kept["zh"], kept["en"]))
