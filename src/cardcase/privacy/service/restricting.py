"""Restrict: while a period still runs, lock the data away (个人信息保护法 §47(2): store and protect, nothing else).

The words leave the tables and the record and lie in the removal, encrypted under a key of their own: no list, no draft
and no pack can show them. ``lift`` puts all of it back; erasing destroys the key.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from cardcase.cards import file_rows
from cardcase.cards import queries as cards
from cardcase.cards import service as vaults
from cardcase.custody import erasing as record
from cardcase.custody import files as kept
from cardcase.custody.queries import KeptEntry
from cardcase.custody.rules import erasing as kinds
from cardcase.kit.errors import NotFound, Refused
from cardcase.privacy import queries, sealing
from cardcase.privacy.datafiles import inventory
from cardcase.privacy.models import Removal
from cardcase.privacy.queries import Plan, RemovalView, Standing
from cardcase.privacy.rules import RemovalState
from cardcase.staff.rules import Actor, Permission

from . import asking, erasing, originals, rows

_IMPORTED = "intake.ImportedFile"


def restrict(actor: Actor, who: str, *, ground: str, at: datetime) -> list[RemovalView]:
    """Lock away all that is known of a buyer, or of one order, until its periods are over. What is locked stays so.

    Raises NotAllowed, NotFound, WrongUse, DataHeld, and Refused when nothing is left to lock away.
    """
    why = asking.ground_of(ground)
    with transaction.atomic():
        plan = asking.look(actor, who)
        asking.require_free(plan)
        if _seal_readable(actor, plan, at=at):
            plan = asking.look(actor, who)
        parts = [part for part in plan.parts if not part.is_empty]
        if not parts and not any(queries.is_locked(part) for part in plan.parts):
            raise Refused("没有可以限制的资料", "There is nothing to restrict", code="nothing_left")
        begun = []
        for part in parts:
            removal = asking.row_of(actor, part, ground=why, at=at)
            named, told = originals.loose(actor, part.collected.digests, erasing.names_of(plan))
            _lock(removal, part, actor.shop_id, named, told)
            removal.state, removal.restricted_at = RemovalState.RESTRICTED.value, at
            begun.append((removal, part))
            originals.hide(named)  # before the next part finds it again
        for removal, part in begun:
            rows.clear(part.collected)
            removal.save()
        for removal, part in begun:
            refs = {"removal": removal.public_id}
            record.withdraw(
                actor,
                erasing.subject_of(part),
                removal.entries,
                kind=kinds.RESTRICTED,
                ground=why.value,
                at=at,
                refs=refs,
            )
    return [erasing.finish(actor, removal.pk, at=at) for removal, _ in begun]


def _seal_readable(actor: Actor, plan: Plan, *, at: datetime) -> bool:
    """Seal his files that lie readable from before files were sealed: what is locked away is their keys."""
    found = False
    for table in file_rows.tables():
        mine = inventory()[table._meta.label]  # noqa: SLF001 - Django's documented model API
        readable = cards.readable_rows(actor, table)
        for part in plan.parts:
            for pk in list(readable.filter(pk__in=part.matter.rows(mine)).values_list("pk", flat=True)):
                found = vaults.seal_file(actor, table, pk, at=at) or found
    return found


def _lock(removal: Removal, part: Standing, shop_id: int, named: originals.Loose, told: Iterable[KeptEntry]) -> None:
    """Encrypt what was collected into the removal, under a new key. Nothing is cleared here.

    ``named`` and ``told``: what stands about him in the accounts of imports, and the entries about those.
    """
    found = part.collected
    entries = {**part.entries, **{entry.seq: entry for entry in told}}
    before: Mapping[str, Any] = {"values": {}, "contents": [], "originals": []}
    if removal.bundle is not None and removal.key_half is not None:  # he wrote again: that goes to the rest
        key = sealing.key_of(shop_id, removal.public_id, bytes(removal.key_half))
        before = rows.unpack(sealing.unlock(key, bytes(removal.bundle), about=removal.public_id))
    else:
        key, removal.key_half = sealing.new_key(shop_id, removal.public_id)
    contents = [
        [entry.seq, position, one.salt, one.body]
        for entry in entries.values()
        for position, one in enumerate(entry.contents)
    ]
    values = rows.merged(before["values"], {**found.values, **({_IMPORTED: named} if named else {})})
    document: dict[str, Any] = {
        **before,
        "values": rows.loosened(values),
        "contents": [*before["contents"], *contents],
        "originals": list(dict.fromkeys([*before["originals"], *found.digests])),
    }
    removal.bundle = sealing.lock(key, rows.pack(document), about=removal.public_id)
    removal.entries = list(dict.fromkeys([*removal.entries, *entries]))
    removal.locked = list(dict.fromkeys([*removal.locked, *found.files]))
    removal.originals = document["originals"]
    removal.counts = {
        "rows": sum(map(len, document["values"].values())),
        "contents": len(document["contents"]),
        "files": len(removal.locked),
    }


def opened(actor: Actor, removal: Removal) -> Mapping[str, Any]:
    """Open what was locked away, for lifting it and for the buyer's copy. Raises LockedForGood."""
    actor.require(Permission.MANAGE_SHOP)
    assert removal.bundle is not None
    assert removal.key_half is not None
    key = sealing.key_of(removal.shop_id, removal.public_id, bytes(removal.key_half))
    told: Mapping[str, Any] = rows.unpack(sealing.unlock(key, bytes(removal.bundle), about=removal.public_id))
    return told


