"""The data files of this room, read before anything starts."""

from pathlib import Path

from django.conf import settings

from . import rules
from .rules import catalogue


def check_data() -> None:
    """Read the shipped catalogues and each shop's own. Raises BrokenCatalogue naming the first bad one."""
    rules.read_catalogue()
    folders = {own.parent for name in (catalogue.NAME, catalogue.ADVICE) for own in _own(name)}
    for folder in sorted(folders):
        rules.read_catalogue(folder / catalogue.NAME)


def _own(name: str) -> list[Path]:
    return list(settings.CARDCASE.overrides.glob(f"*/{name}"))
