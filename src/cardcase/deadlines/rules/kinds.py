"""Kinds of deadlines, what is lost when each is missed, where a moment can come from, and how that is said."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.catalogue import Certainty
from cardcase.kit.text import Text


class DeadlineKind(StrEnum):
    """What a deadline is about (design/domain.md §7.4)."""

    PLATFORM_RESPONSE = "platform_response"
    BUYER_RESPONSE = "buyer_response"
    RETURN_SHIP = "return_ship"
    EVIDENCE_DUE = "evidence_due"
    OFFER_EXPIRY = "offer_expiry"
    AUTO_CONFIRM = "auto_confirm"
    DELIVERY_DUE = "delivery_due"
    RETURN_RECEIVE = "return_receive"
    INSPECT = "inspect"
    REFUND_SETTLE = "refund_settle"
    APPEAL_WINDOW = "appeal_window"
    COMPENSATION_RESPONSE = "compensation_response"
    SUPPLIER_CLAIM_WINDOW = "supplier_claim_window"
    FIRST_RESPONSE = "first_response"
    RETENTION_UNTIL = "retention_until"
    EVIDENCE_ANSWER = "evidence_answer"
    WORK_RESUMES = "work_resumes"


class IfMissed(StrEnum):
    """What happens when nobody acts in time."""

    AUTO_REFUND = "auto_refund"
    CLAIM_CLOSED = "claim_closed"
    DECIDED_ON_FILE = "decided_on_file"
    OFFER_VOID = "offer_void"
    RELEASED_TO_SELLER = "released_to_seller"
    DELIVERY_COMPENSATION = "delivery_compensation"
    REFUND_UNPAID = "refund_unpaid"
    VERDICT_FINAL = "verdict_final"
    COMPENSATION_PAID = "compensation_paid"
    LOSS_STAYS = "loss_stays"
    OWN_GOAL = "own_goal"
    MAY_BE_ERASED = "may_be_erased"
    WAIT_IS_OVER = "wait_is_over"
    BACK_TO_WORK = "back_to_work"


class Source(StrEnum):
    """Where a moment comes from, surest first; ``choose`` says when a typed one counts before a rule's default."""

    API = "api"
    RULE = "rule"
    DEFAULT = "default"
    TYPED = "typed"


class Trigger(StrEnum):
    """The event from which a rule counts."""

    PAID = "paid"
    DELIVERED = "delivered"
    CONFIRMED = "confirmed"
    REFUND_APPLIED = "refund_applied"
    REFUND_APPLIED_BEFORE_CONFIRM = "refund_applied_before_confirm"
    REFUND_APPLIED_AFTER_CONFIRM = "refund_applied_after_confirm"
    COMPLAINT_SEEN = "complaint_seen"
    AGREED = "agreed"
    CLOSED = "closed"


DEFAULT_OUTCOME: Final = MappingProxyType(
    {
        DeadlineKind.PLATFORM_RESPONSE: IfMissed.AUTO_REFUND,
        DeadlineKind.BUYER_RESPONSE: IfMissed.CLAIM_CLOSED,
        DeadlineKind.RETURN_SHIP: IfMissed.CLAIM_CLOSED,
        DeadlineKind.EVIDENCE_DUE: IfMissed.DECIDED_ON_FILE,
        DeadlineKind.OFFER_EXPIRY: IfMissed.OFFER_VOID,
        DeadlineKind.AUTO_CONFIRM: IfMissed.RELEASED_TO_SELLER,
        DeadlineKind.DELIVERY_DUE: IfMissed.DELIVERY_COMPENSATION,
        DeadlineKind.RETURN_RECEIVE: IfMissed.AUTO_REFUND,
        DeadlineKind.INSPECT: IfMissed.AUTO_REFUND,
        DeadlineKind.REFUND_SETTLE: IfMissed.REFUND_UNPAID,
        DeadlineKind.APPEAL_WINDOW: IfMissed.VERDICT_FINAL,
        DeadlineKind.COMPENSATION_RESPONSE: IfMissed.COMPENSATION_PAID,
        DeadlineKind.SUPPLIER_CLAIM_WINDOW: IfMissed.LOSS_STAYS,
        DeadlineKind.FIRST_RESPONSE: IfMissed.OWN_GOAL,
        DeadlineKind.RETENTION_UNTIL: IfMissed.MAY_BE_ERASED,
        DeadlineKind.EVIDENCE_ANSWER: IfMissed.WAIT_IS_OVER,
        DeadlineKind.WORK_RESUMES: IfMissed.BACK_TO_WORK,
    }
)
"""What is lost by default, kind by kind (domain.md §7.4, second column)."""

BINDS_SELLER: Final = frozenset(
    {
        DeadlineKind.PLATFORM_RESPONSE,
        DeadlineKind.EVIDENCE_DUE,
        DeadlineKind.DELIVERY_DUE,
        DeadlineKind.RETURN_RECEIVE,
        DeadlineKind.INSPECT,
        DeadlineKind.REFUND_SETTLE,
        DeadlineKind.COMPENSATION_RESPONSE,
        DeadlineKind.FIRST_RESPONSE,
    }
)
"""Kinds that wait for the seller: only these ring as incidents."""

PLATFORM_BOUND: Final = frozenset(
    {
        DeadlineKind.PLATFORM_RESPONSE,
        DeadlineKind.EVIDENCE_DUE,
        DeadlineKind.RETURN_RECEIVE,
        DeadlineKind.INSPECT,
        DeadlineKind.COMPENSATION_RESPONSE,
    }
)
"""Kinds on which the platform itself acts when the seller is silent."""

