"""Replies made from reviewed templates and the facts of a case. Pure; a person reads, changes and sends them.

A template with a blank is used only when its fact is known; otherwise its variant without blanks asks or stays general.
What we said before is looked at: no courtesy comes twice in one conversation, and no reply says again what one said.
"""

import hashlib
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pydantic import Field, model_validator

from cardcase.kit import catalogue, clock
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.triage.rules import Family, reasons

from . import said
from .tone import DATA, MOST, Check, check_reply, is_fit

ANY: Final = "any"
FILES: Final = ("templates", "templates_authenticity", "templates_personal", "templates_value", "templates_other")
"""Files that hold templates: the first serves every reason, the others one family each."""

TITLES: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "brand": Text("品牌", "brand"),
        "face": Text("面值", "face value"),
        "amount": Text("方案金额", "amount of the remedy"),
        "balance": Text("核对到的余额", "verified balance"),
        "tail": Text("卡号尾号", "last four of the card"),
        "due": Text("答复时间", "time of the answer"),
        "nonce": Text("录屏暗号", "word for the recording"),
        "asks": Text("要买家补的材料", "what the buyer is asked for"),
        "ticket": Text("发卡方单号", "issuer's ticket"),
        "expires": Text("到期日", "expiry date"),
        "paid": Text("实付", "amount paid"),
        "policy": Text("售后政策", "after-sales policy"),
    }
)
"""What each blank is called."""

_HOW: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "brand": Text("把这一单的卡关联上", "link the card of this order"),
        "face": Text("把这一单的卡关联上", "link the card of this order"),
        "tail": Text("把这一单的卡关联上", "link the card of this order"),
        "balance": Text("在卡库登记一次查验", "note a balance check of the card"),
        "expires": Text("在卡库补上到期日", "note the expiry date of the card"),
        "amount": Text("先定一个方案", "decide on a remedy first"),
        "due": Text("登记平台的截止时间", "type in the platform's deadline"),
        "nonce": Text("先发出补证要求", "ask for the evidence first"),
        "asks": Text("在证据清单里选要买家补什么", "choose on the checklist what to ask for"),
        "ticket": Text("问过发卡方后登记单号", "note the issuer's ticket"),
        "paid": Text("补上订单的实付", "note what was paid"),
        "policy": Text("发布一版售后政策", "publish an after-sales policy"),
    }
)

_COARSE: Final = 30
_FINE: Final = 5
"""Minutes to which a promised time is rounded down, with much time left and with little."""

_LONG: Final = timedelta(hours=4)
_SOONEST: Final = timedelta(minutes=30)
_NIGHT, _MORNING = time(22), time(9)
_EVENING, _START = time(21), time(10)
"""Nobody is asked to answer between 22:00 and 9:00; the platform's own rule leaves that night alone too (D3)."""


_BUBBLE_ZH: Final = 42
_BUBBLE_EN: Final = 120
"""Letters from which a line of a chat is long enough, so that the next sentence begins another."""

_SENTENCE: Final = re.compile(r".+?(?:[。！？!?](?![。！？!?」）)])|\.(?=\s|$)|$)\s*", re.DOTALL)
_PLAIN_END: Final = "。"


class Form(StrEnum):
    """How a reply is cut: one text that any form of the marketplace takes, or lines as people type them in a chat."""

    SHORT = "short"
    CHAT = "chat"


class Mood(StrEnum):
    """How the buyer speaks; an upset one is met before the matter is."""

    CALM = "calm"
    UPSET = "upset"


class Step(StrEnum):
    """What a reply does. One template at least serves each step for every reason."""

    ACKNOWLEDGE = "acknowledge"  # the first answer: read, being checked
    CLARIFY = "clarify"  # ask for the reason
    ASK_EVIDENCE = "ask_evidence"
    REMIND = "remind"  # asked before, no answer yet
    EXPLAIN = "explain"  # what the record shows, what can be tried
    OFFER_REPLACEMENT = "offer_replacement"
    OFFER_PARTIAL = "offer_partial"
    OFFER_FULL = "offer_full"
    OFFER_RETURN = "offer_return"  # physical card: send it back first
    GOODWILL = "goodwill"
    RESEND = "resend"
    WAIT_ISSUER = "wait_issuer"
    DECLINE = "decline"
    ESCALATED = "escalated"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"


