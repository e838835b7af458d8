"""Promises to ask the rules again about what has changed."""

from datetime import datetime
from typing import Final

from cardcase.cards.models import CardBatch
from cardcase.jobs import service as jobs
from cardcase.staff.rules import Actor

EVALUATE_BATCH: Final = "sourcing.evaluate_batch"


def ask_again(actor: Actor, batch: CardBatch | None, *, at: datetime) -> None:
    """Promise that the rules are asked again about a batch, in the caller's transaction."""
    if batch is not None:
        jobs.enqueue(
            actor, EVALUATE_BATCH, {"shop": actor.shop_id, "batch": batch.public_id}, at=at, key=batch.public_id
        )
