"""The rule catalogue's records of time as the clocks understand them."""

from collections.abc import Iterable

from cardcase.deadlines.rules import DeadlineKind, IfMissed, TimeRule, Trigger
from cardcase.kit.catalogue import BrokenCatalogue, Certainty
from cardcase.policies.rules import DeadlineRule


def time_rules(records: Iterable[DeadlineRule]) -> list[TimeRule]:
    """Turn records that are clocks into rules of time; limits that are no clock are left out.

    Raises BrokenCatalogue when a record names a kind, trigger or outcome that the clocks do not know.
    """
    return [_time_rule(record) for record in records if record.kind]


def _time_rule(record: DeadlineRule) -> TimeRule:
    try:
        return TimeRule(
            id=record.id,
            kind=DeadlineKind(record.kind),
            trigger=Trigger(record.trigger),
            allowance=record.allowance,
            certainty=record.certainty or Certainty.OPEN,
            service_support=record.service_support,
            if_missed=IfMissed(record.if_missed) if record.if_missed else None,
            quiet_from=record.quiet_from,
            quiet_to=record.quiet_to,
            quiet_until=record.quiet_until,
            repeat=record.repeat,
            repeat_until=record.repeat_until,
        )
    except ValueError as error:
        raise BrokenCatalogue(
            f"规则 {record.id} 用了不认识的词：{error}", f"Rule {record.id} uses an unknown word: {error}"
        ) from error
