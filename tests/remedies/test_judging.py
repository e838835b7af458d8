"""Decisions kept whole, labels of closed cases, learning per shop, and the pages that show it."""

import json

import pytest
from django.test import Client

from cardcase.cards.models import Card
from cardcase.cases.models import Case
from cardcase.cases.rules import Outcome
from cardcase.custody import queries as custody
from cardcase.kit.errors import NotAllowed
from cardcase.packs.rules.disclosure import is_opened
from cardcase.remedies import queries, service
from cardcase.remedies.models import Decision, Label, LearnedNumbers
from cardcase.remedies.rules.advice import advise, believe, read_claim, read_numbers
from cardcase.remedies.rules.learning import Because, Why
from cardcase.staff.models import Staff
from cardcase.staff.rules import Actor, ActorKind, Permission, Role
from remedies.acts import concede, kinds_of, show

pytestmark = pytest.mark.django_db


def decided(world, *, sub_reason="A1", kind="full_refund", **why):
    """Open a case and offer a refund, although asking first is advised."""
    case = world.case(sub_reason)
    service.propose_offer(
        world.owner, case.number, kind, revision=case.revision, at=world.noon, why=Why(**why) if why else Why()
    )
    return world.fresh(case)


def close(case, outcome=Outcome.REFUNDED, **changes):
    Case.objects.filter(pk=case.pk).update(
        status="closed", is_open=False, outcome=outcome.value, revision=case.revision + 1, **changes
    )


def closed_with_causes(world, causes, **changes):
    for cause in causes:
        close(decided(world), found_cause=cause, **changes)


# --- the snapshot --------------------------------------------------------------------------------------------------


def test_a_decision_keeps_inputs_versions_advice_choice_and_reason(world, owner):
    case = decided(world, because=Because.REGULAR, note="老顾客了")
    row = Decision.objects.get(case=case)
    taken = row.snapshot
    assert (row.verb, row.chosen, row.advised, row.because) == ("offer", "full_refund", "ask_first", "regular")
    assert taken["is_other_than_advised"] is True
    assert (taken["because"], taken["because_note"]) == ("regular", "老顾客了")
    assert taken["advice_version"] == f"advice/{read_numbers().version}; remedies/{queries.catalogue(owner).version}"
    assert (taken["chosen"], taken["chosen_amount_fen"]) == ("full_refund", 19300)
    answer = advise(read_claim(taken["inputs"], number=0), read_numbers(), queries.catalogue(owner))
    assert round(1000 * answer.belief.mid) == row.fault_permille == taken["p_seller_fault_permille"][1]
    [entry] = [one for one in custody.entries(owner, [case.public_id]) if one.kind == "remedy.offered"]
    [kept] = [one for one in entry.contents if one.role == "advice"]
    assert json.loads(kept.body) == taken
    assert not is_opened(entry.kind, kept.body, kept.mime)  # what was forecast is no matter for a pack


def test_an_offer_and_what_follows_from_it_is_one_decision(world, owner, noon):
    case = decided(world)
    service.settle_offer(owner, case.number, "accepted", revision=case.revision, at=noon, source_event="m")
    assert "remedy.approved" in kinds_of(world, case)
    assert [row.verb for row in Decision.objects.filter(case=case)] == ["offer"]
    other = world.case("A1")
    concede(world, other)
    assert [row.verb for row in Decision.objects.filter(case=other)] == ["concede"]


def test_a_code_in_the_reason_is_masked(world, owner):
    code = world.codes[decided(world).card.public_id]
    case = decided(world, because=Because.OTHER, note=f"卡密 {code.expose()} 不行")
    assert code.expose() not in json.dumps(Decision.objects.get(case=case).snapshot)


# --- learning ------------------------------------------------------------------------------------------------------


def test_the_remedy_paid_is_no_label_and_an_open_case_has_none(world, owner, noon):
    close(decided(world))
    decided(world)
    assert service.learn(owner, at=noon) == ()
    assert [row.statements for row in Label.objects.all()] == [[]]
    assert not LearnedNumbers.objects.exists()


def test_evidence_that_came_after_the_decision_is_a_label(world, owner, noon):
    case = decided(world, sub_reason="A2")
    show(
        world,
        case,
        "E3",
        redeemed_at=case.order.delivered_at - (noon - noon) - (case.order.delivered_at - case.order.paid_at) * 5,
    )
    close(world.fresh(case))
    service.learn(owner, at=noon)
    assert Label.objects.get(case=case).statements == [{"source": "before_reveal", "is_owed": True}]


