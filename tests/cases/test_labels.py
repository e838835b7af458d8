"""What a person says of the reason that triage read is kept as a label, with what was proposed and by which reader."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cardcase.cases import queries, service
from cardcase.cases.models import ReasonLabel
from cardcase.custody import queries as custody
from cardcase.kit.errors import Conflict, NotAllowed, Refused, WrongUse
from cardcase.triage.rules import Family, Language, Quote, Told, TriageResult

HOUR = timedelta(hours=1)
READ = TriageResult(
    reason=Family.AUTHENTICITY,
    sub_reason="A1",
    confidence=0.72,
    reader="2026-11-30",
    language=Told(Language.HANT, is_sure=True),
)


def labels(actor):
    return list(ReasonLabel.objects.visible_to(actor).order_by("pk"))


def confirm(actor, case, said, at):
    return service.confirm_reason(actor, case.number, said, revision=queries.find(actor, case.pk).revision, at=at)


def test_a_confirmation_and_a_correction_are_kept_beside_what_was_proposed(opened, system, agent, noon):
    right, wrong = opened(), opened()
    for case, said in ((right, "A1"), (wrong, "V3")):
        service.record_triage(system, case.pk, READ, at=noon)
        confirm(agent, case, said, noon + HOUR)
    kept = labels(system)
    assert [(one.case_id, one.proposed_reason, one.proposed, one.said_reason, one.said) for one in kept] == [
        (right.pk, "authenticity", "A1", "authenticity", "A1"),
        (wrong.pk, "authenticity", "A1", "value", "V3"),
    ]
    assert {(one.confidence, one.reader, one.by, one.at) for one in kept} == {
        (0.72, "2026-11-30", agent.label, noon + HOUR)
    }
    told = custody.history(system, [wrong.public_id])
    assert [item.facts["reader"] for item in told if item.kind in ("case.triaged", "case.reason_confirmed")] == [
        "2026-11-30",
        "2026-11-30",
    ]


def test_who_changes_a_confirmed_reason_is_held_against_the_same_proposal(opened, system, agent, owner, noon):
    case = opened()
    service.record_triage(system, case.pk, READ, at=noon)
    confirm(agent, case, "V3", noon)
    confirm(owner, case, "A2", noon + HOUR)
    assert [(one.proposed, one.confidence, one.said, one.by) for one in labels(system)] == [
        ("A1", 0.72, "V3", agent.label),
        ("A1", 0.72, "A2", owner.label),
    ]


def refuse(actor, case, at):
    return service.refuse_reading(actor, case.number, revision=queries.find(actor, case.pk).revision, at=at)


def test_a_person_says_that_no_reason_was_given(opened, system, agent, noon):
    case = opened()
    service.record_triage(system, case.pk, replace(READ, is_certain=True), at=noon)
    assert queries.find(system, case.pk).status == "needs_response"
    now = refuse(agent, case, noon + HOUR)
    assert (now.status, now.claimed_reason, now.sub_reason, now.quotes, now.is_held) == (
        "new",
        "unstated",
        "",
        [],
        True,
    )
    assert now.reason_confirmed_at is None
    assert "unstated" in [need["code"] for need in now.needs_human]
    [label] = labels(system)
    assert (label.proposed, label.confidence, label.said_reason, label.said) == ("A1", 0.72, "unstated", "")
    assert queries.reason_label_counts(system) == (1, 0)
    [entry] = [one for one in custody.history(system, [case.public_id]) if one.kind == "case.reading_refused"]
    assert (entry.facts["was"], entry.facts["confidence"]) == ("A1", 72)


def told(message, *, sub="A1", signals=()):
    return replace(READ, sub_reason=sub, quotes=(Quote(message, 0, 2, "无效", "a1"),), signals=signals)


def test_what_was_refused_is_not_proposed_again_from_the_same_words(opened, system, agent, noon):
    case = opened()
    service.record_triage(system, case.pk, told("msg_1"), at=noon)
    refuse(agent, case, noon)
    revision = queries.find(system, case.pk).revision
    service.record_triage(system, case.pk, told("msg_1", signals=("threat",)), at=noon + HOUR)
    now = queries.find(system, case.pk)
    assert (now.claimed_reason, now.sub_reason, now.signals) == ("unstated", "", ["threat"])  # what else it says counts
    assert now.revision > revision
    service.record_triage(system, case.pk, told("msg_1", sub="A2"), at=noon + HOUR)
    assert queries.find(system, case.pk).sub_reason == "A2"
    service.record_triage(system, case.pk, told("msg_1"), at=noon + HOUR)
    assert queries.find(system, case.pk).sub_reason == ""


def test_the_same_reason_in_other_words_is_proposed(opened, system, agent, noon):
    case = opened()
    service.record_triage(system, case.pk, told("msg_1"), at=noon)
    refuse(agent, case, noon)
    service.record_triage(system, case.pk, told("msg_2"), at=noon + HOUR)
    assert queries.find(system, case.pk).sub_reason == "A1"


def test_who_confirms_after_a_refusal_is_held_against_the_reading(opened, system, agent, owner, noon):
    case = opened()
    service.record_triage(system, case.pk, told("msg_1"), at=noon)
    refuse(agent, case, noon)
    with pytest.raises(Refused):
        refuse(agent, case, noon)
    confirm(owner, case, "A1", noon)
    assert [(one.proposed, one.confidence, one.said) for one in labels(system)] == [
        ("A1", 0.72, ""),
        ("A1", 0.72, "A1"),
    ]
    assert queries.reason_label_counts(system) == (2, 1)


def test_a_confirmed_reason_is_not_refused_and_a_machine_refuses_none(opened, system, agent, noon):
    case = opened()
    service.record_triage(system, case.pk, READ, at=noon)
    with pytest.raises(NotAllowed):
        refuse(system, case, noon)
    confirm(agent, case, "A1", noon)
    with pytest.raises(Refused):
        refuse(agent, case, noon)
    assert len(labels(system)) == 1


def test_nothing_was_proposed_where_nothing_was_read(opened, agent, noon):
    confirm(agent, opened(), "O1", noon)
    [label] = labels(agent)
    assert (label.proposed_reason, label.proposed, label.confidence, label.reader, label.said) == (
        "", "", None, "", "O1",
    )  # fmt: skip


def test_what_is_refused_leaves_no_label(opened, system, agent, noon):
    case = opened()
    service.record_triage(system, case.pk, READ, at=noon)
    with pytest.raises(WrongUse):
        confirm(agent, case, "Z9", noon)
    with pytest.raises(Conflict):
        service.confirm_reason(agent, case.number, "A1", revision=1, at=noon)
    assert labels(system) == []


def test_the_language_is_kept_even_when_a_person_has_confirmed(opened, system, agent, noon):
    case = opened()
    service.record_triage(system, case.pk, READ, at=noon)
    confirm(agent, case, "A1", noon)
    english = replace(READ, language=Told(Language.ENGLISH, is_sure=False))
    service.record_triage(system, case.pk, english, at=noon + HOUR)
    now = queries.find(system, case.pk)
    assert (now.language, now.is_language_sure, now.sub_reason) == ("en", False, "A1")
