"""All readers of all connectors, and the one entrance to them. A new connector adds one import and one line here."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from .cardlines.reader import READERS as CARD_FILES
from .chats.reader import READERS as CHATS
from .goofish.reader import READERS as GOOFISH
from .ports import FileKind, Reading
from .reader import Reader
from .recognise import recognise
from .tables.reader import READERS as TABLES

READERS: Final[tuple[Reader, ...]] = (
    *GOOFISH,
    *CHATS,
    *TABLES,
    *CARD_FILES,
)
"""In the order in which they win when equally sure."""


def read_file(
    name: str,
    data: bytes,
    *,
    kind: FileKind | None = None,
    encoding: str | None = None,
    seller_names: Sequence[str] = (),
    order_no: str = "",
    copied_on: date | None = None,
) -> Reading:
    """Read one file of any form that a connector knows; recognised by content, never by its name alone.

    Never raises for what is in the file: rows and files that cannot be read are findings of the Reading, and
    ``reading.rows == len(reading.accounted)``. ``kind`` and ``encoding`` override what would be found out;
    ``seller_names`` are the shop's own nicknames; ``order_no`` says which order a chat or a list of delivered cards
    belongs to when the file does not; ``copied_on`` is the day on which a chat was copied: then 昨天 is understood.
    """
    return recognise(
        READERS,
        name,
        data,
        kind=kind,
        encoding=encoding,
        seller_names=seller_names,
        order_no=order_no,
        copied_on=copied_on,
    )
