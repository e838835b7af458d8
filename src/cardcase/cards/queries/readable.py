"""Files that lie readable, from before files were sealed (decision 0025), and whether a row still needs such a one."""

from typing import Final

from django.db.models import QuerySet

from cardcase.cards import file_rows
from cardcase.cards.file_rows import FileRow
from cardcase.staff.rules import Actor, Permission

from .proofs import names_in, waits_as_proof

PLAIN_FILES: Final = (
    ("evidence.Exhibit", "kept_sha256"),
    ("evidence.Redaction", "kept_sha256"),
    ("packs.Pack", "kept_sha256"),
    ("sourcing.SourceDocument", "sha256"),
)
"""Columns of the rooms above, by their labels, that name a kept file which lies readable until its row is sealed."""


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
    return bool(names_in(PLAIN_FILES, [sha256])) or waits_as_proof(sha256)
