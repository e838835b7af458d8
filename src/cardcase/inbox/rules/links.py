"""How a conversation came to its order, and which of two ways to believe."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Link(StrEnum):
    """How it is known that a conversation is about an order; stronger ways replace weaker ones."""

    NONE = ""
    MADE_UP = "made_up"  # the chat names no order: one was made so that nothing is lost
    NICK = "nick"  # the only order of a buyer of that nick: a person should look
    BUYER = "buyer"  # the only order of the very buyer, by the channel's own id
    ITEM = "item"  # the same buyer and the same goods
    ORDER_NO = "order_no"  # the channel named the order
    HAND = "hand"  # a person said so


STRENGTH: Final[Mapping[Link, int]] = MappingProxyType({link: place for place, link in enumerate(Link)})
"""Order of belief, weakest first."""


def is_stronger(new: Link, old: str) -> bool:
    """Tell whether a new way of knowing replaces the old one."""
    known = Link(old) if old in set(Link) else Link.NONE
    return STRENGTH[new] > STRENGTH[known]


def later_order_no(one: str, other: str) -> str:
    """Choose between two order numbers that one conversation names: the longer, then the greater, whatever came first.

    A marketplace's numbers grow with time, and the choice must not depend on the order of arrival.
    """
    return max(one, other, key=lambda number: (len(number), number))