_MEETS: Final = frozenset({Step.ACKNOWLEDGE, Step.CLARIFY, Step.ASK_EVIDENCE, Step.REMIND, Step.EXPLAIN})
"""Steps at which an upset buyer is met first; later ones bring a result, which needs no preface."""

_COMFORTS: Final = frozenset({"comfort.understand", "comfort.hurry", "comfort.serious", "apology.wait"})


class TemplateRecord(catalogue.Record):
    """Variants of one reply. ``reasons``: sub-reasons, families or "any". zh and en have equally many."""

    reasons: tuple[str, ...] = Field(min_length=1)
    step: Step
    zh: tuple[str, ...] = Field(min_length=1)
    en: tuple[str, ...] = Field(min_length=1)
    note: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> "TemplateRecord":
        unknown = set(self.reasons) - {ANY, *(family.value for family in Family), *reasons.SUB_REASONS}
        if unknown:
            raise ValueError(f"unknown reasons {sorted(unknown)}")
        if len(self.zh) != len(self.en):
            raise ValueError(f"{self.id} has {len(self.zh)} variants in Chinese and {len(self.en)} in English")
        for texts in (self.zh, self.en):
            blanks = [blanks_of(text) for text in texts]
            if not all(one <= TITLES.keys() for one in blanks):
                raise ValueError(f"unknown blanks in {self.id}")
            if all(blanks):
                raise ValueError(f"{self.id} needs a variant without blanks")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFacts:
    """What a reply may be filled with. Empty or None: not known, then no template that needs it is used.

    ``sub_reason`` is A1 … O8, or empty when no reason is known. ``seed`` chooses the variant: the case number.
    ``turn`` moves on to the next variant. ``asks``: titles of the evidence asked for. ``due``: until when, in words.
    Money in 分. ``nonce``: the word that a recording must show. ``ticket``: the issuer's ticket. ``said``: what we said
    to this buyer about this before, oldest first. ``sources``: where the value of a blank comes from, in words.
    """

    sub_reason: str = ""
    step: Step = Step.ACKNOWLEDGE
    seed: str = ""
    turn: int = 0
    lang: str = "zh-hans"
    brand: str = ""
    tail4: str = ""
    face_fen: int | None = None
    amount_fen: int | None = None
    paid_fen: int | None = None
    balance_fen: int | None = None
    expires_on: date | None = None
    asks: tuple[Text, ...] = ()
    due: Text | None = None
    nonce: str = ""
    ticket: str = ""
    policy: str = ""
    form: Form = Form.SHORT
    mood: Mood = Mood.CALM
    said: Sequence[str] = ()
    sources: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filled:
    """A blank of the reply, what stands in it now, and where that comes from (None: not told)."""

    name: str
    title: Text
    value: str
    source: Text | None


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact that is not known; with it a fuller wording could be used. ``how`` says how to get it."""

    name: str
    title: Text
    how: Text


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply to be read by a person, with the checks that it passes or fails. Empty when there is nothing to say.

    ``is_repeat``: every fitting wording says what was said before; this one does so least.
    """

    text: str
    template_id: str
    checks: tuple[Check, ...]
    filled: tuple[Filled, ...] = ()
    missing: tuple[Missing, ...] = ()
    is_repeat: bool = False

    @property
    def is_fit(self) -> bool:
        """Tell whether every check is passed."""
        return is_fit(self.checks)


@cache
def templates(overrides: Path | None = None) -> Mapping[str, TemplateRecord]:
    """Load every template, with a shop's own files of the same names laid over. Raises BrokenCatalogue."""
    found: dict[str, TemplateRecord] = {}
    for name in FILES:
        own = overrides / f"{name}.toml" if overrides else None
        records = catalogue.load(DATA / f"{name}.toml", TemplateRecord, table="template", override=own).records
        twice = found.keys() & records.keys()
        if twice:
            raise catalogue.BrokenCatalogue(f"话术编号重复：{sorted(twice)}", f"Templates repeat ids: {sorted(twice)}")
        found |= records
    return found


