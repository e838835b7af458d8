"""The case page in finished sentences: what came in, why, until when, what proves it, what can be done, what to say."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.urls import reverse

from cardcase.cases.models import Case
from cardcase.cases.rules import OUTCOME_TITLES, STAGE_TITLES, WAITING_TITLES, Event, Outcome, Stage, Status, WaitingOn
from cardcase.cases.rules import next_step as step_of
from cardcase.connectors.ports import Speaker, SystemEvent
from cardcase.custody.queries import HistoryItem
from cardcase.desk import pages, words
from cardcase.evidence.rules import STATE_TITLES, Item, ItemState
from cardcase.inbox.queries import MessageView
from cardcase.kit.errors import Conflict, Problem
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.policies import queries as policies
from cardcase.remedies.rules import Option
from cardcase.shell import timing
from cardcase.shell.language import current, say
from cardcase.shell.parts import Check, Fact, Link, Notice, Tone
from cardcase.staff.rules import Actor, Permission
from cardcase.triage.rules import reasons

from . import forms, record_words
from .view import Background, CaseView, background, case_view

LIMIT = 200
TALK_SHOWN = 60


def case_page(
    actor: Actor,
    number: str,
    *,
    now: datetime,
    problem: Problem | None = None,
    typed: Sequence[tuple[str, str]] = (),
    all_talk: bool = False,
) -> pages.CasePage:
    """Return the page of a case. After a refusal, ``problem`` says which and ``typed`` keeps the person's words."""
    view = case_view(actor, number, now=now)
    behind = background(actor, view.case)
    return _page(actor, view, behind, problem, dict(typed), all_talk=all_talk)


def _page(
    actor: Actor,
    view: CaseView,
    behind: Background,
    problem: Problem | None,
    typed: dict[str, str],
    *,
    all_talk: bool,
) -> pages.CasePage:
    case = view.case
    is_conflict = isinstance(problem, Conflict)
    lines = tuple(_talk(view, view.talk if all_talk else view.talk[-TALK_SHOWN:]))
    return pages.CasePage(
        url=reverse("case", args=[case.number]),
        number=case.number,
        revision=case.revision,
        title=words.goods_text(case),
        buyer=words.buyer_text(case),
        amount=words.amount_text(case.claimed_fen),
        stage=say(STAGE_TITLES[Stage(case.stage)]),
        status=words.status_pill(case.status),
        waiting=say(WAITING_TITLES[WaitingOn(case.waiting_on)]),
        is_open=case.is_open,
        clock=_clock(view),
        reason=_reason(actor, view),
        evidence=_evidence(actor, view),
        remedies=_remedies(actor, view),
        next_step=_next_step(actor, view),
        talk=lines,
        talk_summary=_talk_summary(view),
        talk_more=_talk_more(view, all_talk=all_talk),
        draft=_draft(actor, view, behind, typed),
        hold=_hold(actor, view),
        facts=tuple(_facts(view)),
        needs_human=tuple(
            Notice(Tone.WARN, need["en"] if current() == "en" else need["zh"]) for need in case.needs_human
        ),
        notices=() if problem is None or is_conflict else (_refusal(problem),),
        conflict=_conflict(view, problem, typed) if is_conflict else None,
        moves=tuple(_moves(actor, view)),
        notes=tuple(
            pages.NoteRow(f"{note.by} · {timing.moment_text(note.at, now=view.now)}", note.text)
            for note in behind.notes
        ),
        note_form=forms.note(actor, case),
        timeline=tuple(_timeline(item, view.now) for item in reversed(behind.history)),
        pack=forms.pack(actor, case),
        siblings=tuple(
            Link(f"{other.number} · {words.status_pill(other.status).text}", reverse("case", args=[other.number]))
            for other in behind.siblings
        ),
        outcome=_outcome(case),
    )


def _clock(view: CaseView) -> pages.ClockBox:
    clock, case = view.clock, view.case
    if clock is None:
        unknown = Text("没有读到截止时间，请在 App 里看清后填写。", "No deadline is known: look it up in the App.")
        over = Text("这一单已经结束。", "This case is over.")
        return pages.ClockBox(
            timing.no_countdown(), say(unknown if case.is_open else over), "", is_certain=not case.is_open
        )
    due = timing.moment_text(clock.due_at, now=view.now)
    lost = clock.if_missed_text
    amount = (
        f" {words.amount_text(case.claimed_fen)}" if clock.is_platform_bound and case.claimed_fen is not None else ""
    )
    return pages.ClockBox(
        countdown=timing.countdown(clock.due_at, now=view.now, margin_at=clock.margin_at),
        if_missed=say(Text(f"{due} 前不处理：{lost.zh}{amount}", f"If nothing is done by {due}: {lost.en}{amount}")),
        source=say(clock.source_text),
        is_certain=clock.is_verified,
        others=tuple(
            f"{say(other.title)}：{timing.moment_text(other.due_at, now=view.now)}" for other in view.clocks[1:]
        ),
    )


