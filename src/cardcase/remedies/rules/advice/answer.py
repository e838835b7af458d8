"""The advice on a claim, whole: floor, every remedy with its cost and harm, what is best, and what to ask first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from cardcase.kit.text import Text
from cardcase.remedies.rules.catalogue import Catalogue

from . import losses
from .causes import Belief, believe, proven
from .decide import (
    Decision,
    decide,
    decline_blocks,
    part_amount,
    part_blocks,
    replace_blocks,
    resend_blocks,
    supports,
)
from .floors import Owed, owed
from .inputs import Claim
from .losses import Loss, Setting, Stakes, Sums
from .numbers import Numbers
from .value import Question, questions

_MONEY: Final = ("full_refund", "return_and_refund", "accept_claim")
_ELSEWHERE: Final[Mapping[str, str]] = {
    "return_and_refund": "form_unknown",
    "accept_claim": "no_dispute",
    "wait_issuer": "no_issuer_ticket",
    "escalate": "not_declined",
}
"""Kinds that one line cannot judge: the case page can. They are never what is recommended here."""

_WHY: Final[Mapping[str, Text]] = {
    "F1": Text("没有交付：补发或全额退", "not delivered: deliver it or refund in full"),
    "F4": Text("交付前已被兑换：全额退或换卡", "redeemed before delivery: refund in full or replace"),
    "F5": Text("交付时余额不足：至少按比例退", "short at delivery: at least in proportion"),
    "F7": Text("交付时余额少得太多：全额退或换卡", "far short at delivery: refund in full or replace"),
    "redeemed_by_buyer": Text("由买家账号兑换", "redeemed by the buyer's account"),
    "admitted": Text("买家承认用过", "the buyer says it was used"),
    "personal_after_use": Text(
        "交付后已兑换，理由是个人原因", "redeemed after delivery, for reasons of the buyer's own"
    ),
    "personal_agreed_terms": Text(
        "个人原因，交付前同意过条款", "reasons of the buyer's own, terms agreed before delivery"
    ),
    "balance_is_whole": Text("查得余额足额", "the balance was found whole"),
    "part": Text(
        "是谁的责任还不清楚，也没有可以拒绝的依据：按我方责任的可能性各担一部分",
        "whose fault it is stays open, nothing supports a refusal: each bears a part, by how likely it is the shop's",
    ),
    "short": Text("按少的余额占应有余额的比例退", "refund what was missing from what was promised"),
    "full": Text("很可能是我方责任，或退款损失最小", "probably the shop's fault, or the refund loses least"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One remedy: whether it may be chosen, what it costs, what it wrongly withholds. Money None: not known."""

    kind: str
    amount_fen: int | None
    blocked_by: tuple[str, ...]
    cost_fen: tuple[int, int, int] | None
    harm_fen: int | None


