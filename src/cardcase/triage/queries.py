"""Who reads for a shop: the shipped reader, or it with what the shop's corrections proved to be worth."""

from functools import lru_cache

from cardcase.staff.rules import Actor

from .models import ReaderFit, ReaderSwitch
from .rules import model
from .rules.correcting import Corrected, Correction, Reader, decode


def reader_of(actor: Actor) -> Reader:
    """Return the reader of the shop. What was fitted on another shipped model is not used."""
    shipped = model.shipped()
    rows = ReaderFit.objects.visible_to(actor).filter(is_used=True, base=shipped.fingerprint)
    used = rows.values_list("pk", "number").first()
    if used is None:
        return shipped
    pk, number = used
    return Corrected(shipped, _correction(actor, pk), f"{shipped.version}+{number}")


def fits(actor: Actor, *, limit: int = 12) -> list[ReaderFit]:
    """Return the latest fits, the newest first, without their data."""
    return list(ReaderFit.objects.visible_to(actor).defer("data").order_by("-number")[:limit])


def is_on(actor: Actor) -> bool:
    """Tell whether the shop's corrections may change its reader."""
    found = ReaderSwitch.objects.visible_to(actor).values_list("is_on", flat=True).first()
    return found is None or bool(found)


def _correction(actor: Actor, pk: int) -> Correction:
    """Return what a fit adds, by the bytes that are kept for it."""
    return _decoded(bytes(ReaderFit.objects.visible_to(actor).values_list("data", flat=True).get(pk=pk)))


@lru_cache(maxsize=16)
def _decoded(data: bytes) -> Correction:
    return decode(data)
