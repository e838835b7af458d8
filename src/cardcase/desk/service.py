"""Acts of the desk: each takes what a form or a program sent and calls the one verb of a lower room that does it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from django.db import transaction

from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.cases.rules import Event, Status
from cardcase.cases.rules.disputes import DisputeKind
from cardcase.cases.rules.reviews import Cause, Findings
from cardcase.deadlines.rules import DeadlineKind, PauseReason
from cardcase.evidence import service as evidence
from cardcase.inbox import service as inbox
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.kit.text import Text
from cardcase.packs import service as packs
from cardcase.remedies import queries as remedy_queries
from cardcase.remedies import service as remedies
from cardcase.remedies.rules import OfferState, RemedyState
from cardcase.remedies.rules.learning import Because, Why
from cardcase.staff.rules import Actor
from cardcase.triage.rules import Family

from . import capturing
from .acting import Act, chosen, fen, files_of, later, moment
from .capturing import opened_exhibit

__all__ = ["ACTS", "Act", "files_of", "opened_exhibit", "perform"]

_RECORDED: Final = (
    Event.STEPPED_IN,
    Event.MORE_EVIDENCE_ASKED,
    Event.RULED,
    Event.APPEALED,
    Event.BUYER_APPEALED,
    Event.WITHDRAWN,
    Event.TIMED_OUT,
    Event.PAID_ELSEWHERE,
    Event.REFUSED_ELSEWHERE,
)
"""Moves that are recorded by the act ``move``; the rest have verbs of their own that know more."""


def _reason(actor: Actor, act: Act) -> None:
    said = act.word("sub_reason")
    if said == Family.UNSTATED.value:
        cases.refuse_reading(actor, act.number, revision=act.revision, at=act.at)
    else:
        cases.confirm_reason(actor, act.number, said, revision=act.revision, at=act.at)


def _hold(actor: Actor, act: Act) -> None:
    cases.lift_hold(actor, act.number, act.word("reason"), revision=act.revision, at=act.at)


def _ask(actor: Actor, act: Act) -> None:
    kinds = act.lists.get("kinds") or [act.word("kinds")]
    evidence.ask(actor, act.number, kinds, act.word("to") or "buyer", revision=act.revision, at=act.at)


def _reply(actor: Actor, act: Act) -> None:
    inbox.save_reply(actor, act.number, act.word("text"), at=act.at)


def _sent(actor: Actor, act: Act) -> None:
    inbox.mark_sent(actor, act.number, act.word("text"), revision=act.revision, at=act.at)


def _note(actor: Actor, act: Act) -> None:
    cases.add_note(actor, act.number, act.word("text"), at=act.at)


def _deadline(actor: Actor, act: Act) -> None:
    due_at = moment(act, "due_at")
    if due_at is None:
        raise WrongUse("请填写截止时间", "Type in the deadline", code="not_a_moment")
    kind = chosen(DeadlineKind, act, "kind") if act.word("kind") else None
    cases.type_deadline(actor, act.number, due_at, kind=kind, revision=act.revision, at=act.at)


def _pause_goal(actor: Actor, act: Act) -> None:
    reason = chosen(PauseReason, act, "reason")
    cases.pause_goal(actor, act.number, reason, note=act.word("note"), revision=act.revision, at=act.at)


def _resume_goal(actor: Actor, act: Act) -> None:
    cases.resume_goal(actor, act.number, revision=act.revision, at=act.at)


def _why(act: Act) -> Why:
    """Read why something else was chosen than advised; nothing need be said."""
    because = chosen(Because, act, "because") if act.word("because") else Because.UNSAID
    return Why(because, act.word("because_note"))


def _offer(actor: Actor, act: Act) -> None:
    remedies.propose_offer(
        actor,
        act.number,
        act.word("kind"),
        amount_fen=fen(act, "amount"),
        why=_why(act),
        revision=act.revision,
        at=act.at,
    )


def _concede(actor: Actor, act: Act) -> None:
    remedies.concede(
        actor,
        act.number,
        act.word("kind"),
        amount_fen=fen(act, "amount"),
        confirmation=act.word("typed"),
        why=_why(act),
        revision=act.revision,
        at=act.at,
    )


def _decline(actor: Actor, act: Act) -> None:
    remedies.decline(
        actor,
        act.number,
        act.word("refuse_reason"),
        act.word("text"),
        confirmation=act.word("typed"),
        why=_why(act),
        revision=act.revision,
        at=act.at,
    )


def _escalate(actor: Actor, act: Act) -> None:
    remedies.escalate(
        actor,
        act.number,
        confirmation=act.word("typed"),
        reason=act.word("reason"),
        why=_why(act),
        revision=act.revision,
        at=act.at,
    )


def _execute(actor: Actor, act: Act) -> None:
    remedies.execute(
        actor,
        act.number,
        key=act.word("key"),
        confirmation=act.word("typed"),
        void_result=act.word("void_result"),
        override_reason=act.word("override_reason"),
        revision=act.revision,
        at=act.at,
    )


def _result(actor: Actor, act: Act) -> None:
    remedies.record_result(
        actor, act.number, chosen(RemedyState, act, "result"), source_event=act.word("source"), at=act.at
    )


def _move(actor: Actor, act: Act) -> None:
    """Record what the buyer or the platform did, as a person read it."""
    event = chosen(Event, act, "event")
    if event is Event.ACCEPTED:
        remedies.settle_offer(
            actor, act.number, OfferState.ACCEPTED, source_event=act.word("source"), revision=act.revision, at=act.at
        )
        return
    if event is Event.OFFER_ENDED:
        remedies.settle_offer(
            actor,
            act.number,
            chosen(OfferState, act, "answer"),
            source_event=act.word("source"),
            reason=act.word("source"),
            counter_fen=fen(act, "counter"),
            revision=act.revision,
            at=act.at,
        )
        return
    if event not in _RECORDED:
        raise WrongUse(
            f"「{event}」有自己的操作，不在这里记",
            f"{event} has an act of its own",
            next=Text(f"这里能记的有：{'、'.join(_RECORDED)}。", f"Recorded here: {', '.join(_RECORDED)}."),
            code="unknown_choice",
            field="event",
        )
    case = case_queries.by_number(actor, act.number)
    facts = replace(
        remedy_queries.standing(actor, case, at=act.at),
        source_event_id=act.word("source"),
        verdict=chosen(Status, act, "verdict") if act.word("verdict") else None,
        ruling_raw=act.word("ruling"),
        evidence_due_at=later(act, "due_at"),
        appeal_until=later(act, "appeal_until"),
    )
    details = {"source": act.word("source"), "ruling": act.word("ruling")}
    cases.advance(actor, act.number, event, facts=facts, revision=act.revision, details=details, at=act.at)
    remedies.follow(actor, act.number, at=act.at)


def _answered(actor: Actor, act: Act) -> None:
    evidence.answered(actor, act.number, act.word("how"), source=act.word("source"), revision=act.revision, at=act.at)


def _answer(actor: Actor, act: Act) -> None:
    evidence.record_answer(
        actor,
        act.number,
        act.word("question"),
        act.word("answer"),
        playbook=act.word("playbook"),
        note=act.word("note"),
        message=act.word("message"),
        revision=act.revision,
        at=act.at,
    )


def _submit(actor: Actor, act: Act) -> None:
    packs.submit(
        actor,
        act.number,
        pack=act.word("pack"),
        is_once=act.word("once") == "yes",
        confirmation=act.word("typed"),
        revision=act.revision,
        at=act.at,
    )


def _reapplied(actor: Actor, act: Act) -> None:
    cases.reapply(
        actor,
        act.number,
        sub_reason=act.word("sub_reason"),
        claimed_fen=fen(act, "amount"),
        due_at=later(act, "due_at"),
        source=act.word("source"),
        revision=act.revision,
        at=act.at,
    )


def _reopen(actor: Actor, act: Act) -> None:
    """Take the case up again, or open another one for another claim about the same order."""
    if act.word("claim") == "other":
        cases.open_linked(actor, act.number, act.word("sub_reason"), source=act.word("source"), at=act.at)
        return
    cases.reopen(
        actor,
        act.number,
        source=act.word("source"),
        due_at=later(act, "due_at"),
        revision=act.revision,
        at=act.at,
    )


def _snooze(actor: Actor, act: Act) -> None:
    until = moment(act, "until")
    if until is None:
        raise WrongUse("请填写放到什么时候", "Type in until when", code="not_a_moment")
    cases.snooze(actor, act.number, until, act.word("reason"), revision=act.revision, at=act.at)


def _resume(actor: Actor, act: Act) -> None:
    cases.resume(actor, act.number, revision=act.revision, at=act.at)


def _dispute(actor: Actor, act: Act) -> None:
    told = cases.DisputeTold(
        kind=chosen(DisputeKind, act, "kind"),
        status_raw=act.word("state_raw") or act.word("state"),
        source=act.word("source"),
        external_id=act.word("external_id"),
        respond_by=moment(act, "respond_by"),
        fetched_at=act.at,
    )
    cases.note_dispute(actor, act.number, told, at=act.at)


def _transfer(actor: Actor, act: Act) -> None:
    amount = fen(act, "amount")
    remedies.note_transfer(actor, act.number, amount or 0, source=act.word("source"), revision=act.revision, at=act.at)


def _approval(actor: Actor, act: Act) -> None:
    remedies.ask_approval(
        actor,
        act.number,
        act.word("kind"),
        "concede" if act.word("way") == "concede" else "offer",
        amount_fen=fen(act, "amount"),
        reason=act.word("reason"),
        revision=act.revision,
        at=act.at,
    )


def _approve(actor: Actor, act: Act) -> None:
    remedies.settle_approval(
        actor,
        act.number,
        is_approved=act.word("answer") == "yes",
        confirmation=act.word("typed"),
        reason=act.word("reason"),
        revision=act.revision,
        at=act.at,
    )


def _need(actor: Actor, act: Act) -> None:
    cases.settle_need(actor, act.number, act.word("code"), revision=act.revision, at=act.at)


def _same(actor: Actor, act: Act) -> None:
    """Answer whether a case is the same matter as the one it resembles: then that one goes on, with its exhibits."""
    answer = act.word("same")
    if answer == "no":
        cases.settle_need(actor, act.number, cases.SAME_AS, revision=act.revision, at=act.at)
    elif answer == "yes":
        case = case_queries.by_number(actor, act.number)
        facts = remedy_queries.standing(actor, case, at=act.at)
        merged = cases.merge(actor, act.number, facts=facts, revision=act.revision, at=act.at)
        assert merged.same_as is not None, "the move has seen it"
        evidence.carry_over(actor, act.number, merged.same_as.number, at=act.at)
    else:
        raise WrongUse("same 要填 yes 或 no", "same is yes or no", code="unknown_choice", field="same")


def _review(actor: Actor, act: Act) -> None:
    findings = Findings(text=act.word("text"), cause=chosen(Cause, act, "cause"), measure=act.word("measure"))
    cases.review(actor, act.number, findings, recovered_fen=fen(act, "recovered"), revision=act.revision, at=act.at)


def _card(actor: Actor, act: Act) -> None:
    cases.link_card(actor, act.number, act.word("card"), revision=act.revision, at=act.at)


def _cause(actor: Actor, act: Act) -> None:
    cases.record_found_cause(actor, act.number, act.word("cause"), revision=act.revision, at=act.at)


ACTS: Final[Mapping[str, Callable[[Actor, Act], object]]] = MappingProxyType(
    {
        "reason": _reason,
        "hold": _hold,
        "ask": _ask,
        "evidence": capturing.keep,
        "call": capturing.call,
        "mail": capturing.check_mail,
        "reply": _reply,
        "sent": _sent,
        "note": _note,
        "deadline": _deadline,
        "offer": _offer,
        "concede": _concede,
        "decline": _decline,
        "escalate": _escalate,
        "execute": _execute,
        "result": _result,
        "move": _move,
        "answered": _answered,
        "answer": _answer,
        "submit": _submit,
        "reapplied": _reapplied,
        "reopen": _reopen,
        "snooze": _snooze,
        "resume": _resume,
        "dispute": _dispute,
        "transfer": _transfer,
        "approval": _approval,
        "approve": _approve,
        "need": _need,
        "same": _same,
        "review": _review,
        "card": _card,
        "cause": _cause,
        "pause_goal": _pause_goal,
        "resume_goal": _resume_goal,
    }
)
"""Every act of the case page and of the API by its name."""


@transaction.atomic
def keep_evidence(actor: Actor, act: Act) -> list[str]:
    """Keep files as exhibits of a case, all or none, and return their ids. Raises as ``evidence.add_exhibit`` does."""
    return capturing.keep(actor, act)


def perform(actor: Actor, name: str, act: Act) -> None:
    """Do one act, all of it or nothing. Raises NotFound for an unknown name, and whatever its verb refuses."""
    verb = ACTS.get(name)
    if verb is None:
        raise NotFound(
            "没有这个操作",
            "There is no such act",
            next=Text(f"可用的有：{'、'.join(ACTS)}。", f"Known: {', '.join(ACTS)}."),
            code="unknown_act",
        )
    with transaction.atomic():
        verb(actor, act)
