"""Imported originals: one file tells of many buyers, and goes with the last of them. And who else names a kept file."""

from collections.abc import Iterable, Sequence

from cardcase.privacy.datafiles import inventory, model_of
from cardcase.staff.rules import Actor, Permission

from .standing import Standing


def named_elsewhere(actor: Actor, digest: str, *, apart: dict[str, list[int]] | None = None) -> bool:
    """Tell whether rows of buyers still name this imported original, apart from those given by table and key."""
    actor.require(Permission.READ)
    for table in inventory().values():
        for column in table.digests:
            rows = model_of(table)._base_manager.filter(shop_id=actor.shop_id, **{column: digest})  # noqa: SLF001 - Django's documented model API
            if rows.exclude(pk__in=(apart or {}).get(table.id, [])).exists():
                return True
    return False


def shared_originals(actor: Actor, parts: Iterable[Standing]) -> Sequence[str]:
    """Return the digests of originals in which other buyers' rows stand too."""
    apart: dict[str, list[int]] = {}
    digests: dict[str, None] = {}
    for part in parts:
        digests.update(dict.fromkeys(part.collected.digests))
        for table, rows in part.collected.values.items():
            apart.setdefault(table, []).extend(rows)
    return [digest for digest in digests if named_elsewhere(actor, digest, apart=apart)]


def is_named(actor: Actor, sha256: str) -> bool:
    """Tell whether any row, of any shop, still names these kept bytes: one file may serve several."""
    actor.require(Permission.READ)
    return any(
        model_of(table)._base_manager.filter(**{column: sha256}).exists()  # noqa: SLF001 - Django's documented model API
        for table in inventory().values()
        for column in table.files
    )
