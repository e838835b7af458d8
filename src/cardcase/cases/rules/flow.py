"""The life of a case as one table that can be printed (design/domain.md §7.3). What is not in it is refused."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cardcase.kit.errors import Refused
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, ActorKind, Permission

from .guards import GUARDS, GuardFacts, failing
from .states import OPEN, RESOLVED, VERDICTS, Event, Party, Stage, Status
from .views import EVENT_TITLES, STATUS_TITLES

_ANY: Final = frozenset(Status)
_STAFF: Final = frozenset({Party.STAFF})
_SYSTEM: Final = frozenset({Party.SYSTEM})
_PLATFORM: Final = frozenset({Party.PLATFORM})
_BUYER: Final = frozenset({Party.BUYER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One transition: from where, to where, who, under which guards.

    ``to`` is empty when the status stays; several targets mean that the facts name one (a verdict).
    ``staff`` is the permission that a member of staff needs, to act or, where the act is a buyer's or the
    platform's, to record it; ``None``: no member of staff can. ``stage`` is the stage that the move lifts to.
    """

    id: str
    event: Event
    source: frozenset[Status]
    to: tuple[Status, ...]
    by: frozenset[Party]
    staff: Permission | None
    guards: tuple[str, ...] = ()
    stage: Stage | None = None
    is_final: bool = False  # cannot be taken back: a person types a confirmation
    note: str = ""

    def target(self, status: Status, facts: GuardFacts) -> Status:
        """Return the status after the move. The verdict guard has made sure that the facts name one."""
        if not self.to:
            return status
        if len(self.to) == 1:
            return self.to[0]
        assert facts.verdict in self.to
        return facts.verdict


def _from(*statuses: Status) -> frozenset[Status]:
    return frozenset(statuses)