def blanks_of(text: str) -> frozenset[str]:
    """Return the names of the blanks in a template's text. Raises ValueError for one that is malformed."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def compose(facts: DraftFacts, *, overrides: Path | None = None) -> Draft:
    """Write the reply for a reason and a step: the same facts give the same words.

    The nearest template wins (sub-reason, then family, then any). Among its variants those that use most of what is
    known come first; one that fails a check or says again what was said is passed over while another one does not.
    """
    drafts: list[tuple[float, Draft]] = []
    for draft in _wordings(facts, overrides):
        if not draft.is_fit:
            drafts.append((2.0, draft))
            continue
        likeness = said.likeness(draft.text, facts.said)
        if likeness < said.ALIKE:
            return draft
        drafts.append((likeness, replace(draft, is_repeat=True)))
    return min(drafts, key=lambda one: one[0])[1] if drafts else Draft("", "", check_reply(""))


def tone_file(overrides: Path | None) -> Path | None:
    """Return where a shop's own words lie that are laid over ours when a reply is checked."""
    return overrides / "tone.toml" if overrides else None


def wordings(facts: DraftFacts, *, overrides: Path | None = None, most: int = 6) -> tuple[Draft, ...]:
    """Return different fitting ways to say it, the best first: what ``compose`` would say, then its other variants."""
    found = [compose(facts, overrides=overrides)]
    for draft in _wordings(facts, overrides):
        if len(found) >= most:
            break
        if draft.is_fit and said.likeness(draft.text, [*facts.said, *(one.text for one in found)]) < said.ALIKE:
            found.append(draft)
    return tuple(draft for draft in found if draft.text)


def _wordings(facts: DraftFacts, overrides: Path | None) -> Iterator[Draft]:
    """Fill every usable variant, the nearest and fullest first."""
    own = tone_file(overrides)
    own_words = overrides / said.FILE if overrides else None
    values = values_of(facts)
    is_english = _is_english(facts)
    used = said.spent(facts.said, override=own_words)
    for record in _nearest(facts, templates(overrides)):
        texts = record.en if is_english else record.zh
        missing = _missing(texts, values)
        usable = [(place, text) for place, text in enumerate(texts) if blanks_of(text) <= values.keys()]
        for place, text in _in_turn(usable, facts):
            words = said.without(text.format(**values), used, override=own_words)
            words = _shaped(_met(words, facts, used, own_words), facts)
            filled = tuple(
                Filled(name, TITLES[name], values[name], facts.sources.get(name))
                for name in sorted(blanks_of(text))
                if values[name] in words  # it may have stood in a clause that was left out
            )
            yield Draft(words, f"{record.id}#{place + 1}", check_reply(words, override=own), filled, missing)


def _met(words: str, facts: DraftFacts, used: frozenset[str], own: Path | None) -> str:
    """Meet an upset buyer first, with an opener of which nothing was said yet, when it fits."""
    if facts.mood is not Mood.UPSET or facts.step not in _MEETS:
        return words
    holds = said.courtesies_in(words, override=own)
    before = " ".join(facts.said)
    free = [
        one
        for one in said.openers(own)
        if one.text.say(facts.lang) not in before
        and not (used | holds) & said.courtesies_in(one.text.say(facts.lang), override=own)
    ]
    if not free or holds & _COMFORTS:
        return words
    chosen = free[(_number(facts.seed) + facts.turn) % len(free)].text.say(facts.lang)
    longer = said.behind_greeting(words, chosen)
    return longer if len(longer) <= MOST else words


def _shaped(words: str, facts: DraftFacts) -> str:
    """Cut the words as the form asks: in a chat that is going on nobody greets again, and a line holds one thought."""
    if facts.form is not Form.CHAT:
        return words
    if facts.said:
        words = said.without_greeting(words)
    most = _BUBBLE_EN if _is_english(facts) else _BUBBLE_ZH
    lines: list[str] = []
    for match in _SENTENCE.finditer(words):
        sentence = match.group().strip()
        if not sentence:
            continue
        gap = " " if _is_english(facts) else ""
        if lines and len(lines[-1]) + len(sentence) <= most:
            lines[-1] += gap + sentence
        else:
            lines.append(sentence)
    return "\n".join(line.removesuffix(_PLAIN_END) for line in lines)


