"""Whatever is done in whatever order: never two live remedies, never more out than was paid without the owner's word."""

import random
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcase.cards.models import Card, Reveal
from cardcase.cards.rules.life import CardEvent
from cardcase.cases import queries as case_queries
from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import OPEN, Event, Status
from cardcase.cases.rules.disputes import DisputeKind
from cardcase.connectors.ports import RefundState
from cardcase.deadlines import queries as deadlines
from cardcase.deadlines import service as deadline_service
from cardcase.evidence import service as evidence
from cardcase.kit.errors import Problem
from cardcase.remedies import queries, service
from cardcase.remedies.models import Offer, Remedy
from cardcase.remedies.rules import LIVE, SPENT, OfferState, RemedyState, phrase
from evidence.world import PNG

pytestmark = pytest.mark.django_db

STEPS_BY_DAY = 400  # four seeds of it; the pure lives in tests/cases/test_lives.py take twelve thousand by day
MOST_CASES = 3
KINDS = ("full_refund", "replace_card", "goodwill", "partial_refund", "resend_same_code")
AMOUNTS = {"full_refund": 19300, "goodwill": 3000, "partial_refund": 9000}
RECORDED = (
    Event.STEPPED_IN,
    Event.MORE_EVIDENCE_ASKED,
    Event.RULED,
    Event.APPEALED,
    Event.BUYER_APPEALED,
    Event.WITHDRAWN,
    Event.TIMED_OUT,
    Event.PAID_ELSEWHERE,
    Event.REFUSED_ELSEWHERE,
)
PLAIN = (
    "look",
    "dead",
    "follow",
    "other_case",
    "ask",
    "answered",
    "reapply",
    "reopen",
    "another",
    "snooze",
    "resume",
    "dispute",
    "transfer",
    "hand_over",
    "read_back",
    "sweep",
    "close",
    "confirm",
)
ACTS = st.one_of(
    st.tuples(st.just("offer"), st.sampled_from(KINDS)),
    st.tuples(st.just("answer"), st.sampled_from([*OfferState])),
    st.tuples(st.just("concede"), st.sampled_from(KINDS)),
    st.tuples(st.just("execute"), st.sampled_from(["k1", "k2", "k3"])),
    st.tuples(st.just("override"), st.sampled_from(["k4", "k5"])),
    st.tuples(st.just("result"), st.sampled_from([*RemedyState])),
    st.tuples(st.just("recorded"), st.sampled_from(RECORDED)),
    st.tuples(st.just("mirror"), st.sampled_from([*RefundState])),
    st.tuples(st.sampled_from(PLAIN), st.none()),
)


def some_act(dice: random.Random) -> tuple[str, object]:
    """Throw one act: the same choice as above without the search, for long nights."""
    what = dice.choice(["offer", "answer", "concede", "execute", "override", "result", "recorded", "mirror", *PLAIN])
    how = {
        "offer": KINDS,
        "concede": KINDS,
        "answer": [*OfferState],
        "execute": ["k1", "k2", "k3"],
        "override": ["k4", "k5"],
        "result": [*RemedyState],
        "recorded": RECORDED,
        "mirror": [*RefundState],
    }.get(what, [None])
    return what, dice.choice(how)


