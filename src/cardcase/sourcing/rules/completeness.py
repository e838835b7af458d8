"""How completely the shop can show where a batch, or one card, came from.

A guide for the shop, not a proof: a full score says that the papers are there and agree with one another, not that
they are genuine. Weights and sentences stand in ``data/completeness.toml``; how each item is judged stands here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from pydantic import Field

from cardcase.kit.catalogue import Record
from cardcase.kit.text import Text

FULL: Final = 100
RECEIPT_SHARE: Final = 75
"""A receipt names seller, sum and day but no tax office stands behind it. Our own judgement."""
TOLERANCE_SHARE: Final = 2
"""Percent by which the sum of the cards may differ from the papers: freight, rebates, rounding. Our own judgement."""

BATCH, CARD = "batch", "card"


class Item(Record):
    """One thing that the books may show. ``evidence``: kinds of the evidence matrix; ``reasons`` it matters for."""

    weight: int = Field(ge=0, le=FULL)
    title_zh: str
    title_en: str
    missing_zh: str
    missing_en: str
    proves_zh: str
    proves_en: str
    evidence: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


class Standing(StrEnum):
    """How an item stands. Contradicted is worse than missing: the other side would find it."""

    DONE = "done"
    PARTLY = "partly"
    MISSING = "missing"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceFacts:
    """What is known of the purchase of some cards. ``listed`` None: there is no list of numbers. Money in 分."""

    cards: int
    has_supplier: bool = False
    channel: str = "unknown"
    has_identity: bool = False
    acquired_on: date | None = None
    first_sold_on: date | None = None
    cost_known: int = 0
    cost_fen: int | None = None
    has_invoice: bool = False
    has_receipt: bool = False
    has_payment: bool = False
    papers_fen: int | None = None
    listed: int | None = None
    checked: int = 0
    checked_fresh: int = 0
    has_claim_window: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """One item as it stands: how much of it is there (0 to 100), and what that gives."""

    id: str
    standing: Standing
    share: int
    weight: int
    title: Text
    missing: Text
    proves: Text
    evidence: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Completeness:
    """The whole: ``score`` from 0 to 100."""

    score: int
    items: tuple[Judged, ...]

    @property
    def gaps(self) -> tuple[Judged, ...]:
        """Return what is not fully there, contradictions first, then by weight."""
        open_items = [item for item in self.items if item.standing is not Standing.DONE]
        return tuple(sorted(open_items, key=lambda item: (item.standing is not Standing.CONTRADICTED, -item.weight)))

    def gaps_for(self, reason: str) -> tuple[Judged, ...]:
        """Return the gaps that matter in a dispute with this sub-reason (A2, V1 …)."""
        return tuple(item for item in self.gaps if reason in item.reasons)


NOTE: Final = Text(
    "分数只说明材料齐不齐、彼此是否一致，不证明材料本身真实。",
    "The score says whether the papers are there and agree; it does not prove that they are genuine.",
)


def _whole(is_there: bool) -> int:
    return FULL if is_there else 0


def _part(some: int, cards: int) -> int:
    return 0 if cards == 0 else FULL * min(some, cards) // cards


def _invoice(facts: ProvenanceFacts) -> int:
    return FULL if facts.has_invoice else RECEIPT_SHARE if facts.has_receipt else 0


def _amounts(facts: ProvenanceFacts) -> int | None:
    if facts.papers_fen is None or facts.cost_fen is None:
        return 0
    spread = abs(facts.papers_fen - facts.cost_fen) * FULL
    return FULL if spread <= TOLERANCE_SHARE * max(facts.papers_fen, 1) else None


def _dates(facts: ProvenanceFacts) -> int | None:
    if facts.acquired_on is None:
        return 0
    days = [day for day in (facts.first_sold_on,) if day is not None]
    return None if any(day < facts.acquired_on for day in days) else FULL


_JUDGES: Final[Mapping[str, Callable[[ProvenanceFacts], int | None]]] = MappingProxyType(
    {
        "supplier": lambda facts: _whole(facts.has_supplier),
        "channel": lambda facts: _whole(facts.channel not in ("", "unknown")),
        "identity": lambda facts: _whole(facts.has_identity),
        "acquired": lambda facts: _whole(facts.acquired_on is not None),
        "cost": lambda facts: _part(facts.cost_known, facts.cards),
        "invoice": _invoice,
        "payment": lambda facts: _whole(facts.has_payment),
        "serials": lambda facts: _part(facts.listed or 0, facts.cards),
        "checked": lambda facts: _part(facts.checked, facts.cards),
        "fresh": lambda facts: _part(facts.checked_fresh, facts.cards),
        "claim_window": lambda facts: _whole(facts.has_claim_window),
        "amounts": _amounts,
        "dates": _dates,
    }
)
"""Item → how much of it is there, 0 to 100; None: what is there contradicts itself."""

ITEMS: Final = frozenset(_JUDGES)


def judge(facts: ProvenanceFacts, items: Sequence[Item]) -> Completeness:
    """Judge each item and add them up. An item that contradicts itself gives nothing."""
    found = []
    for item in items:
        share = _JUDGES[item.id](facts)
        if share is None:
            standing = Standing.CONTRADICTED
        else:
            standing = Standing.DONE if share == FULL else Standing.PARTLY if share else Standing.MISSING
        found.append(
            Judged(
                item.id,
                standing,
                share or 0,
                item.weight,
                Text(item.title_zh, item.title_en),
                Text(item.missing_zh, item.missing_en),
                Text(item.proves_zh, item.proves_en),
                item.evidence,
                item.reasons,
            )
        )
    return Completeness(sum(one.weight * one.share for one in found) // FULL, tuple(found))
