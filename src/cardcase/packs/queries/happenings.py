"""The time line and the conversation of a report."""

from collections.abc import Iterator

from cardcase.cases.rules import EVENT_TITLES, STATUS_TITLES, Event, Status
from cardcase.connectors.ports import MessageKind, Speaker
from cardcase.custody import queries as custody
from cardcase.inbox.models import Message
from cardcase.packs.rules import catalogues
from cardcase.packs.rules.dossier import Happening, Said, Utterance
from cardcase.packs.rules.wording import money

from .papers import Papers
from .words import KINDS, SPEAKERS, title_of


def happenings(papers: Papers, subjects: tuple[str, ...]) -> Iterator[Happening]:
    """Tell what happened around a case, from the channel, the conversation and the record; in no order."""
    order = papers.case.order
    told = [(order.created_at, "买家下单"), (order.paid_at, "买家付款"), (order.delivered_at, "渠道记录发货")]
    told.append((order.confirmed_at, "确认收货"))
    for refund in papers.refunds:
        told.append((refund.applied_at, f"买家申请退款 {money(refund.amount_fen)}"))
        told += [(refund.rejected_at, "渠道记录：退款被拒绝"), (refund.refunded_at, "渠道记录：退款成功")]
    told += [(card.revealed_at, f"卡密‥{card.tail4}交付给买家") for card in papers.cards]
    yield from (Happening(at, text, "渠道") for at, text in told if at)
    yield from _spoken(papers.messages)
    for item in custody.history(papers.actor, subjects):
        kind = catalogues.kind(item.kind)
        if kind.shown:
            yield Happening(item.at, _say_entry(kind.title.zh, item), f"记录 {item.seq}")


def _spoken(messages: list[Message]) -> Iterator[Happening]:
    """The first words of the buyer and what the channel itself announced; the rest is in the conversation."""
    first = next((one for one in messages if one.speaker == Speaker.BUYER.value and one.said_at), None)
    for number, one in enumerate(messages, 1):
        if one.said_at and one is first:
            yield Happening(one.said_at, "买家在会话中第一次发言", f"会话 {number}")
        elif one.said_at and one.speaker == Speaker.SYSTEM.value and one.event not in ("", "noise"):
            yield Happening(one.said_at, Said(f"系统消息：{one.text}"), f"会话 {number}")


def _say_entry(title: str, item: custody.HistoryItem) -> str:
    who = {"system": "系统", "platform": "平台", "buyer": "买家", "supplier": "货源方"}.get(item.actor_kind, "店铺")
    event, told = item.facts.get("event"), item.facts.get("title")
    if isinstance(event, str):
        said = title_of(EVENT_TITLES, Event, event)
        after = item.facts.get("to")
        return (
            f"{said}（{title_of(STATUS_TITLES, Status, after)}）· {who}"
            if isinstance(after, str)
            else f"{said} · {who}"
        )
    return Said(f"{title}：{told} · {who}") if isinstance(told, str) and told else f"{title} · {who}"


def utterance(number: int, row: Message) -> Utterance:
    """Tell one message."""
    return Utterance(
        number=number,
        at=row.said_at,
        speaker=title_of(SPEAKERS, Speaker, row.speaker),
        name=Said(row.sender_name),
        text=Said(row.text),
        kind="" if row.kind == MessageKind.TEXT.value else title_of(KINDS, MessageKind, row.kind),
    )
