"""Deciding what the buyer gets: an offer and its answer (T5–T7), or a concession (T8). No money moves here."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import Event, GuardFacts
from cardcase.cases.service.rows import take
from cardcase.kit import clock, ids
from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.remedies import queries, rules
from cardcase.remedies.models import Offer, Remedy
from cardcase.remedies.rules import (
    ACCEPT,
    Kind,
    OfferState,
    RemedyFacts,
    RemedyState,
    kind_of,
    require_clear,
    require_typed,
    value_of,
)
from cardcase.remedies.rules.learning import UNSAID, Why
from cardcase.staff.rules import Actor, Permission

from .rows import advised, clean, decided, label, record, said

OFFER_LASTS: Final = timedelta(hours=12)
"""How long an offer stands when nobody says otherwise and the platform's clock allows it. Judgement."""

OFFER_LEAST: Final = timedelta(minutes=10)
"""An offer that ends sooner cannot be answered. Judgement."""


@transaction.atomic
def propose_offer(
    actor: Actor,
    number: str,
    kind: str,
    *,
    revision: int,
    at: datetime,
    amount_fen: int | None = None,
    expires_at: datetime | None = None,
    why: Why = UNSAID,
) -> Offer:
    """Offer the buyer a remedy (T5). Without an amount the one that follows from the facts is offered.

    It ends before the platform's deadline. An agent offers within the shop's limit; a lead or the owner above it.
    ``why``: the reason for choosing other than advised.
    Raises Conflict, Blocked with every reason, WrongUse for an amount that cannot be, the refusals of T5.
    """
    actor.require(Permission.OFFER)
    case = take(actor, number, revision=revision)
    return propose(actor, case, kind, amount_fen, expires_at=expires_at, at=at, why=why)


def propose(
    actor: Actor,
    case: Case,
    kind: str,
    amount_fen: int | None,
    *,
    at: datetime,
    expires_at: datetime | None = None,
    draft: Offer | None = None,
    why: Why = UNSAID,
) -> Offer:
    """Offer on a case that is in hand; ``draft`` is the row of an agent's draft that somebody has approved."""
    facts = queries.remedy_facts(actor, case, at=at)
    catalogue = queries.catalogue(actor)
    chosen = kind_of(catalogue, kind, "offer")
    amount = amount_for(chosen, facts, catalogue, amount_fen)
    require_clear(rules.check(chosen, facts, catalogue, amount_fen=amount))
    ends = _ends(facts, at, expires_at)
    value = value_of(chosen, amount, facts)
    is_only = not facts.has_open_offer
    told = {"kind": kind, "amount_fen": amount, "expires_at": clock.iso(ends)}
    guard = GuardFacts(
        are_preconditions_met=True,
        is_only_open_offer=is_only,
        is_within_platform_bounds=True,
        is_within_agent_limit=value <= case.shop.agent_limit_fen,
        offer_expires_at=ends,
    )
    case = cases.advance(actor, case, Event.OFFERED, facts=guard, revision=case.revision, details=told, at=at)
    offer = draft or Offer(
        shop_id=actor.shop_id, public_id=ids.public_id("offer"), case=case, kind=kind, proposed_by=label(actor)
    )
    if draft is not None:
        offer.approved_by = label(actor)
    offer.amount_fen, offer.state = amount, OfferState.PROPOSED.value
    offer.expires_at, offer.proposed_at = ends, at
    offer.save()
    taken = rules.snapshot(facts, catalogue, kind, amount, clean(actor, why))
    record(
        actor,
        case,
        "remedy.offered",
        at,
        advised(taken),
        offer=offer.public_id,
        value_fen=value,
        drafted_by=offer.proposed_by,
        **told,
    )
    decided(actor, case, "offer", taken, at)
    return offer


