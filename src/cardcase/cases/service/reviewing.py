"""The review of a case that was lost, or in which a deadline was missed: one kind, written by a person."""

from datetime import datetime

from django.db import transaction

from cardcase.cases import queries
from cardcase.cases.models import Case, Review
from cardcase.cases.rules import needs as need_rules
from cardcase.cases.rules.reviews import ASKS_REVIEW, Findings
from cardcase.custody import service as custody
from cardcase.kit import canonical
from cardcase.kit.errors import Refused, WrongUse
from cardcase.search import service as search
from cardcase.search.rules import Kind
from cardcase.staff.rules import Actor, Permission

from .rows import LABEL_MAX, clean, take, write


@transaction.atomic
def review(
    actor: Actor, number: str, findings: Findings, *, revision: int, at: datetime, recovered_fen: int | None = None
) -> Case:
    """Write what was missed or lost, the cause, and the measure. Ends the incident; until then T23 refuses to close.

    The missed deadlines stay for ever. ``recovered_fen``: what came back from the supplier. Raises Refused while there
    is nothing to review, Conflict, WrongUse for missing words.
    """
    actor.require(Permission.DECIDE)
    case = take(actor, number, revision=revision)
    if case.is_open and not queries.asks_review(case):
        raise Refused("这一单没有要复盘的事", "There is nothing to review here", code="no_incident")
    findings = findings.checked()
    if recovered_fen is not None and recovered_fen < 0:
        raise WrongUse("追回的金额不能小于零", "What came back is not below zero")
    row: Review = Review.objects.create(
        shop_id=case.shop_id,
        case=case,
        text=clean(actor, findings.text),
        cause=findings.cause.value,
        measure=clean(actor, findings.measure),
        missed=queries.unreviewed_misses(actor, case),
        by=(actor.label or actor.kind.value)[:LABEL_MAX],
        at=at,
    )
    search.add(Kind.REVIEW, [row.pk])
    rest = need_rules.without(case.needs_human, *(need.value for need in ASKS_REVIEW))
    recovered = case.recovered_fen if recovered_fen is None else recovered_fen
    write(actor, case, "reviewed", at=at, is_incident=False, needs_human=rest, reviewed_at=at, recovered_fen=recovered)
    facts: dict[str, custody.JSON] = {
        "revision": case.revision,
        "cause": row.cause,
        "missed": row.missed,
        "recovered_fen": recovered,
        "by": row.by,
    }
    words = canonical.encode({"text": row.text, "measure": row.measure})
    content = custody.Content("review", words, "application/json")
    custody.append(actor, custody.Record("case.reviewed", case.public_id, at, facts, (content,)))
    return case
