"""What the verbs of this room share: who acts, words without codes, the record."""

from datetime import datetime

from cardcase.cards import masking
from cardcase.cases.models import Case
from cardcase.custody import service as custody
from cardcase.staff.rules import Actor

LABEL_MAX = 80
TEXT_MAX = 300


def label(actor: Actor) -> str:
    """Return who acts, as rows keep it."""
    return (actor.label or actor.kind.value)[:LABEL_MAX]


def said(actor: Actor, text: str) -> str:
    """Return what staff wrote, with card codes masked, cut to what a row takes."""
    if not text.strip():
        return ""
    [masked] = masking.mask_texts(actor, [text.strip()])
    return masked.text[:TEXT_MAX]


def record(actor: Actor, case: Case, entry: str, at: datetime, /, **facts: custody.JSON) -> None:
    """Write one entry about the case, in the caller's transaction."""
    custody.append(actor, custody.Record(entry, case.public_id, at, facts))
