"""Sending one notice: marked as under way, handed over outside of any transaction, and noted.

A worker that dies between hand-over and note leaves "sending" behind. Whoever takes the job over hands it over once
more, marked as a repeat, with the same key; after that it is unclear, which a person sees. For an alarm a double is
better than none, and two are enough.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from cardcase.custody import service as custody
from cardcase.kit import clock
from cardcase.kit.errors import Problem, Unavailable
from cardcase.notices import queries, sealing
from cardcase.notices.models import Notice, NoticeTarget
from cardcase.notices.queries import TargetView
from cardcase.notices.rules import (
    DISABLE_AFTER,
    MAX_TIMES,
    Address,
    Event,
    Message,
    NoticeState,
    Outcome,
    Result,
    deadline_message,
    stock_message,
    trial_message,
)
from cardcase.staff.rules import Actor, Permission

from .targets import trial

Writing = Callable[[], AbstractContextManager[None]]
"""Opens a transaction that commits only while the job is ours."""

KEPT: Final = timedelta(days=180)
_OVER: Final = tuple(
    state.value for state in (NoticeState.SENT, NoticeState.FAILED, NoticeState.UNCLEAR, NoticeState.DROPPED)
)


class NotSentYet(Unavailable):
    """Nothing was handed over this time; the job comes back with a growing wait."""

    code = "notice_not_sent"

    def __init__(self, result: Result) -> None:
        text = result.text()
        super().__init__(f"通知没有发出：{text.zh}", f"A notice was not sent: {text.en}")


def send(actor: Actor, notice_id: int, *, writing: Writing, is_last_try: bool) -> NoticeState:
    """Send a notice that is due and return where it stands. Raises NotSentYet when it should be tried again."""
    actor.require(Permission.WORK)
    with writing():
        begun = _begin(actor, notice_id, at=clock.now())
    if isinstance(begun, NoticeState):
        return begun
    address, message = begun
    from cardcase.notices.senders import deliver  # the library behind it is heavy: imported with the first notice

    result = deliver(address, message, allow_private=queries.may_go_private())
    with writing():
        state = _note(actor, notice_id, result, is_last_try=is_last_try, at=clock.now())
    if state is NoticeState.WAITING:
        raise NotSentYet(result)
    return state


def try_now(actor: Actor, public_id: str, *, at: datetime) -> TargetView:
    """Send a test notice while the caller waits: for the command line, never for a page. Raises NotFound."""
    notice_id = trial(actor, public_id, at=at)
    send(Actor.system(actor.shop_id, "notices"), notice_id, writing=transaction.atomic, is_last_try=True)
    return queries.target(actor, public_id)


def forget_old(actor: Actor | None, *, at: datetime) -> int:
    """Delete notices older than half a year, of all shops; nobody asks for it. What was sent is in the record."""
    assert actor is None
    deleted, _ = Notice.objects.filter(created_at__lt=at - KEPT, state__in=_OVER).delete()
    return deleted


def _begin(actor: Actor, notice_id: int, *, at: datetime) -> NoticeState | tuple[Address, Message]:
    """Mark a notice as under way and word it, or settle it when it needs no sending."""
    notice = Notice.objects.visible_to(actor).select_for_update().filter(pk=notice_id).first()
    if notice is None:  # its target was removed
        return NoticeState.DROPPED
    if notice.state in _OVER:
        return NoticeState(notice.state)
    target = notice.target
    if notice.times >= MAX_TIMES:
        return _settle(actor, notice, NoticeState.UNCLEAR, Result(Outcome.UNCLEAR, "worker_died"), at=at)
    try:
        address = sealing.open_address(target)
    except Problem:
        return _settle(actor, notice, NoticeState.FAILED, Result(Outcome.REFUSED, "sealed"), at=at)
    message = _message(actor, notice, target, is_repeat=notice.times > 0, at=at)
    if message is None:
        why = "not_needed" if target.is_enabled else "target_off"
        return _settle(actor, notice, NoticeState.DROPPED, Result(Outcome.REFUSED, why), at=at)
    notice.state, notice.times = NoticeState.SENDING.value, notice.times + 1
    notice.save(update_fields=["state", "times"])
    return address, message


def _message(actor: Actor, notice: Notice, target: NoticeTarget, *, is_repeat: bool, at: datetime) -> Message | None:
    """Word a notice; None when it is not wanted any more."""
    key = f"notice_{notice.shop_id}_{notice.pk}"
    if notice.event == Event.TEST.value:
        return trial_message(key, notice.shop.name, target.name, at=at, language=target.language)
    if not target.is_enabled or queries.is_over(actor, notice):
        return None
    if notice.event == Event.STOCK.value:
        stock = queries.stock_facts(actor, notice)
        return stock_message(key, stock, at=at, language=target.language, is_repeat=is_repeat) if stock else None
    facts = queries.due_facts(actor, notice, shows_nick=target.shows_nick)
    if facts is None:
        return None
    return deadline_message(key, facts, at=at, language=target.language, is_repeat=is_repeat)


def _note(actor: Actor, notice_id: int, result: Result, *, is_last_try: bool, at: datetime) -> NoticeState:
    """Write down what an attempt came to. WAITING means: once more, later."""
    notice = Notice.objects.visible_to(actor).select_for_update().filter(pk=notice_id).first()
    if notice is None:
        return NoticeState.DROPPED
    is_last = is_last_try or notice.event == Event.TEST.value  # somebody is waiting to see how a test ends
    if result.outcome is Outcome.SENT:
        return _settle(actor, notice, NoticeState.SENT, result, at=at)
    if result.outcome is Outcome.UNCLEAR:
        if notice.times >= MAX_TIMES or is_last:
            return _settle(actor, notice, NoticeState.UNCLEAR, result, at=at)
        return _again(notice, result, times=notice.times, at=at)
    if result.outcome is Outcome.REFUSED or is_last:
        return _settle(actor, notice, NoticeState.FAILED, result, at=at)
    return _again(notice, result, times=notice.times - 1, at=at)  # nothing left the house


def _again(notice: Notice, result: Result, *, times: int, at: datetime) -> NoticeState:
    notice.state, notice.times = NoticeState.WAITING.value, times
    notice.why, notice.number = result.why, result.number
    notice.save(update_fields=["state", "times", "why", "number"])
    NoticeTarget.objects.filter(pk=notice.target_id).update(**_last(NoticeState.WAITING, result, at))
    return NoticeState.WAITING


def _last(state: NoticeState, result: Result, at: datetime) -> dict[str, Any]:
    return {"last_state": state.value, "last_why": result.why, "last_number": result.number, "last_at": at}


def _settle(actor: Actor, notice: Notice, state: NoticeState, result: Result, *, at: datetime) -> NoticeState:
    """End a notice: its row, its target's last result, and a line in the record of its case."""
    notice.state, notice.why, notice.number, notice.settled_at = state.value, result.why, result.number, at
    notice.save(update_fields=["state", "why", "number", "settled_at"])
    is_switched_off = state is not NoticeState.DROPPED and _note_target(notice, state, result, at=at)
    records = []
    if notice.subject and state is not NoticeState.DROPPED:
        facts: dict[str, custody.JSON] = {
            "kind": notice.kind,
            "alarm": notice.event,
            "due_at": clock.iso(notice.due_at) if notice.due_at else "",
            "channel": notice.target.kind,
            "target": notice.target.public_id,
        }
        records.append(custody.Record(f"notice.{state.value}", notice.subject, at, facts))
    if is_switched_off:
        records.append(custody.Record("notice.target_disabled", notice.target.public_id, at, {"by": "failures"}))
    custody.append_many(actor, records)
    return state


def _note_target(notice: Notice, state: NoticeState, result: Result, *, at: datetime) -> bool:
    """Keep a target's last result; tell whether it was switched off for taking none in a row."""
    rows = NoticeTarget.objects.filter(pk=notice.target_id)
    last = _last(state, result, at)
    if state is NoticeState.SENT:
        rows.update(failures=0, **last)
        return False
    if state is NoticeState.UNCLEAR or notice.event == Event.TEST.value or result.why == "too_often":
        rows.update(**last)
        return False
    rows.update(failures=F("failures") + 1, **last)
    tired = rows.filter(failures__gte=DISABLE_AFTER, is_enabled=True)
    return tired.update(is_enabled=False, was_disabled_by_us=True) == 1
