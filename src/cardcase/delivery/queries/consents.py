"""What is asked about consent in chats: the shop's list of phrases, and which orders are worth hearing."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings

from cardcase.delivery.models import Delivery, Terms
from cardcase.delivery.rules import DeliveryState
from cardcase.delivery.rules.consent import Consents, Phrases, phrases_of
from cardcase.kit import catalogue
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

NAME: Final = "consents.toml"
_DATA: Final = Path(__file__).parent.parent / "data" / NAME
_LEFT = [DeliveryState.AUTHORISED.value, DeliveryState.UNKNOWN.value, DeliveryState.SHOWN.value]


@lru_cache(maxsize=256)
def load(override: Path | None = None, _changed: int = 0) -> Phrases:
    """Read the lists, a shop's own file laid over them. Raises BrokenCatalogue when one does not keep its schema."""
    consents, refusals, signs = (
        list(catalogue.load(_DATA, Consents, table=name, override=override).records.values())
        for name in ("consent", "refusal", "sign")
    )
    return phrases_of(consents, refusals, signs)


def consent_phrases(actor: Actor) -> Phrases:
    """Return the phrases that count in the shop. Raises BrokenCatalogue for a broken file of the shop's own."""
    actor.require(Permission.READ)
    folder: Path = settings.CARDCASE.overrides
    if not folder.is_dir():
        return load()
    own = folder / Shop.objects.values_list("slug", flat=True).get(pk=actor.shop_id) / NAME
    return load(own, own.stat().st_mtime_ns) if own.exists() else load()


def check_data() -> None:
    """Read the shipped phrases and every shop's own. Raises BrokenCatalogue naming the first bad file.

    Installation-wide, so it starts from no actor.
    """
    folder: Path = settings.CARDCASE.overrides
    for own in [None, *sorted(folder.glob(f"*/{NAME}"))]:
        load(own, own.stat().st_mtime_ns if own else 0)


def orders_to_hear(actor: Actor, order_ids: Iterable[int]) -> set[int]:
    """Return which of these orders (row ids) were shown terms and have not got their codes yet."""
    wanted = list(order_ids)
    shown = Terms.objects.visible_to(actor).filter(order_id__in=wanted)
    gone = Delivery.objects.visible_to(actor).filter(order_id__in=wanted, state__in=_LEFT)
    return set(shown.exclude(order_id__in=gone.values("order_id")).values_list("order_id", flat=True))


def has_left(actor: Actor, order_id: int) -> bool:
    """Tell whether the codes of an order (row id) left, or were cleared to and may have."""
    return bool(Delivery.objects.visible_to(actor).filter(order_id=order_id, state__in=_LEFT).exists())
