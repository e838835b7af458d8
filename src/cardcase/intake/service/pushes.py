"""Pushes from a marketplace: believed only when signed, answered once stored, worked on afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from cardcase.cards import notices, vault
from cardcase.connectors import documents
from cardcase.connectors.goofish import mapping, signing
from cardcase.connectors.ports import OrderNotice, Origin
from cardcase.connectors.values import Unreadable
from cardcase.custody import service as custody
from cardcase.intake.models import Channel, PushReceipt
from cardcase.jobs import service as jobs
from cardcase.kit.errors import NotAllowed, WrongUse
from cardcase.orders import service as orders
from cardcase.staff.rules import Actor, ActorKind

from . import casework

LARGEST = 64 * 1024
"""Bytes of one push; the documented body has nine short fields."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A push as it arrived: kind and key in its address, its query and the exact bytes of its body."""

    kind: str
    hook_key: str
    query: Mapping[str, str]
    body: bytes


def accept_push(actor: Actor | None, envelope: Envelope, *, at: datetime) -> bool:
    """Store a signed push and promise the work. Returns False when the very event was stored before.

    ``actor`` is None: nobody is signed in, the signature is what is believed. Raises NotAllowed for an unknown or
    disabled address, a wrong signature or a moment more than 300 s away, always in the same words: nobody learns by
    trying which addresses exist. Raises WrongUse for a body that is no push.
    """
    assert actor is None
    if len(envelope.body) > LARGEST:
        raise too_large()
    channel = Channel.objects.filter(hook_key=envelope.hook_key, kind=envelope.kind, is_enabled=True).first()
    if channel is None or not _is_signed(channel, envelope, at):
        raise NotAllowed(
            "推送地址或签名不对，或者已过期",
            "The address or the signature of the push is wrong, or it is too old",
            code="push_not_believed",
        )
    body = _body(envelope.body)
    notice = _notice(body, Origin())
    key = mapping.push_key(body)
    pusher = Actor(ActorKind.PLATFORM, channel.shop_id, label=f"{channel.kind}:{channel.label}")
    known = PushReceipt.objects.filter(shop_id=channel.shop_id, channel=channel.kind, key=key)
    try:
        with transaction.atomic():
            receipt = PushReceipt.objects.create(
                shop_id=channel.shop_id, channel=channel.kind, key=key, received_at=at, body=body
            )
            custody.append(
                pusher,
                custody.Record("push.received", f"push_{receipt.pk}", at, {"key": key, "order_no": notice.order_no}),
            )
            jobs.enqueue(pusher, "intake.push", {"receipt": receipt.pk}, at=at, key=f"push:{key}")
    except IntegrityError:
        if not known.exists():  # not the same event twice: something else is wrong, and the platform must try again
            raise
        return False
    return True


def too_large() -> WrongUse:
    """Return the refusal of a body that is longer than any push."""
    return WrongUse("推送内容太大", "The push is too large", code="push_too_large")


def take_push(actor: Actor, receipt_id: int, *, at: datetime) -> list[str]:
    """Work on a stored push: mirror what it says and refresh the cases of its order. Returns their numbers."""
    receipt = PushReceipt.objects.get(shop_id=actor.shop_id, pk=receipt_id)
    notice = _notice(receipt.body, Origin(file=f"push:{receipt.channel}", row=receipt.pk))
    refund = mapping.refund_of_order(notice)
    with transaction.atomic():
        [(order, _)] = orders.ingest_orders(actor, notices.mask_orders(actor, [notice]), at=at)
        orders.ingest_refunds(actor, notices.mask_refunds(actor, [refund] if refund else []), at=at)
    touched = {order.pk, *casework.adopt_chats(actor, [order.pk], at=at)}
    return casework.refresh(actor, sorted(touched), at=at)


def _is_signed(channel: Channel, envelope: Envelope, at: datetime) -> bool:
    context = f"channel:{channel.kind}:{channel.app_key}"
    return signing.verify(
        app_key=channel.app_key,
        secret=vault.open_sealed(bytes(channel.secret_sealed), context=context).decode(),
        body=envelope.body,
        query=envelope.query,
        now=at,
        seller_id=channel.seller_id,
    )


def _notice(body: Mapping[str, Any], origin: Origin) -> OrderNotice:
    try:
        notice, _ = mapping.read_order(body, origin)
    except Unreadable as error:
        raise WrongUse(
            "推送里没有可用的订单号", "The push names no usable order number", code="push_malformed"
        ) from error
    return notice


def _body(raw: bytes) -> dict[str, Any]:
    """Read a push as JSON whose long numbers stay what they were. Raises WrongUse when it is not an object."""
    try:
        body = documents.kept(documents.parse(raw.decode()))
    except (ValueError, documents.NotJson) as error:
        raise WrongUse("推送内容不是有效的 JSON", "The push is no valid JSON", code="push_malformed") from error
    if not isinstance(body, dict):
        raise WrongUse("推送内容不是有效的 JSON", "The push is no valid JSON", code="push_malformed")
    return body
