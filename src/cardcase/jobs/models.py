"""Promised work and periodic work as rows. The row, written in the transaction of the fact, is the promise."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from cardcase.kit import clock
from cardcase.staff.models import Shop

from .rules import UNFINISHED, JobState

_UNFINISHED = Q(state__in=[state.value for state in UNFINISHED]) & ~Q(key="")


class Job(models.Model):
    """One effect that we owe. ``shop`` is empty for work of the whole installation, such as the deadline sweep.

    ``fence`` counts the claims: every write of a worker names the fence it got, so that one whose lease ran out
    changes nothing. A non-empty ``key`` admits one unfinished job a shop and kind.
    """

    shop = models.ForeignKey(Shop, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=60)
    args = models.JSONField(default=dict)
    key = models.CharField(max_length=160, blank=True, default="")
    queue = models.CharField(max_length=20, default="default")
    priority = models.SmallIntegerField(default=0)  # smaller first
    run_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, default=JobState.WAITING.value)
    last_error = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "kind", "key"],
                condition=_UNFINISHED & Q(shop__isnull=False),
                name="job_promised_once",
            ),
            # Two NULLs are never equal, so the jobs of the whole installation need their own rule.
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=_UNFINISHED & Q(shop__isnull=True),
                name="job_promised_once_for_all",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["priority", "run_at", "id"], condition=Q(state=JobState.WAITING.value), name="job_next"
            ),
            models.Index(fields=["lease_until"], condition=Q(state=JobState.RUNNING.value), name="job_leases"),
            models.Index(fields=["state", "finished_at"], name="job_by_state"),
        ]


class Schedule(models.Model):
    """Periodic work: whoever moves ``next_at`` on promises the job, so exactly one of many machines does."""

    name = models.CharField(max_length=60, unique=True)  # the kind of the job
    every = models.DurationField()
    next_at = models.DateTimeField()