class Play:
    """One order, one or two cases of it, and a hand that tries everything."""

    def __init__(self, world) -> None:
        self.world, self.owner, self.at = world, world.owner, world.noon
        self.cases = [world.case("A1", spare=3)]
        self.turn = 0

    @property
    def case(self):
        self.turn += 1
        return Case.objects.get(pk=self.cases[self.turn % len(self.cases)].pk)  # the services read its neighbours

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

    def _mirror(self, case, state) -> None:
        if case.refund_id is None:
            return
        changes = {"refunded_at": self.at} if state is RefundState.SUCCEEDED else {}
        rows = type(case.refund).objects.filter(pk=case.refund_id)
        if case.refund.state == RefundState.SUCCEEDED.value:
            return  # money that went back does not come again
        rows.update(state=state.value, modified_at=self.at, **changes)
        cases.platform_moved(self.world.system, case.number, state, at=self.at)
        service.follow(self.world.system, case.number, at=self.at)

    def _recorded(self, case, event) -> None:
        facts = replace(
            queries.standing(self.owner, case, at=self.at),
            source_event_id="App",
            verdict=random.Random(case.revision).choice([Status.WON, Status.LOST, Status.PARTIALLY_WON]),
            ruling_raw="平台的话",
            appeal_until=self.at + timedelta(hours=3),
        )
        cases.advance(self.owner, case.number, event, facts=facts, revision=case.revision, at=self.at)
        service.follow(self.owner, case.number, at=self.at)

    def _ask(self, case, _) -> None:
        evidence.ask(self.owner, case.number, ["E10"], "buyer", revision=case.revision, at=self.at)

    def _answered(self, case, _) -> None:
        evidence.answered(self.owner, case.number, "words", source="聊天", revision=case.revision, at=self.at)

    def _reapply(self, case, _) -> None:
        cases.reapply(self.owner, case.number, source="App", sub_reason="A1", revision=case.revision, at=self.at)

    def _reopen(self, case, _) -> None:
        cases.reopen(self.owner, case.number, source="App", revision=case.revision, at=self.at)

    def _another(self, case, _) -> None:
        if len(self.cases) < MOST_CASES:
            self.cases.append(cases.open_linked(self.owner, case.number, "A1", source="聊天", at=self.at))

    def _confirm(self, case, _) -> None:
        cases.confirm_reason(self.owner, case.number, "A1", revision=case.revision, at=self.at)

    def _snooze(self, case, _) -> None:
        until = self.at + timedelta(minutes=30)
        cases.snooze(self.owner, case.number, until, "等", revision=case.revision, at=self.at)

    def _resume(self, case, _) -> None:
        cases.resume(self.owner, case.number, revision=case.revision, at=self.at)

    def _dispute(self, case, _) -> None:
        word = "进行中" if case.revision % 2 else "已关闭"
        told = cases.DisputeTold(kind=DisputeKind.INTERVENTION, status_raw=word, source="App", fetched_at=self.at)
        cases.note_dispute(self.owner, case.number, told, at=self.at)

    def _transfer(self, case, _) -> None:
        if case.revision % 5 == 0:
            service.note_transfer(self.owner, case.number, 1000, source="微信", revision=case.revision, at=self.at)

    def _hand_over(self, case, _) -> None:
        """Do what ``delivery.give_replacement`` does, whose commit before the code leaves cannot run inside this game."""
        going = Remedy.objects.filter(case=case, state__in=["executing", "executed"], replacement__state="reserved")
        for one in going.select_related("replacement"):
            card = one.replacement
            card.become(CardEvent.REVEAL)
            card.save(update_fields=["state"])
            Reveal.objects.create(
                shop_id=card.shop_id, card=card, order_id=case.order_id, to="buyer", how="hand_over", by="owner"
            )

    def _read_back(self, case, _) -> None:
        service.verify_running(self.world.system, at=self.at)

    def _sweep(self, case, _) -> None:
        for missed in deadline_service.sweep(at=self.at):
            cases.deadline_missed(self.world.system, missed.clock.subject, missed.clock.kind, at=self.at)
        service.expire_offers(self.world.system, at=self.at)
        evidence.expire_overdue(self.world.system, at=self.at)

    def _close(self, case, _) -> None:
        service.close_rested(self.world.system, at=self.at + timedelta(days=400))

    def _follow(self, case, _) -> None:
        service.follow(self.world.system, case.number, at=self.at)

    def _other_case(self, case, _) -> None:
        if len(self.cases) == 1:
            refund = self.world.refund(case.order, applied_at=self.at)
            other, is_new = cases.open_case(self.world.system, case.order, refund, at=self.at)
            if is_new:
                cases.confirm_reason(self.owner, other.number, "A1", revision=other.revision, at=self.at)
                self.cases.append(other)

    def check(self) -> None:
        remedies = list(Remedy.objects.filter(case__order_id=self.cases[0].order_id))
        offered = list(Offer.objects.filter(case__in=self.cases, state="proposed").values_list("case_id", flat=True))
        assert len(offered) == len(set(offered))
        now = Case.objects.filter(pk__in=[case.pk for case in self.cases])
        assert len(now) == len(self.cases)
        clocks = deadlines.armed(self.owner, [fresh.public_id for fresh in now])
        for fresh in now:
            mine = [one for one in remedies if one.case_id == fresh.pk]
            assert sum(one.state in LIVE for one in mine) <= 1
            assert fresh.is_open == (Status(fresh.status) in OPEN)
            if fresh.status == Status.CLOSED.value:
                assert not any(one.state in ("executing", "executed", "ambiguous") for one in mine)
            if fresh.waiting_on == "seller":  # I2
                assert clocks[fresh.public_id]
        gone = [one for one in remedies if one.state in SPENT]
        ours = [one for one in gone if one.kind != "transfer"]  # those are told to us, not done by us
        paid = self.cases[0].order.paid_fen
        assert sum(one.value_fen for one in ours) <= paid or any(one.override_reason for one in ours)
        big = [one for one in ours if one.kind in ("full_refund", "replace_card", "accept_claim")]
        assert len(big) <= 1 or any(one.override_reason for one in big)
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


def long_night(world, *, seed: int, steps: int, game: int = 50) -> int:
    """Play game after game with thrown acts; return how many steps were taken."""
    dice, taken = random.Random(seed), 0
    while taken < steps:
        play(world, [some_act(dice) for _ in range(game)])
        taken += game
    return taken


@pytest.mark.parametrize("seed", range(4))
def test_thousands_of_thrown_steps_lose_nothing(world, seed):
    assert long_night(world, seed=seed, steps=STEPS_BY_DAY) >= STEPS_BY_DAY


@pytest.mark.night
@pytest.mark.parametrize("seed", range(100, 120))
def test_a_hundred_thousand_thrown_steps_lose_nothing(world, seed):
    assert long_night(world, seed=seed, steps=5000) >= 5000


QUICK = settings(max_examples=25)
LONG = settings(max_examples=400)


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
