"""How a case is said to people: titles of stages, statuses, events and turns, and the next step of the Today list."""

from types import MappingProxyType
from typing import Final

from cardcase.kit.text import Text

from .states import WAITING, Event, Outcome, Stage, Status, WaitingOn

STAGE_TITLES: Final = MappingProxyType(
    {
        Stage.ENQUIRY: Text("咨询", "Enquiry"),
        Stage.PLATFORM_REFUND: Text("平台退款申请", "Refund request"),
        Stage.PLATFORM_DISPUTE: Text("平台介入", "Platform dispute"),
        Stage.APPEAL: Text("申诉", "Appeal"),
    }
)

STATUS_TITLES: Final = MappingProxyType(
    {
        Status.NEW: Text("待确认原因", "New"),
        Status.NEEDS_RESPONSE: Text("待回应", "Needs a response"),
        Status.WAITING_BUYER: Text("等买家举证", "Waiting for the buyer"),
        Status.OFFER_MADE: Text("已提方案", "Offer made"),
        Status.AGREED: Text("已同意", "Agreed"),
        Status.EXECUTING: Text("执行中", "Executing"),
        Status.DECLINED: Text("已拒绝", "Declined"),
        Status.UNDER_REVIEW: Text("平台处理中", "Under review"),
        Status.SETTLED: Text("已了结", "Settled"),
        Status.WON: Text("判卖家", "Won"),
        Status.PARTIALLY_WON: Text("部分支持", "Partially won"),
        Status.LOST: Text("判买家", "Lost"),
        Status.WITHDRAWN: Text("买家已撤回", "Withdrawn"),
        Status.CLOSED: Text("已关闭", "Closed"),
    }
)

WAITING_TITLES: Final = MappingProxyType(
    {
        WaitingOn.SELLER: Text("等我处理", "Waiting for me"),
        WaitingOn.BUYER: Text("等买家", "Waiting for the buyer"),
        WaitingOn.PLATFORM: Text("等平台", "Waiting for the platform"),
        WaitingOn.SUPPLIER: Text("等货源方", "Waiting for the supplier"),
        WaitingOn.NOBODY: Text("不用等", "Nobody"),
    }
)

EVENT_TITLES: Final = MappingProxyType(
    {
        Event.OPENED: Text("开售后单", "Open the case"),
        Event.TRIAGED: Text("确认原因", "Confirm the reason"),
        Event.EVIDENCE_ASKED: Text("向买家要证据", "Ask for evidence"),
        Event.ANSWERED: Text("买家已答复", "The buyer answered"),
        Event.OFFERED: Text("提出方案", "Make an offer"),
        Event.ACCEPTED: Text("买家接受方案", "The buyer accepted"),
        Event.OFFER_ENDED: Text("结束提议", "End the offer"),
        Event.CONCEDED: Text("同意买家要求", "Agree to the claim"),
        Event.EXECUTED: Text("执行方案", "Execute the remedy"),
        Event.VERIFIED: Text("核实完成", "Verified"),
        Event.EXECUTION_FAILED: Text("执行失败", "Execution failed"),
        Event.DECLINED: Text("拒绝退款", "Decline"),
        Event.ESCALATED: Text("申请平台介入", "Ask the platform to decide"),
        Event.STEPPED_IN: Text("平台已介入", "The platform stepped in"),
        Event.MORE_EVIDENCE_ASKED: Text("平台要求补证", "The platform wants more evidence"),
        Event.PACK_SUBMITTED: Text("提交证据包", "Submit the pack"),
        Event.RULED: Text("平台已裁决", "The platform ruled"),
        Event.APPEALED: Text("提出申诉", "Appeal"),
        Event.BUYER_APPEALED: Text("买家申诉", "The buyer appealed"),
        Event.REAPPLIED: Text("买家再次申请", "The buyer applied again"),
        Event.WITHDRAWN: Text("买家撤回", "The buyer withdrew"),
        Event.TIMED_OUT: Text("超时自动退款", "Refunded on time-out"),
        Event.CLOSED: Text("关闭", "Close"),
        Event.REOPENED: Text("重新打开", "Re-open"),
        Event.SYNCED: Text("同步平台数据", "Sync with the platform"),
        Event.HOLD_CHANGED: Text("暂停或恢复", "Hold or resume"),
        Event.PAID_ELSEWHERE: Text("已在平台上退款", "Refunded on the platform"),
        Event.REFUSED_ELSEWHERE: Text("已在平台上拒绝", "Refused on the platform"),
        Event.MERGED: Text("并入另一单", "Merge into the other case"),
        Event.DOUBTED: Text("原因又不确定了", "The reason is in doubt again"),
    }
)

OUTCOME_TITLES: Final = MappingProxyType(
    {
        Outcome.KEPT: Text("未退款", "Kept"),
        Outcome.REFUNDED: Text("已全额退款", "Refunded"),
        Outcome.PARTLY_REFUNDED: Text("已部分退款", "Partly refunded"),
        Outcome.REISSUED: Text("已换卡", "Reissued"),
        Outcome.WITHDRAWN: Text("买家撤回", "Withdrawn"),
        Outcome.LOST: Text("输掉", "Lost"),
        Outcome.MERGED: Text("已并入另一单", "Merged into another case"),
    }
)

_STEPS: Final = MappingProxyType(
    {
        Status.WAITING_BUYER: Text("等买家举证", "Waiting for the buyer's evidence"),
        Status.OFFER_MADE: Text("等买家答复方案", "Waiting for the buyer's answer"),
        Status.AGREED: Text("下一步：执行方案", "Next: execute the remedy"),
        Status.EXECUTING: Text("等平台到账结果", "Waiting for the payment"),
        Status.DECLINED: Text("等买家下一步", "Waiting for the buyer's next step"),
        Status.UNDER_REVIEW: Text("等平台裁决", "Waiting for the ruling"),
    }
)


def waiting_on(status: Status) -> WaitingOn:
    """Tell whose turn a status means."""
    return WAITING[status]


def next_step(status: Status, *, is_confirmed: bool, playbook_step: Text | None = None) -> Text:
    """Say the next step for the Today list. ``playbook_step`` is the playbook's word for the case's sub-reason."""
    if status in (Status.NEW, Status.NEEDS_RESPONSE):
        if not is_confirmed:
            return Text("下一步：确认原因", "Next: confirm the reason")
        return playbook_step or Text("下一步：选处理方案", "Next: choose a remedy")
    return _STEPS.get(status, STATUS_TITLES[status])
