"""The case page in finished sentences: what came in, why, until when, what proves it, what can be done, what to say."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.urls import reverse

from cardcase.cases.models import Case
from cardcase.cases.rules import (
    OUTCOME_TITLES,
    STAGE_TITLES,
    WAITING_TITLES,
    Event,
    Need,
    Outcome,
    Stage,
    Status,
    WaitingOn,
)
from cardcase.cases.rules import next_step as step_of
from cardcase.cases.rules.disputes import KIND_TITLES, STATUS_TITLES, DisputeKind, DisputeStatus
from cardcase.cases.rules.reviews import CAUSES, Cause
from cardcase.connectors.ports import Speaker, SystemEvent
from cardcase.custody.queries import HistoryItem
from cardcase.delivery import queries as deliveries
from cardcase.desk import pages, words
from cardcase.inbox.queries import MessageView
from cardcase.kit.errors import Conflict, Problem
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.privacy import queries as privacy
from cardcase.privacy.rules import GROUND_TITLES, Ground, RemovalState
from cardcase.shell import timing
from cardcase.shell.language import current, say
from cardcase.shell.parts import ActionForm, Countdown, Fact, Link, Notice, Tone
from cardcase.staff.rules import Actor, Permission

from . import attention, case_boxes, forms, record_words
from .drafting import AS_IT_IS, Wish
from .questions import questions
from .screens_box import screens_box
from .view import Background, CaseView, background, case_view

TALK_SHOWN = 60


def case_page(
    actor: Actor,
    number: str,
    *,
    now: datetime,
    problem: Problem | None = None,
    typed: Sequence[tuple[str, str]] = (),
    all_talk: bool = False,
    wish: Wish = AS_IT_IS,
) -> pages.CasePage:
    """Return the page of a case. After a refusal, ``problem`` says which and ``typed`` keeps the person's words.

    ``wish``: how the suggested reply is wanted.
    """
    view = case_view(actor, number, now=now, wish=wish)
    behind = background(actor, view.case)
    return _page(actor, view, behind, problem, dict(typed), all_talk=all_talk, wish=wish)


def _page(
    actor: Actor,
    view: CaseView,
    behind: Background,
    problem: Problem | None,
    typed: dict[str, str],
    *,
    all_talk: bool,
    wish: Wish,
) -> pages.CasePage:
    case = view.case
    is_conflict = isinstance(problem, Conflict)
    lines = tuple(_talk(view.talk if all_talk else view.talk[-TALK_SHOWN:]))
    return pages.CasePage(
        url=reverse("case", args=[case.number]),
        number=case.number,
        revision=case.revision,
        title=words.goods_text(case),
        buyer=words.buyer_text(case),
        amount=words.amount_text(case.claimed_fen),
        stage=say(STAGE_TITLES[Stage(case.stage)]),
        status=words.status_pill(case.status, is_missed=_is_missed(case)),
        waiting=say(WAITING_TITLES[WaitingOn(case.waiting_on)]),
        is_open=case.is_open,
        clock=_clock(actor, view),
        reason=case_boxes.reason(actor, view, behind),
        evidence=case_boxes.evidence(actor, view),
        remedies=case_boxes.remedies(actor, view),
        questions=questions(actor, view),
        next_step=_next_step(view),
        talk=lines,
        talk_summary=_talk_summary(view),
        talk_more=_talk_more(view, all_talk=all_talk),
        screens=screens_box(actor, case),
        draft=case_boxes.draft(actor, view, behind, typed, wish),
        hold=case_boxes.hold(actor, view),
        facts=tuple(_facts(view)),
        needs_human=tuple(_needs(actor, view)),
        notices=(
            *(() if problem is None or is_conflict else (_refusal(problem),)),
            *_replacements(actor, view),
            *_removed(actor, view),
        ),
        conflict=_conflict(view, problem, typed) if is_conflict else None,
        turns=tuple(_turns(actor, view)),
        moves=tuple(_moves(actor, view)),
        notes=tuple(_notes(view, behind)),
        note_form=forms.note(actor, case),
        snooze=forms.snooze(view),
        pause_goal=forms.pause_goal(view),
        disputes=tuple(_disputes(view)),
        timeline=tuple(
            _timeline(item, view.now) for item in reversed(behind.history) if not record_words.is_said_twice(item)
        ),
        pack=forms.pack(actor, case),
        siblings=tuple(
            Link(f"{other.number} · {words.status_pill(other.status).text}", reverse("case", args=[other.number]))
            for other in behind.siblings
        ),
        outcome=_outcome(case),
    )


def _is_missed(case: Case) -> bool:
    return any(need["code"] == Need.POST_MORTEM for need in case.needs_human) or case.is_incident


def _clock(actor: Actor, view: CaseView) -> pages.ClockBox:
    clock, case = view.clock, view.case
    fix = forms.typed_deadline(actor, view)
    if not case.is_open:
        over = Countdown(text=say(Text("已结束", "Over")), short="–")
        net = say(view.judged.net.text) if view.judged.net is not None else ""
        return pages.ClockBox(over, _outcome(case), net, fix=fix)
    if clock is None:
        return _no_clock(view, fix)
    due = timing.moment_text(clock.due_at, now=view.now)
    is_paid = clock.is_platform_bound and case.claimed_fen is not None
    amount = f" {words.amount_text(case.claimed_fen)}" if is_paid else ""
    return pages.ClockBox(
        countdown=timing.countdown(clock.due_at, now=view.now, margin_at=clock.margin_at),
        if_missed=say(words.due_text(clock, due, amount)),
        source=say(clock.source_text),
        is_certain=clock.is_verified,
        others=tuple(
            say(
                Text(
                    f"{other.title.zh}：{timing.moment_text(other.due_at, now=view.now)}",
                    f"{other.title.en}: {timing.moment_text(other.due_at, now=view.now)}",
                )
            )
            for other in view.clocks[1:]
        ),
        fix=fix,
    )


def _no_clock(view: CaseView, fix: ActionForm | None) -> pages.ClockBox:
    """Say why no clock runs: it is not our turn, our own goal stands still, or nobody has read it yet."""
    if view.case.waiting_on != WaitingOn.SELLER:
        said = Text(
            "现在轮到对方。App 里如果有倒计时，填在下面。",
            "It is the other side's turn. If the App counts down, type it in.",
        )
    elif view.paused is not None:
        said = Text("只有我们自己的目标，暂停着。", "There is only our own goal, and it stands still.")
    else:
        said = Text(
            "没有读到截止时间：在 App 里看清，填在下面。", "No deadline is known: read it in the App and type it in."
        )
        return pages.ClockBox(timing.countdown(None, now=view.now), say(said), "", is_certain=False, fix=fix)
    return pages.ClockBox(timing.no_countdown(), say(said), "", fix=fix)


def _notes(view: CaseView, behind: Background) -> Iterator[pages.NoteRow]:
    """Show what people wrote down, and their reviews among it, in the order of time."""
    written = [(note.at, note.by, note.text) for note in behind.notes]
    for row in view.reviews:
        cause = CAUSES[Cause(row.cause)]
        said = Text(
            f"复盘（{cause.zh}）：{row.text}\n以后：{row.measure}",
            f"Review ({cause.en}): {row.text}\nFrom now on: {row.measure}",
        )
        written.append((row.at, row.by, say(said)))
    for at, by, text in sorted(written, key=lambda one: one[0]):
        yield pages.NoteRow(f"{by} · {timing.moment_text(at, now=view.now)}", text)


_SAID_ELSEWHERE = frozenset({Need.REASON_UNCLEAR.value, Need.HOLD_AT_MARGIN.value})
"""The next step and the hold say these already while the reason is not confirmed."""


def _needs(actor: Actor, view: CaseView) -> Iterator[pages.NeedRow]:
    """Say what asks for a person, each thing once; no card that came later, or was not sent yet, is missed."""
    case = view.case
    if case.snoozed_until is not None:
        until, why = timing.moment_text(case.snoozed_until, now=view.now), case.snooze_reason
        yield pages.NeedRow(
            say(Text(f"先放着，到 {until}：{why}", f"Put off until {until}: {why}")), forms.resume(view)
        )
    if view.paused is not None and case.waiting_on == WaitingOn.SELLER:
        still = Text("我们自己的回应目标暂停着", "Our own goal for an answer stands still")
        yield pages.NeedRow(say(still), forms.resume_goal(view))
    for need in case.needs_human:
        code = need["code"]
        if code in _SAID_ELSEWHERE and case.reason_confirmed_at is None and case.is_open:
            continue
        if code == Need.CARD_UNLINKED and (view.cards or case.order.delivered_at is None):
            continue
        text = need["en"] if current() == "en" else need["zh"]
        yield pages.NeedRow(
            text, attention.review(actor, case) if code in attention.REVIEWS else attention.need(actor, view, code)
        )
    if case.is_incident and not case.asks_for(*attention.REVIEWS):
        missed = Text("错过的时限还没有复盘", "The missed deadline has not been reviewed yet")
        yield pages.NeedRow(say(missed), attention.review(actor, case))


_CONFIRM = Text("看完买家的话，确认原因", "Read the buyer's words and confirm the reason")
_TO_TURNS = {
    Status.OFFER_MADE: Text("买家答复了就记下来", "Record the buyer's answer"),
    Status.AGREED: Text("去执行方案", "Carry it out"),
    Status.EXECUTING: Text("记下结果", "Record the result"),
    Status.UNDER_REVIEW: Text("裁决出来就记下", "Record the ruling"),
}
"""What the button of the next step says where the state of the case asks for one act."""


def _next_step(view: CaseView) -> pages.NextStep | None:
    case = view.case
    if not case.is_open:
        review = Text(
            "写下为什么输、为什么错过，以后怎么避免", "Write down why it was lost or missed, and what to do about it"
        )
        button = say(Text("写复盘", "Write the review"))
        is_asked = case.is_incident or case.asks_for(*attention.REVIEWS)
        return pages.NextStep(say(review), "#needs", button) if is_asked else None
    status = Status(case.status)
    is_confirmed = case.reason_confirmed_at is not None
    step = step_of(status, is_confirmed=is_confirmed, playbook_step=view.playbook.next_step)
    if not is_confirmed and status in (Status.NEW, Status.NEEDS_RESPONSE):
        return pages.NextStep(say(_CONFIRM), "#reason", say(Text("去确认原因", "Confirm the reason")))
    if view.judged.remedy is not None and view.judged.remedy.state == "ambiguous":
        unclear = Text("到平台查实上次执行成没成，记下来", "Look up whether the last execution went through")
        return pages.NextStep(say(unclear), "#turns", say(_TO_TURNS[Status.EXECUTING]))
    if status is Status.NEEDS_RESPONSE and view.move(Event.PACK_SUBMITTED) is not None:
        proof = Text(
            "平台等我们的证据：封好证据包，提交", "The platform waits for our evidence: seal a pack, hand it in"
        )
        is_ready = view.may(Event.PACK_SUBMITTED)
        to_do = Text("去提交", "Hand it in") if is_ready else Text("去做证据包", "Make the pack")
        return pages.NextStep(say(proof), "#turns" if is_ready else "#pack", say(to_do))
    return pages.NextStep(words.step_text(step), *_place(view, status))


def _place(view: CaseView, status: Status) -> tuple[str, str]:
    """Return where on the page the next step is done, and what the button that leads there says."""
    advised = next((option for option in view.options if option.is_recommended), None)
    is_asking = advised is None or advised.route == "ask"
    if status in _TO_TURNS:
        return "#turns", say(_TO_TURNS[status])
    if status is Status.WAITING_BUYER:
        return "#turns", say(Text("买家答复了就记下来", "Record the buyer's answer"))
    if status is Status.NEEDS_RESPONSE and is_asking:
        return "#evidence", say(Text("看证据清单", "See the evidence"))
    if status is Status.NEEDS_RESPONSE:
        return "#remedies", say(Text("去选方案", "Choose a remedy"))
    return "#remedies", say(Text("看处理方案", "See the remedies"))


_SPEAKERS = {
    Speaker.BUYER: pages.LineKind.BUYER,
    Speaker.SELLER: pages.LineKind.SELLER,
    Speaker.SYSTEM: pages.LineKind.SYSTEM,
    Speaker.UNKNOWN: pages.LineKind.SYSTEM,
}
_LOUD = {SystemEvent.REFUND_OPENED, SystemEvent.REFUND_PAID, SystemEvent.REFUND_REFUSED}


def _talk(messages: Sequence[MessageView]) -> Iterator[pages.TalkLine]:
    day, before = "", None
    for message in messages:
        if message.day_text != day:
            day, before = message.day_text, None
            yield pages.TalkLine(pages.LineKind.DAY, (pages.Segment(day),))
        is_event = message.event in _LOUD
        kind = pages.LineKind.EVENT if is_event else _SPEAKERS[Speaker(message.speaker)]
        head = (kind, message.who, message.time_text)
        yield pages.TalkLine(
            kind=kind,
            segments=tuple(_segments(message, kind)),
            who=message.who,
            time=message.time_text,
            anchor=f"m-{message.public_id}",
            tone=Tone.BAD if is_event else Tone.PLAIN,
            note=say(Text("卡密已遮盖", "code masked")) if message.is_masked else "",
            is_next=head == before,
        )
        before = head


def _segments(message: MessageView, kind: pages.LineKind) -> Iterator[pages.Segment]:
    """Give the pieces of a message; the platform's texts without the brackets that mark them in the raw data."""
    pieces = list(message.segments)
    text = pieces[0][0] if len(pieces) == 1 else ""
    if kind in (pages.LineKind.SYSTEM, pages.LineKind.EVENT) and text.startswith("[") and text.endswith("]"):
        yield pages.Segment(text[1:-1])
        return
    for text, is_quoted in pieces:
        yield pages.Segment(text, is_quoted)


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


