"""The tables of the record, and what the log itself reads and writes in them. People read through ``queries``."""

from .appending import HeadRow
from .tables import Checkpoint, Entry, Head, Opening, SubjectKey

__all__ = ["Checkpoint", "Entry", "Head", "HeadRow", "Opening", "SubjectKey"]