S = Status
FLOW: Final[tuple[Row, ...]] = (
    Row(
        id="T1", event=Event.OPENED, source=frozenset(), to=(S.NEW,), by=_SYSTEM | _STAFF, staff=Permission.IMPORT,
        guards=("claim_is_new",), note="complaint, push, import or typed; arms the clock; sets the hold",
    ),
    Row(
        id="T2", event=Event.TRIAGED, source=_from(S.NEW), to=(S.NEEDS_RESPONSE,), by=_STAFF | _SYSTEM,
        staff=Permission.WORK,
        guards=("reason_is_set", "reason_is_certain_or_a_person_says_so", "card_is_linked_or_flagged"),
        note="system only when the rule is certain; the hold stays until a person confirms",
    ),
    Row(
        id="T3", event=Event.EVIDENCE_ASKED, source=_from(S.NEEDS_RESPONSE), to=(S.WAITING_BUYER,), by=_STAFF,
        staff=Permission.WORK, guards=("hold_is_lifted", "something_is_asked", "request_ends_before_the_margin"),
        note="asking never stops the platform's clock",
    ),
    Row(
        id="T4", event=Event.ANSWERED, source=_from(S.WAITING_BUYER), to=(S.NEEDS_RESPONSE,), by=_BUYER | _SYSTEM,
        staff=Permission.WORK, guards=("request_is_over",), note="answered, expired, or margin reached",
    ),
    Row(
        id="T5", event=Event.OFFERED, source=_from(S.NEEDS_RESPONSE, S.WAITING_BUYER), to=(S.OFFER_MADE,), by=_STAFF,
        staff=Permission.OFFER,
        guards=(
            "hold_is_lifted", "preconditions_are_met", "no_other_offer_is_open", "amount_is_within_platform_bounds",
            "offer_ends_before_the_platform", "amount_is_within_the_limit",
        ),
        note="agent within the limit, else lead or owner",
    ),
    Row(
        id="T6", event=Event.ACCEPTED, source=_from(S.OFFER_MADE), to=(S.AGREED,), by=_BUYER, staff=Permission.WORK,
        guards=("source_is_recorded",), note="message or platform event id recorded",
    ),
    Row(
        id="T7", event=Event.OFFER_ENDED, source=_from(S.OFFER_MADE), to=(S.NEEDS_RESPONSE,),
        by=_BUYER | _SYSTEM | _STAFF, staff=Permission.WORK, guards=("end_of_offer_is_named",),
        note="denied, countered, expired or withdrawn; the history is kept",
    ),
    Row(
        id="T8", event=Event.CONCEDED, source=_from(S.NEEDS_RESPONSE, S.DECLINED), to=(S.AGREED,), by=_STAFF,
        staff=Permission.OFFER,
        guards=("concession_is_possible", "amount_is_within_the_limit", "confirmation_was_typed"), is_final=True,
        note="owner or lead; agent within the limit",
    ),
    Row(
        id="T9", event=Event.EXECUTED, source=_from(S.AGREED), to=(S.EXECUTING,), by=_STAFF, staff=Permission.MONEY,
        guards=(
            "card_was_just_checked", "void_is_settled", "no_other_remedy_was_paid", "platform_is_not_deciding",
            "key_is_given", "confirmation_was_typed",
        ),
        is_final=True, note="owner",
    ),
    Row(
        id="T10", event=Event.VERIFIED, source=_from(S.EXECUTING), to=(S.SETTLED,), by=_SYSTEM | _PLATFORM,
        staff=Permission.WORK, guards=("payment_is_verified", "source_is_recorded"),
        note="after reading the platform or the new reveal; a person records what they saw",
    ),
    Row(
        id="T11", event=Event.EXECUTION_FAILED, source=_from(S.EXECUTING), to=(S.NEEDS_RESPONSE,),
        by=_SYSTEM | _PLATFORM, staff=Permission.WORK, guards=("failure_is_recorded", "source_is_recorded"),
        note="never retries money; asks a person",
    ),
    Row(
        id="T12", event=Event.DECLINED, source=_from(S.NEEDS_RESPONSE, S.WAITING_BUYER), to=(S.DECLINED,), by=_STAFF,
        staff=Permission.DECIDE,
        guards=(
            "hold_is_lifted", "card_was_delivered", "evidence_is_complete", "evidence_is_free_of_contradiction",
            "floor_is_kept", "refuse_reason_is_listed", "refuse_text_fits", "refuse_text_is_clean",
            "confirmation_was_typed",
        ),
        is_final=True, note="agent drafts; owner or lead sends",
    ),
    Row(
        id="T13", event=Event.ESCALATED, source=_from(S.DECLINED), to=(S.UNDER_REVIEW,), by=_BUYER | _STAFF,
        staff=Permission.DECIDE, guards=("window_is_open", "confirmation_was_typed"), stage=Stage.PLATFORM_DISPUTE,
        is_final=True, note="inside the window",
    ),
    Row(
        id="T14", event=Event.STEPPED_IN, source=OPEN - {S.EXECUTING}, to=(S.UNDER_REVIEW,),
        by=_PLATFORM, staff=Permission.WORK, guards=("source_is_recorded",), stage=Stage.PLATFORM_DISPUTE,
        note="open offers suspended, money blocked",
    ),
    Row(
        id="T15", event=Event.MORE_EVIDENCE_ASKED, source=_from(S.UNDER_REVIEW), to=(S.NEEDS_RESPONSE,), by=_PLATFORM,
        staff=Permission.WORK, guards=("source_is_recorded",), note="arms evidence_due",
    ),
    Row(
        id="T16", event=Event.PACK_SUBMITTED, source=_from(S.NEEDS_RESPONSE), to=(S.UNDER_REVIEW,), by=_STAFF,
        staff=Permission.DECIDE,
        guards=(
            "pack_is_sealed", "pack_is_redacted", "submission_is_open", "evidence_is_free_of_contradiction",
            "confirmation_was_typed",
        ),
        is_final=True, note="only at stage platform_dispute or above",
    ),
    Row(
        id="T17", event=Event.RULED, source=_from(S.UNDER_REVIEW), to=(S.WON, S.PARTIALLY_WON, S.LOST), by=_PLATFORM,
        staff=Permission.WORK, guards=("source_is_recorded", "verdict_is_named", "ruling_is_quoted"),
        note="adjudication reason kept verbatim",
    ),
    Row(
        id="T18", event=Event.APPEALED, source=_from(S.LOST, S.PARTIALLY_WON), to=(S.UNDER_REVIEW,), by=_STAFF,
        staff=Permission.DECIDE, guards=("window_is_open", "evidence_is_new"), stage=Stage.APPEAL,
        note="owner or lead",
    ),
    Row(
        id="T19", event=Event.BUYER_APPEALED, source=_from(S.WON), to=(S.UNDER_REVIEW,), by=_BUYER | _PLATFORM,
        staff=Permission.WORK, guards=("source_is_recorded",), stage=Stage.APPEAL,
    ),
    Row(
        id="T20", event=Event.REAPPLIED, source=_from(S.DECLINED), to=(S.NEEDS_RESPONSE,), by=_BUYER | _PLATFORM,
        staff=Permission.WORK, guards=("source_is_recorded",), note="the history of the claim is kept",
    ),
    Row(
        id="T21", event=Event.WITHDRAWN, source=OPEN - {S.AGREED, S.EXECUTING}, to=(S.WITHDRAWN,),
        by=_BUYER | _PLATFORM, staff=Permission.WORK, guards=("source_is_recorded",),
        note="a withdrawal proves nothing",
    ),
    Row(
        id="T22", event=Event.TIMED_OUT, source=_from(S.NEW, S.NEEDS_RESPONSE, S.WAITING_BUYER, S.OFFER_MADE),
        to=(S.LOST,), by=_PLATFORM, staff=Permission.WORK, guards=("source_is_recorded", "seller_deadline_has_passed"),
        note="incident; needs a review",
    ),
    Row(
        id="T23", event=Event.CLOSED, source=RESOLVED, to=(S.CLOSED,), by=_SYSTEM, staff=None,
        guards=("windows_are_over", "books_are_reconciled", "no_remedy_is_ambiguous", "review_is_written"),
    ),
    Row(
        id="T24", event=Event.REOPENED, source=_from(S.SETTLED, S.WON, S.WITHDRAWN, S.CLOSED), to=(S.NEEDS_RESPONSE,),
        by=_BUYER | _PLATFORM | _STAFF, staff=Permission.DECIDE,
        guards=("case_was_not_merged", "claim_is_the_same", "source_is_recorded"),
        note="another claim is a new linked case; the stage starts anew",
    ),
    Row(
        id="T25", event=Event.SYNCED, source=_ANY, to=(), by=_SYSTEM, staff=None, guards=("mirror_is_newer",),
        note="an unknown word asks a person, never fails",
    ),
    Row(
        id="T26", event=Event.HOLD_CHANGED, source=OPEN, to=(), by=_STAFF | _SYSTEM, staff=Permission.WORK,
        guards=("hold_ends_before_the_margin",), note="cannot outlast the next margin; the system only ends it",
    ),
    Row(
        id="T27", event=Event.PAID_ELSEWHERE,
        source=_from(S.NEW, S.NEEDS_RESPONSE, S.WAITING_BUYER, S.OFFER_MADE, S.AGREED), to=(S.SETTLED,),
        by=_PLATFORM, staff=Permission.WORK, guards=("source_is_recorded",),
        note="the seller agreed in the App; docs/decisions/0006",
    ),
    Row(
        id="T28", event=Event.REFUSED_ELSEWHERE,
        source=_from(S.NEW, S.NEEDS_RESPONSE, S.WAITING_BUYER, S.OFFER_MADE), to=(S.DECLINED,),
        by=_PLATFORM, staff=Permission.WORK, guards=("source_is_recorded",),
        note="the seller refused in the App; docs/decisions/0006",
    ),
    Row(
        id="T29", event=Event.MERGED, source=_from(S.NEW, S.NEEDS_RESPONSE, S.WAITING_BUYER, S.DECLINED),
        to=(S.CLOSED,), by=_SYSTEM | _STAFF, staff=Permission.WORK,
        guards=("other_case_is_known", "untouched_or_a_person_says_so", "no_remedy_is_ambiguous"),
        note="the same complaint has a case already, which goes on; docs/decisions/0007",
    ),
    Row(
        id="T30", event=Event.DOUBTED, source=_from(S.NEEDS_RESPONSE), to=(S.NEW,), by=_SYSTEM, staff=None,
        guards=("only_a_machine_read_the_reason",),
        note="undoes the system's T2 when more words make its reading uncertain; docs/decisions/0007",
    ),
)  # fmt: skip
"""Every transition. T1–T26 are the design's; T27 and T28 mirror what the seller did in the App without us; T29 and
T30 take back what the machine alone had done on papers that were not yet complete."""

