"""The page of one batch: the chain, what is missing, its flags, papers, recall and claims."""

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse

from cardcase.cards.rules.life import TITLES, CardState
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, EmptyState, Fact, Input, InputKind, Link, Notice, Pill, Tone
from cardcase.sourcing import pages
from cardcase.sourcing.queries import CardProvenance, LotView, RecallRow
from cardcase.sourcing.rules.completeness import NOTE, Completeness, Judged, Standing
from cardcase.sourcing.rules.flags import FlagState
from cardcase.sourcing.rules.papers import DOCUMENT_KINDS
from cardcase.sourcing.rules.purchases import CARD_KINDS, PAID_BY, PAYER_KINDS
from cardcase.sourcing.rules.recall import INFERRED, PROOF_TITLES, SUSPICION, Proof
from cardcase.sourcing.rules.suppliers import CHANNELS
from cardcase.staff.rules import Actor, Permission

from . import claims, flags, papers
from .picture import picture
from .words import UNTOLD, choices, day, line, money, on_day, reason, select, word

PAPERS = ("invoice", "receipt", "payment", "serial_list", "contract", "id_check", "chat", "other")
_GOOD, _FAIR = 80, 50
"""Scores from which a batch is called well and fairly papered. Our own choice."""
NO_PAPERS = Text(
    "还没有单据。拍下收据、付款截图就能传；遇到“卡是假的”的争议，第一个要的就是它。",
    "No papers yet. A photo of the receipt or of the payment will do; a dispute about the card asks for it first.",
)
_YES_NO = {"yes": Text("是", "yes"), "no": Text("否", "no")}


def lot_page(actor: Actor, lot: LotView, *, now: datetime) -> pages.Page:
    """Build the page of a batch."""
    may = actor.may(Permission.MANAGE_CARDS)
    open_flags = [flag for flag in lot.flags if flag.state is FlagState.OPEN]
    notices = []
    if lot.recall is not None:
        told = say(
            Text(f"已召回，{lot.recall.untold} 位买家还没告知", f"Called back; {lot.recall.untold} not yet told")
        )
        notices.append(Notice(Tone.BAD, told, link=Link(say(Text("查看", "Look")), "#recall")))
    elif lot.is_quarantined:
        notices.append(Notice(Tone.WARN, say(Text("这批已冻结，不再出售", "This batch is set aside"))))
    return pages.Page(
        title=lot.name,
        back=Link(say(Text("批次", "Batches")), reverse("cards-batches")),
        sub=lot.supplier_name or say(Text("货源方没有写", "supplier not told")),
        notices=tuple(notices),
        chain=tuple(_chain(lot)),
        picture=picture(lot),
        sections=(
            _complete(lot.completeness),
            _purchase(lot, may=may),
            pages.Section(
                say(Text("单据", "Papers")),
                anchor="papers",
                note="" if lot.papers else say(NO_PAPERS),
                rows=papers.rows(actor, lot.papers),
                acts=(papers.add_form(_url(lot, "paper"), PAPERS),) if may else (),
            ),
            pages.Section(
                say(Text("风险提示", "Risk flags")),
                anchor="flags",
                pill=Pill(str(len(open_flags)), Tone.WARN) if open_flags else None,
                note=say(flags.NOTE),
                rows=flags.rows(actor, lot.flags, now=now),
                acts=(ActionForm(_url(lot, "check"), say(Text("现在重新判断", "Judge again now"))),)
                if actor.may(Permission.WORK)
                else (),
            ),
            _recall(actor, lot, now),
            pages.Section(
                say(Text("向货源方索赔", "Claims on the supplier")),
                anchor="claims",
                rows=claims.rows(actor, lot.claims),
                acts=(_claim_form(lot),) if may and lot.supplier_id and lot.proven_bad else (),
            ),
        ),
    )


def _url(lot: LotView, act: str) -> str:
    return reverse("batch-act", args=[lot.public_id, act])


