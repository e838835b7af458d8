"""Replies made from reviewed templates and the facts of a case. Pure; a person reads, changes and sends them.

A template with a blank is used only when its fact is known; otherwise its variant without blanks asks or stays general.
"""

import hashlib
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import Field, model_validator

from cardcase.kit import catalogue, clock
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.triage.rules import Family, reasons

from .tone import DATA, Check, check_reply, is_fit

ANY: Final = "any"
FILES: Final = ("templates", "templates_authenticity", "templates_personal", "templates_value", "templates_other")
"""Files that hold templates: the first serves every reason, the others one family each."""

_BLANKS: Final = frozenset(
    {
        "brand", "face", "amount", "balance", "tail", "due", "nonce", "asks", "ticket", "expires", "paid", "policy",
    }
)  # fmt: skip


_COARSE: Final = 30
_FINE: Final = 5
"""Minutes to which a promised time is rounded down, with much time left and with little."""

_LONG: Final = timedelta(hours=4)
_SOONEST: Final = timedelta(minutes=30)
_NIGHT, _MORNING = time(22), time(9)
_EVENING, _START = time(21), time(10)
"""Nobody is asked to answer between 22:00 and 9:00; the platform's own rule leaves that night alone too (D3)."""


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
            if not all(one <= _BLANKS for one in blanks):
                raise ValueError(f"unknown blanks in {self.id}")
            if all(blanks):
                raise ValueError(f"{self.id} needs a variant without blanks")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFacts:
    """What a reply may be filled with. Empty or None: not known, then no template that needs it is used.

    ``sub_reason`` is A1 … O8, or empty when no reason is known. ``seed`` chooses the variant: the case number.
    ``turn`` moves on to the next variant. ``asks``: titles of the evidence asked for. ``due``: until when, in words.
    Money in 分. ``nonce``: the word that a recording must show. ``ticket``: the issuer's ticket.
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


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply to be read by a person, with the checks that it passes or fails. Empty when there is nothing to say."""

    text: str
    template_id: str
    checks: tuple[Check, ...]

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
    known come first; a variant that fails a check is passed over while another one does not.
    """
    values = _values(facts)
    is_english = facts.lang.lower().startswith("en")
    drafts: list[Draft] = []
    for record in _nearest(facts, templates(overrides)):
        texts = record.en if is_english else record.zh
        usable = [(place, text) for place, text in enumerate(texts) if blanks_of(text) <= values.keys()]
        for place, text in _in_turn(usable, facts):
            said = text.format(**values)
            draft = Draft(said, f"{record.id}#{place + 1}", check_reply(said))
            if draft.is_fit:
                return draft
            drafts.append(draft)
    return drafts[0] if drafts else Draft("", "", check_reply(""))


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


def _values(facts: DraftFacts) -> dict[str, str]:
    lang = facts.lang
    is_english = lang.lower().startswith("en")
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
