"""Files that lie readable, from before files were sealed (decision 0025), and who still names a kept file."""

from django.apps import apps
from django.db.models import CharField, QuerySet

from cardcase.cards import file_rows
from cardcase.cards.file_rows import FileRow
from cardcase.staff.rules import Actor, Permission

_NO_PLACE = ("file_sha256", "source_sha256")
"""Columns that say which bytes something is, not where they lie."""


def readable_rows(actor: Actor, table: type[FileRow]) -> "QuerySet[FileRow]":
    """Return the shop's rows whose files lie readable."""
    rows: QuerySet[FileRow] = table.objects.visible_to(actor).filter(key_sealed=None).exclude(kept_sha256="")
    return rows


def readable_files(actor: Actor) -> int:
    """Count the shop's exhibits, covered copies and packs whose files lie readable."""
    return sum(readable_rows(actor, table).count() for table in file_rows.tables())


def is_kept_for_a_row(actor: Actor, sha256: str) -> bool:
    """Tell whether any row of the installation may name these kept bytes, in whatever column of hashes."""
    actor.require(Permission.READ)
    return any(
        table._base_manager.filter(**{field.name: sha256}).exists()  # noqa: SLF001 - Django's documented model API
        for table in apps.get_models()
        for field in table._meta.concrete_fields  # noqa: SLF001 - as above
        if isinstance(field, CharField) and field.name.endswith("sha256") and field.name not in _NO_PLACE
    )
