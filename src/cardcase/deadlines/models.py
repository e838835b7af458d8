"""Deadlines as rows: armed, then met, missed or void. A missed one is never deleted (invariant I8).

Beside them: the shop's hours by version, the pauses of its own goals, and jumps of the clock.
"""

from typing import Any, ClassVar

from django.db import models

from cardcase.kit import clock
from cardcase.kit.errors import Refused
from cardcase.staff.models import ShopOwned, ShopRows


class DeadlineRows(ShopRows):
    """Rows of deadlines; whatever else may be tidied up, a missed one stays."""

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete rows. Raises Refused when a missed deadline is among them."""
        if self.filter(state="missed").exists():
            raise Refused("错过的时限不能删除", "A missed deadline is never deleted", code="missed_deadline_stays")
        return super().delete()


class Deadline(ShopOwned):
    """A moment after which something is lost. ``subject`` is the public id of what it hangs on, such as a case."""

    subject = models.CharField(max_length=40)
    kind = models.CharField(max_length=24)
    due_at = models.DateTimeField()
    started_at = models.DateTimeField()
    margin_at = models.DateTimeField()  # alarms ring from here; nothing of ours may be due later than this
    source = models.CharField(max_length=8)  # api, rule, default, typed
    certainty = models.CharField(max_length=1)  # H M L ? J
    rule = models.CharField(max_length=60)
    if_missed = models.CharField(max_length=24)
    state = models.CharField(max_length=8, default="armed")  # armed, paused, met, missed, void
    settled_at = models.DateTimeField(null=True)
    warned = models.PositiveSmallIntegerField(default=0)  # how many of the warnings have been given
    warn_at = models.DateTimeField(null=True)  # when the next warning rings; empty when all have been given
    armed_at = models.DateTimeField(default=clock.now)
    told_at = models.DateTimeField(null=True)  # the channel's clock on the word that set it: an older one is not heard
    allowance = models.DurationField(null=True)  # an own goal: its working time; empty for clocks that never pause
    remaining = models.DurationField(null=True)  # working time left while paused
    hours_version = models.PositiveIntegerField(null=True)  # the hours by which it was counted last; empty: always open
    has_unknown_days = models.BooleanField(default=False)  # some day's year has no published holidays yet

    objects: ClassVar = DeadlineRows.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "subject", "kind"],
                condition=models.Q(state__in=["armed", "paused"]),
                name="armed_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=models.Q(state="armed"), name="deadline_next_due"),
            models.Index(
                fields=["warn_at"],
                condition=models.Q(state="armed", warn_at__isnull=False),
                name="deadline_next_warning",
            ),
            models.Index(fields=["shop", "subject"], name="deadline_by_subject"),
        ]

    def become(self, **changes: Any) -> bool:
        """Change the row while it is what was read. False when somebody else was first: then nothing is changed."""
        mine = Deadline.objects.filter(pk=self.pk, state=self.state, due_at=self.due_at)
        if not mine.update(**changes):
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        return True

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row. Raises Refused when it was missed."""
        if self.state == "missed":
            raise Refused("错过的时限不能删除", "A missed deadline is never deleted", code="missed_deadline_stays")
        return super().delete(*args, **kwargs)


class WorkingHours(ShopOwned):
    """One version of the hours in which a shop works. A version is never changed: the next one follows it."""

    version = models.PositiveIntegerField()
    effective_from = models.DateTimeField()
    hours = models.JSONField()  # rules.hours.as_plain
    set_by = models.CharField(max_length=80)
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "version"], name="hours_version_once")]


class Pause(ShopOwned):
    """A stretch in which an own goal stood still, and why."""

    deadline = models.ForeignKey(Deadline, on_delete=models.PROTECT, related_name="pauses")
    reason = models.CharField(max_length=20)
    note = models.CharField(max_length=300, blank=True, default="")
    by = models.CharField(max_length=80)
    paused_at = models.DateTimeField()
    resumed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["deadline"], condition=models.Q(resumed_at__isnull=True), name="paused_once"
            ),
        ]


class ClockJump(models.Model):
    """The system clock was set while Cardcase ran. Of the installation, not of a shop."""

    noticed_at = models.DateTimeField()  # by the clock after the jump
    seconds = models.BigIntegerField()  # negative: backwards
    hold_until = models.DateTimeField(null=True)  # until then nothing is called missed
    rearmed = models.PositiveIntegerField(default=0)  # false misses put back

    class Meta:
        indexes: ClassVar = [models.Index(fields=["hold_until"], name="clock_jump_hold")]
