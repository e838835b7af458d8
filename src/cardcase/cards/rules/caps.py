"""When somebody who looks at codes comes near the limit of the day."""

from typing import Final

NEAR: Final = 0.8
"""Share of the day's limit from which the owner is told. Our own choice."""


def comes_near(before: int, after: int, cap: int) -> bool:
    """Tell whether the count goes over the line now: it is told once, not with each further look."""
    line = cap * NEAR
    return before < line <= after
