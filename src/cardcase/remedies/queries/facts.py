"""Gathering what remedies are judged on, and turning it into the facts that guard the moves of a case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from cardcase.cards import queries as cards
from cardcase.cases import queries as case_queries
from cardcase.cases.models import Case
from cardcase.cases.rules import GuardFacts, Status
from cardcase.connectors.ports import RefundState
from cardcase.deadlines import queries as deadlines
from cardcase.deadlines.queries import ClockView
from cardcase.deadlines.rules import DeadlineKind
from cardcase.evidence import queries as evidence
from cardcase.evidence.rules import CaseFacts, Delivery, checklist, decline_gaps, find
from cardcase.kit import clock
from cardcase.remedies import rules
from cardcase.remedies.models import Offer, Remedy
from cardcase.remedies.rules import LIVE, SPENT, TRANSFER, OfferState, RemedyFacts, RemedyState, may_move_money
from cardcase.remedies.rules import catalogue as catalogue_rules
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

from .learned import with_learned

_AGREED = (RemedyState.APPROVED.value, RemedyState.PRECHECKED.value)
_MONEY = ("partial_refund", "full_refund", "return_and_refund", "goodwill", "accept_claim", TRANSFER)


def catalogue(actor: Actor) -> rules.Catalogue:
    """Return the remedies of the actor's shop, with the numbers that it has learned. Raises BrokenCatalogue."""
    return with_learned(actor, priors(actor))


def priors(actor: Actor) -> rules.Catalogue:
    """Return the remedies of the shop with the numbers as set: nothing learned. Raises BrokenCatalogue."""
    actor.require(Permission.READ)
    folder = settings.CARDCASE.overrides
    if not folder.is_dir():
        return rules.read_catalogue()
    slug = Shop.objects.values_list("slug", flat=True).get(pk=actor.shop_id)
    return rules.read_catalogue(folder / slug / catalogue_rules.NAME)


def refuse_reasons(actor: Actor) -> tuple[str, ...]:
    """Return the reasons that a refusal may name when the platform's own list was not read in the App."""
    return priors(actor).refuse_reasons


@dataclass(frozen=True, slots=True)
class Around:
    """What is read about a case before it is judged: all clocks it ever had, remedies of its order, its offers."""

    evidence: CaseFacts
    clocks: Sequence[ClockView]
    remedies: Sequence[Remedy]
    offers: Sequence[Offer]
    is_disputed: bool  # the platform runs a dispute about the order

    @property
    def offer(self) -> Offer | None:
        """The offer that waits for the buyer's answer; there is one at most."""
        return next((one for one in self.offers if one.state == OfferState.PROPOSED.value), None)


def around(actor: Actor, cases: Sequence[Case], *, at: datetime) -> Mapping[int, Around]:
    """Read this for several cases, by row id, in as many questions as for one."""
    found = evidence.facts_of(actor, cases, at=at)
    clocks = deadlines.of_subjects(actor, [case.public_id for case in cases])
    offers: dict[int, list[Offer]] = {case.pk: [] for case in cases}
    for offer in Offer.objects.visible_to(actor).filter(case_id__in=list(offers)).order_by("pk"):
        offers[offer.case_id].append(offer)
    made: dict[int, list[Remedy]] = {case.order_id: [] for case in cases}
    rows = (
        Remedy.objects.visible_to(actor)
        .filter(case__order_id__in=list(made))
        .select_related("case", "replacement__batch")
    )
    for remedy in rows.order_by("pk"):
        made[remedy.case.order_id].append(remedy)
    disputed = case_queries.orders_in_dispute(actor, list(made))
    return {
        case.pk: Around(
            evidence=found[case.pk],
            clocks=clocks[case.public_id],
            remedies=made[case.order_id],
            offers=offers[case.pk],
            is_disputed=case.order_id in disputed,
        )
        for case in cases
    }


def remedy_facts(actor: Actor, case: Case, *, at: datetime | None = None) -> RemedyFacts:
    """Gather everything about a case that floor, preconditions, costs and advice are judged on."""
    at = at or clock.now()
    return facts_around(actor, case, around(actor, [case], at=at)[case.pk], at=at)


