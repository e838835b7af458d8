"""Kept files that go with a matter: exhibits with the last row that names them, imports with the last buyer."""

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
from cardcase.custody.queries import KeptEntry
from cardcase.kit.errors import Problem
from cardcase.privacy import queries
from cardcase.staff.rules import Actor, Permission

Loose = dict[int, dict[str, Any]]
"""What tells of a buyer in the accounts of imported files, by row: names of files, refused rows, notes."""


def loose(actor: Actor, digests: Iterable[str], names: Iterable[str]) -> tuple[Loose, list[KeptEntry]]:
    """Find what in the accounts of these imports names a buyer, and the entries of the record that do."""
    found: Loose = {}
    entries: list[KeptEntry] = []
    for digest in dict.fromkeys(digests):
        for row in _rows(actor, digest):
            if _tells_of(row, [name for name in names if name]):
                found[row.pk] = {"name": row.name, "refused": row.refused, "notes": row.notes}
                entries += _begun(actor, row)
    return found, entries


def hide(found: Loose) -> None:
    """Clear what was found loose. The caller holds the transaction."""
    _imported()._base_manager.filter(pk__in=list(found)).update(name="", refused=[], notes=[])  # noqa: SLF001 - Django's documented model API


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
    for digest in dict.fromkeys(digests):
        rows = _rows(actor, digest)
        if rows and queries.named_elsewhere(actor, digest):
            waiting.append(digest)
            continue
        for row in rows:
            files.append(_kept_as(actor, row))
            entries += [entry.seq for entry in _begun(actor, row)]
            row.kept_sha256, row.name, row.refused, row.notes = "", "", [], []
            row.save(update_fields=["kept_sha256", "name", "refused", "notes"])
    named, begun = loose(actor, waiting, names)
    hide(named)
    return [sha256 for sha256 in files if sha256], waiting, [*entries, *(entry.seq for entry in begun)]


def _rows(actor: Actor, digest: str) -> list[Any]:
    return list(_imported()._base_manager.filter(shop_id=actor.shop_id, digest=digest).select_related("run"))  # noqa: SLF001 - as above


def _begun(actor: Actor, row: Any) -> list[KeptEntry]:
    """Return the entries that list the files of the import, as far as they can still be opened."""
    return [
        entry
        for entry in custody.entries(actor, [row.run.public_id])
        if entry.kind == "import.started" and any(one.salt is not None for one in entry.contents)
    ]


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
