"""Making one of two cases that are the same complaint: by the machine where it made both, else by a person."""

from datetime import datetime
from typing import Final

from django.db import transaction

from cardcase.cases.models import Case
from cardcase.cases.rules import BY_EVENT, Event, GuardFacts, Status
from cardcase.custody import queries as record
from cardcase.custody import service as custody
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from .moves import move
from .notes import ask
from .rows import Ref, keep, save, take

SAME_AS: Final = "same_as_other_case"
"""The need by which a person is asked whether two cases are one."""

_UNTOUCHED: Final = GuardFacts(is_untouched=True, is_free_of_ambiguous_remedy=True)
"""What is known of a case that only machines have worked on: a remedy is a person's doing, so there is none."""

_BY_MACHINES: Final = frozenset(
    {
        "case.opened",
        "case.triaged",
        "case.person_asked",
        "case.mirrored",
        "case.order_linked",
        "case.refund_linked",
        "case.incident_raised",
        "case.hold_alarmed",
        "deadline.armed",
        "deadline.moved",
        "deadline.missed",
        "deadline.voided",
    }
)
"""Entries that an import or a clock makes. Whatever else the record tells of a case, a person has done."""


@transaction.atomic
def fold_or_ask(actor: Actor, ref: Ref, other: Case, *, at: datetime) -> Case:
    """Let an enquiry whose complaint has a case already end in that one (T29), or ask the person who worked on it.

    Asked once: who has answered that these are two matters is not asked again. Does nothing with a case that is over.
    """
    actor.require(Permission.IMPORT)
    case = take(actor, ref)
    if not case.is_open or other.pk in (case.same_as_id, case.pk):
        return case
    keep(case, same_as=other)
    if Status(case.status) in BY_EVENT[Event.MERGED].source and _is_untouched(actor, case):
        return _merge(actor, case, _UNTOUCHED, at=at, judged_as=Actor.system(actor.shop_id))
    ask(actor, case, SAME_AS, _question(other.number), at=at)
    save(actor, case)
    return case


@transaction.atomic
def merge(actor: Actor, number: str, *, facts: GuardFacts, revision: int, at: datetime) -> Case:
    """Let a person say that a case is the same complaint as the one it was found to resemble: that one goes on (T29).

    ``facts`` tell whether a remedy of the case is still unclear. Raises NotAllowed, NotFound, Conflict, IllegalMove,
    GuardRefused when no other case is known or a remedy is unclear.
    """
    actor.require(Permission.WORK)
    return _merge(actor, take(actor, number, revision=revision), facts, at=at)


def _merge(actor: Actor, case: Case, facts: GuardFacts, *, at: datetime, judged_as: Actor | None = None) -> Case:
    other = case.same_as
    into = other.number if other is not None else ""
    move(actor, case, Event.MERGED, facts=facts, details={"into": into}, at=at, judged_as=judged_as)
    assert other is not None, "the guard of T29 has seen it"
    by = "machine" if facts.is_untouched else "person"
    told: dict[str, custody.JSON] = {"into": other.number, "by": by, "revision": case.revision}
    custody.append(actor, custody.Record("case.merged", case.public_id, at, told, refs={"case": other.public_id}))
    mine: dict[str, custody.JSON] = {"merged": case.number, "by": by}
    custody.append(actor, custody.Record("case.absorbed", other.public_id, at, mine, refs={"case": case.public_id}))
    return case


def _is_untouched(actor: Actor, case: Case) -> bool:
    """Tell whether only machines have worked on a case, by what the record tells of it."""
    return all(_is_machines(item) for item in record.history(actor, [case.public_id]))


def _is_machines(item: record.HistoryItem) -> bool:
    if item.kind != "case.moved":
        return item.kind in _BY_MACHINES
    # Triage moves a case by itself; a person who does it leaves the confirmed reason beside it.
    details = item.facts.get("details")
    follows_mirror = isinstance(details, dict) and "refund_state" in details
    return follows_mirror or item.facts.get("event") in (Event.TRIAGED.value, Event.DOUBTED.value)


def _question(number: str) -> Text:
    return Text(
        f"聊天说的是 {number} 那一单，已转到那边。请对照两单：是同一件事，就点「并入 {number}」，这一单随即结束；"
        "不是，就点「不是同一件事」，两单分开处理",
        f"The chat is about {number} and was moved there. Compare the two: if they are one matter, choose “merge into "
        f"{number}” and this case ends; if not, say so and both go on",
    )
