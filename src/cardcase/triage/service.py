"""Keeping what was fitted to a shop's corrections, and the owner's switch: on, off, back to the one before."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import transaction

from cardcase.custody import service as custody
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

from . import queries
from .models import ReaderFit, ReaderSwitch
from .rules import model
from .rules.correcting import Correction, encode

_LABEL_MAX: Final = 80


@transaction.atomic
def keep_fit(
    actor: Actor,
    verdict: str,
    *,
    labels: int,
    figures: Mapping[str, int],
    correction: Correction | None,
    at: datetime,
) -> ReaderFit:
    """Keep a fit and put it in use if it was adopted and the owner allows it; else the shipped reader reads alone.

    What the latest fit says holds: one that no longer proves better takes its forerunner out of use.
    """
    actor.require(Permission.WORK)
    _lock(actor)
    rows = ReaderFit.objects.visible_to(actor)
    last = rows.order_by("-number").values_list("number", flat=True).first()
    data = encode(correction) if correction is not None else None
    is_used = data is not None and queries.is_on(actor)
    rows.filter(is_used=True).update(is_used=False)
    fit: ReaderFit = ReaderFit.objects.create(
        shop_id=actor.shop_id,
        number=(last or 0) + 1,
        base=model.shipped().fingerprint,
        verdict=verdict,
        labels=labels,
        figures=dict(figures),
        data=data,
        at=at,
        is_used=is_used,
    )
    facts: dict[str, custody.JSON] = {
        "number": fit.number,
        "base": fit.base,
        "verdict": verdict,
        "labels": labels,
        "figures": dict(figures),
        "is_used": is_used,
        "sha256": hashlib.sha256(data).hexdigest() if data is not None else None,
    }
    custody.append(actor, custody.Record("reader.fitted", _subject(actor), at, facts))
    return fit


@transaction.atomic
def switch(actor: Actor, *, is_on: bool, at: datetime) -> None:
    """Let the owner allow or forbid that corrections change the reader. Off: the shipped reader reads alone.

    On again: the latest fit is used if it was adopted, was made on this release's reader and is not set aside.
    Raises NotAllowed.
    """
    actor.require(Permission.MANAGE_SHOP)
    _lock(actor)
    if queries.is_on(actor) == is_on:
        return
    values = {"is_on": is_on, "by": actor.label[:_LABEL_MAX], "at": at}
    ReaderSwitch.objects.update_or_create(shop_id=actor.shop_id, defaults=values)
    rows = ReaderFit.objects.visible_to(actor)
    rows.filter(is_used=True).update(is_used=False)
    latest = rows.order_by("-number").first()
    if is_on and latest is not None and latest.data is not None and latest.set_aside_at is None:
        rows.filter(pk=latest.pk, base=model.shipped().fingerprint).update(is_used=True)
    kind = "reader.switched_on" if is_on else "reader.switched_off"
    custody.append(actor, custody.Record(kind, _subject(actor), at, {"reader": queries.reader_of(actor).version}))


@transaction.atomic
def go_back(actor: Actor, *, at: datetime) -> None:
    """Let the owner set the correction in use aside: the one before it reads again, or the shipped reader alone.

    Does nothing where none is in use. It stays set aside; the next fit comes with new labels. Raises NotAllowed.
    """
    actor.require(Permission.MANAGE_SHOP)
    _lock(actor)
    rows = ReaderFit.objects.visible_to(actor)
    used = rows.filter(is_used=True).first()
    if used is None:
        return
    rows.filter(pk=used.pk).update(is_used=False, set_aside_at=at, set_aside_by=actor.label[:_LABEL_MAX])
    earlier = rows.filter(number__lt=used.number, data__isnull=False, set_aside_at__isnull=True, base=used.base)
    before = earlier.order_by("-number").first()
    if before is not None:
        rows.filter(pk=before.pk).update(is_used=True)
    facts: dict[str, custody.JSON] = {"from": used.number, "to": before.number if before is not None else None}
    custody.append(actor, custody.Record("reader.set_back", _subject(actor), at, facts))


def _lock(actor: Actor) -> None:
    Shop.objects.select_for_update().get(pk=actor.shop_id)  # a fit and the owner at once follow each other


def _subject(actor: Actor) -> str:
    return f"reader_{actor.shop_id}"
