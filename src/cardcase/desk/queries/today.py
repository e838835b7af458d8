"""Today: every open case by what is due next."""

from datetime import datetime, timedelta

from django.urls import reverse

from cardcase.cards import queries as cards
from cardcase.cases import queries as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import Status, WaitingOn, next_step
from cardcase.desk import pages, words
from cardcase.kit.text import Text
from cardcase.policies import queries as policies
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.shell.parts import EmptyState, Link, Notice, Pager, Tone
from cardcase.staff.rules import Actor, Permission

SHOWN = 50
SOON = timedelta(hours=24)
WATCHED = 20
LOW = 2
MOST_LOW = 3


def today_page(actor: Actor, *, now: datetime, chosen: str = "", after: int = 0) -> pages.TodayPage:
    """Return Today for a shop: sums, missed deadlines, then the open cases, soonest due first.

    ``chosen`` narrows the list to one of the sums; ``after`` skips that many cases. At most eight queries.
    """
    counts = cases.counts(actor, now)
    rows = cases.queue(actor, limit=SHOWN + 1, offset=after, chosen=chosen, now=now)
    steps = {key: book.next_step for key, book in policies.playbooks(actor).items()}
    shown = [_row(case, steps, now=now) for case in rows[:SHOWN]]
    first = [row for row, case in zip(shown, rows, strict=False) if _is_first(case, now)]
    later = [row for row, case in zip(shown, rows, strict=False) if not _is_first(case, now)]
    groups = [
        pages.CaseGroup(
            say(Text("先做这些", "Do these first")),
            tuple(first),
            say(Text("24 小时内到期，等你处理", "due within 24 hours, waiting for you")),
        ),
        pages.CaseGroup(say(Text("接下来", "Next")), tuple(later)),
    ]
    return pages.TodayPage(
        day=f"{timing.day_text(now, now=now)} {timing.weekday_text(now)}",
        sums=(
            _sum(counts.due_today, Text("今天到期", "due today"), "due", chosen, Tone.WARN),
            _sum(counts.waiting_seller, Text("等我处理", "waiting for me"), "seller", chosen, Tone.PLAIN),
            _sum(counts.waiting_buyer, Text("等买家", "waiting for buyers"), "buyer", chosen, Tone.PLAIN),
            _sum(counts.missed, Text("超时", "missed"), "missed", chosen, Tone.BAD),
        ),
        incidents=tuple(_incident(case) for case in cases.incidents(actor, limit=3)) if counts.missed else (),
        groups=tuple(group for group in groups if group.rows),
        watch=_watch(actor),
        empty=None if shown else _empty(actor, chosen),
        pager=_pager(after, len(rows), chosen),
    )


def _is_first(case: Case, now: datetime) -> bool:
    is_ours = case.waiting_on == WaitingOn.SELLER
    return is_ours and case.next_due_at is not None and case.next_due_at <= now + SOON


def _row(case: Case, steps: dict[str, Text], *, now: datetime) -> pages.CaseRow:
    is_confirmed = case.reason_confirmed_at is not None
    step = next_step(Status(case.status), is_confirmed=is_confirmed, playbook_step=steps.get(case.sub_reason))
    return pages.CaseRow(
        url=reverse("case", args=[case.number]),
        number=case.number,
        title=f"{words.buyer_text(case)} · {words.goods_text(case)}",
        reason=words.reason_pill(case.claimed_reason, case.sub_reason),
        next_step=words.step_text(step),
        amount=words.amount_text(case.claimed_fen),
        countdown=timing.countdown(case.next_due_at, now=now),
        is_held=case.is_held and is_confirmed,  # without a reason the next step says it
    )


def _sum(number: int, label: Text, key: str, chosen: str, tone: Tone) -> pages.Sum:
    return pages.Sum(
        number=str(number),
        label=say(label),
        tone=tone if number else Tone.PLAIN,
        url=reverse("today") if chosen == key else f"{reverse('today')}?show={key}",
        is_chosen=chosen == key,
    )


def _incident(case: Case) -> Notice:
    who, amount = words.buyer_text(case), words.amount_text(case.claimed_fen)
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
        for row in cards.batches_page(actor, limit=WATCHED)
        if row.failed and row.unused and not row.is_quarantined
    ]
    notices += [
        Notice(
            Tone.PLAIN,
            say(
                Text(
                    f"「{row.brand} {words.amount_text(row.face_fen)}」只剩 {row.unused} 张。",
                    f"Only {row.unused} of “{row.brand} {words.amount_text(row.face_fen)}” left.",
                )
            ),
            link=Link(say(Text("补货", "Restock")), reverse("import")),
        )
        for row in cards.stock_summary(actor)
        if row.brand and row.sold and row.unused <= LOW
    ][:MOST_LOW]
    return tuple(notices)


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
