"""The tables of the record, and what the log itself reads and writes in them. People read through ``queries``."""

from .appending import HeadRow
from .tables import Checkpoint, Content, Entry, Head, Node

__all__ = ["Checkpoint", "Content", "Entry", "Head", "HeadRow", "Node"]
