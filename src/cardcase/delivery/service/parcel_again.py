"""Beginning a further chain of the same goods: a second parcel out after a loss or a return, or a second return."""

from datetime import datetime

from django.db import transaction

from cardcase.cards import masking
from cardcase.cards.rules import CardState
from cardcase.cards.service.reveal import given_reason, require_person
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.delivery import queries
from cardcase.delivery.models import Parcel
from cardcase.delivery.queries import ParcelsView
from cardcase.delivery.rules.parcels import AGAIN, Again, Way
from cardcase.kit import ids
from cardcase.kit.errors import NotFound, Refused
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from .allocating import send_others
from .goods import Goods, held_goods, seen_goods


def begin_again(actor: Actor, goods: str, kind: str, *, reason: str, at: datetime) -> ParcelsView:
    """Begin a further chain of some goods (public id), as ``rules.parcels.again`` allows it, and say why.

    ``kind``: a ``rules.parcels.Again``. After a loss other cards are kept for the order and go out: that costs the shop
    a card, so it is for a person who manages cards. Raises Refused (no_further_parcel, lost_replacement,
    cards_taken_back, stopped_by_order, card_in_doubt, out_of_stock, not_a_parcel), NotAllowed, NotFound, WrongUse
    without a reason.
    """
    wanted = _kind(kind)
    actor.require(Permission.WORK)
    if wanted is Again.LOST:
        require_person(actor, Permission.MANAGE_CARDS)
    seen_goods(actor, goods)  # whose they are not is told that before what is amiss
    reason = masking.mask_text(actor, given_reason(actor, reason)).text[:300]
    with transaction.atomic(), custody.together():
        held = held_goods(actor, goods)
        view = queries.parcels(actor, goods)
        if view.again is not wanted:
            raise _not_so(view.again)
        facts: dict[str, custody.JSON] = {"why": wanted.value, "reason": reason, "by": actor.label}
        if wanted is not Again.RETURN:
            _require_here(held, wanted)
            held.require_money()
        if wanted is Again.CAME_BACK:
            held.require_free(held.cards(), is_again=True, at=at)
        if wanted is Again.LOST and held.delivery is not None:
            lost, taken = send_others(actor, held.delivery, held.order, at=at)
            facts |= {"lost": [card.public_id for card in lost], "instead": [card.public_id for card in taken]}
        parcel = Parcel.objects.create(
            shop_id=actor.shop_id,
            public_id=ids.public_id("parcel"),
            **held.key,
            round=view.last.round + 1,
            way=(Way.BACK if wanted is Again.RETURN else Way.OUT).value,
            why=reason,
            made_at=at,
        )
        before = view.last.steps[-1]
        facts |= {"round": parcel.round, "after": {"parcel": before.parcel, "chain_sha256": before.chain_sha256}}
        custody.append(actor, Record("parcel.begun_again", parcel.public_id, at, facts, refs=held.refs))
    return queries.parcels(actor, goods)


def _kind(kind: str) -> Again:
    try:
        return Again(kind)
    except ValueError:
        raise NotFound(
            "没有这种",
            "There is no such thing",
            next=Text(f"可用的有：{'、'.join(Again)}。", f"There are: {', '.join(Again)}."),
        ) from None


def _not_so(allowed: Again | None) -> Refused:
    way_out = AGAIN[allowed] if allowed else Text("先把现在这个包裹登记完。", "Finish noting the present parcel first.")
    return Refused(
        "现在不能这样再寄或再退",
        "No such further parcel can begin now",
        next=Text(f"现在可以：{way_out.zh}", f"Possible now: {way_out.en}") if allowed else way_out,
        code="no_further_parcel",
    )


def _require_here(goods: Goods, wanted: Again) -> None:
    """Refuse to send what is not ours to send: a replacement that was lost, cards that were taken back for good."""
    if wanted is Again.LOST and goods.delivery is None:
        raise Refused(
            "换给买家的这张卡寄丢了，不能在这里换成别的卡",
            "This replacement was lost: another card cannot take its place here",
            next=Text("走售后单另作决定。", "Decide anew in the case."),
            code="lost_replacement",
        )
    if any(card.state != CardState.REVEALED.value for card in goods.cards()):
        raise Refused(
            "卡已经收回、兑换或作废，不能再寄",
            "The cards were taken back, redeemed or voided: they cannot be sent again",
            next=Text("走售后单另作决定。", "Decide anew in the case."),
            code="cards_taken_back",
        )