def _chain(lot: LotView) -> Iterable[pages.Step]:
    by_id = {item.id: item for item in lot.completeness.items}

    def step(title: Text, text: str, *ids: str, url: str = "") -> pages.Step:
        gaps = [by_id[one] for one in ids if by_id[one].standing is not Standing.DONE]
        worst = Tone.BAD if any(gap.standing is Standing.CONTRADICTED for gap in gaps) else Tone.WARN
        missing = " ".join(say(gap.missing) for gap in gaps)
        return pages.Step(say(title), text, missing, worst if gaps else Tone.GOOD, url)

    supplier = f"{lot.supplier_name} · {word(CHANNELS, lot.supplier_channel)}" if lot.supplier_name else say(UNTOLD)
    url = reverse("supplier", args=[lot.supplier_id]) if lot.supplier_id else ""
    yield step(Text("货源方", "Supplier"), supplier, "supplier", "channel", "identity", url=url)
    kinds = sorted({paper.kind for paper in lot.papers if not paper.is_superseded})
    named = "、".join(word(DOCUMENT_KINDS, kind) for kind in kinds) or say(Text("还没有", "none yet"))
    yield step(Text("单据", "Papers"), named, "invoice", "payment", "serials", url="#papers")
    cost = yuan(lot.unit_cost_fen) if lot.unit_cost_fen is not None else ""
    bought = " · ".join(part for part in (day(lot.acquired_on), cost) if part)
    yield step(Text("批次", "Batch"), bought, "acquired", "cost", "amounts", "dates", "claim_window")
    checked = say(
        Text(
            f"{lot.checked}/{lot.cards} 张查验可用，{lot.failed} 张不可用",
            f"{lot.checked}/{lot.cards} found usable, {lot.failed} not",
        )
    )
    yield step(Text("查验", "Checks"), checked, "checked", "fresh")
    states = " · ".join(f"{say(TITLES[CardState(state)])} {n}" for state, n in sorted(lot.cards_by_state.items()))
    yield pages.Step(say(Text("卡", "Cards")), states or "0")
    yield pages.Step(say(Text("订单", "Orders")), str(lot.orders), url="#recall" if lot.recall else "")
    cases = Text(f"{lot.cases} 单，未结 {lot.open_cases}", f"{lot.cases}, {lot.open_cases} open")
    yield pages.Step(say(Text("售后", "Cases")), say(cases), tone=Tone.WARN if lot.open_cases else Tone.PLAIN)


def card_page(view: CardProvenance) -> pages.Page:
    """Build the page that says how completely one card is papered."""
    found = view.completeness
    return pages.Page(
        title=f"{view.brand} {view.masked}".strip(),
        back=Link(view.masked, reverse("card", args=[view.public_id])),
        sub=view.batch_name,
        sections=(_complete(found, (_to_batch(view),)),) if found else (),
        empty=None
        if found
        else EmptyState(
            say(Text("这张卡没有批次", "This card has no batch")),
            say(Text("来源记在批次上；渠道发来的陌生卡没有批次。", "Provenance is kept with the batch.")),
        ),
    )


def _to_batch(view: CardProvenance) -> Link:
    title = Text(f"批次 {view.batch_name}：补单据", f"Batch {view.batch_name}: add papers")
    return Link(say(title), reverse("batch", args=[view.batch_id]))


def _complete(found: Completeness, links: tuple[Link, ...] = ()) -> pages.Section:
    tone = Tone.GOOD if found.score >= _GOOD else Tone.WARN if found.score >= _FAIR else Tone.BAD
    return pages.Section(
        say(Text("材料完整度", "How complete the papers are")),
        anchor="completeness",
        pill=Pill(f"{found.score}/100", tone),
        note=say(NOTE),
        rows=tuple(_gap(item) for item in found.gaps),
        links=links,
    )


def _gap(item: Judged) -> pages.Row:
    lost = item.weight - item.weight * item.share // 100
    small = [say(Text(f"能证明：{item.proves.zh}", f"It would prove: {item.proves.en}"))]
    folded = []
    if item.reasons:
        kinds, reasons = "、".join(item.evidence), "、".join(item.reasons)
        folded.append(
            say(Text(f"证据 {kinds}；用于争议 {reasons}", f"Evidence {kinds}; matters in disputes {reasons}"))
        )
    contradicted = item.standing is Standing.CONTRADICTED
    pill = Pill(say(Text("自相矛盾", "contradicts itself")), Tone.BAD) if contradicted else Pill(f"−{lost}", Tone.WARN)
    return pages.Row(say(item.title), say(item.missing), tuple(small), tuple(folded), pill)


