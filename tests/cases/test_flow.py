"""The life of a case as a table: every cell judged against the design, every guard shown to refuse. No database."""

import importlib.util
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cardcase.cases.rules import (
    EVENT_TITLES,
    FLOW,
    GUARDS,
    NEED_TEXTS,
    STAGE_TITLES,
    STATUS_TITLES,
    SUB_REASONS,
    WAITING_TITLES,
    Event,
    GuardFacts,
    GuardRefused,
    IllegalMove,
    Need,
    NotOfferedYet,
    Party,
    Stage,
    Status,
    WaitingOn,
    as_markdown,
    check_move,
    family_of,
    higher,
    moves,
    next_step,
    waiting_on,
)
from cardcase.kit.errors import NotAllowed, Refused
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, ActorKind, Role


def _beside(name: str):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


design, conftest = _beside("design"), _beside("conftest")
yes, NOON, HOUR = conftest.yes, conftest.NOON, conftest.HOUR

ACTORS = {
    **{role.value: Actor(ActorKind.STAFF, 1, role, 1, role.value) for role in Role},
    "token": Actor(ActorKind.TOKEN, 1, Role.AGENT, 1, "token"),
    **{kind.value: Actor(kind, 1) for kind in (ActorKind.PLATFORM, ActorKind.BUYER, ActorKind.SUPPLIER)},
    "system": Actor.system(1),
}
EVENT_ROWS = {event: row for row, (event, _, _) in design.DESIGN.items()}
REFUSALS = (IllegalMove, NotOfferedYet, NotAllowed, GuardRefused)


def test_the_table_is_the_designs_row_by_row():
    assert [row.id for row in FLOW] == list(design.DESIGN)
    for row in FLOW:
        event, source, to = design.DESIGN[row.id]
        assert row.event.value == event
        assert {status.value for status in row.source} == source - {None}, row.id
        assert ({status.value for status in row.to} or None) == to, row.id
        assert getattr(Event, row.id) is row.event


def test_this_version_drives_what_the_issue_names_and_refuses_the_rest_by_name():
    assert {row.id for row in FLOW if not row.offered} == design.NOT_OFFERED
    for row in FLOW:
        if row.offered:
            continue
        status = next(iter(row.source))
        with pytest.raises(NotOfferedYet) as refused:
            check_move(Stage.PLATFORM_DISPUTE, status, row.event, ACTORS["owner"], yes())
        assert refused.value.problem_code == "not_offered_yet"


@pytest.mark.parametrize("name", ACTORS)
@pytest.mark.parametrize("event", Event)
def test_every_cell_of_status_event_and_actor_is_as_the_design_says(event, name):
    """With every guard satisfied, only place and person decide; everything that is not in the table is refused."""
    row_id = EVENT_ROWS[event.value]
    _, source, _ = design.DESIGN[row_id]
    may = design.WHO.get(row_id, set())
    for status in [None, *Status]:
        legal = (status.value if status else None) in source and row_id not in design.NOT_OFFERED
        legal = legal and ("agent" if name == "token" else name) in may
        facts = yes(is_person=ACTORS[name].is_person)
        if legal:
            row, _ = check_move(Stage.PLATFORM_DISPUTE, status, event, ACTORS[name], facts)
            assert row.id == row_id
        else:
            with pytest.raises(REFUSALS):
                check_move(Stage.PLATFORM_DISPUTE, status, event, ACTORS[name], facts)


def test_the_system_repeats_what_the_platforms_own_data_say_and_nothing_else():
    told = yes(is_person=False, told_by_platform=True)
    _, party = check_move(Stage.PLATFORM_REFUND, Status.NEW, Event.TIMED_OUT, ACTORS["system"], told)
    assert party is Party.PLATFORM
    with pytest.raises(IllegalMove):
        check_move(Stage.PLATFORM_REFUND, Status.NEW, Event.TIMED_OUT, ACTORS["system"], yes(is_person=False))
    for event in (Event.EVIDENCE_ASKED, Event.OFFERED, Event.CONCEDED, Event.DECLINED):
        with pytest.raises(IllegalMove):
            check_move(Stage.PLATFORM_REFUND, Status.NEEDS_RESPONSE, event, ACTORS["system"], told)
    with pytest.raises(IllegalMove):
        check_move(Stage.PLATFORM_REFUND, Status.AGREED, Event.EXECUTED, ACTORS["system"], told)