def _reason(actor: Actor, view: CaseView) -> pages.ReasonBox:
    case = view.case
    confirmed = ""
    if case.reason_confirmed_at is not None:
        who = case.reason_confirmed_by.get_username() if case.reason_confirmed_by else ""
        when = timing.moment_text(case.reason_confirmed_at, now=view.now)
        confirmed = say(Text(f"{who} {when} 已确认", f"confirmed by {who} {when}"))
    second = ""
    if case.second_reason:
        title = reasons.title(case.second_reason)
        second = say(Text(f"也可能是：{title.zh}", f"It may also be: {title.en}"))
    found = ""
    if case.found_cause:
        title = reasons.title(case.found_cause)
        found = say(Text(f"查实：{title.zh}", f"Found: {title.en}"))
    book = policies.playbook(actor, case.sub_reason)
    asked = next(iter(book.questions), None)
    return pages.ReasonBox(
        pill=words.reason_pill(case.claimed_reason, case.sub_reason, is_long=True),
        confidence=_confidence(case),
        quotes=tuple(
            pages.QuoteLink(quote["text"], f"m-{quote['message']}" if quote["message"].startswith("msg_") else "")
            for quote in case.quotes
        ),
        second=second,
        question=say(asked.text) if asked is not None and not confirmed else "",
        found=found,
        confirmed=confirmed,
        confirm=forms.confirm_reason(actor, case) if not confirmed else None,
        change=forms.change_reason(actor, case),
    )


def _confidence(case: Case) -> str:
    if case.confidence is None or case.reason_confirmed_at is not None or case.claimed_reason in words.UNSTATED:
        return ""
    percent = round(case.confidence * 100)
    if percent < 60:  # noqa: PLR2004 - below, a number would look surer than it is
        return say(Text("把握不大", "not sure"))
    return say(Text(f"把握 {percent}%", f"{percent}% sure"))


_PARTIES = {
    "buyer": Text("向买家要", "ask the buyer"),
    "issuer": Text("找发卡方查", "ask the issuer"),
    "supplier": Text("找货源方要", "ask the supplier"),
    "platform": Text("平台记录", "the platform's record"),
    "seller": Text("自己准备", "ours to provide"),
    "carrier": Text("找快递查", "ask the carrier"),
}


def _evidence(actor: Actor, view: CaseView) -> pages.EvidenceBox:
    counts = [
        (state, sum(item.state is state for item in view.items))
        for state in (ItemState.HAVE, ItemState.ASK, ItemState.MISSING, ItemState.CONTRADICTS)
    ]
    return pages.EvidenceBox(
        summary=" · ".join(f"{say(STATE_TITLES[state])} {number}" for state, number in counts if number),
        rows=tuple(_evidence_row(view, item) for item in view.items),
        tip=say(view.judged.tip) if view.judged.tip else "",
        upload=forms.upload(actor, view),
    )


def _evidence_row(view: CaseView, item: Item) -> pages.EvidenceRow:
    return pages.EvidenceRow(
        title=say(item.title),
        state=pages.EvidenceState(item.state.value),
        state_text=say(STATE_TITLES[item.state]),
        why=say(item.why),
        party="" if item.state is ItemState.HAVE else say(_PARTIES.get(item.party, Text("", ""))),
        weight=say(Text("决定性", "decisive")) if item.weight.is_decisive else "",
        wording=say(item.wording) if item.wording and item.state is not ItemState.HAVE else "",
        how=say(item.how) if item.how and item.state is not ItemState.HAVE else "",
        ask=forms.ask(view, item),
        exhibits=tuple(
            Link(say(Text("看原件", "See it")), reverse("exhibit", args=[view.case.number, exhibit]))
            for exhibit in item.exhibits
        ),
    )


def _remedies(actor: Actor, view: CaseView) -> pages.RemedyBox:
    running = view.judged.remedy
    offer = view.judged.offer
    told = ""
    if running is not None:
        title = next(
            (option.title for option in view.options if option.kind == running.kind), Text(running.kind, running.kind)
        )
        amount = f" {yuan(running.amount_fen)}" if running.amount_fen is not None else ""
        told = say(Text(f"已定：{title.zh}{amount}", f"Agreed: {title.en}{amount}"))
    elif offer is not None:
        title = next(
            (option.title for option in view.options if option.kind == offer.kind), Text(offer.kind, offer.kind)
        )
        until = timing.moment_text(offer.expires_at, now=view.now)
        told = say(Text(f"已提出：{title.zh}，{until} 前有效", f"Offered: {title.en}, until {until}"))
    return pages.RemedyBox(
        floor=say(view.floor),
        rows=tuple(_remedy_row(actor, view, option) for option in view.options),
        current=told,
    )


