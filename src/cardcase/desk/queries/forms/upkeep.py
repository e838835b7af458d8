"""Forms that keep a case in order: deadline, notes, putting off, the platform's disputes, money that went elsewhere."""

from cardcase.cases.models import Case
from cardcase.cases.rules import Event, Status
from cardcase.cases.rules.disputes import KIND_TITLES, STATUS_TITLES
from cardcase.deadlines.rules import BY_ITSELF, FOLLOWS_HOURS, PAUSE_TITLES
from cardcase.desk.queries.view import CaseView
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm
from cardcase.staff.rules import Actor, Permission

from . import base

_APPEALABLE = (Status.LOST.value, Status.PARTIALLY_WON.value)


def typed_deadline(actor: Actor, view: CaseView) -> ActionForm | None:
    """Type in the deadline that the App shows, when ours is only a default; after a ruling that of the appeal."""
    case = view.case
    if not actor.may(Permission.WORK) or (view.clocks and all(clock.is_verified for clock in view.clocks)):
        return None
    if not case.is_open:
        return _appeal_window(case) if case.status in _APPEALABLE and not view.clocks else None
    asked = Text("App 里显示的截止时间", "The deadline shown in the App")
    return base.folded(
        case,
        "deadline",
        Text("按这个时间算", "Use this time"),
        Text("填 App 里的截止时间", "Type in the deadline from the App"),
        base.moment("due_at", asked, is_required=True),
    )


def _appeal_window(case: Case) -> ActionForm:
    asked = Text("申诉截止时间", "Appeal until")
    return base.folded(
        case,
        "deadline",
        Text("按这个时间算", "Use this time"),
        Text("还能申诉？填截止时间", "Can it be appealed? Type in until when"),
        base.moment("due_at", asked, is_required=True),
    )


def note(actor: Actor, case: Case) -> ActionForm | None:
    """Write something down: a call, an agreement, a thought."""
    if not actor.may(Permission.WORK):
        return None
    said = Text("记一笔", "A note")
    opens = Text("记一笔", "Write a note")
    return base.folded(case, "note", Text("记下", "Write it down"), opens, base.words("text", said, 2000))


def snooze(view: CaseView) -> ActionForm | None:
    """Put work off until a moment before the next safety margin."""
    if view.case.snoozed_until is not None or not view.may(Event.HOLD_CHANGED):
        return None
    return base.folded(
        view.case,
        "snooze",
        Text("先放一放", "Put it off"),
        Text("先放一放，到时提醒我", "Put it off and remind me"),
        base.moment("until", Text("放到什么时候", "Until when"), is_required=True),
        base.text("reason", Text("为什么", "Why"), 300, is_required=True),
    )


def resume(view: CaseView) -> ActionForm | None:
    """Take up work that was put off."""
    if view.case.snoozed_until is None or view.move(Event.HOLD_CHANGED) is None:
        return None
    take_up = Text("现在就处理", "Take it up now")
    return ActionForm(url=base.url(view.case, "resume"), button=say(take_up), hidden=base.hidden(view.case))


def pause_goal(view: CaseView) -> ActionForm | None:
    """Let our own goal stand still for a reason of ours; it pauses by itself while it is somebody else's turn."""
    if not view.may(Event.HOLD_CHANGED) or all(one.kind not in FOLLOWS_HOURS for one in view.clocks):
        return None
    reasons = [(reason.value, title) for reason, title in PAUSE_TITLES.items() if reason not in BY_ITSELF]
    return base.folded(
        view.case,
        "pause_goal",
        Text("暂停", "Pause it"),
        Text("暂停我们自己的回应目标", "Pause our own goal for an answer"),
        base.select("reason", Text("为什么", "Why"), *reasons),
        base.text("note", Text("说明（选“其他”要写）", "In words (for “other”)"), 300),
    )


def resume_goal(view: CaseView) -> ActionForm | None:
    """Let our own goal run on with the working time that it has left."""
    if view.move(Event.HOLD_CHANGED) is None:
        return None
    run_on = Text("继续计时", "Let it run on")
    return ActionForm(url=base.url(view.case, "resume_goal"), button=say(run_on), hidden=base.hidden(view.case))


def dispute(actor: Actor, case: Case) -> ActionForm | None:
    """Write down what the platform shows of a dispute, where no interface tells it."""
    if not actor.may(Permission.WORK) or case.status == Status.CLOSED.value:
        return None
    kinds = [(kind.value, title) for kind, title in KIND_TITLES.items()]
    states = [(title.zh, title) for status, title in STATUS_TITLES.items() if status != "unknown"]
    seen = Text("其他（照抄 App 里的字）", "Something else (copy the App's words)")
    return base.folded(
        case,
        "dispute",
        Text("登记", "Note it"),
        Text("登记平台纠纷", "Note a platform dispute"),
        base.select("kind", Text("哪一种", "Kind"), *kinds),
        base.select("state", Text("到哪一步", "Where it stands"), *states, ("", seen)),
        base.text("state_raw", Text("App 里的原字", "The App's own words"), 80),
        base.text("external_id", Text("编号（有就填）", "Its number, if any"), 60),
        base.moment("respond_by", Text("要我们答复的截止时间（有就填）", "We answer by, if it says")),
        base.source(),
    )


def transfer(actor: Actor, case: Case) -> ActionForm | None:
    """Note money that went to the buyer beside the platform, so that nothing is paid twice."""
    if not actor.may(Permission.DECIDE) or case.status == Status.CLOSED.value:
        return None
    return base.folded(
        case,
        "transfer",
        Text("登记，以后按已付算", "Note it: it counts as paid"),
        Text("已经在平台外转过钱给买家", "Money went to the buyer beside the platform"),
        base.money("amount", Text("金额（元）", "Amount (yuan)"), is_required=True),
        base.source(),
    )
