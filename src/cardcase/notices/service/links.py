"""The private link to the calendar: made, replaced, revoked. Its key is told once and kept as a digest."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from cardcase.custody import service as custody
from cardcase.notices import queries
from cardcase.notices.models import CalendarLink
from cardcase.staff.rules import Actor, Permission

_KEY_BYTES: Final = 24  # 192 bits
_TOUCH_EVERY: Final = timedelta(hours=1)


@transaction.atomic
def make_link(actor: Actor, *, shows_nick: bool = False, language: str = "", at: datetime) -> str:
    """Make the shop's calendar link and return its key, once. The link before it ends at this moment."""
    actor.require(Permission.NOTIFY)
    ended = CalendarLink.objects.visible_to(actor).filter(revoked_at=None).update(revoked_at=at)
    key = secrets.token_urlsafe(_KEY_BYTES)
    CalendarLink.objects.create(
        shop_id=actor.shop_id,
        key_sha256=queries.key_digest(key),
        shows_nick=shows_nick,
        language=language if language in ("zh-hans", "en") else queries.default_language(),
        made_by=actor.label[:80],
        created_at=at,
    )
    facts: dict[str, custody.JSON] = {"replaces": bool(ended), "shows_nick": shows_nick}
    custody.append(actor, custody.Record("notice.link_made", f"shop_{actor.shop_id}", at, facts))
    return key


@transaction.atomic
def revoke_link(actor: Actor, *, at: datetime) -> bool:
    """End the shop's calendar link at once; tell whether there was one."""
    actor.require(Permission.NOTIFY)
    ended = CalendarLink.objects.visible_to(actor).filter(revoked_at=None).update(revoked_at=at)
    if ended:
        custody.append(actor, custody.Record("notice.link_revoked", f"shop_{actor.shop_id}", at, {}))
    return bool(ended)


def touch_link(actor: Actor, link_id: int, *, at: datetime) -> None:
    """Note that a link was used, at most each hour: reading must not cost a write a time."""
    rows = CalendarLink.objects.visible_to(actor).filter(pk=link_id)
    rows.filter(Q(last_used_at=None) | Q(last_used_at__lt=at - _TOUCH_EVERY)).update(last_used_at=at)
