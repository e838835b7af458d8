"""What triage reads, what a person confirms, and the hold on messages in between (M7)."""
# ruff: noqa: PLR0917 - fixtures are no arguments that a caller must put in order

from datetime import timedelta

import pytest

from cardcase.cases import queries, service
from cardcase.cases.models import Case
from cardcase.custody import queries as custody
from cardcase.deadlines import queries as deadlines
from cardcase.kit.errors import Conflict, NotAllowed, NotFound, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.triage.rules import Family, Need, Quote, TriageResult

HOUR = timedelta(hours=1)

CERTAIN = TriageResult(
    reason=Family.AUTHENTICITY,
    sub_reason="A1",
    confidence=0.93,
    quotes=(Quote("m1", 8, 13, "此代码无效", "invalid"),),
    signals=("urgent",),
    is_certain=True,
)
UNSURE = TriageResult(
    reason=Family.UNSTATED,
    confidence=0.4,
    needs_human=(Need("reason_unstated", Text("买家没有说原因", "No reason said")),),
)


def needs(case) -> list[str]:
    return [need["code"] for need in case.needs_human]


def kinds(actor, case) -> list[str]:
    return [item.kind for item in custody.history(actor, [case.public_id]) if item.kind.startswith("case.")]


def test_a_certain_reading_moves_a_new_case_on_but_the_hold_stays(opened, system, noon):
    case = service.record_triage(system, opened().pk, CERTAIN, at=noon)
    assert (case.status, case.claimed_reason, case.sub_reason) == ("needs_response", "authenticity", "A1")
    assert (case.is_held, case.reason_confirmed_at, case.revision) == (True, None, 2)
    assert case.quotes == [{"text": "此代码无效", "message": "m1", "start": 8, "end": 13, "rule": "invalid"}]
    assert kinds(system, case) == ["case.opened", "case.moved", "case.triaged"]


def test_an_unsure_reading_leaves_the_case_new_and_asks_a_person(opened, system, noon):
    case = service.record_triage(system, opened().pk, UNSURE, at=noon)
    assert (case.status, case.claimed_reason, case.sub_reason) == ("new", "unstated", "")
    assert needs(case) == ["reason_unstated"]
    vague = TriageResult(reason=Family.VALUE, sub_reason="V1", confidence=0.5)
    case = service.record_triage(system, case.pk, vague, at=noon)
    assert (case.status, needs(case)) == ("new", ["reason_unclear"])
    assert "确认" in case.needs_human[0]["zh"]
    assert "不明" not in case.needs_human[0]["zh"]  # it may be clear enough; a person still confirms it


def test_the_same_reading_again_changes_nothing(opened, system, noon):
    case = opened()
    service.record_triage(system, case.pk, CERTAIN, at=noon)
    again = service.record_triage(system, case.pk, CERTAIN, at=noon + HOUR)
    assert again.revision == 2
    assert kinds(system, again) == ["case.opened", "case.moved", "case.triaged"]


def test_a_reading_never_overwrites_what_a_person_confirmed_but_the_record_keeps_it(opened, system, agent, noon):
    case = opened()
    service.record_triage(system, case.pk, UNSURE, at=noon)
    case = service.confirm_reason(agent, case.number, "V3", revision=2, at=noon)
    after = service.record_triage(system, case.pk, CERTAIN, at=noon + HOUR)
    assert (after.claimed_reason, after.sub_reason, after.revision) == ("value", "V3", 3)
    last = custody.history(system, [case.public_id])[-1]
    assert (last.kind, last.facts["sub_reason"], last.facts["is_kept"]) == ("case.triaged", "A1", False)


def test_a_person_who_confirms_lifts_the_hold_and_moves_a_new_case_on(opened, system, agent, noon):
    case = opened()
    service.record_triage(system, case.pk, UNSURE, at=noon)
    case = service.confirm_reason(agent, case.number, "P1", revision=2, at=noon + HOUR)
    assert (case.status, case.claimed_reason, case.sub_reason) == ("needs_response", "personal", "P1")
    assert (case.is_held, case.reason_confirmed_at, case.reason_confirmed_by_id) == (
        False,
        noon + HOUR,
        agent.staff_id,
    )
    assert needs(case) == []
    assert case.revision == 3
    assert kinds(system, case)[-2:] == ["case.moved", "case.reason_confirmed"]


def test_confirming_after_a_certain_reading_lifts_the_hold_without_another_move(opened, system, agent, noon):
    case = opened()
    service.record_triage(system, case.pk, CERTAIN, at=noon)
    case = service.confirm_reason(agent, case.number, "A1", revision=2, at=noon)
    assert (case.status, case.is_held, case.revision) == ("needs_response", False, 3)
    assert case.quotes[0]["text"] == "此代码无效"
    changed = service.confirm_reason(agent, case.number, "P5", revision=3, at=noon)
    assert (changed.claimed_reason, changed.quotes) == ("personal", [])
    was = custody.history(system, [case.public_id])[-1].facts
    assert (was["was"], was["sub_reason"], was["lifts_hold"]) == ("A1", "P5", False)


