"""How a batch was bought: its provenance in ``cards``, and what the rules about buying ask for."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Final

from django.db import transaction

from cardcase.cards import service as cards
from cardcase.cards.masking import mask_text
from cardcase.cards.models import CardBatch
from cardcase.cards.service.reveal import require_person
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit.clock import SHANGHAI
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text
from cardcase.sourcing.models import Purchase
from cardcase.sourcing.rules.purchases import CARD_KINDS, PAID_BY, PAYER_KINDS
from cardcase.staff.rules import Actor, Permission

from .following import ask_again


@dataclass(frozen=True, slots=True, kw_only=True)
class LotTold:
    """What somebody tells of a purchase; None, or an empty word, leaves what is known. Money in 分."""

    supplier: str = ""
    channel: str = ""
    acquired_on: date | None = None
    unit_cost_fen: int | None = None
    claim_until: date | None = None
    card_kind: str = ""
    is_named: bool | None = None
    paid_by: str = ""
    payer_kind: str = ""
    is_third_party_paid: bool | None = None
    issuer_place: str = ""
    total_fen: int | None = None


_OWN: Final = ("card_kind", "is_named", "paid_by", "payer_kind", "is_third_party_paid", "issuer_place", "total_fen")


@transaction.atomic
def set_lot(actor: Actor, batch_id: str, told: LotTold, *, at: datetime) -> CardBatch:
    """Write down how a batch was bought, and promise that the rules are asked again.

    Raises NotAllowed, NotFound, WrongUse for an unknown word, a negative sum or a day in the future.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    _check(told, at)
    batch = cards.set_provenance(
        actor,
        batch_id,
        supplier=told.supplier,
        channel=told.channel,
        acquired_on=told.acquired_on,
        unit_cost_fen=told.unit_cost_fen,
        claim_until=told.claim_until,
        at=at,
    )
    values = {name: getattr(told, name) for name in _OWN}
    values["issuer_place"] = mask_text(actor, told.issuer_place.strip()).text[:40]
    changed = {name: value for name, value in values.items() if value not in (None, "")}
    if changed:
        purchase, _ = Purchase.objects.get_or_create(batch=batch, defaults={"shop_id": actor.shop_id})
        for name, value in changed.items():
            setattr(purchase, name, value)
        purchase.save()
        facts = {"batch": batch.name, **{name: getattr(purchase, name) for name in _OWN}}
        custody.append(actor, Record("batch.purchase_set", batch.public_id, at, facts))
    ask_again(actor, batch, at=at)
    return batch


def _check(told: LotTold, at: datetime) -> None:
    for value, known, what in (
        (told.card_kind, CARD_KINDS, Text("卡种", "kind of card")),
        (told.paid_by, PAID_BY, Text("付款方式", "way of payment")),
        (told.payer_kind, PAYER_KINDS, Text("付款人类型", "kind of payer")),
    ):
        if value and value not in known:
            raise WrongUse(
                f"没有这种{what.zh}",
                f"There is no such {what.en}",
                next=Text(f"只能是：{'、'.join(known)}。", f"One of: {', '.join(known)}."),
            )
    if any(isinstance(value := getattr(told, one.name), int) and value < 0 for one in fields(told)):
        raise WrongUse("金额不能是负数", "An amount is not negative")
    if told.acquired_on is not None and told.acquired_on > at.astimezone(SHANGHAI).date():
        raise WrongUse(
            "采购日期在将来", "The day of purchase lies in the future", next=Text("核对日期。", "Check the day.")
        )
