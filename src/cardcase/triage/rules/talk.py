"""Weigh what was heard, of one text or of a whole conversation, into one answer. The pressed claim comes first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cardcase.kit.text import Text

from . import model, reasons
from .correcting import Reader
from .grams import edged
from .hearing import CLAIM, Heard, hear_conversation, hear_form, hear_text
from .language import language_of
from .read import Hit, Withdrawal
from .results import FORM, Family, Need, Quote, TriageResult, Utterance
from .weighing import Said, Weighed, weigh

CERTAIN: Final = 0.85
"""Confidence from which a reason may count as certain, if nothing weakens it."""

SURE: Final = 0.6
"""Confidence below which the answer is called unsure and the buyer is asked."""

LEARNED: Final = "model"
"""Rule of quotes that the learned reader chose."""

_STRONG: Final = 2.0
_SHORT: Final = 5
_SHOWN: Final = 6
_GUESS: Final = 0.34
_PLAIN_LEAST: Final = 0.3
_ASKED: Final = 0.8
"""Probability of ``unstated`` from which a refund is asked for, whatever sounds like a withdrawal."""
_SECOND_LEAST, _SECOND_SHARE, _SECOND_RULED = 0.12, 0.3, 1.5
_FORM_LEAST: Final = 0.8
"""Confidence in a reason that was only picked on the form, not enough to be certain: wrong clicks are frequent, though
most who click wrongly say in the chat what they mean (``corpus/held-out/form-*``: 37 talks of two hands, 35 right)."""
_WITHDRAWN_MOST: Final = 0.4

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
    "form_only": Text(
        "聊天里没读出原因，依据的只是申请表上选的这一项：先看原话，再问一句",
        "No reason was read in the chat, it rests on what was picked on the form: look at the words, then ask",
    ),
    "form_differs": Text(
        "申请表上选的原因和聊天里说的不一样", "The reason picked on the form differs from what was said in the chat"
    ),
}


def read_text(text: str, *, overrides: Path | None = None, reader: Reader | None = None) -> TriageResult:
    """Read one message. Total: any text gives an answer. Spans are offsets in the text as given.

    ``reader``: the learned reader of a shop; None is the one that is shipped.
    """
    return conclude(hear_text(text, overrides=overrides), reader or model.shipped())


def read_conversation(
    utterances: Sequence[Utterance],
    *,
    form_reason: str = "",
    form_description: str = "",
    overrides: Path | None = None,
    reader: Reader | None = None,
) -> TriageResult:
    """Read a whole conversation and what the buyer entered on the marketplace's form into one claimed reason.

    Only the buyer's words are claims. What was said before paying weighs little, what was said last weighs most, and a
    claim that is taken back is reported as withdrawn. Quotes name the message; those of the form name ``form``.
    """
    heard = hear_conversation(utterances, overrides=overrides)
    form_sub = hear_form(heard, form_reason, form_description, overrides=overrides)
    has_form = bool(form_reason.strip() or form_description.strip())
    return conclude(heard, reader or model.shipped(), has_form=has_form, form_sub=form_sub)


def conclude(heard: Heard, learned: Reader, *, has_form: bool = False, form_sub: str = "") -> TriageResult:
    """Weigh what was heard, with a learned reader, into one answer that names both language and reader."""
    joined = heard.joined
    reading = learned.read(joined) if joined else None
    said = heard.said(reading)
    weighed = weigh(said, learned.pool)
    signals = signals_of(heard, reading, learned)
    is_withdrawn = heard.withdrawal is not Withdrawal.NONE and (
        reading is None or _is_taken_back(heard, signals, weighed)
    )
    basis = _Basis(heard, learned, said, weighed, signals, form_sub, is_withdrawn)
    is_silent = reading is None and not heard.weights
    family, chance = weighed.likeliest()
    if family in (Family.UNSTATED, Family.NONE) and (plain := _plain_claim(basis)):
        mine = reasons.family_of(plain)
        if weighed.of(mine) >= _PLAIN_LEAST:
            family, chance = mine, max(weighed.of(mine), 0.5)
    elif chance < _GUESS and max(said.scores.values(), default=0.0) < CLAIM:
        # nothing but a guess: better asked than said
        family = max((Family.UNSTATED, Family.NONE), key=weighed.of)
        chance = weighed.of(family)
    named = ""
    if has_form and (family in (Family.UNSTATED, Family.NONE) or not heard.texts):
        # The chat gives no reason: the one that was picked on the form stands, or there is none.
        named = form_sub
        family = reasons.family_of(named) if named else Family.UNSTATED
        chance = max(weighed.of(family), _FORM_LEAST) if named else weighed.of(family)
    if is_silent or (is_withdrawn and not has_form) or family in (Family.UNSTATED, Family.NONE):
        wants = has_form or (family is Family.UNSTATED and not is_silent)
        return _without_reason(basis, wants=wants, is_silent=is_silent)
    return _with_reason(basis, family, chance, named)


def _is_taken_back(heard: Heard, signals: Sequence[str], weighed: Weighed) -> bool:
    """Tell whether a withdrawal is plain or heard by the learned reader, too: rules hear one in 「膜退了 壳不退」."""
    return heard.withdrawal is Withdrawal.PLAIN or ("withdrawal" in signals and weighed.of(Family.UNSTATED) < _ASKED)


@dataclass(slots=True)
class _Basis:
    """What an answer rests on."""

    heard: Heard
    learned: Reader
    said: Said
    weighed: Weighed
    signals: tuple[str, ...]
    form_sub: str
    is_withdrawn: bool


def _plain_claim(basis: _Basis) -> str:
    """Return the sub-reason that strong words of the rules name outright, nothing weakening them; "" for none."""
    heard, scores = basis.heard, basis.said.scores
    best = max(scores, key=scores.__getitem__, default="")
    is_plain = best and scores[best] >= _STRONG and not (heard.is_asked or heard.is_supposed or basis.is_withdrawn)
    return best if is_plain and heard.nothing < scores[best] else ""


def _without_reason(basis: _Basis, *, wants: bool, is_silent: bool) -> TriageResult:
    heard, weighed, signals = basis.heard, basis.weighed, basis.signals
    needs = []
    family = Family.UNSTATED if wants and not basis.is_withdrawn else Family.NONE
    confidence = 0.9 if is_silent else weighed.of(family)
    if family is Family.UNSTATED:
        needs.append("unstated")
    elif confidence < SURE and not basis.is_withdrawn:
        needs.append("unsure")
    if basis.is_withdrawn:
        needs.append("withdrawn")
    best, chance = weighed.likeliest_sub()
    if heard.is_supposed or (heard.is_asked and chance >= _SECOND_LEAST):
        needs.append("asked_not_claimed")
    if heard.is_hearsay:
        needs.append("hearsay")
    is_named = basis.said.scores.get(best, 0.0) >= CLAIM or chance >= _SECOND_LEAST
    return TriageResult(
        reason=family,
        second_reason=best if is_named and not is_silent else "",
        confidence=round(confidence, 3),
        signals=signals,
        needs_human=_needs(heard, signals, needs),
        question=reasons.question("") if family is Family.UNSTATED else None,
        language=language_of(heard.written),
        reader=basis.learned.version,
    )


def _with_reason(basis: _Basis, family: Family, chance: float, named: str) -> TriageResult:
    """Answer with a reason of the family: the likeliest, or the one that only the form names."""
    heard, weighed, signals, form_sub = basis.heard, basis.weighed, basis.signals, basis.form_sub
    scores = basis.said.scores
    sub, first = (named, chance) if named else weighed.likeliest_sub(family)
    second, other = weighed.likeliest_sub(but=sub)
    if other < max(_SECOND_LEAST, _SECOND_SHARE * first):
        second = _ruled_second(scores, sub)
    confidence = chance
    needs: list[str] = []
    if basis.is_withdrawn:
        confidence = min(confidence, _WITHDRAWN_MOST)
        needs.append("withdrawn")
    if heard.is_asked or heard.is_supposed:
        needs.append("asked_not_claimed")
    if heard.is_hearsay:
        needs.append("hearsay")
    if "admission" in signals and sub in ("A1", "A2", "V1", "V2", "O1"):
        needs.append("admission")
    is_from_form = bool(named) and not any(
        hit.sub_reason == named for _, message, _, hit in heard.quoted if message != FORM
    )
    if is_from_form and not basis.is_withdrawn:
        needs.append("form_only")
    elif form_sub and reasons.family_of(form_sub) not in (family, Family.OTHER):
        needs.append("form_differs")
    if sub == "O3":
        needs.append("scam_victim")
    strongest = max((weight for weight, _, _, hit in heard.quoted if hit.sub_reason == sub), default=0.0)
    rival = max((score for name, score in scores.items() if name != sub), default=0.0)
    if confidence < SURE and not is_from_form:
        needs.insert(0, "unsure")
    elif second and reasons.family_of(second) is not family:
        needs.append("two_reasons")
    is_certain = confidence >= CERTAIN and strongest >= _STRONG and rival < 0.5 * scores.get(sub, 0.0) and not needs
    return TriageResult(
        reason=family,
        sub_reason=sub,
        second_reason=second,
        confidence=round(min(confidence, 0.99), 3),
        quotes=_quotes(basis, sub, second),
        signals=signals,
        is_certain=is_certain,
        needs_human=_needs(heard, signals, needs),
        question=None if is_certain else reasons.question(sub),
        language=language_of(heard.written),
        reader=basis.learned.version,
    )


def _ruled_second(scores: Mapping[str, float], sub: str) -> str:
    """Return the other sub-reason for which plain words stand, "" where none do."""
    others = {name: score for name, score in scores.items() if name != sub}
    best = max(others, key=others.__getitem__, default="")
    return best if best and others[best] >= max(_SECOND_RULED, 0.45 * scores.get(sub, 0.0)) else ""


def _quotes(basis: _Basis, sub: str, second: str) -> tuple[Quote, ...]:
    """Choose the words to show: the strongest of the reason, then of the second; what overlaps becomes one quote.

    Where no rule found any, those that the learned reader rests on.
    """
    chosen: list[Quote] = []
    for wanted in filter(None, (sub, second)):
        mine = (entry for entry in basis.heard.quoted if entry[3].sub_reason == wanted)
        for _, message, text, hit in sorted(mine, key=lambda entry: -entry[0])[:_SHOWN]:
            _join(chosen, message, text, hit)
        if wanted == sub and not chosen:
            chosen += _learned_quote(basis, sub)
    return tuple(chosen[:_SHOWN])


def _join(chosen: list[Quote], message: str, text: str, hit: Hit) -> None:
    start, end, rule = hit.start, hit.end, hit.rule
    for quote in [quote for quote in chosen if quote.message_id == message]:
        if quote.start < end and start < quote.end:
            start, end, rule = min(start, quote.start), max(end, quote.end), quote.rule
            chosen.remove(quote)
    if end > start:
        chosen.append(Quote(message, start, end, text[start:end], rule))


def _learned_quote(basis: _Basis, sub: str) -> list[Quote]:
    """Quote the stretch of the one message that speaks most for a reason, as the learned reader sees it."""
    texts, learned, whole = basis.heard.texts, basis.learned, basis.said.reading
    if not texts or whole is None:
        return []
    column = learned.places[sub]
    is_whole = len(texts) == 1 and whole.text == edged(texts[0][1].text)
    readings = [whole] if is_whole else [learned.read(folded.text) for _, folded in texts]
    at = max(range(len(texts)), key=lambda place: float(readings[place].numbers[column]))
    found = learned.span(readings[at], sub)
    if found is None:
        return []
    message, folded = texts[at]
    start, end = folded.span(*found)
    return [Quote(message, start, end, folded.original[start:end], LEARNED)]


def signals_of(heard: Heard, reading: model.Reading | None, learned: Reader) -> tuple[str, ...]:
    """Return the signals on which rules and the learned reader come to enough together, with their first parts."""
    names = dict.fromkeys(heard.signals)
    if reading is not None:
        names = _pooled(names, reading, learned)
    found: dict[str, None] = {}
    for name in names:
        found[name.partition(".")[0]] = None
        found[name] = None
    if "hostility.2" in found:
        found.pop("hostility.1", None)
    if any(name in found for name in ("threat.authority", "threat.platform", "threat.person")) or (
        "hostility.2" in found and "threat" in found
    ):
        found["escalation"] = None
    return tuple(found)


def _pooled(ruled: dict[str, None], reading: model.Reading, learned: Reader) -> dict[str, None]:
    """Judge every learned signal by the sum of both; a kind of threat counts only where there is a threat at all."""
    numbers = reading.numbers.tolist()
    whole = ruled.keys() | {name.partition(".")[0] for name in ruled}
    over = {
        name: numbers[learned.places[name]] + (cut.rules if name in whole else 0.0) - cut.cut
        for name, cut in learned.signals.items()
    }
    is_threat = over.get("threat", -1.0) >= 0
    given = {name: None for name, value in over.items() if value >= 0 and (is_threat or name[:7] != "threat.")}
    if is_threat and not any(name[:7] == "threat." for name in given):
        given[max((name for name in over if name[:7] == "threat."), key=over.__getitem__)] = None
    given |= {name: None for name in ruled if name not in over}
    return given


def _needs(heard: Heard, signals: Sequence[str], codes: Sequence[str]) -> tuple[Need, ...]:
    found = list(codes)
    if "threat" in signals:
        found.append("threat")
    if heard.is_long:
        found.append("long_text")
    return tuple(Need(code, NEEDS[code]) for code in dict.fromkeys(found))
