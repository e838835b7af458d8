"""What people do about clocks by hand: type in a moment that they read, pause and resume the shop's own goal."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from cardcase.cases.models import Case
from cardcase.cases.rules import VERDICTS, Status
from cardcase.custody import service as custody
from cardcase.deadlines import queries as deadline_queries
from cardcase.deadlines import service as deadlines
from cardcase.deadlines.queries import ClockView
from cardcase.deadlines.rules import KIND_TITLES, TELLABLE, DeadlineKind, PauseReason
from cardcase.kit import clock
from cardcase.kit.errors import NotFound, Refused
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from . import clocks
from .rows import clean, save, take, write


@transaction.atomic
def type_deadline(
    actor: Actor, number: str, due_at: datetime, *, kind: DeadlineKind | None = None, revision: int, at: datetime
) -> Case:
    """Type in a deadline that a person read in the App. It never replaces the platform's own time or a dated rule.

    Without a ``kind`` it is the clock for which only the shop's default is known, else that of the platform's present
    step; after a ruling that of the appeal. Raises Refused while something better is known or nothing can run any
    more, WrongUse for a moment that is past or a kind that is never typed.
    """
    actor.require(Permission.WORK)
    case = take(actor, number, revision=revision)
    running = deadline_queries.armed(actor, [case.public_id])[case.public_id]
    kind = kind or _untold(case, running)
    if not case.is_open and (kind is not DeadlineKind.APPEAL_WINDOW or Status(case.status) not in VERDICTS):
        raise Refused("这一单已经结束，没有时限在走", "This case is over: no clock runs", code="case_is_over")
    if kind is None or kind in clocks.OF_THE_STEP:
        deadlines.check_typed(actor, [one for one in running if one.kind in clocks.OF_THE_STEP], due_at, at=at)
        shown = clocks.choose_clock(actor, case, typed_due_at=due_at, at=at)
        if kind is not None and (shown is None or shown.kind is not kind):
            title = KIND_TITLES[kind]
            raise Refused(
                f"这一步没有「{title.zh}」的时限", f"This step has no clock “{title.en}”", code="no_such_clock"
            )
        kind = shown.kind if shown is not None else None
    else:
        clocks.tell(actor, case, kind, due_at, at=at)
    clocks.refresh(actor, case, at=at)
    write(actor, case, "deadline_typed", at=at)
    facts: dict[str, custody.JSON] = {"kind": kind.value if kind else "", "due_at": clock.iso(due_at)}
    custody.append(actor, custody.Record("case.deadline_typed", case.public_id, at, facts))
    return case


def _untold(case: Case, running: Sequence[ClockView]) -> DeadlineKind | None:
    """Return the kind of clock whose moment nobody has told yet; None when it is that of the platform's step."""
    if not case.is_open:
        return DeadlineKind.APPEAL_WINDOW
    return next((one.kind for one in running if not one.is_verified and one.kind in TELLABLE), None)


@transaction.atomic
def pause_goal(actor: Actor, number: str, reason: PauseReason, *, note: str = "", revision: int, at: datetime) -> Case:
    """Let the case's own goal stand still, with the reason. The platform's clocks run on.

    Raises NotFound when no goal of ours runs, Refused unless a person does it.
    """
    actor.require(Permission.WORK)
    _require_person(actor)
    case = take(actor, number, revision=revision)
    goal = DeadlineKind.FIRST_RESPONSE
    if deadlines.pause(actor, case.public_id, goal, reason, note=clean(actor, note), at=at) is None:
        raise _no_goal()
    write(actor, case, "goal_paused", at=at)
    clocks.refresh(actor, case, at=at)
    save(actor, case)
    return case


@transaction.atomic
def resume_goal(actor: Actor, number: str, *, revision: int, at: datetime) -> Case:
    """Let the case's own goal run on with the working time that it had left. Raises NotFound when none is paused."""
    actor.require(Permission.WORK)
    _require_person(actor)
    case = take(actor, number, revision=revision)
    if deadlines.resume(actor, case.public_id, DeadlineKind.FIRST_RESPONSE, at=at) is None:
        raise _no_goal()
    write(actor, case, "goal_resumed", at=at)
    clocks.refresh(actor, case, at=at)
    save(actor, case)
    return case


@transaction.atomic
def clock_moved(actor: Actor, subject: str, *, at: datetime) -> Case | None:
    """Copy the nearest deadline onto its case again, because it moved by itself. None when the subject is no case."""
    actor.require(Permission.WORK)
    case = find(actor, subject)
    if case is not None:
        clocks.refresh(actor, case, at=at)
        save(actor, case)
    return case


def find(actor: Actor, subject: str) -> Case | None:
    """Return the case of a subject, locked; None when the subject is none."""
    if not subject.startswith("case_"):
        return None
    try:
        return take(actor, subject)
    except NotFound:
        return None


def _require_person(actor: Actor) -> None:
    if not actor.is_person:
        raise Refused("只有人可以暂停目标", "Only a person pauses a goal", code="not_a_person")


def _no_goal() -> NotFound:
    return NotFound(
        "这一单没有可以暂停或恢复的自家目标",
        "This case has no goal of ours to pause or resume",
        next=Text("平台的时限不能暂停。", "The platform's clocks cannot be paused."),
        code="no_goal",
    )
