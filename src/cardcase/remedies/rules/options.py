"""The remedies of a case: allowed or blocked and why, cost and harm of each, which is the floor, which is advised."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from cardcase.evidence.rules import Delivery, ItemState, Timing
from cardcase.kit.money import yuan
from cardcase.kit.text import Text

from .advice import Advice, Line, write_claim
from .advising import advice_of, claim_of
from .catalogue import Catalogue, Kind, Route
from .facts import RemedyFacts
from .floor import Floor, FloorKind, floor
from .learning.overrides import UNSAID, Why, is_other
from .partial import Part, part_of_price
from .preconditions import Blocker, Question, blockers

_RANK: Final = {"": 0, "proportional": 1, "full_or_replace": 2}
_ONLY_IN_DISPUTE: Final = frozenset({"accept_claim"})


@dataclass(frozen=True, slots=True)
class Option:
    """One remedy as it stands for a case. Money in 分; texts are finished sentences.

    ``is_floor``: it gives the buyer at least what is owed, or would be owed if an open question turned out so
    (``is_floor_conditional``). ``amount_fen``: the amount that follows from the facts, None when a person must say it.
    ``cost_*_fen``: what it is expected to cost the shop; ``harm_fen``: money wrongly withheld from a buyer who is owed,
    as expected. ``rests_on``: what both are built from.
    """

    kind: str
    title: Text
    allowed: bool
    blocked_by: tuple[Blocker, ...]
    is_floor: bool
    is_recommended: bool
    cost_low_fen: int | None
    cost_high_fen: int | None
    needs: Text
    route: Route = "offer"
    is_floor_conditional: bool = False
    amount_fen: int | None = None
    explains: Text | None = None
    rests_on: Text | None = None
    cost_mid_fen: int | None = None
    harm_fen: int | None = None


def part(facts: RemedyFacts, catalogue: Catalogue) -> Part | None:
    """Return the partial refund that follows from the verified balance (N7); None when it does not follow."""
    found, price = facts.findings, facts.price_fen
    if not found.is_short or price is None or found.promised_fen is None or found.remaining_fen is None:
        return None
    limit = catalogue.partial_limit(facts.channel)
    return part_of_price(
        price, found.promised_fen, found.remaining_fen, least_fen=max(1, limit.least_fen), most_fen=limit.most_fen
    )


def options(facts: RemedyFacts, catalogue: Catalogue) -> tuple[Option, ...]:
    """List the remedies that fit the sub-reason, in the order of the catalogue, with at most one advised."""
    return judge(facts, catalogue)[0]


def judge(facts: RemedyFacts, catalogue: Catalogue) -> tuple[tuple[Option, ...], Advice]:
    """List the remedies, and give the advice behind them: what is blocked or does not fit is closed to it."""
    owed = floor(facts, catalogue)
    blocked = {
        kind: blockers(Question(facts=facts, kind=kind, floor=owed, catalogue=catalogue, amount_fen=None))
        for kind in _shown(facts, catalogue)
    }
    allowed = {kind.id for kind, blockers_of in blocked.items() if not blockers_of}
    advice = advice_of(facts, catalogue, owed, frozenset(kind for kind in catalogue.kinds if kind not in allowed))
    lines = {line.kind: line for line in advice.lines}
    made = [
        _option(kind, facts, catalogue, owed, lines.get(kind.id), blockers_of) for kind, blockers_of in blocked.items()
    ]
    advised = _advised(made, facts, owed, advice)
    rests_on = advice.basis
    return tuple(replace(one, is_recommended=one.kind == advised, rests_on=rests_on) for one in made), advice


def _shown(facts: RemedyFacts, catalogue: Catalogue) -> list[Kind]:
    return [
        kind
        for kind in catalogue.kinds.values()
        if kind.fits_reason(facts.case.sub_reason)
        and not (kind.id in _ONLY_IN_DISPUTE and facts.stage not in ("platform_dispute", "appeal"))
    ]


def amount_of(kind: Kind, facts: RemedyFacts, catalogue: Catalogue) -> tuple[int | None, Text | None]:
    """Return the amount that follows from the facts for a kind, with the sentence that explains it."""
    if kind.id == "partial_refund":
        exact = part(facts, catalogue)
        return (exact.amount_fen, exact.text) if exact else (None, None)
    if kind.id == "full_refund" and _is_part_asked(facts) and not floor(facts, catalogue).binds:
        return facts.case.claimed_fen, None
    if kind.id in ("full_refund", "return_and_refund", "accept_claim"):
        return facts.price_fen, None
    return None, None


def _is_part_asked(facts: RemedyFacts) -> bool:
    """Tell whether the buyer asks for less than was paid."""
    claimed, price = facts.case.claimed_fen, facts.price_fen
    return claimed is not None and price is not None and 0 < claimed < price


def check(
    kind: Kind, facts: RemedyFacts, catalogue: Catalogue, *, amount_fen: int | None = None
) -> tuple[Blocker, ...]:
    """Run the preconditions of a kind, with an agreed amount when there is one."""
    return blockers(
        Question(facts=facts, kind=kind, floor=floor(facts, catalogue), catalogue=catalogue, amount_fen=amount_fen)
    )


def _title(kind: Kind, amount: int | None, facts: RemedyFacts) -> Text:
    """Name a remedy; a refund of what is asked is not called full when less was asked than paid."""
    if kind.id == "full_refund" and amount is not None and _is_part_asked(facts) and amount != facts.price_fen:
        return Text(f"按申请退 {yuan(amount)}", f"Refund {yuan(amount)} as asked")
    return kind.title


def _option(  # noqa: PLR0917 - all that one row shows
    kind: Kind,
    facts: RemedyFacts,
    catalogue: Catalogue,
    owed: Floor,
    line: Line | None,
    blocked: tuple[Blocker, ...],
) -> Option:
    amount, explains = amount_of(kind, facts, catalogue)
    cost = line.cost_fen if line is not None else None
    is_floor = owed.kind is not FloorKind.NONE and _reaches(kind, owed)
    return Option(
        kind=kind.id,
        title=_title(kind, amount, facts),
        allowed=not blocked,
        blocked_by=blocked,
        is_floor=is_floor,
        is_recommended=False,
        cost_low_fen=cost[0] if cost else None,
        cost_high_fen=cost[2] if cost else None,
        needs=kind.needs,
        route=kind.route,
        is_floor_conditional=is_floor and owed.is_conditional,
        amount_fen=amount,
        explains=explains,
        cost_mid_fen=cost[1] if cost else None,
        harm_fen=line.harm_fen if line is not None else None,
    )


def _reaches(kind: Kind, owed: Floor) -> bool:
    if kind.id == "resend_same_code":
        return owed.rule == "F1"  # sending the code is what was promised; for any other failing it is no cure
    return _RANK[kind.satisfies] >= _RANK[owed.kind.value]


def _advised(made: Sequence[Option], facts: RemedyFacts, owed: Floor, advice: Advice) -> str | None:
    """Name the remedy to advise, or None to abstain. Never one below the floor; evidence before a refusal.

    While facts are open that can still be got: ask first. Else the best final remedy, where it may be chosen.
    """
    allowed = {option.kind: option for option in made if option.allowed}
    if owed.binds:
        reaching = [option for option in allowed.values() if option.is_floor and option.route == "offer"]
        if any(option.kind == advice.recommended for option in reaching):
            return advice.recommended
        return min(reaching, key=_middle).kind if reaching else None
    if facts.case.sub_reason == "O3":  # somebody else may sit at the account: the platform decides
        return next((kind for kind in ("escalate", "ask_first") if kind in allowed), None)
    is_open = owed.is_conditional or bool(facts.gaps) or advice.is_abstaining
    if is_open and "ask_first" in allowed and _asking_helps(facts):
        return "ask_first"
    if _is_unredeemed_personal(facts):
        return None  # the shop's own generosity is not ours to advise
    return advice.recommended if advice.recommended in allowed else None


def _middle(option: Option) -> int:
    return option.cost_mid_fen if option.cost_mid_fen is not None else 10**12


def _asking_helps(facts: RemedyFacts) -> bool:
    return facts.findings.delivery is not Delivery.NOT_DELIVERED and any(
        item.state is ItemState.ASK for item in facts.items
    )


def _is_unredeemed_personal(facts: RemedyFacts) -> bool:
    return facts.case.sub_reason.startswith("P") and facts.findings.timing is Timing.UNREDEEMED


def tip(made: Sequence[Option], facts: RemedyFacts, advice: Advice | None = None) -> Text | None:
    """Say which facts would change the advice, and what each is worth; None when none is open."""
    if not any(option.kind == "ask_first" and option.allowed for option in made):
        return None
    if advice is not None and advice.ask_first:
        zh = "；".join(f"{one.fact.how_zh}（约值 {yuan(one.worth)}）" for one in advice.ask_first)
        en = "; ".join(f"{one.fact.how_en} (worth about {yuan(one.worth)})" for one in advice.ask_first)
        return Text(f"先问清再决定：{zh}。", f"Ask before deciding: {en}.")
    item = next(
        (one for one in facts.items if one.state is ItemState.ASK and one.weight.is_decisive and one.kind == "E3"), None
    ) or next((one for one in facts.items if one.state is ItemState.ASK and one.weight.is_decisive), None)
    if item is None:
        return None
    return Text(f"只要有“{item.title.zh}”，建议就可能改变。", f"One fact may change the advice: {item.title.en}.")


def snapshot(
    facts: RemedyFacts, catalogue: Catalogue, chosen: str, amount_fen: int | None = None, why: Why = UNSAID
) -> dict[str, Any]:
    """Write down a decision: what was known, by which rules what was advised, what was chosen and why otherwise.

    ``inputs`` are those of ``cardcase advise``, which answers them the same with the numbers of ``advice_version``.
    """
    made, advice = judge(facts, catalogue)
    owed = floor(facts, catalogue)
    advised = next((one.kind for one in made if one.is_recommended), "")
    return {
        "inputs": write_claim(claim_of(facts)),
        "advice_version": f"{advice.version}; remedies/{catalogue.version}",
        "advised": advised,
        "advised_final": advice.recommended,
        "advised_amount_fen": advice.amount_fen,
        "asked_first": [one.fact.id for one in advice.ask_first],
        "p_seller_fault_permille": [
            round(1000 * share) for share in (advice.belief.low, advice.belief.mid, advice.belief.high)
        ],
        "numbers": [{"number": one.number, "is_learned": one.is_learned, "n": one.n} for one in advice.rests_on],
        "floor": owed.rule,
        "floor_kind": owed.kind.value,
        "floor_is_conditional": owed.is_conditional,
        "floor_binds": owed.binds,
        "chosen": chosen,
        "chosen_amount_fen": amount_fen,
        "is_other_than_advised": is_other(advised, chosen),
        "because": why.because.value,
        "because_note": why.note,
    }
