"""What asks for a person: the codes that this room raises itself, with their sentences. Triage brings its own."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.text import Text


class Need(StrEnum):
    """Why a case needs a human eye. Stable codes; shown on the case and in ``handle --json``."""

    REASON_UNCLEAR = "reason_unclear"
    CARD_UNLINKED = "card_unlinked"
    CARDS_SEVERAL = "cards_several"
    CLOCK_UNVERIFIED = "clock_unverified"
    REFUND_STATE_UNKNOWN = "refund_state_unknown"
    DEADLINE_MISSED = "deadline_missed"
    HOLD_AT_MARGIN = "hold_at_margin"
    POST_MORTEM = "post_mortem"
    TIMEOUT_UNVERIFIED = "timeout_unverified"
    PAID_ELSEWHERE = "paid_elsewhere"
    AGREED_ELSEWHERE = "agreed_elsewhere"
    PAID_WHILE_EXECUTING = "paid_while_executing"
    REFUSED_ELSEWHERE = "refused_elsewhere"
    RULING_UNREAD = "ruling_unread"
    REAPPLIED = "reapplied"
    CLOSED_AFTER_AGREEMENT = "closed_after_agreement"
    REFUSED_AFTER_AGREEMENT = "refused_after_agreement"
    OFFER_EXPIRED = "offer_expired"
    REFUND_UNSETTLED = "refund_unsettled"


NEED_TEXTS: Final = MappingProxyType(
    {
        Need.REASON_UNCLEAR: Text(
            "原因是系统读出来的，请人看过买家的话后确认",
            "The reason was read by the system: a person confirms it after reading the buyer's words",
        ),
        Need.CARD_UNLINKED: Text("没有找到这一单交付的卡", "No delivered card is known for this order"),
        Need.CARDS_SEVERAL: Text("这一单有多张卡，请指明是哪一张", "Several cards belong to this order: say which one"),
        Need.CLOCK_UNVERIFIED: Text(
            "时限是店铺默认值，未核实：请在 App 里看清截止时间并填写",
            "The deadline is the shop's unverified default: read it in the App and type it in",
        ),
        Need.REFUND_STATE_UNKNOWN: Text(
            "平台给出了不认识的退款状态", "The platform reports a refund state that is not known"
        ),
        Need.DEADLINE_MISSED: Text("有一个时限已经错过", "A deadline was missed"),
        Need.HOLD_AT_MARGIN: Text(
            "已到安全线，消息还在暂停：请马上确认原因", "The margin is reached while messages are held: confirm now"
        ),
        Need.POST_MORTEM: Text("超时丢单，请写复盘", "Lost by time-out: write the review"),
        Need.TIMEOUT_UNVERIFIED: Text(
            "按未核实的时限判断为超时，请核对", "Judged as timed out by an unverified clock: please check"
        ),
        Need.PAID_ELSEWHERE: Text(
            "平台显示已退款，但不是在这里同意的：请补记经过",
            "The platform refunded without us: write down what happened",
        ),
        Need.AGREED_ELSEWHERE: Text(
            "平台显示已同意退货，但不是在这里同意的：请补记经过",
            "The platform shows an agreed return that was not agreed here: write down what happened",
        ),
        Need.PAID_WHILE_EXECUTING: Text(
            "平台显示退款成功，请核对并确认完成", "The platform shows the refund as paid: check and confirm"
        ),
        Need.REFUSED_ELSEWHERE: Text(
            "平台显示卖家已拒绝，但不是在这里拒绝的：请核对买家应得的底线",
            "The platform shows a refusal that was not made here: check the entitlement floor",
        ),
        Need.RULING_UNREAD: Text(
            "平台已退款，但没有读到裁决原话：请补上", "The platform refunded; its reasons were not read: add them"
        ),
        Need.REAPPLIED: Text(
            "拒绝之后平台又在等卖家：买家再次申请，或拒绝没有提交成功",
            "The platform waits for the seller again: applied again, or the refusal did not arrive",
        ),
        Need.CLOSED_AFTER_AGREEMENT: Text(
            "已同意处理，平台却显示退款关闭：请核对", "Agreed here, closed on the platform: please check"
        ),
        Need.REFUSED_AFTER_AGREEMENT: Text(
            "已同意处理，平台却显示已拒绝：请核对", "Agreed here, refused on the platform: please check"
        ),
        Need.REFUND_UNSETTLED: Text(
            "方案已执行，还没有核实到账：请到平台看一眼并登记结果",
            "Executed and not verified yet: look on the platform and note the result",
        ),
        Need.OFFER_EXPIRED: Text("提议已过期，请撤回或重提", "The offer has expired: withdraw or renew it"),
    }
)


def entry(need: Need) -> dict[str, str]:
    """Return a need in the form in which a case keeps it."""
    text = NEED_TEXTS[need]
    return {"code": need.value, "zh": text.zh, "en": text.en}


def with_need(needs: list[dict[str, str]], *wanted: Need) -> list[dict[str, str]]:
    """Return the list with these needs in it, each once, order kept."""
    have = {need["code"] for need in needs}
    return [*needs, *(entry(need) for need in wanted if need.value not in have)]


def without(needs: list[dict[str, str]], *codes: str) -> list[dict[str, str]]:
    """Return the list without these codes."""
    return [need for need in needs if need["code"] not in codes]


def without_triage(needs: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return what this room or an upper one raised: a new triage replaces what an older one asked for, nothing else."""
    own = {need.value for need in Need} - {Need.REASON_UNCLEAR.value}
    return [need for need in needs if need["code"] in own or need.get("by")]
