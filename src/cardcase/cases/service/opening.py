"""Opening a case: once for each claim, with its number, its clock and the hold on outgoing messages."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from cardcase.cases import queries, rules
from cardcase.cases.models import Case, CaseNumber
from cardcase.cases.rules import Event, GuardFacts, Need, Stage, Status
from cardcase.cases.rules.needs import entry, without
from cardcase.connectors.ports import RefundState
from cardcase.custody import service as custody
from cardcase.kit import clock, ids
from cardcase.kit.errors import Refused
from cardcase.orders.models import Order, Refund
from cardcase.policies import queries as policies
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

from . import clocks, mirror
from .rows import Ref, take, write

_LIVE = (
    RefundState.AWAITING_SELLER,
    RefundState.AWAITING_ADDRESS,
    RefundState.AWAITING_RECEIPT,
    RefundState.AWAITING_RETURN,
)


@transaction.atomic
def open_case(actor: Actor, order: Order, refund: Refund | None, *, at: datetime) -> tuple[Case, bool]:
    """Open the case of a refund, or of a complaint without one (T1). Returns it and whether it is new.

    The same claim opens one case only, however often and in whatever order it is told. A refund that turns up for an
    enquiry joins the enquiry's case and lifts its stage. A refund applied for again after its case was resolved is
    another claim. The platform's present state of the refund is acted upon at once.
    """
    actor.require(Permission.IMPORT)
    mine = Case.objects.visible_to(actor).select_related(*queries.RELATED).filter(order_id=order.pk).order_by("-pk")
    cases = list(mine)
    known = _known(cases, refund)
    if known is not None:
        return known, False
    if refund is not None and (enquiry := _enquiry(cases)) is not None:
        return _join(actor, enquiry, refund, at=at), False
    rules.check_move(Stage.ENQUIRY, None, Event.OPENED, actor, GuardFacts(is_claim_new=True))
    key = _key(cases, order, refund)
    try:
        with transaction.atomic():  # a savepoint: who loses the race for a claim gives its number back
            case = _create(actor, order, refund, key, at=at)
    except IntegrityError:
        winner = Case.objects.visible_to(actor).select_related(*queries.RELATED).filter(claim_key=key).first()
        if winner is None:  # not the claim: something else is wrong, and it must be heard
            raise
        return winner, False
    _record(actor, case, at=at)
    if refund is not None:
        mirror.follow(actor, case, RefundState(refund.state), at=at)
    else:
        clocks.choose_clock(actor, case, at=at)
        clocks.refresh(actor, case, at=at)
    return case, True


@transaction.atomic
def move_to_order(actor: Actor, ref: Ref, order: Order, *, at: datetime) -> Case:
    """Hang a case on the order that it is about, when the chat that opened it had named none.

    A refund that only the chat told of gives way to the order's own, which joins the case when it is opened next.
    Raises Refused when the order has a case of its own: two complaints are not made one by a machine.
    """
    actor.require(Permission.IMPORT)
    case = take(actor, ref)
    if Case.objects.visible_to(actor).filter(order_id=order.pk).exclude(pk=case.pk).exists():
        raise Refused("这个订单已有售后单", "This order has a case already", code="order_has_case")
    before = case.order.order_no
    write(
        actor,
        case,
        "order_linked",
        at=at,
        order=order,
        buyer_id=order.buyer_id or case.buyer_id,
        refund=None,
        claim_key=rules.claim_key(order.channel, order.order_no, ""),
        claimed_fen=case.claimed_fen if case.claimed_fen is not None else order.paid_fen,
        policy=policies.version_for(actor, order.paid_at),
        needs_human=without(case.needs_human, "order_unknown"),
    )
    facts: dict[str, custody.JSON] = {"from": before, "order_no": order.order_no, "revision": case.revision}
    custody.append(actor, custody.Record("case.order_linked", case.public_id, at, facts))
    return case


def card_changes(actor: Actor, case: Case) -> dict[str, object]:
    """Return what changes when the card of the order is looked for again: linked when there is just one."""
    if case.card_id is not None:
        return {}
    cards = queries.cards_of(actor, case.order_id)
    missing = {0: Need.CARD_UNLINKED, 1: None}.get(len(cards), Need.CARDS_SEVERAL)
    codes = (Need.CARD_UNLINKED.value, Need.CARDS_SEVERAL.value)
    kept = [need for need in case.needs_human if need["code"] not in codes]
    wanted = [*kept, entry(missing)] if missing else kept
    changes: dict[str, object] = {"card_id": cards[0]} if len(cards) == 1 else {}
    if [need["code"] for need in wanted] != [need["code"] for need in case.needs_human]:
        changes["needs_human"] = wanted
    return changes


def _known(cases: Sequence[Case], refund: Refund | None) -> Case | None:
    """Return the case that this claim has already; ``cases`` are those of its order, newest first."""
    if refund is None:
        return next((case for case in cases if case.is_open), cases[0] if cases else None)
    last = next((case for case in cases if case.refund_id == refund.pk), None)
    return None if last is not None and _is_again(last, refund) else last


def _enquiry(cases: Sequence[Case]) -> Case | None:
    return next((case for case in cases if case.refund_id is None and case.is_open), None)


def _is_again(last: Case, refund: Refund) -> bool:
    """Tell whether a refund was applied for again after its last case had been resolved."""
    return (
        not last.is_open
        and RefundState(refund.state) in _LIVE
        and refund.applied_at is not None
        and last.resolved_at is not None
        and refund.applied_at > last.resolved_at
    )


def _key(cases: Sequence[Case], order: Order, refund: Refund | None) -> str:
    key = rules.claim_key(order.channel, order.order_no, refund.external_id if refund else "")
    taken = any(case.claim_key == key for case in cases)
    if refund is None or not taken:
        return key
    return rules.claim_key(order.channel, order.order_no, refund.external_id, again_at=refund.applied_at)


def _create(actor: Actor, order: Order, refund: Refund | None, key: str, *, at: datetime) -> Case:
    cards = queries.cards_of(actor, order.pk)
    shop = Shop.objects.get(pk=actor.shop_id)
    needs = [] if len(cards) == 1 else [entry(Need.CARDS_SEVERAL if cards else Need.CARD_UNLINKED)]
    stage = Stage.PLATFORM_REFUND if refund is not None else Stage.ENQUIRY
    claimed = refund.amount_fen if refund is not None and refund.amount_fen is not None else order.paid_fen
    return Case.objects.create(
        shop=shop,
        public_id=ids.public_id("case"),
        number=_next_number(shop, at),
        order=order,
        refund=refund,
        buyer_id=order.buyer_id,
        card_id=cards[0] if len(cards) == 1 else None,
        policy=policies.version_for(actor, order.paid_at),
        stage=stage.value,
        status=Status.NEW.value,
        waiting_on=rules.waiting_on(Status.NEW).value,
        claim_key=key,
        is_held=True,
        held_at=at,
        claimed_fen=claimed,
        needs_human=needs,
        last_event=Event.OPENED.value,
        last_moved_by=(actor.label or actor.kind.value)[:80],
        last_moved_at=at,
        opened_at=at,
    )


def _next_number(shop: Shop, at: datetime) -> str:
    """Count one up in the shop's year. The row stays locked until the case is there, so no number is given twice."""
    year = rules.year_of(at, shop.time_zone)
    counter = CaseNumber.objects.filter(shop=shop, year=year)
    if not counter.update(last=F("last") + 1):
        CaseNumber.objects.get_or_create(shop=shop, year=year)
        counter.update(last=F("last") + 1)
    return rules.number(year, counter.values_list("last", flat=True).get())


