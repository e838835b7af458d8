"""Reading evidence: all facts of a case in a fixed number of questions, the checklist, exhibits and requests."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from cardcase.cards import queries as cards
from cardcase.cards.models import BalanceCheck, Card
from cardcase.cards.queries import CardFacts
from cardcase.cases.models import Case
from cardcase.connectors.ports import OrderState, RefundState
from cardcase.inbox import queries as inbox
from cardcase.kit import clock
from cardcase.kit.errors import NotFound
from cardcase.orders import queries as orders
from cardcase.orders.models import Order, Refund
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

from . import rules
from .datafiles import check_data
from .models import EvidenceRequest, Exhibit
from .rules import matrix as matrix_rules

__all__ = [
    "case_facts",
    "check_data",
    "checklist",
    "exhibit",
    "exhibits",
    "has_come",
    "matrix",
    "open_requests",
    "overdue_requests",
    "request",
    "requests",
]

SAME_PURCHASE: Final = timedelta(days=1)
"""Two equal orders of one buyer paid within this time may be one purchase made twice (E23). Judgement."""

_SLACK: Final = timedelta(minutes=10)
_PARCEL: Final = "1"
_CODE: Final = "2"


def matrix(actor: Actor) -> rules.Matrix:
    """Return the evidence matrix of the actor's shop. Raises BrokenCatalogue when the shop's own file is wrong."""
    return rules.read_matrix(_override(actor))


def case_facts(actor: Actor, case: Case, *, at: datetime | None = None) -> rules.CaseFacts:
    """Gather everything that evidence and remedies are judged on. A dozen questions, however long the case."""
    actor.require(Permission.READ)
    at = at or clock.now()
    order = case.order
    refunds = orders.refunds_of(actor, [order.pk]).get(order.pk, [])
    refund = next((one for one in refunds if one.pk == case.refund_id), None)
    claimed_at = (refund.applied_at if refund else None) or case.opened_at
    seen = matrix(actor)
    meant = case.card.public_id if case.card is not None else ""
    seen_cards = _cards(actor, order, claimed_at, named=meant)
    return rules.CaseFacts(
        at=at,
        number=case.number,
        sub_reason=case.sub_reason,
        found_cause=case.found_cause,
        claimed_fen=case.claimed_fen,
        claimed_at=claimed_at,
        order=_order(order, has_codes=any(card.has_reveal for card in seen_cards)),
        refund=_refund(refund) if refund else rules.RefundSeen(),
        other_refunds=tuple(_refund(one) for one in refunds if one.pk != case.refund_id),
        cards=seen_cards,
        card_public_id=meant,
        exhibits=tuple(_exhibit(one) for one in exhibits(actor, case) if one.set_aside_at is None),
        requests=tuple(_request(one) for one in requests(actor, case)),
        words=tuple(
            rules.WordsSeen(id=said.id, speaker=said.speaker.value, text=said.text, said_at=said.said_at)
            for said in inbox.utterances_for_order(actor, order)
        ),
        signals=tuple(case.signals),
        policy_version=case.policy.version if case.policy is not None else None,
        is_buyer_known=order.buyer_id is not None,
        **_about_buyer(actor, order, claimed_at, seen, wanted={kind.id for kind, _ in seen.relevant(case.sub_reason)}),
    )


def checklist(actor: Actor, case: Case, *, at: datetime | None = None) -> tuple[rules.Item, ...]:
    """Return the evidence checklist of a case: what we have, what to ask for, what is missing, what contradicts."""
    return rules.checklist(case_facts(actor, case, at=at), matrix(actor))


def exhibits(actor: Actor, case: Case) -> list[Exhibit]:
    """Return the exhibits of a case in the order in which they were added, those set aside among them."""
    return list(Exhibit.objects.visible_to(actor).filter(case_id=case.pk).order_by("pk"))


def exhibit(actor: Actor, public_id: str) -> Exhibit:
    """Return one exhibit with its case. Raises NotFound, also for another shop's."""
    found = Exhibit.objects.visible_to(actor).filter(public_id=public_id).select_related("case").first()
    if found is None:
        raise NotFound("没有这份证据", "There is no such exhibit")
    assert isinstance(found, Exhibit)
    return found


def requests(actor: Actor, case: Case) -> list[EvidenceRequest]:
    """Return what was asked for in a case, oldest first."""
    return list(EvidenceRequest.objects.visible_to(actor).filter(case_id=case.pk).order_by("pk"))


