"""Finished sentences for the card pages."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from urllib.parse import urlencode

from django.urls import reverse

from cardcase.cards import acts, pages
from cardcase.cards.queries import BatchRow, CardLife, Looks, ProofFact, StockPage, StockSum
from cardcase.cards.rules import WARNINGS, CheckKind
from cardcase.cards.rules.life import TITLES, VOID_TITLES, CardState, VoidResult
from cardcase.kit.money import yuan
from cardcase.kit.secret import CardCode
from cardcase.kit.text import Text
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, EmptyState, Fact, Input, InputKind, Link, Notice, Pager, Pill, Tone
from cardcase.staff.rules import Actor, Permission

TAIL = 4
"""Characters of a code that may be searched for in the open."""

CHANNELS = {
    "issuer_direct": Text("发卡方直采", "bought from the issuer"),
    "authorised": Text("授权渠道", "authorised reseller"),
    "second_hand": Text("二手回收", "second hand"),
    "unknown": Text("渠道未知", "channel unknown"),
}
_TONES = {
    CardState.IN_STOCK: Tone.GOOD,
    CardState.QUARANTINED: Tone.WARN,
    CardState.VOIDED: Tone.BAD,
    CardState.WRITTEN_OFF: Tone.BAD,
}
_CHECKS = {
    CheckKind.PRE_SALE: Text("售前", "before the sale"),
    CheckKind.BEFORE_REVEAL: Text("发卡前", "before the code was given"),
    CheckKind.AFTER: Text("售后", "after the sale"),
}
_HOW = {
    "channel_auto": Text("平台自动发货", "delivered by the platform"),
    "channel_manual": Text("手动发货", "delivered by hand"),
    "taken_by_hand": Text("手动提卡", "taken out by hand"),
    "marked_sold": Text("手动标识已售", "marked as sold"),
    "staff_view": Text("客服查看", "seen by staff"),
    "parcel": Text("快递签收", "signed for in a parcel"),
}


_EVENTS = {
    "card.reserved": Text("为订单预留", "Kept for an order"),
    "card.released": Text("放回库存", "Put back into the stock"),
    "card.shipped": Text("装进快递寄出", "Shipped in a parcel"),
    "card.arrived": Text("快递已签收", "Its parcel was signed for"),
    "card.returned": Text("买家退回", "Returned by the buyer"),
    "card.readmitted": Text("解除隔离", "Let out of quarantine"),
    "card.written_off": Text("核销", "Written off"),
    "card.redeemed_though_voided": Text("作废后又显示已兑换", "Shown as redeemed after it was voided"),
    "batch.reinstated": Text("批次恢复出售", "Its batch is sold again"),
    "batch.quarantined": Text("整批隔离", "Its batch was quarantined"),
}


def face_text(fen: int | None) -> str:
    """Write a face value."""
    return yuan(fen) if fen is not None else say(Text("面值未知", "face value unknown"))


def brand_text(brand: str) -> str:
    """Name a brand."""
    return brand or say(Text("未写品牌", "brand not told"))


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def stock(
    page: StockPage,
    summary: Sequence[StockSum],
    low: Sequence[StockSum],
    asked: dict[str, str],
    notices: tuple[Notice, ...] = (),
) -> pages.StockPage:
    """Build the stock page; ``low`` are the kinds that run out."""
    narrowed = {key: value for key, value in asked.items() if value and key != "after"}
    chosen = asked["state"]
    states = [Choice("", say(Text("全部状态", "all states")), is_chosen=not chosen)]
    states += [Choice(state.value, say(TITLES[state]), is_chosen=state.value == chosen) for state in CardState]
    nothing = not page.rows and not summary
    return pages.StockPage(
        stock=tuple(_sum(row, is_low=row in low) for row in summary),
        rows=tuple(
            pages.CardRow(
                url=reverse("card", args=[row.public_id]),
                code=row.masked,
                title=" ".join(part for part in (brand_text(row.brand), row.spec) if part),
                face=face_text(row.face_fen),
                state=Pill(say(row.state_text), _TONES.get(row.state, Tone.PLAIN)),
                batch=row.batch_name,
                expires=_day(row.expires_on),
                when=say(Text(f"订单 …{row.order_no[-6:]}", f"order …{row.order_no[-6:]}")) if row.order_no else "",
            )
            for row in page.rows
        ),
        filters=tuple(states),
        notices=notices,
        query=asked["q"],
        search_url=reverse("card-find"),
        narrow_url=reverse("cards"),
        keep=tuple((key, asked[key]) for key in ("brand", "q") if asked[key]),
        batches=Link(say(Text("批次与来源", "Batches and provenance")), reverse("cards-batches")),
        pager=Pager(
            text=say(Text(f"显示 {len(page.rows)} 张", f"{len(page.rows)} shown")),
            previous_url=f"?{urlencode(narrowed)}" if asked["after"] else "",
            next_url=f"?{urlencode({**narrowed, 'after': page.after})}" if page.after else "",
        )
        if page.after or asked["after"]
        else None,
        empty=EmptyState(
            say(Text("卡库还是空的", "No card yet")),
            say(
                Text(
                    "导入卡密文件后，这里只显示尾号；明文加密保存，查看要写理由。",
                    "After an import only tails are shown; codes are sealed, and looking at one needs a reason.",
                )
            ),
            (Link(say(Text("导入卡密", "Import cards")), reverse("import")),),
        )
        if nothing
        else None,
    )


_DID = {"staff": Text("看", "saw"), "buyer": Text("发", "sent")}


def watch(busy: Sequence[Looks]) -> tuple[Notice, ...]:
    """Tell the owner who came near the day's limit of codes taken out, or over it."""
    return tuple(
        Notice(
            Tone.BAD if one.seen >= one.cap else Tone.WARN,
            say(
                Text(
                    f"{one.who} 今天{_DID[one.to].zh}了 {one.seen} 个卡密（每人每天 {one.cap} 个）。",
                    f"{one.who} {_DID[one.to].en} {one.seen} codes today (limit {one.cap}).",
                )
            ),
        )
        for one in busy
    )


