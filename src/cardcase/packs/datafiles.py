"""The data files of this room that a shop may lay its own over, read before anything starts."""

from django.conf import settings

from .rules import refusal


def check_data() -> None:
    """Read the shipped limits of refuse forms and each shop's own. Raises BrokenCatalogue naming the first bad one."""
    for own in (None, *sorted(settings.CARDCASE.overrides.glob(f"*/{refusal.FORMS_FILE.name}"))):
        refusal.forms(own)
