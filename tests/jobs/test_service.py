from datetime import timedelta

import pytest
from django.db import connection, transaction

from cardcase.jobs import queries, registry, service
from cardcase.jobs.models import Job, Schedule
from cardcase.jobs.registry import Claim
from cardcase.jobs.rules import LEASE, MAX_TRIES, JobState
from cardcase.jobs.runners.worker import Worker
from cardcase.kit import clock
from cardcase.kit.errors import NotAllowed, NotFound, Refused
from cardcase.kit.secret import CardCode
from pace import pace

pytestmark = pytest.mark.django_db

KIND = "test.kind"
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(registry, "_handlers", {})
    monkeypatch.setattr(registry, "_periods", {})


def claim(at, **how) -> Claim | None:
    return service.claim(at=at, kinds=[KIND], **how)


def promise(actor, at, **how):
    return service.enqueue(actor, KIND, {"n": 1}, at=at, **how)


def only() -> Job:
    return Job.objects.get()


class TestPromising:
    def test_a_promise_lives_and_dies_with_its_transaction(self, system, noon):
        with transaction.atomic():
            promise(system, noon)
            transaction.set_rollback(True)
        assert not Job.objects.exists()

    def test_one_unfinished_job_a_key(self, system, noon):
        first = promise(system, noon, key="a")
        again = promise(system, noon, key="a")
        assert (first.is_new, again.is_new, again.job_id) == (True, False, first.job_id)
        held = claim(noon)
        assert not promise(system, noon, key="a").is_new
        service.finish(held, at=noon)
        assert promise(system, noon, key="a").is_new

    def test_keys_of_different_shops_kinds_and_of_the_installation_do_not_meet(self, system, stranger, noon):
        made = [promise(actor, noon, key="a").is_new for actor in (system, stranger, None)]
        made += [
            service.enqueue(system, "other.kind", {}, at=noon, key="a").is_new,
            promise(None, noon, key="a").is_new,
        ]
        assert made == [True, True, True, True, False]

    def test_without_a_key_every_promise_counts(self, system, noon):
        assert promise(system, noon).job_id != promise(system, noon).job_id

    def test_the_database_itself_refuses_a_second_unfinished_job(self, system, noon):
        from django.db import IntegrityError

        promise(system, noon, key="a")
        for shop_id, expected in ((system.shop_id, True), (None, False)):
            try:
                with transaction.atomic():
                    Job.objects.create(shop_id=shop_id, kind=KIND, key="a")
                refused = False
            except IntegrityError:
                refused = True
            assert refused is expected


class TestClaiming:
    def test_a_job_is_taken_once(self, system, noon):
        promise(system, noon)
        held = claim(noon)
        assert (held.kind, held.args, held.fence, held.attempts, held.shop_id) == (KIND, {"n": 1}, 1, 1, system.shop_id)
        assert claim(noon) is None

    def test_the_urgent_come_first_then_the_old(self, system, noon):
        for priority, seconds in ((0, 0), (0, -9), (-5, -1), (9, -99)):
            service.enqueue(
                system, KIND, {"is": [priority, seconds]}, at=noon, priority=priority, run_at=noon + seconds * SECOND
            )
        assert [claim(noon).args["is"] for _ in range(4)] == [[-5, -1], [0, -9], [0, 0], [9, -99]]

    def test_nothing_runs_before_its_time_nor_in_another_queue_nor_without_a_handler(self, system, noon):
        promise(system, noon, run_at=noon + SECOND)
        promise(system, noon, queue="slow")
        assert claim(noon, queues=["default"]) is None
        assert service.claim(at=noon, kinds=["other.kind"]) is None
        assert service.claim(at=noon) is None
        assert claim(noon, queues=["slow"]) is not None
        assert claim(noon + SECOND) is not None

    def test_a_job_whose_lease_ran_out_is_taken_over_and_the_first_worker_writes_nothing(self, system, noon):
        promise(system, noon)
        first = claim(noon)
        assert claim(noon + LEASE - SECOND) is None
        second = claim(noon + LEASE)
        assert (second.fence, second.attempts) == (2, 2)
        for write in (
            lambda: service.finish(first, at=noon),
            lambda: service.fail(first, ValueError(), at=noon),
            lambda: service.extend(first, at=noon),
        ):
            with pytest.raises(service.LostLease):
                write()
        with pytest.raises(service.LostLease), service.writing(first, at=noon):
            Schedule.objects.create(name="effect", every=SECOND, next_at=noon)
        assert not Schedule.objects.exists()
        service.finish(second, at=noon)
        assert only().state == JobState.DONE

    def test_a_longer_hold_keeps_others_away(self, system, noon):
        promise(system, noon)
        held = claim(noon)
        service.extend(held, at=noon + LEASE / 2, lease=2 * LEASE)
        assert claim(noon + 2 * LEASE) is None
        assert claim(noon + 3 * LEASE) is not None

    def test_a_job_that_kills_its_workers_is_parked_and_lets_others_pass(self, system, noon):
        promise(system, noon, priority=-1)
        at = noon
        for _ in range(MAX_TRIES):
            assert claim(at) is not None
            at += LEASE
        promise(system, at)
        passed = claim(at)
        assert passed.attempts == 1
        parked = Job.objects.get(state=JobState.STUCK)
        assert (parked.attempts, parked.last_error) == (MAX_TRIES, "worker_died")


