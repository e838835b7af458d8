"""Entries of the record in words for the timeline: what happened, the few facts that matter, and who did it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from cardcase.cases.rules import EVENT_TITLES, NEED_TEXTS, STAGE_TITLES, STATUS_TITLES, Event, Need, Stage, Status
from cardcase.custody.queries import HistoryItem
from cardcase.deadlines.rules import KIND_TITLES, DeadlineKind
from cardcase.evidence.rules import read_matrix
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.remedies.rules import read_catalogue
from cardcase.shell import timing
from cardcase.shell.language import ENGLISH, current, say
from cardcase.shell.parts import Tone
from cardcase.triage.rules import reasons

KINDS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "case.opened": Text("开了售后单", "Case opened"),
        "case.moved": Text("状态变化", "Case moved"),
        "case.triaged": Text("系统读出原因", "Reason read by the system"),
        "case.reason_confirmed": Text("人工确认了原因", "Reason confirmed"),
        "case.reading_refused": Text("人工说明：买家没给原因", "Noted by a person: no reason was given"),
        "case.cause_found": Text("查实了原因", "Cause found"),
        "case.hold_lifted": Text("解除了暂停", "Hold lifted"),
        "case.hold_alarmed": Text("时限快到，消息还在暂停", "Deadline near while messages are held"),
        "case.incident_raised": Text("时限错过，记为事故", "Missed deadline noted as an incident"),
        "case.reviewed": Text("写了复盘", "Review written"),
        "case.person_asked": Text("请人看一眼", "A person was asked for"),
        "case.need_settled": Text("提醒已处理", "A reminder was dealt with"),
        "case.mirrored": Text("平台状态有变", "The platform's state changed"),
        "case.noted": Text("记了一笔", "Note written"),
        "case.linked": Text("另一项要求，另立一单", "Another claim, a case of its own"),
        "case.dispute_noted": Text("登记了平台纠纷", "Platform dispute noted"),
        "case.merged": Text("并入另一单，到此结束", "Merged into another case; ends here"),
        "case.absorbed": Text("同一件事的另一单并了进来", "Another case of the same matter was merged into this one"),
        "case.order_linked": Text("对上了订单", "Order linked"),
        "case.refund_linked": Text("对上了退款申请", "Refund request linked"),
        "case.card_linked": Text("指明了是哪张卡", "Card linked"),
        "case.deadline_typed": Text("手工填了截止时间", "Deadline typed by hand"),
        "deadline.armed": Text("开始计时", "Clock started"),
        "deadline.moved": Text("截止时间有变", "Deadline moved"),
        "deadline.paused": Text("自家目标暂停", "Our own goal paused"),
        "deadline.resumed": Text("自家目标恢复", "Our own goal resumed"),
        "deadline.met": Text("按时处理", "Deadline met"),
        "deadline.missed": Text("错过时限", "Deadline missed"),
        "deadline.voided": Text("计时取消", "Clock stopped"),
        "evidence.added": Text("存了证据", "Evidence kept"),
        "evidence.answer_recorded": Text("记下买家的回答", "Buyer's answer noted"),
        "evidence.asked": Text("索要了证据", "Evidence asked for"),
        "evidence.mail_checked": Text("核对了邮件签名", "Mail's signature checked"),
        "evidence.original_opened": Text("打开了密封的原件", "Sealed original opened"),
        "evidence.redacted": Text("遮盖了一份证据", "Exhibit covered"),
        "evidence.redaction_lifted": Text("取消了一份证据的遮盖", "Exhibit uncovered"),
        "evidence.words_covered": Text("遮盖了第三方资料", "Words about third parties covered"),
        "evidence.cover_lifted": Text("取消了遮盖的文字", "Words uncovered"),
        "evidence.looked_at": Text("看过要交出的图片", "Pictures to be handed over looked at"),
        "evidence.set_aside": Text("一份证据不再采用", "Evidence set aside"),
        "evidence.request_fulfilled": Text("要的证据到了", "The evidence came"),
        "evidence.request_refused": Text("对方不给证据", "The evidence was refused"),
        "evidence.request_expired": Text("过期没收到证据", "The evidence did not come in time"),
        "remedy.offered": Text("提出方案", "Offer made"),
        "remedy.offer_settled": Text("方案有了答复", "Offer answered"),
        "remedy.offer_suspended": Text("方案搁置", "Offer suspended"),
        "remedy.approved": Text("定下方案", "Remedy agreed"),
        "remedy.prechecked": Text("执行前查过", "Checked before execution"),
        "remedy.executing": Text("开始执行", "Execution begun"),
        "remedy.executed": Text("已执行", "Executed"),
        "remedy.verified": Text("核实完成", "Verified"),
        "remedy.failed": Text("没有执行成功", "Execution failed"),
        "remedy.ambiguous": Text("执行结果不明", "Execution unclear"),
        "remedy.cancelled": Text("方案取消", "Remedy cancelled"),
        "remedy.declined": Text("拒绝退款", "Refund declined"),
        "remedy.approval_asked": Text("请主管或店主批准", "Approval asked for"),
        "remedy.approval_refused": Text("没有批准", "Not approved"),
        "remedy.transfer_noted": Text("登记了平台外付款", "Payment beside the platform noted"),
        "remedy.escalated": Text("申请平台介入", "Platform asked to decide"),
        "reply.drafted": Text("存了回复草稿", "Draft saved"),
        "reply.model_asked": Text("请模型起草：买家的话发了出去", "A model was asked: buyer's words went out"),
        "reply.sent": Text("已发送回复", "Reply sent"),
        "pack.exported": Text("导出证据包", "Pack exported"),
        "content.erased": Text("删除了个人信息", "Personal data erased"),
        "content.restricted": Text("限制处理个人信息", "Personal data restricted"),
        "content.restored": Text("解除限制，内容放回", "Restriction lifted, contents put back"),
        "pack.submitted": Text("提交了证据包", "Pack handed in"),
        "notice.sent": Text("发出时限通知", "Notice of a deadline sent"),
        "notice.failed": Text("时限通知没有发出", "Notice of a deadline not sent"),
        "notice.unclear": Text("时限通知不知道到没到", "Notice of a deadline may not have arrived"),
    }
)
"""Every kind of entry that a case can have; ``tests`` compare it with what the rooms append."""

_BAD: Final = frozenset({"deadline.missed", "remedy.declined", "remedy.failed", "case.incident_raised"})
_WARN: Final = frozenset({"case.hold_alarmed", "case.person_asked", "remedy.ambiguous", "evidence.request_expired"})
_GOOD: Final = frozenset({"deadline.met", "case.reason_confirmed", "remedy.verified"})
_ANSWERS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "accepted": Text("买家接受", "accepted"),
        "denied": Text("买家不接受", "denied"),
        "countered": Text("买家另提条件", "countered"),
        "withdrawn": Text("我们撤回", "withdrawn"),
        "expired": Text("过期", "expired"),
    }
)
_PARTIES: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "buyer": Text("向买家", "from the buyer"),
        "issuer": Text("向发卡方", "from the issuer"),
        "supplier": Text("向货源方", "from the supplier"),
        "platform": Text("向平台", "from the platform"),
        "carrier": Text("向快递", "from the carrier"),
        "seller": Text("我们自己", "from ourselves"),
    }
)
_MACHINES: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "cli": Text("命令行", "command line"),
        "console": Text("命令行", "command line"),
        "system": Text("系统", "system"),
        "": Text("系统", "system"),
    }
)


_TOLD_BY_OTHERS: Final = frozenset(
    {
        Event.TRIAGED.value,
        Event.EVIDENCE_ASKED.value,
        Event.OFFERED.value,
        Event.ACCEPTED.value,
        Event.OFFER_ENDED.value,
        Event.CONCEDED.value,
        Event.EXECUTED.value,
        Event.DECLINED.value,
        Event.ESCALATED.value,
        Event.MERGED.value,
        Event.DOUBTED.value,
    }
)
"""Moves beside which another entry says the same with more: who was asked for what, what was offered."""


def is_said_twice(item: HistoryItem) -> bool:
    """Tell whether another entry beside this one says the same; the record and the pack keep both."""
    return item.kind == "case.moved" and item.facts.get("event") in _TOLD_BY_OTHERS


def tell(item: HistoryItem, *, now: datetime) -> tuple[str, str, Tone]:
    """Return what happened, its detail and its colour; an unknown kind is shown by its own name."""
    what = KINDS.get(item.kind, Text(item.kind, item.kind))
    tone = (
        Tone.BAD
        if item.kind in _BAD
        else Tone.WARN
        if item.kind in _WARN
        else Tone.GOOD
        if item.kind in _GOOD
        else Tone.PLAIN
    )
    if item.kind == "case.moved":
        event = item.facts.get("event")
        if isinstance(event, str) and event in set(Event):
            what = EVENT_TITLES[Event(event)]
    return say(what), _detail(item.kind.split(".", 1)[0], item.facts, now), tone


def who(item: HistoryItem) -> str:
    """Name who did it: a person by name, machines by what they are."""
    label = item.actor_label or ("" if item.actor_kind == "system" else item.actor_kind)
    return say(_MACHINES[label]) if label in _MACHINES else label


def _detail(room: str, facts: Mapping[str, Any], now: datetime) -> str:
    parts = [_status(facts), *_titles(room, facts), *_amounts(facts), *_moments(facts, now), *_said(facts)]
    return " · ".join(dict.fromkeys(part for part in parts if part))[:200]


def _status(facts: Mapping[str, Any]) -> str:
    to, stage = facts.get("to") or facts.get("status"), facts.get("stage_to")
    if isinstance(to, str) and to in set(Status):
        return say(STATUS_TITLES[Status(to)])
    if isinstance(stage, str) and stage in set(Stage):
        return say(STAGE_TITLES[Stage(stage)])
    return ""


def _titles(room: str, facts: Mapping[str, Any]) -> list[str]:
    """Name what an entry is about: reasons, clocks, evidence and remedies by their titles, never by their codes."""
    found: list[Text] = []
    found += [reasons.title(facts[key]) for key in ("sub_reason", "cause") if facts.get(key) in reasons.SUB_REASONS]
    kind = facts.get("kind")
    if room in ("deadline", "case", "notice") and isinstance(kind, str) and kind in set(DeadlineKind):
        found.append(KIND_TITLES[DeadlineKind(kind)])
    elif room == "remedy" and isinstance(kind, str) and kind in read_catalogue().kinds:
        found.append(read_catalogue().kinds[kind].title)
    elif room == "evidence":
        found += _PARTIES.get(str(facts.get("to")), Text("", "")), *_evidence(facts), *_answer(facts)
    answer = facts.get("answer")
    if isinstance(answer, str) and answer in _ANSWERS:
        found.append(_ANSWERS[answer])
    code = facts.get("code")
    if isinstance(code, str) and code in set(Need):
        found.append(NEED_TEXTS[Need(code)])
    return [say(text) for text in found]


def _evidence(facts: Mapping[str, Any]) -> list[Text]:
    asked = facts.get("kinds")
    codes: Sequence[Any] = asked if isinstance(asked, list) else (facts.get("kind"),)
    kinds = read_matrix().kinds
    return [kinds[code].title for code in codes if isinstance(code, str) and code in kinds]


def _answer(facts: Mapping[str, Any]) -> list[Text]:
    """Return question and answer of a buyer's word, as the playbook had them at that moment."""
    kept = [facts.get(key) for key in ("asked", "said")]
    return [Text(words["zh"], words["en"]) for words in kept if isinstance(words, dict)]


def _amounts(facts: Mapping[str, Any]) -> list[str]:
    return [yuan(facts[key]) for key in ("amount_fen", "claimed_fen", "counter_fen") if isinstance(facts.get(key), int)]


def _moments(facts: Mapping[str, Any], now: datetime) -> list[str]:
    due = facts.get("due_at")
    if not isinstance(due, str) or not due:
        return []
    try:
        shown = timing.moment_text(datetime.fromisoformat(due), now=now)
    except ValueError:
        return []
    return [say(Text(f"{shown} 到期", f"due {shown}"))]


def _said(facts: Mapping[str, Any]) -> list[str]:
    keys = ["title", "reason", "refuse_reason", "note", "shown_by", "ruling_raw", "into", "merged"]
    if "code" not in facts or (facts["code"] not in set(Need) and current() != ENGLISH):  # those are kept in Chinese
        keys.append("text")
    families = set(reasons.FAMILY_OF.values())
    if facts.get("host") and facts.get("characters"):  # what went to a model
        host, count = facts["host"], facts["characters"]
        return [say(Text(f"{host}，共 {count} 字", f"{host}, {count} characters"))]
    return [str(facts[key]) for key in keys if facts.get(key) and facts[key] not in families]