FOLLOWS_HOURS: Final = frozenset({DeadlineKind.FIRST_RESPONSE})
"""Goals of the shop's own service: counted in its working time, and these alone can be paused. All others run on."""

MAY_DEFAULT: Final = PLATFORM_BOUND | FOLLOWS_HOURS
"""Kinds for which the shop's unverified default stands in while nothing is known. A promise is never guessed."""

SILENT: Final = frozenset({DeadlineKind.AUTO_CONFIRM, DeadlineKind.REFUND_SETTLE, DeadlineKind.RETENTION_UNTIL})
"""Kinds that give no warnings: nothing has to be done before them, or they are themselves the reminder."""

OUTLIVES_CASE: Final = frozenset({DeadlineKind.SUPPLIER_CLAIM_WINDOW, DeadlineKind.RETENTION_UNTIL})
"""Kinds that run on when the case is over."""

IN_BACKGROUND: Final = OUTLIVES_CASE | {DeadlineKind.AUTO_CONFIRM}
"""Kinds that do not answer the question what a case waits for next: they never lead the queue."""

KIND_TITLES: Final = MappingProxyType(
    {
        DeadlineKind.PLATFORM_RESPONSE: Text("回应退款申请", "Answer the refund request"),
        DeadlineKind.BUYER_RESPONSE: Text("买家回应", "The buyer's answer"),
        DeadlineKind.RETURN_SHIP: Text("买家寄回", "The buyer's return"),
        DeadlineKind.EVIDENCE_DUE: Text("提交证据", "Hand in evidence"),
        DeadlineKind.OFFER_EXPIRY: Text("提议到期", "The offer ends"),
        DeadlineKind.AUTO_CONFIRM: Text("自动确认收货", "Automatic receipt"),
        DeadlineKind.DELIVERY_DUE: Text("交付", "Deliver"),
        DeadlineKind.RETURN_RECEIVE: Text("签收退货", "Receive the return"),
        DeadlineKind.INSPECT: Text("验货", "Inspect the return"),
        DeadlineKind.REFUND_SETTLE: Text("核实退款到账", "Verify the refund"),
        DeadlineKind.APPEAL_WINDOW: Text("申诉窗口", "Appeal window"),
        DeadlineKind.COMPENSATION_RESPONSE: Text("回应赔付申请", "Answer the compensation claim"),
        DeadlineKind.SUPPLIER_CLAIM_WINDOW: Text("向货源方索赔", "Claim from the supplier"),
        DeadlineKind.FIRST_RESPONSE: Text("我们的首次回应目标", "Our own goal for the first answer"),
        DeadlineKind.RETENTION_UNTIL: Text("资料保存到期", "Retention ends"),
        DeadlineKind.EVIDENCE_ANSWER: Text("买家给证据", "The buyer's evidence"),
        DeadlineKind.WORK_RESUMES: Text("搁置到期", "Work is taken up again"),
    }
)

IF_MISSED_TEXTS: Final = MappingProxyType(
    {
        IfMissed.AUTO_REFUND: Text("平台自动退款", "The platform refunds automatically"),
        IfMissed.CLAIM_CLOSED: Text("买家的申请关闭", "The buyer's claim is closed"),
        IfMissed.DECIDED_ON_FILE: Text("平台按现有材料裁决", "The platform decides on what it has"),
        IfMissed.OFFER_VOID: Text("提议失效", "The offer is void"),
        IfMissed.RELEASED_TO_SELLER: Text("货款自动放给卖家", "The money is released to the seller"),
        IfMissed.DELIVERY_COMPENSATION: Text("要按发货承诺赔付买家", "Compensation for late delivery is due"),
        IfMissed.REFUND_UNPAID: Text("已同意的退款没有到账，买家可再投诉", "An agreed refund stays unpaid"),
        IfMissed.VERDICT_FINAL: Text("裁决不能再改", "The verdict is final"),
        IfMissed.COMPENSATION_PAID: Text("平台自动赔付", "Compensation is paid automatically"),
        IfMissed.LOSS_STAYS: Text("不能再向货源方追回", "The loss stays with the shop"),
        IfMissed.OWN_GOAL: Text("只是没有达到自己的目标", "Only our own goal is missed"),
        IfMissed.MAY_BE_ERASED: Text("资料可以删除", "The data may be erased"),
        IfMissed.WAIT_IS_OVER: Text("不再等，轮到我们决定", "We wait no longer and decide"),
        IfMissed.BACK_TO_WORK: Text("这一单回到待办", "The case comes back to the list"),
    }
)

CERTAINTY_TEXTS: Final = MappingProxyType(
    {
        Certainty.OFFICIAL: Text("确定", "certain"),
        Certainty.MIRROR: Text("较可靠", "fairly reliable"),
        Certainty.SINGLE: Text("单一来源", "one source only"),
        Certainty.OPEN: Text("未核实", "unverified"),
        Certainty.JUDGEMENT: Text("自定", "our own judgement"),
    }
)


def source_text(source: Source, certainty: Certainty, rule: str) -> Text:
    """Say where a moment comes from and how sure that is: 「来源：平台接口 · 确定」."""
    sure = CERTAINTY_TEXTS[certainty]
    if source is Source.API:
        name = Text("平台接口", "the platform's interface")
    elif source is Source.RULE:
        name = Text(f"规则 {rule}", f"rule {rule}")
    elif source is Source.DEFAULT:
        name = Text("店铺默认值", "the shop's default")
    else:
        name = Text("人工填写", "typed by hand")
    return Text(f"来源：{name.zh} · {sure.zh}", f"Source: {name.en} · {sure.en}")
