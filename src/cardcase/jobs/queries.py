"""How the background work stands: for the settings page, ``doctor`` and the metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from cardcase.staff.rules import Actor, Permission

from .models import Job
from .rules import JobState


@dataclass(frozen=True, slots=True)
class ParkedJob:
    """A job that waits for a person."""

    job_id: int
    kind: str
    key: str
    state: JobState
    attempts: int
    last_error: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Work:
    """Counts by state, the moment since which the oldest due job has waited, and the jobs that need a person."""

    counts: Mapping[JobState, int]
    oldest_due: datetime | None
    parked: tuple[ParkedJob, ...]


def work(actor: Actor, *, at: datetime, limit: int = 50) -> Work:
    """Return how the shop's work and that of the whole installation stand at a moment."""
    actor.require(Permission.READ)
    mine = Job.objects.filter(Q(shop_id=actor.shop_id) | Q(shop_id=None))
    counts = dict(mine.order_by().values_list("state").annotate(n=Count("id")))
    oldest = (
        mine.filter(state=JobState.WAITING.value, run_at__lte=at).order_by("run_at").values_list("run_at", flat=True)
    )
    parked = mine.filter(state__in=[JobState.STUCK.value, JobState.UNCLEAR.value]).order_by("created_at")
    return Work(
        counts={state: counts.get(state.value, 0) for state in JobState},
        oldest_due=oldest.first(),
        parked=tuple(
            ParkedJob(job.pk, job.kind, job.key, JobState(job.state), job.attempts, job.last_error, job.created_at)
            for job in parked[:limit]
        ),
    )
