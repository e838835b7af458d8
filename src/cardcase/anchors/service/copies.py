"""Whether a shop's buyers are given the current head of the record."""

from datetime import datetime

from django.db import transaction

from cardcase.anchors.models import Copies
from cardcase.custody import service as custody
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor, Permission


@transaction.atomic
def set_copies(actor: Actor, *, on_claim_page: bool, in_chat: bool, at: datetime) -> None:
    """Say where buyers are given the head. For the owner; recorded."""
    actor.require(Permission.MANAGE_SHOP)
    values = {"on_claim_page": on_claim_page, "in_chat": in_chat}
    row, is_new = Copies.objects.get_or_create(shop_id=actor.shop_id, defaults=values)
    if not is_new:
        if (row.on_claim_page, row.in_chat) == (on_claim_page, in_chat):
            return
        row.on_claim_page, row.in_chat = on_claim_page, in_chat
        row.save()
    shop = staff.shop_of(actor)
    custody.append(actor, custody.Record("copies.set", f"shop_{shop.pk}", at, dict(values)))
