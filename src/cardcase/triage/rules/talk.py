"""Weigh what was read, of one text or of a whole conversation, into one answer. The pressed claim comes first."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cardcase.kit.text import Text, fold

from . import reasons
from .read import Analysis, Hit, analyse
from .results import FORM, Family, Need, Quote, Speaker, TriageResult, Utterance

CERTAIN: Final = 0.85
"""Confidence from which a reason may count as certain, if nothing weakens it."""

SURE: Final = 0.6
"""Confidence below which the answer is called unsure and the buyer is asked."""

_CLAIM: Final = 0.75
"""Weight below which words are no claim at all."""

_STRONG: Final = 2.0
_CAUSE: Final = 1.5
_FADED: Final = 0.4
_BEFORE_PAYING: Final = 0.3
_SHORT: Final = 5
_EARLIER: Final = 0.85
_EARLIEST: Final = 0.5
_SHARES: Final = (1.0, 0.5, 0.25)
_SHOWN: Final = 6
_UTTERANCES: Final = 300
_PAID_TEXTS: Final = ("我已付款", "已付款,待发货", "买家已付款", "付款完成", "我已拍下", "记得及时发货", "你已发货")

NEEDS: Final = {
    "unstated": Text("买家没有说明原因，先问一句", "The buyer gave no reason: ask first"),
    "unsure": Text("原因把握不大，请读买家原话再定", "The reason is uncertain: read the buyer's words and decide"),
    "two_reasons": Text(
        "买家说了不止一个原因，请确认以哪个为准", "The buyer gave more than one reason: confirm which counts"
    ),
    "asked_not_claimed": Text(
        "买家像是在问，而不是在说已经发生", "The buyer seems to ask rather than to say that it happened"
    ),
    "hearsay": Text("买家转述的是别人的看法", "The buyer passes on what somebody else thinks"),
    "withdrawn": Text(
        "买家可能已经不退了，请在平台核对申请状态", "The buyer may have withdrawn: check the request on the platform"
    ),
    "admission": Text(
        "买家提到已经用上或弄错，请核对使用记录", "The buyer mentions having used it or a slip: check the record of use"
    ),
    "scam_victim": Text(
        "买家可能被骗或账号被盗：不要补发，先核实",
        "The buyer may be a victim of fraud: send nothing again, verify first",
    ),
    "threat": Text(
        "买家提到投诉、差评或报警，请由人来回复", "The buyer mentions complaints or authorities: a person should answer"
    ),
    "long_text": Text("消息很长，只读了开头", "The message is very long: only its beginning was read"),
    "form_differs": Text(
        "申请表上选的原因和聊天里说的不一样", "The reason picked on the form differs from what was said in the chat"
    ),
}


@dataclass(slots=True)
class _Sum:
    """What has been weighed so far."""

    weights: dict[str, list[tuple[float, bool]]] = field(default_factory=lambda: defaultdict(list))  # is it a symptom
    quoted: list[tuple[float, str, str, Hit]] = field(default_factory=list)  # weight, message, its text, hit
    signals: dict[str, None] = field(default_factory=dict)
    nothing: float = 0.0
    letters: int = 0
    wants_refund: bool = False
    is_asked: bool = False
    is_supposed: bool = False
    is_hearsay: bool = False
    is_withdrawn: bool = False
    is_long: bool = False

    def add(self, analysis: Analysis, message: str, share: float) -> None:
        """Weigh one text in, with a share for its place in the conversation."""
        for hit in analysis.hits:
            self.weights[hit.sub_reason].append((hit.weight * share, hit.is_symptom))
            if not hit.is_side:
                self.quoted.append((hit.weight * share, message, analysis.text, hit))
        for name in analysis.signals:
            self.signals[name] = None
        self.nothing = max(self.nothing, analysis.nothing)
        self.letters += len(analysis.text)
        self.wants_refund |= analysis.wants_refund
        self.is_asked |= analysis.is_asked
        self.is_supposed |= analysis.is_supposed
        self.is_hearsay |= analysis.is_hearsay
        self.is_long |= analysis.is_long

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


def read_text(text: str, *, overrides: Path | None = None) -> TriageResult:
    """Read one message. Total: any text gives an answer. Spans are offsets in the text as given."""
    analysis = analyse(text, overrides=overrides)
    total = _Sum()
    total.add(analysis, "", 1.0)
    total.is_withdrawn = analysis.is_withdrawn
    return _conclude(total, has_form=False, form_sub="")


def read_conversation(
    utterances: Sequence[Utterance],
    *,
    form_reason: str = "",
    form_description: str = "",
    overrides: Path | None = None,
) -> TriageResult:
    """Read a whole conversation and what the buyer entered on the marketplace's form into one claimed reason.

    Only the buyer's words are claims. What was said before paying weighs little, what was said last weighs most, and a
    claim that is taken back is reported as withdrawn. Quotes name the message; those of the form name ``form``.
    """
    total = _Sum()
    ordered = _in_order(utterances)
    paid_at = next((place for place, said in enumerate(ordered) if _tells_payment(said)), 0)
    spoken = [
        (place >= paid_at, said.id, analyse(said.text, overrides=overrides))
        for place, said in enumerate(ordered)
        if said.speaker is Speaker.BUYER and said.text.strip()
    ][-_UTTERANCES:]
    claiming = [entry for entry in spoken if any(hit.weight >= _CLAIM for hit in entry[2].claims)]
    later = len(claiming)
    for entry in spoken:
        is_after, message, analysis = entry
        if entry in claiming:
            later -= 1
        share = max(_EARLIEST, _EARLIER**later) if is_after else _BEFORE_PAYING
        total.add(analysis, message, share)
        if analysis.is_withdrawn:
            total.is_withdrawn = True
        elif any(hit.weight >= 1.0 for hit in analysis.claims):
            total.is_withdrawn = False
    if form_description.strip():
        described = analyse(form_description, overrides=overrides)
        total.add(described, FORM, 1.0)
    form_sub = _read_form(total, form_reason)
    return _conclude(total, has_form=bool(form_reason.strip() or form_description.strip()), form_sub=form_sub)


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


def _read_form(total: _Sum, form_reason: str) -> str:
    found = reasons.read_form(form_reason) if form_reason.strip() else None
    if found is None:
        return ""
    record, start, end = found
    total.weights[record.sub_reason].append((record.weight, False))
    hit = Hit(record.sub_reason, record.weight, start, end, record.id)
    total.quoted.append((record.weight, FORM, form_reason, hit))
    return record.sub_reason


def _conclude(total: _Sum, *, has_form: bool, form_sub: str) -> TriageResult:
    scores = total.scores()
    families: dict[Family, float] = {}
    for family in (Family.AUTHENTICITY, Family.PERSONAL, Family.VALUE, Family.OTHER):
        best = sorted((score for sub, score in scores.items() if reasons.family_of(sub) is family), reverse=True)
        if best:
            families[family] = best[0] + 0.35 * sum(best[1:3])
    ranked = sorted(families.items(), key=lambda pair: -pair[1])
    top = ranked[0][1] if ranked else 0.0
    only_supposed = total.is_supposed and total.nothing >= 1.0
    wants = (total.wants_refund and not only_supposed) or has_form
    is_talk = total.nothing > 1.2 * top and not wants
    if top < _CLAIM or is_talk or (total.is_withdrawn and not has_form):
        return _without_reason(total, scores, top, wants=wants)
    return _with_reason(total, scores, ranked, form_sub)


def _without_reason(total: _Sum, scores: dict[str, float], top: float, *, wants: bool) -> TriageResult:
    needs = []
    withdrawn = total.is_withdrawn
    if wants and not withdrawn:
        family, confidence = Family.UNSTATED, 0.9 / (1 + 0.6 * top) - min(0.25, 0.004 * total.letters)
        needs.append("unstated")
    else:
        family = Family.NONE
        is_read = bool(total.nothing) or withdrawn or total.letters <= _SHORT
        confidence = (0.9 if is_read else 0.5) / (1 + 0.5 * top) - min(0.2, 0.004 * total.letters)
        if not is_read:
            needs.append("unsure")
    if withdrawn:
        needs.append("withdrawn")
    if total.is_supposed or (total.is_asked and top):
        needs.append("asked_not_claimed")
    best = max(scores, key=lambda sub: scores[sub]) if scores else ""
    return TriageResult(
        reason=family,
        second_reason=best if best and (scores[best] >= _CLAIM or withdrawn) else "",
        confidence=round(max(0.3, confidence), 3),
        signals=_signals(total),
        needs_human=_needs(total, needs),
        question=reasons.question("") if family is Family.UNSTATED else None,
    )


def _with_reason(
    total: _Sum, scores: dict[str, float], ranked: list[tuple[Family, float]], form_sub: str
) -> TriageResult:
    family, first = ranked[0]
    second_family = ranked[1][1] if len(ranked) > 1 else 0.0
    mine = sorted((sub for sub in scores if reasons.family_of(sub) is family), key=lambda sub: -scores[sub])
    sub = mine[0]
    others = sorted((other for other in scores if other != sub), key=lambda other: -scores[other])
    second = next((other for other in others if scores[other] >= max(0.45 * scores[sub], 0.5)), "")
    rival = max(second_family, 0.5 * total.nothing)
    confidence = (1 - math.exp(-1.05 * first)) * (first / (first + rival)) ** 0.8
    needs: list[str] = []
    if total.is_withdrawn:
        confidence = min(confidence, 0.4)
        needs.append("withdrawn")
    if (total.is_asked or total.is_supposed) and first < _STRONG:
        confidence *= 0.8
        needs.append("asked_not_claimed")
    if total.is_hearsay:
        confidence *= 0.8
        needs.append("hearsay")
    if "admission" in total.signals and sub in ("A1", "A2", "V1", "V2", "O1"):
        needs.append("admission")
    if form_sub and reasons.family_of(form_sub) not in (family, Family.OTHER):
        needs.append("form_differs")
    if sub == "O3":
        needs.append("scam_victim")
    strongest = max((weight for weight, _, _, hit in total.quoted if hit.sub_reason == sub), default=0.0)
    rival_sub = scores[others[0]] if others else 0.0
    is_certain = confidence >= CERTAIN and strongest >= _STRONG and rival_sub < 0.5 * scores[sub] and not needs
    if confidence < SURE:
        needs.insert(0, "unsure")
    elif second and reasons.family_of(second) is not family and rival >= 0.5 * first:
        needs.append("two_reasons")
    return TriageResult(
        reason=family,
        sub_reason=sub,
        second_reason=second,
        confidence=round(min(confidence, 0.97), 3),
        quotes=_quotes(total, sub, second),
        signals=_signals(total),
        is_certain=is_certain,
        needs_human=_needs(total, needs),
        question=None if is_certain else reasons.question(sub),
    )


def _quotes(total: _Sum, sub: str, second: str) -> tuple[Quote, ...]:
    """Choose the words to show: the strongest of the reason, then of the second; what overlaps becomes one quote."""
    chosen: list[Quote] = []
    for wanted in filter(None, (sub, second)):
        mine = (entry for entry in total.quoted if entry[3].sub_reason == wanted)
        for _, message, text, hit in sorted(mine, key=lambda entry: -entry[0])[:_SHOWN]:
            start, end, rule = hit.start, hit.end, hit.rule
            others = [quote for quote in chosen if quote.message_id == message]
            for quote in others:
                if quote.start < end and start < quote.end:
                    start, end, rule = min(start, quote.start), max(end, quote.end), quote.rule
                    chosen.remove(quote)
            if end > start:
                chosen.append(Quote(message, start, end, text[start:end], rule))
    if not chosen:  # the reason rests on a second reading of other words: show those
        for _, message, text, hit in sorted(total.quoted, key=lambda entry: -entry[0])[:1]:
            chosen.append(Quote(message, hit.start, hit.end, text[hit.start : hit.end], hit.rule))
    return tuple(chosen[:_SHOWN])


def _signals(total: _Sum) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for name in total.signals:
        names[name.partition(".")[0]] = None
        names[name] = None
    if "hostility.2" in names:
        names.pop("hostility.1", None)
    if any(name in names for name in ("threat.authority", "threat.platform", "threat.person")) or (
        "hostility.2" in names and "threat" in names
    ):
        names["escalation"] = None
    return tuple(names)


def _needs(total: _Sum, codes: Sequence[str]) -> tuple[Need, ...]:
    found = list(codes)
    if any(name.startswith("threat") for name in total.signals):
        found.append("threat")
    if total.is_long:
        found.append("long_text")
    return tuple(Need(code, NEEDS[code]) for code in dict.fromkeys(found))
