"""Holding serials that were read from cards against those on file, by keyed hash: none is kept, printed or logged."""

from collections.abc import Sequence

from cardcase.cards import queries as cards
from cardcase.cards.models import Card
from cardcase.cards.queries import SerialRead
from cardcase.delivery.models import ParcelSerial
from cardcase.delivery.rules.parcels import Match
from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor


def packed_serials(actor: Actor, held: Sequence[Card], serials: Sequence[str]) -> list[ParcelSerial]:
    """Hold what was read while packing against the cards that are kept for the order, in any order.

    A card of which the stock knows no number takes what is left over, in the order of the places. Raises Refused
    (serial_differs) when a serial is of none of them, (secret_not_serial) for a code, WrongUse for another count.
    """
    read = _read(actor, held, serials)
    if len(read) != len(held):
        raise WrongUse(
            f"要登记 {len(held)} 张卡的编号，读到 {len(read)} 个",
            f"The serials of {len(held)} cards are needed, {len(read)} were given",
            next=Text("一行一个，照卡面上印的写。", "One a line, as printed on the cards."),
            code="serials_missing",
        )
    by_number = {index: card for card in held if (index := cards.number_on_file(card))}
    found = {one.index: card for one in read if (card := by_number.get(one.index)) is not None}
    matched = {card.pk for card in found.values()}
    blank = [card for card in held if not card.number_index and card.pk not in matched]
    over = [one for one in read if one.index not in found]
    if len(over) > len(blank):
        raise Refused(
            "有编号与分配给这笔订单的卡对不上",
            "A serial is of none of the cards that are kept for this order",
            next=Text("拿对卡再登记；读错了就重新输入。", "Take the right card, or read it again."),
            code="serial_differs",
        )
    rest = dict(zip((one.index for one in over), blank, strict=False))
    whose = {**rest, **found}
    return [
        _row(actor, one, whose[one.index], Match.SAME if one.index in found else Match.NONE_ON_FILE) for one in read
    ]


def returned_serials(
    actor: Actor, held: Sequence[Card], packed: Sequence[ParcelSerial], serials: Sequence[str], *, is_empty: bool
) -> list[ParcelSerial]:
    """Hold what was read from a return against what was read while packing. A serial that differs is a finding.

    Raises WrongUse when nothing was read and the parcel is not said to be empty, or the other way round.
    """
    read = _read(actor, held, serials)
    if bool(read) is is_empty:
        raise WrongUse(
            "写明退回的卡的编号；里面没有卡就勾“包裹是空的”",
            "Give the serials that came back, or say that the parcel is empty",
            next=Text("两样填一样。", "One of the two."),
            code="serials_missing",
        )
    sent = {one.read_index: one for one in packed}
    by_pk = {card.pk: card for card in held}
    return [
        _row(
            actor,
            one,
            by_pk.get(sent[one.index].card_id or 0) if one.index in sent else None,
            Match.SAME if one.index in sent else Match.OTHER,
        )
        for one in read
    ]


def _read(actor: Actor, held: Sequence[Card], serials: Sequence[str]) -> list[SerialRead]:
    read = cards.read_serials(actor, held, serials)
    if any(one.is_code for one in read):
        raise Refused(
            "填的是卡密，不是卡面上印的编号",
            "This is the secret code, not the serial that is printed on the card",
            next=Text("只填卡面上印的编号，卡密不要动。", "Give the printed serial only; leave the code alone."),
            code="secret_not_serial",
        )
    if len({one.index for one in read}) != len(read):
        raise WrongUse("同一个编号填了两次", "A serial stands there twice", code="serials_missing")
    return read


def _row(actor: Actor, read: SerialRead, card: Card | None, match: Match) -> ParcelSerial:
    return ParcelSerial(shop_id=actor.shop_id, card=card, read_index=read.index, tail4=read.tail, match=match.value)
