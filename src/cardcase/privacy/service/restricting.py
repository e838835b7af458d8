"""Restrict: while a period still runs, lock the data away (个人信息保护法 §47(2): store and protect, nothing else).

The words leave the tables and the record and lie in the removal, encrypted under a key of their own: no list, no draft
and no pack can show them. ``lift`` puts all of it back; erasing destroys the key.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from cardcase.custody import erasing as record
from cardcase.custody import files as kept
from cardcase.custody.queries import KeptEntry
from cardcase.custody.rules import erasing as kinds
from cardcase.kit.errors import NotFound, Refused
from cardcase.privacy import queries, sealing
from cardcase.privacy.models import Removal
from cardcase.privacy.queries import RemovalView, Standing
from cardcase.privacy.rules import RemovalState
from cardcase.staff.rules import Actor, Permission

from . import asking, erasing, originals, rows

_LOCKED_TABLE = "evidence.Exhibit"
"""The table whose files lie readable on the disk; those of parcels are sealed and lose their key instead."""


_IMPORTED = "intake.ImportedFile"


def restrict(actor: Actor, who: str, *, ground: str, at: datetime) -> list[RemovalView]:
    """Lock away all that is known of a buyer, or of one order, until its periods are over. What is locked stays so.

    Raises NotAllowed, NotFound, WrongUse, DataHeld, and Refused when nothing is left to lock away.
    """
    why = asking.ground_of(ground)
    with transaction.atomic():
        plan = asking.look(actor, who)
        asking.require_free(plan)
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


def _lock(removal: Removal, part: Standing, shop_id: int, named: originals.Loose, told: Iterable[KeptEntry]) -> None:
    """Encrypt what was collected into the removal, under a new key. Nothing is cleared here.

    ``named`` and ``told``: what stands about him in the accounts of imports, and the entries about those.
    """
    found = part.collected
    entries = {**part.entries, **{entry.seq: entry for entry in told}}
    before: Mapping[str, Any] = {"values": {}, "files": {}, "contents": [], "originals": []}
    if removal.bundle is not None and removal.key_half is not None:  # he wrote again: that goes to the rest
        key = sealing.key_of(shop_id, removal.public_id, bytes(removal.key_half))
        before = rows.unpack(sealing.unlock(key, bytes(removal.bundle), about=removal.public_id))
    else:
        key, removal.key_half = sealing.new_key(shop_id, removal.public_id)
    exhibits = {
        str(row["file_sha256"]) for row in found.values.get(_LOCKED_TABLE, {}).values() if row.get("file_sha256")
    }
    copies = {sha256: kept.keep(sealing.lock(key, kept.read(sha256), about=sha256)) for sha256 in sorted(exhibits)}
    contents = [
        [entry.seq, position, one.salt, one.body]
        for entry in entries.values()
        for position, one in enumerate(entry.contents)
    ]
    document: dict[str, Any] = {
        "values": rows.merged(before["values"], {**found.values, **({_IMPORTED: named} if named else {})}),
        "files": {**before["files"], **copies},
        "contents": [*before["contents"], *contents],
        "originals": list(dict.fromkeys([*before["originals"], *found.digests])),
    }
    removal.bundle = sealing.lock(key, rows.pack(document), about=removal.public_id)
    removal.entries = list(dict.fromkeys([*removal.entries, *entries]))
    removal.files = list(dict.fromkeys([*removal.files, *sorted(exhibits)]))
    kept_sealed = [sha256 for sha256 in found.files if sha256 not in exhibits]
    removal.locked = list(dict.fromkeys([*removal.locked, *copies.values(), *kept_sealed]))
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
    for sha256, copy in told["files"].items():
        kept.keep(sealing.unlock(key, kept.read(copy), about=sha256))
    rows.put_back(told["values"])
    removal.state, removal.finished_at = RemovalState.LIFTED.value, at
    removal.files, removal.locked = list(told["files"].values()), []
    removal.bundle = removal.key_half = None
    removal.entries, removal.originals = [], []
    removal.save()
    return removal, part, told["contents"]