def test_the_hold_stops_no_deadline(opened, system, noon):
    case = service.record_triage(system, opened().pk, CERTAIN, at=noon)
    assert case.is_held
    assert deadlines.armed(system, [case.public_id])[case.public_id][0].due_at == noon + 22 * HOUR


def test_only_a_person_confirms_and_only_a_known_reason(opened, system, agent, auditor, stranger, noon):
    case = opened()
    with pytest.raises(NotAllowed):
        service.confirm_reason(system, case.number, "A1", revision=1, at=noon)
    with pytest.raises(NotAllowed):
        service.confirm_reason(auditor, case.number, "A1", revision=1, at=noon)
    with pytest.raises(NotFound):
        service.confirm_reason(stranger, case.number, "A1", revision=1, at=noon)
    for wrong in ("A9", "unstated", ""):
        with pytest.raises(WrongUse):
            service.confirm_reason(agent, case.number, wrong, revision=1, at=noon)
    assert Case.objects.get().is_held


def test_the_second_of_two_who_confirm_gets_a_conflict_and_changes_nothing(opened, agent, lead, noon):
    case = opened()
    service.confirm_reason(lead, case.number, "A2", revision=1, at=noon)
    with pytest.raises(Conflict) as conflict:
        service.confirm_reason(agent, case.number, "P1", revision=1, at=noon)
    assert conflict.value.facts["first_by"] == "lead-lika"
    assert "lead-lika" in conflict.value.message.zh
    assert queries.by_number(agent, case.number).sub_reason == "A2"


def test_only_the_owner_lifts_a_hold_unconfirmed_and_says_why(opened, owner, lead, noon):
    case = opened()
    with pytest.raises(NotAllowed):
        service.lift_hold(lead, case.number, "等不及了", revision=1, at=noon)
    with pytest.raises(WrongUse):
        service.lift_hold(owner, case.number, "  ", revision=1, at=noon)
    case = service.lift_hold(owner, case.number, "已在电话里说好", revision=1, at=noon)
    assert (case.is_held, case.hold_lifted_reason, case.status) == (False, "已在电话里说好", "new")
    with pytest.raises(Refused):
        service.lift_hold(owner, case.number, "再来一次", revision=2, at=noon)


def test_what_the_record_shows_is_kept_apart_from_what_the_buyer_says(opened, agent, noon):
    case = opened()
    service.confirm_reason(agent, case.number, "A2", revision=1, at=noon)
    case = service.record_found_cause(agent, case.number, "P5", revision=2, at=noon)
    assert (case.sub_reason, case.found_cause) == ("A2", "P5")


def test_a_card_that_arrives_later_is_linked_and_of_several_a_person_chooses(opened, agent, system, make_order, noon):
    order = make_order(cards=0)
    case = opened(order=order)
    assert needs(case) == ["card_unlinked"]
    other = make_order(cards=1)
    card = other.cards.get()
    card.order = order
    card.save()
    case = service.record_triage(system, case.pk, CERTAIN, at=noon)
    assert (case.card_id, needs(case)) == (card.pk, [])
    several = opened(order=make_order(cards=2))
    chosen = several.order.cards.last()
    with pytest.raises(NotFound):
        service.link_card(agent, several.number, card.public_id, revision=1, at=noon)
    several = service.link_card(agent, several.number, chosen.public_id, revision=1, at=noon)
    assert (several.card_id, needs(several)) == (chosen.pk, [])


def test_notes_are_kept_in_order_and_card_codes_in_them_are_masked(opened, agent, auditor, noon):
    case = opened()
    service.add_note(agent, case.number, "买家来电，说卡密是 X7F2KQ9LM4TR8WZ1", at=noon)
    service.add_note(agent, case.number, "约好明天回复", at=noon + HOUR)
    first, second = queries.notes_of(agent, case)
    assert "X7F2KQ9LM4TR8WZ1" not in first.text
    assert (second.text, second.by) == ("约好明天回复", "agent-lika")
    assert Case.objects.get().revision == 1
    with pytest.raises(NotAllowed):
        service.add_note(auditor, case.number, "看过了", at=noon)
    with pytest.raises(WrongUse):
        service.add_note(agent, case.number, "  ", at=noon)


def test_other_rooms_ask_for_a_person_once_and_a_person_settles_it(opened, agent, noon):
    case = opened()
    contradiction = Text("证据有矛盾", "Evidence contradicts")
    service.add_need(agent, case.pk, "contradiction", contradiction, at=noon)
    case = service.add_need(agent, case.pk, "contradiction", contradiction, at=noon)
    assert needs(case) == ["contradiction"]
    case = service.settle_need(agent, case.number, "contradiction", revision=1, at=noon)
    assert (needs(case), case.revision) == ([], 2)
    with pytest.raises(NotFound):
        service.settle_need(agent, case.number, "contradiction", revision=2, at=noon)
