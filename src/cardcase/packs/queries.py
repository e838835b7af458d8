"""Read one case, in its own words and numbers, for the report of a pack."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cardcase.cards.models import BalanceCheck
from cardcase.cards.queries import CardFacts, cards_of_order
from cardcase.cards.rules.life import TITLES as CARD_TITLES
from cardcase.cases.models import Case
from cardcase.cases.queries import by_number
from cardcase.cases.rules import (
    EVENT_TITLES,
    OUTCOME_TITLES,
    STAGE_TITLES,
    STATUS_TITLES,
    Event,
    Outcome,
    Stage,
    Status,
)
from cardcase.connectors.ports import MessageKind, OrderState, RefundKind, RefundState, Speaker
from cardcase.custody import queries as custody
from cardcase.deadlines.models import Deadline
from cardcase.deadlines.rules import IF_MISSED_TEXTS, KIND_TITLES, DeadlineKind, IfMissed
from cardcase.delivery import queries as delivery
from cardcase.evidence import queries as evidence
from cardcase.evidence.rules import PARTY_TITLES
from cardcase.inbox.models import Conversation, Message, Reply
from cardcase.kit.money import yuan
from cardcase.orders.models import Order, Refund
from cardcase.orders.queries import refunds_of
from cardcase.remedies.models import Offer, Remedy
from cardcase.remedies.rules.catalogue import read_catalogue
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor
from cardcase.triage.rules import reasons

from .rules import catalogues
from .rules.dossier import Dossier, Exhibit, Happening, Row, Said, Sheet, Utterance
from .rules.wording import MISSING, moment, money

_CHANNELS: Final = {"goofish": "闲鱼", "taobao": "淘宝", "demo": "演示市场", "mail": "电子邮件"}
_SPEAKERS: Final = {
    Speaker.BUYER: "买家",
    Speaker.SELLER: "店铺",
    Speaker.SYSTEM: "系统",
    Speaker.UNKNOWN: "未识别",
}
_KINDS: Final = {
    MessageKind.IMAGE: "图片",
    MessageKind.AUDIO: "语音",
    MessageKind.VIDEO: "视频",
    MessageKind.EMOJI: "表情",
    MessageKind.CARD: "卡片消息",
    MessageKind.TIP: "提示",
    MessageKind.OTHER: "其他",
}
_ORDER_STATES: Final = {
    OrderState.AWAITING_PAYMENT: "待付款",
    OrderState.AWAITING_DELIVERY: "待发货",
    OrderState.DELIVERED: "已发货",
    OrderState.COMPLETED: "交易成功",
    OrderState.REFUNDED: "已退款",
    OrderState.CLOSED: "已关闭",
    OrderState.UNKNOWN: "未识别",
}
_PROMISES: Final = {
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

_REFUND_KINDS: Final = {RefundKind.MONEY_ONLY: "仅退款", RefundKind.RETURN: "退货退款", RefundKind.UNKNOWN: "未写明"}
_REFUND_STATES: Final = {
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
_DELIVERIES: Final = {
    "channel_auto": "渠道自动发货",
    "channel_manual": "渠道手工发货",
    "parcel": "快递签收",
    "marked_sold": "渠道标记为已售",
    "staff_view": "人工发送",
}
_SUPPLIES: Final = {"issuer_direct": "发卡方直供", "authorised": "授权经销", "second_hand": "二手收购"}
_OFFERS: Final = {
    "proposed": "待答复",
    "accepted": "买家接受",
    "denied": "买家不接受",
    "countered": "买家另提",
    "expired": "到期失效",
    "withdrawn": "店铺撤回",
}
_REMEDIES: Final = {
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
_DEADLINES: Final = {"armed": "进行中", "met": "已按时", "missed": "已错过", "void": "不再适用"}
_MOST_QUOTES: Final = 5


@dataclass(frozen=True, slots=True)
class _Papers:
    """The rows of one case, read once."""

    actor: Actor
    case: Case
    refunds: list[Refund]
    cards: list[CardFacts]
    messages: list[Message]
    offers: list[Offer]
    remedies: list[Remedy]


def dossier(actor: Actor, number: str) -> Dossier:
    """Read a case with everything that its report tells. Raises NotFound, NotAllowed."""
    case = by_number(actor, number)
    order = case.order
    cards = cards_of_order(actor, order.pk)
    refunds = list(refunds_of(actor, [order.pk]).get(order.pk, []))
    talks = _talks(actor, order)
    messages = list(
        Message.objects.visible_to(actor)
        .filter(conversation__in=talks)
        .defer("original_sealed")
        .order_by("said_at", "pk")
    )
    exhibits = evidence.exhibits(actor, case)
    offers = list(Offer.objects.visible_to(actor).filter(case=case).order_by("pk"))
    remedies = list(Remedy.objects.visible_to(actor).filter(case=case).order_by("pk"))
    replies = list(Reply.objects.visible_to(actor).filter(case=case, state="sent").order_by("sent_at"))
    refund = [case.refund] if case.refund else []
    own = [*refund, *exhibits, *offers, *remedies, *replies, *refunds, *talks, *evidence.requests(actor, case)]
    sent = delivery.parcels_of(actor, [order.pk]).get(order.pk, ())  # its own, and those of replacements
    parcels = [parcel for view in sent for parcel in view.parcels]
    own_ids = (*parcels, *(row.public_id for row in own))
    subjects = (case.public_id, order.public_id, *(card.public_id for card in cards), *own_ids)
    shop = Shop.objects.get(pk=actor.shop_id)
    papers = _Papers(actor, case, refunds, cards, messages, offers, remedies)
    return Dossier(
        number=case.number,
        case_id=case.public_id,
        shop=Said(shop.name),
        order_no=order.order_no,
        headline=tuple(_headline(case, order)),
        story=tuple(_story(papers)),
        sheets=tuple(_sheets(papers)),
        happenings=tuple(sorted(_happenings(papers, subjects), key=lambda one: one.at)),
        conversation=tuple(_utterance(number, one) for number, one in enumerate(messages, 1)),
        exhibits=tuple(_exhibit(actor, one) for one in exhibits),
        policy_text=Said(case.policy.text) if case.policy else "",
        subjects=tuple(dict.fromkeys(subjects)),
        texts=tuple({one.text for one in messages} | {one.text for one in replies}),
    )


def _talks(actor: Actor, order: Order) -> list[Conversation]:
    """Return the conversations about an order; without any, those with its buyer about the same goods."""
    rows = Conversation.objects.visible_to(actor).order_by("pk")
    found = list(rows.filter(order=order))
    if not found and order.buyer_id and order.listing is not None and order.listing.item_id:
        found = list(rows.filter(order=None, buyer_id=order.buyer_id, item_id=order.listing.item_id))
    return found


def _rows(*pairs: tuple[str, str]) -> Iterator[Row]:
    return (Row(label, value) for label, value in pairs if value)


def _title(titles: Mapping[Any, Any], kind: type, value: str) -> str:
    """Say a stored word in Chinese; a word that the catalogue does not know is shown as it is."""
    try:
        found = titles[kind(value)]
    except (KeyError, ValueError):
        return value
    return found if isinstance(found, str) else str(found.zh)


def _reason(code: str) -> str:
    return reasons.title(code).zh if reasons.is_known(code) else "未说明"


def _headline(case: Case, order: Order) -> Iterator[Row]:
    buyer = case.buyer or order.buyer
    yield from _rows(
        ("渠道", _CHANNELS.get(order.channel, order.channel)),
        ("订单号", order.order_no),
        ("买家昵称", Said(buyer.nick) if buyer else MISSING),
        ("商品", Said(order.listing.title) if order.listing else MISSING),
        ("订单金额", money(order.paid_fen if order.paid_fen is not None else order.total_fen)),
        ("争议金额", money(case.claimed_fen)),
        ("买家主张的原因", _reason(case.sub_reason)),
        ("售后单阶段", _title(STAGE_TITLES, Stage, case.stage)),
        ("售后单状态", _title(STATUS_TITLES, Status, case.status)),
        ("结果", _title(OUTCOME_TITLES, Outcome, case.outcome) if case.outcome else ""),
        ("平台裁决原文", Said(case.ruling_raw)),
    )


def _story(papers: _Papers) -> Iterator[str]:
    """Tell the dispute in the order in which it came about, only from what is on file; nobody's view of it."""
    order, case = papers.case.order, papers.case
    if order.paid_at:
        goods = f"「{order.listing.title}」" if order.listing and order.listing.title else "商品"
        paid = money(order.paid_fen if order.paid_fen is not None else order.total_fen)
        yield Said(f"{moment(order.paid_at)} 买家为{goods}付款 {paid}。")
    for card in papers.cards:
        if card.revealed_at:
            how = _DELIVERIES.get(card.reveal_how, "")
            yield f"{moment(card.revealed_at)} 尾号 ‥{card.tail4} 的卡密交付给买家{f'（{how}）' if how else ''}。"
    for refund in papers.refunds:
        said = f"，所选原因「{refund.reason_raw}」" if refund.reason_raw else ""
        said += f"，说明「{refund.description}」" if refund.description else ""
        when = f"{moment(refund.applied_at)} " if refund.applied_at else ""
        yield Said(f"{when}买家申请退款 {money(refund.amount_fen)}{said}。")
    quotes = [str(quote.get("text", "")) for quote in case.quotes if quote.get("text")]
    if quotes:
        yield Said("买家在会话中的原话：" + "".join(f"「{quote}」" for quote in quotes[:_MOST_QUOTES]))
    if case.reason_confirmed_at:
        yield f"{moment(case.reason_confirmed_at)} 店铺把这次申请归为：{_reason(case.sub_reason)}。"
    yield from (f"店铺方案：{_remedy(one).value}。" for one in papers.remedies)
    if case.ruling_raw:
        yield Said(f"平台裁决：「{case.ruling_raw}」")


