"""Taking a case in hand and writing it back: locked, by revision, with who was first kept for the one who was not."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any, Final

from cardcase.cards import masking
from cardcase.cases import queries
from cardcase.cases.models import Case
from cardcase.cases.rules import EVENT_TITLES, Event, Need
from cardcase.cases.rules import needs as need_rules
from cardcase.kit.errors import Conflict
from cardcase.kit.text import Text
from cardcase.search import service as search
from cardcase.search.rules import Kind
from cardcase.search.sources import SOURCES
from cardcase.staff.rules import Actor

Ref = int | str | Case
"""A case by its key, public id or number, or a row that was read before."""

LABEL_MAX = 80

_SEARCHED: Final = frozenset(SOURCES[Kind.CASE].texts)
"""Columns whose words are found."""


def take(actor: Actor, ref: Ref, *, revision: int | None = None) -> Case:
    """Read a case for change, locked until the transaction ends.

    ``revision`` is the one that the caller decided upon; None means whatever stands now (books that the system keeps).
    Raises NotFound, or Conflict when somebody was first: then nothing is changed and the conflict says who.
    """
    chosen = ref.pk if isinstance(ref, Case) else ref if isinstance(ref, int) else queries.key_of(actor, ref)
    rows = Case.objects.visible_to(actor).select_related(*queries.RELATED).select_for_update(of=("self",))
    try:
        case: Case = rows.get(pk=chosen)
    except Case.DoesNotExist:
        raise queries.unknown(chosen) from None
    if revision is not None and revision != case.revision:
        raise _stale(case)
    return case


def write(actor: Actor, case: Case, what: str, *, at: datetime, **changes: Any) -> None:
    """Change a case under its revision and raise it. Raises Conflict when the row is not what it was."""
    changes = {
        **_kept(case),
        **changes,
        "last_event": what,
        "last_moved_by": (actor.label or actor.kind.value)[:LABEL_MAX],
        "last_moved_at": at,
    }
    mine = Case.objects.visible_to(actor).filter(pk=case.pk, revision=case.revision)
    with _findable(case, changes):
        if not mine.update(revision=case.revision + 1, **changes):
            raise _stale(queries.find(actor, case.pk))
    case.revision += 1
    case.unsaved.clear()
    _copy(case, changes)


def keep(case: Case, **changes: Any) -> None:
    """Change what nobody decides upon (flags, the copy of the next deadline) without raising the revision.

    A verb often keeps several things. They wait on the case in hand for the next ``write``; a verb that may end
    without one ends with ``save``.
    """
    _copy(case, changes)
    case.unsaved.update(changes)


def save(actor: Actor, case: Case) -> None:
    """Write what is kept on a case in hand and was not written yet."""
    if case.unsaved:
        kept = _kept(case)
        with _findable(case, kept):
            Case.objects.visible_to(actor).filter(pk=case.pk).update(**kept)
        case.unsaved.clear()


def _findable(case: Case, changes: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Keep search in step with a change of a case, where there are words in it."""
    return nullcontext() if _SEARCHED.isdisjoint(changes) else search.changing(Kind.CASE, [case.pk])


def ask_person(case: Case, *needs: Need) -> None:
    """Keep that a person is needed, each reason once."""
    wanted = need_rules.with_need(case.needs_human, *needs)
    if wanted != case.needs_human:
        keep(case, needs_human=wanted)


def unask(case: Case, *needs: Need) -> None:
    """Take back that a person is needed."""
    rest = need_rules.without(case.needs_human, *(need.value for need in needs))
    if rest != case.needs_human:
        keep(case, needs_human=rest)


def _stale(case: Case) -> Conflict:
    """Return the refusal for a caller whose picture of the case is old, saying who was first."""
    who = case.last_moved_by or "别人"
    what = _title(case.last_event)
    return Conflict(
        f"{who} 刚刚做了「{what.zh}」，这一单已经变了；你的操作没有执行",
        f"{case.last_moved_by or 'Somebody'} was first (“{what.en}”): nothing of yours was done",
        next=Text(
            "看一眼最新情况再决定；你写的内容还在。", "Look at the case again and decide; what you wrote is kept."
        ),
        number=case.number,
        revision=case.revision,
        first_by=case.last_moved_by,
        event=case.last_event,
    )


def clean(actor: Actor, text: str) -> str:
    """Return a text that staff typed with every card code in it masked."""
    [masked] = masking.mask_texts(actor, [text])
    return masked.text


_OTHER_ACTS = {
    "reason_confirmed": Text("确认原因", "Confirm the reason"),
    "reading_refused": Text("说明买家没给原因", "Say that no reason was given"),
    "triaged": Text("自动分诊", "Automatic triage"),
    "hold_lifted": Text("解除暂停", "Lift the hold"),
    "refund_linked": Text("关联平台退款", "Link the platform's refund"),
    "card_linked": Text("关联卡", "Link the card"),
    "cause_found": Text("记录查明的原因", "Record the cause that was found"),
    "deadline_typed": Text("填写截止时间", "Type in the deadline"),
    "goal_paused": Text("暂停自家目标", "Pause our own goal"),
    "goal_resumed": Text("恢复自家目标", "Resume our own goal"),
    "need_settled": Text("处理提醒", "Settle a reminder"),
    "reviewed": Text("写复盘", "Review the incident"),
    "buyer_answered": Text("记下买家的回答", "Note the buyer's answer"),
    "dispute_noted": Text("登记平台纠纷", "Note a dispute"),
    "mirrored": Text("同步平台数据", "Sync with the platform"),
    "order_linked": Text("对上订单", "Link the order"),
}


def _title(event: str) -> Text:
    if event in _OTHER_ACTS:
        return _OTHER_ACTS[event]
    return EVENT_TITLES[Event(event)] if event in set(Event) else Text("更新", "Update")


def _kept(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in case.unsaved}


def _copy(case: Case, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(case, name, value)
