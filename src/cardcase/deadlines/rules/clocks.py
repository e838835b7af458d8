"""Which deadline holds for a case: chosen from what the platform, the dated rules, the shop and a person say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from cardcase.kit.catalogue import Certainty
from cardcase.kit.clock import SHANGHAI

from .alarms import MARGIN_SHARE, MIN_MARGIN
from .kinds import DEFAULT_OUTCOME, MAY_DEFAULT, DeadlineKind, IfMissed, Source, Trigger

API_RULE: Final = "timeout_time"
DEFAULT_RULE: Final = "shop_default"
TYPED_RULE: Final = "typed"

_STEP: Final = MappingProxyType(
    {
        "awaiting_seller": DeadlineKind.PLATFORM_RESPONSE,
        "awaiting_address": DeadlineKind.PLATFORM_RESPONSE,
        "awaiting_receipt": DeadlineKind.RETURN_RECEIVE,
        "awaiting_return": DeadlineKind.RETURN_SHIP,
        "refused": DeadlineKind.BUYER_RESPONSE,
        # A step that we cannot read is treated as ours: better an alarm too many than one too few.
        "unknown": DeadlineKind.PLATFORM_RESPONSE,
    }
)


@dataclass(frozen=True, slots=True)
class TimeRule:
    """How long somebody has, counted from a named event, under which promise, and where that is written.

    ``allowance`` None means that the number is not established: such a rule never makes a deadline.
    ``service_support`` names the promise that the goods must carry ("VNR"); empty holds for all goods.
    Between ``quiet_from`` and ``quiet_to`` (zone of the marketplace) the clock stands until ``quiet_until``.
    A check of our own that found nothing is made again every ``repeat``, until ``repeat_until`` after the event.
    """

    id: str
    kind: DeadlineKind
    trigger: Trigger
    allowance: timedelta | None
    certainty: Certainty
    service_support: str = ""
    if_missed: IfMissed | None = None
    quiet_from: time | None = None
    quiet_to: time | None = None
    quiet_until: time | None = None
    repeat: timedelta | None = None
    repeat_until: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFacts:
    """What is known about the times of an order and its refund. ``None`` means not told; times are aware.

    ``refund_state`` is a ``connectors.ports.RefundState`` value, empty for an enquiry without a platform refund.
    ``seen_at`` is when Cardcase first saw the complaint: the start of last resort. ``told_at`` is the channel's own
    clock on what it told last: an older word never moves a clock that a newer one has set.
    """

    refund_state: str = ""
    refund_timeout_at: datetime | None = None
    refund_applied_at: datetime | None = None
    paid_at: datetime | None = None
    delivered_at: datetime | None = None
    confirmed_at: datetime | None = None
    agreed_at: datetime | None = None
    closed_at: datetime | None = None
    told_at: datetime | None = None
    seen_at: datetime | None = None
    service_support: tuple[str, ...] = ()
    default_response_hours: int | None = None
    typed_due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineSpec:
    """A deadline ready to be armed: when, since when, alarm from when, says who, how sure, and what is lost.

    ``told_at``: the channel's clock on the word that set it, where there is one.
    """

    kind: DeadlineKind
    due_at: datetime
    started_at: datetime
    margin_at: datetime
    source: Source
    certainty: Certainty
    rule: str
    if_missed: IfMissed
    told_at: datetime | None = None

    @classmethod
    def of(
        cls,
        kind: DeadlineKind,
        *,
        started_at: datetime,
        due_at: datetime,
        source: Source,
        certainty: Certainty,
        rule: str,
        if_missed: IfMissed | None = None,
        told_at: datetime | None = None,
    ) -> "DeadlineSpec":
        """Make a spec with its safety margin; what is lost defaults to the kind's own outcome."""
        return cls(
            kind=kind,
            due_at=due_at,
            started_at=started_at,
            margin_at=margin_at(started_at, due_at),
            source=source,
            certainty=certainty,
            rule=rule,
            if_missed=if_missed or DEFAULT_OUTCOME[kind],
            told_at=told_at,
        )

    @property
    def is_verified(self) -> bool:
        """Tell whether anybody vouches for the moment; an unverified one is shown as such."""
        return self.certainty is not Certainty.OPEN


def kind_for(refund_state: str) -> DeadlineKind | None:
    """Tell which clock runs in a state of the platform's refund; none when it is over.

    An empty state (an enquiry without a refund) runs our own goal for the first answer.
    """
    if not refund_state or refund_state == "none":
        return DeadlineKind.FIRST_RESPONSE
    return _STEP.get(refund_state)


def margin_at(started_at: datetime, due_at: datetime) -> datetime:
    """Return the moment from which alarms ring: max(30 minutes, a tenth of the window) before the deadline."""
    return due_at - max(MIN_MARGIN, (due_at - started_at) / MARGIN_SHARE)