def test_staff_who_record_a_buyers_act_do_so_in_the_buyers_name():
    _, party = check_move(Stage.PLATFORM_REFUND, Status.OFFER_MADE, Event.ACCEPTED, ACTORS["agent"], yes())
    assert party is Party.BUYER
    _, party = check_move(Stage.PLATFORM_REFUND, Status.OFFER_MADE, Event.OFFER_ENDED, ACTORS["agent"], yes())
    assert party is Party.STAFF


BREAKS = {
    "claim_is_new": {"is_claim_new": False},
    "reason_is_set": {"is_reason_set": False},
    "reason_is_certain_or_a_person_says_so": {"is_person": False, "is_rule_certain": False},
    "card_is_linked_or_flagged": {"is_card_linked_or_flagged": False},
    "hold_is_lifted": {"is_hold_lifted": False},
    "something_is_asked": {"asked_kinds": ()},
    "request_ends_before_the_margin": {"request_due_at": NOON + 9 * HOUR + timedelta(seconds=1)},
    "request_is_over": {"is_request_over": False},
    "preconditions_are_met": {"are_preconditions_met": False},
    "no_other_offer_is_open": {"is_only_open_offer": False},
    "amount_is_within_platform_bounds": {"is_within_platform_bounds": False},
    "offer_ends_before_the_platform": {"offer_expires_at": NOON + 10 * HOUR},
    "amount_is_within_the_limit": {"may_decide": False, "is_within_agent_limit": False},
    "source_is_recorded": {"source_event_id": "", "told_by_platform": False},
    "end_of_offer_is_named": {"offer_end": "forgotten"},
    "confirmation_was_typed": {"is_confirmed": False},
    "card_was_just_checked": {"card_checked_minutes_ago": 16},
    "void_is_settled": {"is_void_settled": False},
    "no_other_remedy_was_paid": {"is_only_money_remedy": False},
    "platform_is_not_deciding": {"is_free_of_platform_dispute": False},
    "key_is_given": {"idempotency_key": ""},
    "payment_is_verified": {"is_payment_verified": False},
    "failure_is_recorded": {"is_failure_recorded": False},
    "card_was_delivered": {"is_delivered": False},
    "evidence_is_complete": {"is_evidence_complete": False},
    "evidence_is_free_of_contradiction": {"is_contradiction_free": False},
    "floor_is_kept": {"is_floor_kept": False},
    "refuse_reason_is_listed": {"is_refuse_reason_listed": False},
    "refuse_text_fits": {"refuse_text": "字" * 201},
    "refuse_text_is_clean": {"is_refuse_text_clean": False},
    "window_is_open": {"is_window_open": False},
    "pack_is_sealed": {"is_pack_sealed": False},
    "pack_is_redacted": {"is_pack_redacted": False},
    "verdict_is_named": {"verdict": "settled"},
    "ruling_is_quoted": {"ruling_raw": "  "},
    "evidence_is_new": {"has_new_evidence": False},
    "seller_deadline_has_passed": {"has_deadline_passed": False},
    "windows_are_over": {"are_windows_over": False},
    "incident_is_reviewed": {"is_incident_reviewed": False},
    "books_are_reconciled": {"is_ledger_reconciled": False},
    "no_remedy_is_ambiguous": {"is_free_of_ambiguous_remedy": False},
    "claim_is_the_same": {"is_same_claim": False},
    "mirror_is_newer": {"is_mirror_newer": False},
    "hold_ends_before_the_margin": {"hold_until": NOON + 9 * HOUR + timedelta(seconds=1)},
    "other_case_is_known": {"is_other_case_known": False},
    "untouched_or_a_person_says_so": {"is_person": False, "is_untouched": False},
    "only_a_machine_read_the_reason": {"is_reason_in_doubt": False},
}


@pytest.mark.parametrize("name", GUARDS)
def test_each_guard_refuses_by_its_own_fact_alone_and_says_why(name):
    guard = GUARDS[name]
    assert guard.holds(yes())
    assert not guard.holds(yes(**BREAKS[name]))
    assert not guard.holds(GuardFacts()), "a fact that nobody supplied is not a fact"
    assert guard.why_not.zh
    assert guard.why_not.en


