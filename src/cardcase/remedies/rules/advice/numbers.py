"""The numbers behind the advice: causes, weights of evidence, ranges, facts to ask for. Data, validated, made ready.

They come from ``data/advice.toml``; a shop may lay its own records over them. ``[[learned]]`` records, made from a
shop's labels by ``rules/learning``, move them stratum by stratum; they are for the very numbers they were made with.
"""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from pydantic import ConfigDict, Field, model_validator

from cardcase.cases.rules import SUB_REASONS
from cardcase.kit import canonical
from cardcase.kit.catalogue import BrokenCatalogue, Record, load

SHIPPED: Final = Path(__file__).parent.parent.parent / "data" / "advice.toml"
NAME: Final = "advice.toml"

LEAST_LABELS: Final = 8
"""A learned value rests on at least so many labels (disputes.md §8.4: use the prior below)."""

Vector = tuple[float, ...]
Share = float

FAMILIES: Final = ("A", "P", "V", "O")
RANGES: Final = (
    "prior_odds", "claim_rest", "claim_trust", "background_trust", "state_error", "win_after", "win_else", "win_before",
    "win_account", "win_paper", "escalates", "accepts", "labour_fen", "platform_loss_fen", "goodwill_lost",
    "salvage_share", "card_cost_share", "second_complaint", "second_complaint_bad", "gift_share", "refuse_below",
    "pay_above", "least_part", "serious_short", "history_weight", "worth_share", "fault_strength", "win_strength",
)  # fmt: skip
EVIDENCE: Final = (
    "provenance_none", "provenance_partial", "provenance_full", "checked_before_sale", "not_checked_before_sale",
    "admitted", "not_admitted", "delivery_recorded", "loyal", "serial", "lot_fails", "lot_is_sound",
)  # fmt: skip
FACTS: Final = (
    "redemption", "redeemed_by_buyer_account", "verified_balance_fen", "delivered", "provenance", "pre_sale_check",
)  # fmt: skip


class Cause(Record):
    """One thing that may really have happened."""

    zh: str
    en: str
    side: Literal["seller", "buyer", "third"]
    entitled: bool
    sound: bool = True
    weight: float = Field(gt=0)
    claims: dict[str, float]
    state: tuple[float, float, float]
    account: float = Field(gt=0, lt=1)
    balance: tuple[float, float, float]


class Weight(Record):
    """How likely a piece of evidence is under each side; a cause may be named with a value of its own."""

    seller: float = Field(gt=0)
    third: float = Field(gt=0)
    buyer: float = Field(gt=0)
    model_config = ConfigDict(extra="allow", frozen=True)

    def under(self, cause: Cause) -> float:
        """Return the likelihood under one cause."""
        own = (self.__pydantic_extra__ or {}).get(cause.id)
        return float(own if own is not None else getattr(self, cause.side))


class Range(Record):
    """A number with what it may at least and at most be."""

    low: float = Field(ge=0)
    mid: float = Field(ge=0)
    high: float = Field(ge=0)


class Learned(Record):
    """A value learned from a shop's labels: of one stratum, with what it was counted from.

    ``prior_odds``: what the odds of the shop's fault are multiplied by for a sub-reason in a redemption state.
    ``win_*``: the chance itself. ``hits`` of ``n`` labels where ``expected`` was forecast; ``part``: how much of the
    stratum the labels can speak for. ``base``: the version of the numbers that it belongs to.
    """

    number: Literal["prior_odds", "win_after", "win_else", "win_before"]
    sub_reason: str = ""
    redemption: str = ""
    low: float = Field(gt=0)
    mid: float = Field(gt=0)
    high: float = Field(gt=0)
    n: int = Field(ge=LEAST_LABELS)
    hits: int = Field(ge=0)
    expected: float = Field(gt=0, lt=1)
    part: float = Field(ge=0, le=1)
    base: str

    @model_validator(mode="after")
    def _holds(self) -> "Learned":
        if not self.low <= self.mid <= self.high:
            raise ValueError("runs backwards")
        if self.number != "prior_odds" and self.high >= 1:
            raise ValueError("a chance is below 1")
        if (self.number == "prior_odds") != (self.sub_reason in SUB_REASONS) or self.hits > self.n:
            raise ValueError("names no stratum, or more hits than labels")
        return self


