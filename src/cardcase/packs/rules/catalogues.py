"""The data files of this room, validated: how kinds of entries are said and opened, what exhibits are to prove."""

from functools import lru_cache
from pathlib import Path

from cardcase.kit import catalogue
from cardcase.kit.text import Text

_DATA = Path(__file__).parent.parent / "data"
KINDS_FILE = _DATA / "kinds.toml"
PURPOSES_FILE = _DATA / "purposes.toml"


class Kind(catalogue.Record):
    """How one kind of entry is called, and what a pack does with it."""

    zh: str
    en: str
    opened: bool
    shown: bool

    @property
    def title(self) -> Text:
        """Name in reports."""
        return Text(self.zh, self.en)


class Purpose(catalogue.Record):
    """What one kind of exhibit is there to prove (证明对象)."""

    zh: str
    en: str


@lru_cache(maxsize=1)
def _kinds() -> catalogue.Catalogue[Kind]:
    return catalogue.load(KINDS_FILE, Kind, table="kind")


@lru_cache(maxsize=1)
def _purposes() -> catalogue.Catalogue[Purpose]:
    return catalogue.load(PURPOSES_FILE, Purpose, table="purpose")


def kind(name: str) -> Kind:
    """Return what is said of a kind of entry; an unlisted one is called by its name, withheld and not shown."""
    return _kinds().records.get(name) or Kind(id=name, zh=name, en=name, opened=False, shown=False)


def purpose(name: str) -> Text:
    """Return what an exhibit of this kind is to prove; an unlisted kind speaks for itself."""
    record = _purposes().records.get(name)
    return Text(record.zh, record.en) if record else Text("见内容", "See its content")
