"""Opening a case: once for each claim, with its number, its clock and the hold on outgoing messages."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet, prefetch_related_objects

from cardcase.cases import queries, rules
from cardcase.cases.models import Case, CaseNumber
from cardcase.cases.rules import Event, GuardFacts, Need, Stage, Status
from cardcase.cases.rules.needs import entry, without
from cardcase.connectors.ports import RefundState
from cardcase.custody import service as custody
from cardcase.deadlines import service as deadlines
from cardcase.deadlines.service import Clocks
from cardcase.kit import clock, ids
from cardcase.kit.errors import Refused
from cardcase.orders.models import Order, Refund
from cardcase.policies import queries as policies
from cardcase.search import service as search
from cardcase.search.rules import Kind
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

from . import clocks, mirror, stopping
from .rows import LABEL_MAX, Ref, keep, save, take, write

_LIVE = (
    RefundState.AWAITING_SELLER,
    RefundState.AWAITING_ADDRESS,
    RefundState.AWAITING_RECEIPT,
    RefundState.AWAITING_RETURN,
)


Claim = tuple[Order, Refund | None]
"""A complaint about an order, with the platform's refund if there is one."""


@transaction.atomic
def open_case(actor: Actor, order: Order, refund: Refund | None, *, at: datetime) -> tuple[Case, bool]:
    """Open the case of a refund, or of a complaint without one (T1). Returns it and whether it is new.

    The same claim opens one case only, however often and in whatever order it is told. A refund that turns up for an
    enquiry joins the enquiry's case and lifts its stage. A refund applied for again after its case was resolved is
    another claim. The platform's present state of the refund is acted upon at once.
    """
    actor.require(Permission.IMPORT)
    [(case, is_new)] = open_all(actor, [(order, refund)], at=at)
    save(actor, case)
    return case, is_new


def open_all(actor: Actor, claims: Sequence[Claim], *, at: datetime) -> list[tuple[Case, bool]]:
    """Do the same for several claims, in their order. The cases come back in hand; the caller saves them."""
    opened: list[tuple[Case, bool]] = []
    for run in _runs(claims):
        for case, _ in opened:
            save(actor, case)  # the next run looks at the table
        opened += _open_run(actor, run, at=at)
    return opened


def _runs(claims: Sequence[Claim]) -> Iterator[list[Claim]]:
    """Cut claims where an order comes again: what its earlier claim opens must be known to the later one."""
    run: list[Claim] = []
    for claim in claims:
        if any(claim[0].pk == order.pk for order, _ in run):
            yield run
            run = []
        run.append(claim)
    if run:
        yield run


def _open_run(actor: Actor, claims: Sequence[Claim], *, at: datetime) -> list[tuple[Case, bool]]:
    """Open the cases of claims on different orders: one look, one insert, however many they are."""
    of_order = _cases_of(actor, [order.pk for order, _ in claims])
    found = [_known(of_order[order.pk], refund) for order, refund in claims]
    enquiries = [_enquiry(of_order[order.pk]) if refund is not None else None for order, refund in claims]
    new = [claim for claim, *cases in zip(claims, found, enquiries, strict=True) if not any(cases)]
    keys = {order.pk: _key(of_order[order.pk], order, refund) for order, refund in new}
    try:
        with transaction.atomic():  # a savepoint: who loses the race for a claim gives its number back
            after = {order.pk: _before(of_order[order.pk], refund) for order, refund in new}
            made = {case.order_id: case for case in _create(actor, new, keys, after, at=at)}
    except IntegrityError:
        if len(claims) > 1:  # somebody was first with one of them: the others are still ours
            return [pair for claim in claims for pair in _open_run(actor, [claim], at=at)]
        winner = _cases(actor).filter(claim_key=keys[claims[0][0].pk]).first()
        if winner is None:  # not the claim: something else is wrong, and it must be heard
            raise
        return [(winner, False)]
    of_orders = deadlines.in_hand(actor, [case.order.public_id for case in made.values()]) if made else {}
    opened = []
    for (order, refund), known, enquiry in zip(claims, found, enquiries, strict=True):
        case = known or (_join(actor, enquiry, refund, at=at) if enquiry and refund else made[order.pk])
        is_new = case is made.get(order.pk)
        if is_new:
            _begin(actor, case, of_orders[order.public_id], at=at)
        opened.append((case, is_new))
    return opened


def _cases(actor: Actor) -> "QuerySet[Case]":
    rows: QuerySet[Case] = Case.objects.visible_to(actor).select_related(*queries.RELATED)
    return rows.select_for_update(of=("self",))


def _cases_of(actor: Actor, order_ids: Sequence[int]) -> dict[int, list[Case]]:
    """Take the cases of these orders in hand, newest first."""
    found: dict[int, list[Case]] = {order_id: [] for order_id in order_ids}
    for case in _cases(actor).filter(order_id__in=order_ids).order_by("-pk"):
        found[case.order_id].append(case)
    return found


