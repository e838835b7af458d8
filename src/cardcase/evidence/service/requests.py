"""What is asked of whom: ask (T3), note how it ended, bring the case back (T4)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction

from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import Event, GuardFacts, Status
from cardcase.cases.service.rows import Ref, take
from cardcase.deadlines import queries as deadlines
from cardcase.evidence import queries, rules
from cardcase.evidence.models import EvidenceRequest
from cardcase.evidence.rules.exhibits import RECORDING
from cardcase.inbox import queries as inbox
from cardcase.kit import clock, ids
from cardcase.kit.errors import Conflict, Refused, WrongUse
from cardcase.staff.rules import Actor, Permission

from .entries import masked, record

if TYPE_CHECKING:
    from cardcase.custody import service as custody

WANTED: Final = timedelta(hours=12)
"""Time given to somebody who is asked, when the platform's clock leaves as much. Judgement."""

LEAST: Final = timedelta(minutes=30)
"""Less time than this is no time to ask for anything. Judgement; the margin of deadlines is the same."""

BUYER: Final = "buyer"
ENDS: Final = ("fulfilled", "refused", "words")
"""How a request to the buyer can end by a person's word; after words alone it stays open."""

SOURCE_MAX: Final = 120


@transaction.atomic
def follow(actor: Actor, ref: Ref, *, at: datetime) -> Case:
    """Bring the requests of a case, and the case itself (T4), in line with what has come. Again changes nothing.

    A request is fulfilled when every kind that it asked for has come since, and expires when its time is up. A case
    that waits for its buyer comes back when nothing is open any more, or when the buyer has written since.
    """
    actor.require(Permission.WORK)
    case = take(actor, ref)
    for one in queries.open_requests(actor, case):
        if queries.has_come(actor, one):
            _settle(actor, one.public_id, "fulfilled", "", at=at)
        elif one.due_at <= at:
            _settle(actor, one.public_id, "expired", "", at=at)
    if case.status != Status.WAITING_BUYER.value:
        return case
    wanted = [one for one in queries.requests(actor, case) if one.to == BUYER]
    still_open = [one for one in wanted if one.state == "open"]
    if still_open and not inbox.has_buyer_written(actor, case.order, since=max(one.asked_at for one in still_open)):
        return case
    why = "answered" if still_open or not wanted else wanted[-1].state
    return _bring_back(actor, case, why, "", at=at)


@transaction.atomic
def answered(actor: Actor, number: str, how: str, *, source: str, revision: int, at: datetime) -> Case:
    """Let a person say how a request to the buyer ended (T4): fulfilled, refused, or answered in words only.

    Raises Conflict, WrongUse without a source or for an unknown end, the refusals of T4.
    """
    actor.require(Permission.WORK)
    case = take(actor, number, revision=revision)
    said = masked(actor, source)[:SOURCE_MAX]
    if how not in ENDS or not said:
        raise WrongUse(
            f"要写明怎么结束的（{'、'.join(ENDS)}）和凭什么知道",
            f"Say how it ended ({', '.join(ENDS)}) and how you know",
        )
    for one in queries.open_requests(actor, case):
        if one.to == BUYER and how != "words":
            _settle(actor, one.public_id, how, said, at=at)
    return _bring_back(actor, case, how, said, at=at)


def _bring_back(actor: Actor, case: Case, why: str, source: str, *, at: datetime) -> Case:
    facts = GuardFacts(is_request_over=True, source_event_id=source)
    return cases.advance(actor, case, Event.ANSWERED, facts=facts, revision=case.revision, details={"why": why}, at=at)


