"""Entries of the record in words for the timeline: what happened, and the few facts that matter."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from cardcase.cases.rules import EVENT_TITLES, STATUS_TITLES, Event, Status
from cardcase.custody.queries import HistoryItem
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import Tone

KINDS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "case.opened": Text("开售后单", "Case opened"),
        "case.moved": Text("状态变化", "Case moved"),
        "case.triaged": Text("系统读出原因", "Reason read by the system"),
        "case.reason_confirmed": Text("人工确认原因", "Reason confirmed"),
        "case.hold_lifted": Text("解除暂停", "Hold lifted"),
        "case.noted": Text("记了一笔", "Note written"),
        "deadline.armed": Text("开始计时", "Clock started"),
        "deadline.met": Text("按时处理", "Deadline met"),
        "deadline.missed": Text("错过时限", "Deadline missed"),
        "deadline.voided": Text("时限取消", "Clock stopped"),
        "evidence.added": Text("存了证据", "Evidence kept"),
        "evidence.asked": Text("索要证据", "Evidence asked for"),
        "remedy.offered": Text("提出方案", "Offer made"),
        "remedy.agreed": Text("方案达成", "Remedy agreed"),
        "remedy.executing": Text("开始执行", "Execution begun"),
        "remedy.declined": Text("拒绝退款", "Refund declined"),
        "remedy.escalated": Text("申请平台介入", "Platform asked to decide"),
        "reply.sent": Text("已发送回复", "Reply sent"),
        "pack.exported": Text("导出证据包", "Pack exported"),
    }
)
_BAD: Final = frozenset({"deadline.missed", "remedy.declined"})
_GOOD: Final = frozenset({"deadline.met", "case.reason_confirmed"})


def tell(item: HistoryItem) -> tuple[str, str, Tone]:
    """Return what happened, its detail and its colour; an unknown kind is shown by its own name."""
    what = KINDS.get(item.kind, Text(item.kind, item.kind))
    tone = Tone.BAD if item.kind in _BAD else Tone.GOOD if item.kind in _GOOD else Tone.PLAIN
    if item.kind == "case.moved":
        event = item.facts.get("event")
        if isinstance(event, str) and event in set(Event):
            what = EVENT_TITLES[Event(event)]
    return say(what), _detail(item.facts), tone


def _detail(facts: Mapping[str, Any]) -> str:
    parts = []
    for key in ("to", "status"):
        value = facts.get(key)
        if isinstance(value, str) and value in set(Status):
            parts.append(say(STATUS_TITLES[Status(value)]))
    parts += [yuan(facts[key]) for key in ("amount_fen", "claimed_fen") if isinstance(facts.get(key), int)]
    parts += [str(facts[key]) for key in ("sub_reason", "title", "kind", "rule", "reason", "text") if facts.get(key)]
    return " · ".join(dict.fromkeys(parts))[:200]
