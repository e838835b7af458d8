"""Forms about the reason: confirm it, change it, note what it turned out to be; and the owner's way past the hold."""

from dataclasses import replace

from cardcase.cases.models import Case
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice
from cardcase.staff.rules import Actor, Permission
from cardcase.triage.rules import Family

from . import base


def confirm_reason(actor: Actor, case: Case) -> ActionForm | None:
    """The one button that says: I have read it, and that is the reason."""
    if not _may_confirm(actor, case) or not case.sub_reason:
        return None
    return ActionForm(
        url=base.url(case, "reason"),
        button=say(Text("看过了，确认这个原因", "I have read it: confirm")),
        hidden=base.hidden(case, ("sub_reason", case.sub_reason)),
        is_main=case.reason_confirmed_at is None,
    )


def change_reason(actor: Actor, case: Case) -> ActionForm | None:
    """The select of all reasons by family."""
    if not _may_confirm(actor, case):
        return None
    change = Text("改成这个原因", "Change to this")
    first = None if case.sub_reason else base.CHOOSE
    select = base.sub_reasons("sub_reason", Text("原因", "Reason"), case.sub_reason, first=first)
    if case.sub_reason and case.reason_confirmed_at is None:
        none = Choice(Family.UNSTATED.value, say(Text("买家没说原因，先问", "The buyer gave no reason: ask first")))
        select = replace(select, choices=(none, *select.choices))
    return ActionForm(
        url=base.url(case, "reason"),
        button=say(change if case.sub_reason else Text("就是这个原因", "That is the reason")),
        inputs=(select,),
        hidden=base.hidden(case),
        opens=say(Text("不是这个原因", "It is another reason")) if case.sub_reason else "",
        is_main=not case.sub_reason,
    )


def cause(actor: Actor, case: Case) -> ActionForm | None:
    """Write down what the record shows to be the cause; the claim stays beside it."""
    if not _may_confirm(actor, case) or case.reason_confirmed_at is None:
        return None
    asked = Text("查实是什么", "What it turned out to be")
    return base.folded(
        case,
        "cause",
        Text("记下", "Write it down"),
        Text("查实了？记下真正的原因", "Found out? Note the real cause"),
        base.sub_reasons("cause", asked, case.found_cause, first=base.CHOOSE),
    )


def lift_hold(actor: Actor, case: Case) -> ActionForm | None:
    """The owner's way to lift the hold without a confirmed reason."""
    if not actor.may(Permission.LIFT_HOLD):
        return None
    return base.folded(
        case,
        "hold",
        Text("解除暂停", "Lift the hold"),
        Text("解除（店主）", "Lift it (owner)"),
        base.text("reason", Text("为什么现在就解除", "Why lift it now"), 300, is_required=True),
    )


def _may_confirm(actor: Actor, case: Case) -> bool:
    return case.is_open and actor.is_person and actor.may(Permission.WORK)
