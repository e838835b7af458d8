"""The shop's working hours by version. New hours move running goals openly: each move is an entry of the record."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max

from cardcase.custody import service as custody
from cardcase.deadlines import queries
from cardcase.deadlines.models import Deadline, WorkingHours
from cardcase.deadlines.queries import HoursView
from cardcase.deadlines.rules import FOLLOWS_HOURS
from cardcase.deadlines.rules import working as work
from cardcase.deadlines.rules.hours import Hours, as_plain, from_plain
from cardcase.deadlines.rules.working import Timeline
from cardcase.kit import clock
from cardcase.kit.errors import Refused
from cardcase.kit.text import Text
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

from .clocks import count
from .rows import LABEL_MAX, facts_of, tell_moved, wake_for


@transaction.atomic
def set_hours(actor: Actor, hours: Hours, *, effective_from: datetime | None = None, at: datetime) -> HoursView:
    """Set the next version of the shop's hours, in force from now or later. The same hours again change nothing.

    Time that has passed keeps the hours that held then. Running goals are counted anew from the moment on; each that
    moves leaves an entry "deadline.moved" that names the version. Raises Refused for a moment in the past or before a
    version that is already set, WrongUse for hours that are none.
    """
    actor.require(Permission.MANAGE_SHOP)
    since = effective_from or at
    if since < at:
        raise Refused(
            "工作时间不能从过去开始改",
            "Hours cannot begin in the past",
            next=Text("过去的时间按当时的工作时间算。", "What has passed is counted by the hours of then."),
            code="hours_in_the_past",
        )
    shop = Shop.objects.select_for_update().get(pk=actor.shop_id)  # two changes at once follow each other
    known = queries.hours_versions(actor)
    if known and known[-1].effective_from > since:
        raise Refused(
            "已有一版工作时间在更晚的时候生效",
            "A version of the hours that begins later is already set",
            code="hours_out_of_order",
        )
    plain = as_plain(hours)
    if known and as_plain(known[-1].hours) == plain:
        return known[-1]
    version = (WorkingHours.objects.visible_to(actor).aggregate(last=Max("version"))["last"] or 0) + 1
    by = (actor.label or actor.kind.value)[:LABEL_MAX]
    WorkingHours.objects.create(
        shop_id=shop.pk, version=version, effective_from=since, hours=plain, set_by=by, set_at=at
    )
    facts: dict[str, custody.JSON] = {"version": version, "effective_from": clock.iso(since), "hours": plain}
    custody.append(actor, custody.Record("hours.set", f"hours_{shop.pk}-{version}", at, facts))
    made = HoursView(from_plain(plain, zone=ZoneInfo(shop.time_zone), version=version), since, by, at)
    before = Timeline(tuple((view.effective_from, view.hours) for view in known))
    _count_anew(actor, before, Timeline((*before.versions, (since, made.hours))), at=at)
    return made


def _count_anew(actor: Actor, before: Timeline, after: Timeline, *, at: datetime) -> None:
    """Move every running goal to where the new hours put the working time that it has left."""
    kinds = [kind.value for kind in FOLLOWS_HOURS]
    rows = Deadline.objects.visible_to(actor).filter(kind__in=kinds, state="armed", due_at__gt=at)
    moved: list[custody.Record] = []
    for row in rows.select_for_update().order_by("pk"):
        was_due_at = row.due_at
        count(row, after, work.resume(after, at, work.remaining(before, row.due_at, at)))
        if row.due_at == was_due_at:
            continue
        row.save(update_fields=["due_at", "margin_at", "warn_at", "hours_version", "has_unknown_days"])
        facts = {**facts_of(row), "was_due_at": clock.iso(was_due_at), "why": "hours"}
        moved.append(custody.Record("deadline.moved", row.subject, at, facts))
        tell_moved(actor, row, at=at)
        wake_for(row)
    custody.append_many(actor, moved)
