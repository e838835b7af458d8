"""Files that lie readable, from before files were sealed (decision 0025), and whether a row still needs such a one."""

from django.apps import apps
from django.db.models import QuerySet

from cardcase.cards import file_rows
from cardcase.cards.file_rows import FileRow
from cardcase.staff.rules import Actor, Permission

from .proofs import names_in, waits_as_proof


def plain_files() -> list[tuple[str, str]]:
    """Name the columns (``app.Model``, field) that name a kept file which lies readable until its row is sealed.

    Each room says it of its own tables, as ``PLAIN_FILE``: this one knows none of those above it.
    """
    return [
        (model._meta.label, model.PLAIN_FILE)  # noqa: SLF001 - Django's documented model API
        for model in apps.get_models()
        if hasattr(model, "PLAIN_FILE")
    ]


def readable_rows(actor: Actor, table: type[FileRow]) -> QuerySet[FileRow]:
    """Return the shop's rows whose files lie readable."""
    rows: QuerySet[FileRow] = table.objects.visible_to(actor).filter(key_sealed=None).exclude(kept_sha256="")
    return rows


def readable_files(actor: Actor) -> int:
    """Count the shop's exhibits, covered copies and packs whose files lie readable."""
    return sum(readable_rows(actor, table).count() for table in file_rows.tables())


def is_plain_needed(actor: Actor, sha256: str) -> bool:
    """Tell whether a row of the installation that is not sealed yet has its bytes in this readable file."""
    actor.require(Permission.READ)
    return bool(names_in(plain_files(), [sha256])) or waits_as_proof(sha256)