def _sum(row: StockSum, *, is_low: bool) -> pages.StockRow:
    counted = (
        (row.sold, Text(f"已售 {row.sold}", f"{row.sold} sold")),
        (row.reserved, Text(f"预留 {row.reserved}", f"{row.reserved} reserved")),
        (row.quarantined, Text(f"冻结 {row.quarantined}", f"{row.quarantined} quarantined")),
    )
    return pages.StockRow(
        title=f"{brand_text(row.kind)} {face_text(row.face_fen)}",
        count=say(Text(f"{row.unused} 张可售", f"{row.unused} to sell")),
        text=" · ".join(say(text) for number, text in counted if number),
        tone=Tone.WARN if is_low else Tone.PLAIN,
        url=f"{reverse('cards')}?{urlencode({'brand': row.brand})}" if row.brand else "",
    )


def batches(actor: Actor, rows: Sequence[BatchRow], *, now: datetime) -> pages.BatchesPage:
    """Build the page of batches."""
    del now
    return pages.BatchesPage(
        rows=tuple(_batch(actor, row) for row in sorted(rows, key=_is_quiet)),
        stock=Link(say(Text("回到卡库", "Back to the stock")), reverse("cards")),
        links=(
            Link(say(Text("货源方", "Suppliers")), reverse("suppliers")),
            Link(say(Text("风险提示", "Risk flags")), reverse("flags")),
            Link(say(Text("向货源方索赔", "Claims on suppliers")), reverse("claims")),
        ),
        empty=None
        if rows
        else EmptyState(
            say(Text("还没有批次", "No batch yet")),
            say(Text("导入卡密时会建立批次。", "An import of cards makes one.")),
        ),
    )


def _is_quiet(row: BatchRow) -> tuple[bool, bool]:
    """Order batches: those with failures first, then those whose provenance is incomplete."""
    return not row.failed, bool(row.supplier_name and row.has_proof)


def _batch(actor: Actor, row: BatchRow) -> pages.BatchRow:
    is_proven = bool(row.supplier_name and row.has_proof)
    channel = say(CHANNELS.get(row.supplier_channel, CHANNELS["unknown"]))
    facts = [
        Fact(
            say(Text("货源方", "Supplier")),
            row.supplier_name or say(Text("没有写", "not told")),
            channel if row.supplier_name else "",
        ),
        Fact(say(Text("采购日期", "Bought on")), _day(row.acquired_on) or say(Text("没有写", "not told"))),
        Fact(
            say(Text("单据", "Papers")),
            say(Text("已存", "kept")) if row.has_proof else say(Text("缺", "missing")),
            tone=Tone.GOOD if row.has_proof else Tone.WARN,
        ),
    ]
    if row.unit_cost_fen is not None:
        facts.append(Fact(say(Text("单价", "Unit cost")), yuan(row.unit_cost_fen)))
    may_stop = actor.may(Permission.MANAGE_CARDS) and not row.is_quarantined and row.unused > 0
    return pages.BatchRow(
        title=row.name,
        provenance=Pill(
            say(Text("来源齐全", "provenance complete"))
            if is_proven
            else say(Text("来源不全", "provenance incomplete")),
            Tone.GOOD if is_proven else Tone.WARN,
        ),
        facts=tuple(facts),
        health=say(
            Text(
                f"共 {row.cards} 张：未售 {row.unused}，已售 {row.sold}，出错 {row.failed}"
                + ("，已冻结" if row.is_quarantined else ""),
                f"{row.cards} cards: {row.unused} unsold, {row.sold} sold, {row.failed} failed"
                + (", quarantined" if row.is_quarantined else ""),
            )
        ),
        health_tone=Tone.BAD if row.failed else Tone.PLAIN,
        cards=Link(say(Text("来源、单据与召回", "Provenance, papers, recall")), reverse("batch", args=[row.public_id])),
        quarantine=ActionForm(
            url=reverse("batch-quarantine", args=[row.public_id]),
            button=say(Text("冻结未售的卡", "Quarantine what is unsold")),
            inputs=(Input("reason", say(Text("为什么", "Why")), InputKind.TEXT, is_required=True, max_length=300),),
            opens=say(Text("怀疑这批有问题", "Something is wrong with this batch")),
            is_danger=True,
        )
        if may_stop
        else None,
    )


