"""Gathering all facts of a case, or of several cases, in a fixed number of questions; the checklist made of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from cardcase.cards import queries as cards
from cardcase.cards.models import BalanceCheck, Card
from cardcase.cards.queries import CardFacts
from cardcase.cases.models import Case
from cardcase.delivery import queries as delivery
from cardcase.evidence import rules
from cardcase.evidence.models import EvidenceRequest, Exhibit
from cardcase.evidence.rules import matrix as matrix_rules
from cardcase.inbox import queries as inbox
from cardcase.kit import clock
from cardcase.orders import queries as orders
from cardcase.orders.models import Order, Refund
from cardcase.sourcing import queries as sourcing
from cardcase.sourcing.queries import SourceProof, SupplierAnswer
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor, Permission

from .buyers import Asked, about_buyers
from .parcels import meant as parcels_meant
from .parcels import seen_of
from .rows import exhibits_of, requests_of

_SLACK: Final = timedelta(minutes=10)
_PARCEL: Final = "1"
_CODE: Final = "2"


def matrix(actor: Actor) -> rules.Matrix:
    """Return the evidence matrix of the actor's shop. Raises BrokenCatalogue when the shop's own file is wrong."""
    return rules.read_matrix(staff.own_file(actor, matrix_rules.NAME)[0])


def case_facts(actor: Actor, case: Case, *, at: datetime | None = None) -> rules.CaseFacts:
    """Gather everything that evidence and remedies are judged on. A dozen questions, however long the case."""
    return facts_of(actor, [case], at=at)[case.pk]


def facts_of(actor: Actor, cases: Sequence[Case], *, at: datetime | None = None) -> Mapping[int, rules.CaseFacts]:
    """Gather the same for several cases, by row id, in the dozen questions of one. Cases come with their neighbours."""
    actor.require(Permission.READ)
    at = at or clock.now()
    seen = matrix(actor)
    about = {case.order_id: case.order for case in cases}
    refunds = orders.refunds_of(actor, about)
    claimed = {case.pk: _claimed_at(case, refunds.get(case.order_id, [])) for case in cases}
    known_cards = _cards(actor, list(about))
    sent = delivery.parcels_of(actor, list(about))
    shown, asked = exhibits_of(actor, cases), requests_of(actor, cases)
    said = inbox.utterances_for_orders(actor, list(about.values()))
    buyers = about_buyers(actor, [_asked(case, claimed[case.pk], seen) for case in cases])
    found = {}
    for case in cases:
        order, told = case.order, refunds.get(case.order_id, [])
        refund = next((one for one in told if one.pk == case.refund_id), None)
        meant = case.card.public_id if case.card is not None else ""
        parcels = parcels_meant(sent.get(order.pk, ()), meant)
        cards_meant = _meant(known_cards.get(order.pk, ()), claimed[case.pk], named=meant)
        found[case.pk] = rules.CaseFacts(
            at=at,
            number=case.number,
            sub_reason=case.sub_reason,
            found_cause=case.found_cause,
            claimed_fen=case.claimed_fen,
            claimed_at=claimed[case.pk],
            order=_order(
                order,
                has_codes=any(card.has_reveal for card in cards_meant),
                is_by_parcel=order.pk in sent,
            ),
            parcel=seen_of(parcels) if parcels is not None else None,
            refund=_refund(refund) if refund else rules.RefundSeen(),
            other_refunds=tuple(_refund(one) for one in told if one.pk != case.refund_id),
            cards=cards_meant,
            card_public_id=meant,
            exhibits=tuple(_exhibit(one) for one in shown[case.pk] if one.set_aside_at is None),
            requests=tuple(_request(one) for one in asked[case.pk]),
            words=tuple(
                rules.WordsSeen(id=word.id, speaker=word.speaker.value, text=word.text, said_at=word.said_at)
                for word in said[order.pk]
            ),
            signals=tuple(case.signals),
            policy_version=case.policy.version if case.policy is not None else None,
            is_buyer_known=order.buyer_id is not None,
            **buyers[case.pk],
        )
    return found


def checklist(actor: Actor, case: Case, *, at: datetime | None = None) -> tuple[rules.Item, ...]:
    """Return the evidence checklist of a case: what we have, what to ask for, what is missing, what contradicts."""
    return rules.checklist(case_facts(actor, case, at=at), matrix(actor))


def _claimed_at(case: Case, refunds: Sequence[Refund]) -> datetime:
    refund = next((one for one in refunds if one.pk == case.refund_id), None)
    return (refund.applied_at if refund else None) or case.opened_at


def _asked(case: Case, claimed_at: datetime, seen: rules.Matrix) -> Asked:
    return Asked(
        case=case,
        wanted=frozenset(kind.id for kind, _ in seen.relevant(case.sub_reason)),
        quiet_from=claimed_at - timedelta(days=seen.numbers["prior_to_days"]),
        quiet_to=claimed_at - timedelta(days=seen.numbers["prior_from_days"]),
    )


def _order(order: Order, *, has_codes: bool, is_by_parcel: bool) -> rules.OrderSeen:
    listing = order.listing
    return rules.OrderSeen(
        order_no=order.order_no,
        state=order.state,
        paid_fen=order.paid_fen,
        total_fen=order.total_fen,
        quantity=order.quantity,
        paid_at=order.paid_at,
        delivered_at=order.delivered_at,
        confirmed_at=order.confirmed_at,
        listing_title=listing.title if listing else "",
        listing_price_fen=listing.price_fen if listing else None,
        is_physical=True if is_by_parcel else _is_physical(order.raw, has_codes=has_codes),
    )


def _is_physical(raw: Mapping[str, Any], *, has_codes: bool) -> bool | None:
    """Read from the channel's own answer whether a parcel was sent (闲管家 consign_type 1, or a waybill).

    Where it says nothing, a code delivered through the channel says that none was.
    """
    inner = raw.get("data")
    told: Mapping[str, Any] = inner if isinstance(inner, Mapping) else raw
    way = str(told.get("consign_type") or "")
    if way == _CODE:
        return False
    if way == _PARCEL or told.get("waybill_no"):
        return True
    return False if has_codes else None


def _refund(refund: Refund) -> rules.RefundSeen:
    return rules.RefundSeen(
        refund_no=refund.external_id,
        state=refund.state,
        amount_fen=refund.amount_fen,
        applied_at=refund.applied_at,
        refunded_at=refund.refunded_at,
    )


def _exhibit(row: Exhibit) -> rules.ExhibitSeen:
    return rules.ExhibitSeen(
        public_id=row.public_id,
        kind=row.kind,
        party=row.party,
        captured_at=row.captured_at,
        facts={**row.facts, "dkim": row.dkim} if row.dkim else row.facts,
        is_against_seller=row.is_against_seller,
    )


def _request(row: EvidenceRequest) -> rules.RequestSeen:
    return rules.RequestSeen(
        public_id=row.public_id,
        to=row.to,
        kinds=tuple(row.kinds),
        state=row.state,
        due_at=row.due_at,
        nonce=row.nonce,
    )


def _cards(actor: Actor, order_ids: Sequence[int]) -> Mapping[int, list[tuple[CardFacts, rules.CardSeen]]]:
    """Return every card that these orders got, as the books know it and as it is judged."""
    known = cards.cards_of_orders(actor, order_ids)
    ids = sorted({card.public_id for got in known.values() for card in got})
    rows = {
        row.public_id: row
        for row in Card.objects.visible_to(actor)
        .filter(public_id__in=ids)
        .select_related("batch")
        .defer("code_sealed", "number_sealed")
    }
    checks: dict[str, list[rules.CheckSeen]] = defaultdict(list)
    looks = BalanceCheck.objects.visible_to(actor).filter(card__public_id__in=ids).select_related("card")
    for look in looks.defer("card__code_sealed", "card__number_sealed").order_by("checked_at", "pk"):
        checks[look.card.public_id].append(
            rules.CheckSeen(
                at=look.checked_at,
                method=look.method,
                balance_fen=look.balance_fen,
                is_usable=look.is_usable,
                has_proof=bool(look.proof_sha256),
            )
        )
    batches = {row.batch_id for row in rows.values() if row.batch_id is not None}
    sources = sourcing.proofs_of_batches(actor, batches) if batches else {}
    answers = sourcing.answers_about_cards(actor, [row.pk for row in rows.values()]) if batches else {}
    seen = {
        public_id: _with_source(row, sources.get(row.batch_id), answers.get(row.pk)) for public_id, row in rows.items()
    }
    return {
        order: [
            (card, replace(_card(card, rows[card.public_id], checks[card.public_id]), **seen[card.public_id]))
            for card in got
        ]
        for order, got in known.items()
    }


def _with_source(row: Card, proof: SourceProof | None, answer: SupplierAnswer | None) -> dict[str, Any]:
    """Return what sourcing knows of a card: kinds of papers, and what its supplier answered."""
    papers = tuple(dict.fromkeys(paper.kind for paper in proof.papers)) if proof else ()
    has_kept = bool(row.batch and row.batch.proof_sha256)
    return {
        "papers": papers,
        "has_proof": has_kept or bool(proof and proof.has_bill),
        "recalled_at": proof.recalled_at if proof and proof.recall_proof else None,
        "supplier_answer": answer.state if answer else "",
        "supplier_answered_at": answer.answered_at if answer else None,
    }


def _meant(
    every: Sequence[tuple[CardFacts, rules.CardSeen]], claimed_at: datetime, *, named: str
) -> tuple[rules.CardSeen, ...]:
    """Return the cards that the buyer can complain about: those of the order when the claim was made.

    A card kept or handed over afterwards is a replacement, not the cause of the complaint.
    """
    first = [seen for card, seen in every if card.public_id == named or _was_there(card, claimed_at)]
    return tuple(first or [seen for _, seen in every])


def _was_there(card: CardFacts, claimed_at: datetime | None) -> bool:
    if not card.reveal_how:
        return card.state.value != "reserved"
    return card.revealed_at is None or claimed_at is None or card.revealed_at <= claimed_at + _SLACK


def _card(card: CardFacts, row: Card, checks: Sequence[rules.CheckSeen]) -> rules.CardSeen:
    batch = row.batch
    return rules.CardSeen(
        public_id=card.public_id,
        brand=card.brand,
        region=row.region,
        face_fen=card.face_fen,
        tail4=card.tail4,
        state=card.state.value,
        revealed_at=card.revealed_at,
        reveal_how=card.reveal_how,
        has_reveal=bool(card.reveal_how),
        delivered_to_orders=card.delivered_to_orders,
        redeemed_at=card.redeemed_at,
        redeemed_noted_at=card.redeemed_noted_at,
        void_result=card.void_result,
        expires_on=card.expires_on,
        batch_name=card.batch_name,
        is_batch_quarantined=card.is_batch_quarantined,
        supplier_name=card.supplier_name,
        supplier_channel=card.supplier_channel or "unknown",
        acquired_on=card.acquired_on,
        has_proof=card.has_proof,
        claim_until=batch.claim_until if batch else None,
        cost_fen=row.cost_fen if row.cost_fen is not None else (batch.unit_cost_fen if batch else None),
        siblings_sold=card.siblings_sold,
        siblings_failed=card.siblings_failed,
        checks=tuple(checks),
    )