def test_eight_labels_move_the_shops_advice_and_seven_do_not(world, owner, noon):
    closed_with_causes(world, ["A1"] * 7)
    assert service.learn(owner, at=noon) == ()
    case = world.case("A1")
    before = queries.overview(owner, case, at=noon).advice
    closed_with_causes(world, ["A1"])
    [value] = service.learn(owner, at=noon)
    assert (value.n, value.hits, value.sub_reason) == (8, 8, "A1")
    after = queries.overview(owner, case, at=noon).advice
    assert after.belief.mid > before.belief.mid
    assert "按本店 8 单结论校正" in after.basis.zh
    assert after.version != before.version
    late = decided(world)
    assert after.version in Decision.objects.get(case=late).snapshot["advice_version"]


def test_learning_again_leaves_nothing_behind(world, owner, system, noon):
    closed_with_causes(world, ["A1"] * 8)
    assert service.learn(system, at=noon) == service.learn(system, at=noon)
    assert LearnedNumbers.objects.count() == 1
    assert len(custody.history(owner, [f"advice_{owner.shop_id}"])) == 1


def test_contested_cases_alone_move_only_the_odds_before_the_platform(world, owner, noon):
    for _ in range(8):
        close(decided(world), Outcome.LOST, ruling_raw="支持买家", stage="platform_dispute")
    [value] = service.learn(owner, at=noon)
    assert value.number == "win_else"
    learned = queries.catalogue(owner).numbers
    claim = read_claim({"sub_reason": "A1"}, number=0)
    assert believe(claim, learned) == believe(claim, read_numbers())


def test_a_case_lost_by_time_is_not_a_ruling(world, owner, noon):
    close(decided(world), Outcome.LOST)
    service.learn(owner, at=noon)
    assert (Label.objects.get().verdict, Label.objects.get().statements) == ("", [])


def test_what_one_shop_learned_another_does_not_see(world, owner, stranger, noon):
    closed_with_causes(world, ["A1"] * 8)
    service.learn(owner, at=noon)
    assert queries.catalogue(stranger).numbers.faults_learned == {}
    assert queries.calibration(stranger).closed == 0
    assert queries.overrides(stranger).whole.n == 0


# --- what is shown -------------------------------------------------------------------------------------------------


def test_calibration_and_overrides_count_what_was_decided(world, owner, noon):
    closed_with_causes(world, ["A1"] * 6 + ["P1"] * 3)
    service.learn(owner, at=noon)
    seen = queries.calibration(owner)
    assert (seen.calibration.calm.n, seen.calibration.contested.n) == (9, 0)
    assert seen.sources == (("cause", 9),)
    report = queries.overrides(owner)
    assert (report.whole.hits, report.whole.n) == (9, 9)
    assert [(row.key, row.seen.hits) for row in report.by_reason] == [("", 9)]
    assert report.other.against_label.hits == 3  # paid in full although nothing was owed
    plain = queries.calibration_document(seen)
    assert plain["not_disputed"]["noise_floor"]["low"] <= plain["not_disputed"]["noise_floor"]["high"]
    assert plain["disputed"]["brier"] is None


@pytest.mark.parametrize("path", ["/settings/advice/", "/settings/advice/overrides/"])
def test_the_pages_say_too_few_below_eight_and_shares_above(world, owner, noon, path):
    client = Client()
    client.force_login(Staff.objects.get(pk=owner.staff_id), "django.contrib.auth.backends.ModelBackend")
    assert "还没有" in client.get(path).content.decode()
    closed_with_causes(world, ["A1"] * 3)
    service.learn(owner, at=noon)
    assert "太少，说不准" in client.get(path).content.decode()
    closed_with_causes(world, ["A1"] * 6)
    service.learn(owner, at=noon)
    page = client.get(path).content.decode()
    assert "9/9" in page
    assert "100%（70%–100%）" in page or "偶然的底线" in page


def test_an_agent_may_not_judge_even_with_an_auditors_token(agent, owner):
    with pytest.raises(NotAllowed):
        queries.calibration(agent)
    token = Actor(ActorKind.TOKEN, owner.shop_id, Role.AUDITOR, agent.staff_id, "t", person=Role.AGENT)
    assert not token.may(Permission.INSIGHT)
    assert token.may(Permission.READ)
    assert Card.objects.count() == 0