# ---- sheets --------------------------------------------------------------------------------------------------------


def _sheets(papers: _Papers) -> Iterator[Sheet]:
    actor, case = papers.actor, papers.case
    yield _order_sheet(case.order)
    yield from (_refund_sheet(refund) for refund in papers.refunds)
    checks = _checks(actor, [card.public_id for card in papers.cards])
    yield from (_card_sheet(card, checks.get(card.public_id, [])) for card in papers.cards)
    if case.policy is not None:
        policy = case.policy
        rows = _rows(
            ("名称", Said(policy.title)), ("版本", f"第 {policy.version} 版"), ("生效", moment(policy.effective_from))
        )
        yield Sheet("policy", "售后约定", tuple(rows), "店铺公布", policy.effective_from)
    if clocks := list(Deadline.objects.visible_to(actor).filter(subject=case.public_id).order_by("due_at")):
        yield Sheet("deadlines", "时限", tuple(_clock(one) for one in clocks), "见各行依据")
    done = [*(_offer(one) for one in papers.offers), *(_remedy(one) for one in papers.remedies)]
    if done:
        yield Sheet("remedies", "已提出和执行的方案", tuple(done), "店铺记录")


def _source(row: Order | Refund) -> str:
    if not row.source_file:
        return "渠道数据"
    at = f"第 {row.source_row} 行" if row.source_row else ""
    return Said(f"导入文件 {row.source_file}{at}")