def _purchase(lot: LotView, *, may: bool) -> pages.Section:
    told = lot.purchase
    named, third = told["is_named"], told["is_third_party_paid"]
    total = told["total_fen"]
    facts = (
        Fact(say(Text("采购日期", "Bought on")), day(lot.acquired_on)),
        Fact(say(Text("单价", "Unit cost")), yuan(lot.unit_cost_fen) if lot.unit_cost_fen is not None else say(UNTOLD)),
        Fact(say(Text("总额", "Total")), yuan(total) if isinstance(total, int) else say(UNTOLD)),
        Fact(say(Text("货源方负责到", "Supplier answers until")), day(lot.claim_until)),
        Fact(say(Text("卡种", "Kind of card")), word(CARD_KINDS, str(told["card_kind"] or ""))),
        Fact(say(Text("记名", "Named")), _yes(named)),
        Fact(say(Text("付款方式", "Paid by")), word(PAID_BY, str(told["paid_by"] or ""))),
        Fact(say(Text("付款人", "Payer")), word(PAYER_KINDS, str(told["payer_kind"] or ""))),
        Fact(say(Text("第三方付款", "Paid by a third party")), _yes(third)),
        Fact(say(Text("发卡方所在地", "Issuer's place")), str(told["issuer_place"] or say(UNTOLD))),
    )
    keep = Text("不改", "as it is")
    form = ActionForm(
        url=_url(lot, "set"),
        button=say(Text("保存", "Save")),
        inputs=(
            line("supplier", Text("货源方", "Supplier"), lot.supplier_name),
            on_day("acquired_on", Text("采购日期", "Bought on"), lot.acquired_on),
            money("unit_cost", Text("单价（元）", "Unit cost (yuan)")),
            money("total", Text("总额（元）", "Total (yuan)")),
            on_day("claim_until", Text("货源方负责到", "Supplier answers until"), lot.claim_until),
            select("card_kind", Text("卡种", "Kind of card"), choices(CARD_KINDS, blank=keep)),
            select("is_named", Text("记名", "Named"), choices(_YES_NO, blank=keep)),
            select("paid_by", Text("付款方式", "Paid by"), choices(PAID_BY, blank=keep)),
            select("payer_kind", Text("付款人", "Payer"), choices(PAYER_KINDS, blank=keep)),
            select("third_party", Text("第三方付款", "Paid by a third party"), choices(_YES_NO, blank=keep)),
            line("issuer_place", Text("发卡方所在地", "Issuer's place"), most=40),
        ),
        opens=say(Text("修改采购资料", "Change how it was bought")),
    )
    title = say(Text("怎么买的", "How it was bought"))
    return pages.Section(title, anchor="purchase", facts=facts, acts=(form,) if may else ())


def _yes(value: object) -> str:
    return say(UNTOLD) if value is None else say(_YES_NO["yes" if value else "no"])


def _recall(actor: Actor, lot: LotView, now: datetime) -> pages.Section:
    title = say(Text("召回", "Recall"))
    acts = (_recall_form(actor, lot),) if actor.may(Permission.MANAGE_CARDS) else ()
    back = (_reinstate_form(lot),) if lot.is_quarantined and actor.may(Permission.MANAGE_SHOP) else ()
    if lot.recall is None:
        note = say(
            Text(
                "一张卡证实在交付前就是坏的，同批未售的卡全部停售，已售的列出来逐个告知。",
                "When one card is proven bad before its delivery, unsold siblings leave the sale and buyers are told.",
            )
        )
        return pages.Section(title, anchor="recall", note=note, acts=acts + back)
    found = lot.recall
    proof = PROOF_TITLES[found.proof] if found.proof else SUSPICION
    return pages.Section(
        title,
        anchor="recall",
        pill=Pill(say(proof), Tone.BAD if found.proof else Tone.WARN),
        facts=(
            Fact(say(Text("原因", "Reason")), found.reason),
            Fact(
                say(Text("谁、何时", "By whom, when")),
                f"{found.called_by} {timing.moment_text(found.called_at, now=now)}",
            ),
            Fact(say(Text("停售", "Set aside")), str(found.set_aside)),
        ),
        rows=tuple(_touched(actor, lot, row, now) for row in (*found.reserved, *found.sold)),
        acts=(acts if found.proof is None or lot.cards_by_state.get(CardState.IN_STOCK.value) else ()) + back,
    )


