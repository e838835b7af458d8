"""Random lives of a case with its remedies and cards in memory: truthful facts, every actor, every event, any order.

Pure: the table and its guards against a model written for this test; every cell of status, event and actor by itself
is judged in test_flow.py. The services play the same game with rows in
tests/remedies/test_random_sequences.py.
"""

from collections import Counter
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from cardcase.cases.rules import OPEN, Event, GuardFacts, Stage, Status, check_move, flow, higher
from cardcase.kit.errors import NotAllowed, Refused
from cardcase.staff.rules import Actor, ActorKind, Role
from cases import design
from cases.conftest import HOUR, NOON, yes

PAID = 19300
ACTORS = {
    **{role.value: Actor(ActorKind.STAFF, 1, role, 1, role.value) for role in Role},
    **{kind.value: Actor(kind, 1) for kind in (ActorKind.PLATFORM, ActorKind.BUYER, ActorKind.SUPPLIER)},
    "system": Actor.system(1),
}
ROW_OF = {event: row for row, (event, _, _) in design.DESIGN.items()}
OUT, SPENT = ("executing", "ambiguous"), ("executing", "ambiguous", "verified")
ALIVE = ("approved", *OUT)


@dataclass
class Given:
    """One remedy of the model."""

    kind: str  # money or card
    state: str
    override: bool = False
    had_live_card: bool = False  # when it went out, a working card lay with the buyer


class Lives(RuleBasedStateMachine):
    """One case; whatever happens, whoever tries."""

    def __init__(self) -> None:
        super().__init__()
        self.stage, self.status = Stage.ENQUIRY, None
        self.given: list[Given] = []
        self.card = "revealed"  # or voided, or dead: what the buyer holds
        self.is_platform_paid = False
        self.has_pack = self.has_submitted = self.has_new_evidence = False
        self.is_lost_unreviewed = False
        self.wants = "money"
        self.ended_with_unclear = False

    # --- what the model knows, told truthfully ------------------------------------------------------------------------

    def live(self) -> list[Given]:
        return [one for one in self.given if one.state in ALIVE]

    def facts(self, actor: Actor, *, override: bool, verdict: str) -> GuardFacts:
        others = [one for one in self.given if one.state in SPENT]
        can_give = not self.live() and not others and not self.is_platform_paid
        in_dispute = self.stage in (Stage.PLATFORM_DISPUTE, Stage.APPEAL)
        void_settled = self.wants == "card" or self.card != "revealed" or override
        return replace(
            yes(verdict=verdict),
            is_person=actor.is_person,
            may_decide=actor.role in (Role.OWNER, Role.LEAD),
            are_preconditions_met=can_give and not in_dispute and (self.wants == "money" or self.card != "revealed"),
            is_only_open_offer=self.status is not Status.OFFER_MADE,
            is_only_money_remedy=not others and not self.is_platform_paid,
            is_void_settled=void_settled,
            is_free_of_platform_dispute=self.status is not Status.UNDER_REVIEW and not in_dispute,
            is_payment_verified=not any(one.state == "ambiguous" for one in self.given),
            is_pack_sealed=self.has_pack,
            is_pack_redacted=self.has_pack,
            is_submission_open=self.has_pack and not self.has_submitted,
            has_new_evidence=self.has_new_evidence,
            is_ledger_reconciled=not any(one.state in OUT for one in self.given),
            is_free_of_ambiguous_remedy=not any(one.state == "ambiguous" for one in self.given),
            is_reviewed=not self.is_lost_unreviewed,
            is_floor_kept=self.card != "dead",
            hold_until=NOON + HOUR,
            is_hold_ending=not actor.is_person,
        )

    # --- what happens -------------------------------------------------------------------------------------------------

    @rule(
        event=st.sampled_from(Event),
        name=st.sampled_from(sorted(ACTORS)),
        override=st.booleans(),
        verdict=st.sampled_from(["won", "partially_won", "lost"]),
        unclear=st.booleans(),
    )
    def anything(self, event, name, override, verdict, unclear):
        self.happens(event, name, override=override, verdict=verdict, unclear=unclear)

    @rule(data=st.data(), override=st.booleans(), unclear=st.booleans())
    def something_in_its_place(self, data, override, unclear):
        """Go where the table leads, so that long lives are lived and not only refused."""
        here = [
            row
            for row, (_, source, _) in design.DESIGN.items()
            if (self.status.value if self.status else None) in source
        ]
        row = data.draw(st.sampled_from(here))
        name = data.draw(st.sampled_from(sorted(design.WHO[row] & set(ACTORS))))
        self.happens(
            Event(design.DESIGN[row][0]), name, override=override and name == "owner", verdict="lost", unclear=unclear
        )

    def happens(self, event, name, *, override, verdict, unclear) -> bool:
        """Try an event as an actor; tell whether the case moved."""
        actor = ACTORS[name]
        override = override and name == "owner"
        facts = self.facts(actor, override=override, verdict=verdict)
        was = self.status
        try:
            row, _ = check_move(self.stage, self.status, event, actor, facts)
        except (Refused, NotAllowed):
            return False
        _, source, to = design.DESIGN[ROW_OF[event.value]]
        assert (was.value if was else None) in source
        assert name in design.WHO[ROW_OF[event.value]]
        target = row.target(was, facts) if was else row.to[0]
        assert target.value in to if to else target is was
        self.status = target
        self.stage = higher(self.stage, row.stage) if row.stage else self.stage
        self.follow(event, override=override, unclear=unclear)
        return True

    def follow(self, event, *, override, unclear):
        self.follow_remedies(event, override=override, unclear=unclear)
        if event in (Event.PAID_ELSEWHERE, Event.TIMED_OUT):
            self.is_platform_paid = True
        elif event is Event.RULED:
            self.is_platform_paid = self.is_platform_paid or self.status is not Status.WON
            self.is_lost_unreviewed = self.status is Status.LOST
        elif event is Event.PACK_SUBMITTED:
            self.has_submitted = True
        elif event is Event.REOPENED:
            self.stage = Stage.PLATFORM_REFUND
        if self.status not in OPEN or self.status is Status.UNDER_REVIEW:
            self.become("approved", "cancelled")
        if self.status is Status.CLOSED:
            self.ended_with_unclear |= any(one.state in OUT for one in self.given)

    def follow_remedies(self, event, *, override, unclear):
        live = self.live()
        if event in (Event.ACCEPTED, Event.CONCEDED) and not live:
            self.given.append(Given(self.wants, "approved"))
        elif event is Event.EXECUTED and live:
            live[0].state, live[0].override = "executing", override
            live[0].had_live_card = live[0].kind == "money" and self.card == "revealed"
        elif event is Event.VERIFIED:
            self.become("executing", "verified")
        elif event is Event.EXECUTION_FAILED:
            self.become("executing", "ambiguous" if unclear else "failed")

    def become(self, was, state):
        for one in self.given:
            one.state = state if one.state == was else one.state

    @rule(kind=st.sampled_from(["money", "card"]))
    def the_buyer_wants(self, kind):
        self.wants = kind if not self.live() else self.wants

    @rule(what=st.sampled_from(["voided", "dead", "", "", "", "", "", ""]))
    def the_card_is_looked_at(self, what):
        self.card = what or self.card

    @rule(override=st.booleans(), till=st.sampled_from([3, 4, 4, 4]), meanwhile=st.sampled_from(["", "", "money"]))
    def the_short_way(self, override, till, meanwhile):
        """Open, confirm, agree, carry out: where money moves, as often as where nothing does."""
        for event in (Event.OPENED, Event.TRIAGED, Event.CONCEDED, Event.EXECUTED)[:till]:
            if event is Event.EXECUTED and meanwhile and self.is_nothing_given():
                self.given.append(Given(meanwhile, "verified"))
            self.happens(event, "owner", override=override, verdict="lost", unclear=False)

    def is_nothing_given(self) -> bool:
        return not any(one.state in SPENT for one in self.given) and not self.is_platform_paid

    @precondition(is_nothing_given)
    @rule(how=st.sampled_from(["money", "card", "", "", ""]))
    def another_case_of_the_order_gives(self, how):
        """The same order can have two cases: what the other one has given counts here."""
        if how:
            self.given.append(Given(how, "verified"))

    @rule()
    def something_is_filed(self):
        self.has_pack, self.has_submitted, self.has_new_evidence = True, False, True

    @rule()
    def a_review_is_written(self):
        self.is_lost_unreviewed = False

    @precondition(lambda self: any(one.state == "ambiguous" for one in self.given))
    @rule(paid=st.booleans())
    def a_person_settles_what_was_unclear(self, paid):
        self.become("ambiguous", "verified" if paid else "failed")

    # --- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_given_twice(self):
        gone = [one for one in self.given if one.state in SPENT]
        assert len(gone) <= 1
        assert len(self.live()) <= 1

    @invariant()
    def card_and_money_are_not_both_lost_without_the_owners_word(self):
        for one in self.given:
            if one.state in SPENT and one.had_live_card:
                assert one.override

    @invariant()
    def no_case_is_put_away_with_something_unclear(self):
        assert not self.ended_with_unclear

    @invariant()
    def who_carries_out_has_something_to_carry_out(self):
        if self.status is Status.EXECUTING:
            assert sum(one.state == "executing" for one in self.given) <= 1


