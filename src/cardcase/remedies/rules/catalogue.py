"""The catalogue of remedies: kinds, limits and refuse reasons, and the numbers behind the advice; validated."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from cardcase.cases.rules import SUB_REASONS
from cardcase.kit.catalogue import BrokenCatalogue, Record, load
from cardcase.kit.text import Text

if TYPE_CHECKING:
    from .advice.numbers import Numbers

SHIPPED: Final = Path(__file__).parent.parent / "data" / "remedies.toml"
NAME: Final = "remedies.toml"
ADVICE: Final = "advice.toml"

Route = Literal["ask", "offer", "decline", "escalate", "plan"]


class Kind(Record):
    """One kind of remedy."""

    title_zh: str
    title_en: str
    fits: tuple[str, ...]
    route: Route
    value: Literal["money", "card", "none"]
    satisfies: Literal["", "proportional", "full_or_replace"] = ""
    checks: tuple[str, ...]
    needs_zh: str
    needs_en: str

    @property
    def title(self) -> Text:
        """Name on screen."""
        return Text(self.title_zh, self.title_en)

    @property
    def needs(self) -> Text:
        """Say what it needs first."""
        return Text(self.needs_zh, self.needs_en)

    @property
    def is_money(self) -> bool:
        """Tell whether the platform pays money for it."""
        return self.value == "money"

    def fits_reason(self, sub_reason: str) -> bool:
        """Tell whether it is shown for a sub-reason."""
        return "*" in self.fits or sub_reason in self.fits


class Limit(Record):
    """A bound of a channel or of our own."""

    least_fen: int = 0
    most_fen: int | None = None
    least_permille: int = 0
    days: int = 0
    is_supported: Literal["yes", "no", "unknown"] = "unknown"


class RefuseReason(Record):
    """A reason that a platform's refuse form offers, in its own words."""

    text: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything of ``remedies.toml`` by id, and the numbers of the ``advice.toml`` beside it."""

    version: str
    kinds: Mapping[str, Kind]
    limits: Mapping[str, Limit]
    refuse_reasons: tuple[str, ...]
    numbers: "Numbers"

    def partial_limit(self, channel: str) -> Limit:
        """Return the bounds of a partial refund on a channel; unknown channels have none but one 分."""
        return self.limits.get(f"partial:{channel}") or Limit(id=f"partial:{channel}", least_fen=1)


def read_catalogue(override: Path | None = None) -> Catalogue:
    """Read and validate the catalogue, with a shop's own records laid over it. Raises BrokenCatalogue."""
    beside = override.with_name(ADVICE) if override is not None else None
    stamps = tuple(one.stat().st_mtime_ns if one is not None and one.exists() else 0 for one in (override, beside))
    return _read(override, beside, stamps)


@lru_cache(maxsize=64)
def _read(override: Path | None, beside: Path | None, _stamps: tuple[int, ...]) -> Catalogue:
    from .advice.numbers import read_numbers
    from .preconditions import CHECKS

    kinds = load(SHIPPED, Kind, table="kind", override=override)
    made = Catalogue(
        kinds.header.version,
        kinds.records,
        load(SHIPPED, Limit, table="limit", override=override).records,
        tuple(
            reason.text
            for reason in load(SHIPPED, RefuseReason, table="refuse_reason", override=override).records.values()
        ),
        read_numbers(beside),
    )
    faults = [
        f"{kind.id} {what} {name}"
        for kind in made.kinds.values()
        for what, name in (
            *(("names an unknown check:", name) for name in kind.checks if name not in CHECKS),
            *(("fits an unknown sub-reason:", name) for name in kind.fits if name not in (*SUB_REASONS, "*")),
        )
    ]
    if faults:
        raise BrokenCatalogue(f"处理方案目录有误：{faults[0]}", f"The catalogue of remedies is broken: {faults[0]}")
    return made
