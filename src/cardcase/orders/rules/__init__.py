"""How notices of orders and refunds become rows: which of two notices counts, and what each one really says. Pure."""

from enum import StrEnum


class Taken(StrEnum):
    """What became of one notice."""

    NEW = "new"
    KNOWN = "known"
    CHANGED = "changed"