@transaction.atomic
def settle_offer(
    actor: Actor,
    number: str,
    answer: OfferState,
    *,
    revision: int,
    at: datetime,
    source_event: str = "",
    reason: str = "",
    counter_fen: int | None = None,
) -> Offer:
    """Note how the open offer ended: accepted (T6, with the message that shows it), or one of T7's endings.

    An accepted offer becomes an approved remedy, which still has to be executed. ``counter_fen``: what the buyer wants
    instead, kept with an offer that was countered. Raises Conflict, Refused without an
    open offer, for an acceptance after its end, or for an expiry before it; the refusals of T6 and T7.
    """
    actor.require(Permission.WORK)
    case = take(actor, number, revision=revision)
    offer = queries.open_offer(actor, case)
    if offer is None:
        raise Refused("没有等待答复的提议", "No offer is waiting for an answer", code="no_open_offer")
    answer = OfferState(answer)
    if answer in (OfferState.PROPOSED, OfferState.DRAFT):
        raise WrongUse("没有写明答复", "No answer is named")
    if counter_fen is not None and (answer is not OfferState.COUNTERED or counter_fen <= 0):
        raise WrongUse("买家另提的金额只在另提条件时填，且大于零", "A counter-amount belongs to a counter-offer")
    if answer is OfferState.ACCEPTED and at > offer.expires_at:
        raise Refused(
            "提议已经过期，不能再接受",
            "The offer has ended and cannot be accepted any more",
            next=Text("记为过期，需要的话重新提。", "Note it as expired, and offer again if you want."),
            code="offer_expired",
        )
    if answer is OfferState.EXPIRED and at < offer.expires_at:
        raise Refused("提议还没有到期", "The offer has not ended yet", code="offer_not_due")
    why, shown_by = said(actor, reason), said(actor, source_event)[:120]
    counter = {"counter_fen": counter_fen} if counter_fen is not None else {}
    told: dict[str, str | int] = {"offer": offer.public_id, "answer": answer.value, "reason": why, **counter}
    is_accepted = answer is OfferState.ACCEPTED
    guard = GuardFacts(source_event_id=shown_by, offer_end="" if is_accepted else answer.value)
    event = Event.ACCEPTED if is_accepted else Event.OFFER_ENDED
    case = cases.advance(actor, case, event, facts=guard, revision=revision, details=told, at=at)
    changes = {
        "state": answer.value,
        "settled_at": at,
        "settled_reason": why,
        "source_event": shown_by,
        "counter_fen": counter_fen,
    }
    mine = Offer.objects.visible_to(actor).filter(pk=offer.pk, state=OfferState.PROPOSED.value)
    if not mine.update(**changes):
        raise Refused("这个提议刚刚已有结果", "This offer has just been settled", code="no_open_offer")
    for name, value in changes.items():
        setattr(offer, name, value)
    if is_accepted:
        facts = queries.remedy_facts(actor, case, at=at)
        chosen = queries.catalogue(actor).kinds[offer.kind]
        approve(actor, case, chosen, offer.amount_fen, facts, offer=offer, at=at)
    record(actor, case, "remedy.offer_settled", at, shown_by=shown_by, **told)
    return offer


@transaction.atomic
def concede(
    actor: Actor,
    number: str,
    kind: str,
    *,
    confirmation: str,
    revision: int,
    at: datetime,
    amount_fen: int | None = None,
    override_reason: str = "",
    why: Why = UNSAID,
) -> Remedy:
    """Agree to give the buyer a remedy without asking (T8). It still has to be executed.

    ``confirmation`` is the typed phrase of ``rules.phrase("concede", kind, amount)``. An agent agrees within the shop's
    limit. With ``override_reason`` whoever may move money gives more although a card was replaced before (I1).
    ``why``: the reason for choosing other than advised.
    Raises Conflict, Blocked, NotConfirmed, the refusals of T8.
    """
    actor.require(Permission.MONEY if override_reason.strip() or kind == ACCEPT else Permission.OFFER)
    case = take(actor, number, revision=revision)
    return agree(actor, case, kind, amount_fen, typed=confirmation, override_reason=override_reason, why=why, at=at)


def agree(
    actor: Actor,
    case: Case,
    kind: str,
    amount_fen: int | None,
    *,
    typed: str,
    at: datetime,
    override_reason: str = "",
    why: Why = UNSAID,
    draft: Remedy | None = None,
) -> Remedy:
    """Concede on a case that is in hand; ``draft`` is the row that an agent proposed and somebody has approved."""
    facts = queries.remedy_facts(actor, case, at=at)
    catalogue = queries.catalogue(actor)
    chosen = kind_of(catalogue, kind, "offer", "accept")
    amount = amount_for(chosen, facts, catalogue, amount_fen)
    overrides = said(actor, override_reason)
    require_clear(rules.check(chosen, facts, catalogue, amount_fen=amount), is_overridden=bool(overrides))
    require_typed(typed, rules.phrase("concede", kind, amount))
    guard = GuardFacts(
        are_preconditions_met=True,
        is_within_agent_limit=value_of(chosen, amount, facts) <= case.shop.agent_limit_fen,
        is_confirmed=True,
    )
    told = {"kind": kind, "amount_fen": amount}
    case = cases.advance(actor, case, Event.CONCEDED, facts=guard, revision=case.revision, details=told, at=at)
    return approve(
        actor, case, chosen, amount, facts, offer=None, draft=draft, override_reason=overrides, why=why, at=at
    )