def _state(titles: Mapping[Any, Any], kind: type, value: str, raw: str) -> str:
    said = _title(titles, kind, value)
    return f"{said}（渠道原文 {raw}）" if raw and raw != said else said


def _promises(support: str) -> str:
    codes = [code.strip() for code in support.split(",") if code.strip()]
    return "、".join(f"{_PROMISES[code]}（{code}）" if code in _PROMISES else code for code in codes)


def _order_sheet(order: Order) -> Sheet:
    listing = order.listing
    rows = _rows(
        ("订单号", order.order_no),
        ("渠道状态", _state(_ORDER_STATES, OrderState, order.state, order.state_raw)),
        ("商品", Said(listing.title) if listing else MISSING),
        ("规格", Said(listing.sku_text) if listing else ""),
        ("服务承诺", _promises(listing.service_support) if listing else ""),
        ("数量", str(order.quantity) if order.quantity is not None else MISSING),
        ("应付 / 实付", f"{money(order.total_fen)} / {money(order.paid_fen)}"),
        ("下单", moment(order.created_at)),
        ("付款", moment(order.paid_at)),
        ("发货", moment(order.delivered_at)),
        ("确认收货", moment(order.confirmed_at)),
    )
    return Sheet("order", "订单", tuple(rows), _source(order), order.paid_at or order.created_at)