def _facts(view: CaseView) -> Iterator[Fact]:
    order = view.case.order
    yield Fact(say(Text("售后单", "Case")), view.case.number)
    yield Fact(say(Text("订单", "Order")), order.order_no)
    refund = view.case.refund
    if refund is not None and refund.external_id.isalnum():  # else no source told its number
        yield Fact(say(Text("退款单", "Refund")), refund.external_id)
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


def _replacements(actor: Actor, view: CaseView) -> Iterator[Notice]:
    """Lead to the new card that this case keeps for its buyer, until he has it."""
    if not any(card.state == "reserved" for card in view.cards):
        return
    for found in deliveries.open_replacements(actor, order_id=view.case.order_id):
        link = Link(
            say(Text("把新卡交给买家", "Give it to the buyer")), reverse("replacement", args=[found.card.public_id])
        )
        text = Text(f"新卡 {found.card.masked} 还没有交给买家", f"The new card {found.card.masked} was not given yet")
        yield Notice(Tone.WARN, say(text), link=link)


def _removed(actor: Actor, view: CaseView) -> Iterator[Notice]:
    """Say openly that the buyer's data are gone, or locked away, and why."""
    found = privacy.of_case(actor, view.case)
    if found is not None:
        ground = GROUND_TITLES[Ground(found.ground)]
        moment = found.erased_at or found.restricted_at
        day = timing.day_text(moment, now=view.now) if moment else ""
        if found.state is RemovalState.RESTRICTED:
            text = Text(f"{day}起限制处理：个人信息只保存，不作别用", f"Restricted since {day}: kept, not used")
        else:
            text = Text(f"{day}已删除买家的个人信息", f"The buyer's personal data were erased on {day}")
        link = Link(say(Text("查看", "See")), reverse("privacy_subject", args=[found.ref]))
        yield Notice(
            Tone.PLAIN,
            say(Text(f"{text.zh}（{ground.zh}）", f"{text.en} ({ground.en})")),
            say(Text("记录条目都在，仍可校验。", "All entries of the record are here and still verify.")),
            link if actor.may(Permission.MANAGE_SHOP) else None,
        )


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
    Event.VERIFIED,
    Event.EXECUTION_FAILED,
    Event.HOLD_CHANGED,
}