def _join(actor: Actor, enquiry: Case, refund: Refund, *, at: datetime) -> Case:
    """Hang a refund onto the open enquiry of its order: the same complaint, one stage up."""
    case = take(actor, enquiry)
    claimed = refund.amount_fen if refund.amount_fen is not None else case.claimed_fen
    write(
        actor,
        case,
        "refund_linked",
        at=at,
        refund=refund,
        claim_key=rules.claim_key(case.order.channel, case.order.order_no, refund.external_id),
        stage=rules.higher(Stage(case.stage), Stage.PLATFORM_REFUND).value,
        claimed_fen=claimed,
    )
    facts: dict[str, custody.JSON] = {
        "refund": refund.external_id,
        "stage_from": enquiry.stage,
        "stage_to": case.stage,
        "claimed_fen": claimed,
        "revision": case.revision,
    }
    custody.append(actor, custody.Record("case.refund_linked", case.public_id, at, facts))
    mirror.follow(actor, case, RefundState(refund.state), at=at)
    clocks.end_own_goal(actor, case, at=at)
    return case


def _record(actor: Actor, case: Case, *, at: datetime) -> None:
    refund = case.refund
    facts: dict[str, custody.JSON] = {
        "row": "T1",
        "event": Event.OPENED.value,
        "to": case.status,
        "stage_to": case.stage,
        "number": case.number,
        "channel": case.order.channel,
        "order_no": case.order.order_no,
        "refund": refund.external_id if refund else "",
        "refund_state": refund.state if refund else "",
        "refund_state_raw": refund.state_raw if refund else "",
        "applied_at": clock.iso(refund.applied_at) if refund and refund.applied_at else "",
        "claimed_fen": case.claimed_fen,
        "is_held": True,
        "policy_version": case.policy.version if case.policy else None,
    }
    custody.append(actor, custody.Record("case.opened", case.public_id, at, facts))