def request(actor: Actor, public_id: str) -> EvidenceRequest:
    """Return one request with its case. Raises NotFound, also for another shop's."""
    found = EvidenceRequest.objects.visible_to(actor).filter(public_id=public_id).select_related("case").first()
    if found is None:
        raise NotFound("没有这个索证请求", "There is no such request for evidence")
    assert isinstance(found, EvidenceRequest)
    return found


def open_requests(actor: Actor, case: Case) -> list[EvidenceRequest]:
    """Return what is still asked for in a case, oldest first."""
    rows = EvidenceRequest.objects.visible_to(actor).filter(case_id=case.pk, state="open")
    return list(rows.select_related("case").order_by("pk"))


def has_come(actor: Actor, asked: EvidenceRequest) -> bool:
    """Tell whether every kind that was asked for has come since and still counts."""
    rows = Exhibit.objects.visible_to(actor).filter(
        case_id=asked.case_id, kind__in=asked.kinds, captured_at__gte=asked.asked_at, set_aside_at=None
    )
    return set(rows.values_list("kind", flat=True)) >= set(asked.kinds)


def overdue_requests(actor: Actor, *, at: datetime) -> list[EvidenceRequest]:
    """Return open requests whose time is up."""
    rows = EvidenceRequest.objects.visible_to(actor).filter(state="open", due_at__lte=at)
    return list(rows.select_related("case").order_by("due_at", "pk"))


def _override(actor: Actor) -> Path | None:
    """Return where the shop's own file would be. Most installations have none and are spared the question."""
    actor.require(Permission.READ)
    folder: Path = settings.CARDCASE.overrides
    if not folder.is_dir():
        return None
    return folder / Shop.objects.values_list("slug", flat=True).get(pk=actor.shop_id) / matrix_rules.NAME


def _order(order: Order, *, has_codes: bool) -> rules.OrderSeen:
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
        is_physical=_is_physical(order.raw, has_codes=has_codes),
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
        facts=row.facts,
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


def _cards(actor: Actor, order: Order, claimed_at: datetime | None, *, named: str) -> tuple[rules.CardSeen, ...]:
    """Return the cards that the buyer can complain about: those of the order when the claim was made.

    A card kept or handed over afterwards is a replacement, not the cause of the complaint.
    """
    known = cards.cards_of_order(actor, order.pk)
    if not known:
        return ()
    ids = [card.public_id for card in known]
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
    every = [(card, _card(card, rows[card.public_id], checks[card.public_id])) for card in known]
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


def _about_buyer(
    actor: Actor, order: Order, claimed_at: datetime | None, seen: rules.Matrix, *, wanted: set[str]
) -> dict[str, Any]:
    """Count the buyer's earlier quiet orders and other claims, and find orders that look like the same one twice.

    Only what matters for the reason is asked of the database.
    """
    if order.buyer_id is None:
        return {}
    mine = Order.objects.visible_to(actor).filter(buyer_id=order.buyer_id).exclude(pk=order.pk)
    told: dict[str, Any] = {}
    if claimed_at is not None and "E19" in wanted:
        first = claimed_at - timedelta(days=seen.numbers["prior_to_days"])
        last = claimed_at - timedelta(days=seen.numbers["prior_from_days"])
        quiet = mine.filter(state=OrderState.COMPLETED.value, refund_state__in=["", RefundState.NONE.value])
        told["undisputed_orders"] = quiet.filter(paid_at__gte=first, paid_at__lte=last).count()
    if "E21" in wanted:
        claims = Refund.objects.visible_to(actor).filter(order__buyer_id=order.buyer_id, is_shadow=False)
        claims = claims.exclude(order_id=order.pk).exclude(state=RefundState.NONE.value)
        told["other_claims"] = claims.values("order_id").distinct().count()
    if "E23" in wanted and order.paid_at is not None and order.listing_id is not None:
        twins = mine.filter(
            listing_id=order.listing_id,
            paid_fen=order.paid_fen,
            paid_at__gte=order.paid_at - SAME_PURCHASE,
            paid_at__lte=order.paid_at + SAME_PURCHASE,
        )
        told["duplicate_orders"] = tuple(twins.order_by("paid_at", "pk").values_list("order_no", flat=True)[:5])
    return told
