"""A case on a terminal: what a seller needs, in the order in which it is needed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cardcase.desk import words
from cardcase.kit.money import yuan
from cardcase.shell import timing

MARKS = {"have": "✓", "ask": "？", "missing": "–", "contradicts": "✗"}


def as_text(sheet: dict[str, Any], *, now: datetime) -> str:
    """Write a sheet as lines of text."""
    return "\n".join(_lines(sheet, now)) + "\n"


def _lines(sheet: dict[str, Any], now: datetime) -> Iterator[str]:
    yield "━" * 60
    amount = yuan(sheet["claimed_fen"]) if sheet["claimed_fen"] is not None else "金额未知"
    yield f"{sheet['number']}  {sheet['buyer']} · {sheet['goods']} · {amount}  （订单 {sheet['order_no']}）"
    yield f"  状态  {words.status_pill(sheet['status']).text}" + (
        "  · 消息暂停中，确认原因后再回复" if sheet["hold"] else ""
    )
    yield from _clock(sheet["clock"], now)
    pill = words.reason_pill(sheet["claimed_reason"], sheet["sub_reason"] or "", is_long=True)
    yield f"  原因  {pill.text}  把握 {sheet['confidence']:.0%}"
    if sheet["quotes"]:
        said = dict.fromkeys(quote["text"] for quote in sheet["quotes"])
        yield "        依据：" + "".join(f"“{text}”" for text in list(said)[:5])
    for need in sheet["needs_human"]:
        yield f"  请看  {need['zh']}"
    yield "  证据"
    for item in sheet["evidence"]:
        yield f"    {MARKS[item['state']]} {item['title']}：{item['why']}"
    yield f"  底线  {sheet['floor']}"
    yield "  方案"
    for remedy in sheet["remedies"]:
        yield _remedy(remedy)
    if sheet["draft"]:
        yield f"  草稿（{sheet['draft']['length']}/200，由人发送）"
        yield f"    {sheet['draft']['text']}"
        for check in sheet["draft"]["checks"]:
            if not check["ok"]:
                yield f"    ! {check['text']}"


def _clock(clock: dict[str, Any] | None, now: datetime) -> Iterator[str]:
    if clock is None:
        yield "  时限  没有时限在走"
        return
    due = datetime.fromisoformat(clock["due_at"])
    yield (
        f"  时限  {timing.countdown(due, now=now).text}（{timing.moment_text(due, now=now)}）"
        f"  来源 {clock['source']}/{clock['rule']}，确定程度 {clock['certainty']}，逾期 {clock['if_missed']}"
    )


def _remedy(remedy: dict[str, Any]) -> str:
    mark = "★" if remedy["recommended"] else ("○" if remedy["allowed"] else "×")
    cost = ""
    if remedy["cost_low_fen"] is not None and remedy["cost_high_fen"] is not None:
        cost = f"  约 {yuan(remedy['cost_low_fen'])}–{yuan(remedy['cost_high_fen'])}"
    floor = "  [底线]" if remedy["floor"] else ""
    why = "；".join(blocker["why"] for blocker in remedy["blocked_by"])
    return f"    {mark} {remedy['title']}{cost}{floor}" + (f"  — {why}" if why else "")
