"""Today: every open case by what is due next."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import compress
from operator import not_

from django.urls import reverse

from cardcase.cards import queries as cards
from cardcase.cases import queries as cases
from cardcase.cases.rules import Status, WaitingOn, next_step
from cardcase.delivery import queries as deliveries
from cardcase.desk import pages, words
from cardcase.kit.text import Text
from cardcase.policies import queries as policies
from cardcase.shell import timing
from cardcase.shell.language import current, say
from cardcase.shell.parts import Countdown, EmptyState, Link, Notice, Pager, Tone
from cardcase.staff.rules import Actor, Permission

SHOWN = 50
SOON = timedelta(hours=24)
WATCHED = 20
MOST_LOW = 3
_NUMBER = "AS-0-0"  # stands for a number in an address; real ones too are letters, digits and hyphens


def today_page(actor: Actor, *, now: datetime, chosen: str = "", after: int = 0) -> pages.TodayPage:
    """Return Today for a shop: sums, missed deadlines, then the open cases, soonest due first.

    ``chosen`` narrows the list to one of the sums; ``after`` skips that many cases. At most six queries, and one more
    where shops keep data files of their own.
    """
    counts = cases.counts(actor, now)
    found = cases.queue(actor, limit=SHOWN + 1, offset=after, chosen=chosen, now=now)
    shown = found[:SHOWN]
    is_first = [_is_first(case, now) for case in shown]
    rows = _rows(shown, policies.next_steps(actor), now=now)
    groups = [
        pages.CaseGroup(
            say(Text("先做这些", "Do these first")),
            tuple(compress(rows, is_first)),
            say(Text("24 小时内到期，等你处理", "due within 24 hours, waiting for you")),
        ),
        pages.CaseGroup(say(Text("接下来", "Next")), tuple(compress(rows, map(not_, is_first)))),
    ]
    return pages.TodayPage(
        day=f"{timing.day_text(now, now=now)} {timing.weekday_text(now)}",
        sums=_sums(counts, chosen),
        incidents=tuple(_incident(case) for case in cases.incidents(actor, limit=3)) if counts.missed else (),
        groups=tuple(group for group in groups if group.rows),
        watch=_watch(actor),
        empty=None if shown else _empty(actor, chosen),
        pager=_pager(after, len(found), chosen),
    )


def _is_first(case: cases.QueueRow, now: datetime) -> bool:
    is_ours = case.waiting_on == WaitingOn.SELLER
    return is_ours and case.next_due_at is not None and case.next_due_at <= now + SOON


def _rows(shown: Sequence[cases.QueueRow], steps: Mapping[str, Text], *, now: datetime) -> list[pages.CaseRow]:
    """Write the rows of a list. Fifty cases share a few reasons, a few steps and one shape of address: each once."""

    @cache
    def step(status: str, sub_reason: str, *, is_confirmed: bool) -> str:
        playbook_step = steps.get(sub_reason)
        return words.step_text(next_step(Status(status), is_confirmed=is_confirmed, playbook_step=playbook_step))

    reason = cache(words.reason_pill)
    before, _, behind = reverse("case", args=[_NUMBER]).partition(_NUMBER)
    rows, language = [], current()
    for case in shown:
        is_confirmed = case.reason_confirmed_at is not None
        rows.append(
            pages.CaseRow(
                url=f"{before}{case.number}{behind}",
                number=case.number,
                title=f"{words.buyer_name(case.nick)} · {words.goods_name(case.title, case.order_no)}",
                reason=reason(case.claimed_reason, case.sub_reason),
                next_step=step(case.status, case.sub_reason, is_confirmed=is_confirmed),
                amount=words.amount_text(case.claimed_fen),
                countdown=_countdown(case, now, language),
                is_held=case.is_held and is_confirmed,  # without a reason the next step says it
                put_off=_put_off(case, now),
            )
        )
    return rows


def _countdown(case: cases.QueueRow, now: datetime, language: str) -> Countdown:
    """Say the time left. That no clock is known alarms only where it is our turn: else somebody else has to act."""
    if case.next_due_at is None and case.waiting_on != WaitingOn.SELLER:
        return timing.no_countdown()
    return timing.countdown(case.next_due_at, now=now, language=language)


def _put_off(case: cases.QueueRow, now: datetime) -> str:
    if case.snoozed_until is None:
        return ""
    until = timing.moment_text(case.snoozed_until, now=now)
    return say(Text(f"搁置到 {until}", f"put off until {until}"))


def _sums(counts: cases.Counts, chosen: str) -> tuple[pages.Sum, ...]:
    here = reverse("today")
    return tuple(
        pages.Sum(
            number=str(number),
            label=say(label),
            tone=tone if number else Tone.PLAIN,
            url=here if chosen == key else f"{here}?show={key}",
            is_chosen=chosen == key,
        )
        for key, number, label, tone in (
            ("due", counts.due_today, Text("今天到期", "due today"), Tone.WARN),
            ("seller", counts.waiting_seller, Text("等我处理", "waiting for me"), Tone.PLAIN),
            ("buyer", counts.waiting_buyer, Text("等买家", "waiting for buyers"), Tone.PLAIN),
            ("missed", counts.missed, Text("超时", "missed"), Tone.BAD),
        )
    )


def _incident(case: cases.QueueRow) -> Notice:
    who, amount = words.buyer_name(case.nick), words.amount_text(case.claimed_fen)
    return Notice(
        Tone.BAD,
        say(Text(f"{who} 的 {amount} 错过了时限", f"{who}, {amount}: a deadline was missed")),
        say(Text("先到平台看这笔退款的结果，再写下原因。", "Look up the refund on the platform, then write down why.")),
        Link(say(Text("打开", "Open")), reverse("case", args=[case.number])),
    )


def _watch(actor: Actor) -> tuple[Notice, ...]:
    notices = [
        Notice(
            Tone.WARN,
            say(
                Text(
                    f"批次 {row.name} 有 {row.failed} 张出错，同批还剩 {row.unused} 张未售。",
                    f"Batch {row.name}: {row.failed} failed, {row.unused} of it unsold.",
                )
            ),
            say(Text("先查清再卖。", "Find out why before selling more.")),
            Link(say(Text("查看批次", "See the batch")), reverse("cards-batches")),
        )
        for row in cards.failing_batches(actor, among=WATCHED)
    ]
    notices += [
        Notice(
            Tone.PLAIN,
            say(
                Text(
                    f"「{row.kind} {words.amount_text(row.face_fen)}」只剩 {row.unused} 张。",
                    f"Only {row.unused} of “{row.kind} {words.amount_text(row.face_fen)}” left.",
                )
            ),
            link=Link(say(Text("补货", "Restock")), reverse("import")),
        )
        for row in cards.low_stock(actor)
        if row.brand
    ][:MOST_LOW]
    return (*_giving(actor), *notices)


def _giving(actor: Actor) -> list[Notice]:
    """What waits to be given: a display that nobody confirmed first, for the buyer may be told nothing until it is."""
    waits, link = deliveries.waiting(actor), Link(say(Text("去发货", "Deliver")), reverse("deliveries"))
    told = []
    if waits.unknown:
        unsure = Text(
            f"{waits.unknown} 笔不知道买家看到卡密没有。",
            f"Of {waits.unknown} it is not known whether the buyer saw the code.",
        )
        hint = say(Text("问清楚再核实，不要直接补发。", "Ask, then settle it; do not just send again."))
        told.append(Notice(Tone.BAD, say(unsure), hint, link))
    if waits.to_give:
        to_give = Text(f"{waits.to_give} 笔已付款，等着发卡。", f"{waits.to_give} paid orders wait for their cards.")
        told.append(Notice(Tone.PLAIN, say(to_give), link=link))
    return told


def _empty(actor: Actor, chosen: str) -> EmptyState:
    if chosen:
        return EmptyState(
            say(Text("这里没有售后单", "No case here")),
            say(Text("换一个条件看看。", "Try another filter.")),
            (Link(say(Text("看全部", "See all")), reverse("today")),),
        )
    steps = [Link(say(Text("查看卡库", "See the cards")), reverse("cards"))]
    if actor.may(Permission.IMPORT):
        steps.insert(0, Link(say(Text("导入退款或聊天", "Import refunds or chats")), reverse("import")))
    return EmptyState(
        say(Text("现在没有要处理的售后单", "Nothing to decide right now")),
        say(
            Text(
                "把闲管家导出的退款、订单，或者复制的聊天贴进来，这里就会按截止时间排好。",
                "Import refunds, orders or a pasted chat; cases appear here, soonest due first.",
            )
        ),
        tuple(steps),
    )


def _pager(after: int, found: int, chosen: str) -> Pager | None:
    if not after and found <= SHOWN:
        return None
    narrowing = f"&show={chosen}" if chosen else ""
    return Pager(
        text=say(Text(f"第 {after + 1}–{after + min(found, SHOWN)} 单", f"{after + 1}–{after + min(found, SHOWN)}")),
        previous_url=f"?after={max(0, after - SHOWN)}{narrowing}" if after else "",
        next_url=f"?after={after + SHOWN}{narrowing}" if found > SHOWN else "",
    )
