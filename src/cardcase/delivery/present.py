"""Finished sentences for the pages of giving."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from django.urls import reverse

from cardcase.cards.acts import check_form
from cardcase.cards.rules import CardKind
from cardcase.delivery import pages
from cardcase.delivery.queries import DeliveryRow, DeliveryView, ListingRow, Meaning, Slot, Unclear
from cardcase.delivery.rules import TITLES, DeliveryState
from cardcase.delivery.rules.claims import MOST_DAYS
from cardcase.delivery.rules.consent import DOUBTS
from cardcase.delivery.service import Shown
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, EmptyState, Fact, Input, InputKind, Link, Notice, Pill, Tone
from cardcase.staff.rules import Actor, Permission

TONES = {
    DeliveryState.UNKNOWN: Tone.BAD,
    DeliveryState.NOT_SHOWN: Tone.WARN,
    DeliveryState.AUTHORISED: Tone.WARN,
    DeliveryState.SHOWN: Tone.GOOD,
    DeliveryState.SIGNED: Tone.GOOD,
}
_DISPLAYS = {
    "shown": Text("买家已看到", "shown"),
    "authorised": Text("已准许，等确认", "cleared, to be confirmed"),
    "unknown": Text("看到没有不明", "not known whether shown"),
    "not_shown": Text("核实没看到", "settled: not shown"),
}
_HOWS = {
    "chat": Text("在聊天里同意", "agreed in the chat"),
    "claim": Text("在取卡页同意", "agreed on the claim page"),
    "staff": Text("客服记下的", "noted by staff"),
    "waived": Text("店主放行", "waived by the owner"),
}
_OPEN = ("authorised", "unknown")
_WHY = Text("为什么", "Why")


def _pill(row: DeliveryRow) -> Pill:
    waits = row.kind.form == "physical" and row.state is DeliveryState.ALLOCATED
    title = Text("待寄出", "To be shipped") if waits else TITLES[row.state]
    return Pill(say(title), TONES.get(row.state, Tone.PLAIN))


def listing(
    actor: Actor,
    rows: Sequence[DeliveryRow],
    done: Sequence[DeliveryRow],
    waiting: Sequence[tuple[Order, Meaning]],
    *,
    unknown: int,
    unclear: Sequence[Unclear],
    replacements: tuple[pages.Row, ...],
    kinds: Sequence[ListingRow],
    stock: Sequence[CardKind],
    now: datetime,
) -> pages.ListPage:
    """Build the list 「待发货」."""
    sections = (
        pages.Section(say(Text("要处理", "To deal with")), tuple(_row(row, now) for row in rows)),
        pages.Section(say(Text("换给买家的卡", "Replacements")), replacements),
        pages.Section(
            say(Text("已付款，还没有分配卡", "Paid, no card yet")), tuple(_order(actor, *one, stock) for one in waiting)
        ),
        pages.Section(say(Text("最近发出", "Given lately")), tuple(_row(row, now) for row in done)),
        pages.Section(
            say(Text("商品是哪种卡", "What listings are")), tuple(_listing(actor, row, stock) for row in kinds)
        ),
    )
    alarm = Notice(
        Tone.BAD,
        say(
            Text(f"{unknown} 笔不知道买家看到卡密没有", f"Of {unknown} it is not known whether the buyer saw the code")
        ),
        say(Text("问清楚再核实，不要直接补发。", "Ask, then settle it; do not just send again.")),
    )
    return pages.ListPage(
        title=say(Text("待发货", "To be given")),
        back=Link(say(Text("卡库", "Cards")), reverse("cards")),
        sections=tuple(section for section in sections if section.rows),
        notices=(*((alarm,) if unknown else ()), *map(_unclear, unclear)),
        empty=EmptyState(
            say(Text("没有待发货的订单", "No order waits")),
            say(Text("付了款的订单导入后会出现在这里。", "Paid orders appear here after an import.")),
            (Link(say(Text("导入订单", "Import orders")), reverse("import")),),
        )
        if not any(section.rows for section in sections[:4])
        else None,
    )


def _unclear(one: Unclear) -> Notice:
    text = Text(
        f"…{one.order_no[-6:]} 的买家说「{one.words}」，是同意须知吗？要人看一眼",
        f"The buyer of …{one.order_no[-6:]} said “{one.words}”: a consent to the terms? Please read the chat",
    )
    link = Link(say(Text("去看", "Look")), reverse("delivery", args=[one.delivery])) if one.delivery else None
    return Notice(Tone.WARN, say(text), link=link)


def _row(row: DeliveryRow, now: datetime) -> pages.Row:
    moment = row.displayed_at or row.authorised_at or row.allocated_at
    parts = (row.buyer_nick, f"…{row.order_no[-6:]}", timing.moment_text(moment, now=now))
    return pages.Row(
        title=f"{row.kind.title()} × {row.quantity}",
        text=" · ".join(part for part in parts if part),
        url=reverse("delivery", args=[row.public_id]),
        state=_pill(row),
    )


def _order(actor: Actor, order: Order, meaning: Meaning, stock: Sequence[CardKind]) -> pages.Row:
    kind = meaning.kind or meaning.guess
    asks = (
        _kind_ask(kind, stock),
        Input(
            "quantity",
            say(Text("张数", "How many")),
            InputKind.NUMBER,
            value=str(order.quantity or ""),
            is_required=True,
        ),
        *_remember(actor, order, meaning),
    )
    guessed = say(Text("是猜的，请核对", "a guess, please check")) if meaning.guess else ""
    parts = (order.listing.title if order.listing else "", f"…{order.order_no[-6:]}", guessed)
    return pages.Row(
        title=kind.title() if kind else say(Text("还没有设定是哪种卡", "which card is not set")),
        text=" · ".join(part for part in parts if part),
        form=ActionForm(
            url=reverse("deliveries-allocate"),
            button=say(Text("分配", "Allocate")),
            inputs=asks,
            hidden=(("order_no", order.order_no),),
            opens=say(Text("分配卡", "Allocate cards")),
        )
        if actor.may(Permission.WORK)
        else None,
    )


def _kind_ask(kind: CardKind | None, stock: Sequence[CardKind]) -> Input:
    """Ask for one of the kinds that are in stock; the one that was set stays a choice when none of it is left."""
    known = [*stock, *([kind] if kind is not None and kind not in stock else [])]
    physical = Text("实体卡", "physical")
    choices = [
        Choice(
            one.key(),
            " · ".join([one.title(), *([say(physical)] if one.form == "physical" else [])]),
            is_chosen=one == kind,
        )
        for one in known
    ]
    if kind is None:
        choices.insert(0, Choice("", say(Text("选一种", "choose one")), is_chosen=True))
    return Input("kind", say(Text("哪种卡", "Which card")), InputKind.SELECT, choices=tuple(choices), is_required=True)


def _remember(actor: Actor, order: Order, meaning: Meaning) -> Iterator[Input]:
    """Offer to keep what a listing means, once, to whoever may set it."""
    if order.listing is not None and meaning.kind is None and actor.may(Permission.MANAGE_CARDS):
        said = Text("这个商品以后都这样", "Always so for this listing")
        yield Input("remember", say(said), InputKind.CONFIRM, value="yes")


def _listing(actor: Actor, row: ListingRow, stock: Sequence[CardKind]) -> pages.Row:
    parts = (row.sku_text, row.channel, row.item_id)
    form = ActionForm(
        url=reverse("deliveries-kind"),
        button=say(Text("改成这样", "Change it")),
        inputs=(_kind_ask(row.kind, stock),),
        hidden=(("channel", row.channel), ("item_id", row.item_id), ("sku_text", row.sku_text)),
        opens=say(Text("改", "Change")),
    )
    return pages.Row(
        title=f"{row.title or row.item_id} → {row.kind.title()}",
        text=" · ".join(part for part in parts if part),
        form=form if actor.may(Permission.MANAGE_CARDS) else None,
    )


def delivery(actor: Actor, view: DeliveryView, *, now: datetime, words: str = "") -> pages.DeliveryPage:
    """Build the page of one delivery; ``words`` are the terms that its buyer is yet to agree to."""
    row, terms, is_code = view.row, view.terms, view.row.kind.form == "code"
    open_word = Text("还没有同意", "not agreed yet") if view.asks_terms else Text("不需要", "not needed")
    answered = say(_HOWS.get(terms.how, open_word))
    told = [
        Fact(say(Text("买家", "Buyer")), row.buyer_nick or "–"),
        Fact(say(Text("订单号", "Order")), row.order_no),
        Fact(say(Text("分配", "Allocated")), timing.moment_text(row.allocated_at, now=now)),
    ]
    if row.displayed_at:
        label = Text("确认发到", "Confirmed") if is_code else Text("签收", "Signed for")
        told.append(Fact(say(label), timing.moment_text(row.displayed_at, now=now)))
    if view.link:
        until = timing.moment_text(view.link.expires_at, now=now)
        is_over = view.link.expires_at <= now
        text = (
            Text(f"{until} 已过期", f"expired {until}") if is_over else Text(f"{until} 前有效", f"good until {until}")
        )
        issued = timing.moment_text(view.link.issued_at, now=now)
        note = Text(f"{view.link.issued_by} {issued} 生成", f"issued by {view.link.issued_by} {issued}")
        told.append(Fact(say(Text("领取链接", "Claim link")), say(text), say(note)))
    stops = view.stops if view.state in (DeliveryState.ALLOCATED, DeliveryState.NOT_SHOWN) else ()
    notices = [Notice(Tone.WARN, say(text)) for text in stops]
    if terms.withdrawn_at is not None and not terms.is_open:
        when, words = timing.moment_text(terms.withdrawn_at, now=now), terms.withdrawn_words
        text = Text(f"买家 {when} 收回了同意：「{words}」", f"The buyer took the consent back at {when}: “{words}”")
        notices.insert(0, Notice(Tone.BAD, say(text)))
    if terms.unclear_at is not None and terms.unclear_why is not None:
        when, why = timing.moment_text(terms.unclear_at, now=now), DOUBTS[terms.unclear_why]
        text = Text(
            f"买家 {when} 说「{terms.unclear_words}」，是同意须知吗？{why.zh}，没有算数",
            f"At {when} the buyer said “{terms.unclear_words}”: a consent? It was not counted: {why.en}",
        )
        hint = Text("看聊天：是的话，在下面记下原话；不是就再问一次。", "Read the chat: note it below, or ask again.")
        notices.insert(0, Notice(Tone.WARN, say(text), say(hint)))
    notices += [Notice(Tone.PLAIN, say(text)) for text in view.warnings]
    return pages.DeliveryPage(
        title=f"{row.kind.title()} × {row.quantity}",
        back=Link(say(Text("返回待发货", "Back to the list")), reverse("deliveries")),
        state=_pill(row),
        facts=tuple(told),
        cards_title=say(Text("分配的卡", "Cards")),
        cards=tuple(slot_text(slot if is_code else replace(slot, display=None)) for slot in view.slots),
        terms_title=say(Text("买家须知", "Terms")),
        terms=(
            Fact(
                say(Text("发给买家", "Shown")),
                timing.moment_text(terms.shown_at, now=now) if terms.shown_at else say(Text("还没有", "not yet")),
            ),
            Fact(
                say(Text("同意", "Agreed")),
                answered,
                terms.words,
                Tone.GOOD if terms.is_open or not view.asks_terms else Tone.WARN,
            ),
        ),
        terms_words=words,
        terms_hint=say(
            Text("把这段话发给买家，再点「须知已发给买家」：", "Send these words, then press “The terms were sent”:")
        ),
        notices=tuple(notices),
        acts=tuple(_acts(actor, view)),
    )


def slot_text(slot: Slot) -> pages.Row:
    """Build the line of one card: masked, until when, and how its last display went."""
    display = slot.display
    parts = [slot.card.title]
    if slot.card.form == "physical" and slot.card.number_tail4:
        tail = slot.card.number_tail4
        parts.append(say(Text(f"卡面编号尾号 {tail}", f"printed number ends in {tail}")))
    if slot.card.expires_on:
        parts.append(say(Text(f"有效期到 {slot.card.expires_on}", f"until {slot.card.expires_on}")))
    if display is not None:
        said = say(_DISPLAYS.get(display.state, Text(display.state, display.state)))
        parts.append(say(Text(f"第 {display.attempt} 次：{said}", f"attempt {display.attempt}: {said}")))
    return pages.Row(slot.card.masked, " · ".join(parts), reverse("card", args=[slot.card.public_id]))


def _acts(actor: Actor, view: DeliveryView) -> Iterator[ActionForm]:
    if view.state in (DeliveryState.ALLOCATED, DeliveryState.NOT_SHOWN):
        yield from _acts_before(actor, view)
    if actor.may(Permission.WORK) and view.state in (DeliveryState.AUTHORISED, DeliveryState.UNKNOWN):
        yield _form(view, "confirm", Text("已发给买家", "Sent to the buyer"), is_main=True)
    if actor.may(Permission.REVEAL):
        for slot in view.slots:
            if slot.display is not None and slot.display.state in _OPEN:
                yield _settle(view, slot)
        if view.state is DeliveryState.SHOWN and not view.resend_stops:
            opens = Text("买家说没收到？重发同一张卡密", "Not received? Send the same codes again")
            yield _form(
                view, "resend", Text("重发同一张", "Send the same again"), why=_WHY, opens=opens, is_danger=True
            )


def _acts_terms(actor: Actor, view: DeliveryView) -> Iterator[ActionForm]:
    """What may be done about terms that nobody agreed to yet."""
    works, terms = actor.may(Permission.WORK), view.terms
    if works and terms.shown_at is None:
        yield _form(view, "terms", Text("须知已发给买家", "The terms were sent to the buyer"), is_main=True)
    elif works and not terms.is_open:
        words = Text("买家的原话", "The buyer's words")
        yield _form(view, "consent", Text("记下", "Note"), why=words, opens=Text("买家同意了", "The buyer agreed"))
    if not terms.is_open and actor.may(Permission.MANAGE_SHOP):
        opens = Text("不等同意，由店主放行", "Waive the terms as the owner")
        yield _form(view, "waive", Text("放行", "Waive"), why=_WHY, opens=opens, is_danger=True)


def _acts_before(actor: Actor, view: DeliveryView) -> Iterator[ActionForm]:
    """What may be done while the codes have not left."""
    works = actor.may(Permission.WORK)
    if view.asks_terms:
        yield from _acts_terms(actor, view)
    if actor.may(Permission.REVEAL) and view.row.kind.form == "code":
        yield from _link_acts(view)
    if actor.may(Permission.REVEAL) and not view.stops and view.row.kind.form == "code":
        button = Text("取出卡密（只显示一次）", "Take the codes out (shown once)")
        yield _form(view, "show", button, why=_WHY, is_main=True)
    if works:
        yield from _looks(view)
    if works and view.state is DeliveryState.ALLOCATED:
        opens = Text("取消分配，卡回到库存", "Cancel: the cards go back to the stock")
        yield _form(view, "cancel", Text("取消分配", "Cancel"), why=_WHY, opens=opens)
    if actor.may(Permission.DECIDE):
        for block in view.blocks:
            opens = Text(f"放行：{block.text.zh}", f"Let the codes go although {block.text.en}")
            hidden = (("ref", block.ref),)
            yield _form(view, "lift", Text("放行", "Let go"), why=_WHY, opens=opens, hidden=hidden, is_danger=True)


def _looks(view: DeliveryView) -> Iterator[ActionForm]:
    """A form for each card whose worth is not known by a new look: what is seen now is the proof in a later dispute."""
    back = reverse("delivery", args=[view.public_id])
    for slot in view.slots:
        if slot.card.public_id in view.unlooked:
            opens = Text(f"查过 {slot.card.masked} 的余额？记下来", f"Looked at {slot.card.masked}? Note its balance")
            yield check_form(slot.card.public_id, opens=opens, back=back)


def _link_acts(view: DeliveryView) -> Iterator[ActionForm]:
    days = Input(
        "days",
        say(Text("有效几天", "Good for how many days")),
        InputKind.NUMBER,
        help=say(
            Text(f"不填就按店铺设置；最多 {MOST_DAYS} 天", f"As the shop has set when left empty; {MOST_DAYS} at most")
        ),
    )
    opens = (
        Text("换一个领取链接", "Issue another claim link") if view.link else Text("生成领取链接", "Issue a claim link")
    )
    yield ActionForm(
        url=reverse("delivery-act", args=[view.public_id, "link"]),
        button=say(Text("生成链接", "Issue")),
        inputs=(days,),
        opens=say(opens),
    )
    if view.link:
        yield _form(view, "unlink", Text("作废链接", "Revoke the link"))


def _form(
    view: DeliveryView,
    act: str,
    button: Text,
    *,
    why: Text | None = None,
    opens: Text | None = None,
    hidden: tuple[tuple[str, str], ...] = (),
    is_main: bool = False,
    is_danger: bool = False,
) -> ActionForm:
    return ActionForm(
        url=reverse("delivery-act", args=[view.public_id, act]),
        button=say(button),
        inputs=(Input("reason", say(why), is_required=True, max_length=300),) if why else (),
        hidden=hidden,
        opens=say(opens) if opens else "",
        is_main=is_main,
        is_danger=is_danger,
    )


def _settle(view: DeliveryView, slot: Slot) -> ActionForm:
    assert slot.display is not None
    answers = (
        Choice("yes", say(Text("看到了", "seen"))),
        Choice("no", say(Text("没看到，可以再发同一张", "not seen: the same may be sent again"))),
    )
    return ActionForm(
        url=reverse("delivery-act", args=[view.public_id, "settle"]),
        button=say(Text("核实", "Settle")),
        inputs=(
            Input("seen", say(Text("买家看到没有", "Did the buyer see it")), InputKind.SELECT, choices=answers),
            Input("reason", say(Text("依据", "What shows it")), is_required=True, max_length=300),
        ),
        hidden=(("reveal", str(slot.display.reveal_id)),),
        opens=say(Text(f"核实 {slot.card.masked}", f"Settle {slot.card.masked}")),
    )


def codes(actor: Actor, view: DeliveryView, shown: Sequence[Shown], *, reason: str, at: datetime) -> pages.CodesPage:
    """Build the page with the codes of an order, once. The record has them already."""
    url = reverse("delivery", args=[view.public_id])
    back = Link(say(Text("回到这笔发货", "Back to the delivery")), url)
    title = f"{view.row.kind.title()} × {len(shown)}"
    return codes_page(actor, title, back, shown, url=f"{url}confirm/", reason=reason, at=at)


def codes_page(
    actor: Actor, title: str, back: Link, shown: Sequence[Shown], *, url: str, reason: str, at: datetime
) -> pages.CodesPage:
    """Build a page with codes that are shown this once; ``url`` is where their sending is confirmed."""
    when = timing.moment_text(at, now=at)
    return pages.CodesPage(
        title=title,
        back=back,
        codes=tuple(pages.Code(one.brand, one.code.expose(), one.number) for one in shown),
        number_label=say(Text("卡号", "Number")),
        code_label=say(Text("卡密", "Code")),
        recorded=say(
            Text(f"已记录：{actor.label} {when}，理由：{reason}", f"Recorded: {actor.label} {when}, because: {reason}")
        ),
        warning=say(
            Text(
                "只显示这一次。复制发给买家，再点「已发给买家」；离开这一页就看不到了。",
                "Shown this once. Copy it to the buyer, then press “Sent to the buyer”; it is gone once you leave.",
            )
        ),
        confirm=ActionForm(
            url=url,
            button=say(Text("已发给买家", "Sent to the buyer")),
            inputs=(Input("message_id", say(Text("渠道的消息编号", "The channel's message id")), max_length=120),),
            is_main=True,
        ),
    )
