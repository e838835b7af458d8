"""The reason of a case: what triage reads, what a person confirms, what the record finds; and the hold between them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from cardcase.cards.models import Card
from cardcase.cases import queries
from cardcase.cases.models import Case, ReasonLabel
from cardcase.cases.rules import Event, GuardFacts, Need, Status, family_of
from cardcase.cases.rules import needs as need_rules
from cardcase.custody import service as custody
from cardcase.kit.errors import NotAllowed, NotFound, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission
from cardcase.triage.rules import Family, TriageResult
from cardcase.triage.rules.results import Need as TriageNeed
from cardcase.triage.rules.talk import NEEDS

from .moves import move
from .opening import card_changes
from .rows import LABEL_MAX, Ref, clean, keep, save, take, write

REASON_MAX = 300
UNREADABLE = (Family.UNSTATED, Family.NONE)
"""Families that name no reason."""
_ASK_FIRST: Final = TriageNeed("unstated", NEEDS["unstated"])
"""What triage itself says of a case in which no reason was given."""


@transaction.atomic
def record_triage(actor: Actor, case_id: Ref, result: TriageResult, *, at: datetime) -> Case:
    """Keep what triage reads. A certain reading of a new case moves it on (T2); the hold stays until a person confirms.

    An uncertain one leaves the case new, or makes it so again (T30), and asks a person. What a person confirmed is
    never overwritten: then only the record keeps the reading. The same reading again changes nothing. Of one that a
    person has refused the reason is left out, until other messages speak for it.
    """
    actor.require(Permission.WORK)
    case = take(actor, case_id)
    read(actor, case, result, queries.cards_of(actor, case.order_id), at=at)
    save(actor, case)
    return case


def read(actor: Actor, case: Case, result: TriageResult, cards: Sequence[int], *, at: datetime) -> None:
    """Do the same to a case that is in hand, with the cards of its order (row ids); the caller saves it."""
    keep(case, **card_changes(case, cards))
    _keep_language(case, result)
    if case.reason_confirmed_at is not None:
        _record_reading(actor, case, result, is_kept=False, at=at)
        return
    kept, changes = result, _changes(case, result)
    if changes and _was_refused(actor, case, result):
        kept = _without_its_reason(result)
        changes = _changes(case, kept)
    if not changes:
        return
    if case.status == Status.NEW.value and kept.is_certain and _is_named(kept):
        facts = GuardFacts(is_reason_set=True, is_rule_certain=True)
        move(
            actor,
            case,
            Event.TRIAGED,
            facts=facts,
            details={"sub_reason": kept.sub_reason},
            at=at,
            judged_as=Actor.system(actor.shop_id),
            changes=changes,
        )
    elif case.status == Status.NEEDS_RESPONSE.value and case.is_held and not (kept.is_certain and _is_named(kept)):
        # Only the system's own T2 leads here while nobody has confirmed: with all papers at once it had not been made.
        facts = GuardFacts(is_reason_in_doubt=True)
        system = Actor.system(actor.shop_id)
        move(actor, case, Event.DOUBTED, facts=facts, at=at, judged_as=system, changes=changes)
    else:
        write(actor, case, "triaged", at=at, **changes)
    _record_reading(actor, case, result, is_kept=kept is result, at=at)


@transaction.atomic
def confirm_reason(actor: Actor, number: str, sub_reason: str, *, revision: int, at: datetime) -> Case:
    """Let a person say what the buyer's reason is. Lifts the hold; moves a new case on (T2).

    What triage had proposed, with its confidence and reader, is kept beside what the person says (``ReasonLabel``).
    Raises NotAllowed unless a person does it, WrongUse for an unknown sub-reason, Refused when the case is closed,
    Conflict when somebody was first.
    """
    actor.require(Permission.WORK)
    if not actor.is_person:
        raise NotAllowed("原因要由人来确认", "Only a person confirms a reason")
    family = _family(sub_reason)
    case = take(actor, number, revision=revision)
    if case.status == Status.CLOSED.value:
        raise Refused("售后单已关闭，原因不能再改", "The case is closed: its reason stands")
    keep(case, **card_changes(case, queries.cards_of(actor, case.order_id)))
    was, was_held = case.sub_reason, case.is_held
    _keep_label(actor, case, sub_reason, family, at=at)
    changes: dict[str, Any] = {
        "claimed_reason": family,
        "sub_reason": sub_reason,
        "second_reason": "" if case.second_reason == sub_reason else case.second_reason,
        "quotes": case.quotes if case.claimed_reason == family else [],
        "reason_confirmed_at": at,
        "reason_confirmed_by_id": actor.staff_id,
        "is_held": False,
        "needs_human": need_rules.without(need_rules.without_triage(case.needs_human), Need.HOLD_AT_MARGIN.value),
    }
    if case.status == Status.NEW.value:
        facts = GuardFacts(is_reason_set=True)
        move(actor, case, Event.TRIAGED, facts=facts, details={"sub_reason": sub_reason}, at=at, changes=changes)
    else:
        write(actor, case, "reason_confirmed", at=at, **changes)
    kept: dict[str, custody.JSON] = {
        "sub_reason": sub_reason,
        "reason": family,
        "was": was,
        "confidence": _percent(case.confidence),
        "reader": case.reader,
        "lifts_hold": was_held,
        "revision": case.revision,
    }
    custody.append(actor, custody.Record("case.reason_confirmed", case.public_id, at, kept))
    return case


@transaction.atomic
def refuse_reading(actor: Actor, number: str, *, revision: int, at: datetime) -> Case:
    """Let a person say that the buyer gave no reason: what triage read is wrong, and the next step is to ask him.

    Kept as a label, as ``confirm_reason`` does. The hold stays; a case that the machine alone had moved on is new again
    (T30). The same reason is not proposed again from the same messages. Raises NotAllowed unless a person does it,
    Refused when the case is closed, its reason confirmed or none was read, Conflict when somebody was first.
    """
    actor.require(Permission.WORK)
    if not actor.is_person:
        raise NotAllowed("原因要由人来确认", "Only a person confirms a reason")
    case = take(actor, number, revision=revision)
    if case.status == Status.CLOSED.value or case.reason_confirmed_at is not None:
        raise Refused(
            "原因已经有人确认，或售后单已关闭",
            "Somebody has confirmed the reason, or the case is closed",
            next=Text("确认过的可以改成别的原因。", "A confirmed reason can be changed to another."),
        )
    if not case.sub_reason:
        raise Refused("这一单本来就没有读出原因", "No reason was read in this case")
    _keep_label(actor, case, "", Family.UNSTATED.value, at=at)
    told: dict[str, custody.JSON] = {
        "was": case.sub_reason, "confidence": _percent(case.confidence), "reader": case.reader,
    }  # fmt: skip
    changes: dict[str, Any] = {
        "claimed_reason": Family.UNSTATED.value,
        "sub_reason": "",
        "second_reason": "",
        "quotes": [],
        "confidence": 0.0,
        "needs_human": [*need_rules.without_triage(case.needs_human), _entry(_ASK_FIRST)],
    }
    if case.status == Status.NEEDS_RESPONSE.value and case.is_held:
        facts = GuardFacts(is_reason_in_doubt=True)
        move(actor, case, Event.DOUBTED, facts=facts, at=at, judged_as=Actor.system(actor.shop_id), changes=changes)
    else:
        write(actor, case, "reading_refused", at=at, **changes)
    told["revision"] = case.revision
    custody.append(actor, custody.Record("case.reading_refused", case.public_id, at, told))
    return case


@transaction.atomic
def lift_hold(actor: Actor, number: str, reason: str, *, revision: int, at: datetime) -> Case:
    """Let the owner release the messages of a case before its reason is confirmed, with a recorded reason.

    Raises NotAllowed, WrongUse without a reason, Refused when there is no hold, Conflict when somebody was first.
    """
    actor.require(Permission.LIFT_HOLD)
    reason = clean(actor, reason.strip())
    if not reason or len(reason) > REASON_MAX:
        raise WrongUse("请写明解除暂停的理由（300 字以内）", "Say why the hold is lifted, in at most 300 characters")
    case = take(actor, number, revision=revision)
    if not case.is_held:
        raise Refused("消息没有被暂停", "There is no hold", code="not_held")
    rest = need_rules.without(case.needs_human, Need.HOLD_AT_MARGIN.value)
    write(actor, case, "hold_lifted", at=at, is_held=False, hold_lifted_reason=reason, needs_human=rest)
    facts: dict[str, custody.JSON] = {"reason": reason, "revision": case.revision}
    custody.append(actor, custody.Record("case.hold_lifted", case.public_id, at, facts))
    return case


@transaction.atomic
def record_found_cause(actor: Actor, number: str, cause: str, *, revision: int, at: datetime) -> Case:
    """Write down what the record shows to be the cause. It may differ from what the buyer says; both are kept.

    Raises WrongUse for an unknown sub-reason, Conflict when somebody was first.
    """
    actor.require(Permission.WORK)
    _family(cause)
    case = take(actor, number, revision=revision)
    was = case.found_cause
    write(actor, case, "cause_found", at=at, found_cause=cause)
    facts: dict[str, custody.JSON] = {
        "cause": cause,
        "was": was,
        "claimed": case.sub_reason,
        "revision": case.revision,
    }
    custody.append(actor, custody.Record("case.cause_found", case.public_id, at, facts))
    return case


@transaction.atomic
def link_card(actor: Actor, number: str, card_id: str, *, revision: int, at: datetime) -> Case:
    """Say which card a case is about, by the card's public id. It must belong to the case's order.

    Raises NotFound, Conflict when somebody was first.
    """
    actor.require(Permission.WORK)
    case = take(actor, number, revision=revision)
    card = Card.objects.visible_to(actor).filter(public_id=card_id, order_id=case.order_id).first()
    if card is None:
        raise NotFound("这一单没有这张卡", "This order has no such card")
    rest = need_rules.without(case.needs_human, Need.CARD_UNLINKED.value, Need.CARDS_SEVERAL.value)
    write(actor, case, "card_linked", at=at, card=card, needs_human=rest)
    facts: dict[str, custody.JSON] = {"card": card_id, "revision": case.revision}
    custody.append(actor, custody.Record("case.card_linked", case.public_id, at, facts))
    return case


def _keep_language(case: Case, result: TriageResult) -> None:
    """Keep what the buyer writes: it is no part of the reason, and stays true when a person has confirmed that."""
    told = {"language": result.language.language.value, "is_language_sure": result.language.is_sure}
    if any(getattr(case, name) != value for name, value in told.items()):
        keep(case, **told)


def _was_refused(actor: Actor, case: Case, result: TriageResult) -> bool:
    """Tell whether a person has said of this reading, from no other messages, that the buyer gave no reason."""
    if not case.claimed_reason or not result.sub_reason:
        return False
    told = {quote.message_id for quote in result.quotes}
    refused = queries.refused_readings(actor, case)
    return any(label.proposed == result.sub_reason and told <= set(label.quoted) for label in refused)


def _without_its_reason(result: TriageResult) -> TriageResult:
    """Return what else a reading says, signals and needs, once its reason is left out."""
    return replace(
        result, reason=Family.UNSTATED, sub_reason="", second_reason="", confidence=0.0, quotes=(), is_certain=False,
        needs_human=(*result.needs_human, _ASK_FIRST),
    )  # fmt: skip


def _keep_label(actor: Actor, case: Case, said: str, family: str, *, at: datetime) -> None:
    """Keep the proposal beside what a person says. Who says it a second time is held against the same proposal."""
    label = ReasonLabel(
        shop_id=case.shop_id,
        case=case,
        said_reason=family,
        said=said,
        by=(actor.label or actor.kind.value)[:LABEL_MAX],
        at=at,
    )
    before = queries.last_reason_label(actor, case)
    is_said = case.reason_confirmed_at is not None or (not case.sub_reason and before is not None and before.is_refusal)
    if is_said and before is not None:  # what the case holds is a person's word, no proposal
        label.proposed_reason, label.proposed = before.proposed_reason, before.proposed
        label.confidence, label.reader, label.quoted = before.confidence, before.reader, before.quoted
    elif not is_said:
        label.proposed_reason, label.proposed = case.claimed_reason, case.sub_reason
        label.confidence, label.reader = case.confidence, case.reader
        label.quoted = sorted({quote["message"] for quote in case.quotes})
    label.save()


def _family(sub_reason: str) -> str:
    try:
        return family_of(sub_reason)
    except KeyError:
        raise WrongUse(f"没有这个原因：{sub_reason}", f"There is no such reason: {sub_reason}") from None


def _is_named(result: TriageResult) -> bool:
    return result.reason not in UNREADABLE and bool(result.sub_reason)


def _changes(case: Case, result: TriageResult) -> dict[str, Any]:
    """Return the fields that this reading changes; empty when it is the reading that the case already has."""
    needs = need_rules.without_triage(case.needs_human)
    own = [_entry(need) for need in result.needs_human]
    if not own and not (result.is_certain and _is_named(result)):
        own = [need_rules.entry(Need.REASON_UNCLEAR)]
    new: dict[str, Any] = {
        "claimed_reason": result.reason.value,
        "sub_reason": result.sub_reason,
        "second_reason": result.second_reason,
        "confidence": round(float(result.confidence), 4),
        "quotes": [
            {
                "text": quote.text,
                "message": quote.message_id,
                "start": quote.start,
                "end": quote.end,
                "rule": quote.rule,
            }
            for quote in result.quotes
        ],
        "reader": result.reader,
        "signals": list(result.signals),
        "needs_human": [*needs, *own],
    }
    return new if any(getattr(case, name) != value for name, value in new.items()) else {}


def _entry(need: TriageNeed) -> dict[str, str]:
    return {"code": need.code, "zh": need.text.zh, "en": need.text.en}


def _record_reading(actor: Actor, case: Case, result: TriageResult, *, is_kept: bool, at: datetime) -> None:
    """Append a reading to the record, unless a confirmed case merely hears again what was confirmed."""
    if not is_kept and result.sub_reason == case.sub_reason:
        return
    facts: dict[str, custody.JSON] = {
        "reason": result.reason.value,
        "sub_reason": result.sub_reason,
        "second_reason": result.second_reason,
        "confidence": _percent(result.confidence),
        "is_certain": result.is_certain,
        "reader": result.reader,
        "language": result.language.language.value,
        "signals": list(result.signals),
        "quotes": [{"message": quote.message_id, "text": quote.text, "rule": quote.rule} for quote in result.quotes],
        "is_kept": is_kept,
        "revision": case.revision,
    }
    custody.append(actor, custody.Record("case.triaged", case.public_id, at, facts))


def _percent(confidence: float | None) -> int | None:
    """Return a confidence as whole percent: the record holds no floats."""
    return None if confidence is None else round(confidence * 100)