SUITED = {"deadline": None, "suppress_health_check": list(HealthCheck), "stateful_step_count": 60}


BY_DAY, AT_NIGHT = 10_000, 100_000  # events tried; lives that end early and steps that are no event do not count


def lives_of(events: int) -> Counter[str]:
    """Live until so many events were tried, and return what happened: counted, not reckoned."""
    seen: Counter[str] = Counter()

    class Counted(Lives):
        def happens(self, event, name, **how):
            has_moved = super().happens(event, name, **how)
            seen["events"] += 1
            seen["moves"] += has_moved
            return has_moved

        def the_end(self) -> None:
            seen["money out of a live card"] += any(one.had_live_card for one in self.given)
            seen["remedies out"] += any(one.state in SPENT for one in self.given)

        teardown = the_end

    while seen["events"] < events:
        run_state_machine_as_test(Counted, settings=settings(max_examples=100, **SUITED))
    return seen


def check_lives(events: int) -> None:
    """Live so many events, and see that they were lived and not only refused: enough to break what must hold."""
    seen = lives_of(events)
    assert seen["moves"] > events / 10
    assert seen["remedies out"] > events / 1000
    assert seen["money out of a live card"]


def test_ten_thousand_events_of_random_lives_break_nothing():
    check_lives(BY_DAY)


@pytest.mark.night
def test_a_hundred_thousand_events_of_random_lives_break_nothing():
    check_lives(AT_NIGHT)


@pytest.mark.parametrize("guard", ["no_other_remedy_was_paid", "void_is_settled"])
def test_a_guard_of_money_that_is_taken_away_is_noticed(guard, monkeypatch):
    """Keep the searched space honest: without the guard some life breaks what must hold."""
    row = flow.BY_EVENT[Event.EXECUTED]
    weaker = replace(row, guards=tuple(name for name in row.guards if name != guard))
    monkeypatch.setattr(flow, "BY_EVENT", {**flow.BY_EVENT, Event.EXECUTED: weaker})
    look = settings(max_examples=1000, database=None, phases=[Phase.generate], **SUITED)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Lives, settings=look)
