"""Showing the terms and keeping the answer. Sending them is a person's act, or the claim page's."""

from datetime import datetime
from hashlib import sha256

from django.db import transaction

from cardcase.cards import masking
from cardcase.custody import service as custody
from cardcase.custody.service import Content, Record
from cardcase.delivery import queries
from cardcase.delivery.models import Terms
from cardcase.kit import clock
from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.orders import queries as orders
from cardcase.orders.models import Order
from cardcase.staff.rules import Actor, Permission


@transaction.atomic
def show_terms(actor: Actor, order: Order, *, how: str, at: datetime) -> Terms:
    """Note that the buyer of an order is shown the terms now, with their exact words; ``how`` is chat or claim.

    The same words shown again while no answer came are the same row: the first moment counts.
    """
    actor.require(Permission.WORK)
    told = queries.terms_text(actor, order)
    digest = sha256(told.text.encode()).hexdigest()
    last: Terms | None = last_terms(actor, order)
    if last is not None and last.sha256 == digest:
        return last
    row = Terms(shop_id=actor.shop_id, order=order, text=told.text, sha256=digest)
    row.policy_version, row.wording = told.version, told.wording
    row.shown_at, row.shown_how = at, how
    row.save()
    facts: dict[str, custody.JSON] = {
        "sha256": digest,
        "policy_version": told.version,
        "wording": told.wording,
        "how": how,
        "by": actor.label,
    }
    words = (Content("terms", told.text.encode(), "text/plain"),)
    custody.append(actor, Record("delivery.terms_shown", order.public_id, at, facts, words))
    return row


@transaction.atomic
def show_terms_of(actor: Actor, delivery_id: str, *, how: str, at: datetime) -> Terms:
    """Do the same for the order of a delivery. Raises NotFound, also for another shop's."""
    view = queries.delivery(actor, delivery_id)
    order = orders.order_by_id(actor, view.order_public_id)
    assert order is not None, "a delivery has an order"
    return show_terms(actor, order, how=how, at=at)


@transaction.atomic
def acknowledge(
    actor: Actor, order: Order, *, how: str, words: str, said_at: datetime, at: datetime, message_id: str = ""
) -> bool:
    """Keep the buyer's consent to the terms last shown: how (chat, claim or staff), in which words, when.

    False when an answer is on record already. Raises Refused when no terms were shown before it was said, WrongUse
    without words.
    """
    actor.require(Permission.WORK)
    kept = masking.mask_text(actor, words.strip()).text[:300]
    if not kept:
        raise WrongUse("要写明买家怎么说的", "The buyer's words are needed")
    row = last_terms(actor, order)
    if row is None or not is_heard_after(row, said_at):
        raise Refused(
            "买家还没有看过须知，这句话不算同意",
            "The buyer had not been shown the terms: these words are no consent",
            next=Text("先把须知发给买家。", "Send the terms to the buyer first."),
            code="terms_not_shown",
        )
    return _answer(actor, order, row, how=how, words=kept, answered_at=said_at, message_id=message_id, at=at)


@transaction.atomic
def waive_terms(actor: Actor, order: Order, *, reason: str, at: datetime) -> bool:
    """Let the code go without an answer; the owner says why. Raises NotAllowed, WrongUse without a reason."""
    actor.require(Permission.MANAGE_SHOP)
    kept = masking.mask_text(actor, reason.strip()).text[:300]
    if not kept or not actor.is_person:
        raise WrongUse("请写明原因", "A reason is needed", next=Text("写一句为什么。", "Say why in one sentence."))
    row = last_terms(actor, order) or show_terms(actor, order, how="waived", at=at)
    return _answer(actor, order, row, how="waived", words=kept, answered_at=at, message_id="", at=at)


@transaction.atomic
def withdraw_consent(
    actor: Actor, order: Order, *, words: str, said_at: datetime, at: datetime, message_id: str = ""
) -> bool:
    """Close the terms of an order again: the buyer took the consent back, in these words, before the code left.

    The consent that was given keeps its row; the same terms wait for another answer. False when there was nothing to
    take back, or it was said before the consent. The caller holds the order and has seen that no code has left.
    """
    actor.require(Permission.WORK)
    row = last_terms(actor, order)
    if row is None or row.answered_at is None or said_at < row.answered_at:
        return False
    kept = masking.mask_text(actor, words.strip()).text[:300]
    again = Terms(shop_id=actor.shop_id, order=order, text=row.text, sha256=row.sha256)
    again.policy_version, again.wording = row.policy_version, row.wording
    again.shown_at, again.shown_how = row.shown_at, row.shown_how
    again.reopened_at, again.reopened_words, again.reopened_message_id = said_at, kept, message_id[:120]
    again.save()
    facts: dict[str, custody.JSON] = {
        "words": kept,
        "said_at": clock.iso(said_at),
        "message": message_id[:120],
        "consent_at": clock.iso(row.answered_at),
        "consent_how": row.how,
        "sha256": row.sha256,
        "by": actor.label,
    }
    custody.append(actor, Record("delivery.terms_withdrawn", order.public_id, at, facts))
    return True


def note_unclear(
    actor: Actor, order: Order, row: Terms, why: str, *, words: str, said_at: datetime, message_id: str, at: datetime
) -> bool:
    """Note that the buyer said something that may be a consent (``rules.consent.Doubt``): a person is to look at it.

    Once for each message; the terms stay open meanwhile. The caller holds the order.
    """
    actor.require(Permission.WORK)
    if row.unclear_at is not None and said_at <= row.unclear_at:
        return False
    row.unclear_at, row.unclear_why, row.unclear_message_id = said_at, why, message_id[:120]
    row.unclear_words = masking.mask_text(actor, words).text[:300]
    row.save(update_fields=["unclear_at", "unclear_why", "unclear_message_id", "unclear_words"])
    facts: dict[str, custody.JSON] = {
        "words": row.unclear_words,
        "said_at": clock.iso(said_at),
        "message": row.unclear_message_id,
        "why": why,
        "sha256": row.sha256,
    }
    custody.append(actor, Record("delivery.terms_unclear", order.public_id, at, facts))
    return True


def is_heard_after(row: Terms, said_at: datetime) -> bool:
    """Tell whether words can be an answer to terms: said after they were shown, and after a consent was taken back."""
    return said_at >= row.shown_at and (row.reopened_at is None or said_at > row.reopened_at)


def last_terms(actor: Actor, order: Order) -> Terms | None:
    """Return the terms last shown for an order, locked, or None."""
    found: Terms | None = (
        Terms.objects.visible_to(actor).filter(order=order).select_for_update().order_by("-shown_at", "-pk").first()
    )
    return found


def _answer(
    actor: Actor,
    order: Order,
    row: Terms,
    *,
    how: str,
    words: str,
    answered_at: datetime,
    message_id: str,
    at: datetime,
) -> bool:
    changes = {
        "how": how,
        "words": words,
        "answered_at": answered_at,
        "message_id": message_id[:120],
        "by": actor.label[:80],
    }
    if not Terms.objects.visible_to(actor).filter(pk=row.pk, answered_at=None).update(**changes):
        return False
    facts: dict[str, custody.JSON] = {
        "how": how,
        "words": words,
        "answered_at": clock.iso(answered_at),
        "message": message_id[:120],
        "sha256": row.sha256,
        "by": actor.label,
    }
    custody.append(actor, Record("delivery.terms_answered", order.public_id, at, facts))
    return True