class TestFailing:
    def test_it_waits_longer_each_time_and_then_sticks(self, system, noon):
        promise(system, noon)
        at, states = noon, []
        for _ in range(MAX_TRIES):
            states.append(service.fail(claim(at), ValueError("secret words"), at=at))
            assert only().run_at > at or only().state == JobState.STUCK
            at += timedelta(hours=2)
        assert states == [JobState.WAITING] * (MAX_TRIES - 1) + [JobState.STUCK]
        assert claim(at) is None
        assert "ValueError" in only().last_error
        assert "secret words" not in only().last_error

    def test_an_unclear_answer_is_never_repeated(self, system, owner, noon):
        promise(system, noon)
        assert service.fail(claim(noon), service.Unclear("平台没有回答", "No answer"), at=noon) is JobState.UNCLEAR
        assert claim(noon + timedelta(days=9)) is None
        (parked,) = queries.work(owner, at=noon).parked
        assert (parked.state, parked.last_error) == (JobState.UNCLEAR, "unclear: 平台没有回答")

    def test_a_person_lets_a_parked_job_run_again(self, system, owner, agent, stranger, noon):
        promise(system, noon)
        service.fail(claim(noon), service.Unclear("?", "?"), at=noon)
        with pytest.raises(NotAllowed):
            service.retry(agent, only().pk, at=noon)
        with pytest.raises(NotFound):
            service.retry(stranger, only().pk, at=noon)
        service.retry(owner, only().pk, at=noon)
        with pytest.raises(Refused):
            service.retry(owner, only().pk, at=noon)
        assert claim(noon).attempts == 1

    def test_an_error_keeps_its_place_and_no_code(self):
        def broken():
            raise ValueError(CardCode("K7QM-92XF-LP3D-8WZA").expose())

        with pytest.raises(ValueError, match="K7QM") as caught:
            broken()
        words = service.describe(caught.value)
        assert words.startswith("ValueError @ ")
        assert "K7QM" not in words


class TestPeriodic:
    @pytest.fixture(autouse=True)
    def kinds(self):
        registry.handles(KIND, every=timedelta(minutes=10))(lambda _claim: None)

    def test_each_turn_is_promised_once(self, noon):
        assert service.promise_periodic(at=noon) == 1
        assert service.promise_periodic(at=noon) == 0
        service.finish(claim(noon), at=noon)
        assert service.promise_periodic(at=noon + timedelta(minutes=10)) == 1

    def test_a_night_switched_off_makes_one_turn_not_many(self, noon):
        service.promise_periodic(at=noon)
        service.finish(claim(noon), at=noon)
        assert service.promise_periodic(at=noon + timedelta(hours=9, minutes=5)) == 1
        assert Schedule.objects.get().next_at == noon + timedelta(hours=9, minutes=10)
        assert Job.objects.filter(state=JobState.WAITING).count() == 1

    def test_a_turn_that_still_runs_is_not_doubled(self, noon):
        service.promise_periodic(at=noon)
        claim(noon)
        service.promise_periodic(at=noon + timedelta(minutes=10))
        assert Job.objects.count() == 1

    def test_a_new_release_may_change_the_pace(self, noon):
        service.promise_periodic(at=noon)
        registry._periods[KIND] = timedelta(minutes=1)
        service.promise_periodic(at=noon)
        assert Schedule.objects.get().every == timedelta(minutes=1)


