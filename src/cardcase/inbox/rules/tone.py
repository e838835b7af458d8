"""May these words go to a buyer? Calm, on the platform, no code, nobody's data, no admission, void term or promise.

Pure. The words to look for are in ``data/tone.toml``, and what no list holds is learned (``learned.py``). Ours need the
learned part not to lean the other way; a shop's own words always count. Spans are offsets in the reply as it was given.
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

from . import learned, private
from .meant import Meaning

DATA: Final = learned.DATA

MOST: Final = 200
"""Characters that the marketplace's refusal form takes (data-shapes §6.6, refuseProof.desc ≤ 200 字)."""


class CheckCode(StrEnum):
    """The checks, in the order in which they are shown."""

    CALM = "calm"
    ON_PLATFORM = "on_platform"
    NO_CODE = "no_code"
    NO_PRIVATE = "no_private"
    NO_ADMISSION = "no_admission"
    NO_VOID_CLAIM = "no_void_claim"
    NO_PROMISE = "no_promise"
    LENGTH = "length"


class Level(StrEnum):
    """How much a failed check weighs: against law, rules or safety; or only against a good outcome."""

    MUST = "must"
    HINT = "hint"


_CASE_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9])AS-20\d\d-\d{6}(?!\d)")
_NUMBERED: Final = re.compile(r"(?:案件|受理|退款|工单|编)(?:编号|号)\s?[:：]?\s?$")


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a reply: passed or not, the sentence that says which, and where the trouble is.

    ``stops``: the reply may not go out like this. What is only learned never stops anybody: it may be wrong.
    """

    code: str
    ok: bool
    text: Text
    spans: tuple[tuple[int, int], ...] = ()
    stops: bool = False

    @property
    def is_hint(self) -> bool:
        """Tell whether it failed by what is only learned."""
        return not self.ok and not self.stops

    @property
    def told(self) -> Text:
        """What is said of it to a person: a hint says that it may err and stops nobody."""
        if not self.is_hint:
            return self.text
        zh, en = self.text.zh, self.text.en
        return Text(f"提示（可能看错，可以照发）：{zh}", f"A hint, which may err and stops nothing: {en}")


class ToneRecord(catalogue.Record):
    """Words that a reply must not hold, for one check. ``sure``: unless the learned part clearly leans away."""

    check: CheckCode
    regex: str
    unless: str = ""
    hint_zh: str
    hint_en: str
    instead_zh: str = ""
    instead_en: str = ""
    sure: bool = False


class KindRecord(catalogue.Record):
    """What is said about a fault that was learned; the id is the kind's. Fields as those of a list of words."""

    check: CheckCode
    level: Level
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

    ``rule`` names the record of ``tone.toml``, ``learned.KIND``, or the check itself where it is computed. The words of
    a code and of somebody's data are never repeated: then ``words`` is empty.
    """

    code: str
    rule: str
    level: Level
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
    level: Level = Level.MUST
    is_own: bool = False
    is_sure: bool = False
    is_learned: bool = False


@dataclass(frozen=True, slots=True)
class _Hit:
    rule: _Rule
    start: int
    end: int


PASSED: Final = MappingProxyType(
    {
        CheckCode.CALM: Text("语气平和", "Calm"),
        CheckCode.ON_PLATFORM: Text("没有引导站外", "Stays on the platform"),
        CheckCode.NO_CODE: Text("不含卡密", "Holds no card code"),
        CheckCode.NO_PRIVATE: Text("不含别人的资料", "Holds nobody's data"),
        CheckCode.NO_ADMISSION: Text("没有承认过错", "Admits no fault"),
        CheckCode.NO_VOID_CLAIM: Text("没有无效条款", "Claims no void term"),
        CheckCode.NO_PROMISE: Text("没有打包票", "Promises no outcome"),
        CheckCode.LENGTH: Text("字数合适", "Fits the form"),
    }
)

PASSED_TITLES: Final = MappingProxyType(
    {code.value: PASSED[code] for code in CheckCode}
    | {
        CheckCode.NO_CODE.value: Text("像卡密的字符", "what looks like a code"),
        CheckCode.NO_PRIVATE.value: Text("像个人资料的内容", "what looks like personal data"),
    }
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


_SEEN: Final = MappingProxyType(
    {
        CheckCode.NO_CODE: Text(
            "像是卡密或验证码：请删掉，卡密只能由「补发」交给买家",
            "This looks like a code: remove it, only a resend hands a card's over",
        ),
        CheckCode.NO_PRIVATE: Text(
            "像是手机号、证件、地址这类资料：请删掉，只说后四位",
            "This looks like a phone, an identity or an address: remove it, tell the last four at most",
        ),
    }
)
"""What has a shape is computed, and its words are never repeated."""
_INSTEAD: Final = MappingProxyType(
    {
        CheckCode.NO_CODE: Text("卡在订单详情里查看", "please see the card in the order details"),
        CheckCode.NO_PRIVATE: Text("资料以订单里登记的为准", "please go by what the order says"),
    }
)
_CLAUSE: Final = re.compile(r"[^，。！？；,!?;\n]*[，。！？；,!?;\n]?[ ]?")
_STOPS: Final = "，。！？；,!?;\n"
_WARNED_OF: Final = frozenset(
    {
        "calm.accusation",
        "on_platform.invite",
        "on_platform.contact",
        "on_platform.payment",
        "on_platform.link",
        "on_platform.more",
    }
)
"""Lists whose words also stand in warnings to the buyer."""
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")


@cache
def _rules(override: Path | None) -> tuple[_Rule, ...]:
    ours = catalogue.load(DATA / "tone.toml", ToneRecord, table="tone").records
    records = catalogue.load(DATA / "tone.toml", ToneRecord, table="tone", override=override).records
    return tuple(
        _Rule(
            record.id,
            record.check,
            compile_pattern(record.regex, {}, record.id),
            compile_pattern(record.unless, {}, record.id) if record.unless else None,
            Text(record.hint_zh, record.hint_en),
            Text(record.instead_zh, record.instead_en),
            _level(record.id, record.check),
            is_own=ours.get(record.id) != record,
            is_sure=record.sure,
        )
        for record in records.values()
    )


@cache
def _kinds(override: Path | None) -> dict[str, _Rule]:
    records = catalogue.load(DATA / "tone.toml", KindRecord, table="kind", override=override).records
    return {
        record.id: _Rule(
            f"learned.{record.id}",
            record.check,
            _NOTHING,
            None,
            Text(record.hint_zh, record.hint_en),
            Text(record.instead_zh, record.instead_en),
            record.level,
            is_learned=True,
        )
        for record in records.values()
    }


_NOTHING: Final = re.compile(r"(?!)")
_SHAPED: Final = tuple(_Rule(code.value, code, _NOTHING, None, _SEEN[code], _INSTEAD[code]) for code in _SEEN)


def _level(rule: str, check: CheckCode) -> Level:
    return Level.HINT if check is CheckCode.CALM and not rule.startswith("calm.threat") else Level.MUST


def check_data() -> None:
    """Read every list that the check goes by; the learned part waits for the first reply. Raises BrokenCatalogue."""
    _rules(None)
    missing = {*learned.KINDS} - _kinds(None).keys() | {code.value for code in CheckCode} - _whys(None).keys()
    if missing:
        raise catalogue.BrokenCatalogue(
            f"tone.toml 里缺 {sorted(missing)}", f"tone.toml has nothing for {sorted(missing)}"
        )


def check_reply(text: str, *, override: Path | None = None) -> tuple[Check, ...]:
    """Check a reply before it is sent. Always one ``Check`` for each code, in the order of ``CheckCode``.

    ``override`` is a shop's own ``tone.toml``. Never raises for what people write.
    """
    hits = _hits(text, override)
    return tuple(_check(code, text, [hit for hit in hits if hit.rule.check is code]) for code in CheckCode)


def findings(text: str, *, override: Path | None = None) -> tuple[Finding, ...]:
    """Return every place that fails a check, in the order of the text, with why and a better way. Empty: it may go."""
    found = [
        Finding(
            hit.rule.check.value,
            hit.rule.id,
            hit.rule.level,
            hit.start,
            hit.end,
            "" if hit.rule.check in _SEEN else text[hit.start : hit.end],
            _why(hit.rule.check, override),
            hit.rule.hint,
        )
        for hit in _hits(text, override)
    ]
    length = _length(text)
    if not length.ok:
        code = CheckCode.LENGTH
        start, end = length.spans[0] if length.spans else (0, len(text))
        why = _why(code, override)
        found.append(Finding(code.value, code.value, Level.MUST, start, end, text[start:end], why, length.text))
    return tuple(sorted(found, key=lambda one: (one.start, one.end, one.rule)))


def better(text: str, *, override: Path | None = None) -> str:
    """Return the reply with each clause that fails replaced by one that says it well; empty when that cannot be done.

    A clause with a code goes altogether. What is too long stays too long: shortening is for whoever knows the matter.
    """
    hits = _hits(text, override)
    if not hits:
        return ""
    is_english = not _HAN.search(text)
    said: list[str] = []
    used: set[str] = set()
    for match in _CLAUSE.finditer(text):
        clause = match.group()
        start, end = match.span()
        instead = [hit.rule.instead for hit in hits if hit.start < end and start < hit.end]
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


def _hits(text: str, override: Path | None) -> list[_Hit]:
    """Return what fails: first what has a shape, then the lists of words, then what is only learned."""
    found = [
        _Hit(rule, start, end)
        for rule, spans in zip(_SHAPED, (_codes(text), private.personal(text)), strict=True)
        for start, end in spans
    ]
    if not text.strip():
        return found
    folded = fold(text, longest=len(text))
    leaning = learned.lean(folded)
    meaning = Meaning(folded.text)
    for rule in _rules(override):
        if rule.is_own or leaning.backs or (rule.is_sure and leaning.allows):
            for start, end in _listed(rule, folded, meaning):
                if not any(one.rule.check is rule.check and one.start < end and start < one.end for one in found):
                    found.append(_Hit(rule, start, end))  # the same words are told once for a check
    kind = _kinds(override)[leaning.kind]
    if leaning.is_fault and not any(hit.rule.check is kind.check for hit in found):
        found.append(_Hit(kind, *learned.place(folded, leaning.kind)))
    return found


def _codes(text: str) -> list[tuple[int, int]]:
    bare = without_case_numbers(text)
    shaped = [(piece.start, piece.end) for piece in shapes.code_shaped(bare)]
    shaped = [(start, end) for start, end in shaped if not _NUMBERED.search(text[:start])]
    told = [(start, end) for start, end in private.codes(bare) if not any(a < end and start < b for a, b in shaped)]
    return sorted((*shaped, *told))


def _listed(rule: _Rule, folded: Folded, meaning: Meaning) -> list[tuple[int, int]]:
    excused = [match.span() for match in rule.unless.finditer(folded.text)] if rule.unless else []
    return [
        folded.span(*match.span())
        for match in rule.pattern.finditer(folded.text)
        if not any(start < match.end() and match.start() < end for start, end in excused)
        and (rule.is_own or meaning.is_meant(*match.span(), warns=rule.id in _WARNED_OF))
    ]


@cache
def _whys(override: Path | None) -> dict[str, Text]:
    records = catalogue.load(DATA / "tone.toml", WhyRecord, table="why", override=override).records
    return {record.id: Text(record.zh, record.en) for record in records.values()}


def _why(code: CheckCode, override: Path | None) -> Text:
    return _whys(override)[code.value]


def without_case_numbers(text: str) -> str:
    """Return the text with our own case numbers blanked at equal length: they have the shape of a code."""
    return _CASE_NUMBER.sub(lambda match: " " * len(match.group()), text)


def listed(text: str) -> bool:
    """Tell whether a list of ours that is not sure by itself speaks against a reply. For training."""
    return _any_list(text, is_sure=False)


def certain(text: str) -> bool:
    """Tell whether a reply fails whatever is learned: by a shape, or by a list that is sure. For training."""
    return bool(_codes(text) or private.personal(text)) or _any_list(text, is_sure=True)


def _any_list(text: str, *, is_sure: bool) -> bool:
    folded = fold(text, longest=len(text))
    meaning = Meaning(folded.text)
    return any(_listed(rule, folded, meaning) for rule in _rules(None) if rule.is_sure is is_sure)


def check_of(kind: str) -> CheckCode:
    """Return the check that a learned kind of fault fails."""
    return _kinds(None)[kind].check


def is_fit(checks: Iterable[Check]) -> bool:
    """Tell whether every check is passed: what we propose ourselves has to."""
    return all(check.ok for check in checks)


def may_go(checks: Iterable[Check]) -> bool:
    """Tell whether a person may send it: nothing that a list of words or a shape shows stands against it."""
    return not any(check.stops for check in checks)


def _check(code: CheckCode, text: str, hits: list[_Hit]) -> Check:
    if code is CheckCode.LENGTH:
        return _length(text)
    if not hits:
        return Check(code.value, ok=True, text=PASSED[code])
    spans = tuple((hit.start, hit.end) for hit in hits)
    stops = not all(hit.rule.is_learned for hit in hits)
    if code in _SEEN:  # the words themselves are never repeated
        return Check(code.value, ok=False, text=_SEEN[code], spans=spans, stops=stops)
    first = hits[0]
    words, hint = text[first.start : first.end], first.rule.hint
    said = Text(_FAILED[code].zh.format(words=words, hint=hint.zh), _FAILED[code].en.format(words=words, hint=hint.en))
    return Check(code.value, ok=False, text=said, spans=spans, stops=stops)


def _length(text: str) -> Check:
    size = len(text)
    if not text.strip():
        return Check(CheckCode.LENGTH.value, ok=False, text=Text("还没有写内容", "Nothing is written yet"), stops=True)
    if size > MOST:
        said = Text(f"超出 {size - MOST} 字（上限 {MOST} 字）", f"{size - MOST} characters too long (at most {MOST})")
        return Check(CheckCode.LENGTH.value, ok=False, text=said, spans=((MOST, size),), stops=True)
    return Check(CheckCode.LENGTH.value, ok=True, text=PASSED[CheckCode.LENGTH])