def approve(
    actor: Actor,
    case: Case,
    kind: Kind,
    amount: int | None,
    facts: RemedyFacts,
    *,
    offer: Offer | None,
    at: datetime,
    draft: Remedy | None = None,
    override_reason: str = "",
    why: Why = UNSAID,
) -> Remedy:
    """Write down what was agreed, ready to be executed. The table refuses a second live remedy of a case."""
    remedy = draft or new_remedy(actor, case, kind, at=at)
    remedy.amount_fen, remedy.value_fen = amount, value_of(kind, amount, facts)
    remedy.state, remedy.offer, remedy.override_reason = RemedyState.APPROVED.value, offer, override_reason
    remedy.approved_by = (offer.approved_by if offer else "") or label(actor)
    remedy.save()
    taken = rules.snapshot(facts, queries.catalogue(actor), kind.id, amount, clean(actor, why))
    record(
        actor,
        case,
        "remedy.approved",
        at,
        advised(taken),
        remedy=remedy.public_id,
        kind=kind.id,
        amount_fen=amount,
        value_fen=remedy.value_fen,
        offer=offer.public_id if offer else "",
        decided_by=remedy.decided_by,
        override_reason=override_reason,
        advised=taken["advised"],
        floor=taken["floor"],
        floor_kind=taken["floor_kind"],
        floor_is_conditional=taken["floor_is_conditional"],
    )
    if offer is None:  # an offer that was accepted was decided when it was made
        decided(actor, case, "concede", taken, at)
    return remedy


def new_remedy(actor: Actor, case: Case, kind: Kind, *, at: datetime) -> Remedy:
    """Return the row of a remedy that this actor decides upon, not saved yet."""
    public_id = ids.public_id("rem")
    return Remedy(
        shop_id=actor.shop_id,
        public_id=public_id,
        case=case,
        kind=kind.id,
        key=f"agreed:{public_id}",  # the key of its execution replaces it
        decided_by=label(actor),
        decided_at=at,
    )


def amount_for(chosen: Kind, facts: RemedyFacts, catalogue: rules.Catalogue, asked: int | None) -> int | None:
    """Return the amount of a remedy: what was asked for, else what follows from the facts."""
    if not chosen.is_money:
        if asked is not None:
            raise WrongUse(f"“{chosen.title_zh}”没有金额", f"“{chosen.title_en}” has no amount")
        return None
    follows, _ = rules.amount_of(chosen, facts, catalogue)
    amount = follows if asked is None else asked
    if amount is None:
        raise WrongUse(
            "要写明金额",
            "The amount has to be named",
            next=Text("填写以分为单位的金额。", "Give the amount in fen."),
            code="amount_missing",
        )
    price = facts.price_fen
    if amount <= 0 or (price is not None and amount > price):
        raise WrongUse("金额要大于零，不超过实付", "The amount is above zero and not above what was paid")
    if chosen.id in ("full_refund", "return_and_refund") and amount not in (follows, price):
        raise WrongUse("全额退款就是实付金额；少于它请用部分退款", "A full refund is what was paid; less is a part")
    return amount


def _ends(facts: RemedyFacts, at: datetime, asked: datetime | None) -> datetime:
    ends = asked or at + OFFER_LASTS
    if asked is None and facts.platform_margin_at is not None:
        ends = min(ends, facts.platform_margin_at)
    if ends - at < OFFER_LEAST:
        raise Refused(
            "平台时限快到了，提议来不及得到答复",
            "The platform's deadline is too close for an offer to be answered",
            next=Text("直接同意或拒绝。", "Agree or refuse at once."),
            code="no_time_to_offer",
        )
    return ends
