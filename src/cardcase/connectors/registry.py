"""All readers of all connectors. A new connector adds one import and one line here."""

from typing import Final

from .cardlines.reader import READERS as CARD_FILES
from .chats.reader import READERS as CHATS
from .goofish.reader import READERS as GOOFISH
from .reader import Reader
from .tables.reader import READERS as TABLES

READERS: Final[tuple[Reader, ...]] = (
    *GOOFISH,
    *CHATS,
    *TABLES,
    *CARD_FILES,
)
"""In the order in which they win when equally sure."""
