"""Clocks that no state of a refund chooses: of an order, of a batch of cards, of a check that is repeated."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cardcase.kit.catalogue import Certainty

from .clocks import API_RULE, TYPED_RULE, ClockFacts, DeadlineSpec, TimeRule, choose
from .kinds import DeadlineKind, Source

CLAIM_RULE: Final = "supplier_terms"

TELLABLE: Final = frozenset(
    {
        DeadlineKind.PLATFORM_RESPONSE,
        DeadlineKind.BUYER_RESPONSE,
        DeadlineKind.RETURN_SHIP,
        DeadlineKind.RETURN_RECEIVE,
        DeadlineKind.INSPECT,
        DeadlineKind.EVIDENCE_DUE,
        DeadlineKind.APPEAL_WINDOW,
        DeadlineKind.COMPENSATION_RESPONSE,
    }
)
"""Kinds whose moment the platform tells, or a person reads in the App. The others follow from facts."""


def told(
    kind: DeadlineKind, due_at: datetime, *, since: datetime, source: Source, told_at: datetime | None = None
) -> DeadlineSpec:
    """Make the clock of a moment that the platform told (certain) or that a person typed (one source)."""
    is_api = source is Source.API
    return DeadlineSpec.of(
        kind,
        started_at=min(since, due_at),
        due_at=due_at,
        source=source,
        certainty=Certainty.OFFICIAL if is_api else Certainty.SINGLE,
        rule=API_RULE if is_api else TYPED_RULE,
        told_at=told_at,
    )


def order_clocks(facts: ClockFacts, rules: Sequence[TimeRule], *, is_delivered: bool) -> list[DeadlineSpec]:
    """Return what an order's own times start: to deliver by a promise; automatic receipt while nobody complained.

    Neither is ever guessed: without a dated rule that fits there is no clock.
    """
    kinds = []
    if not is_delivered and facts.delivered_at is None and facts.paid_at is not None:
        kinds.append(DeadlineKind.DELIVERY_DUE)
    if facts.delivered_at is not None and facts.confirmed_at is None and facts.refund_state in ("", "none"):
        kinds.append(DeadlineKind.AUTO_CONFIRM)
    specs = (choose(facts, rules, kind=kind) for kind in kinds)
    return [spec for spec in specs if spec is not None and spec.source is Source.RULE]


def supplier_claim(claim_until: date, *, since: datetime, zone: ZoneInfo) -> DeadlineSpec:
    """Return the window in which the supplier still answers for a batch: to 24:00 of the day in its terms."""
    end = datetime.combine(claim_until + timedelta(days=1), time(), zone).astimezone(since.tzinfo)
    return DeadlineSpec.of(
        DeadlineKind.SUPPLIER_CLAIM_WINDOW,
        started_at=min(since, end),
        due_at=end,
        source=Source.RULE,
        certainty=Certainty.SINGLE,
        rule=CLAIM_RULE,
    )


def check_again(
    rules: Sequence[TimeRule], kind: DeadlineKind, *, started_at: datetime, at: datetime
) -> datetime | None:
    """Return when a check of our own that found nothing is made next; None when it has been made often enough.

    The first check is at the rule's allowance, the others every ``repeat`` after it; one in the past is passed over.
    """
    rule = next((rule for rule in rules if rule.kind is kind and rule.repeat is not None), None)
    if rule is None or rule.repeat is None or rule.allowance is None:
        return None
    done = max(0, (at - started_at - rule.allowance) // rule.repeat)
    following = started_at + rule.allowance + rule.repeat * (done + 1)
    if rule.repeat_until is not None and following > started_at + rule.repeat_until:
        return None
    return following