@pytest.mark.parametrize("row", [row for row in FLOW if row.offered], ids=lambda row: row.id)
def test_a_move_is_refused_by_each_of_its_guards_and_names_all_that_refuse(row):
    names = {"T9": "owner", "T23": "system", "T30": "system"}
    actor = ACTORS[names.get(row.id, "owner")]
    status = next(iter(row.source), None)
    for guard in row.guards:
        broken = yes(**{"is_person": actor.is_person, **BREAKS[guard]})
        with pytest.raises(GuardRefused) as refused:
            check_move(Stage.PLATFORM_DISPUTE, status, row.event, actor, broken)
        assert guard in refused.value.facts["guards"]
    with pytest.raises(GuardRefused) as refused:
        check_move(Stage.PLATFORM_DISPUTE, status, row.event, actor, GuardFacts())
    assert refused.value.facts["guards"] == list(row.guards)


def test_an_agent_offers_within_the_limit_and_a_lead_beyond_it():
    beyond = yes(is_within_agent_limit=False, may_decide=False)
    with pytest.raises(GuardRefused):
        check_move(Stage.PLATFORM_REFUND, Status.NEEDS_RESPONSE, Event.OFFERED, ACTORS["agent"], beyond)
    decider = replace(beyond, may_decide=True)
    assert check_move(Stage.PLATFORM_REFUND, Status.NEEDS_RESPONSE, Event.OFFERED, ACTORS["lead"], decider)


def test_without_a_platform_clock_an_enquiry_may_ask_and_offer_freely():
    free = yes(platform_due_at=None, platform_margin_at=None)
    for event in (Event.EVIDENCE_ASKED, Event.OFFERED):
        assert check_move(Stage.ENQUIRY, Status.NEEDS_RESPONSE, event, ACTORS["agent"], free)
    unread = replace(free, is_clock_read=False)
    with pytest.raises(GuardRefused):
        check_move(Stage.ENQUIRY, Status.NEEDS_RESPONSE, Event.EVIDENCE_ASKED, ACTORS["agent"], unread)


def test_money_needs_a_look_at_the_card_within_fifteen_minutes_when_there_is_a_card():
    holds = GUARDS["card_was_just_checked"].holds
    assert holds(yes(card_checked_minutes_ago=15))
    assert not holds(yes(card_checked_minutes_ago=None))
    assert not holds(yes(card_checked_minutes_ago=-1))
    assert holds(yes(is_card_check_needed=False, card_checked_minutes_ago=None))


@pytest.mark.parametrize("verdict", ["won", "partially_won", "lost"])
def test_the_verdict_names_where_a_ruling_leads(verdict):
    facts = yes(verdict=verdict)
    row, _ = check_move(Stage.PLATFORM_DISPUTE, Status.UNDER_REVIEW, Event.RULED, ACTORS["platform"], facts)
    assert row.target(Status.UNDER_REVIEW, facts).value == verdict


def test_stages_only_rise():
    ladder = list(Stage)
    for low, one in enumerate(ladder):
        for high, other in enumerate(ladder):
            assert higher(one, other) is ladder[max(low, high)]


def test_the_list_of_moves_judges_the_case_not_the_act():
    listed = {move.event: move for move in moves(Stage.PLATFORM_REFUND, Status.NEEDS_RESPONSE, ACTORS["owner"], yes())}
    assert {Event.EVIDENCE_ASKED, Event.OFFERED, Event.CONCEDED, Event.DECLINED} <= set(listed)
    assert Event.PACK_SUBMITTED not in listed
    assert Event.CLOSED not in listed
    bare = yes(asked_kinds=(), refuse_text="", is_confirmed=False)
    again = {move.event: move for move in moves(Stage.PLATFORM_REFUND, Status.NEEDS_RESPONSE, ACTORS["owner"], bare)}
    assert again[Event.DECLINED].allowed
    assert again[Event.DECLINED].needs_typed_confirmation
    assert not again[Event.EVIDENCE_ASKED].needs_typed_confirmation
    assert again[Event.WITHDRAWN].records_for is Party.PLATFORM


def test_a_move_that_is_not_possible_says_why():
    held = yes(is_hold_lifted=False, is_evidence_complete=False)
    listed = {move.event: move for move in moves(Stage.PLATFORM_REFUND, Status.NEEDS_RESPONSE, ACTORS["owner"], held)}
    assert not listed[Event.DECLINED].allowed
    assert "确认原因" in listed[Event.DECLINED].why_not.zh
    assert "证据还不齐" in listed[Event.DECLINED].why_not.zh
    agents = {move.event: move for move in moves(Stage.PLATFORM_REFUND, Status.NEEDS_RESPONSE, ACTORS["agent"], yes())}
    assert agents[Event.DECLINED].why_not.zh == "你没有这项权限"
    auditors = moves(Stage.PLATFORM_REFUND, Status.NEEDS_RESPONSE, ACTORS["auditor"], yes())
    assert not any(move.allowed for move in auditors)


