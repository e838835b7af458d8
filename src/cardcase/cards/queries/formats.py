"""The card formats in force for a shop: the shipped data file, with the shop's own records laid over it."""

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings

from cardcase.cards.rules import CardFormat, FormatBook
from cardcase.kit import catalogue, clock
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

DATA: Final = Path(__file__).parent.parent / "data"
FORMATS: Final = "formats.toml"


def format_book(actor: Actor) -> FormatBook:
    """Return the formats of the shop that hold today. Raises BrokenCatalogue for a broken file of the shop's own."""
    own, changed = staff.own_file(actor, FORMATS)
    today = clock.now().astimezone(clock.SHANGHAI).date()
    return _book(own, changed, today)


def check_data() -> None:
    """Read the shipped formats and every shop's own. Raises BrokenCatalogue naming the first bad file.

    Installation-wide, so it starts from no actor.
    """
    folder: Path = settings.CARDCASE.overrides
    for own in [None, *sorted(folder.glob(f"*/{FORMATS}"))]:
        catalogue.load(DATA / FORMATS, CardFormat, table="format", override=own)


@lru_cache(maxsize=64)
def _book(own: Path | None, _changed: int, day: date) -> FormatBook:
    formats = catalogue.load(DATA / FORMATS, CardFormat, table="format", override=own)
    return FormatBook(formats.on(day))
