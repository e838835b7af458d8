"""Proofs of cards and batches: which are kept, and which lie readable from before they were encrypted."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.apps import apps

from cardcase.cards.models import BalanceCheck, CardBatch, ProofFile, VoidAttempt
from cardcase.custody import files
from cardcase.staff.rules import Actor, Permission

_AT_ONCE: Final = 500
"""Names in one question: SQLite takes some 32,000 values, PostgreSQL 65,535."""


@dataclass(frozen=True, slots=True)
class ProofFact:
    """One kept proof: its id, media type and bytes. What it shows leaves only through ``service.open_proof``."""

    id: str
    mime: str
    size: int


def proofs_of(actor: Actor, subjects: Sequence[str]) -> dict[tuple[str, str], ProofFact]:
    """Return the kept proofs of cards and batches by public id and SHA-256."""
    found = ProofFile.objects.visible_to(actor).filter(subject__in=subjects)
    return {
        (row.subject, row.sha256): ProofFact(row.public_id, row.mime, row.size) for row in found.defer("key_sealed")
    }


def unsealed_proofs(actor: Actor) -> list[tuple[int, str, str]]:
    """Return shop, subject and SHA-256 of the proofs of the installation that have no encrypted file. For the owner."""
    actor.require(Permission.MANAGE_SHOP)
    return sorted(set(_named()) - _sealed())


def plain_proofs(actor: Actor) -> set[str]:
    """Return the names of readable files whose proofs all have an encrypted one, so that nothing of them is needed."""
    actor.require(Permission.MANAGE_SHOP)
    sealed = _sealed()
    named = set(_named())
    waiting = {sha256 for _, _, sha256 in named - sealed}
    return {sha256 for sha256 in {sha256 for _, _, sha256 in named} - waiting if files.path_of(sha256).exists()}


def named_elsewhere(actor: Actor, columns: Sequence[tuple[str, str]], names: Collection[str]) -> set[str]:
    """Return those of the names of kept files that columns of other rooms (``app.Model``, field) name too."""
    actor.require(Permission.MANAGE_SHOP)
    return names_in(columns, names)


def names_in(columns: Sequence[tuple[str, str]], names: Collection[str]) -> set[str]:
    """Return those of the names of kept files that stand in these columns, of whatever shop."""
    ordered = sorted(names)
    found: set[str] = set()
    for model, field in columns:
        rows = apps.get_model(model)._base_manager  # noqa: SLF001 - Django's documented model API
        for start in range(0, len(ordered), _AT_ONCE):
            some = ordered[start : start + _AT_ONCE]
            found.update(rows.filter(**{f"{field}__in": some}).values_list(field, flat=True))
    return found


def waits_as_proof(sha256: str) -> bool:
    """Tell whether a proof of the installation lies readable under this name, with no encrypted file yet."""
    return bool(set(_named(proof_sha256=sha256)) - _sealed(sha256=sha256))


def _named(**only: str) -> Iterator[tuple[int, str, str]]:
    for model, subject in (
        (BalanceCheck, "card__public_id"),
        (VoidAttempt, "card__public_id"),
        (CardBatch, "public_id"),
    ):
        rows = model._base_manager.exclude(proof_sha256="").filter(**only)  # noqa: SLF001 - Django's documented model API
        yield from rows.values_list("shop_id", subject, "proof_sha256").iterator()


def _sealed(**only: str) -> set[tuple[int, str, str]]:
    rows = ProofFile._base_manager.filter(**only)  # noqa: SLF001 - Django's documented model API
    return set(rows.values_list("shop_id", "subject", "sha256").iterator())
