"""The post-mortem of a miss: a row and an entry, written by a person. The missed deadline itself is never touched."""

from datetime import datetime

from django.db import transaction

from cardcase.custody import service as custody
from cardcase.deadlines.models import Deadline, PostMortem
from cardcase.deadlines.rules import BINDS_SELLER, FOLLOWS_HOURS, Review
from cardcase.kit import canonical, clock
from cardcase.kit.errors import Refused
from cardcase.staff.rules import Actor, Permission

from .rows import LABEL_MAX

NEEDS_REVIEW = BINDS_SELLER - FOLLOWS_HOURS
"""Kinds whose miss is an incident: those that wait for the seller, except goals that are only our own."""


@transaction.atomic
def write_review(actor: Actor, subject: str, review: Review, *, at: datetime) -> int:
    """Write the post-mortem of every miss of a subject that has none yet, and return of how many.

    A subject that was lost by a deadline of before our time has no missed row: then one review stands by itself.
    The words must be free of card codes already. Raises Refused unless a person writes it, WrongUse for empty words.
    """
    actor.require(Permission.DECIDE)
    if not actor.is_person:
        raise Refused("复盘要由人来写", "A person writes the review", code="review_is_written")
    review = review.checked()
    kinds = [kind.value for kind in NEEDS_REVIEW]
    rows = Deadline.objects.visible_to(actor).filter(subject=subject, state="missed", kind__in=kinds, reviews=None)
    missed: list[Deadline | None] = list(rows.order_by("due_at", "pk")) or [None]
    by = (actor.label or actor.kind.value)[:LABEL_MAX]
    for row in missed:
        PostMortem.objects.create(
            shop_id=actor.shop_id,
            subject=subject,
            deadline=row,
            happened=review.happened,
            cause=review.cause.value,
            measure=review.measure,
            by=by,
            at=at,
        )
    facts: dict[str, custody.JSON] = {
        "cause": review.cause.value,
        "by": by,
        "missed": [{"kind": row.kind, "due_at": clock.iso(row.due_at)} for row in missed if row is not None],
    }
    words = canonical.encode({"happened": review.happened, "measure": review.measure})
    content = custody.Content("review", words, "application/json")
    custody.append(actor, custody.Record("deadline.reviewed", subject, at, facts, (content,)))
    return len(missed)
