"""Tables of the room, a file for each matter."""

from .terms import Terms

__all__ = ["Terms"]
