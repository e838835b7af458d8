"""The data files of this room: the inventory of personal data, and how long it is kept (a shop's own lies over it)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.apps import apps
from django.conf import settings
from django.db.models import Model

from cardcase.kit import catalogue
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from .rules import RetentionRule, Table

DATA: Final = Path(__file__).parent / "data"
INVENTORY: Final = "inventory.toml"
RETENTION: Final = "retention.toml"


@lru_cache(maxsize=1)
def inventory() -> Mapping[str, Table]:
    """Return the tables of the inventory by name. Raises BrokenCatalogue."""
    return catalogue.load(DATA / INVENTORY, Table, table="table").records


def personal() -> Sequence[Table]:
    """Return the tables that hold a buyer's data, in the order of the file."""
    return [table for table in inventory().values() if table.by]


def model_of(table: Table) -> type[Model]:
    """Return the model of a table. Rooms above this one are named by their label only."""
    return apps.get_model(table.id)


def retention(actor: Actor) -> Sequence[RetentionRule]:
    """Return the shop's periods. Raises BrokenCatalogue."""
    own, _ = staff.own_file(actor, RETENTION)
    return list(_load(own).records.values())


def check_data() -> None:
    """Read every data file, the shipped ones and each shop's. Raises BrokenCatalogue naming the first bad one."""
    inventory()
    folder: Path = settings.CARDCASE.overrides
    for own in (None, *sorted(folder.glob(f"*/{RETENTION}"))):
        _load(own)


def _load(own: Path | None) -> catalogue.Catalogue[RetentionRule]:
    return catalogue.load(DATA / RETENTION, RetentionRule, table="rule", override=own)
