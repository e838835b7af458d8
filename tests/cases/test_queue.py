"""The queue and the sums of Today, and what a missed or near deadline does to its case."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cardcase.cases import queries, service, tasks
from cardcase.cases.models import Case
from cardcase.cases.queries import Counts
from cardcase.cases.rules import Event
from cardcase.cases.rules.reviews import Cause, Findings
from cardcase.custody import queries as custody
from cardcase.deadlines import service as deadlines
from cardcase.jobs.models import Job
from cardcase.jobs.registry import Claim
from cardcase.kit.catalogue import BrokenCatalogue
from cardcase.kit.errors import WrongUse

HOUR = timedelta(hours=1)


@pytest.fixture
def ring():
    """Do the jobs that the sweep promised, as a worker would."""

    def make(kind: str, work) -> int:
        found = list(Job.objects.filter(kind=kind, state="waiting").order_by("pk"))
        for job in found:
            work(Claim(job.pk, job.kind, job.args, job.key, job.shop_id, 1, 1))
        return len(found)

    return make


def numbers(cases) -> list[str]:
    return [case.number[-1] for case in cases]


def test_the_queue_is_ordered_by_what_is_due_next_and_unknown_comes_last(opened, agent, noon):
    late, soon, unknown = opened(timeout_at=noon + 9 * HOUR), opened(timeout_at=noon + 2 * HOUR), opened()
    service.set_next_due(agent, unknown.pk, None)
    assert [case.pk for case in queries.queue(agent)] == [soon.pk, late.pk, unknown.pk]


def test_a_page_of_the_queue_is_one_query_with_everything_a_row_shows(opened, agent, noon, django_assert_num_queries):
    for _ in range(3):
        opened()
    with django_assert_num_queries(1):
        for case in queries.queue(agent, limit=50):
            assert case.title == "苹果充值卡 200 元"
            assert case.nick == "云朵邮差"
            assert case.order_no.startswith("222669")
            assert (case.stage, case.status, case.waiting_on) == ("platform_refund", "new", "seller")
            assert (case.is_held, case.reason_confirmed_at, case.claimed_fen, case.revision) == (True, None, 19300, 1)
            assert case.next_due_at == noon + 22 * HOUR


def test_pages_follow_each_other_without_gap_or_repeat_also_where_nothing_is_due(opened, agent, noon):
    for hours in (5, 5, 3, 8):
        opened(timeout_at=noon + hours * HOUR)
    for case in (opened(), opened(), opened()):
        service.set_next_due(agent, case.pk, None)
    whole = [case.pk for case in queries.queue(agent)]
    paged, after = [], None
    while page := queries.queue(agent, limit=2, after=after):
        paged += [case.pk for case in page]
        after = page[-1].cursor
    assert paged == whole
    assert [case.pk for case in queries.queue(agent, limit=3, offset=2)] == whole[2:5]
    with pytest.raises(WrongUse):
        queries.queue(agent, after="yesterday")


def plan_of(ask) -> str:
    """Return how the database looks for the answer to the one query that is asked."""
    with CaptureQueriesContext(connection) as asked:
        ask()
    sql = asked.captured_queries[0]["sql"]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        else:
            # Of five rows it reads and sorts all; whether the index could serve is what is asked.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute(f"EXPLAIN {sql}")
        return " ".join(str(row) for row in cursor.fetchall())


def test_the_queue_is_read_through_its_index(agent, opened):
    for _ in range(5):
        opened()
    plan = plan_of(lambda: queries.queue(agent))
    assert "case_queue" in plan
    if connection.vendor == "sqlite":
        assert "TEMP B-TREE" not in plan, plan


# PostgreSQL chooses by what it has seen in a table, and sees nothing in five rows.
by_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="the plan of a small table says nothing")


@by_sqlite
def test_the_sums_are_counted_in_indexes_without_reading_a_case(agent, opened, noon):
    for _ in range(5):
        opened()
    plan = plan_of(lambda: queries.counts(agent, noon))
    assert "case_incidents" in plan, plan
    assert plan.count("SEARCH U0 USING COVERING INDEX") == 4, plan


@by_sqlite
@pytest.mark.parametrize("ask", [queries.incidents, lambda actor: queries.queue(actor, chosen="missed")])
def test_the_few_incidents_are_found_without_reading_the_many_cases(ask, agent, opened):
    opened()
    assert "case_incidents" in plan_of(lambda: ask(agent))


def test_the_sums_count_what_the_lists_show(agent, stranger, opened, noon):
    for hours in (-5, 5, 20, 40):
        opened(timeout_at=noon + hours * HOUR)
    for number, (waiting_on, is_incident) in enumerate([("buyer", True), ("platform", True), ("seller", False)], 1):
        Case.objects.filter(pk=Case.objects.order_by("pk")[number].pk).update(
            waiting_on=waiting_on, is_incident=is_incident
        )
    for actor in (agent, stranger):
        shown = (len(queries.queue(actor, chosen=name, now=noon)) for name in ("due", "seller", "buyer", "missed"))
        assert queries.counts(actor, noon) == Counts(*shown)
    assert queries.counts(agent, noon) == Counts(due_today=2, waiting_seller=2, waiting_buyer=1, missed=2)
    Case.objects.update(is_open=False, status="closed")
    assert queries.counts(agent, noon) == Counts(0, 0, 0, 0)


def test_the_sums_of_today_are_one_query_and_today_ends_at_the_shops_midnight(
    opened, agent, all_yes, noon, django_assert_num_queries
):
    midnight = noon + 12 * HOUR  # noon is 12:00 in Shanghai
    opened(timeout_at=midnight - timedelta(seconds=1))
    opened(timeout_at=midnight)
    waiting = opened(timeout_at=noon + 30 * HOUR)
    service.confirm_reason(agent, waiting.number, "A1", revision=1, at=noon)
    facts = all_yes(request_due_at=noon + HOUR)
    service.advance(agent, waiting.number, Event.EVIDENCE_ASKED, facts=facts, revision=2, at=noon)
    with django_assert_num_queries(1):
        counts = queries.counts(agent, now=noon)
    assert counts == Counts(due_today=2, waiting_seller=2, waiting_buyer=1, missed=0)
    assert len(queries.queue(agent, chosen="due", now=noon)) == 2
    assert [case.pk for case in queries.queue(agent, chosen="buyer")] == [waiting.pk]
    with pytest.raises(WrongUse):
        queries.queue(agent, chosen="everything")


def test_a_shop_without_cases_has_sums_of_nothing_and_others_are_not_counted(opened, agent, stranger, noon):
    opened()
    assert queries.counts(stranger, now=noon) == Counts(0, 0, 0, 0)
    assert queries.counts(agent, now=noon).waiting_seller == 1


def test_a_missed_deadline_is_an_incident_that_stays_until_it_is_reviewed(opened, owner, system, ring, noon):
    case = opened(timeout_at=noon + 2 * HOUR)
    deadlines.sweep(at=noon + 2 * HOUR)
    assert ring("deadline.missed", tasks.deadline_missed) == 1
    case = queries.by_number(owner, case.number)
    assert case.is_incident
    assert "deadline_missed" in [need["code"] for need in case.needs_human]
    assert queries.counts(owner, now=noon).missed == 1
    assert [one.pk for one in queries.incidents(owner)] == [case.pk]
    assert [one.pk for one in queries.queue(owner, chosen="missed")] == [case.pk]
    assert case.next_due_at is not None, "it still waits for the seller, so it has a clock (I2)"
    kinds = [item.kind for item in custody.history(system, [case.public_id])]
    assert kinds == ["case.opened", "deadline.armed", "deadline.missed", "case.incident_raised", "deadline.armed"]
    findings = Findings(text="当天没人值班", cause=Cause.CLOSED, measure="排班到晚上十点")
    service.review(owner, case.number, findings, revision=case.revision, at=noon + 3 * HOUR)
    assert queries.counts(owner, now=noon).missed == 0


def test_missing_our_own_goal_is_no_incident(make_order, agent, system, ring, noon):
    case, _ = service.open_case(system, make_order(), None, at=noon)
    deadlines.sweep(at=noon + 13 * HOUR)
    ring("deadline.missed", tasks.deadline_missed)
    assert not queries.by_number(agent, case.number).is_incident


def test_at_the_margin_the_hold_becomes_an_alarm_and_nothing_is_sent(opened, agent, ring, noon):
    case = opened()  # applied two hours ago, 22 hours left: the margin of 2.4 hours begins at 19.6
    deadlines.sweep(at=noon + 11 * HOUR)
    deadlines.sweep(at=noon + 19 * HOUR)
    ring("deadline.warning", tasks.deadline_warning)
    assert Case.objects.get().needs_human == []
    deadlines.sweep(at=noon + 20 * HOUR)
    ring("deadline.warning", tasks.deadline_warning)
    case = queries.by_number(agent, case.number)
    assert [need["code"] for need in case.needs_human] == ["hold_at_margin"]
    assert case.is_held
    case = service.confirm_reason(agent, case.number, "A1", revision=1, at=noon + 20 * HOUR)
    assert case.needs_human == []


def test_an_offer_that_ran_out_asks_a_person_and_takes_nothing_back(opened, agent, ring, all_yes, noon):
    case = opened()
    service.confirm_reason(agent, case.number, "A1", revision=1, at=noon)
    facts = all_yes(offer_expires_at=noon + 2 * HOUR)
    service.advance(agent, case.number, Event.OFFERED, facts=facts, revision=2, at=noon)
    deadlines.sweep(at=noon + 2 * HOUR)
    ring("deadline.missed", tasks.deadline_missed)
    case = queries.by_number(agent, case.number)
    assert (case.status, case.is_incident) == ("offer_made", False)
    assert [need["code"] for need in case.needs_human] == ["offer_expired"]
    assert case.next_due_at == noon + 22 * HOUR


def test_a_rule_of_time_in_words_that_no_clock_knows_stops_the_start(shop, data):
    queries.check_data()
    folder = data / "overrides" / shop.slug
    folder.mkdir(parents=True)
    (folder / "rules.toml").write_text(
        """
[catalogue]
id = "rules"
version = "1"
source = "own"
certainty = "L"
[[deadline]]
id = "D6"
kind = "platform_respons"
trigger = "refund_applied"
allowance = "PT24H"
title_zh = "时限"
title_en = "time"
text_zh = "二十四小时。"
text_en = "a day"
""",
        "utf-8",
    )
    with pytest.raises(BrokenCatalogue, match="platform_respons"):
        queries.check_data()