class Fact(Record):
    """A fact that may be asked for: how, for what part of the usual work, and in how much time at least."""

    labour: float = Field(ge=0)
    least_time_s: int = Field(ge=0)
    how_zh: str
    how_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Everything of ``advice.toml``, as vectors over the causes in the order of the file."""

    id: str
    version: str  # with the version of what was learned, when anything was
    base: str  # without it
    causes: tuple[Cause, ...]
    prior: Vector
    entitled: Vector
    sound: Vector
    sound_unredeemed: Vector
    claims: Mapping[str, Vector]
    states: Mapping[str, Vector]
    plain_states: tuple[Vector, Vector, Vector]
    account: Vector
    other_account: Vector
    redeemed_by_buyer: Vector
    redeemed_by_other: Vector
    balances: tuple[Vector, Vector, Vector]
    evidence: Mapping[str, Vector]
    low: Mapping[str, float]
    mid: Mapping[str, float]
    high: Mapping[str, float]
    facts: Mapping[str, Fact]
    short_before: int
    not_delivered: int
    faults_learned: Mapping[tuple[str, str], Learned]
    wins_learned: Mapping[str, Learned]

    def fault_learned(self, sub_reason: str, redemption: str) -> Learned | None:
        """Return what was learned about a stratum; None: the prior stands."""
        return self.faults_learned.get((sub_reason, redemption)) if self.faults_learned else None


def read_numbers(override: Path | None = None, *, learned: Path | None = None) -> Numbers:
    """Read and validate the numbers, with a shop's own records laid over them, and what was learned over these.

    Raises BrokenCatalogue, also for values that were learned with other numbers than these.
    """
    made = _read(override, override.stat().st_mtime_ns if override is not None and override.exists() else 0)
    return made if learned is None else with_learned(made, read_learned(learned))


def read_learned(path: Path) -> tuple[Learned, ...]:
    """Read the learned values of a file; a file may have none. Raises BrokenCatalogue."""
    return tuple(load(path, Learned, table="learned").records.values())


def version_of(records: Sequence[Learned]) -> str:
    """Name a set of learned values by its content: the same labels give the same version."""
    plain = [one.model_dump(mode="json", exclude={"source", "certainty"}) for one in records]
    return hashlib.sha256(canonical.encode(plain)).hexdigest()[:12] if plain else ""


def with_learned(numbers: Numbers, records: Sequence[Learned]) -> Numbers:
    """Lay learned values over the priors they were made with. Raises BrokenCatalogue for those of other numbers."""
    if not records:
        return numbers
    if any(one.base != numbers.base for one in records):
        raise BrokenCatalogue(
            f"这些学到的值是配另一版数字的：{records[0].base}，现在是 {numbers.base}；请重新运行 cardcase learn",
            f"These values were learned with {records[0].base}, not {numbers.base}: run cardcase learn again",
        )
    wins: dict[str, Learned] = {one.number: one for one in records if one.number != "prior_odds"}
    return replace(
        numbers,
        version=f"{numbers.base.partition('/')[2]}+{version_of(records)}",
        faults_learned={(one.sub_reason, one.redemption): one for one in records if one.number == "prior_odds"},
        wins_learned=wins,
        low={**numbers.low, **{name: one.low for name, one in wins.items()}},
        mid={**numbers.mid, **{name: one.mid for name, one in wins.items()}},
        high={**numbers.high, **{name: one.high for name, one in wins.items()}},
    )


@lru_cache(maxsize=64)
def _read(override: Path | None, _stamp: int) -> Numbers:
    causes = load(SHIPPED, Cause, table="cause", override=override)
    weights = load(SHIPPED, Weight, table="evidence", override=override).records
    ranges = load(SHIPPED, Range, table="number", override=override).records
    facts = load(SHIPPED, Fact, table="fact", override=override).records
    fault = next(iter(_faults(causes.records, weights, ranges, facts)), None)
    if fault is not None:
        raise BrokenCatalogue(f"建议所用的数字有误：{fault}", f"The numbers behind the advice are broken: {fault}")
    made = tuple(causes.records.values())
    total = sum(cause.weight for cause in made)
    error = ranges["state_error"].mid
    spread = tuple(_shares(cause.state) for cause in made)
    account = tuple(cause.account for cause in made)
    plain = (_column(spread, 0), _column(spread, 1), _column(spread, 2))
    return Numbers(
        id=causes.header.id,
        version=causes.header.version,
        base=_base(causes.header.id, causes.header.version, override),
        causes=made,
        prior=tuple(cause.weight / total for cause in made),
        entitled=tuple(1.0 if cause.entitled else 0.0 for cause in made),
        sound=tuple(1.0 if cause.sound else 0.0 for cause in made),
        sound_unredeemed=tuple(share * cause.sound for share, cause in zip(plain[0], made, strict=True)),
        claims=_claims(made, ranges["claim_rest"].mid, ranges["claim_trust"].mid),
        states={
            name: tuple((1 - error) * share + error / 3 for share in column)
            for name, column in zip(("unredeemed", "after_reveal", "before_reveal"), plain, strict=True)
        },
        plain_states=plain,
        account=account,
        other_account=tuple(1 - share for share in account),
        redeemed_by_buyer=tuple(after * own for after, own in zip(plain[1], account, strict=True)),
        redeemed_by_other=tuple(
            after * (1 - own) + before for after, own, before in zip(plain[1], account, plain[2], strict=True)
        ),
        balances=_columns(tuple(_shares(cause.balance) for cause in made)),
        evidence={name: tuple(weights[name].under(cause) for cause in made) for name in EVIDENCE},
        low={name: one.low for name, one in ranges.items()},
        mid={name: one.mid for name, one in ranges.items()},
        high={name: one.high for name, one in ranges.items()},
        facts=facts,
        short_before=list(causes.records).index("short_before"),
        not_delivered=list(causes.records).index("not_delivered"),
        faults_learned={},
        wins_learned={},
    )


def _base(name: str, version: str, override: Path | None) -> str:
    """Name the priors: by version, and by content where a shop has laid its own over them."""
    if override is None or not override.exists():
        return f"{name}/{version}"
    raw = tomllib.loads(override.read_text("utf-8"))
    own = {table: rows for table, rows in raw.items() if table in ("cause", "evidence", "number", "fact")}
    if not own:
        return f"{name}/{version}"
    return f"{name}/{version}~{hashlib.sha256(repr(sorted(own.items())).encode()).hexdigest()[:8]}"


def _shares(values: Sequence[float]) -> tuple[float, ...]:
    total = sum(values)
    return tuple(value / total for value in values)


def _column(rows: Sequence[Vector], place: int) -> Vector:
    return tuple(row[place] for row in rows)


def _columns(rows: Sequence[Vector]) -> tuple[Vector, Vector, Vector]:
    return _column(rows, 0), _column(rows, 1), _column(rows, 2)


def _claims(causes: Sequence[Cause], rest: float, trust: float) -> dict[str, Vector]:
    """Say how likely a reason is under each cause: never less than ``rest``, and at a part of its weight (a power)."""
    made = {code: tuple(max(cause.claims.get(code, 0.0), rest) for cause in causes) for code in SUB_REASONS}
    for family in FAMILIES:
        rows = [made[code] for code in SUB_REASONS if code[0] == family]
        made[family] = tuple(sum(column) for column in zip(*rows, strict=True))
    return {code: tuple(share**trust for share in likely) for code, likely in made.items()}


def _faults(
    causes: Mapping[str, Cause],
    weights: Mapping[str, Weight],
    ranges: Mapping[str, Range],
    facts: Mapping[str, Fact],
) -> list[str]:
    missing = [
        f"{what} {name} is missing"
        for what, names, have in (
            ("evidence", EVIDENCE, weights), ("number", RANGES, ranges), ("fact", FACTS, facts),
            ("cause", ("short_before", "not_delivered"), causes),
        )
        for name in names
        if name not in have
    ]  # fmt: skip
    backwards = [f"number {one.id} runs backwards" for one in ranges.values() if not one.low <= one.mid <= one.high]
    absurd = [
        f"cause {cause.id}: {what}"
        for cause in causes.values()
        for what, is_so in (
            ("names an unknown sub-reason", any(code not in SUB_REASONS for code in cause.claims)),
            ("shares are not between 0 and 1", any(not 0 <= share <= 1 for share in cause.claims.values())),
            ("states add up to nothing", sum(cause.state) <= 0 or min(cause.state) < 0),
            ("balances add up to nothing", sum(cause.balance) <= 0 or min(cause.balance) < 0),
        )
        if is_so
    ]
    unknown = [
        f"evidence {one.id} names an unknown cause: {name}"
        for one in weights.values()
        for name, value in (one.__pydantic_extra__ or {}).items()
        if name not in causes or not isinstance(value, int | float) or value <= 0
    ]
    entitled = {cause.entitled for cause in causes.values()}
    return missing + backwards + absurd + unknown + ([] if len(entitled) == 2 else ["every cause is on one side"])  # noqa: PLR2004