def _remedy_row(actor: Actor, view: CaseView, option: Option) -> pages.RemedyRow:
    needs = [option.explains, option.needs] if option.allowed else []
    return pages.RemedyRow(
        title=say(option.title),
        cost=_cost(option),
        needs="".join(say(text) for text in needs if text),
        is_recommended=option.is_recommended,
        is_floor=option.is_floor,
        blocked=tuple(say(blocker.text) for blocker in option.blocked_by),
        act=forms.remedy(actor, view, option) or forms.concede(view, option),
    )


def _cost(option: Option) -> str:
    low, high = option.cost_low_fen, option.cost_high_fen
    if low is None or high is None:
        return ""
    shown = yuan(low) if low == high else f"{yuan(low)}–{yuan(high).removeprefix('¥')}"
    return say(Text(f"预计花费 {shown}", f"expected cost {shown}"))


def _next_step(actor: Actor, view: CaseView) -> pages.NextStep | None:
    case = view.case
    if not case.is_open:
        return None
    book = policies.playbook(actor, case.sub_reason)
    is_confirmed = case.reason_confirmed_at is not None
    text = say(step_of(Status(case.status), is_confirmed=is_confirmed, playbook_step=book.next_step))
    anchor = "#remedies"
    if not is_confirmed and case.status in (Status.NEW, Status.NEEDS_RESPONSE):
        anchor = "#reason"
    elif any(item.state is ItemState.ASK for item in view.items) and case.status == Status.NEEDS_RESPONSE:
        anchor = "#evidence"
    return pages.NextStep(text, anchor)


_SPEAKERS = {
    Speaker.BUYER: pages.LineKind.BUYER,
    Speaker.SELLER: pages.LineKind.SELLER,
    Speaker.SYSTEM: pages.LineKind.SYSTEM,
    Speaker.UNKNOWN: pages.LineKind.SYSTEM,
}
_LOUD = {SystemEvent.REFUND_OPENED, SystemEvent.REFUND_PAID, SystemEvent.REFUND_REFUSED}


def _talk(view: CaseView, messages: Sequence[MessageView]) -> Iterator[pages.TalkLine]:
    day = ""
    for message in messages:
        if message.day_text != day:
            day = message.day_text
            yield pages.TalkLine(pages.LineKind.DAY, (pages.Segment(day),))
        is_event = message.event in _LOUD
        yield pages.TalkLine(
            kind=pages.LineKind.EVENT if is_event else _SPEAKERS[Speaker(message.speaker)],
            segments=tuple(pages.Segment(text, is_quoted) for text, is_quoted in message.segments),
            who=message.who,
            time=message.time_text,
            anchor=f"m-{message.public_id}",
            tone=Tone.BAD if is_event else Tone.PLAIN,
            note=say(Text("卡密已遮盖", "code masked")) if message.is_masked else "",
        )
    del view


def _talk_summary(view: CaseView) -> str:
    spoken = sum(message.speaker in (Speaker.BUYER, Speaker.SELLER) for message in view.talk)
    if not view.talk:
        return say(Text("没有聊天记录；可以在导入页粘贴", "no chat yet; paste it on the import page"))
    return say(Text(f"{spoken} 条", f"{spoken} messages"))


def _talk_more(view: CaseView, *, all_talk: bool) -> Link | None:
    left = len(view.talk) - TALK_SHOWN
    if all_talk or left <= 0:
        return None
    text = say(Text(f"更早的 {left} 条", f"{left} earlier messages"))
    return Link(text, f"{reverse('case', args=[view.case.number])}?talk=all")


def _draft(actor: Actor, view: CaseView, behind: Background, typed: dict[str, str]) -> pages.DraftBox | None:
    case = view.case
    if view.draft is None or not actor.may(Permission.WORK):
        return None
    saved = next((reply for reply in reversed(behind.replies) if reply.state == "draft"), None)
    text = typed.get("text") or (saved.text if saved else view.draft.text)
    checks = words.checks_of(text)
    blocked = ""
    if case.is_held:
        blocked = say(
            Text("先看完买家的话并确认原因，再发送。", "Read the buyer's words and confirm the reason first.")
        )
    return pages.DraftBox(
        text=text,
        limit=LIMIT,
        length_text=f"{len(text)} / {LIMIT}",
        checks=tuple(Check(check.ok, say(check.text)) for check in checks),
        save_url=forms.url(case, "reply"),
        sent_url=forms.url(case, "sent"),
        sent_blocked=blocked,
        check_url=forms.url(case, "check"),
        note=""
        if saved or typed.get("text")
        else say(Text("建议的说法，改成你自己的话再发。", "A suggestion: make it your own words.")),
        sent_texts=tuple(
            f"{timing.moment_text(reply.sent_at, now=view.now)} {reply.sent_by}：{reply.text}"
            for reply in behind.replies
            if reply.state == "sent" and reply.sent_at
        ),
    )