@dataclass(frozen=True, slots=True)
class Advice:
    """What is advised on one claim, and what it rests on."""

    id: Any
    owed: Owed
    lines: tuple[Line, ...]
    recommended: str
    amount_fen: int | None
    is_abstaining: bool
    ask_first: tuple[Question, ...]
    belief: Belief
    basis: Text
    version: str
    rests_on: tuple["Origin", ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """A number behind the advice: a prior, or learned from ``n`` labels of the shop; with its range either way."""

    number: str
    is_learned: bool
    n: int
    low: float
    mid: float
    high: float

    @property
    def text(self) -> Text:
        """Say where it comes from, for people."""
        if self.is_learned:
            return Text(f"按本店 {self.n} 单结论校正", f"learned from {self.n} labels of the shop")
        return Text("假设，不是统计", "assumed, not measured")


def advise(
    claim: Claim,
    numbers: Numbers,
    catalogue: Catalogue,
    *,
    owes: Owed | None = None,
    closed: Collection[str] = (),
) -> Advice:
    """Answer one claim.

    ``owes``: the floor when more is known than the claim says. ``closed``: kinds that cannot be done for reasons that
    the claim does not say (no stock, the platform is deciding); they are not recommended.
    """
    at_stake = losses.stakes(claim, numbers)
    least = owed(claim, at_stake) if owes is None else owes
    belief = believe(claim, numbers)
    if least.binds:
        belief = proven(belief, numbers)
    over = losses.sums(belief.shares, claim, at_stake, numbers)
    if least.binds:
        over = over._replace(full=1 - over.part, bad=0.0)
    best = decide(claim, belief, at_stake, over, least, numbers, closed)
    asked = () if least.binds else questions(claim, belief, at_stake, best, numbers, frozenset(closed) - {"decline"})
    ranges = tuple(losses.setting(claim, at_stake.claim, numbers, which) for which in ("low", "high"))
    judged = _Judged(claim, belief, at_stake, over, least, numbers)
    lines = tuple(
        _line(kind, judged, (ranges[0], at_stake.mid, ranges[1]), bool(asked)) for kind in _kinds(claim, catalogue)
    )
    amount = best.amount if at_stake.is_known else None
    return Advice(
        claim.id, least, lines, best.kind, amount, bool(asked), asked, belief,
        _basis(judged, best), f"{numbers.id}/{numbers.version}", _origins(claim, belief, numbers),
    )  # fmt: skip


def document(advice: Advice) -> dict[str, Any]:
    """Write an answer for programs: the contract of ``cardcase advise``."""
    return {
        "id": advice.id,
        "floor": advice.owed.kind.value,
        "floor_fen": advice.owed.amount_fen,
        "floor_rule": advice.owed.rule,
        "options": [
            {
                "kind": line.kind,
                "amount_fen": line.amount_fen,
                "allowed": not line.blocked_by,
                "blocked_by": line.blocked_by,
                "cost_fen": None
                if line.cost_fen is None
                else dict(zip(("low", "mid", "high"), line.cost_fen, strict=True)),
                "harm_fen": line.harm_fen,
            }
            for line in advice.lines
        ],
        "recommended": advice.recommended,
        "recommended_amount_fen": advice.amount_fen,
        "abstain": advice.is_abstaining,
        "ask_first": [
            {"fact": one.fact.id, "how": f"{one.fact.how_zh} / {one.fact.how_en}", "worth_fen": one.worth}
            for one in advice.ask_first
        ],
        "p_seller_fault": {
            "low": round(advice.belief.low, 4),
            "mid": round(advice.belief.mid, 4),
            "high": round(advice.belief.high, 4),
        },
        "numbers": [
            {
                "number": one.number,
                "from": "learned" if one.is_learned else "prior",
                "n": one.n,
                "low": round(one.low, 4),
                "mid": round(one.mid, 4),
                "high": round(one.high, 4),
            }
            for one in advice.rests_on
        ],
        "basis": f"{advice.basis.zh} / {advice.basis.en}",
        "version": advice.version,
    }


@dataclass(frozen=True, slots=True)
class _Judged:
    claim: Claim
    belief: Belief
    at_stake: Stakes
    over: Sums
    owes: Owed
    numbers: Numbers


_FITTING: Final[dict[tuple[int, str], tuple[str, ...]]] = {}


def _kinds(claim: Claim, catalogue: Catalogue) -> tuple[str, ...]:
    """Name the remedies that fit; of a family or an unknown reason all that may; always a part, as a settlement."""
    key = (id(catalogue), claim.sub_reason)
    found = _FITTING.get(key)
    if found is None:
        code = claim.sub_reason
        found = tuple(
            kind.id
            for kind in catalogue.kinds.values()
            if kind.id == "partial_refund"
            or "*" in kind.fits
            or any(fits == code or (len(code) < 2 and fits.startswith(code)) for fits in kind.fits)  # noqa: PLR2004
        )
        _FITTING[key] = found
    return found


def _blocks(kind: str, judged: _Judged, *, is_asking: bool) -> tuple[str, ...]:  # noqa: PLR0911 - one rule a kind
    claim, belief = judged.claim, judged.belief
    if kind in _ELSEWHERE:
        return (_ELSEWHERE[kind],)
    if kind == "ask_first":
        return () if is_asking else ("nothing_worth_asking",)
    if kind == "replace_card":
        return replace_blocks(claim)
    if kind == "resend_same_code":
        return resend_blocks(claim)
    if kind == "partial_refund":
        return part_blocks(judged.over, judged.at_stake, judged.owes, judged.numbers)
    if kind == "decline":
        return decline_blocks(claim, belief, judged.at_stake, judged.over, judged.owes, judged.numbers)
    if kind == "goodwill":
        return ("below_floor",) if judged.owes.binds else ()
    if kind == "supplier_claim" and claim.redemption != "before_reveal":
        return ("failure_unproven",)
    return ()


def _line(kind: str, judged: _Judged, ranges: tuple[Setting, Setting, Setting], is_asking: bool) -> Line:
    amount = None
    if kind in _MONEY:
        amount = judged.at_stake.claim
    elif kind == "partial_refund":
        amount = part_amount(judged.over, judged.at_stake, judged.owes, judged.numbers)
    blocked = _blocks(kind, judged, is_asking=is_asking)
    low, mid, high = (_loss(kind, at, judged, amount) for at in ranges)
    if not judged.at_stake.is_known:
        return Line(kind, None, blocked, None, None)
    costs = (max(0, int(min(low[0], mid[0]))), max(0, round(mid[0])), max(0, ceil(max(high[0], mid[0]))))
    return Line(kind, amount, blocked, costs, max(0, round(mid[1])))


def _loss(kind: str, at: Setting, judged: _Judged, amount: int | None) -> Loss:  # noqa: PLR0911 - one formula a kind
    over, at_stake = judged.over, judged.at_stake
    if kind in _MONEY:
        return losses.full(at, over, at_stake.claim)
    if kind == "partial_refund":
        return losses.part(at, over, at_stake, amount or 0)
    if kind == "replace_card":
        return losses.replace(at, over, at_stake.claim)
    if kind == "resend_same_code":
        return losses.resend(at, over, at_stake)
    if kind == "decline":
        return losses.decline(at, over, at_stake)
    if kind == "escalate":
        return losses.decline(at, over, at_stake, escalates=1.0)
    if kind == "goodwill":
        return losses.goodwill(at, over, at_stake)
    return at.labour, 0.0  # asking, waiting, claiming from the supplier: work; the claim is decided afterwards


def _origins(claim: Claim, belief: Belief, numbers: Numbers) -> tuple[Origin, ...]:
    fault = numbers.fault_learned(claim.sub_reason, claim.redemption)
    win = numbers.wins_learned.get(losses.win_number(claim))
    low, mid, high = (losses.chance_to_win(claim, one) for one in (numbers.low, numbers.mid, numbers.high))
    return (
        Origin("p_seller_fault", fault is not None, fault.n if fault else 0, belief.low, belief.mid, belief.high),
        Origin("p_win", win is not None, win.n if win else 0, low, mid, high),
    )


def _basis(judged: _Judged, best: Decision) -> Text:
    belief, numbers = judged.belief, judged.numbers
    ranked = sorted(zip(belief.shares, numbers.causes, strict=True), key=lambda one: -one[0])[:2]
    zh = "、".join(f"{cause.zh} {share:.0%}" for share, cause in ranked)
    en = ", ".join(f"{cause.en} {share:.0%}" for share, cause in ranked)
    why = _why(judged, best)
    span = f"{belief.low:.0%}–{belief.high:.0%}"
    from_where = _origins(judged.claim, belief, numbers)[0].text
    return Text(
        f"{why.zh}。我方责任的可能性 {span}（{from_where.zh}）；最可能：{zh}。",
        f"{why.en}. The shop's fault {span} ({from_where.en}); most likely: {en}.",
    )


def _why(judged: _Judged, best: Decision) -> Text:
    if judged.owes.rule in _WHY:
        return _WHY[judged.owes.rule]
    if best.kind == "decline":
        return _WHY[supports(judged.claim)[0]]
    if best.kind == "partial_refund":
        return _WHY["short" if judged.at_stake.part is not None and not judged.at_stake.is_serious else "part"]
    return _WHY["full"]