def lift(actor: Actor, who: str, *, reason: str, at: datetime) -> list[RemovalView]:
    """Put what was restricted back: a dispute came up after all, or the buyer changed his mind. Needs a reason.

    Raises NotAllowed, NotFound, Refused, LockedForGood.
    """
    if not reason.strip():
        raise Refused("要写明解除限制的理由", "Say why it is lifted", code="reason_missing")
    with transaction.atomic():
        plan = asking.look(actor, who)
        locked = [part for part in plan.parts if queries.is_locked(part)]
        if not locked:
            raise NotFound("没有限制处理的资料", "Nothing is restricted", code="nothing_restricted")
        lifted = [_lift(actor, part, at=at) for part in locked]
        for removal, part, contents in lifted:
            refs = {"removal": removal.public_id}
            record.put_back(
                actor,
                erasing.subject_of(part),
                [(seq, position, salt, body) for seq, position, salt, body in contents],
                ground=reason.strip()[:300],
                at=at,
                refs=refs,
            )
    views = []
    for removal, _, _ in lifted:
        sealing.destroy(removal.public_id)
        views.append(erasing.finish(actor, removal.pk, at=at))
    return views


def _lift(actor: Actor, part: Standing, *, at: datetime) -> tuple[Removal, Standing, Sequence[Any]]:
    row = part.removal
    assert row is not None
    removal = Removal.objects.visible_to(actor).select_for_update(of=("self",)).get(pk=row.pk)
    told = opened(actor, removal)
    assert removal.key_half is not None
    key = sealing.key_of(removal.shop_id, removal.public_id, bytes(removal.key_half))
    copies: Mapping[str, str] = told.get("files", {})  # locked away before files were sealed (decision 0025)
    for sha256, copy in copies.items():
        kept.keep(sealing.unlock(key, kept.read(copy), about=sha256))
    rows.put_back(rows.fastened(told["values"]))
    _name_readable(told["values"])
    removal.state, removal.finished_at = RemovalState.LIFTED.value, at
    removal.files, removal.locked = list(copies.values()), []
    removal.bundle = removal.key_half = None
    removal.entries, removal.originals = [], []
    removal.save()
    return removal, part, told["contents"]


def _name_readable(values: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Say where files lie of rows that were locked away when their tables had no column for it; a job seals them."""
    for table in file_rows.tables():
        for pk, columns in values.get(table._meta.label, {}).items():  # noqa: SLF001 - Django's documented model API
            if columns.get("file_sha256") and not {"kept_sha256", "body_sealed"} & columns.keys():
                row = table._base_manager.filter(pk=int(pk))  # noqa: SLF001 - as above
                row.update(kept_sha256=columns["file_sha256"])
