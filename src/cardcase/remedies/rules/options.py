"""The remedies of a case: allowed or blocked and why, what each costs, which is the floor, which is advised."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from cardcase.evidence.rules import Delivery, ItemState, Timing
from cardcase.kit.text import Text

from .catalogue import Catalogue, Kind, Route
from .costs import cost_of
from .facts import RemedyFacts
from .floor import Floor, FloorKind, floor
from .partial import Part, part_of_price
from .preconditions import Blocker, Question, blockers

_RANK: Final = {"": 0, "proportional": 1, "full_or_replace": 2}
_ONLY_IN_DISPUTE: Final = frozenset({"accept_claim"})


@dataclass(frozen=True, slots=True)
class Option:
    """One remedy as it stands for a case. Money in 分; texts are finished sentences.

    ``is_floor``: it gives the buyer at least what is owed, or would be owed if an open question turned out so
    (``is_floor_conditional``). ``amount_fen``: the amount that follows from the facts, None when a person must say it.
    ``rests_on``: what the cost range is built from.
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
    owed = floor(facts, catalogue)
    made = [
        _option(kind, facts, catalogue, owed)
        for kind in catalogue.kinds.values()
        if kind.fits_reason(facts.case.sub_reason)
        and not (kind.id in _ONLY_IN_DISPUTE and facts.stage not in ("platform_dispute", "appeal"))
    ]
    advised = advise(made, facts, owed, catalogue)
    return tuple(replace(option, is_recommended=option.kind == advised) for option in made)


def amount_of(kind: Kind, facts: RemedyFacts, catalogue: Catalogue) -> tuple[int | None, Text | None]:
    """Return the amount that follows from the facts for a kind, with the sentence that explains it."""
    if kind.id == "partial_refund":
        exact = part(facts, catalogue)
        return (exact.amount_fen, exact.text) if exact else (None, None)
    if kind.id in ("full_refund", "return_and_refund", "accept_claim"):
        return facts.price_fen, None
    return None, None


def check(
    kind: Kind, facts: RemedyFacts, catalogue: Catalogue, *, amount_fen: int | None = None
) -> tuple[Blocker, ...]:
    """Run the preconditions of a kind, with an agreed amount when there is one."""
    return blockers(
        Question(facts=facts, kind=kind, floor=floor(facts, catalogue), catalogue=catalogue, amount_fen=amount_fen)
    )


def _option(kind: Kind, facts: RemedyFacts, catalogue: Catalogue, owed: Floor) -> Option:
    amount, explains = amount_of(kind, facts, catalogue)
    blocked = blockers(Question(facts=facts, kind=kind, floor=owed, catalogue=catalogue, amount_fen=None))
    cost = cost_of(kind.id, facts, catalogue, amount_fen=amount)
    is_floor = owed.kind is not FloorKind.NONE and _reaches(kind, owed)
    return Option(
        kind=kind.id,
        title=kind.title,
        allowed=not blocked,
        blocked_by=blocked,
        is_floor=is_floor,
        is_recommended=False,
        cost_low_fen=cost.low_fen if cost else None,
        cost_high_fen=cost.high_fen if cost else None,
        needs=kind.needs,
        route=kind.route,
        is_floor_conditional=is_floor and owed.is_conditional,
        amount_fen=amount,
        explains=explains,
        rests_on=cost.rests_on if cost else None,
    )


def _reaches(kind: Kind, owed: Floor) -> bool:
    if kind.id == "resend_same_code":
        return owed.rule == "F1"  # sending the code is what was promised; for any other failing it is no cure
    return _RANK[kind.satisfies] >= _RANK[owed.kind.value]


def advise(made: Sequence[Option], facts: RemedyFacts, owed: Floor, catalogue: Catalogue) -> str | None:
    """Name the remedy to advise, or None to abstain. Never one below the floor; evidence before a refusal.

    With a binding floor: the cheapest allowed remedy that reaches it. While facts are open: ask first. Else the
    cheaper of refusing (judged as if the buyer surely went to the platform) and paying. Goodwill is never advised.
    """
    allowed = {option.kind: option for option in made if option.allowed}
    if owed.binds:
        reaching = [option for option in allowed.values() if option.is_floor and option.route == "offer"]
        return min(reaching, key=_middle).kind if reaching else None
    if facts.case.sub_reason == "O3":  # somebody else may sit at the account: the platform decides
        return next((kind for kind in ("escalate", "ask_first") if kind in allowed), None)
    if owed.is_conditional or facts.gaps:
        return "ask_first" if "ask_first" in allowed and _asking_helps(facts) else None
    return _cheaper(allowed, facts, catalogue)


def _cheaper(allowed: dict[str, Option], facts: RemedyFacts, catalogue: Catalogue) -> str | None:
    if "decline" not in allowed or _is_unredeemed_personal(facts):
        return None  # the shop's own generosity is not ours to advise
    estimate = cost_of("decline", facts, catalogue)
    paying = [option for kind, option in allowed.items() if kind in ("full_refund", "partial_refund")]
    if estimate is None or estimate.justify_fen is None or not paying:
        return None
    cheapest = min(paying, key=_middle)
    return "decline" if estimate.justify_fen <= _middle(cheapest) else cheapest.kind


def _middle(option: Option) -> int:
    if option.cost_low_fen is None or option.cost_high_fen is None:
        return 10**12
    return (option.cost_low_fen + option.cost_high_fen) // 2


def _asking_helps(facts: RemedyFacts) -> bool:
    return facts.findings.delivery is not Delivery.NOT_DELIVERED and any(
        item.state is ItemState.ASK for item in facts.items
    )


def _is_unredeemed_personal(facts: RemedyFacts) -> bool:
    return facts.case.sub_reason.startswith("P") and facts.findings.timing is Timing.UNREDEEMED


def tip(made: Sequence[Option], facts: RemedyFacts) -> Text | None:
    """Say which single fact would change the advice, and about what it is worth; None when none is open."""
    item = next(
        (one for one in facts.items if one.state is ItemState.ASK and one.weight.is_decisive and one.kind == "E3"), None
    ) or next((one for one in facts.items if one.state is ItemState.ASK and one.weight.is_decisive), None)
    if item is None or not any(option.kind == "ask_first" and option.allowed for option in made):
        return None
    return Text(f"只要有“{item.title.zh}”，建议就可能改变。", f"One fact may change the advice: {item.title.en}.")
