"""What a notice says. It carries no card code, and of the buyer at most the nick, masked."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cardcase.deadlines.rules import IF_MISSED_TEXTS, KIND_TITLES, DeadlineKind, IfMissed
from cardcase.deadlines.rules.kinds import CERTAINTY_TEXTS
from cardcase.kit import clock
from cardcase.kit.catalogue import Certainty
from cardcase.kit.text import Text

from .alarms import EVENT_TITLES, Event, Importance, importance_of

SIGNATURE: Final = "Cardcase"
"""Stands in every notice: the key word by which a robot of DingTalk or Feishu can know ours."""

CASE: Final = Text("售后单", "Case")
ORDER: Final = Text("订单", "Order")
BATCH: Final = Text("卡密批次", "Batch")


@dataclass(frozen=True, slots=True)
class DueFacts:
    """What is known of a deadline when its notice goes out."""

    event: Event
    kind: DeadlineKind
    number: str  # of the case, AS-2026-000123; of an order its last digits; of a batch its name
    shop: str
    due_at: datetime
    if_missed: IfMissed
    certainty: Certainty
    nick: str = ""  # masked already, empty when it is not to be told
    link: str = ""
    about: Text = CASE


@dataclass(frozen=True, slots=True)
class StockFacts:
    """What is known of a kind of card that runs out when its notice goes out: never a code, only how many are left."""

    kind: str  # 「苹果充值卡 ¥200.00」
    shop: str
    left: int
    least: int  # at how many the shop calls it low
    link: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A notice in words, and the same as fields for programs."""

    key: str  # the same when it is sent again: receivers know a double by it
    event: Event
    title: str
    lines: tuple[str, ...]
    at: datetime
    fields: dict[str, str] = field(default_factory=dict)
    link: str = ""
    is_urgent: bool = False

    @property
    def body(self) -> str:
        """Return the lines as one text."""
        return "\n".join(self.lines)


def masked_nick(nick: str) -> str:
    """Show of a nick its first and last character: 「云‥差」; of a short one the first only."""
    nick = nick.strip()
    if not nick:
        return ""
    return f"{nick[0]}‥{nick[-1]}" if len(nick) > 2 else f"{nick[0]}‥"  # noqa: PLR2004 - first and last would be all


def deadline_message(key: str, facts: DueFacts, *, at: datetime, language: str, is_repeat: bool = False) -> Message:
    """Word a notice about a deadline."""
    title = KIND_TITLES[facts.kind]
    head = Text("【{sign}】{number} {event}：{title}", "[{sign}] {number} {event}: {title}").format(
        sign=SIGNATURE,
        number=facts.number,
        event=EVENT_TITLES[facts.event].say(language),
        title=title.say(language),
    )
    due = facts.due_at.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M")
    span = clock.span_text(facts.due_at - at, lang=language)
    left = Text(f"还剩 {span}", f"{span} left") if facts.due_at > at else Text(f"已过 {span}", f"{span} ago")
    lost, sure = IF_MISSED_TEXTS[facts.if_missed], CERTAINTY_TEXTS[facts.certainty]
    after = facts.event is Event.MISSED
    lines = [
        Text(f"{facts.about.zh}：{facts.number}（{facts.shop}）", f"{facts.about.en}: {facts.number} ({facts.shop})"),
        Text(f"要做的：{title.zh}", f"To do: {title.en}"),
        Text(f"截止：{due} 北京时间，{left.zh}", f"Due: {due} Beijing time, {left.en}"),
        Text(f"后果：{lost.zh}", f"Lost: {lost.en}") if after else Text(f"错过会：{lost.zh}", f"If missed: {lost.en}"),
        Text(f"时限可信度：{sure.zh}", f"The time is: {sure.en}"),
    ]
    if facts.nick:
        lines.append(Text(f"买家：{facts.nick}", f"Buyer: {facts.nick}"))
    if facts.link:
        lines.append(Text(f"打开：{facts.link}", f"Open: {facts.link}"))
    if is_repeat:
        lines.append(Text("这条可能已发过一次。", "This may be a repeat."))
    urgent = importance_of(facts.kind) is Importance.PLATFORM and facts.event in (Event.MARGIN, Event.MISSED)
    return Message(
        key=key,
        event=facts.event,
        title=head.say(language),
        lines=tuple(line.say(language) for line in lines),
        at=at,
        fields={
            "case": facts.number,
            "shop": facts.shop,
            "deadline": facts.kind.value,
            "alarm": facts.event.value,
            "due_at": facts.due_at.astimezone(clock.SHANGHAI).isoformat(),
            "if_missed": facts.if_missed.value,
            "certainty": facts.certainty.value,
        },
        link=facts.link,
        is_urgent=urgent,
    )


def stock_message(key: str, facts: StockFacts, *, at: datetime, language: str, is_repeat: bool = False) -> Message:
    """Word a notice about a kind of card that runs out."""
    kind = facts.kind or Text("没有写品牌的卡", "cards without a brand").say(language)
    left = Text(f"只剩 {facts.left} 张", f"{facts.left} left") if facts.left else Text("卖完了", "sold out")
    head = Text(f"【{SIGNATURE}】补货：{kind} {left.zh}", f"[{SIGNATURE}] Restock: {kind}, {left.en}")
    lines = [
        Text(f"店铺：{facts.shop}", f"Shop: {facts.shop}"),
        Text(f"卡：{kind}，{left.zh}", f"Cards: {kind}, {left.en}"),
        Text(
            f"剩 {facts.least} 张或更少时提醒一次，补上以后再少才再提醒",
            f"Told once at {facts.least} or fewer, and again only after there were more",
        ),
    ]
    if facts.link:
        lines.append(Text(f"打开：{facts.link}", f"Open: {facts.link}"))
    if is_repeat:
        lines.append(Text("这条可能已发过一次。", "This may be a repeat."))
    return Message(
        key=key,
        event=Event.STOCK,
        title=head.say(language),
        lines=tuple(line.say(language) for line in lines),
        at=at,
        fields={
            "shop": facts.shop,
            "alarm": Event.STOCK.value,
            "kind": facts.kind,
            "left": str(facts.left),
            "low_stock": str(facts.least),
        },
        link=facts.link,
    )


def trial_message(key: str, shop: str, name: str, *, at: datetime, language: str) -> Message:
    """Word a notice that only tries whether a target works."""
    title = Text(f"【{SIGNATURE}】测试通知", f"[{SIGNATURE}] Test notice")
    lines = (
        Text(f"{shop} 的通知目标“{name}”可以用。", f"The target “{name}” of {shop} works."),
        Text(
            "真的通知会写明售后单号、截止时间和错过的后果。",
            "A real one says the case, when it is due and what is lost.",
        ),
    )
    said = tuple(line.say(language) for line in lines)
    return Message(key, Event.TEST, title.say(language), said, at, fields={"shop": shop})
