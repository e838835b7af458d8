"""The originals behind the exhibits of a case."""

from cardcase.cases import queries as cases
from cardcase.custody import files
from cardcase.evidence import queries as evidence
from cardcase.kit.errors import NotFound
from cardcase.staff.rules import Actor

ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "application/pdf": "pdf"}


def exhibit_file(actor: Actor, number: str, exhibit_id: str) -> tuple[bytes, str, str]:
    """Return the bytes, the kind and a safe name of an exhibit's original. Raises NotFound."""
    case = cases.by_number(actor, number)
    exhibit = evidence.exhibit(actor, exhibit_id)
    if exhibit.case_id != case.pk or not exhibit.file_sha256 or exhibit.file_mime not in ENDINGS:
        raise NotFound("没有这份原件", "There is no such original")
    name = f"{exhibit.kind}-{exhibit.public_id[-8:]}.{ENDINGS[exhibit.file_mime]}"
    return files.read(exhibit.file_sha256), exhibit.file_mime, name
