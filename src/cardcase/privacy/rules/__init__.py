"""What is personal, how long it is kept, what stands against erasing it, and what erased columns become."""

from .holds import HOLD_TITLES, Held, Hold
from .inventory import MARK, Action, Table, cleared, is_left
from .retention import GROUND_TITLES, About, Ground, RetentionRule, due_at
from .states import STATE_TITLES, RemovalState

__all__ = [
    "GROUND_TITLES",
    "HOLD_TITLES",
    "MARK",
    "STATE_TITLES",
    "About",
    "Action",
    "Ground",
    "Held",
    "Hold",
    "RemovalState",
    "RetentionRule",
    "Table",
    "cleared",
    "due_at",
    "is_left",
]
