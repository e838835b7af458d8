"""A buyer who comes back: the same claim anew (T20, T24), or another claim, which is a case of its own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from cardcase.cases import rules
from cardcase.cases.models import Case, ClaimHistory
from cardcase.cases.rules import Event, GuardFacts, Need
from cardcase.custody import service as custody
from cardcase.kit.errors import Refused, WrongUse
from cardcase.staff.rules import Actor, Permission

from .moves import move
from .rows import LABEL_MAX, clean, keep, save, take, unask

UNCONFIRMED: Final[dict[str, Any]] = {
    "reason_confirmed_at": None,
    "reason_confirmed_by": None,
    "is_held": True,
}
"""What a machine leaves of a confirmed reason when the buyer comes back: a person reads and confirms anew."""

SOURCE_MAX: Final = 120


def keep_claim(actor: Actor, case: Case, event: Event, *, source: str, at: datetime) -> ClaimHistory:
    """Write down what was claimed until now, before it changes. The case is in hand."""
    kept: ClaimHistory = ClaimHistory.objects.create(
        shop_id=case.shop_id,
        case=case,
        event=event.value,
        claimed_reason=case.claimed_reason,
        sub_reason=case.sub_reason,
        claimed_fen=case.claimed_fen,
        source=source[:SOURCE_MAX],
        by=(actor.label or actor.kind.value)[:LABEL_MAX],
        until=at,
    )
    return kept


@transaction.atomic
def reapply(
    actor: Actor,
    number: str,
    *,
    source: str,
    revision: int,
    at: datetime,
    sub_reason: str = "",
    claimed_fen: int | None = None,
    due_at: datetime | None = None,
) -> Case:
    """Record that the buyer applied again after our refusal (T20), with another reason or amount if they said so.

    ``due_at``: until when the platform waits for us now, as a person read it. What was claimed before is kept. The
    refusal is judged anew on the claim as it is now. Raises Conflict, WrongUse, the refusals of T20.
    """
    actor.require(Permission.WORK)
    case = take(actor, number, revision=revision)
    facts = GuardFacts(answer_due_at=due_at)
    changed = {"sub_reason": sub_reason, "claimed_fen": claimed_fen}
    return _again(actor, case, Event.REAPPLIED, facts, source, changed=changed, at=at)


@transaction.atomic
def reopen(
    actor: Actor, number: str, *, source: str, revision: int, at: datetime, due_at: datetime | None = None
) -> Case:
    """Take an ended case up again: the same line and the same claim (T24). Another claim is ``open_linked``.

    The stage starts anew; the outcome, ruling and clocks of before stay in the record. Raises Conflict, WrongUse
    without a source, the refusals of T24.
    """
    actor.require(Permission.WORK)
    case = take(actor, number, revision=revision)
    facts = GuardFacts(is_same_claim=True, answer_due_at=due_at)
    return _again(actor, case, Event.REOPENED, facts, source, changed={}, at=at)


@transaction.atomic
def open_linked(
    actor: Actor, number: str, sub_reason: str, *, source: str, at: datetime, claimed_fen: int | None = None
) -> Case:
    """Open a case of its own for another claim about the order of an ended case, linked to it (T24, T1).

    Raises Refused while the old case is open, WrongUse for an unknown reason or without a source.
    """
    from .opening import open_another

    actor.require(Permission.WORK)
    old = take(actor, number)
    if old.is_open:
        raise Refused("这一单还没有结束：在这一单里处理", "This case is not over: go on with it", code="case_is_open")
    if old.is_merged:
        raise Refused(
            "这一单已并入另一单：在那一单里处理",
            "This case goes on in another: work on that one",
            code="case_is_merged",
        )
    said = _source(actor, source)
    family = _family(sub_reason)
    case = open_another(actor, old, claimed_fen=claimed_fen, at=at)
    keep(case, claimed_reason=family, sub_reason=sub_reason)
    save(actor, case)
    told: dict[str, custody.JSON] = {"linked_to": old.number, "sub_reason": sub_reason, "shown_by": said}
    custody.append(actor, custody.Record("case.linked", case.public_id, at, told))
    return case


def _again(
    actor: Actor,
    case: Case,
    event: Event,
    facts: GuardFacts,
    source: str,
    *,
    changed: Mapping[str, Any],
    at: datetime,
) -> Case:
    said = _source(actor, source)
    sub_reason, claimed_fen = changed.get("sub_reason", ""), changed.get("claimed_fen")
    changes: dict[str, Any] = {"reapplied_at": at}
    if sub_reason and sub_reason != case.sub_reason:
        changes |= {"claimed_reason": _family(sub_reason), "sub_reason": sub_reason, "quotes": [], "second_reason": ""}
        if actor.is_person:  # who types the new reason has read it
            changes |= {"reason_confirmed_at": at, "reason_confirmed_by_id": actor.staff_id, "is_held": False}
    if claimed_fen is not None:
        if claimed_fen <= 0:
            raise WrongUse("金额要大于零", "The amount is above zero")
        changes["claimed_fen"] = claimed_fen
    told: dict[str, custody.JSON] = {
        "was_sub_reason": case.sub_reason,
        "sub_reason": changes.get("sub_reason", case.sub_reason),
        "was_claimed_fen": case.claimed_fen,
        "claimed_fen": changes.get("claimed_fen", case.claimed_fen),
    }
    keep_claim(actor, case, event, source=said, at=at)
    case = move(actor, case, event, facts=replace(facts, source_event_id=said), details=told, changes=changes, at=at)
    unask(case, Need.REAPPLIED)
    save(actor, case)
    return case


def _source(actor: Actor, source: str) -> str:
    said = clean(actor, source.strip())[:SOURCE_MAX]
    if not said:
        raise WrongUse("请写明凭什么知道", "Say how you know")
    return said


def _family(sub_reason: str) -> str:
    try:
        return rules.family_of(sub_reason)
    except KeyError:
        raise WrongUse(f"没有这个原因：{sub_reason}", f"There is no such reason: {sub_reason}") from None