def _refund_sheet(refund: Refund) -> Sheet:
    rows = _rows(
        ("退款编号", refund.external_id if not refund.external_id.startswith("order:") else ""),
        ("类型", _title(_REFUND_KINDS, RefundKind, refund.kind)),
        ("渠道状态", _state(_REFUND_STATES, RefundState, refund.state, refund.state_raw)),
        ("申请金额", money(refund.amount_fen)),
        ("买家所选原因", Said(refund.reason_raw)),
        ("买家说明", Said(refund.description)),
        ("申请时间", moment(refund.applied_at)),
        ("平台处理时限", moment(refund.timeout_at) if refund.timeout_at else ""),
        ("拒绝时间", moment(refund.rejected_at) if refund.rejected_at else ""),
        ("退款时间", moment(refund.refunded_at) if refund.refunded_at else ""),
    )
    return Sheet("refund", "退款申请", tuple(rows), _source(refund), refund.applied_at)


def _checks(actor: Actor, card_ids: list[str]) -> dict[str, list[BalanceCheck]]:
    found: dict[str, list[BalanceCheck]] = {}
    rows = BalanceCheck.objects.visible_to(actor).filter(card__public_id__in=card_ids).select_related("card")
    for row in rows.order_by("checked_at", "pk"):
        found.setdefault(row.card.public_id, []).append(row)
    return found


def _card_sheet(card: CardFacts, checks: Iterable[BalanceCheck]) -> Sheet:
    pairs = [
        ("品牌 / 面值", Said(f"{card.brand or '品牌未记'} / {money(card.face_fen)}")),
        ("卡密尾号", f"‥{card.tail4}" if card.tail4 else "过短，不显示"),
        ("状态", CARD_TITLES[card.state].zh),
        ("交付给买家", moment(card.revealed_at)),
        ("交付方式", _DELIVERIES.get(card.reveal_how, card.reveal_how) or MISSING),
        ("交付前看过明文", "店铺人员看过" if card.seen_by_staff_before else "记录中没有"),
        ("有效期至", card.expires_on.isoformat() if card.expires_on else ""),
        ("兑换时间", moment(card.redeemed_at) if card.redeemed_at else ""),
        ("进货日期", card.acquired_on.isoformat() if card.acquired_on else MISSING),
        ("进货渠道", _SUPPLIES.get(card.supplier_channel, "未记")),
        ("进货凭证", "有（由店铺保存）" if card.has_proof else "没有"),
    ]
    pairs += [("查验", _check(one)) for one in checks]
    return Sheet("delivery", "卡片与交付", tuple(_rows(*pairs)), "卡库与渠道交付记录", card.revealed_at)


def _check(check: BalanceCheck) -> str:
    usable = {True: "可用", False: "不可用", None: "结果不明"}[check.is_usable]
    balance = f"，余额 {yuan(check.balance_fen)}" if check.balance_fen is not None else ""
    return Said(f"{moment(check.checked_at)}，{check.method}：{usable}{balance}")


def _clock(row: Deadline) -> Row:
    missed = _title(IF_MISSED_TEXTS, IfMissed, row.if_missed)
    state = _DEADLINES.get(row.state, row.state)
    doubt = "（未经核实）" if row.certainty == "?" else ""
    title = _title(KIND_TITLES, DeadlineKind, row.kind)
    return Row(title, f"截止 {moment(row.due_at)}{doubt}，{state}；逾期：{missed}")


def _remedy_title(kind: str) -> str:
    known = read_catalogue().kinds.get(kind)
    return known.title.zh if known else kind


def _offer(row: Offer) -> Row:
    amount = f" {yuan(row.amount_fen)}" if row.amount_fen is not None else ""
    state = _OFFERS.get(row.state, row.state)
    return Row("提议", f"{moment(row.proposed_at)}：{_remedy_title(row.kind)}{amount}，{state}")


def _remedy(row: Remedy) -> Row:
    amount = f" {yuan(row.amount_fen)}" if row.amount_fen is not None else ""
    state = _REMEDIES.get(row.state, row.state)
    done = f"，{moment(row.executed_at)} 执行" if row.executed_at else ""
    return Row("方案", f"{moment(row.decided_at)}：{_remedy_title(row.kind)}{amount}，{state}{done}")


# ---- time line, conversation, exhibits -----------------------------------------------------------------------------


