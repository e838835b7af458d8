"""Tables of the room, a file for each matter."""

from .deliveries import Allocation, Block, Delivery, ListingKind
from .terms import Terms

__all__ = ["Allocation", "Block", "Delivery", "ListingKind", "Terms"]
