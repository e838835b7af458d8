"""Acts of the desk: each takes what a form or a program sent and calls the one verb of a lower room that does it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeVar

from django.db import transaction

from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.cases.rules import Event, Status
from cardcase.deadlines.rules import DeadlineKind, MissCause, PauseReason, Review
from cardcase.evidence import service as evidence
from cardcase.inbox import service as inbox
from cardcase.kit.clock import SHANGHAI
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.kit.money import parse_yuan
from cardcase.kit.text import Text
from cardcase.remedies import queries as remedy_queries
from cardcase.remedies import service as remedies
from cardcase.remedies.rules import OfferState, RemedyState
from cardcase.staff.rules import Actor

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Act:
    """One act on a case: what was typed, the revision that the person saw, the files that came with it."""

    number: str
    revision: int
    at: datetime
    values: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Sequence[tuple[str, bytes]] = ()

    def word(self, name: str) -> str:
        """Return what was typed under a name, without surrounding space and what no database takes."""
        typed = self.values.get(name, "").replace("\0", "")
        return typed.encode("utf-8", "replace").decode("utf-8").strip()


def _fen(act: Act, name: str) -> int | None:
    typed = act.word(name)
    if not typed:
        return None
    try:
        return parse_yuan(typed)
    except ValueError as error:  # what was typed is not repeated: a card code may have slipped in
        raise WrongUse(
            "这不是金额",
            "This is no amount",
            next=Text("写成 45 或 45.50。", "Write 45 or 45.50."),
            code="not_an_amount",
        ) from error


def _moment(act: Act, name: str) -> datetime | None:
    typed = act.word(name)
    if not typed:
        return None
    try:
        moment = datetime.fromisoformat(typed)
        return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise WrongUse(
            "这不是时间",
            "This is no moment",
            next=Text("写成 2026-11-25T10:00。", "Write 2026-11-25T10:00."),
            code="not_a_moment",
        ) from error


def _chosen(kind: type[E], act: Act, name: str) -> E:
    """Return a choice among known words. Raises WrongUse that names the words."""
    try:
        return kind(act.word(name))
    except ValueError as error:
        known = ", ".join(kind)
        raise WrongUse(
            f"「{name}」要从这些里选：{known}", f"{name} is one of: {known}", code="unknown_choice", field=name
        ) from error


def _reason(actor: Actor, act: Act) -> None:
    cases.confirm_reason(actor, act.number, act.word("sub_reason"), revision=act.revision, at=act.at)


def _hold(actor: Actor, act: Act) -> None:
    cases.lift_hold(actor, act.number, act.word("reason"), revision=act.revision, at=act.at)


def _ask(actor: Actor, act: Act) -> None:
    kinds = act.lists.get("kinds") or [act.word("kinds")]
    evidence.ask(actor, act.number, kinds, act.word("to") or "buyer", revision=act.revision, at=act.at)


def _evidence(actor: Actor, act: Act) -> None:
    facts: dict[str, Any] = {}
    if act.word("usable"):
        facts["is_usable"] = act.word("usable") == "yes"
    if (balance := _fen(act, "balance")) is not None:
        facts["balance_fen"] = balance
    for name in ("redeemed_at", "at"):  # when it says the card was redeemed; when what it shows happened
        if (moment := _moment(act, name)) is not None:
            facts[name] = moment.isoformat()
    facts |= {key: act.word(key) for key in ("order_no", "tail4") if act.word(key)}
    originals: Sequence[tuple[str, bytes | None]] = act.files or [("", None)]
    for name, data in originals:
        evidence.add_exhibit(
            actor, act.number, act.word("kind"), act.word("title") or name, data, "", facts, at=act.at, source_file=name
        )


def _reply(actor: Actor, act: Act) -> None:
    inbox.save_reply(actor, act.number, act.word("text"), at=act.at)


def _sent(actor: Actor, act: Act) -> None:
    inbox.mark_sent(actor, act.number, act.word("text"), revision=act.revision, at=act.at)


def _note(actor: Actor, act: Act) -> None:
    cases.add_note(actor, act.number, act.word("text"), at=act.at)


def _deadline(actor: Actor, act: Act) -> None:
    due_at = _moment(act, "due_at")
    if due_at is None:
        raise WrongUse("请填写截止时间", "Type in the deadline", code="not_a_moment")
    kind = _chosen(DeadlineKind, act, "kind") if act.word("kind") else None
    if kind is None:
        cases.type_deadline(actor, act.number, due_at, revision=act.revision, at=act.at)
    else:
        cases.type_clock(actor, act.number, kind, due_at, revision=act.revision, at=act.at)


def _pause(actor: Actor, act: Act) -> None:
    reason = _chosen(PauseReason, act, "reason")
    cases.pause_goal(actor, act.number, reason, note=act.word("note"), revision=act.revision, at=act.at)


def _resume(actor: Actor, act: Act) -> None:
    cases.resume_goal(actor, act.number, revision=act.revision, at=act.at)


def _offer(actor: Actor, act: Act) -> None:
    remedies.propose_offer(
        actor, act.number, act.word("kind"), amount_fen=_fen(act, "amount"), revision=act.revision, at=act.at
    )


def _concede(actor: Actor, act: Act) -> None:
    remedies.concede(
        actor,
        act.number,
        act.word("kind"),
        amount_fen=_fen(act, "amount"),
        confirmation=act.word("typed"),
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
        revision=act.revision,
        at=act.at,
    )


def _escalate(actor: Actor, act: Act) -> None:
    remedies.escalate(
        actor, act.number, confirmation=act.word("typed"), reason=act.word("reason"), revision=act.revision, at=act.at
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
        actor, act.number, _chosen(RemedyState, act, "result"), source_event=act.word("source"), at=act.at
    )


def _move(actor: Actor, act: Act) -> None:
    """Record what the buyer or the platform did, as a person read it."""
    event = _chosen(Event, act, "event")
    if event is Event.ACCEPTED:
        remedies.settle_offer(
            actor, act.number, OfferState.ACCEPTED, source_event=act.word("source"), revision=act.revision, at=act.at
        )
        return
    if event is Event.OFFER_ENDED:
        remedies.settle_offer(
            actor,
            act.number,
            _chosen(OfferState, act, "answer"),
            source_event=act.word("source"),
            reason=act.word("source"),
            revision=act.revision,
            at=act.at,
        )
        return
    case = case_queries.by_number(actor, act.number)
    facts = replace(
        remedy_queries.standing(actor, case, at=act.at),
        source_event_id=act.word("source"),
        verdict=_chosen(Status, act, "verdict") if act.word("verdict") else None,
        ruling_raw=act.word("ruling"),
        is_confirmed=True,
    )
    details = {"source": act.word("source"), "ruling": act.word("ruling")}
    cases.advance(actor, act.number, event, facts=facts, revision=act.revision, details=details, at=act.at)
    remedies.follow(actor, act.number, at=act.at)


def _need(actor: Actor, act: Act) -> None:
    cases.settle_need(actor, act.number, act.word("code"), revision=act.revision, at=act.at)


def _same(actor: Actor, act: Act) -> None:
    """Answer whether a case is the same matter as the one it resembles: then that one goes on, with its exhibits."""
    answer = act.word("same")
    if answer == "no":
        cases.settle_need(actor, act.number, cases.SAME_AS, revision=act.revision, at=act.at)
    elif answer == "yes":
        merged = cases.merge(actor, act.number, revision=act.revision, at=act.at)
        assert merged.same_as is not None, "the move has seen it"
        evidence.carry_over(actor, act.number, merged.same_as.number, at=act.at)
    else:
        raise WrongUse("same 要填 yes 或 no", "same is yes or no", code="unknown_choice", field="same")


def _review(actor: Actor, act: Act) -> None:
    cause = _chosen(MissCause, act, "cause")
    review = Review(happened=act.word("text"), cause=cause, measure=act.word("measure"))
    cases.review_incident(actor, act.number, review, revision=act.revision, at=act.at)


def _card(actor: Actor, act: Act) -> None:
    cases.link_card(actor, act.number, act.word("card"), revision=act.revision, at=act.at)


def _cause(actor: Actor, act: Act) -> None:
    cases.record_found_cause(actor, act.number, act.word("cause"), revision=act.revision, at=act.at)


ACTS: Final[Mapping[str, Callable[[Actor, Act], None]]] = MappingProxyType(
    {
        "reason": _reason,
        "hold": _hold,
        "ask": _ask,
        "evidence": _evidence,
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
        "need": _need,
        "same": _same,
        "review": _review,
        "card": _card,
        "cause": _cause,
        "pause": _pause,
        "resume": _resume,
    }
)
"""Every act of the case page and of the API by its name."""


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
