"""May these words go to a buyer? Calm, on the platform, no code, no admission, no void term, no promise, 200 letters.

Pure. The words to look for are in ``data/tone.toml``; spans are offsets in the reply as it was given.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cardcase.cards.rules import shapes
from cardcase.kit import catalogue
from cardcase.kit.text import Text
from cardcase.triage.rules.folding import Folded, fold
from cardcase.triage.rules.phrases import compile_pattern

DATA: Final = Path(__file__).parent.parent / "data"

MOST: Final = 200
"""Characters that the marketplace's refusal form takes (data-shapes §6.6, refuseProof.desc ≤ 200 字)."""


class CheckCode(StrEnum):
    """The checks, in the order in which they are shown."""

    CALM = "calm"
    ON_PLATFORM = "on_platform"
    NO_CODE = "no_code"
    NO_ADMISSION = "no_admission"
    NO_VOID_CLAIM = "no_void_claim"
    NO_PROMISE = "no_promise"
    LENGTH = "length"


_CASE_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9])AS-20\d\d-\d{6}(?!\d)")


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a reply: passed or not, the sentence that says which, and where the trouble is."""

    code: str
    ok: bool
    text: Text
    spans: tuple[tuple[int, int], ...] = ()


class ToneRecord(catalogue.Record):
    """Words that a reply must not hold, for one check."""

    check: CheckCode
    regex: str
    unless: str = ""
    hint_zh: str
    hint_en: str
    instead_zh: str = ""
    instead_en: str = ""


class WhyRecord(catalogue.Record):
    """What words cost that fail a check; the id is the check's."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One place in a reply that fails a check: which words, why they harm, and a better way to say it.

    ``rule`` names the record of ``tone.toml``, or the check itself where it is computed. The words of a code are never
    repeated: then ``words`` is empty.
    """

    code: str
    rule: str
    start: int
    end: int
    words: str
    why: Text
    better: Text


@dataclass(frozen=True, slots=True)
class _Rule:
    id: str
    check: CheckCode
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    hint: Text
    instead: Text


PASSED: Final = MappingProxyType(
    {
        CheckCode.CALM: Text("语气平和", "Calm"),
        CheckCode.ON_PLATFORM: Text("没有引导站外", "Stays on the platform"),
        CheckCode.NO_CODE: Text("不含卡密", "Holds no card code"),
        CheckCode.NO_ADMISSION: Text("没有承认过错", "Admits no fault"),
        CheckCode.NO_VOID_CLAIM: Text("没有无效条款", "Claims no void term"),
        CheckCode.NO_PROMISE: Text("没有打包票", "Promises no outcome"),
        CheckCode.LENGTH: Text("字数合适", "Fits the form"),
    }
)

PASSED_TITLES: Final = MappingProxyType(
    {CheckCode.NO_CODE.value: Text("像卡密的字符", "what looks like a code")}
    | {code.value: PASSED[code] for code in CheckCode if code is not CheckCode.NO_CODE}
)
"""What a place is called whose words are not repeated."""

_FAILED: Final = MappingProxyType(
    {
        CheckCode.CALM: Text("语气会激化：「{words}」。{hint}", "This may inflame: “{words}”. {hint}"),
        CheckCode.ON_PLATFORM: Text("涉及站外：「{words}」。{hint}", "Leads off the platform: “{words}”. {hint}"),
        CheckCode.NO_ADMISSION: Text("像是承认过错：「{words}」。{hint}", "Reads as an admission: “{words}”. {hint}"),
        CheckCode.NO_VOID_CLAIM: Text("条款无效：「{words}」。{hint}", "A void term: “{words}”. {hint}"),
        CheckCode.NO_PROMISE: Text("承诺过头：「{words}」。{hint}", "Promises too much: “{words}”. {hint}"),
    }
)


_NO_CODE: Final = Text(
    "像是卡密：请删掉，卡密只能由「补发」交给买家",
    "This looks like a card code: remove it, only a resend hands one over",
)
_IN_THE_ORDER: Final = Text("卡在订单详情里查看", "please see the card in the order details")
_CLAUSE: Final = re.compile(r"[^，。！？；,!?;\n]*[，。！？；,!?;\n]?[ ]?")
_STOPS: Final = "，。！？；,!?;\n"
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")


@cache
def _rules(override: Path | None) -> tuple[_Rule, ...]:
    records = catalogue.load(DATA / "tone.toml", ToneRecord, table="tone", override=override).records
    return tuple(
        _Rule(
            record.id,
            record.check,
            compile_pattern(record.regex, {}, record.id),
            compile_pattern(record.unless, {}, record.id) if record.unless else None,
            Text(record.hint_zh, record.hint_en),
            Text(record.instead_zh, record.instead_en),
        )
        for record in records.values()
    )


def check_reply(text: str, *, override: Path | None = None) -> tuple[Check, ...]:
    """Check a reply before it is sent. Always one ``Check`` for each code, in the order of ``CheckCode``.

    ``override`` is a shop's own ``tone.toml``. Never raises for what people write.
    """
    found: dict[CheckCode, list[tuple[int, int]]] = {CheckCode.NO_CODE: _codes(text)}
    hints: dict[CheckCode, Text] = {}
    for rule, span in _all_hits(text, override):
        found.setdefault(rule.check, []).append(span)
        hints.setdefault(rule.check, rule.hint)
    return tuple(_check(code, text, found.get(code, []), hints.get(code)) for code in CheckCode)


def findings(text: str, *, override: Path | None = None) -> tuple[Finding, ...]:
    """Return every place that fails a check, in the order of the text, with why and a better way. Empty: it may go."""
    found = [
        Finding(rule.check.value, rule.id, start, end, text[start:end], _why(rule.check, override), rule.hint)
        for rule, (start, end) in _all_hits(text, override)
    ]
    code = CheckCode.NO_CODE
    found += [Finding(code.value, code.value, *span, "", _why(code, override), _NO_CODE) for span in _codes(text)]
    length = _length(text)
    if not length.ok:
        code = CheckCode.LENGTH
        start, end = length.spans[0] if length.spans else (0, len(text))
        found.append(Finding(code.value, code.value, start, end, text[start:end], _why(code, override), length.text))
    return tuple(sorted(found, key=lambda one: (one.start, one.end, one.rule)))


def better(text: str, *, override: Path | None = None) -> str:
    """Return the reply with each clause that fails replaced by one that says it well; empty when that cannot be done.

    A clause with a code goes altogether. What is too long stays too long: shortening is for whoever knows the matter.
    """
    hits = [(span, rule.instead) for rule, span in _all_hits(text, override)]
    hits += [(span, _IN_THE_ORDER) for span in _codes(text)]
    if not hits:
        return ""
    is_english = not _HAN.search(text)
    said: list[str] = []
    used: set[str] = set()
    for match in _CLAUSE.finditer(text):
        clause = match.group()
        start, end = match.span()
        instead = [one for (begin, stop), one in hits if begin < end and start < stop]
        if not instead:
            said.append(clause)
            continue
        words = instead[0].say("en" if is_english else "zh")
        if words and words not in used:  # a hit may reach over several clauses, and one answer does for all of them
            used.add(words)
            stop = clause.rstrip()[-1:]
            said.append(f"{words}{stop if stop in _STOPS else ''}{' ' if clause.endswith(' ') else ''}")
    words = _tidy("".join(said), is_english=is_english)
    return words if words and is_fit(check_reply(words, override=override)) else ""


def _tidy(words: str, *, is_english: bool) -> str:
    bare = words.strip().lstrip("，,。.！!？?；;、 ")
    if bare[-1:] in tuple("，,；;、"):
        bare = bare[:-1] + ("." if is_english else "。")
    return bare[:1].upper() + bare[1:]


def _codes(text: str) -> list[tuple[int, int]]:
    return [(piece.start, piece.end) for piece in shapes.code_shaped(without_case_numbers(text))]


def _all_hits(text: str, override: Path | None) -> list[tuple[_Rule, tuple[int, int]]]:
    folded = fold(text, longest=len(text))
    return [(rule, span) for rule in _rules(override) for span in _hits(rule, folded)]


@cache
def _whys(override: Path | None) -> dict[str, Text]:
    records = catalogue.load(DATA / "tone.toml", WhyRecord, table="why", override=override).records
    return {record.id: Text(record.zh, record.en) for record in records.values()}


def _why(code: CheckCode, override: Path | None) -> Text:
    return _whys(override)[code.value]


def without_case_numbers(text: str) -> str:
    """Return the text with our own case numbers blanked at equal length: they have the shape of a code."""
    return _CASE_NUMBER.sub(lambda match: " " * len(match.group()), text)


def is_fit(checks: Iterable[Check]) -> bool:
    """Tell whether every check is passed."""
    return all(check.ok for check in checks)


def _hits(rule: _Rule, folded: Folded) -> list[tuple[int, int]]:
    excused = [match.span() for match in rule.unless.finditer(folded.text)] if rule.unless else []
    return [
        folded.span(*match.span())
        for match in rule.pattern.finditer(folded.text)
        if not any(start < match.end() and match.start() < end for start, end in excused)
    ]


def _check(code: CheckCode, text: str, spans: list[tuple[int, int]], hint: Text | None) -> Check:
    if code is CheckCode.LENGTH:
        return _length(text)
    if not spans:
        return Check(code.value, ok=True, text=PASSED[code])
    if code is CheckCode.NO_CODE:  # the words themselves are never repeated
        return Check(code.value, ok=False, text=_NO_CODE, spans=tuple(spans))
    start, end = spans[0]
    hint = hint or Text("", "")
    said = Text(
        _FAILED[code].zh.format(words=text[start:end], hint=hint.zh),
        _FAILED[code].en.format(words=text[start:end], hint=hint.en),
    )
    return Check(code.value, ok=False, text=said, spans=tuple(spans))


def _length(text: str) -> Check:
    size = len(text)
    if not text.strip():
        return Check(CheckCode.LENGTH.value, ok=False, text=Text("还没有写内容", "Nothing is written yet"))
    if size > MOST:
        said = Text(f"超出 {size - MOST} 字（上限 {MOST} 字）", f"{size - MOST} characters too long (at most {MOST})")
        return Check(CheckCode.LENGTH.value, ok=False, text=said, spans=((MOST, size),))
    return Check(CheckCode.LENGTH.value, ok=True, text=PASSED[CheckCode.LENGTH])
