"""Deadlines as rows: armed, then met, missed or void. A missed one is never deleted (invariant I8)."""

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
    state = models.CharField(max_length=8, default="armed")  # armed, met, missed, void
    settled_at = models.DateTimeField(null=True)
    warned = models.PositiveSmallIntegerField(default=0)  # how many of the warnings have been given
    warn_at = models.DateTimeField(null=True)  # when the next warning rings; empty when all have been given
    armed_at = models.DateTimeField(default=clock.now)

    objects: ClassVar = DeadlineRows.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shop", "subject", "kind"], condition=models.Q(state="armed"), name="armed_once"
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

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row. Raises Refused when it was missed."""
        if self.state == "missed":
            raise Refused("错过的时限不能删除", "A missed deadline is never deleted", code="missed_deadline_stays")
        return super().delete(*args, **kwargs)
