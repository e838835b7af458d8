"""With which sentence the terms of an order begin: one for codes, one for cards that go by parcel."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from cardcase.delivery.models import Delivery
from cardcase.delivery.rules import DeliveryState
from cardcase.kit import catalogue
from cardcase.orders.models import Order
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from .kinds import kind_of_order

NAME: Final = "terms.toml"
_DATA: Final = Path(__file__).parent.parent / "data" / NAME


class _Wording(catalogue.Record):
    """One record of terms.toml."""

    text: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A first sentence: ``name`` is its form and the version of the file that it stands in."""

    name: str
    text: str


@lru_cache(maxsize=256)
def load(override: Path | None = None, _changed: int = 0) -> dict[str, Wording]:
    """Read the sentences by form, a shop's own file laid over them. Raises BrokenCatalogue for a broken one."""
    found = catalogue.load(_DATA, _Wording, table="wording", override=override)
    return {form: Wording(f"{form}@{found.header.version}", one.text) for form, one in found.records.items()}


def wording(actor: Actor, order: Order) -> Wording:
    """Return the first sentence for an order, by the form of the cards that it has got, or else asks for."""
    return load(*staff.own_file(actor, NAME))[form_of(actor, order)]


def form_of(actor: Actor, order: Order) -> str:
    """Return the form of an order's cards: code, where nobody knows."""
    given = Delivery.objects.visible_to(actor).filter(order=order).exclude(state=DeliveryState.CANCELLED.value)
    form: str | None = given.values_list("form", flat=True).first()
    if form is not None:
        return form
    kind = kind_of_order(actor, order).kind
    return kind.form if kind is not None else "code"