def facts_around(actor: Actor, case: Case, known: Around, *, at: datetime) -> RemedyFacts:
    """Gather the same from what was read before."""
    matrix = evidence.matrix(actor)
    facts = _with_our_deeds(known.evidence, known.remedies)
    findings = find(facts, matrix)
    items = checklist(facts, matrix)
    bound = [one for one in deadlines.running(known.clocks) if one.is_platform_bound]
    first = facts.cards_meant()[0].public_id if facts.cards_meant() else None
    return RemedyFacts(
        case=facts,
        findings=findings,
        items=items,
        gaps=decline_gaps(items, facts, matrix, findings=findings),
        channel=case.order.channel,
        stage=case.stage,
        status=case.status,
        is_open=case.is_open,
        stock_equal=cards.stock_of_equal_value(actor, first, on=at.astimezone(clock.SHANGHAI).date())
        if first
        else None,
        remedies=tuple(
            rules.RemedySeen(
                public_id=one.public_id,
                kind=one.kind,
                state=one.state,
                value_fen=one.value_fen,
                is_money=one.kind in _MONEY,
                of_this_case=one.case_id == case.pk,
            )
            for one in known.remedies
        ),
        has_open_offer=known.offer is not None,
        has_open_dispute=known.is_disputed,
        platform_due_at=bound[0].due_at if bound else None,
        platform_margin_at=min((one.margin_at for one in bound), default=None),
    )


def _with_our_deeds(facts: CaseFacts, made: Sequence[Remedy]) -> CaseFacts:
    done = any(one.state in (RemedyState.EXECUTED, RemedyState.VERIFIED) for one in made)
    return replace(facts, has_executed_remedy=done)


def open_offer(actor: Actor, case: Case) -> Offer | None:
    """Return the offer that waits for the buyer's answer; there is one at most."""
    found = Offer.objects.visible_to(actor).filter(case_id=case.pk, state=OfferState.PROPOSED.value).first()
    assert found is None or isinstance(found, Offer)
    return found


def draft_of(actor: Actor, case: Case) -> Offer | Remedy | None:
    """Return what waits for the word of somebody who may decide: an offer drafted, or a concession proposed."""
    drafted = Offer.objects.visible_to(actor).filter(case_id=case.pk, state=OfferState.DRAFT.value).first()
    if drafted is None:
        drafted = Remedy.objects.visible_to(actor).filter(case_id=case.pk, state=RemedyState.PROPOSED.value).first()
    assert drafted is None or isinstance(drafted, Offer | Remedy)
    return drafted


def running(actor: Actor, *, kinds: Sequence[str] = ()) -> list[Remedy]:
    """Return remedies that have gone out and whose result is not known, with their cases."""
    states = [RemedyState.EXECUTING.value, RemedyState.EXECUTED.value, RemedyState.AMBIGUOUS.value]
    rows = Remedy.objects.visible_to(actor).filter(state__in=states).select_related("case", "replacement")
    return list((rows.filter(kind__in=kinds) if kinds else rows).order_by("pk"))


def live_remedy(actor: Actor, case: Case) -> Remedy | None:
    """Return the remedy that is agreed or on its way; there is one at most."""
    states = [state.value for state in LIVE]
    found = Remedy.objects.visible_to(actor).filter(case_id=case.pk, state__in=states).first()
    assert found is None or isinstance(found, Remedy)
    return found


def guards(actor: Actor, case: Case, facts: RemedyFacts) -> GuardFacts:
    """Turn what is known into the facts that guard the case's moves, as far as they are about the case, not the act."""
    made = rules.options(facts, catalogue(actor))
    return guards_around(actor, case, facts, made, live_remedy(actor, case))


