"""What the buyer or the platform did, and our own moves that are no remedy: one line a move, with what it asks."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from cardcase.cases.rules import Event, Move
from cardcase.desk.queries.view import CaseView
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Input

from . import base

Inputs = Callable[[], tuple[Input, ...]]

_DUE: Final = Text("平台给我们的截止时间（App 里有就填）", "Until when the platform waits for us, if the App says")


def _only_source() -> tuple[Input, ...]:
    return (base.source(),)


def _answered() -> tuple[Input, ...]:
    how = base.select(
        "how",
        Text("怎么答复的", "How"),
        ("fulfilled", Text("证据给齐了", "everything came")),
        ("words", Text("只说了话，还没给证据", "words only, no evidence yet")),
        ("refused", Text("不肯给", "will not give it")),
    )
    return (how, base.source())


def _offer_ended() -> tuple[Input, ...]:
    how = base.select(
        "answer",
        Text("怎么结束的", "How it ended"),
        ("denied", Text("买家不接受", "the buyer said no")),
        ("countered", Text("买家另提条件", "the buyer wants something else")),
        ("withdrawn", Text("我们撤回", "we take it back")),
    )
    counter = base.money(
        "counter", Text("买家另提的金额（元，有就填）", "What the buyer wants instead (yuan, if named)")
    )
    return (how, counter, base.source())


def _ruled() -> tuple[Input, ...]:
    verdict = base.select(
        "verdict",
        Text("裁决", "Ruling"),
        ("won", Text("支持卖家", "for the seller")),
        ("partially_won", Text("部分支持", "in part")),
        ("lost", Text("支持买家", "for the buyer")),
    )
    said = base.words("ruling", Text("平台原话", "The platform's words"))
    until = base.moment("appeal_until", Text("申诉截止（有就填）", "Appeal until, if it says"))
    return (verdict, said, until, base.source())


def _more_evidence() -> tuple[Input, ...]:
    return (base.moment("due_at", Text("补证截止时间（App 里有就填）", "Evidence due, if the App says")), base.source())


def _reapplied() -> tuple[Input, ...]:
    same = Text("原因没变", "the same reason")
    reason = base.sub_reasons("sub_reason", Text("这次说的原因", "The reason now"), "", first=same, is_required=False)
    amount = base.money("amount", Text("这次要的金额（元，变了才填）", "The amount now (yuan, if changed)"))
    return (reason, amount, base.moment("due_at", _DUE), base.source())


def _reopened() -> tuple[Input, ...]:
    claim = base.select(
        "claim",
        Text("买家这次要的", "What the buyer wants now"),
        ("same", Text("还是同一件事", "the same matter")),
        ("other", Text("另一件事（另开一单）", "another matter (a case of its own)")),
    )
    none = Text("同一件事不用选", "not needed for the same matter")
    reason = base.sub_reasons(
        "sub_reason", Text("另一件事的原因", "Reason of the other matter"), "", first=none, is_required=False
    )
    return (claim, reason, base.moment("due_at", _DUE), base.source())


FORMS: Final = MappingProxyType[Event, tuple[str, Inputs]](
    {
        Event.ANSWERED: ("answered", _answered),
        Event.ACCEPTED: ("move", _only_source),
        Event.OFFER_ENDED: ("move", _offer_ended),
        Event.STEPPED_IN: ("move", _only_source),
        Event.MORE_EVIDENCE_ASKED: ("move", _more_evidence),
        Event.RULED: ("move", _ruled),
        Event.APPEALED: ("move", _only_source),
        Event.BUYER_APPEALED: ("move", _only_source),
        Event.REAPPLIED: ("reapplied", _reapplied),
        Event.WITHDRAWN: ("move", _only_source),
        Event.TIMED_OUT: ("move", _only_source),
        Event.REOPENED: ("reopen", _reopened),
        Event.PAID_ELSEWHERE: ("move", _only_source),
        Event.REFUSED_ELSEWHERE: ("move", _only_source),
    }
)
"""Event: the act that it posts to, and what is asked."""


def further(view: CaseView, move: Move) -> ActionForm | None:
    """Return the form of a move that is none of the remedies, when it can be made now."""
    known = FORMS.get(move.event)
    if known is None or not move.allowed:
        return None
    act, inputs = known
    button = Text(f"记下：{move.title.zh}", f"Record: {move.title.en}")
    carry = (("event", move.event.value),) if act == "move" else ()
    return ActionForm(
        url=base.url(view.case, act),
        button=say(button),
        inputs=inputs(),
        hidden=base.hidden(view.case, *carry),
        opens=say(move.title),
    )
