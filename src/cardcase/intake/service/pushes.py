"""Pushes from a marketplace: believed only when signed, answered once stored, worked on afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from cardcase.cards import notices, vault
from cardcase.connectors import documents
from cardcase.connectors.goofish import mapping, signing
from cardcase.connectors.ports import Origin
from cardcase.connectors.values import Unreadable
from cardcase.custody import service as custody
from cardcase.intake.models import Channel, PushReceipt
from cardcase.jobs import service as jobs
from cardcase.kit.errors import NotAllowed, NotFound, WrongUse
from cardcase.orders import service as orders
from cardcase.staff.rules import Actor, ActorKind

from . import casework

LARGEST = 64 * 1024
"""Bytes of one push; the documented body has nine short fields."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A push as it arrived: the key in its address, its query and the exact bytes of its body."""

    hook_key: str
    query: Mapping[str, str]
    body: bytes


def accept_push(actor: Actor | None, envelope: Envelope, *, at: datetime) -> bool:
    """Store a signed push and promise the work. Returns False when the very event was stored before.

    ``actor`` is None: nobody is signed in, the signature is what is believed. Raises NotFound for an unknown address,
    NotAllowed for a wrong signature or a moment more than 300 s away, WrongUse for a body that is no push.
    """
    assert actor is None
    channel = Channel.objects.filter(hook_key=envelope.hook_key, is_enabled=True).first()
    if channel is None:
        raise NotFound("没有这个推送地址", "There is no such hook")
    secret = vault.open_sealed(
        bytes(channel.secret_sealed), context=f"channel:{channel.kind}:{channel.app_key}"
    ).decode()
    if len(envelope.body) > LARGEST:
        raise WrongUse("推送内容太大", "The push is too large", code="push_too_large")
    if not signing.verify(
        app_key=channel.app_key,
        secret=secret,
        body=envelope.body,
        query=envelope.query,
        now=at,
        seller_id=channel.seller_id,
    ):
        raise NotAllowed(
            "推送签名不对或已过期", "The push is not signed properly or is too old", code="push_not_believed"
        )
    body = _body(envelope.body)
    try:
        notice, _ = mapping.read_push(body, Origin())
    except Unreadable as error:
        raise WrongUse("推送里没有订单号", "The push names no order", code="push_malformed") from error
    key = mapping.push_key(body)
    pusher = Actor(ActorKind.PLATFORM, channel.shop_id, label=f"{channel.kind}:{channel.label}")
    try:
        with transaction.atomic():
            receipt = PushReceipt.objects.create(
                shop_id=channel.shop_id, channel=channel.kind, key=key, received_at=at, body=body
            )
            custody.append(pusher, custody.Record("push.received", f"order_no:{notice.order_no}", at, {"key": key}))
            jobs.enqueue(pusher, "intake.push", {"receipt": receipt.pk}, at=at, key=f"push:{key}")
    except IntegrityError:
        return False
    return True


def take_push(actor: Actor, receipt_id: int, *, at: datetime) -> list[str]:
    """Work on a stored push: mirror what it says and refresh the cases of its order. Returns their numbers."""
    receipt = PushReceipt.objects.get(shop_id=actor.shop_id, pk=receipt_id)
    notice, _ = mapping.read_push(receipt.body, Origin(file=f"push:{receipt.channel}", row=receipt.pk))
    refund = mapping.refund_of_order(notice)
    with transaction.atomic():
        [(order, _)] = orders.ingest_orders(actor, notices.mask_orders(actor, [notice]), at=at)
        orders.ingest_refunds(actor, notices.mask_refunds(actor, [refund] if refund else []), at=at)
    return casework.refresh(actor, [order.pk], at=at)


def _body(raw: bytes) -> dict[str, Any]:
    """Read a push as JSON whose long numbers stay what they were. Raises WrongUse when it is not an object."""
    try:
        body = documents.kept(documents.parse(raw.decode()))
    except (ValueError, documents.NotJson) as error:
        raise WrongUse("推送内容不是有效的 JSON", "The push is no valid JSON", code="push_malformed") from error
    if not isinstance(body, dict):
        raise WrongUse("推送内容不是有效的 JSON", "The push is no valid JSON", code="push_malformed")
    return body
