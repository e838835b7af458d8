"""Whether the data files of the room keep their schema."""

from collections.abc import Callable
from typing import Final

from django.conf import settings

from . import consents, wording

_FILES: Final[tuple[tuple[str, Callable[..., object]], ...]] = (
    (consents.NAME, consents.load),
    (wording.NAME, wording.load),
)


def check_data() -> None:
    """Read the shipped files and every shop's own. Raises BrokenCatalogue naming the first bad one.

    Installation-wide, so it starts from no actor.
    """
    folder = settings.CARDCASE.overrides
    for name, load in _FILES:
        for own in [None, *sorted(folder.glob(f"*/{name}"))]:
            load(own, own.stat().st_mtime_ns if own else 0)
