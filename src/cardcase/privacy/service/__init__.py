"""Verbs: restrict, lift, erase, export; and what the clock does about them."""

from .asking import DataHeld, NotDueYet
from .erasing import erase, erase_due, finish
from .exporting import Copy, export
from .restricting import lift, restrict
from .sweeping import destroy_orphans, finish_begun, propose_due

__all__ = [
    "Copy",
    "DataHeld",
    "NotDueYet",
    "destroy_orphans",
    "erase",
    "erase_due",
    "export",
    "finish",
    "finish_begun",
    "lift",
    "propose_due",
    "restrict",
]
