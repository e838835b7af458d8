"""Hearing in a chat whether the buyer agreed to the terms, or took it back.

Whoever brings in chats calls ``hear`` with what the buyers said about their orders. The same words again change
nothing: what was answered is answered, and only what comes after an answer can take it back.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from cardcase.custody import service as custody
from cardcase.delivery import queries
from cardcase.delivery.models import Terms
from cardcase.delivery.rules.consent import Phrases, Said, Stance, answers, doubt_of
from cardcase.staff.rules import Actor, Permission

from . import rows
from .terms import acknowledge, is_heard_after, last_terms, note_unclear, withdraw_consent


def hear(actor: Actor, said: Mapping[int, Sequence[Said]], *, at: datetime) -> int:
    """Take the buyers' words about orders (by row id) as answers to their terms. Returns how many counted.

    ``said``: the text messages of the order's own conversation, codes masked, in the order of the chat; the seller's
    own too, since a yes may answer something else that he asked: then a person is asked. Each order is a transaction.
    A code that left, or may have, stays as it is: then there is nothing to take back.
    """
    actor.require(Permission.WORK)
    phrases = queries.consent_phrases(actor)
    return sum(_hear_one(actor, order_id, said[order_id], phrases, at=at) for order_id in sorted(said))


@transaction.atomic
def _hear_one(actor: Actor, order_id: int, said: Sequence[Said], phrases: Phrases, *, at: datetime) -> int:
    heard = [(words, stance) for words, stance in answers(said, phrases) if words.said_at <= at]
    if not heard:  # spares the order its lock: most chats say neither
        return 0
    counted = 0
    with custody.together():
        order = rows.held_order(actor, order_id)
        if queries.has_left(actor, order_id):
            return 0
        for place, (words, stance) in enumerate(heard):
            row = last_terms(actor, order)
            if row is None:
                return 0
            before = [one.message_id for one, _ in heard[:place]]
            if stance is Stance.NO and _comes_after(words, row, before):
                counted += withdraw_consent(
                    actor, order, words=words.text, said_at=words.said_at, message_id=words.message_id, at=at
                )
            elif stance is Stance.YES and row.answered_at is None and is_heard_after(row, words.said_at):
                doubt = doubt_of(
                    words, said, row.text, row.reopened_at or row.shown_at, phrases, is_in_chat=row.shown_how == "chat"
                )
                if doubt is not None:
                    note_unclear(
                        actor,
                        order,
                        row,
                        doubt.value,
                        words=words.text,
                        said_at=words.said_at,
                        message_id=words.message_id,
                        at=at,
                    )
                    continue
                counted += acknowledge(
                    actor,
                    order,
                    how="chat",
                    words=words.text,
                    said_at=words.said_at,
                    message_id=words.message_id,
                    at=at,
                )
    return counted


def _comes_after(words: Said, row: Terms, before: Sequence[str]) -> bool:
    """Tell whether words come after the consent on a row; at the same moment the order of the chat decides."""
    if row.answered_at is None or words.said_at < row.answered_at:
        return False
    return words.said_at > row.answered_at or row.message_id in before