def choose(facts: ClockFacts, rules: Sequence[TimeRule], *, kind: DeadlineKind | None = None) -> DeadlineSpec | None:
    """Choose the deadline that holds: the platform's own time, else a dated rule, else a typed time, else the default.

    Without ``kind`` the state of the refund says which clock runs; None when none does or nothing is known.
    A typed time replaces only the shop's unverified default (docs/decisions/0003), never a rule or the platform's time.
    """
    wanted = kind or kind_for(facts.refund_state)
    if wanted is None:
        return None
    if wanted is kind_for(facts.refund_state) and facts.refund_state and facts.refund_timeout_at is not None:
        return _from_api(wanted, facts, facts.refund_timeout_at)
    return _from_rules(wanted, facts, rules) or _typed(wanted, facts) or _default(wanted, facts)


def start_of(trigger: Trigger, facts: ClockFacts) -> datetime | None:
    """Return the moment of the event from which a rule counts, or None when it has not happened or is not told."""
    applied, confirmed = facts.refund_applied_at, facts.confirmed_at
    before = applied if confirmed is None or (applied is not None and applied < confirmed) else None
    moments: Mapping[Trigger, datetime | None] = {
        Trigger.PAID: facts.paid_at,
        Trigger.DELIVERED: facts.delivered_at,
        Trigger.CONFIRMED: confirmed,
        Trigger.REFUND_APPLIED: applied,
        Trigger.REFUND_APPLIED_BEFORE_CONFIRM: before,
        Trigger.REFUND_APPLIED_AFTER_CONFIRM: applied if before is None else None,
        Trigger.COMPLAINT_SEEN: facts.seen_at,
        Trigger.AGREED: facts.agreed_at,
        Trigger.CLOSED: facts.closed_at,
    }
    return moments[trigger]


def due_at(rule: TimeRule, started_at: datetime) -> datetime | None:
    """Return when a rule's time is up, or None when its number is not established.

    Within quiet hours the clock stands: the deadline is ``quiet_until`` of the day on which they end.
    """
    if rule.allowance is None:
        return None
    if rule.quiet_from is None or rule.quiet_to is None or rule.quiet_until is None:
        return started_at + rule.allowance
    local = started_at.astimezone(SHANGHAI)
    clock = local.time()
    if rule.quiet_from <= rule.quiet_to:
        is_quiet, ends_tomorrow = rule.quiet_from <= clock < rule.quiet_to, False
    else:
        is_quiet, ends_tomorrow = clock >= rule.quiet_from or clock < rule.quiet_to, clock >= rule.quiet_from
    if not is_quiet:
        return started_at + rule.allowance
    day = local.date() + timedelta(days=1 if ends_tomorrow else 0)
    return datetime.combine(day, rule.quiet_until, SHANGHAI).astimezone(started_at.tzinfo)


def _from_api(kind: DeadlineKind, facts: ClockFacts, timeout_at: datetime) -> DeadlineSpec:
    start = facts.refund_applied_at or facts.seen_at or timeout_at
    return DeadlineSpec.of(
        kind,
        started_at=min(start, timeout_at),
        due_at=timeout_at,
        source=Source.API,
        certainty=Certainty.OFFICIAL,
        rule=API_RULE,
        told_at=facts.told_at,
    )


def _from_rules(kind: DeadlineKind, facts: ClockFacts, rules: Sequence[TimeRule]) -> DeadlineSpec | None:
    """Take the rule that fits; of several the one that falls due first, because silence loses."""
    fitting = []
    for rule in rules:
        if rule.kind is not kind or (rule.service_support and rule.service_support not in facts.service_support):
            continue
        started_at = start_of(rule.trigger, facts)
        due = due_at(rule, started_at) if started_at is not None else None
        if started_at is None or due is None:
            continue
        fitting.append(
            DeadlineSpec.of(
                kind,
                started_at=started_at,
                due_at=due,
                source=Source.RULE,
                certainty=rule.certainty,
                rule=rule.id,
                if_missed=rule.if_missed,
            )
        )
    return min(fitting, key=lambda spec: spec.due_at, default=None)


def _typed(kind: DeadlineKind, facts: ClockFacts) -> DeadlineSpec | None:
    if facts.typed_due_at is None:
        return None
    start = facts.refund_applied_at or facts.seen_at or facts.typed_due_at
    return DeadlineSpec.of(
        kind,
        started_at=min(start, facts.typed_due_at),
        due_at=facts.typed_due_at,
        source=Source.TYPED,
        certainty=Certainty.SINGLE,
        rule=TYPED_RULE,
    )


def _default(kind: DeadlineKind, facts: ClockFacts) -> DeadlineSpec | None:
    start = facts.refund_applied_at or facts.seen_at
    if kind not in MAY_DEFAULT or facts.default_response_hours is None or start is None:
        return None
    return DeadlineSpec.of(
        kind,
        started_at=start,
        due_at=start + timedelta(hours=facts.default_response_hours),
        source=Source.DEFAULT,
        certainty=Certainty.OPEN,
        rule=DEFAULT_RULE,
    )