REGIONS = {"CN": Text("国区", "mainland China"), "US": Text("美区", "United States"), "HK": Text("港区", "Hong Kong")}


def _region(region: str) -> str:
    if not region:
        return say(Text("没有写", "not told"))
    return say(REGIONS[region]) if region in REGIONS else region


def card_title(life: CardLife) -> str:
    """Name a card: brand, face value, tail."""
    return f"{brand_text(life.brand)} {face_text(life.face_fen)} {life.masked}"


def card(actor: Actor, life: CardLife, *, now: datetime) -> pages.CardPage:
    """Build the page of one card."""
    url = reverse("card", args=[life.public_id])
    facts = [
        Fact(say(Text("面值", "Face value")), face_text(life.face_fen)),
        Fact(say(Text("卡号", "Number")), life.number_masked or say(Text("没有", "none"))),
        Fact(say(Text("有效期", "Expires")), _day(life.expires_on) or say(Text("没有写", "not told"))),
        Fact(say(Text("地区", "Region")), _region(life.region)),
        *([Fact(say(Text("规格", "Kind")), life.spec)] if life.spec else []),
        Fact(say(Text("订单", "Order")), life.order_no or say(Text("还没有", "none yet"))),
        Fact(say(Text("同款在库", "Equal cards in stock")), str(life.equal_in_stock)),
    ]
    papered = say(Text("看缺什么、能证明什么", "See what is missing and what it would prove"))
    provenance = [
        *(
            [
                Fact(
                    say(Text("材料完整度", "How complete the papers are")),
                    papered,
                    link=Link(papered, reverse("card-provenance", args=[life.public_id])),
                )
            ]
            if life.batch_id
            else []
        ),
        Fact(
            say(Text("批次", "Batch")),
            life.batch_name or "–",
            link=Link(life.batch_name, reverse("batch", args=[life.batch_id])) if life.batch_id else None,
        ),
        Fact(
            say(Text("货源方", "Supplier")),
            life.supplier_name or say(Text("没有写", "not told")),
            say(CHANNELS.get(life.supplier_channel, CHANNELS["unknown"])) if life.supplier_name else "",
        ),
        Fact(say(Text("采购日期", "Bought on")), _day(life.acquired_on) or say(Text("没有写", "not told"))),
        Fact(
            say(Text("单据", "Papers")),
            say(Text("已存", "kept")) if life.has_proof else say(Text("缺", "missing")),
            life.proof_note,
            Tone.GOOD if life.has_proof else Tone.WARN,
        ),
    ]
    if life.warnings:
        told = say(Text("；", "; ")).join(say(WARNINGS[warning]) for warning in life.warnings)
        hint = say(Text("只是提醒，不是鉴定", "a warning, no proof"))
        facts.append(Fact(say(Text("留意", "Worth a look")), told, hint, Tone.WARN))
    return pages.CardPage(
        url=url,
        title=card_title(life),
        state=Pill(say(life.state_text), _TONES.get(life.state, Tone.PLAIN)),
        facts=tuple(facts),
        provenance=tuple(provenance),
        paper=_proof_form(actor, life.batch_id, life.batch_proof),
        history=tuple(row for _, row in sorted(_history(actor, life, now), key=lambda pair: pair[0])),
        reveal=_reveal_form(actor, life),
        acts=acts.forms(actor, life),
    )


_NEVER = (CardState.REDEEMED, CardState.VOIDED, CardState.QUARANTINED, CardState.WRITTEN_OFF)


