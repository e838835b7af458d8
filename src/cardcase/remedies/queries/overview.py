"""What the case page, the API and the command line show about remedies, gathered once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cardcase.cards.models import Card
from cardcase.cases.models import Case
from cardcase.cases.rules import GuardFacts
from cardcase.connectors.ports import RefundState
from cardcase.deadlines.queries import ClockView
from cardcase.evidence.rules import Item
from cardcase.kit import clock
from cardcase.kit.text import Text
from cardcase.remedies import rules
from cardcase.remedies.models import Offer, Remedy
from cardcase.remedies.rules import (
    LIVE,
    TRANSFER,
    Advice,
    Floor,
    Net,
    OfferState,
    Option,
    RemedyFacts,
    RemedyState,
    net_of,
)
from cardcase.sourcing import queries as sourcing
from cardcase.staff.rules import Actor

from . import facts as gather


@dataclass(frozen=True, slots=True)
class Overview:
    """Checklist, floor, options, facts for the moves and the tip, all from one reading of the case.

    ``clocks`` are all that it ever had, in the order of arming.
    """

    facts: RemedyFacts
    items: Sequence[Item]
    floor: Floor
    options: Sequence[Option]
    guards: GuardFacts
    tip: Text | None
    advice: Advice
    offer: Offer | None
    remedy: Remedy | None
    draft: Offer | Remedy | None  # what waits for somebody's approval
    offers: Sequence[Offer]
    net: Net | None  # what the case left in the till, once it is over
    clocks: Sequence[ClockView]


def overview(actor: Actor, case: Case, *, at: datetime | None = None) -> Overview:
    """Judge a case once, for everything that is shown of it. Cheaper than the single questions below together."""
    return overviews(actor, [case], at=at)[0]


def overviews(actor: Actor, cases: Sequence[Case], *, at: datetime | None = None) -> list[Overview]:
    """Judge several cases, read together: a hundred cost hardly more questions than one."""
    at = at or clock.now()
    known = gather.around(actor, cases, at=at)
    shown = gather.catalogue(actor)
    back = _recovered(actor, [case for case in cases if not case.is_open])
    return [_judged(actor, case, known[case.pk], shown, back, at=at) for case in cases]


def _judged(
    actor: Actor, case: Case, known: gather.Around, shown: rules.Catalogue, back: Mapping[int, int], *, at: datetime
) -> Overview:
    drafts: list[Offer | Remedy] = [one for one in known.offers if one.state == OfferState.DRAFT.value]
    drafts += [one for one in known.remedies if one.case_id == case.pk and one.state == RemedyState.PROPOSED.value]
    agreed = next((one for one in known.remedies if one.case_id == case.pk and one.state in LIVE), None)
    facts = gather.facts_around(actor, case, known, at=at)
    made, advice = rules.judge(facts, shown)
    return Overview(
        facts=facts,
        items=facts.items,
        floor=rules.floor(facts, shown),
        options=made,
        guards=gather.guards_around(actor, case, facts, made, agreed),
        tip=rules.tip(made, facts, advice),
        advice=advice,
        offer=known.offer,
        remedy=agreed,
        draft=drafts[0] if drafts else None,
        offers=known.offers,
        net=None
        if case.is_open
        else _net(case, [one for one in known.remedies if one.case_id == case.pk], back[case.pk]),
        clocks=known.clocks,
    )


def net_of_case(actor: Actor, case: Case) -> Net:
    """Add up what a case left in the till, as far as it is known now."""
    return _net(case, remedies_of(actor, case), _recovered(actor, [case])[case.pk])


def _recovered(actor: Actor, cases: Sequence[Case]) -> Mapping[int, int]:
    """Return what came back from suppliers for these cases (row ids), in 分.

    What claims on the supplier brought for the case's card counts; without any, what a person typed into the case's
    review. Never both: it is the same money.
    """
    named = [case.card_id for case in cases if case.card_id is not None]
    by_card = sourcing.recovered_by_card(actor, named) if named else {}
    return {case.pk: by_card.get(case.card_id or 0) or case.recovered_fen for case in cases}


def _net(case: Case, remedies: Sequence[Remedy], recovered_fen: int) -> Net:
    done = [one for one in remedies if one.state == RemedyState.VERIFIED.value]
    money = [one for one in done if one.kind != "replace_card" and one.amount_fen is not None]
    beside = [one for one in money if one.kind in (TRANSFER, "goodwill")]
    refund = case.refund
    is_paid = refund is not None and refund.state == RefundState.SUCCEEDED.value
    given = [one.replacement for one in done if one.replacement is not None]
    return net_of(
        paid_fen=case.order.paid_fen if case.order.paid_fen is not None else case.order.total_fen,
        refunded_fen=refund.amount_fen if refund is not None and is_paid else None,
        on_platform_fen=sum(one.amount_fen or 0 for one in money if one not in beside),
        beside_fen=sum(one.amount_fen or 0 for one in beside),
        card_costs=tuple(_cost(card) for card in given),
        recovered_fen=recovered_fen,
    )


def _cost(card: Card) -> int | None:
    if card.cost_fen is not None:
        return card.cost_fen
    return card.batch.unit_cost_fen if card.batch is not None else None


def options(actor: Actor, case: Case, *, at: datetime | None = None) -> tuple[Option, ...]:
    """Return the remedies of a case: allowed or blocked and why, cost, floor, advice."""
    return rules.options(gather.remedy_facts(actor, case, at=at), gather.catalogue(actor))


def floor_text(actor: Actor, case: Case, *, at: datetime | None = None) -> Text:
    """Say what the buyer must get at least."""
    return rules.floor(gather.remedy_facts(actor, case, at=at), gather.catalogue(actor)).text


def standing(actor: Actor, case: Case, *, at: datetime | None = None) -> GuardFacts:
    """Return the facts that guard the moves of a case, for ``cases.queries.allowed_moves``."""
    return gather.guards(actor, case, gather.remedy_facts(actor, case, at=at))


def offers_of(actor: Actor, case: Case) -> list[Offer]:
    """Return every offer made in a case, oldest first: the history is kept."""
    return list(Offer.objects.visible_to(actor).filter(case_id=case.pk).order_by("pk"))


def remedies_of(actor: Actor, case: Case) -> list[Remedy]:
    """Return every remedy decided in a case, oldest first."""
    return list(Remedy.objects.visible_to(actor).filter(case_id=case.pk).order_by("pk"))
