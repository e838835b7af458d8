"""What the verbs of this room share: who acts, words without codes, the record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cardcase.cards import masking
from cardcase.cases.models import Case
from cardcase.custody import service as custody
from cardcase.kit import canonical
from cardcase.remedies.models import Decision
from cardcase.remedies.rules.learning import Why
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


def record(
    actor: Actor, case: Case, entry: str, at: datetime, /, *contents: custody.Content, **facts: custody.JSON
) -> None:
    """Write one entry about the case, in the caller's transaction."""
    custody.append(actor, custody.Record(entry, case.public_id, at, facts, contents))


def advised(taken: Mapping[str, Any]) -> custody.Content:
    """Return the snapshot of a decision as a content of its own: forecasts and reasons are no matter for a pack."""
    return custody.Content("advice", canonical.encode(dict(taken)), "application/json")


def clean(actor: Actor, why: Why) -> Why:
    """Return why something else was chosen, with card codes masked in the words."""
    return Why(why.because, said(actor, why.note))


def decided(actor: Actor, case: Case, verb: str, taken: Mapping[str, Any], at: datetime) -> None:
    """Keep a decision, for calibration and learning; ``taken`` is its snapshot, which the record keeps as well."""
    Decision.objects.create(
        shop_id=actor.shop_id,
        case=case,
        verb=verb,
        chosen=taken["chosen"],
        advised=taken["advised"],
        because=taken["because"],
        fault_permille=taken["p_seller_fault_permille"][1],
        is_floor_bound=taken["floor_binds"],
        snapshot=dict(taken),
        by=label(actor),
        at=at,
    )
