"""A case and an import report on a terminal: what a seller needs, in the order in which it is needed.

In the language of the setting ``language``, like the pages.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from cardcase.cards.rules import WARNINGS, CardWarning
from cardcase.deadlines.rules import IF_MISSED_TEXTS, IfMissed, Source, source_text
from cardcase.desk import words
from cardcase.intake.rules import ImportReport, RunState
from cardcase.kit.catalogue import Certainty
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.shell import timing
from cardcase.shell.language import say

MARKS: Final = {"have": "✓", "ask": "？", "missing": "–", "contradicts": "✗"}
MOST_QUOTES: Final = 5


def as_text(sheet: dict[str, Any], *, now: datetime) -> str:
    """Write a sheet as lines of text."""
    return "\n".join(_lines(sheet, now)) + "\n"


def _lines(sheet: dict[str, Any], now: datetime) -> Iterator[str]:
    yield "━" * 60
    unknown = say(Text("金额未知", "amount unknown"))
    amount = yuan(sheet["claimed_fen"]) if sheet["claimed_fen"] is not None else unknown
    order = say(Text(f"（订单 {sheet['order_no']}）", f"(order {sheet['order_no']})"))
    yield f"{sheet['number']}  {sheet['buyer']} · {sheet['goods']} · {amount}  {order}"
    held = Text("  · 消息暂停中，确认原因后再回复", "  · messages are held until the reason is confirmed")
    yield _head(Text("状态", "State"), words.status_pill(sheet["status"]).text + (say(held) if sheet["hold"] else ""))
    yield _head(Text("时限", "Clock"), _clock(sheet["clock"], now))
    yield from _reason(sheet)
    for need in sheet["needs_human"]:
        yield _head(Text("请看", "Look"), say(Text(need["zh"], need["en"])))
    yield from _questions(sheet["questions"])
    yield _head(Text("证据", "Evidence"))
    for item in sheet["evidence"]:
        yield f"    {MARKS[item['state']]} {item['title']}{say(Text('：', ': '))}{item['why']}"
    yield _head(Text("底线", "Floor"), sheet["floor"])
    yield _head(Text("方案", "Remedies"))
    for remedy in sheet["remedies"]:
        yield from _remedy(remedy)
    yield from _moves(sheet["allowed_moves"])
    if sheet["draft"]:
        length = sheet["draft"]["length"]
        yield _head(Text(f"草稿（{length}/200，由人发送）", f"Draft ({length}/200, sent by a person)"))
        yield f"    {sheet['draft']['text']}"
        for check in sheet["draft"]["checks"]:
            if not check["ok"]:
                yield f"    ! {check['text']}"


def _moves(moves: list[dict[str, Any]]) -> Iterator[str]:
    """Say what may be done or recorded now, and of the rest why not."""
    if moves:
        yield _head(Text("现在能做或能记的", "What may be done or recorded now"))
    for move in moves:
        mark = "○" if move["allowed"] else "×"
        why = f"{say(Text('：', ': '))}{move['why_not']}" if move["why_not"] else ""
        yield f"    {mark} {move['title']}{why}"


def _head(title: Text, text: str = "") -> str:
    return f"  {say(title)}  {text}".rstrip()


def _clock(clock: dict[str, Any] | None, now: datetime) -> str:
    """Say how much is left, what happens then, and how sure that is: codes are for programs, in ``--json``."""
    if clock is None:
        return say(timing.NO_CLOCK)
    due = datetime.fromisoformat(clock["due_at"])
    lost = IF_MISSED_TEXTS[IfMissed(clock["if_missed"])]
    source = source_text(Source(clock["source"]), Certainty(clock["certainty"]), clock["rule"])
    left, moment = timing.countdown(due, now=now).text, timing.moment_text(due, now=now)
    return say(
        Text(f"{left}（{moment}），逾期：{lost.zh}  {source.zh}", f"{left} ({moment}), then: {lost.en}  {source.en}")
    )


def _reason(sheet: dict[str, Any]) -> Iterator[str]:
    pill = words.reason_pill(sheet["claimed_reason"], sheet["sub_reason"] or "", is_long=True)
    sure = f"{sheet['confidence']:.0%}"
    is_read = sheet["confidence"] > 0 and sheet["claimed_reason"] not in words.UNSTATED
    told = say(Text(f"  把握 {sure}", f"  {sure} sure")) if is_read else ""
    yield _head(Text("原因", "Reason"), pill.text + told)
    if sheet["quotes"]:
        said = list(dict.fromkeys(quote["text"] for quote in sheet["quotes"]))[:MOST_QUOTES]
        yield "        " + say(Text("依据：", "From: ")) + "".join(f"“{text}”" for text in said)
    if written := words.language_text(sheet["language"] or "", is_sure=sheet["language_is_sure"]):
        yield "        " + say(Text("买家写的是：", "The buyer writes: ")) + written


def _questions(questions: list[dict[str, Any]]) -> Iterator[str]:
    """Say what to ask, and what the buyer answered with what to make of it."""
    if questions:
        yield _head(Text("问买家", "Ask the buyer"))
    for question in questions:
        yield f"    {MARKS['ask' if question['to_ask'] else 'have']} {question['text']}"
        for answer in question["answers"]:
            if answer["id"] == question["answer"]:
                said = Text(
                    f"回答：{answer['text']}（{answer['means']}）", f"Answer: {answer['text']} ({answer['means']})"
                )
                yield f"        {say(said)}"


def _remedy(remedy: dict[str, Any]) -> Iterator[str]:
    mark = "★" if remedy["recommended"] else ("○" if remedy["allowed"] else "×")
    cost = ""
    low, high = remedy["cost_low_fen"], remedy["cost_high_fen"]
    if low is not None and high is not None:
        span = yuan(low) if low == high else f"{yuan(low)}–{yuan(high)}"
        cost = "  " + say(Text(f"约 {span}", f"about {span}"))
    floor = "  " + say(Text("[底线]", "[floor]")) if remedy["floor"] else ""
    yield f"    {mark} {remedy['title']}{cost}{floor}"
    for blocker in remedy["blocked_by"]:
        yield f"        {blocker['why']}"


def report_lines(report: ImportReport) -> Iterator[str]:
    """Write what became of every row of an import."""
    if report.state is RunState.REFUSED:
        yield say(Text("要么全收、要么不收：一行也没有导入", "All or nothing: not one row was taken"))
    for file in report.files:
        counts = Text(
            f"新 {file.new} · 已有 {file.known} · 有变化 {file.changed} · 拒收 {len(file.refused)}",
            f"new {file.new} · known {file.known} · changed {file.changed} · refused {len(file.refused)}",
        )
        yield f"{file.file}  [{file.kind.value}, {file.encoding or '–'}]  {say(counts)}"
        for finding in file.refused:
            row = say(Text(f"第 {finding.row} 行", f"row {finding.row}")) if finding.row else ""
            place = " ".join(part for part in (row, f"「{finding.column}」" if finding.column else "") if part)
            yield f"  ✗ {place} {say(finding.message)}  [{finding.code}]"
            if finding.next.zh:
                yield f"    → {say(finding.next)}"
        for note in file.notes:
            yield f"  ! {say(note.message)}"
            if note.next.zh:
                yield f"    → {say(note.next)}"
    if report.account is not None and report.account.kinds:
        yield from _account_lines(report.account.document())


def _account_lines(told: dict[str, Any]) -> Iterator[str]:
    """Write what came in the card files: kinds, warnings, doubles. Never a code; of known cards the tail."""
    for kind in told["kinds"]:
        face = yuan(kind["face_fen"]) if kind["face_fen"] is not None else say(Text("面值未知", "face value unknown"))
        name = " ".join(
            part for part in (kind["brand"] or say(Text("未写品牌", "brand not told")), kind["spec"]) if part
        )
        form = kind["format"] or say(Text("没有已知的格式", "no known format"))
        yield f"  · {name}  {face}  ×{kind['count']}  [{form}, {kind['outcome']}]"
    for line in told["warnings"]:
        rows = ", ".join(map(str, line["rows"])) + ("…" if line["count"] > len(line["rows"]) else "")
        where = say(Text(f"{line['count']} 张，第 {rows} 行", f"{line['count']} cards, rows {rows}"))
        yield f"  ! {say(WARNINGS[CardWarning(line['code'])])}{say(Text('：', ': '))}{where}"
    if told["repeated"] or told["in_stock"]:
        repeated, present = told["repeated"], told["in_stock"]
        yield "  = " + say(
            Text(
                f"文件里重复 {repeated} 行，卡库里已有 {present} 行",
                f"{repeated} rows repeat others, {present} are in stock",
            )
        )
    for line in told["repeats"]:
        yield "    " + say(
            Text(
                f"{line['file']} 第 {line['row']} 行 = {line['of_file']} 第 {line['of_row']} 行",
                f"{line['file']} row {line['row']} = {line['of_file']} row {line['of_row']}",
            )
        )
    for line in told["in_stock_rows"]:
        sold = Text("已售出", "sold") if line["is_sold"] else Text("未售出", "not sold")
        row, tail, batch = line["row"], line["tail4"] or "–", line["batch"] or "–"
        yield f"    {line['file']} " + say(
            Text(
                f"第 {row} 行：尾号 {tail}，批次“{batch}”，{sold.zh}",
                f"row {row}: ‥{tail}, batch “{batch}”, {sold.en}",
            )
        )


def drafts_text(document: dict[str, Any]) -> str:
    """Write the ways to answer a case: the words, then what was filled in and what would make them fuller."""
    lines: list[str] = []
    for place, draft in enumerate(document["drafts"], start=1):
        lines += [f"[{place}] {draft['length']}/200  {draft['template']}", draft["text"]]
        for one in draft["filled"]:
            source = f"  ({one['source']})" if one["source"] else ""
            lines.append(f"    · {one['title']} {one['value']}{source}")
        if place == 1:
            lines += [f"    – {one['title']}{say(Text('：', ': '))}{one['how']}" for one in draft["missing"]]
        lines.append("")
    lines.append(say(Text("由你在平台上发出；这里什么也没有发。", "You send it on the platform; nothing was sent.")))
    return "\n".join(lines)