def _touched(actor: Actor, lot: LotView, row: RecallRow, now: datetime) -> pages.Row:
    if not row.is_sold and row.is_exchanged:
        pill = Pill(say(Text("已换成别的卡", "has another card now")), Tone.GOOD)
    elif not row.is_sold:
        pill = Pill(say(Text("预留已取消，重新分配一次就会换卡", "let go; allocate again for another card")), Tone.WARN)
    elif row.told_at is None:
        pill = Pill(say(Text("还没告知", "not told yet")), Tone.WARN)
    else:
        pill = Pill(say(Text("已告知", "told")), Tone.GOOD)
    told = f"{timing.moment_text(row.told_at, now=now)} {row.told_how}" if row.told_at else ""
    form = ActionForm(
        url=_url(lot, "told"),
        button=say(Text("记下", "Record")),
        inputs=(line("how", Text("怎么告诉的", "How"), is_required=True),),
        hidden=(("order", row.order_id),),
        opens=say(Text("已经告诉买家了", "The buyer was told")),
    )
    return pages.Row(
        title=say(Text(f"订单 …{row.order_no[-6:]}", f"order …{row.order_no[-6:]}")),
        text=" · ".join(part for part in (row.buyer, *row.cards) if part),
        small=(told,) if told else (),
        pill=pill,
        links=tuple(Link(number, reverse("case", args=[number])) for number in row.cases),
        acts=(form,) if row.is_sold and row.told_at is None and actor.may(Permission.WORK) else (),
    )


def _recall_form(actor: Actor, lot: LotView) -> ActionForm:
    bad = tuple(
        Choice(card, f"{masked} {say(PROOF_TITLES[Proof(proof)])}", is_chosen=at == 0)
        for at, (card, masked, proof) in enumerate(lot.proven_bad)
    )
    inputs = [reason()]
    if bad:
        inputs.insert(0, select("card", Text("证实的坏卡", "The card proven bad"), bad))
        if any(Proof(proof) in INFERRED for _, _, proof in lot.proven_bad):
            label = say(Text("我已向发卡方核实是它主动作废的", "The issuer confirmed that it voided the card"))
            inputs.append(Input("confirmed", label, InputKind.CONFIRM))
    elif actor.may(Permission.MANAGE_SHOP):
        label = say(Text("还没有证实，我按怀疑召回", "Nothing is proven; I recall on suspicion"))
        inputs.append(Input("suspicion", label, InputKind.CONFIRM, is_required=True))
    return ActionForm(
        url=_url(lot, "recall"),
        button=say(Text("召回这批", "Call this batch back")),
        inputs=tuple(inputs),
        opens=say(Text("召回", "Recall")),
        warning=say(
            Text(
                "未售和预留的卡会停售；要逐张查验后才能放回。",
                "Unsold and reserved cards leave the sale until checked.",
            )
        ),
        is_danger=True,
    )


def _reinstate_form(lot: LotView) -> ActionForm:
    waiting = lot.cards_by_state.get(CardState.QUARANTINED.value, 0)
    return ActionForm(
        url=_url(lot, "reinstate"),
        button=say(Text("恢复出售", "Sell it again")),
        inputs=(reason(),),
        opens=say(Text("这批没问题了，恢复出售", "This batch is fine: sell it again")),
        warning=say(
            Text(
                f"已隔离的 {waiting} 张不会自动放回：每张查验可用后，在卡的页面放回。",
                f"The {waiting} cards in quarantine stay there: check each and readmit it on its page.",
            )
        ),
    )


def _claim_form(lot: LotView) -> ActionForm:
    bad = tuple(Choice(card, masked) for card, masked, _ in lot.proven_bad)
    return ActionForm(
        url=_url(lot, "claim"),
        button=say(Text("建立索赔草稿", "Begin a claim")),
        inputs=(
            Input("cards", say(Text("哪些卡", "Which cards")), InputKind.CHECKS, choices=bad),
            money("amount", Text("每张索赔（元），空着按成本", "For each (yuan); empty: its cost")),
            reason(),
        ),
        opens=say(Text("向货源方索赔", "Claim from the supplier")),
    )
