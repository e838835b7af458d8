"""What every act of removal begins with: who asks, for what, what stands against it, and the row that says so."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from cardcase.cards import vault
from cardcase.cases.models import Case
from cardcase.kit import ids
from cardcase.kit.errors import Conflict, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.privacy import queries
from cardcase.privacy.models import Removal
from cardcase.privacy.queries import Plan, Standing
from cardcase.privacy.rules import Ground, Held, RemovalState
from cardcase.privacy.rules.states import LIVE
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission


class DataHeld(Refused):
    """Something that is not over yet needs the data. ``facts["holds"]`` names what."""

    code = "data_held"


class NotDueYet(Refused):
    """The retention period is not over, and no other ground was given."""

    code = "retention_runs"


def look(actor: Actor, who: str) -> Plan:
    """Look at whom it is about, while no import and no other act on his cases goes on. Raises as ``queries.find``."""
    actor.require(Permission.MANAGE_SHOP)
    return again(actor, queries.plan(actor, who))


def again(actor: Actor, found: Plan) -> Plan:
    """Look at the same matters once more, with the shop and their cases held to the end of the transaction."""
    actor.require(Permission.WORK)
    Shop.objects.select_for_update(no_key=True).only("pk").get(pk=actor.shop_id)
    numbers = [case.pk for part in found.parts for case in part.matter.cases]
    list(Case.objects.visible_to(actor).select_for_update().filter(pk__in=numbers).order_by("pk").values_list("pk"))
    return queries.of_matters(actor, [part.matter for part in found.parts])


def ground_of(told: str) -> Ground:
    """Read a ground. Raises WrongUse."""
    try:
        return Ground(told)
    except ValueError:
        raise WrongUse(
            "要写明理由",
            "Say on which ground",
            next=Text(
                "buyer_request 买家要求，purpose_ended 目的已达成，retention_over 保存期已满",
                "buyer_request, purpose_ended or retention_over",
            ),
            code="ground_missing",
        ) from None


def require_free(plan: Plan) -> None:
    """Refuse while anything holds it. Raises DataHeld."""
    if plan.holds:
        raise held(plan.holds)


def held(holds: Sequence[Held]) -> DataHeld:
    """Return the refusal that names what holds."""
    texts = list(dict.fromkeys(one.text for one in holds))
    return DataHeld(
        f"现在不能删除：{'；'.join(text.zh for text in texts)}",
        f"It cannot be removed now: {'; '.join(text.en for text in texts)}",
        next=Text(
            "这些事了结后再来；可以先告诉买家原因（个人信息保护法 §50）。",
            "Come back when these are over; tell the buyer why (个人信息保护法 §50).",
        ),
        holds=",".join(dict.fromkeys(one.hold.value for one in holds)),
    )


def require_same(plan: Plan, stamp: str) -> None:
    """Refuse when what was looked at is not what is there now. Raises Conflict."""
    if stamp and stamp != plan.stamp:
        raise Conflict(
            "这期间资料变了，请重新看一遍再确认",
            "The data changed in between; look again before you confirm",
            code="plan_changed",
        )


def require_due(plan: Plan, ground: Ground, *, at: datetime) -> None:
    """Refuse a period that is said to be over and is not. Raises NotDueYet."""
    if ground is Ground.RETENTION_OVER and not plan.is_due(at):
        until = f"{plan.due_at:%Y-%m-%d}" if plan.due_at else ""
        raise NotDueYet(
            f"保存期还没满{f'（到 {until}）' if until else ''}",
            f"The retention period is not over{f' (until {until})' if until else ''}",
            next=Text(
                "买家要求删除的，先限制处理，到期再删；确要提前删除，写明另外的理由。",
                "At a buyer's request restrict it until then; to erase earlier, give another ground.",
            ),
        )


def row_of(actor: Actor, part: Standing, *, ground: Ground, at: datetime) -> Removal:
    """Return the live removal of a matter, or a new one that is not saved yet, with what was asked."""
    matter = part.matter
    live = [state.value for state in LIVE]
    rows = Removal.objects.visible_to(actor).select_for_update().filter(subject=matter.subject, state__in=live)
    row = rows.first() or Removal(
        shop_id=actor.shop_id,
        public_id=ids.public_id("removal"),
        subject=matter.subject,
        buyer=matter.buyer,
        order=matter.order,
        state=RemovalState.PROPOSED.value,
    )
    row.ground, row.by, row.asked_at = ground.value, actor.label or actor.kind.value, at
    if part.due_at is not None:
        row.erase_at = part.due_at
    if matter.order is None and matter.buyer is not None and not row.marks:
        row.marks = [vault.keyed_digest(queries.mark_of(matter.buyer))]
    return row


def copies_until(at: datetime) -> datetime:
    """Return by when old backups have to be gone: the setting ``privacy_backup_days``."""
    return at + timedelta(days=settings.CARDCASE.privacy_backup_days)
