"""What stored words are called in a report."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cardcase.connectors.ports import MessageKind, OrderState, RefundKind, RefundState, Speaker
from cardcase.packs.rules.dossier import Row
from cardcase.remedies.rules.catalogue import read_catalogue
from cardcase.triage.rules import reasons

CHANNELS: Final = {"goofish": "闲鱼", "taobao": "淘宝", "demo": "演示市场", "mail": "电子邮件"}
SPEAKERS: Final = {
    Speaker.BUYER: "买家",
    Speaker.SELLER: "店铺",
    Speaker.SYSTEM: "系统",
    Speaker.UNKNOWN: "未识别",
}
KINDS: Final = {
    MessageKind.IMAGE: "图片",
    MessageKind.AUDIO: "语音",
    MessageKind.VIDEO: "视频",
    MessageKind.EMOJI: "表情",
    MessageKind.CARD: "卡片消息",
    MessageKind.TIP: "提示",
    MessageKind.OTHER: "其他",
}
ORDER_STATES: Final = {
    OrderState.AWAITING_PAYMENT: "待付款",
    OrderState.AWAITING_DELIVERY: "待发货",
    OrderState.DELIVERED: "已发货",
    OrderState.COMPLETED: "交易成功",
    OrderState.REFUNDED: "已退款",
    OrderState.CLOSED: "已关闭",
    OrderState.UNKNOWN: "未识别",
}
PROMISES: Final = {
    "SDR": "七天无理由",
    "NFR": "描述不符包邮退",
    "VNR": "描述不符全额退",
    "FD_10MS": "10 分钟极速发货",
    "FD_24HS": "24 小时发货",
    "FD_48HS": "48 小时发货",
    "FD_GPA": "正品保障",
    "NFGC": "不符必赔",
}
"""Names of the channel's service promises (platform-rules §1.3, service_support)."""

REFUND_KINDS: Final = {RefundKind.MONEY_ONLY: "仅退款", RefundKind.RETURN: "退货退款", RefundKind.UNKNOWN: "未写明"}
REFUND_STATES: Final = {
    RefundState.AWAITING_SELLER: "待卖家处理",
    RefundState.AWAITING_RETURN: "待买家退货",
    RefundState.AWAITING_RECEIPT: "待卖家收货",
    RefundState.CLOSED: "已关闭",
    RefundState.SUCCEEDED: "退款成功",
    RefundState.REFUSED: "卖家已拒绝",
    RefundState.AWAITING_ADDRESS: "待确认退货地址",
    RefundState.NONE: "没有退款",
    RefundState.UNKNOWN: "未识别",
}
DELIVERIES: Final = {
    "channel_auto": "渠道自动发货",
    "channel_manual": "渠道手工发货",
    "parcel": "快递签收",
    "marked_sold": "渠道标记为已售",
    "staff_view": "人工发送",
}
SUPPLIES: Final = {"issuer_direct": "发卡方直供", "authorised": "授权经销", "second_hand": "二手收购"}
OFFERS: Final = {
    "proposed": "待答复",
    "accepted": "买家接受",
    "denied": "买家不接受",
    "countered": "买家另提",
    "expired": "到期失效",
    "withdrawn": "店铺撤回",
}
REMEDIES: Final = {
    "proposed": "已提出",
    "approved": "已批准",
    "prechecked": "已核对",
    "executing": "执行中",
    "executed": "已执行，待核实",
    "verified": "已核实完成",
    "failed": "执行失败",
    "ambiguous": "结果不明，待人工核实",
    "cancelled": "已取消",
}
DEADLINES: Final = {"armed": "进行中", "met": "已按时", "missed": "已错过", "void": "不再适用"}


def rows(*pairs: tuple[str, str]) -> Iterator[Row]:
    """Make rows of those pairs that say something."""
    return (Row(label, value) for label, value in pairs if value)


def title_of(titles: Mapping[Any, Any], kind: type, value: str) -> str:
    """Say a stored word in Chinese; a word that the catalogue does not know is shown as it is."""
    try:
        found = titles[kind(value)]
    except (KeyError, ValueError):
        return value
    return found if isinstance(found, str) else str(found.zh)


def reason_of(code: str) -> str:
    """Say a sub-reason in Chinese."""
    return reasons.title(code).zh if reasons.is_known(code) else "未说明"


def remedy_title(kind: str) -> str:
    """Say a kind of remedy in Chinese."""
    known = read_catalogue().kinds.get(kind)
    return known.title.zh if known else kind
