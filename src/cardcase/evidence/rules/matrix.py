"""The evidence matrix as a validated catalogue: what proves what, who holds it, what a refusal needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from cardcase.cases.rules import SUB_REASONS
from cardcase.kit.catalogue import BrokenCatalogue, Record, load
from cardcase.kit.text import Text

SHIPPED: Final = Path(__file__).parent.parent / "data" / "matrix.toml"
NAME: Final = "matrix.toml"

UNCLEAR: Final = "O5"
"""The sub-reason under which a case is judged while nobody has said what it is about."""

Party = Literal["buyer", "seller", "supplier", "platform", "issuer", "carrier"]

PARTY_TITLES: Final[Mapping[str, Text]] = {
    "buyer": Text("买家", "the buyer"),
    "seller": Text("店铺自己", "the shop itself"),
    "supplier": Text("货源方", "the supplier"),
    "platform": Text("平台", "the platform"),
    "issuer": Text("发卡方", "the issuer"),
    "carrier": Text("快递", "the carrier"),
}


class Weight(StrEnum):
    """How much an item proves for a sub-reason; the ``ask_`` ones are to be asked of the buyer."""

    DECISIVE = "decisive"
    SUPPORTS = "supports"
    ASK_DECISIVE = "ask_decisive"
    ASK_SUPPORTS = "ask_supports"

    @property
    def is_decisive(self) -> bool:
        """Tell whether the item can decide the question by itself."""
        return self in (Weight.DECISIVE, Weight.ASK_DECISIVE)


class Kind(Record):
    """One kind of evidence, E1 … E24."""

    title_zh: str
    title_en: str
    shows_zh: str
    shows_en: str
    party: Party
    proves: dict[str, Weight]
    judged: dict[str, Weight] = Field(default_factory=dict)
    how_zh: str
    how_en: str
    wording_zh: str = ""
    wording_en: str = ""
    ties: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    physical_only: bool = False

    @property
    def title(self) -> Text:
        """Name on screen."""
        return Text(self.title_zh, self.title_en)

    @property
    def shows(self) -> Text:
        """Say in a few words what it tells."""
        return Text(self.shows_zh, self.shows_en)

    @property
    def how(self) -> Text:
        """Say how to get it."""
        return Text(self.how_zh, self.how_en)

    def wording(self, nonce: str = "") -> Text | None:
        """Return the sentence that asks the buyer for it; None when there is none, or when its word is not made yet."""
        if not self.wording_zh or ("{nonce}" in self.wording_zh and not nonce):
            return None
        return Text(self.wording_zh, self.wording_en).format(nonce=nonce)

    def weight_for(self, sub_reason: str) -> Weight | None:
        """Say what it proves for a sub-reason; None: irrelevant."""
        return self.proves.get(sub_reason) or self.judged.get(sub_reason)

    @property
    def order(self) -> int:
        """Place in the matrix."""
        return int(self.id[1:])


class DeclineNeeds(Record):
    """What must be on file before a claim of this sub-reason may be refused: of each group at least one kind."""

    groups: tuple[tuple[str, ...], ...]
    also_if_redeemed: tuple[str, ...] = ()
    never_zh: str = ""
    never_en: str = ""

    @property
    def never(self) -> Text | None:
        """Say why this sub-reason is never refused as it stands; None when it may be."""
        return Text(self.never_zh, self.never_en) if self.never_zh else None


class Number(Record):
    """One number used by the rules, with its source."""

    value: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole matrix: kinds and refusal needs by id, numbers by name."""

    version: str
    kinds: Mapping[str, Kind]
    declines: Mapping[str, DeclineNeeds]
    numbers: Mapping[str, int]

    def relevant(self, sub_reason: str) -> list[tuple[Kind, Weight]]:
        """List the kinds that prove something for a sub-reason, in matrix order. Unknown reasons count as unclear."""
        code = sub_reason if sub_reason in SUB_REASONS else UNCLEAR
        pairs = ((kind, kind.weight_for(code)) for kind in self.kinds.values())
        return sorted(((kind, weight) for kind, weight in pairs if weight), key=lambda pair: pair[0].order)

    def decline_needs(self, sub_reason: str) -> DeclineNeeds:
        """Return what a refusal needs. Unknown reasons count as unclear, which is never refused."""
        return self.declines[sub_reason if sub_reason in SUB_REASONS else UNCLEAR]


def read_matrix(override: Path | None = None) -> Matrix:
    """Read and validate the matrix, with a shop's own records laid over it. Raises BrokenCatalogue."""
    return _read(override, override.stat().st_mtime_ns if override is not None and override.exists() else 0)


@lru_cache(maxsize=64)
def _read(override: Path | None, _stamp: int) -> Matrix:
    kinds = load(SHIPPED, Kind, table="kind", override=override)
    declines = load(SHIPPED, DeclineNeeds, table="decline", override=override)
    numbers = load(SHIPPED, Number, table="number", override=override)
    matrix = Matrix(
        kinds.header.version,
        kinds.records,
        declines.records,
        {number.id: number.value for number in numbers.records.values()},
    )
    for fault in _faults(matrix):
        raise BrokenCatalogue(f"证据矩阵有误：{fault}", f"The evidence matrix is broken: {fault}")
    return matrix


def _faults(matrix: Matrix) -> list[str]:
    faults = [f"no refusal needs for {code}" for code in SUB_REASONS if code not in matrix.declines]
    for kind in matrix.kinds.values():
        unknown = {*kind.proves, *kind.judged} - set(SUB_REASONS)
        faults += [f"{kind.id}: unknown sub-reason {code}" for code in sorted(unknown)]
        faults += [f"{kind.id}: {code} both proves and judged" for code in sorted({*kind.proves} & {*kind.judged})]
    for needs in matrix.declines.values():
        wanted = {kind for group in (*needs.groups, needs.also_if_redeemed) for kind in group}
        for code in sorted(wanted):
            if code not in matrix.kinds or matrix.kinds[code].weight_for(needs.id) is None:
                faults.append(f"refusing {needs.id} wants {code}, which proves nothing there")
        if not needs.groups and needs.never is None:
            faults.append(f"refusing {needs.id} wants nothing")
    return faults