BY_EVENT: Final = MappingProxyType({row.event: row for row in FLOW})


class IllegalMove(Refused):
    """The table has no such transition from here, or not for this actor."""

    code = "illegal_move"


class GuardRefused(Refused):
    """The transition exists, but a condition is not met. ``facts["guards"]`` names them all."""

    code = "guard_refused"


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that could be done with a case now, and if not, why not.

    ``records_for`` is set when a member of staff would only write down what a buyer or the platform did.
    """

    event: Event
    row: str
    title: Text
    allowed: bool
    why_not: Text | None
    needs_typed_confirmation: bool
    records_for: Party | None = None


def party_of(row: Row, actor: Actor, facts: GuardFacts) -> Party | None:
    """Tell in whose name an actor may make this move, or None when they may not.

    Staff and tokens act by permission, or record what a buyer or the platform did. The system acts where it is
    named, or repeats what the platform's own data say. Buyers and platforms only do their own moves; suppliers none.
    """
    party: Party | None = None
    if actor.is_person:
        if row.staff is not None and actor.may(row.staff):
            party = Party.STAFF if Party.STAFF in row.by else _other_side(row)
    elif actor.kind is ActorKind.SYSTEM:
        if Party.SYSTEM in row.by:
            party = Party.SYSTEM
        elif facts.told_by_platform:
            party = _other_side(row)
    elif actor.kind is ActorKind.PLATFORM and Party.PLATFORM in row.by:
        party = Party.PLATFORM
    elif actor.kind is ActorKind.BUYER and Party.BUYER in row.by:
        party = Party.BUYER
    return party


def _other_side(row: Row) -> Party | None:
    return next((party for party in (Party.PLATFORM, Party.BUYER) if party in row.by), None)


def check_move(stage: Stage, status: Status | None, event: Event, actor: Actor, facts: GuardFacts) -> tuple[Row, Party]:
    """Return the row of a legal move and in whose name it is made; ``status`` None means there is no case yet.

    Raises IllegalMove, NotAllowed or GuardRefused, in this order: place, person, conditions.
    """
    row = BY_EVENT[event]
    if not _is_placed(row, stage, status):
        raise IllegalMove(
            f"现在（{_say(status).zh}）不能「{EVENT_TITLES[event].zh}」",
            f"“{EVENT_TITLES[event].en}” is not possible now ({_say(status).en})",
            event=event.value,
            status=status.value if status else None,
        )
    party = party_of(row, actor, facts)
    if party is None:
        if actor.is_person and row.staff is not None:
            actor.require(row.staff)
        raise IllegalMove(
            f"你不能「{EVENT_TITLES[event].zh}」",
            f"You may not do this: “{EVENT_TITLES[event].en}”",
            next=Text("请有权限的人来做。", "Ask somebody who may."),
            event=event.value,
            row=row.id,
        )
    refusing = failing(row.guards, facts)
    if refusing:
        raise GuardRefused(
            "；".join(guard.why_not.zh for guard in refusing),
            "; ".join(guard.why_not.en for guard in refusing),
            event=event.value,
            row=row.id,
            guards=[guard.name for guard in refusing],
        )
    return row, party


def moves(stage: Stage, status: Status, actor: Actor, facts: GuardFacts) -> list[Move]:
    """List what a member of staff could do or record now, in the order of the table, with the reason where not.

    Moves that staff never make are left out.
    """
    listed = []
    for row in FLOW:
        if row.staff is None or not _is_placed(row, stage, status):
            continue
        party = party_of(row, actor, facts)
        refusing = failing(row.guards, facts, with_act=False)
        why_not = None
        if party is None:
            why_not = Text("你没有这项权限", "You do not have the permission")
        elif refusing:
            why_not = Text(
                "；".join(guard.why_not.zh for guard in refusing), "; ".join(guard.why_not.en for guard in refusing)
            )
        listed.append(
            Move(
                event=row.event,
                row=row.id,
                title=EVENT_TITLES[row.event],
                allowed=why_not is None,
                why_not=why_not,
                needs_typed_confirmation=row.is_final,
                records_for=None if Party.STAFF in row.by else _other_side(row),
            )
        )
    return listed


def _is_placed(row: Row, stage: Stage, status: Status | None) -> bool:
    if status is None:
        return not row.source
    if row.event is Event.PACK_SUBMITTED and stage in (Stage.ENQUIRY, Stage.PLATFORM_REFUND):
        return False
    return status in row.source


def _say(status: Status | None) -> Text:
    return STATUS_TITLES[status] if status else Text("还没有售后单", "no case yet")


def as_markdown() -> str:
    """Print the table for the handbook: one line a transition, guards by name, and what each guard says."""
    lines = [
        "| # | From | To | Event | Who | Guards | Note |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in FLOW:
        source = _names(row.source) if row.source else "–"
        to = " / ".join(status.value for status in row.to) or "same"
        if row.stage:
            to += f" (stage ≥ {row.stage.value})"
        parties = ", ".join(party.value for party in Party if party in row.by)
        who = f"{parties} [{row.staff.value}]" if row.staff else parties
        guards = ", ".join(row.guards) or "–"
        lines.append(f"| {row.id} | {source} | {to} | {row.event.value} | {who} | {guards} | {row.note} |")
    lines += ["", "| Guard | Says when it refuses |", "|---|---|"]
    lines += [f"| {guard.name} | {guard.why_not.zh} · {guard.why_not.en} |" for guard in GUARDS.values()]
    return "\n".join(lines) + "\n"


def _names(statuses: frozenset[Status]) -> str:
    if statuses == _ANY:
        return "any"
    return ", ".join(status.value for status in Status if status in statuses)


assert all(name in GUARDS for row in FLOW for name in row.guards)
assert all(set(row.to) <= VERDICTS or len(row.to) <= 1 for row in FLOW)
