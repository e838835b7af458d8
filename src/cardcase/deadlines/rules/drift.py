"""Whether the system clock was set while we ran: wall time against a clock that only counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

TOLERANCE: Final = timedelta(seconds=60)
"""Difference that is no jump (reliability.md G6)."""

HOLD: Final = timedelta(minutes=5)
"""How long after a jump forwards nothing is called missed: time servers put a wrong clock right within it."""


@dataclass(slots=True)
class Drift:
    """The last look at both clocks. ``look`` tells by how much the wall clock was set since then."""

    wall: datetime | None = None
    steady: float = 0.0

    def look(self, wall: datetime, steady: float) -> timedelta | None:
        """Return the jump since the last look, None when there was none worth the name; negative is backwards."""
        before, passed = self.wall, timedelta(seconds=steady - self.steady)
        self.wall, self.steady = wall, steady
        if before is None:
            return None
        jump = (wall - before) - passed
        return jump if abs(jump) > TOLERANCE else None