def _missing(texts: Sequence[str], values: Mapping[str, str]) -> tuple[Missing, ...]:
    """Name what a fuller variant would need."""
    names = frozenset[str]().union(*(blanks_of(text) for text in texts)) - values.keys()
    return tuple(Missing(name, TITLES[name], _HOW.get(name, Text("", ""))) for name in sorted(names))


def _is_english(facts: DraftFacts) -> bool:
    return facts.lang.lower().startswith("en")


def promise_by(now: datetime, due_at: datetime) -> datetime | None:
    """Choose until when a reply may promise an answer or ask for one; None when the time is over.

    Half of what the clock leaves, at a round time and never at night: buyers sleep, and so does a lone seller. The
    evening before is taken when it still lies ahead, else the next morning when the clock allows it.
    """
    left = due_at - now
    if left <= timedelta():
        return None
    latest = (now + left / 2).astimezone(clock.SHANGHAI)
    step = _COARSE if left > _LONG else _FINE
    minutes = latest.hour * 60 + latest.minute
    promised = latest.replace(hour=0, minute=0, second=0, microsecond=0) + (minutes // step) * timedelta(minutes=step)
    if not _is_night(promised):
        return promised if promised > now else latest
    day = promised.date() - timedelta(days=promised.time() < _MORNING)
    evening = datetime.combine(day, _EVENING, clock.SHANGHAI)
    if evening > now + _SOONEST:
        return evening
    morning = datetime.combine(day + timedelta(days=1), _START, clock.SHANGHAI)
    return morning if now < morning <= due_at - _SOONEST else latest


def _is_night(moment: datetime) -> bool:
    return moment.time() >= _NIGHT or moment.time() < _MORNING


def _nearest(facts: DraftFacts, book: Mapping[str, TemplateRecord]) -> list[TemplateRecord]:
    """Return the templates of this step, the most specific first."""
    family = reasons.family_of(facts.sub_reason).value if reasons.is_known(facts.sub_reason) else Family.UNSTATED.value
    found: list[TemplateRecord] = []
    for wanted in (facts.sub_reason, family, ANY):
        found += [one for one in book.values() if one.step is facts.step and wanted in one.reasons and one not in found]
    return found


def _in_turn(usable: list[tuple[int, str]], facts: DraftFacts) -> list[tuple[int, str]]:
    """Order variants: those with most blanks filled first; equals begin at a place that the seed and turn choose."""
    ordered: list[tuple[int, str]] = []
    for size in sorted({len(blanks_of(text)) for _, text in usable}, reverse=True):
        equals = [entry for entry in usable if len(blanks_of(entry[1])) == size]
        start = (_number(facts.seed) + facts.turn) % len(equals)
        ordered += equals[start:] + equals[:start]
    return ordered


def _number(seed: str) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode("utf-8", "replace")).digest()[:4], "big")


def values_of(facts: DraftFacts) -> dict[str, str]:
    """Return what can be filled in, by name of the blank: only what is known."""
    lang = facts.lang
    is_english = _is_english(facts)
    money = {
        "face": facts.face_fen, "amount": facts.amount_fen, "paid": facts.paid_fen, "balance": facts.balance_fen,
    }  # fmt: skip
    values = {name: yuan(fen).removesuffix(".00") for name, fen in money.items() if fen is not None}
    words = {
        "brand": facts.brand.strip(),
        "tail": facts.tail4,
        "nonce": facts.nonce,
        "ticket": facts.ticket.strip(),
        "policy": facts.policy.strip(),
        "due": facts.due.say(lang) if facts.due else "",
        "asks": (", " if is_english else "、").join(one.say(lang) for one in facts.asks),
    }
    values |= {name: word for name, word in words.items() if word}
    if facts.expires_on is not None:
        day = facts.expires_on
        values["expires"] = f"{day:%Y-%m-%d}" if is_english else f"{day.year} 年 {day.month} 月 {day.day} 日"
    return values
