"""The data files of this room, read before anything starts."""

from django.conf import settings

from . import rules
from .rules import catalogue


def check_data() -> None:
    """Read the shipped catalogue and each shop's own. Raises BrokenCatalogue naming the first bad one."""
    rules.read_catalogue()
    for own in sorted(settings.CARDCASE.overrides.glob(f"*/{catalogue.NAME}")):
        rules.read_catalogue(own)