def test_everything_that_people_see_has_words_in_both_languages():
    for titles, names in (
        (STAGE_TITLES, Stage),
        (STATUS_TITLES, Status),
        (WAITING_TITLES, WaitingOn),
        (EVENT_TITLES, Event),
        (NEED_TEXTS, Need),
    ):
        assert set(titles) == set(names)
        assert all(text.zh and text.en for text in titles.values())


def test_a_case_waits_for_the_seller_until_the_buyer_or_the_platform_has_to_act():
    waits = {status: waiting_on(status) for status in Status}
    assert [status for status in Status if waits[status] is WaitingOn.SELLER] == [
        Status.NEW,
        Status.NEEDS_RESPONSE,
        Status.AGREED,
    ]
    assert waits[Status.UNDER_REVIEW] is WaitingOn.PLATFORM
    assert waits[Status.CLOSED] is WaitingOn.NOBODY


def test_the_next_step_is_to_confirm_until_somebody_has():
    step = Text("下一步：核对余额截图", "Next: check the balance")
    assert next_step(Status.NEEDS_RESPONSE, is_confirmed=False, playbook_step=step).zh == "下一步：确认原因"
    assert next_step(Status.NEEDS_RESPONSE, is_confirmed=True, playbook_step=step) is step
    assert next_step(Status.OFFER_MADE, is_confirmed=True, playbook_step=step).zh == "等买家答复方案"


def test_sub_reasons_know_their_family():
    assert len(SUB_REASONS) == 24
    assert family_of("A1") == "authenticity"
    assert family_of("O8") == "other"
    for wrong in ("A6", "P0", "X1", "", "unstated"):
        with pytest.raises(KeyError):
            family_of(wrong)


def test_the_table_prints_with_every_row_and_every_guard():
    printed = as_markdown()
    for row in FLOW:
        assert f"| {row.id} |" in printed
    for name in GUARDS:
        assert name in printed
    assert "| T5 | needs_response, waiting_buyer | offer_made |" in printed
    assert printed.count("not yet") == len(design.NOT_OFFERED)


@st.composite
def some_facts(draw) -> GuardFacts:
    """Facts in which any guards may be broken."""
    broken = draw(st.lists(st.sampled_from(sorted(BREAKS)), max_size=4))
    changes = {name: value for guard in broken for name, value in BREAKS[guard].items()}
    verdict = draw(st.sampled_from(["won", "partially_won", "lost"]))
    return yes(**{"verdict": verdict, "told_by_platform": draw(st.booleans()), **changes})


class Lives(RuleBasedStateMachine):
    """Random lives of a case: whatever happens, whoever tries, no step leaves the design's table."""

    def __init__(self):
        super().__init__()
        self.stage, self.status = Stage.ENQUIRY, None
        self.ranks = [0]

    @rule(event=st.sampled_from(Event), name=st.sampled_from(sorted(ACTORS)), facts=some_facts())
    def anything_happens(self, event, name, facts):
        actor = ACTORS[name]
        known = replace(facts, is_person=actor.is_person)
        try:
            row, _ = check_move(self.stage, self.status, event, actor, known)
        except Refused:
            return
        except NotAllowed:
            return
        row_id = EVENT_ROWS[event.value]
        _, source, to = design.DESIGN[row_id]
        target = row.target(self.status, known) if self.status else row.to[0]
        assert row_id not in design.NOT_OFFERED
        assert (self.status.value if self.status else None) in source
        assert target.value in to
        assert name in design.WHO[row_id] or (name == "token" and "agent" in design.WHO[row_id]) or name == "system"
        assert all(GUARDS[guard].holds(known) for guard in row.guards)
        if target is Status.EXECUTING:
            assert name == "owner"
        self.status = target
        self.stage = higher(self.stage, row.stage) if row.stage else self.stage
        self.ranks.append(list(Stage).index(self.stage))

    @rule(data=st.data())
    def something_legal_happens(self, data):
        here = [row for row in FLOW if row.offered and (self.status in row.source if self.status else not row.source)]
        if here:
            chosen = data.draw(st.sampled_from(here))
            name = "system" if chosen.id in ("T23", "T30") else "owner"
            self.anything_happens(chosen.event, name, yes(is_person=name == "owner"))

    @invariant()
    def the_stage_never_falls(self):
        assert self.ranks == sorted(self.ranks)


TestLives = Lives.TestCase