def _begin(actor: Actor, case: Case, of_order: Clocks, *, at: datetime) -> None:
    """Write the first entry of a case that was just made, act upon its refund's state, start its clock."""
    case.order_clocks = of_order
    _record(actor, case, at=at)
    no_clocks = Clocks(actor, case.public_id)
    if case.refund is not None:
        mirror.follow(actor, case, RefundState(case.refund.state), known=no_clocks, at=at)
    else:
        clocks.choose_clock(actor, case, known=no_clocks, at=at)
    case.order_clocks = None  # true no longer than its beginning: what follows reads them anew


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
    stopping.let_go(actor, case, at=at)
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
    if case.is_open:
        stopping.stop(actor, [case], at=at)
    facts: dict[str, custody.JSON] = {"from": before, "order_no": order.order_no, "revision": case.revision}
    custody.append(actor, custody.Record("case.order_linked", case.public_id, at, facts))
    return case


def card_changes(case: Case, cards: Sequence[int]) -> dict[str, object]:
    """Return what changes when the cards of the order are looked at again: linked when there is just one."""
    if case.card_id is not None:
        return {}
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


def open_another(actor: Actor, old: Case, *, claimed_fen: int | None = None, at: datetime) -> Case:
    """Open a case for another claim about the order of a case that is over, linked to it (T24). Of a person's word.

    The refund of the old case is not its own; one that the platform tells of later joins it. The caller holds ``old``
    and saves the new one.
    """
    actor.require(Permission.IMPORT)
    order = old.order
    key = rules.claim_key(order.channel, order.order_no, "", again_at=at)
    [case] = _create(actor, [(order, None)], {order.pk: key}, {order.pk: old}, at=at)
    if claimed_fen is not None:
        keep(case, claimed_fen=claimed_fen)
    _begin(actor, case, deadlines.in_hand(actor, [order.public_id])[order.public_id], at=at)
    return case


def _before(cases: Sequence[Case], refund: Refund | None) -> Case | None:
    """Return the ended case of the same refund that a new claim follows, if there is one."""
    return next((case for case in cases if refund is not None and case.refund_id == refund.pk), None)


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


def _create(
    actor: Actor,
    claims: Sequence[Claim],
    keys: Mapping[int, str],
    after: Mapping[int, Case | None],
    *,
    at: datetime,
) -> list[Case]:
    """Insert the new cases, each with its number, the card if it is certain, and the policy of the day of payment.

    ``after``: the ended case that each follows, by order.
    """
    if not claims:
        return []
    rules.check_move(Stage.ENQUIRY, None, Event.OPENED, actor, GuardFacts(is_claim_new=True))
    shop = Shop.objects.get(pk=actor.shop_id)
    cards = queries.cards_of_orders(actor, [order.pk for order, _ in claims])
    versions = policies.versions_for(actor, [order.paid_at for order, _ in claims])
    numbers = _next_numbers(shop, len(claims), at)
    made: list[Case] = Case.objects.bulk_create(
        Case(
            shop=shop,
            public_id=ids.public_id("case"),
            number=number,
            order=order,
            refund=refund,
            buyer_id=order.buyer_id,
            card_id=cards[order.pk][0] if len(cards[order.pk]) == 1 else None,
            policy=versions[order.paid_at],
            stage=(Stage.PLATFORM_REFUND if refund is not None else Stage.ENQUIRY).value,
            status=Status.NEW.value,
            waiting_on=rules.waiting_on(Status.NEW).value,
            claim_key=keys[order.pk],
            linked_to=after[order.pk],
            is_held=True,
            held_at=at,
            claimed_fen=refund.amount_fen if refund and refund.amount_fen is not None else order.paid_fen,
            needs_human=_card_needs(cards[order.pk]),
            last_event=Event.OPENED.value,
            last_moved_by=(actor.label or actor.kind.value)[:LABEL_MAX],
            last_moved_at=at,
            opened_at=at,
        )
        for (order, refund), number in zip(claims, numbers, strict=True)
    )
    search.add(Kind.CASE, [case.pk for case in made])
    stopping.stop(actor, made, at=at)
    prefetch_related_objects(made, "card__batch")
    return made


def _card_needs(cards: Sequence[int]) -> list[dict[str, str]]:
    return [] if len(cards) == 1 else [entry(Need.CARDS_SEVERAL if cards else Need.CARD_UNLINKED)]


def _next_numbers(shop: Shop, count: int, at: datetime) -> list[str]:
    """Count up in the shop's year. The row stays locked until the cases are there, so no number is given twice."""
    year = rules.year_of(at, shop.time_zone)
    counter = CaseNumber.objects.filter(shop=shop, year=year)
    if not counter.update(last=F("last") + count):
        CaseNumber.objects.get_or_create(shop=shop, year=year)
        counter.update(last=F("last") + count)
    last = counter.values_list("last", flat=True).get()
    return [rules.number(year, number) for number in range(last - count + 1, last + 1)]


def _join(actor: Actor, case: Case, refund: Refund, *, at: datetime) -> Case:
    """Hang a refund onto the open enquiry of its order: the same complaint, one stage up."""
    stage_from = case.stage
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
        "stage_from": stage_from,
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
        "linked_to": case.linked_to.number if case.linked_to else "",
    }
    custody.append(actor, custody.Record("case.opened", case.public_id, at, facts))