class TestWorking:
    def work(self, **how):
        def register(function):
            return registry.handles(KIND, **how)(function)

        return register

    def test_the_effect_and_the_end_are_one_transaction(self, system, noon):
        @self.work()
        def effect_then_crash(_claim):
            Schedule.objects.create(name="effect", every=SECOND, next_at=noon)
            raise ValueError

        promise(system, noon)
        assert Worker().run_due() == 1
        assert not Schedule.objects.exists()
        assert only().state == JobState.WAITING

    def test_an_atomic_worker_that_lost_its_lease_leaves_nothing(self, system, noon):
        @self.work()
        def too_slow(held):
            Schedule.objects.create(name="effect", every=SECOND, next_at=noon)
            Job.objects.filter(pk=held.job_id).update(fence=held.fence + 1)  # somebody took it over meanwhile

        promise(system, noon)
        Worker().run_due(limit=1)
        assert not Schedule.objects.exists()

    def test_work_outside_a_transaction_is_finished_after_it(self, system, noon):
        seen = []

        @self.work(is_atomic=False)
        def outside(held):
            seen.append(held.args["n"])
            with service.writing(held, at=clock.now()):
                Schedule.objects.create(name="effect", every=SECOND, next_at=noon)

        promise(system, noon)
        assert Worker().run_due() == 1
        assert (seen, only().state, Schedule.objects.count()) == ([1], JobState.DONE, 1)

    def test_a_kind_may_ask_for_a_longer_lease(self, system, noon):
        self.work(lease=timedelta(hours=1))(lambda _claim: None)
        promise(system, noon)
        assert service.claim(at=noon) is not None
        assert only().lease_until == noon + timedelta(hours=1)

    def test_one_bad_job_does_not_stop_the_others(self, system, noon):
        done = []

        @self.work()
        def sometimes(held):
            if held.args.get("bad"):
                raise ValueError
            done.append(held.job_id)

        service.enqueue(system, KIND, {"bad": True}, at=noon)
        promise(system, noon)
        assert Worker().run_due() == 2
        assert len(done) == 1

    def test_two_functions_cannot_do_one_kind(self):
        self.work()(lambda _claim: None)

        def another(_claim):
            raise AssertionError

        with pytest.raises(ValueError, match="two handlers"):
            self.work()(another)


def test_the_page_counts_by_state_and_shows_the_oldest_due(system, owner, auditor, stranger, noon):
    for minutes in (9, 3, -3):
        promise(system, noon, run_at=noon - timedelta(minutes=minutes))
    claim(noon)
    work = queries.work(auditor, at=noon)
    assert work.counts[JobState.WAITING] == 2
    assert work.counts[JobState.RUNNING] == 1
    assert work.oldest_due == noon - timedelta(minutes=3)
    assert queries.work(stranger, at=noon).counts[JobState.WAITING] == 0


def test_done_jobs_are_forgotten_after_a_week(system, noon):
    promise(system, noon)
    service.finish(claim(noon), at=noon)
    promise(system, noon)
    assert service.forget_done(at=noon + timedelta(days=7)) == 0
    assert service.forget_done(at=noon + timedelta(days=7, seconds=1)) == 1
    assert only().state == JobState.WAITING


def test_a_claim_among_ten_thousand_waiting_jobs_is_quick(system, noon):
    import time

    Job.objects.bulk_create(Job(shop_id=system.shop_id, kind=KIND, run_at=noon, priority=n % 3) for n in range(10_000))
    started = time.process_time()
    for _ in range(100):
        service.finish(claim(noon), at=noon)
    assert time.process_time() - started < 60 * pace()
    assert connection.vendor in ("sqlite", "postgresql")
