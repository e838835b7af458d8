"""What the people of a shop said of reasons, with the words that had been read: for export, and to learn from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cardcase.cases import queries as cases
from cardcase.cases.models import ReasonLabel
from cardcase.connectors.ports import Speaker
from cardcase.inbox import queries as inbox
from cardcase.kit.clock import iso
from cardcase.privacy.rules import MARK
from cardcase.staff.rules import Actor, Permission
from cardcase.triage.rules import Utterance
from cardcase.triage.rules.hearing import hear_conversation, hear_form
from cardcase.triage.rules.weighing import LABELS

from .rules import adapting
from .rules.adapting import Lesson

MOST: Final = 10_000
"""Labels that one question may return."""

_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class LabelView:
    """One label with the words that had come in when it was given; none are left once the buyer is erased.

    ``form``: reason and description that the buyer entered on the marketplace's form, "" where unknown.
    """

    row: ReasonLabel
    talk: tuple[Utterance, ...]
    form: tuple[str, str]

    @property
    def said(self) -> str:
        """What the person said: a sub-reason, or ``unstated``."""
        return self.row.said or self.row.said_reason

    @property
    def words(self) -> tuple[str, ...]:
        """The buyer's own words, message by message, the form's description last; codes are masked."""
        said = [one.text for one in self.talk if one.speaker is Speaker.BUYER]
        return tuple(text for text in (*said, self.form[1]) if text.strip())


@dataclass(frozen=True, slots=True)
class Taught:
    """What a shop may learn from: the latest label of each case that still has words, oldest first."""

    lessons: Sequence[Lesson]
    moments: Sequence[datetime]

    def since(self, moment: datetime) -> int:
        """Count those that were given after a moment."""
        return sum(one > moment for one in self.moments)


def labels(actor: Actor, *, limit: int = MOST, after: int = 0) -> list[LabelView]:
    """Return the shop's labels in the order in which they were given, from after a row id. Raises NotAllowed."""
    actor.require(Permission.INSIGHT)
    return list(_views(actor, cases.reason_labels(actor, after=after, limit=min(limit, MOST))))


def taught(actor: Actor) -> Taught:
    """Return what the shop may learn from: of each case the latest label, and of those the latest."""
    rows = cases.latest_reason_labels(actor, limit=2 * adapting.MOST)
    views = [one for one in _views(actor, rows) if one.words and one.said in LABELS][-adapting.MOST :]
    return Taught([_lesson(one) for one in views], [one.row.at for one in views])


def document(view: LabelView) -> dict[str, Any]:
    """Write a label for programs. Confidence 0 to 1, null where nothing was proposed; ``agreed``: it was confirmed."""
    row = view.row
    return {
        "id": row.pk,
        "case": row.case.number,
        "at": iso(row.at),
        "by": row.by,
        "proposed": row.proposed or row.proposed_reason or None,
        "confidence": round(row.confidence, 3) if row.confidence is not None else None,
        "reader": row.reader or None,
        "said": view.said,
        "agreed": view.said == (row.proposed or row.proposed_reason),
        "language": row.case.language or None,
        "form": view.form[0] or None,
        "words": list(view.words),
    }


def _views(actor: Actor, rows: Sequence[ReasonLabel]) -> Iterator[LabelView]:
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        talks = inbox.utterances_for_orders(actor, list({row.case.order_id: row.case.order for row in some}.values()))
        came = inbox.received_at(actor, (one.id for talk in talks.values() for one in talk))
        for row in some:
            talk = tuple(one for one in talks[row.case.order_id] if came[one.id] <= row.at and one.text != MARK)
            refund = row.case.refund
            form = ("", "") if refund is None else (refund.reason_raw, refund.description)
            yield LabelView(row, talk, form)


def _lesson(view: LabelView) -> Lesson:
    heard = hear_conversation(view.talk)
    reason, description = view.form
    sub = hear_form(heard, reason, description)
    case = view.row.case
    group = f"buyer {case.buyer_id}" if case.buyer_id is not None else f"order {case.order_id}"
    return Lesson(heard, view.said, group, has_form=bool(reason.strip() or description.strip()), form_sub=sub)
