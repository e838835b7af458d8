"""The shop's accounts on the outside: what is needed to believe a push."""

import secrets
from datetime import datetime

from django.db import transaction

from cardcase.cards import vault
from cardcase.custody import service as custody
from cardcase.intake.models import Channel
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

KINDS = ("goofish",)


@transaction.atomic
def add_channel(
    actor: Actor, kind: str, label: str, app_key: str, secret: str, *, seller_id: str = "", at: datetime
) -> Channel:
    """Connect an account; its secret is sealed at once. Raises WrongUse for an unknown kind or an empty secret."""
    actor.require(Permission.MANAGE_SHOP)
    if kind not in KINDS:
        raise WrongUse(
            f"不认识的渠道：{kind}",
            f"Unknown channel: {kind}",
            next=Text("现在支持 goofish（闲管家）。", "Known: goofish."),
        )
    if not app_key.strip() or not secret.strip():
        raise WrongUse(
            "AppKey 和 AppSecret 都要填", "Both the app key and the secret are needed", code="channel_incomplete"
        )
    channel, is_new = Channel.objects.update_or_create(
        shop_id=actor.shop_id,
        kind=kind,
        app_key=app_key.strip(),
        defaults={
            "label": label,
            "secret_sealed": vault.seal(secret.strip().encode(), context=f"channel:{kind}:{app_key.strip()}"),
            "seller_id": seller_id,
            "is_enabled": True,
        },
        create_defaults={
            "label": label,
            "secret_sealed": vault.seal(secret.strip().encode(), context=f"channel:{kind}:{app_key.strip()}"),
            "seller_id": seller_id,
            "hook_key": secrets.token_urlsafe(24),
            "created_at": at,
        },
    )
    verb = "channel.added" if is_new else "channel.changed"
    custody.append(actor, custody.Record(verb, f"channel_{channel.pk}", at, {"kind": kind, "label": label}))
    return channel


@transaction.atomic
def set_enabled(actor: Actor, channel_id: int, *, is_enabled: bool, at: datetime) -> None:
    """Switch a channel on or off at once. Raises NotFound."""
    actor.require(Permission.MANAGE_SHOP)
    if not Channel.objects.filter(shop_id=actor.shop_id, pk=channel_id).update(is_enabled=is_enabled):
        raise NotFound("没有这个渠道", "There is no such channel")
    verb = "channel.enabled" if is_enabled else "channel.disabled"
    custody.append(actor, custody.Record(verb, f"channel_{channel_id}", at, {}))
