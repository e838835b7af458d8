"""The data files of this room: items of completeness, rules about buying and selling; a shop's own lie over them."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from django.conf import settings

from cardcase.kit import catalogue
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from .rules.completeness import FULL, ITEMS, Item
from .rules.legality import LegalityRule, is_known

DATA: Final = Path(__file__).parent / "data"
LEGALITY: Final = "legality.toml"
OWN_RULES: Final = "+own."
"""Between the shipped version and the digest of a shop's rules, in the version that a flag keeps."""
COMPLETENESS: Final = "completeness.toml"


def legality(actor: Actor) -> catalogue.Catalogue[LegalityRule]:
    """Return the shop's rules about buying and selling. Raises BrokenCatalogue."""
    return _legality(*staff.own_file(actor, LEGALITY))


def legality_stamp(actor: Actor) -> str:
    """Return a digest of the shop's rules as they are, its own among them: it changes when anything in them does."""
    return _digest(*staff.own_file(actor, LEGALITY))


def legality_version(actor: Actor) -> str:
    """Return by which rules the shop is judged: the shipped version, and a digest when it has rules of its own."""
    version = legality(actor).header.version
    own = legality_stamp(actor)
    return version if own == _digest(None, 0) else f"{version}{OWN_RULES}{own[:12]}"


def items(actor: Actor) -> catalogue.Catalogue[Item]:
    """Return the shop's items of completeness. Raises BrokenCatalogue."""
    return _items(*staff.own_file(actor, COMPLETENESS))


def check_data() -> None:
    """Read every data file, the shipped ones and each shop's. Raises BrokenCatalogue naming the first bad one."""
    folder: Path = settings.CARDCASE.overrides
    for own in (None, *sorted(folder.glob(f"*/{LEGALITY}"))):
        _load_legality(own)
    for own in (None, *sorted(folder.glob(f"*/{COMPLETENESS}"))):
        _load_items(own)


@lru_cache(maxsize=256)
def _legality(own: Path | None, _changed: int) -> catalogue.Catalogue[LegalityRule]:
    return _load_legality(own)


@lru_cache(maxsize=256)
def _digest(own: Path | None, changed: int) -> str:
    rules = _legality(own, changed).records.values()
    told = [rule.model_dump_json() for rule in sorted(rules, key=lambda rule: rule.id)]
    return sha256("\n".join(told).encode()).hexdigest()


@lru_cache(maxsize=256)
def _items(own: Path | None, _changed: int) -> catalogue.Catalogue[Item]:
    return _load_items(own)


def _load_legality(own: Path | None) -> catalogue.Catalogue[LegalityRule]:
    book = catalogue.load(DATA / LEGALITY, LegalityRule, table="rule", override=own)
    for rule in book.records.values():
        if not is_known(rule):
            raise catalogue.BrokenCatalogue(
                f"规则 {rule.id} 指向不存在的判断 {rule.evaluation}",
                f"Rule {rule.id} names the evaluation {rule.evaluation}, which does not exist",
            )
    return book


def _load_items(own: Path | None) -> catalogue.Catalogue[Item]:
    book = catalogue.load(DATA / COMPLETENESS, Item, table="item", override=own)
    total = sum(item.weight for item in book.records.values())
    if total != FULL or set(book.records) != ITEMS:
        raise catalogue.BrokenCatalogue(
            f"完整度各项权重之和应为 {FULL}，实为 {total}，且项目不能增减",
            f"The weights must add up to {FULL}, they are {total}; items are neither added nor left out",
        )
    return book
