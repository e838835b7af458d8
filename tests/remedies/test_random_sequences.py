"""Whatever is done in whatever order: never two live remedies, never more out than was paid without the owner's word."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cardcase.cards.models import Card
from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.cases.rules import Event, GuardFacts
from cardcase.connectors.ports import RefundState
from cardcase.evidence import service as evidence
from cardcase.kit.errors import Problem
from cardcase.remedies import service
from cardcase.remedies.models import Offer, Remedy
from cardcase.remedies.rules import LIVE, SPENT, OfferState, RemedyState, phrase
from evidence.world import PNG

pytestmark = pytest.mark.django_db

KINDS = ("full_refund", "replace_card", "goodwill", "partial_refund", "resend_same_code")
AMOUNTS = {"full_refund": 19300, "goodwill": 3000, "partial_refund": 9000}
ACTS = st.one_of(
    st.tuples(st.just("offer"), st.sampled_from(KINDS)),
    st.tuples(st.just("answer"), st.sampled_from([*OfferState])),
    st.tuples(st.just("concede"), st.sampled_from(KINDS)),
    st.tuples(st.just("execute"), st.sampled_from(["k1", "k2", "k3"])),
    st.tuples(st.just("override"), st.sampled_from(["k4", "k5"])),
    st.tuples(st.just("result"), st.sampled_from([*RemedyState])),
    st.tuples(st.sampled_from(["look", "dead", "paid", "stepped_in", "follow", "unstick", "other_case"]), st.none()),
)


class Play:
    """One order, one or two cases of it, and a hand that tries everything."""

    def __init__(self, world) -> None:
        self.world, self.owner, self.at = world, world.owner, world.noon
        self.cases = [world.case("A1", spare=3)]
        self.turn = 0

    @property
    def case(self):
        self.turn += 1
        return self.world.fresh(self.cases[self.turn % len(self.cases)])

    def do(self, what: str, how) -> None:
        self.at += timedelta(minutes=1)
        with suppress(Problem):  # a refusal is an answer too
            getattr(self, f"_{what}")(self.case, how)

    def _offer(self, case, kind) -> None:
        service.propose_offer(
            self.owner, case.number, kind, revision=case.revision, at=self.at, amount_fen=AMOUNTS.get(kind)
        )

    def _answer(self, case, answer) -> None:
        service.settle_offer(
            self.owner, case.number, answer, revision=case.revision, at=self.at, source_event="msg", reason="x"
        )

    def _concede(self, case, kind) -> None:
        amount = AMOUNTS.get(kind)
        service.concede(
            self.owner,
            case.number,
            kind,
            confirmation=phrase("concede", kind, amount).zh,
            revision=case.revision,
            at=self.at,
            amount_fen=amount,
        )

    def _execute(self, case, key, **changes) -> None:
        agreed = Remedy.objects.filter(case=case, state__in=["approved", "prechecked"]).first()
        typed = phrase("execute", agreed.kind, agreed.amount_fen).zh if agreed else ""
        service.execute(
            self.owner, case.number, key=key, confirmation=typed, revision=case.revision, at=self.at, **changes
        )

    def _override(self, case, key) -> None:
        self._execute(case, key, void_result="failed", override_reason="店主负责")

    def _result(self, case, result) -> None:
        service.record_result(self.owner, case.number, result, source_event="App", at=self.at)

    def _look(self, case, _) -> None:
        from cardcase.cards import service as cards

        cards.record_balance_check(self.owner, case.card.public_id, method="site", at=self.at, balance_fen=20000)

    def _dead(self, case, _) -> None:
        from cardcase.cards import service as cards

        tail = Card.objects.get(pk=case.card_id).tail4
        evidence.add_exhibit(
            self.owner, case.number, "E3", "查询", PNG, facts={"tail4": tail, "is_usable": False}, at=self.at
        )
        cards.record_balance_check(self.owner, case.card.public_id, method="site", at=self.at, is_usable=False)

    def _paid(self, case, _) -> None:
        type(case.refund).objects.filter(pk=case.refund_id).update(
            state=RefundState.SUCCEEDED.value, refunded_at=self.at
        )
        cases.platform_moved(self.world.system, case.number, RefundState.SUCCEEDED, at=self.at)

    def _stepped_in(self, case, _) -> None:
        facts = GuardFacts(source_event_id="typed")
        cases.advance(self.owner, case.number, Event.STEPPED_IN, facts=facts, revision=case.revision, at=self.at)

    def _follow(self, case, _) -> None:
        service.follow(self.world.system, case.number, at=self.at)

    def _unstick(self, case, _) -> None:
        """Do what T11 will do in a later version: a failed execution returns the case to the seller."""
        if case.status == "executing" and not Remedy.objects.filter(case=case, state__in=LIVE).exists():
            type(case).objects.filter(pk=case.pk).update(status="needs_response", waiting_on="seller")

    def _other_case(self, case, _) -> None:
        if len(self.cases) == 1:
            refund = self.world.refund(case.order, applied_at=self.at)
            other, is_new = cases.open_case(self.world.system, case.order, refund, at=self.at)
            if is_new:
                cases.confirm_reason(self.owner, other.number, "A1", revision=other.revision, at=self.at)
                self.cases.append(other)

    def check(self) -> None:
        remedies = list(Remedy.objects.filter(case__order_id=self.cases[0].order_id))
        for case in self.cases:
            mine = [one for one in remedies if one.case_id == case.pk]
            assert sum(one.state in LIVE for one in mine) <= 1
            assert Offer.objects.filter(case=case, state="proposed").count() <= 1
        gone = [one for one in remedies if one.state in SPENT]
        paid = self.cases[0].order.paid_fen
        assert sum(one.value_fen for one in gone) <= paid or any(one.override_reason for one in gone)
        assert len({one.key for one in remedies}) == len(remedies)
        for one in gone:
            assert one.executed_at is not None
            if one.kind == "full_refund" and one.precheck.get("void_result") in ("failed", "not_possible"):
                assert one.override_reason


def play(world, acts) -> None:
    with transaction.atomic():
        game = Play(world)
        for what, how in acts:
            game.do(what, how)
            game.check()
        for case in game.cases:
            assert case_queries.by_number(world.owner, case.number).revision >= case.revision
        transaction.set_rollback(True)


QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LONG = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(acts=st.lists(ACTS, max_size=14))
def test_no_sequence_gives_two_remedies_or_more_than_was_paid(world, acts):
    play(world, acts)


@pytest.mark.night
@LONG
@given(acts=st.lists(ACTS, min_size=5, max_size=50))
def test_no_long_sequence_gives_two_remedies_or_more_than_was_paid(world, acts):
    play(world, acts)


def test_the_way_that_pays_twice_is_tried_and_fails(world):
    """Keep the searched space honest: on this way money does go out once, so the checks above have something to see."""
    with transaction.atomic():
        game = Play(world)
        for step in (
            ("dead", None),
            ("concede", "full_refund"),
            ("execute", "k1"),
            ("result", RemedyState.FAILED),
            ("unstick", None),
            ("dead", None),
            ("concede", "replace_card"),
            ("execute", "k2"),
            ("result", RemedyState.EXECUTED),
            ("other_case", None),
            ("concede", "full_refund"),
            ("concede", "full_refund"),
            ("execute", "k3"),
            ("execute", "k3"),
        ):
            game.do(*step)
            game.check()
        states = list(Remedy.objects.filter(case=game.cases[0]).order_by("pk").values_list("kind", "state"))
        assert states == [("full_refund", "failed"), ("replace_card", "executed")]
        assert Remedy.objects.count() == 2
        transaction.set_rollback(True)
