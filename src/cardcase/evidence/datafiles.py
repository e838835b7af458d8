"""The data files of this room, read before anything starts."""

from django.conf import settings

from . import rules
from .rules import matrix


def check_data() -> None:
    """Read the shipped matrix and each shop's own. Raises BrokenCatalogue naming the first bad one."""
    rules.read_matrix()
    for own in sorted(settings.CARDCASE.overrides.glob(f"*/{matrix.NAME}")):
        rules.read_matrix(own)