@transaction.atomic
def ask(
    actor: Actor,
    number: str,
    kinds: Sequence[str],
    to: str,
    *,
    revision: int,
    at: datetime,
    due_at: datetime | None = None,
) -> EvidenceRequest:
    """Ask somebody for evidence (T3). A recording gets a fresh word that it must show.

    The answer is due before the platform's margin: asking never stops that clock. Asking the issuer or supplier does
    not hand the case to the buyer, so it makes no move. Raises Conflict, NoTimeToAsk, WrongUse, the refusals of T3.
    """
    actor.require(Permission.WORK)
    case = case_queries.by_number(actor, number)
    if revision != case.revision:
        raise Conflict("这一单刚刚变了，没有发出请求", "The case has just changed; nothing was asked")
    wanted = _wanted(actor, kinds, to)
    margin = min(
        (one.margin_at for one in deadlines.armed(actor, [case.public_id])[case.public_id] if one.is_platform_bound),
        default=None,
    )
    due = rules.request_due(at, platform_margin_at=margin, wanted=(due_at - at) if due_at else WANTED, least=LEAST)
    request = EvidenceRequest.objects.create(
        shop_id=actor.shop_id,
        public_id=ids.public_id("req"),
        case=case,
        to=to,
        kinds=list(wanted),
        nonce=rules.make_nonce() if RECORDING in wanted else "",
        due_at=due,
        asked_at=at,
        asked_by=actor.label or actor.kind.value,
    )
    told: dict[str, custody.JSON] = {
        "request": request.public_id,
        "to": to,
        "kinds": list(wanted),
        "due_at": clock.iso(due),
        "nonce": request.nonce,
    }
    if to == BUYER:
        facts = GuardFacts(asked_kinds=wanted, request_due_at=due)
        cases.advance(actor, number, Event.EVIDENCE_ASKED, facts=facts, revision=revision, details=told, at=at)
    else:
        refuse_while_over(case)
    record(actor, case, "evidence.asked", at, **told)
    return request


def fulfil(actor: Actor, request_id: str, *, at: datetime, note: str = "") -> EvidenceRequest:
    """Note that what was asked for has come. The exhibits themselves are added by ``add_exhibit``."""
    return _settle(actor, request_id, "fulfilled", note, at=at)


def refuse(actor: Actor, request_id: str, *, at: datetime, note: str = "") -> EvidenceRequest:
    """Note that whoever was asked will not give it."""
    return _settle(actor, request_id, "refused", note, at=at)


def expire(actor: Actor, request_id: str, *, at: datetime) -> EvidenceRequest:
    """Note that a request's time is up. Raises Refused while it is not."""
    request = queries.request(actor, request_id)
    if request.state == "open" and request.due_at > at:
        raise Refused("还没有到期", "Its time is not up yet", code="request_not_due")
    return _settle(actor, request_id, "expired", "", at=at)


def expire_overdue(actor: Actor, *, at: datetime) -> list[EvidenceRequest]:
    """Note all requests whose time is up, and bring their cases back (T4). Safe to run again and by two at once."""
    overdue = queries.overdue_requests(actor, at=at)
    for case_id in dict.fromkeys(one.case_id for one in overdue):
        follow(actor, case_id, at=at)
    return overdue


@transaction.atomic
def _settle(actor: Actor, request_id: str, state: str, note: str, *, at: datetime) -> EvidenceRequest:
    actor.require(Permission.WORK)
    request = queries.request(actor, request_id)
    said = masked(actor, note)
    mine = EvidenceRequest.objects.visible_to(actor).filter(pk=request.pk, state="open")
    if mine.update(state=state, settled_at=at, settled_note=said):
        record(actor, request.case, f"evidence.request_{state}", at, request=request.public_id, note=said)
    else:
        request.refresh_from_db()
        if request.state != state:
            raise Conflict(f"这个请求已经是“{request.state}”", f"This request has already ended as {request.state}")
        return request
    request.state, request.settled_at, request.settled_note = state, at, said
    return request


def _wanted(actor: Actor, kinds: Sequence[str], to: str) -> tuple[str, ...]:
    matrix = queries.matrix(actor)
    wanted = tuple(dict.fromkeys(kinds))
    unknown = [kind for kind in wanted if kind not in matrix.kinds]
    if not wanted or unknown:
        raise WrongUse(
            f"要什么证据没有写对：{'、'.join(unknown) or '空'}",
            f"What is asked for is not known: {', '.join(unknown) or 'nothing'}",
        )
    if to not in rules.PARTY_TITLES:
        raise WrongUse(f"不能向“{to}”要证据", f"Evidence cannot be asked of {to!r}")
    return wanted


def refuse_while_over(case: Case) -> None:
    """Refuse what only concerns a case that still goes on."""
    if not case.is_open:
        raise Refused("这一单已经结束", "This case is over", code="case_is_over")
