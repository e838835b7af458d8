"""Read one case, in its own words and numbers, for the report of a pack."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from cardcase.cards.queries import cards_of_order
from cardcase.cases.models import Case
from cardcase.cases.queries import by_number
from cardcase.cases.rules import OUTCOME_TITLES, STAGE_TITLES, STATUS_TITLES, Outcome, Stage, Status
from cardcase.delivery import queries as delivery
from cardcase.evidence import queries as evidence
from cardcase.inbox.models import Reply
from cardcase.kit import clock
from cardcase.orders.models import Order
from cardcase.orders.queries import refunds_of
from cardcase.packs.rules.dossier import Dossier, Row, Said
from cardcase.packs.rules.wording import MISSING, moment, money
from cardcase.remedies.models import Offer, Remedy
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor

from .exhibits import clashes, exhibit, gaps, judged, needs
from .happenings import happenings, utterance
from .papers import Papers
from .sheets import sheets, told_remedy
from .words import CHANNELS, DELIVERIES, reason_of, rows, title_of

__all__ = ["dossier"]

_MOST_QUOTES: Final = 5


def dossier(actor: Actor, number: str, *, at: datetime | None = None) -> Dossier:
    """Read a case with everything that its report tells, judged as of ``at``. Raises NotFound, NotAllowed."""
    case = by_number(actor, number)
    order = case.order
    cards = cards_of_order(actor, order.pk)
    refunds = list(refunds_of(actor, [order.pk]).get(order.pk, []))
    talks = evidence.talks_of(actor, case)
    messages = evidence.messages_of(actor, case, talks)
    exhibits = evidence.exhibits(actor, case)
    shown = evidence.shown_files(actor, case)
    found = judged(actor, case, at=at or clock.now())
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
    papers = Papers(actor, case, refunds, cards, messages, offers, remedies)
    return Dossier(
        number=case.number,
        case_id=case.public_id,
        shop=Said(shop.name),
        order_no=order.order_no,
        headline=tuple(_headline(case, order)),
        story=tuple(_story(papers)),
        sheets=tuple(sheets(actor, papers)),
        happenings=tuple(sorted(happenings(papers, subjects), key=lambda one: one.at)),
        conversation=tuple(utterance(number, one) for number, one in enumerate(messages, 1)),
        exhibits=tuple(exhibit(actor, case, one, shown.get(one.pk)) for one in exhibits),
        policy_text=Said(case.policy.text) if case.policy else "",
        subjects=tuple(dict.fromkeys(subjects)),
        texts=tuple({one.text for one in messages} | {one.text for one in replies}),
        claim=reason_of(case.sub_reason),
        asks=money(case.claimed_fen) if case.claimed_fen is not None else "",
        needs=needs(found),
        clashes=clashes(found),
        gaps=gaps(found),
        covers=tuple(one.words for one in evidence.covers(actor, case)),
    )


def _headline(case: Case, order: Order) -> Iterator[Row]:
    buyer = case.buyer or order.buyer
    yield from rows(
        ("渠道", CHANNELS.get(order.channel, order.channel)),
        ("订单号", order.order_no),
        ("买家昵称", Said(buyer.nick) if buyer else MISSING),
        ("商品", Said(order.listing.title) if order.listing else MISSING),
        ("订单金额", money(order.paid_fen if order.paid_fen is not None else order.total_fen)),
        ("争议金额", money(case.claimed_fen)),
        ("买家主张的原因", reason_of(case.sub_reason)),
        ("售后单阶段", title_of(STAGE_TITLES, Stage, case.stage)),
        ("售后单状态", title_of(STATUS_TITLES, Status, case.status)),
        ("结果", title_of(OUTCOME_TITLES, Outcome, case.outcome) if case.outcome else ""),
        ("平台裁决原文", Said(case.ruling_raw)),
    )


def _story(papers: Papers) -> Iterator[str]:
    """Tell the dispute in the order in which it came about, only from what is on file; nobody's view of it."""
    order, case = papers.case.order, papers.case
    if order.paid_at:
        goods = f"「{order.listing.title}」" if order.listing and order.listing.title else "商品"
        paid = money(order.paid_fen if order.paid_fen is not None else order.total_fen)
        yield Said(f"{moment(order.paid_at)} 买家为{goods}付款 {paid}。")
    for card in papers.cards:
        if card.revealed_at:
            how = DELIVERIES.get(card.reveal_how, "")
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
        yield f"{moment(case.reason_confirmed_at)} 店铺把这次申请归为：{reason_of(case.sub_reason)}。"
    yield from (f"店铺方案：{told_remedy(one).value}。" for one in papers.remedies)
    if case.ruling_raw:
        yield Said(f"平台裁决：「{case.ruling_raw}」")
