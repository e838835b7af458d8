"""Giving cards to orders: taken from the stock all or none, given in two phases, settled by what was seen.

For the room ``delivery``, which decides who gets what: these run inside its transactions, with the order locked. A
code is opened by ``opened`` only, after the caller has committed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction

from cardcase.cards import queries, sealing
from cardcase.cards.models import Card, Reveal
from cardcase.cards.rules import CardEvent, CardKind, CardState, IllegalCardMove, advance, check_reveal
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit import clock
from cardcase.kit.errors import NotFound, Refused
from cardcase.kit.secret import CardCode
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

from . import rows

if TYPE_CHECKING:
    from django.db.models import QuerySet


class _TooFew(Exception):  # noqa: N818 - never leaves this module: rolls a savepoint back
    """A look at the stock that got too few cards."""


@transaction.atomic
def take_for_order(actor: Actor, kind: CardKind, quantity: int, order: Order, *, at: datetime) -> list[Card]:
    """Reserve so many cards of a kind for an order, nearest expiry first: all of them or none.

    Whoever loses a race for a card looks again, until it has them all or the stock is truly short. Raises Refused
    (out_of_stock): then nothing is reserved.
    """
    actor.require(Permission.WORK)
    least_days = Shop.objects.values_list("least_validity_days", flat=True).get(pk=actor.shop_id)
    today = at.astimezone(clock.SHANGHAI).date()
    stock = queries.giving_stock(actor, kind, on=today, least_days=least_days)
    while True:
        for waits in (False, True):
            try:
                with transaction.atomic():  # rolled back, it lets go of what it holds: nobody waits for us meanwhile
                    taken = _take(actor, stock, quantity, order, waits=waits)
            except _TooFew:
                continue
            _note_taken(actor, taken, order, kind, at)
            return taken
        left = stock.count()  # while others hold cards that may yet come back, this counts them: we look again
        if left < quantity:
            raise Refused(
                f"库存不够：要 {quantity} 张，可发 {left} 张（{kind.title()}）",
                f"Out of stock: {quantity} wanted, {left} can be given ({kind.title()})",
                next=Text("补货后再分配，或换一种卡。", "Restock, or choose another kind of card."),
                code="out_of_stock",
                wanted=quantity,
                available=left,
            )


def _take(actor: Actor, stock: "QuerySet[Card]", quantity: int, order: Order, *, waits: bool) -> list[Card]:
    """Lock the first cards of the stock and reserve them; raise _TooFew when there were fewer, or others were first.

    Without waiting it passes over cards that others hold; waiting, it locks in the order of the stock, as all do.
    """
    if connection.features.has_select_for_update_skip_locked:
        stock = stock.select_for_update(skip_locked=not waits, of=("self",))
    taken = list(stock[:quantity])
    if len(taken) < quantity:
        raise _TooFew
    free = Card.objects.visible_to(actor).filter(
        pk__in=[card.pk for card in taken], state=CardState.IN_STOCK.value, order=None
    )
    state = advance(CardState.IN_STOCK, CardEvent.RESERVE).value
    if free.update(state=state, order=order) != quantity:
        raise _TooFew
    for card in taken:
        card.state, card.order = state, order
    return taken


def _note_taken(actor: Actor, taken: Sequence[Card], order: Order, kind: CardKind, at: datetime) -> None:
    refs = {"order": order.public_id}
    facts: dict[str, custody.JSON] = {"order_no": order.order_no, "kind": kind.title(), "by": actor.label}
    custody.append_many(actor, [Record("card.reserved", card.public_id, at, facts, refs=refs) for card in taken])


@transaction.atomic
def give_back(actor: Actor, card_pks: Iterable[int], order: Order, *, reason: str, at: datetime) -> None:
    """Put cards that an order got and its buyer never could read back into the stock; those in quarantine stay there.

    Raises IllegalCardMove when one of them was given out already.
    """
    actor.require(Permission.WORK)
    for card in hold(actor, card_pks):
        if card.order_id != order.pk:
            continue
        if CardState(card.state) is not CardState.QUARANTINED:
            card.become(CardEvent.RELEASE)
        rows.note(actor, "card.released", card, at, {"reason": reason})
        card.order = None
        card.save(update_fields=["state", "order"])


def hold(actor: Actor, card_pks: Iterable[int]) -> list[Card]:
    """Return cards by row id, locked until the transaction ends, in one order for everybody."""
    mine = Card.objects.visible_to(actor).filter(pk__in=list(card_pks))
    return list(mine.select_for_update(of=("self",)).order_by("pk"))


def authorise_cards(
    actor: Actor, cards: Sequence[Card], order: Order, *, to: str, how: str, reason: str, at: datetime
) -> list[Reveal]:
    """Write down that the codes of held cards may be shown to the buyer of their order, once more where they were.

    A reserved card is given out by this; one that the buyer of the same order was given before gets its next attempt.
    Raises IllegalCardMove (I5), Refused for another order's card (I6).
    """
    made = []
    for card in cards:
        bound = rows.order_of(actor, card)
        bound_id = bound.public_id if bound else ""
        check_reveal(CardState(card.state), bound_order=bound_id, asked_order=order.public_id)
        if card.order_id != order.pk:
            raise IllegalCardMove(CardState(card.state), CardEvent.REVEAL)
        before = Reveal.objects.visible_to(actor).filter(card=card, order=order, to="buyer").count()
        if not before:
            was = card.state
            card.become(CardEvent.REVEAL)
            free = Card.objects.visible_to(actor).filter(pk=card.pk, state=was, order=order)
            if not free.update(state=card.state):
                raise IllegalCardMove(CardState(was), CardEvent.REVEAL)
        reveal = Reveal(
            shop_id=actor.shop_id,
            card=card,
            order=order,
            revealed_at=at,
            to="buyer",
            how=how[:40],
            by=actor.label[:80],
            reason=reason[:300],
            attempt=before + 1,
            display="authorised",
        )
        reveal.save(force_insert=True)
        made.append(reveal)
        facts: dict[str, custody.JSON] = {
            "attempt": reveal.attempt,
            "to": to,
            "how": how,
            "reason": reason,
            "by": actor.label,
            "order_no": order.order_no,
            **_last_look(actor, card, at),
        }
        refs = {"order": order.public_id}
        contents = (sealing.commitment_by_index(card),)
        custody.append(actor, Record("card.authorised", card.public_id, at, facts, contents, refs=refs))
    return made


def _last_look(actor: Actor, card: Card, at: datetime) -> dict[str, custody.JSON]:
    """Say what was last known of a card's worth as it left: when it was seen, how, how long before, with what proof."""
    look = queries.last_look(actor, card, at=at)
    if look is None:
        return {"checked_at": None}
    return {
        "checked_at": clock.iso(look.checked_at),
        "check_age_s": int((at - look.checked_at).total_seconds()),
        "check_method": look.method,
        "balance_fen": look.balance_fen,
        "is_usable": look.is_usable,
        "check_proof": look.proof_sha256,
    }


def opened(card: Card) -> tuple[CardCode, str]:
    """Open the code and the number of a card. Only after the record of it was committed."""
    return sealing.open_code(card), sealing.open_number(card)


def settle_reveal(
    actor: Actor,
    reveal_id: int,
    display: str,
    *,
    was: Sequence[str],
    at: datetime,
    reason: str = "",
    message_id: str = "",
) -> bool:
    """Let a display become shown, unknown or not_shown if it is one of ``was``; tell whether it was.

    Shown keeps the moment. Raises NotFound for another shop's.
    """
    row = Reveal.objects.visible_to(actor).filter(pk=reveal_id, to="buyer").select_related("card").first()
    if row is None:
        raise NotFound("没有这次交付", "There is no such delivery")
    changes: dict[str, object] = {"display": display}
    if display == "shown":
        changes["displayed_at"] = at
    if not Reveal.objects.visible_to(actor).filter(pk=row.pk, display__in=was).update(**changes):
        return False
    kinds = {"shown": "card.displayed", "unknown": "card.display_unknown", "not_shown": "card.not_displayed"}
    facts = {"attempt": row.attempt, "reason": reason, "by": actor.label, "message": message_id[:120]}
    rows.note(actor, kinds[display], row.card, at, facts)
    return True