def guards_around(
    actor: Actor, case: Case, facts: RemedyFacts, made: Sequence[rules.Option], agreed: Remedy | None
) -> GuardFacts:
    """Do the same with options and the live remedy that were read before."""
    shown = priors(actor)  # what was learned moves the advice, never what is allowed
    offered = [option for option in made if option.route == "offer" and option.allowed]
    accepted = [option for option in made if option.route == "accept" and option.allowed]
    floor = rules.floor(facts, shown)
    return GuardFacts(
        are_preconditions_met=bool(offered),
        is_claim_acceptable=bool(accepted) and actor.may(Permission.MONEY),
        is_only_open_offer=not facts.has_open_offer,
        is_within_platform_bounds=bool(offered),
        is_within_agent_limit=any(
            rules.value_of(shown.kinds[option.kind], option.amount_fen, facts) <= case.shop.agent_limit_fen
            for option in (*offered, *accepted)
        ),
        **_of_execution(agreed, facts),
        is_delivered=facts.findings.delivery in (Delivery.HANDED_OVER, Delivery.MARKED),
        is_evidence_complete=not any(gap.code in ("evidence_missing", "never_declined") for gap in facts.gaps),
        is_contradiction_free=not any(gap.code == "evidence_contradicts" for gap in facts.gaps),
        is_floor_kept=not floor.binds,
        is_window_open=_is_window_open(actor, case, facts),
        has_new_evidence=_has_new_evidence(case, facts),
        **_of_closing(actor, case, facts),
    )


def _of_execution(agreed: Remedy | None, facts: RemedyFacts) -> dict[str, Any]:
    """Say what T9 asks about the case. Without an agreed remedy everything refuses, by the defaults."""
    if agreed is None or agreed.state not in _AGREED:
        return {}
    return {
        "is_card_check_needed": rules.is_check_needed(agreed.kind, facts),
        "card_checked_minutes_ago": rules.minutes_since_check(facts),
        "is_void_settled": agreed.kind not in rules.VOIDED_FIRST
        or rules.void_blocker(
            facts,
            str(agreed.precheck.get("void_result", "")),
            agreed.override_reason,
            agreed_at=agreed.decided_at,
        )
        is None,
        "is_only_money_remedy": rules.is_only_one(facts, agreed.public_id, is_overridden=bool(agreed.override_reason)),
        "is_free_of_platform_dispute": may_move_money(agreed.kind, facts),
    }


def _of_closing(actor: Actor, case: Case, facts: RemedyFacts) -> dict[str, Any]:
    """Say what T23 asks: windows over, books reconciled, nothing unclear (I7)."""
    own = [one for one in facts.remedies if one.of_this_case]
    clear = {"is_free_of_ambiguous_remedy": not any(one.state == RemedyState.AMBIGUOUS for one in own)}
    if case.is_open:
        return clear
    rest = timedelta(days=priors(actor).limits["windows_over"].days)
    resolved_at = case.resolved_at
    no_clock = not deadlines.armed(actor, [case.public_id])[case.public_id]
    pending = [one for one in own if one.state in SPENT and one.state != RemedyState.VERIFIED]
    verified = sum(one.value_fen for one in own if one.state == RemedyState.VERIFIED and one.is_money)
    paid = facts.case.refund.amount_fen if facts.case.refund.state == RefundState.SUCCEEDED.value else 0
    return {
        "are_windows_over": no_clock and resolved_at is not None and facts.case.at - resolved_at >= rest,
        "is_ledger_reconciled": not pending and (verified == 0 or paid is None or verified == paid),
        **clear,
    }


def _has_new_evidence(case: Case, facts: RemedyFacts) -> bool:
    """T18: something has come since the ruling."""
    ruled_at = case.resolved_at
    if ruled_at is None:
        return False
    return any(item.captured_at is not None and item.captured_at > ruled_at for item in facts.case.exhibits)


def _is_window_open(actor: Actor, case: Case, facts: RemedyFacts) -> bool:
    """Tell whether the platform can still be called in, or its ruling be appealed.

    A seller can call it in while the refused refund is neither closed nor paid (no term is published); an appeal needs
    a known window, read and typed in by a person.
    """
    if Status(case.status) in (Status.LOST, Status.PARTIALLY_WON):
        armed = deadlines.armed(actor, [case.public_id])[case.public_id]
        return any(one.kind is DeadlineKind.APPEAL_WINDOW and one.due_at > facts.case.at for one in armed)
    refund = case.refund
    over = (RefundState.CLOSED.value, RefundState.SUCCEEDED.value)
    return refund is not None and refund.state not in over and case.status == Status.DECLINED.value