def _hold(actor: Actor, view: CaseView) -> pages.Hold | None:
    case, clock = view.case, view.clock
    if not case.is_held or not case.is_open:
        return None
    is_alarm = clock is not None and view.now >= clock.margin_at
    calm = Text(
        "自动消息已暂停。看完买家的话、确认原因后再回复；平台的时限照走。",
        "Outgoing messages wait until the reason is confirmed; the platform's clock runs on.",
    )
    late = Text(
        "时限快到了，消息还停着：请马上确认原因。", "Time is nearly up and messages still wait: confirm the reason now."
    )
    return pages.Hold(say(late if is_alarm else calm), is_alarm, forms.lift_hold(actor, case))


def _facts(view: CaseView) -> Iterator[Fact]:
    order = view.case.order
    yield Fact(say(Text("订单", "Order")), order.order_no)
    if order.paid_fen is not None:
        yield Fact(say(Text("实付", "Paid")), yuan(order.paid_fen))
    for label, moment in (
        (Text("付款", "Paid at"), order.paid_at),
        (Text("发货", "Delivered"), order.delivered_at),
        (Text("确认收货", "Confirmed"), order.confirmed_at),
    ):
        if moment is not None:
            yield Fact(say(label), timing.moment_text(moment, now=view.now))
    for card in view.cards:
        batch = say(Text(f"批次 {card.batch_name}", f"batch {card.batch_name}")) if card.batch_name else ""
        link = Link(say(Text("这张卡", "this card")), reverse("card", args=[card.public_id]))
        yield Fact(say(Text("卡", "Card")), f"{card.brand} ‥{card.tail4}".strip(), batch, link=link)
    if view.case.refund is not None and view.case.refund.reason_raw:
        yield Fact(say(Text("买家填的原因", "Reason on the form")), view.case.refund.reason_raw)


def _refusal(problem: Problem) -> Notice:
    return Notice(Tone.BAD, say(problem.message), say(problem.next))


def _conflict(view: CaseView, problem: Problem | None, typed: dict[str, str]) -> pages.ConflictNotice:
    case = view.case
    assert problem is not None
    changes = (
        say(Text(f"现在的状态：{words.status_pill(case.status).text}", f"now: {words.status_pill(case.status).text}")),
        say(problem.next),
    )
    kept = tuple((label, value) for label, value in typed.items() if value)
    return pages.ConflictNotice(say(problem.message), tuple(change for change in changes if change), kept)


_BY_REMEDY = {
    Event.TRIAGED,
    Event.EVIDENCE_ASKED,
    Event.OFFERED,
    Event.CONCEDED,
    Event.DECLINED,
    Event.ESCALATED,
    Event.EXECUTED,
}


def _moves(actor: Actor, view: CaseView) -> Iterator[pages.MoveRow]:
    for form in (forms.execute(actor, view), forms.result(actor, view), forms.typed_deadline(actor, view)):
        if form is not None:
            yield pages.MoveRow(form.opens, form=form)
    for move in view.moves:
        if move.event in _BY_REMEDY:
            continue
        form = forms.further(view, move)
        if form is not None:
            yield pages.MoveRow(say(move.title), form=form)
        elif move.why_not is not None and move.event in (Event.ACCEPTED, Event.RULED):
            yield pages.MoveRow(say(move.title), why_not=say(move.why_not))


def _timeline(item: HistoryItem, now: datetime) -> pages.TimelineRow:
    what, detail, tone = record_words.tell(item)
    return pages.TimelineRow(
        time=timing.moment_text(item.at, now=now),
        what=what,
        who=item.actor_label,
        detail=detail,
        seq=f"#{item.seq}",
        tone=tone,
    )


def _outcome(case: Case) -> str:
    if case.is_open:
        return ""
    title = OUTCOME_TITLES[Outcome(case.outcome)] if case.outcome else Text("已结束", "over")
    ruling = f"：{case.ruling_raw}" if case.ruling_raw else ""
    return say(Text(f"{title.zh}{ruling}", f"{title.en}{ruling}"))
