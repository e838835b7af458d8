"""Kept files that go with a matter: exhibits and parcels with the last row that names them, imports with the last buyer."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Model

from cardcase.cards import vault
from cardcase.cards.queries import open_original
from cardcase.cards.vault import SealBroken, VaultKeyMissing
from cardcase.custody import queries as custody
from cardcase.kit.errors import Problem
from cardcase.privacy import queries
from cardcase.staff.rules import Actor, Permission


def release(actor: Actor, digests: Iterable[str], names: Iterable[str]) -> tuple[list[str], list[str], list[int]]:
    """Give up the imported originals with these digests that no buyer's row names any more.

    Call it when the rows are cleared, in their transaction. Returns the kept files that go, the digests that wait for
    others, and the numbers of entries whose contents name such a file. ``names``: what must not stay in the name of a
    file or in a refused row of one that waits.
    """
    actor.require(Permission.WORK)
    files: list[str] = []
    waiting: list[str] = []
    entries: list[int] = []
    needles = [name for name in names if name]
    for digest in dict.fromkeys(digests):
        rows = list(_imported()._base_manager.filter(shop_id=actor.shop_id, digest=digest).select_related("run"))  # noqa: SLF001 - Django's documented model API
        if not rows:
            continue
        if queries.named_elsewhere(actor, digest):
            waiting.append(digest)
            rows = [row for row in rows if _tells_of(row, needles)]
        else:
            files += [_kept_as(actor, row) for row in rows]
        for row in rows:
            row.name, row.refused, row.notes = "", [], []
            row.save(update_fields=["name", "refused", "notes"])
            entries += [
                entry.seq
                for entry in custody.entries(actor, [row.run.public_id])
                if entry.kind == "import.started" and any(one.salt is not None for one in entry.contents)
            ]
    return [sha256 for sha256 in files if sha256], waiting, entries


def _imported() -> type[Model]:
    return apps.get_model("intake.ImportedFile")  # a room above this one: named by its label, as in the inventory


def _tells_of(row: Any, needles: Iterable[str]) -> bool:
    told = json.dumps([row.name, row.refused, row.notes], ensure_ascii=False)
    return any(needle in told for needle in needles)


def _kept_as(actor: Actor, row: Any) -> str:
    """Return the name of the sealed bytes. Files from before it was written down are found by trying them."""
    if row.kept_sha256:
        return str(row.kept_sha256)
    for path in sorted(Path(settings.CARDCASE.files).glob("[0-9a-f][0-9a-f]/*")):
        with path.open("rb") as file:
            is_sealed = vault.head_of(file.read(64)) is not None
        if is_sealed:
            try:
                open_original(actor, path.name, context=f"import:{row.digest}")
            except (SealBroken, VaultKeyMissing, Problem):
                continue
            return path.name
    return ""