def _reveal_form(actor: Actor, life: CardLife) -> ActionForm | None:
    if not actor.may(Permission.REVEAL) or life.state in _NEVER:
        return None
    may_go_over = actor.may(Permission.MANAGE_SHOP)
    return ActionForm(
        url=reverse("card-reveal", args=[life.public_id]),
        button=say(Text("查看明文", "Show the code")),
        inputs=(
            Input("reason", say(Text("为什么要看", "Why")), InputKind.TEXT, is_required=True, max_length=300),
            *(
                [
                    Input(
                        "override_reason",
                        say(Text("超过每日上限时：为什么仍要看", "Over the day's limit: why")),
                        max_length=300,
                    )
                ]
                if may_go_over
                else []
            ),
        ),
        opens=say(Text("查看明文（会记录是谁、为什么）", "Show the code (who and why is recorded)")),
        is_danger=True,
    )


def _proof_form(actor: Actor, subject: str, kept: ProofFact | None) -> ActionForm | None:
    """Return the form that opens a kept proof, None without one or without the right to see codes."""
    if kept is None or not actor.may(Permission.REVEAL):
        return None
    return ActionForm(
        url=reverse("card-proof", args=[subject, kept.id]),
        button=say(Text("下载", "Download")),
        inputs=(Input("reason", say(Text("为什么要看", "Why")), InputKind.TEXT, is_required=True, max_length=300),),
        opens=say(Text("看凭证（会记录是谁、为什么）", "Open the proof (who and why is recorded)")),
    )


def _history(actor: Actor, life: CardLife, now: datetime) -> Iterator[tuple[datetime, pages.HistoryRow]]:
    def at(moment: datetime) -> str:
        return timing.moment_text(moment, now=now)

    def proof(kept: ProofFact | None) -> ActionForm | None:
        return _proof_form(actor, life.public_id, kept)

    yield (
        life.acquired_at,
        pages.HistoryRow(at(life.acquired_at), say(Text("入库", "Taken into stock")), life.batch_name),
    )
    for check in life.checks:
        found = face_text(check.balance_fen) if check.balance_fen is not None else ""
        usable = {True: say(Text("能用", "usable")), False: say(Text("不能用", "unusable")), None: ""}[check.is_usable]
        parts = (say(_CHECKS[check.kind]), found, usable, check.method, check.note)
        detail = " · ".join(part for part in parts if part)
        tone = Tone.BAD if check.is_usable is False else Tone.GOOD
        yield (
            check.at,
            pages.HistoryRow(at(check.at), say(Text("查验", "Checked")), detail, check.by, tone, proof(check.proof)),
        )
    for reveal in life.reveals:
        what = (
            Text("交给买家", "Handed to the buyer") if reveal.to == "buyer" else Text("客服查看明文", "Seen by staff")
        )
        how = say(_HOW.get(reveal.how, Text(reveal.how, reveal.how)))
        detail = " · ".join(part for part in (how, reveal.reason) if part)
        moment = reveal.at or life.acquired_at
        told = at(reveal.at) if reveal.at else say(Text("时间不明", "time unknown"))
        yield moment, pages.HistoryRow(told, say(what), detail, reveal.by)
    for void in life.voids:
        yield (
            void.at,
            pages.HistoryRow(at(void.at), say(Text("申请作废", "Issuer asked to void it")), void.reason, void.by),
        )
        if void.settled_at:
            result = VoidResult(void.result)
            detail = " · ".join(
                part for part in (void.note, say(Text("凭证已存", "proof kept")) if void.has_proof else "") if part
            )
            tone = Tone.GOOD if result is VoidResult.VOIDED else Tone.WARN
            yield (
                void.settled_at,
                pages.HistoryRow(
                    at(void.settled_at), say(VOID_TITLES[result]), detail, void.settled_by, tone, proof(void.proof)
                ),
            )
    for event in life.events:
        yield event.at, pages.HistoryRow(at(event.at), say(_EVENTS[event.kind]), event.detail, event.by)
    if life.redeemed_at:
        yield life.redeemed_at, pages.HistoryRow(at(life.redeemed_at), say(Text("被兑换", "Redeemed")), tone=Tone.WARN)


def revealed(actor: Actor, life: CardLife, code: CardCode, *, reason: str, at: datetime) -> pages.RevealPage:
    """Build the page that shows a code, once. The record has it already."""
    when = timing.moment_text(at, now=at)
    return pages.RevealPage(
        title=card_title(life),
        code=code.expose(),
        recorded=say(
            Text(f"已记录：{actor.label} {when}，理由：{reason}", f"Recorded: {actor.label} {when}, because: {reason}")
        ),
        back=Link(say(Text("回到这张卡", "Back to the card")), reverse("card", args=[life.public_id])),
    )
