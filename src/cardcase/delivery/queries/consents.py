"""What is asked about consent in chats: the shop's list of phrases, and which orders are worth hearing."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.db.models import Exists, OuterRef, Subquery

from cardcase.delivery.models import Delivery, Terms
from cardcase.delivery.rules import DeliveryState
from cardcase.delivery.rules.consent import Consents, Phrases, phrases_of
from cardcase.kit import catalogue
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

NAME: Final = "consents.toml"
_DATA: Final = Path(__file__).parent.parent / "data" / NAME
_LEFT = [DeliveryState.AUTHORISED.value, DeliveryState.UNKNOWN.value, DeliveryState.SHOWN.value]


@lru_cache(maxsize=256)
def load(override: Path | None = None, _changed: int = 0) -> Phrases:
    """Read the lists, a shop's own file laid over them. Raises BrokenCatalogue when one does not keep its schema."""
    consents, refusals, signs, sellers = (
        list(catalogue.load(_DATA, Consents, table=name, override=override).records.values())
        for name in ("consent", "refusal", "sign", "seller")
    )
    return phrases_of(consents, refusals, signs, sellers)


def consent_phrases(actor: Actor) -> Phrases:
    """Return the phrases that count in the shop. Raises BrokenCatalogue for a broken file of the shop's own."""
    return load(*staff.own_file(actor, NAME))


def orders_to_hear(actor: Actor, order_ids: Iterable[int]) -> set[int]:
    """Return which of these orders (row ids) were shown terms and have not got their codes yet."""
    wanted = list(order_ids)
    shown = Terms.objects.visible_to(actor).filter(order_id__in=wanted)
    gone = Delivery.objects.visible_to(actor).filter(order_id__in=wanted, state__in=_LEFT)
    return set(shown.exclude(order_id__in=gone.values("order_id")).values_list("order_id", flat=True))


@dataclass(frozen=True, slots=True)
class Unclear:
    """One order whose buyer said what may be a consent. ``delivery``: public id, empty when it has none yet."""

    order_no: str
    delivery: str
    words: str


def unclear_consents(actor: Actor, *, limit: int = 20) -> list[Unclear]:
    """Return the orders whose buyers' words a person has to read before their codes may leave, oldest first."""
    later = Terms.objects.filter(order_id=OuterRef("order_id"), pk__gt=OuterRef("pk"))
    gone = Delivery.objects.filter(order_id=OuterRef("order_id"), state__in=[*_LEFT, DeliveryState.CANCELLED.value])
    rows = Terms.objects.visible_to(actor).filter(~Exists(later), ~Exists(gone), answered_at=None)
    named = Delivery.objects.filter(order_id=OuterRef("order_id")).values("public_id")[:1]
    told = rows.filter(unclear_at__isnull=False).annotate(delivery=Subquery(named)).order_by("unclear_at", "pk")
    columns = told.values_list("order__order_no", "delivery", "unclear_words")[:limit]
    return [Unclear(order_no, delivery or "", words) for order_no, delivery, words in columns]


def has_left(actor: Actor, order_id: int) -> bool:
    """Tell whether the codes of an order (row id) left, or were cleared to and may have."""
    return bool(Delivery.objects.visible_to(actor).filter(order_id=order_id, state__in=_LEFT).exists())
