"""Verbs of the claim page: issuing and revoking its links, and what the buyer does there.

The buyer's acts are those of the page itself (``Actor.system(shop, "claim")``), and each is in the record. Whoever
holds the link is taken for the buyer: the token goes to nobody else, and who issued it is on record.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.crypto import salted_hmac

from cardcase.cards.service.reveal import require_person
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.delivery import queries, rules
from cardcase.delivery.models import ClaimGuess, ClaimLink, Delivery, Terms
from cardcase.delivery.queries import CLAIM, Holder
from cardcase.delivery.rules import DeliveryState
from cardcase.delivery.rules.claims import TOKEN_BYTES, WINDOW, check_hours, lifetime
from cardcase.kit import clock
from cardcase.orders.models import Order
from cardcase.staff.models import Shop
from cardcase.staff.queries import token_digest
from cardcase.staff.rules import Actor, Permission

from . import rows
from .revealing import Shown, authorise, by_parcel, not_now
from .terms import acknowledge, show_terms

REASON: Final = "买家在领取页查看"


@dataclass(frozen=True, slots=True)
class Issued:
    """A new link: its token, told this once, and until when it is good."""

    token: str = field(repr=False)
    expires_at: datetime


def issue_link(actor: Actor, delivery_id: str, *, at: datetime, days: int | None = None) -> Issued:
    """Issue a link to the claim page for a delivery whose codes have not left; one that was issued before ends.

    ``days``: how long it is good, as the shop has set when nothing is said, 30 at most. An act of a person who may see
    codes, for whoever holds the link may read them. Raises Refused (goes_by_parcel, already_shown, display_open,
    not_allocated), NotAllowed, NotFound, WrongUse.
    """
    require_person(actor, Permission.REVEAL)
    expires_at = at + lifetime(days, hours=queries.claim_hours(actor))
    with transaction.atomic(), custody.together():
        delivery, order = rows.held(actor, delivery_id)
        if delivery.form != "code":
            raise by_parcel()
        if DeliveryState(delivery.state) not in rules.SHOWABLE:
            raise not_now(DeliveryState(delivery.state), delivery)
        replaced = rows.end_links(actor, delivery, at)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        ClaimLink.objects.create(
            shop_id=actor.shop_id,
            delivery=delivery,
            token_sha256=token_digest(token),
            issued_at=at,
            issued_by=actor.label[:80],
            expires_at=expires_at,
        )
        facts: dict[str, custody.JSON] = {"expires_at": clock.iso(expires_at), "replaced": replaced}
        _record(actor, "delivery.link_issued", delivery, order, facts, at=at)
    return Issued(token, expires_at)


@transaction.atomic
def set_claim_hours(actor: Actor, hours: int, *, at: datetime) -> int:
    """Set for how many hours the shop's claim links are good from now on; those that are out keep their end.

    The same again changes nothing. Raises NotAllowed, WrongUse (link_hours_wrong).
    """
    require_person(actor, Permission.MANAGE_SHOP)
    check_hours(hours)
    with custody.together():
        shop = Shop.objects.select_for_update().get(pk=actor.shop_id)
        before, shop.claim_hours = shop.claim_hours, hours
        if before != hours:
            shop.save(update_fields=["claim_hours"])
            facts: dict[str, custody.JSON] = {"hours": hours, "before": before, "by": actor.label}
            custody.append(actor, Record("delivery.link_hours_set", f"shop:{shop.slug}", at, facts))
    return hours


def revoke_link(actor: Actor, delivery_id: str, *, at: datetime) -> bool:
    """End the link of a delivery at once; tell whether there was one. Raises NotAllowed, NotFound."""
    require_person(actor, Permission.WORK)
    with transaction.atomic(), custody.together():
        delivery, order = rows.held(actor, delivery_id)
        if not rows.end_links(actor, delivery, at):
            return False
        _record(actor, "delivery.link_revoked", delivery, order, {}, at=at)
    return True


@transaction.atomic
def show_claim_terms(actor: Actor, delivery_id: str, *, at: datetime) -> Terms:
    """Note that the claim page shows the terms of a delivery's order now; two tabs at once are one showing."""
    _, order = rows.held(actor, delivery_id)
    return show_terms(actor, order, how=CLAIM, at=at)


@transaction.atomic
def agree(actor: Actor, delivery_id: str, *, words: str, sha256: str, at: datetime) -> bool:
    """Keep that the buyer pressed the button with these words under the terms with this hash.

    False when the terms are others by now: then they have to be shown anew. A second press changes nothing.
    """
    actor.require(Permission.WORK)
    with custody.together():
        _, order = rows.held(actor, delivery_id)
        if show_terms(actor, order, how=CLAIM, at=at).sha256 != sha256:
            return False
        acknowledge(actor, order, how=CLAIM, words=words, said_at=at, at=at)
    return queries.terms_of(actor, order.pk).is_open


def claim_codes(holder: Holder, *, at: datetime) -> list[Shown]:
    """Clear the codes for the holder of a link and return them, once; see ``authorise`` for what may stop them."""
    return authorise(
        holder.actor, holder.delivery_id, to="buyer", how=CLAIM, reason=REASON, at=at, link_id=holder.link_id
    )


def network_key(network: str) -> str:
    """Return what is kept of a network that guessed: a keyed hash, so that no list of visitors comes into being."""
    return salted_hmac("cardcase.delivery.claims", network, algorithm="sha256").hexdigest()


def note_guess(network: str, *, at: datetime) -> None:
    """Note a wrong token from a network (its keyed hash). Of the installation: nobody knows whose link was meant."""
    ClaimGuess.objects.create(network=network, at=at)


def forget_guesses(*, at: datetime) -> int:
    """Forget wrong tokens that no limit counts any more; returns how many. Of the installation, as above."""
    return ClaimGuess.objects.filter(at__lte=at - WINDOW).delete()[0]


def _record(
    actor: Actor, kind: str, delivery: Delivery, order: Order, facts: dict[str, custody.JSON], *, at: datetime
) -> None:
    told: dict[str, custody.JSON] = {"order_no": order.order_no, "by": actor.label, **facts}
    custody.append(actor, Record(kind, delivery.public_id, at, told, refs={"order": order.public_id}))