_TURNS = (Event.ANSWERED, Event.ACCEPTED, Event.OFFER_ENDED, Event.PACK_SUBMITTED, Event.RULED, Event.APPEALED)
"""Moves that a waiting case asks for; the rest happened elsewhere and can be noted."""


def _turns(actor: Actor, view: CaseView) -> Iterator[pages.MoveRow]:
    """Say what the state of the case asks for now, with its form; or why it cannot be done yet."""
    for form in (*forms.approval(actor, view), forms.execute(actor, view), forms.result(actor, view)):
        if form is not None:
            yield pages.MoveRow(form.opens, form=form)
    for event in _TURNS:
        move = view.move(event)
        if move is None or (event is Event.APPEALED and not view.case.ruling_raw):
            continue  # what was lost by silence is not appealed
        form = forms.submit(view) if event is Event.PACK_SUBMITTED else forms.further(view, move)
        if form is not None:
            yield pages.MoveRow(say(move.title), form=form)
        elif move.why_not is not None:
            yield pages.MoveRow(say(move.title), why_not=say(move.why_not))


def _moves(actor: Actor, view: CaseView) -> Iterator[pages.MoveRow]:
    for move in view.moves:
        if move.event not in _BY_REMEDY and move.event not in _TURNS:
            form = forms.further(view, move)
            if form is not None:
                yield pages.MoveRow(say(move.title), form=form)
    for form in (forms.dispute(actor, view.case), forms.transfer(actor, view.case)):
        if form is not None:
            yield pages.MoveRow(form.opens, form=form)


