"""What every runner does with one job. How it waits for the next is the runner's own business."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import transaction

from cardcase.jobs import registry, rules, service
from cardcase.jobs.registry import Claim, Handler
from cardcase.kit import clock

log = structlog.get_logger("cardcase.jobs")


@dataclass(frozen=True, slots=True)
class Worker:
    """Takes jobs of some queues (none named: all) and does them one at a time."""

    queues: Sequence[str] = ()
    lease: timedelta = rules.LEASE

    def run_due(self, limit: int = 1000, *, is_over: Callable[[], bool] = lambda: False) -> int:
        """Do what is due, at most ``limit`` jobs, and return how many were taken. Never raises for a job's sake.

        ``is_over`` is asked before each job: who is to stop brings one job to its end, not twenty.
        """
        service.promise_periodic(at=clock.now())
        for done in range(limit):
            if is_over():
                return done
            claim = service.claim(at=clock.now(), queues=self.queues, lease=self.lease)
            if claim is None:
                return done
            self._do(claim)
        return limit

    def _do(self, claim: Claim) -> None:
        handler = registry.handler(claim.kind)
        assert handler is not None, "only kinds with a handler are claimed"
        try:
            _work(handler, claim)
        except service.LostLease:
            log.warning("job_lost", job=claim.job_id, kind=claim.kind, fence=claim.fence)
        except Exception as error:  # noqa: BLE001 - whatever a handler does, the runner lives on
            self._note_failure(claim, error)

    @staticmethod
    def _note_failure(claim: Claim, error: Exception) -> None:
        words = service.describe(error)
        try:
            state = service.fail(claim, error, at=clock.now())
        except service.LostLease:
            log.warning("job_lost", job=claim.job_id, kind=claim.kind, fence=claim.fence)
        else:
            log.error(
                "job_failed", job=claim.job_id, kind=claim.kind, state=state.value, tries=claim.attempts, error=words
            )


def _work(handler: Handler, claim: Claim) -> None:
    if handler.is_atomic:
        with transaction.atomic():
            handler.work(claim)
            service.finish(claim, at=clock.now())
    else:
        handler.work(claim)
        service.finish(claim, at=clock.now())
