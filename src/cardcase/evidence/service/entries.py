"""What every verb of the room writes: words without card codes, and entries in the record."""

from datetime import datetime
from typing import Final

from cardcase.cards import masking
from cardcase.cases.models import Case
from cardcase.custody import service as custody
from cardcase.staff.rules import Actor

NOTE_MAX: Final = 300


def masked(actor: Actor, text: str) -> str:
    """Return what staff typed with every card code in it masked, no longer than a note."""
    [found] = masking.mask_texts(actor, [text.strip()])
    return found.text[:NOTE_MAX]


def record(actor: Actor, case: Case, entry: str, at: datetime, /, **facts: custody.JSON) -> None:
    """Append an entry about a case."""
    custody.append(actor, custody.Record(entry, case.public_id, at, facts))
