"""Publishing the shop's after-sales policy. A version is never changed: the next one follows it."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from cardcase.custody import service as custody
from cardcase.kit import canonical, clock
from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

from .models import PolicyVersion
from .queries import version_for

__all__ = ["publish", "version_for"]

TITLE_MAX = 120


@transaction.atomic
def publish(actor: Actor, title: str, text: str, *, effective_from: datetime, at: datetime) -> PolicyVersion:
    """Publish the next version of the policy, in force from an aware moment that does not lie in the past.

    Orders keep the version under which they were paid, so a version never reaches back. Raises WrongUse for an empty
    title or text, Refused for a date in the past or before a version that is already published.
    """
    actor.require(Permission.MANAGE_SHOP)
    title, text = title.strip(), text.strip()
    if not title or not text or len(title) > TITLE_MAX:
        raise WrongUse(
            "政策要有标题（120 字以内）和正文", "A policy needs a title of at most 120 characters and a text"
        )
    if effective_from < at:
        raise Refused(
            "政策不能从过去开始生效",
            "A policy cannot begin in the past",
            next=Text(
                "选现在或以后的时间；已付款的订单仍按当时的政策。", "Choose now or later; paid orders keep theirs."
            ),
        )
    Shop.objects.select_for_update().get(pk=actor.shop_id)  # two publications at once follow each other
    rows = PolicyVersion.objects.visible_to(actor)
    if rows.filter(effective_from__gt=effective_from).exists():
        raise Refused(
            "已有一版政策在更晚的时间生效",
            "A version that begins later is already published",
            code="policy_out_of_order",
        )
    last = rows.aggregate(last=Max("version"))["last"] or 0
    version = PolicyVersion.objects.create(
        shop_id=actor.shop_id, version=last + 1, effective_from=effective_from, title=title, text=text
    )
    content = canonical.encode({"title": title, "text": text})
    facts: dict[str, custody.JSON] = {
        "version": version.version,
        "title": title,
        "effective_from": clock.iso(effective_from),
    }
    record = custody.Record(
        "policy.published",
        f"policy_{actor.shop_id}-{version.version}",
        at,
        facts,
        (custody.Content("policy", content, "application/json"),),
    )
    custody.append(actor, record)
    return version
