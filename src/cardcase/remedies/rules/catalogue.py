"""The catalogue of remedies: kinds, priors, limits and refuse reasons, validated."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from cardcase.cases.rules import SUB_REASONS
from cardcase.kit.catalogue import BrokenCatalogue, Record, load
from cardcase.kit.text import Text

SHIPPED: Final = Path(__file__).parent.parent / "data" / "remedies.toml"
NAME: Final = "remedies.toml"

Route = Literal["ask", "offer", "accept", "decline", "escalate", "plan"]


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


class Prior(Record):
    """A range assumed until measured; shares in per mille, money in 分."""

    low: int
    high: int

    @property
    def shares(self) -> tuple[Fraction, Fraction]:
        """The range as fractions of one."""
        return Fraction(self.low, 1000), Fraction(self.high, 1000)


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
    """Everything of ``remedies.toml`` by id."""

    version: str
    kinds: Mapping[str, Kind]
    priors: Mapping[str, Prior]
    limits: Mapping[str, Limit]
    refuse_reasons: tuple[str, ...]

    def partial_limit(self, channel: str) -> Limit:
        """Return the bounds of a partial refund on a channel; unknown channels have none but one 分."""
        return self.limits.get(f"partial:{channel}") or Limit(id=f"partial:{channel}", least_fen=1)


def read_catalogue(override: Path | None = None) -> Catalogue:
    """Read and validate the catalogue, with a shop's own records laid over it. Raises BrokenCatalogue."""
    return _read(override, override.stat().st_mtime_ns if override is not None and override.exists() else 0)


@lru_cache(maxsize=64)
def _read(override: Path | None, _stamp: int) -> Catalogue:
    from .preconditions import CHECKS

    kinds = load(SHIPPED, Kind, table="kind", override=override)
    made = Catalogue(
        kinds.header.version,
        kinds.records,
        load(SHIPPED, Prior, table="prior", override=override).records,
        load(SHIPPED, Limit, table="limit", override=override).records,
        tuple(
            reason.text
            for reason in load(SHIPPED, RefuseReason, table="refuse_reason", override=override).records.values()
        ),
    )
    faults = [
        f"{kind.id} {what} {name}"
        for kind in made.kinds.values()
        for what, name in (
            *(("names an unknown check:", name) for name in kind.checks if name not in CHECKS),
            *(("fits an unknown sub-reason:", name) for name in kind.fits if name not in (*SUB_REASONS, "*")),
        )
    ]
    faults += [f"prior {prior.id} runs backwards" for prior in made.priors.values() if prior.low > prior.high]
    if faults:
        raise BrokenCatalogue(f"处理方案目录有误：{faults[0]}", f"The catalogue of remedies is broken: {faults[0]}")
    return made
