"""The tables of facts of a report: order, refunds, cards and their delivery, policy, clocks, remedies."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cardcase.cards.models import BalanceCheck
from cardcase.cards.queries import CardFacts
from cardcase.cards.rules.life import TITLES as CARD_TITLES
from cardcase.connectors.ports import OrderState, RefundKind, RefundState
from cardcase.deadlines.models import Deadline
from cardcase.deadlines.rules import IF_MISSED_TEXTS, KIND_TITLES, DeadlineKind, IfMissed
from cardcase.kit.money import yuan
from cardcase.orders.models import Order, Refund
from cardcase.packs.rules.dossier import Row, Said, Sheet
from cardcase.packs.rules.wording import MISSING, moment, money
from cardcase.remedies.models import Offer, Remedy
from cardcase.staff.rules import Actor

from .papers import Papers
from .words import (
    DEADLINES,
    DELIVERIES,
    OFFERS,
    ORDER_STATES,
    PROMISES,
    REFUND_KINDS,
    REFUND_STATES,
    REMEDIES,
    SUPPLIES,
    remedy_title,
    rows,
    title_of,
)


def sheets(actor: Actor, papers: Papers) -> Iterator[Sheet]:
    """Draw up the tables of a case, in the order of the report."""
    case = papers.case
    yield _order_sheet(case.order)
    yield from (_refund_sheet(refund) for refund in papers.refunds)
    checks = _checks(actor, [card.public_id for card in papers.cards])
    yield from (_card_sheet(card, checks.get(card.public_id, [])) for card in papers.cards)
    if case.policy is not None:
        policy = case.policy
        pairs = rows(
            ("名称", Said(policy.title)), ("版本", f"第 {policy.version} 版"), ("生效", moment(policy.effective_from))
        )
        yield Sheet("policy", "售后约定", tuple(pairs), "店铺公布", policy.effective_from)
    if clocks := list(Deadline.objects.visible_to(actor).filter(subject=case.public_id).order_by("due_at")):
        yield Sheet("deadlines", "时限", tuple(_clock(one) for one in clocks), "见各行依据")
    done = [*(_offer(one) for one in papers.offers), *(told_remedy(one) for one in papers.remedies)]
    if done:
        yield Sheet("remedies", "已提出和执行的方案", tuple(done), "店铺记录")


def _source(row: Order | Refund) -> str:
    if not row.source_file:
        return "渠道数据"
    at = f"第 {row.source_row} 行" if row.source_row else ""
    return Said(f"导入文件 {row.source_file}{at}")


def _state(titles: Mapping[Any, Any], kind: type, value: str, raw: str) -> str:
    said = title_of(titles, kind, value)
    return f"{said}（渠道原文 {raw}）" if raw and raw != said else said


def _promises(support: str) -> str:
    codes = [code.strip() for code in support.split(",") if code.strip()]
    return "、".join(f"{PROMISES[code]}（{code}）" if code in PROMISES else code for code in codes)


def _order_sheet(order: Order) -> Sheet:
    listing = order.listing
    pairs = rows(
        ("订单号", order.order_no),
        ("渠道状态", _state(ORDER_STATES, OrderState, order.state, order.state_raw)),
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
    return Sheet("order", "订单", tuple(pairs), _source(order), order.paid_at or order.created_at)


def _refund_sheet(refund: Refund) -> Sheet:
    pairs = rows(
        ("退款编号", refund.external_id if not refund.external_id.startswith("order:") else ""),
        ("类型", title_of(REFUND_KINDS, RefundKind, refund.kind)),
        ("渠道状态", _state(REFUND_STATES, RefundState, refund.state, refund.state_raw)),
        ("申请金额", money(refund.amount_fen)),
        ("买家所选原因", Said(refund.reason_raw)),
        ("买家说明", Said(refund.description)),
        ("申请时间", moment(refund.applied_at)),
        ("平台处理时限", moment(refund.timeout_at) if refund.timeout_at else ""),
        ("拒绝时间", moment(refund.rejected_at) if refund.rejected_at else ""),
        ("退款时间", moment(refund.refunded_at) if refund.refunded_at else ""),
    )
    return Sheet("refund", "退款申请", tuple(pairs), _source(refund), refund.applied_at)


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
        ("交付方式", DELIVERIES.get(card.reveal_how, card.reveal_how) or MISSING),
        ("交付前看过明文", "店铺人员看过" if card.seen_by_staff_before else "记录中没有"),
        ("有效期至", card.expires_on.isoformat() if card.expires_on else ""),
        ("兑换时间", moment(card.redeemed_at) if card.redeemed_at else ""),
        ("进货日期", card.acquired_on.isoformat() if card.acquired_on else MISSING),
        ("进货渠道", SUPPLIES.get(card.supplier_channel, "未记")),
        ("进货凭证", "有（由店铺保存）" if card.has_proof else "没有"),
    ]
    pairs += [("查验", _check(one)) for one in checks]
    return Sheet("delivery", "卡片与交付", tuple(rows(*pairs)), "卡库与渠道交付记录", card.revealed_at)


def _check(check: BalanceCheck) -> str:
    usable = {True: "可用", False: "不可用", None: "结果不明"}[check.is_usable]
    balance = f"，余额 {yuan(check.balance_fen)}" if check.balance_fen is not None else ""
    return Said(f"{moment(check.checked_at)}，{check.method}：{usable}{balance}")


def _clock(row: Deadline) -> Row:
    missed = title_of(IF_MISSED_TEXTS, IfMissed, row.if_missed)
    state = DEADLINES.get(row.state, row.state)
    doubt = "（未经核实）" if row.certainty == "?" else ""
    title = title_of(KIND_TITLES, DeadlineKind, row.kind)
    return Row(title, f"截止 {moment(row.due_at)}{doubt}，{state}；逾期：{missed}")


def _offer(row: Offer) -> Row:
    amount = f" {yuan(row.amount_fen)}" if row.amount_fen is not None else ""
    state = OFFERS.get(row.state, row.state)
    return Row("提议", f"{moment(row.proposed_at)}：{remedy_title(row.kind)}{amount}，{state}")


def told_remedy(row: Remedy) -> Row:
    """Tell one remedy in a line."""
    amount = f" {yuan(row.amount_fen)}" if row.amount_fen is not None else ""
    state = REMEDIES.get(row.state, row.state)
    done = f"，{moment(row.executed_at)} 执行" if row.executed_at else ""
    return Row("方案", f"{moment(row.decided_at)}：{remedy_title(row.kind)}{amount}，{state}{done}")