def _disputes(view: CaseView) -> Iterator[Fact]:
    """Write the platform's disputes: what it calls them, how we read it, until when it waits for us."""
    for row in view.disputes:
        read = STATUS_TITLES[DisputeStatus(row.status)]
        raw = f"（{row.status_raw}）" if row.status_raw and row.status_raw not in (read.zh, row.status) else ""
        until = ""
        if row.respond_by is not None:
            when = timing.moment_text(row.respond_by, now=view.now)
            until = say(Text(f"{when} 前答复 · ", f"answer by {when} · "))
        seen = timing.moment_text(row.fetched_at, now=view.now)
        label = f"{say(KIND_TITLES[DisputeKind(row.kind)])} {row.external_id}".strip()
        yield Fact(label, f"{say(read)}{raw}", f"{until}{row.source} · {seen}")


def _timeline(item: HistoryItem, now: datetime) -> pages.TimelineRow:
    what, detail, tone = record_words.tell(item, now=now)
    return pages.TimelineRow(
        time=timing.moment_text(item.at, now=now),
        what=what,
        who=record_words.who(item),
        detail=detail,
        seq=f"#{item.seq}",
        tone=tone,
    )


def _outcome(case: Case) -> str:
    if case.is_open:
        return ""
    if _is_missed(case) and case.outcome == Outcome.LOST:
        amount = words.amount_text(case.claimed_fen)
        return say(
            Text(f"没有在时限内回应，平台退了 {amount}", f"Nobody answered in time; the platform refunded {amount}")
        )
    if case.is_merged and case.same_as is not None:
        into = case.same_as.number
        return say(Text(f"和 {into} 是同一件事，已并入那一单", f"It is the same matter as {into}, which goes on"))
    title = OUTCOME_TITLES[Outcome(case.outcome)] if case.outcome else Text("没有结论", "no outcome noted")
    ruling = f"：{case.ruling_raw}" if case.ruling_raw else ""
    return say(Text(f"{title.zh}{ruling}", f"{title.en}{ruling}"))
