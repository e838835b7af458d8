"""Verbs about suppliers: add, change, suspend, reinstate, and the look at what is sealed about one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from cardcase.cards.masking import mask_text
from cardcase.cards.models import Supplier
from cardcase.cards.service.reveal import given_reason, require_person
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit.errors import Conflict, NotFound, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.sourcing import queries, sealing
from cardcase.sourcing.rules.suppliers import CHANNELS, ID_KINDS, KINDS, SupplierTold
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission

_LONGEST_TERM: Final = 3650
_WORDS: Final[Mapping[str, int]] = {"legal_name": 200, "note": 2000, "claim_covers": 300, "claim_evidence": 300}


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was sealed about a supplier, opened for a person once. Never kept, logged or shown again by itself."""

    id_number: str
    contact: str

    def __repr__(self) -> str:
        return "<Sealed>"


@transaction.atomic
def add_supplier(actor: Actor, name: str, told: SupplierTold, *, at: datetime) -> tuple[Supplier, tuple[str, ...]]:
    """Register a supplier; return it with the names of known ones that look the same, for a warning.

    Raises NotAllowed, Conflict when this very name is known, WrongUse for an empty name or an unknown word.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    Shop.objects.select_for_update(no_key=True).only("pk").get(pk=actor.shop_id)  # of two equal names one is second
    clean = mask_text(actor, name.strip()).text[:120]
    if not clean:
        raise WrongUse("货源方要有名称", "A supplier needs a name", next=Text("填一个名称。", "Fill in a name."))
    if Supplier.objects.visible_to(actor).filter(name=clean).exists():
        raise Conflict(
            "已经有这个货源方",
            "This supplier is known already",
            next=Text("打开它修改，或换一个名称。", "Open and change it, or choose another name."),
            code="supplier_known",
        )
    alike = queries.suppliers_named_like(actor, clean)
    supplier = Supplier(shop_id=actor.shop_id, name=clean)
    fields = _fill(actor, supplier, told)
    supplier.save(force_insert=True)
    facts = {"name": clean, "channel": supplier.channel, "kind": supplier.kind, "told": sorted(fields)}
    custody.append(actor, Record("supplier.added", supplier.public_id, at, facts))
    return supplier, alike


@transaction.atomic
def change_supplier(actor: Actor, supplier_id: str, told: SupplierTold, *, at: datetime) -> Supplier:
    """Change what is known of a supplier; what is not told stays. Raises NotAllowed, NotFound, WrongUse."""
    require_person(actor, Permission.MANAGE_CARDS)
    supplier = locked(actor, supplier_id)
    fields = _fill(actor, supplier, told)
    if not fields:
        return supplier
    supplier.save()
    facts = {"channel": supplier.channel, "kind": supplier.kind, "told": sorted(fields)}
    custody.append(actor, Record("supplier.changed", supplier.public_id, at, facts))
    return supplier


@transaction.atomic
def suspend_supplier(actor: Actor, supplier_id: str, *, reason: str, at: datetime) -> Supplier:
    """Stop buying from a supplier: purchases from then on raise a flag. Again changes nothing.

    Raises NotAllowed, NotFound, WrongUse without a reason.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    reason = given_reason(actor, reason)
    supplier = locked(actor, supplier_id)
    if supplier.status == "suspended":
        return supplier
    supplier.status, supplier.status_reason, supplier.suspended_at = "suspended", reason[:300], at
    supplier.save(update_fields=["status", "status_reason", "suspended_at"])
    custody.append(actor, Record("supplier.suspended", supplier.public_id, at, {"reason": reason, "by": actor.label}))
    return supplier


@transaction.atomic
def reinstate_supplier(actor: Actor, supplier_id: str, *, reason: str, at: datetime) -> Supplier:
    """Buy from a suspended supplier again. For the owner. Raises NotAllowed, NotFound, Refused, WrongUse."""
    require_person(actor, Permission.MANAGE_SHOP)
    reason = given_reason(actor, reason)
    supplier = locked(actor, supplier_id)
    if supplier.status != "suspended":
        raise Refused("这家货源方没有停用", "This supplier is not suspended", code="not_suspended")
    supplier.status, supplier.status_reason, supplier.suspended_at = "active", reason[:300], None
    supplier.save(update_fields=["status", "status_reason", "suspended_at"])
    custody.append(actor, Record("supplier.reinstated", supplier.public_id, at, {"reason": reason, "by": actor.label}))
    return supplier


def show_sealed(actor: Actor, supplier_id: str, *, reason: str, at: datetime) -> Sealed:
    """Show a person the identity's number and the contact of a supplier. The look is in the record before it happens.

    Commits by itself, so it cannot run inside another transaction (RuntimeError). Raises NotAllowed, NotFound, WrongUse
    without a reason.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    reason = given_reason(actor, reason)
    with transaction.atomic(durable=True):
        supplier = locked(actor, supplier_id)
        facts = {"reason": reason, "by": actor.label}
        custody.append(actor, Record("supplier.details_shown", supplier.public_id, at, facts))
    return Sealed(sealing.open_identity(supplier), sealing.open_contact(supplier))


def locked(actor: Actor, supplier_id: str) -> Supplier:
    """Return a supplier, locked until the transaction ends. Raises NotFound, also for another shop's."""
    rows = Supplier.objects.visible_to(actor).select_for_update()
    found: Supplier | None = rows.filter(public_id=supplier_id).first()
    if found is None:
        raise NotFound("没有这个货源方", "There is no such supplier")
    return found


def _fill(actor: Actor, supplier: Supplier, told: SupplierTold) -> set[str]:
    """Put what was told into the row and return the names of what changed. Raises WrongUse."""
    _check(told)
    changed = set()
    for name in ("channel", "kind", "id_kind", "claim_days"):
        value = getattr(told, name)
        if value is not None and getattr(supplier, name) != value:
            setattr(supplier, name, value)
            changed.add(name)
    for name, most in _WORDS.items():
        value = getattr(told, name)
        if value is not None and (clean := mask_text(actor, value.strip()).text[:most]) != getattr(supplier, name):
            setattr(supplier, name, clean)
            changed.add(name)
    if told.id_number is not None and told.id_number.strip():
        number = told.id_number.strip()[:40]
        supplier.id_sealed, supplier.id_tail4 = sealing.seal_identity(supplier, number), number[-4:]
        changed.add("id_number")
    if told.contact is not None and told.contact.strip():
        supplier.contact_sealed = sealing.seal_contact(supplier, told.contact.strip()[:300])
        changed.add("contact")
    return changed


def _check(told: SupplierTold) -> None:
    for value, known, what in (
        (told.channel, CHANNELS, Text("渠道", "channel")),
        (told.kind, KINDS, Text("类型", "kind")),
        (told.id_kind or None, ID_KINDS, Text("证件类型", "kind of identity")),
    ):
        if value is not None and value not in known:
            raise WrongUse(
                f"没有这种{what.zh}",
                f"There is no such {what.en}",
                next=Text(f"只能是：{'、'.join(known)}。", f"One of: {', '.join(known)}."),
            )
    if told.id_number is not None and told.id_number.strip() and len(told.id_number.strip()) < 8:  # noqa: PLR2004 - its tail of four must hide at least as much
        raise WrongUse(
            "证件号太短", "The number is too short", next=Text("填完整的证件号。", "Fill in the whole number.")
        )
    if told.claim_days is not None and not 0 <= told.claim_days <= _LONGEST_TERM:
        raise WrongUse("索赔天数有误", "The days to claim are wrong", next=Text("填 0 到 3650。", "From 0 to 3650."))
