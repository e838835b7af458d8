"""Hear a text or a conversation: whose words count, how much each weighs for its place, what the rules find in them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cardcase.kit.text import fold

from . import reasons
from .folding import LONGEST, Folded
from .model import Reading
from .read import Analysis, Hit, Withdrawal, analyse
from .results import FORM, Speaker, Utterance
from .weighing import Said

CLAIM: Final = 0.75
"""Weight below which words are no claim at all."""

_CAUSE: Final = 1.5
_FADED: Final = 0.4
_BEFORE_PAYING: Final = 0.3
_EARLIER: Final = 0.85
_EARLIEST: Final = 0.5
_SHARES: Final = (1.0, 0.5, 0.25)
_UTTERANCES: Final = 300
_PAID_TEXTS: Final = ("我已付款", "已付款,待发货", "买家已付款", "付款完成", "我已拍下", "记得及时发货", "你已发货")


@dataclass(slots=True)
class Heard:
    """What was heard so far.

    ``texts`` are the buyer's words since he paid, for the learned reader; ``written`` is all that he wrote himself, as
    he wrote it, for telling his language.
    """

    weights: dict[str, list[tuple[float, bool]]] = field(default_factory=lambda: defaultdict(list))  # is it a symptom
    quoted: list[tuple[float, str, str, Hit]] = field(default_factory=list)  # weight, message, its text, hit
    signals: dict[str, None] = field(default_factory=dict)
    nothing: float = 0.0
    is_asked: bool = False
    is_supposed: bool = False
    is_hearsay: bool = False
    withdrawal: Withdrawal = Withdrawal.NONE
    is_long: bool = False
    own_words: set[str] = field(default_factory=set)
    texts: list[tuple[str, Folded]] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    @property
    def joined(self) -> str:
        """The buyer's words, folded, a line each; of very long talks the end."""
        return "\n".join(folded.text for _, folded in self.texts)[-LONGEST:]

    def said(self, reading: Reading | None = None) -> Said:
        """Return what the rules say, and what a learned reader makes of it, for weighing."""
        return Said(self.scores(), self.nothing, self.is_supposed, frozenset(self.own_words), reading)

    def add(self, analysis: Analysis, message: str, share: float) -> None:
        """Weigh one text in, with a share for its place in the conversation."""
        if not analysis.is_empty:
            self.written.append(analysis.text)
        for hit in analysis.hits:
            self.weights[hit.sub_reason].append((hit.weight * share, hit.is_symptom))
            if not hit.is_side:
                self.quoted.append((hit.weight * share, message, analysis.text, hit))
        for name in analysis.signals:
            self.signals[name] = None
        self.nothing = max(self.nothing, analysis.nothing)
        self.own_words |= analysis.own_words
        self.is_asked |= analysis.is_asked
        self.is_supposed |= analysis.is_supposed
        self.is_hearsay |= analysis.is_hearsay
        self.is_long |= analysis.is_long
        if share > _BEFORE_PAYING and analysis.own is not None:
            self.texts.append((message, analysis.own))

    def scores(self) -> dict[str, float]:
        """Return the score of each sub-reason: the strongest words count whole, repeats less and less.

        Once a cause is named, words that only say that it fails or is no longer wanted count for less.
        """
        totals = {}
        causes = {
            sub
            for sub, weights in self.weights.items()
            if sum(w for w, is_symptom in weights if not is_symptom) >= _CAUSE
        }
        for sub, weights in self.weights.items():
            fades = bool(causes - {sub})
            best = sorted((w * _FADED if fades and is_symptom else w for w, is_symptom in weights), reverse=True)
            totals[sub] = sum(weight * share for weight, share in zip(best, _SHARES, strict=False))
        return totals


def hear_text(text: str, *, overrides: Path | None = None) -> Heard:
    """Hear one message."""
    analysis = analyse(text, overrides=overrides)
    heard = Heard()
    heard.add(analysis, "", 1.0)
    heard.withdrawal = analysis.withdrawal
    return heard


def hear_conversation(utterances: Sequence[Utterance], *, overrides: Path | None = None) -> Heard:
    """Hear a whole conversation. Only the buyer's words are claims; what was said before paying weighs little."""
    heard = Heard()
    ordered = _in_order(utterances)
    paid_at = next((place for place, said in enumerate(ordered) if _tells_payment(said)), 0)
    spoken = [
        (place >= paid_at, said.id, analyse(said.text, overrides=overrides))
        for place, said in enumerate(ordered)
        if said.speaker is Speaker.BUYER and said.text.strip()
    ][-_UTTERANCES:]
    claiming = [entry for entry in spoken if any(hit.weight >= CLAIM for hit in entry[2].claims)]
    later = len(claiming)
    for entry in spoken:
        is_after, message, analysis = entry
        if entry in claiming:
            later -= 1
        share = max(_EARLIEST, _EARLIER**later) if is_after else _BEFORE_PAYING
        heard.add(analysis, message, share)
        if analysis.withdrawal:
            heard.withdrawal = max(heard.withdrawal, analysis.withdrawal)
        elif any(hit.weight >= 1.0 for hit in analysis.claims):
            heard.withdrawal = Withdrawal.NONE
    return heard


def hear_form(heard: Heard, reason: str, description: str, *, overrides: Path | None = None) -> str:
    """Add what the buyer entered on the marketplace's form; return the sub-reason that its reason stands for, or ""."""
    if description.strip():
        heard.add(analyse(description, overrides=overrides), FORM, 1.0)
    found = reasons.read_form(reason) if reason.strip() else None
    if found is None:
        return ""
    record, start, end = found
    heard.weights[record.sub_reason].append((record.weight, False))
    hit = Hit(record.sub_reason, record.weight, start, end, record.id)
    heard.quoted.append((record.weight, FORM, reason, hit))
    return record.sub_reason


def _in_order(utterances: Sequence[Utterance]) -> list[Utterance]:
    """Sort by time when every utterance has one; else keep the order given."""
    if all(said.said_at is not None for said in utterances):
        return sorted(utterances, key=lambda said: said.said_at.timestamp() if said.said_at else 0.0)
    return list(utterances)


def _tells_payment(said: Utterance) -> bool:
    if said.speaker is Speaker.SELLER:
        return False
    folded = fold(said.text)
    bracketed = said.speaker is Speaker.SYSTEM or folded.startswith("[")
    return bracketed and any(text in folded for text in _PAID_TEXTS)