def _happenings(papers: _Papers, subjects: tuple[str, ...]) -> Iterator[Happening]:
    order = papers.case.order
    told = [(order.created_at, "买家下单"), (order.paid_at, "买家付款"), (order.delivered_at, "渠道记录发货")]
    told.append((order.confirmed_at, "确认收货"))
    for refund in papers.refunds:
        told.append((refund.applied_at, f"买家申请退款 {money(refund.amount_fen)}"))
        told += [(refund.rejected_at, "渠道记录：退款被拒绝"), (refund.refunded_at, "渠道记录：退款成功")]
    told += [(card.revealed_at, f"卡密‥{card.tail4}交付给买家") for card in papers.cards]
    yield from (Happening(at, text, "渠道") for at, text in told if at)
    yield from _spoken(papers.messages)
    for item in custody.history(papers.actor, subjects):
        kind = catalogues.kind(item.kind)
        if kind.shown:
            yield Happening(item.at, _say(kind.title.zh, item), f"记录 {item.seq}")


def _spoken(messages: list[Message]) -> Iterator[Happening]:
    """The first words of the buyer and what the channel itself announced; the rest is in the conversation."""
    first = next((one for one in messages if one.speaker == Speaker.BUYER.value and one.said_at), None)
    for number, one in enumerate(messages, 1):
        if one.said_at and one is first:
            yield Happening(one.said_at, "买家在会话中第一次发言", f"会话 {number}")
        elif one.said_at and one.speaker == Speaker.SYSTEM.value and one.event not in ("", "noise"):
            yield Happening(one.said_at, Said(f"系统消息：{one.text}"), f"会话 {number}")


def _say(title: str, item: custody.HistoryItem) -> str:
    who = {"system": "系统", "platform": "平台", "buyer": "买家", "supplier": "货源方"}.get(item.actor_kind, "店铺")
    event, told = item.facts.get("event"), item.facts.get("title")
    if isinstance(event, str):
        said = _title(EVENT_TITLES, Event, event)
        after = item.facts.get("to")
        return (
            f"{said}（{_title(STATUS_TITLES, Status, after)}）· {who}" if isinstance(after, str) else f"{said} · {who}"
        )
    return Said(f"{title}：{told} · {who}") if isinstance(told, str) and told else f"{title} · {who}"


def _utterance(number: int, row: Message) -> Utterance:
    return Utterance(
        number=number,
        at=row.said_at,
        speaker=_title(_SPEAKERS, Speaker, row.speaker),
        name=Said(row.sender_name),
        text=Said(row.text),
        kind="" if row.kind == MessageKind.TEXT.value else _title(_KINDS, MessageKind, row.kind),
    )


_FACTS: Final = {
    "order_no": "订单号", "tail4": "卡尾号", "amount_fen": "金额", "balance_fen": "余额", "at": "时间",
    "region": "地区", "redeemed_at": "兑换时间", "redeemed_on": "兑换日期", "is_redeemed": "已兑换",
    "is_usable": "可用", "account": "账号", "account_region": "账号地区", "nonce": "口令", "note": "说明",
    "ticket": "工单号", "method": "方式",
}  # fmt: skip
"""Names of the facts of exhibits that a stranger meets most; others are shown by their own name."""


def _exhibit(actor: Actor, row: Any) -> Exhibit:
    known = evidence.matrix(actor).kinds.get(row.kind)
    facts = tuple(
        Row(_FACTS.get(name, name), _fact(name, value)) for name, value in row.facts.items() if value not in ("", None)
    )
    return Exhibit(
        public_id=row.public_id,
        kind=row.kind,
        title=Said(row.title or (known.title.zh if known else row.kind)),
        party=PARTY_TITLES[row.party].zh if row.party in PARTY_TITLES else row.party,
        facts=facts,
        captured_at=row.captured_at,
        captured_by=Said(row.captured_by),
        sha256=row.file_sha256,
        mime=row.file_mime,
        is_against_seller=row.is_against_seller,
        is_set_aside=row.set_aside_at is not None,
    )


def _fact(name: str, value: object) -> str:
    if name.endswith("_fen") and type(value) is int:
        return yuan(value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, str) and name.endswith("at"):
        try:
            return moment(datetime.fromisoformat(value))
        except ValueError:
            return Said(value)
    return Said(value) if isinstance(value, str) else str(value)
