"""Reading policies: rules in force on a day, playbooks, and the policy version that an order was bought under.

Data files are read once and again only when a file changes; a shop's own file replaces records by id.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Final, TypeVar

from django.conf import settings

from cardcase.kit import catalogue
from cardcase.kit.errors import NotFound
from cardcase.kit.text import Text
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from .models import PolicyVersion
from .rules import AnyRule, DeadlineRule, EntitlementRule, LawItem, Playbook

DATA: Final = Path(__file__).parent / "data"
RULES: Final = "rules.toml"
PLAYBOOKS: Final = "playbooks.toml"
FAMILY_PLAYBOOKS: Final = tuple(f"playbooks_{family}.toml" for family in ("authenticity", "personal", "value", "other"))
"""The shipped playbooks, one file a family. A shop writes its own, of any family, into one ``playbooks.toml``."""


R = TypeVar("R", bound=catalogue.Record)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Every rule record that a shop has, by kind and in file order, whatever its dates."""

    version: str
    deadlines: tuple[DeadlineRule, ...]
    entitlements: tuple[EntitlementRule, ...]
    laws: tuple[LawItem, ...]

    def all(self) -> tuple[AnyRule, ...]:
        """Return all records: deadlines, entitlements, laws."""
        return (*self.deadlines, *self.entitlements, *self.laws)


def rule_book(actor: Actor) -> RuleBook:
    """Return the shop's rule catalogue. Raises BrokenCatalogue when a data file does not keep its schema."""
    return _rule_book(*staff.own_file(actor, RULES))


def rules_on(actor: Actor, day: date) -> list[AnyRule]:
    """Return the rules in force on a day."""
    return [rule for rule in rule_book(actor).all() if rule.holds_on(day)]


def deadline_rules_on(actor: Actor, day: date) -> list[DeadlineRule]:
    """Return the rules of time in force on a day."""
    return [rule for rule in rule_book(actor).deadlines if rule.holds_on(day)]


def entitlements_on(actor: Actor, day: date) -> list[EntitlementRule]:
    """Return the entitlement rules in force on a day."""
    return [rule for rule in rule_book(actor).entitlements if rule.holds_on(day)]


def rule(actor: Actor, rule_id: str, day: date) -> AnyRule:
    """Return one rule by its id or code as it stood on a day. Raises NotFound."""
    for record in rules_on(actor, day):
        if rule_id in (record.id, record.group):
            return record
    raise NotFound(f"{day} 没有规则 {rule_id}", f"There is no rule {rule_id} on {day}", rule=rule_id)


def playbooks(actor: Actor) -> Mapping[str, Playbook]:
    """Return the shop's playbooks by sub-reason, "unstated" and "none" among them."""
    return _playbooks(*staff.own_file(actor, PLAYBOOKS))


def playbook(actor: Actor, sub_reason: str) -> Playbook:
    """Return the playbook of a sub-reason; an empty one means no reason was stated. Raises NotFound."""
    found = playbooks(actor).get(sub_reason or "unstated")
    if found is None:
        raise NotFound(f"没有原因 {sub_reason} 的处理手册", f"There is no playbook for {sub_reason}", reason=sub_reason)
    return found


def next_steps(actor: Actor) -> dict[str, Text]:
    """Return the next-step sentence of every playbook by sub-reason, for lists."""
    return {reason: found.next_step for reason, found in playbooks(actor).items()}


def policy_versions(actor: Actor) -> list[PolicyVersion]:
    """Return the shop's policy versions, newest first."""
    return list(PolicyVersion.objects.visible_to(actor).order_by("-version"))


def version_for(actor: Actor, paid_at: datetime | None) -> PolicyVersion | None:
    """Return the policy that was in force when an order was paid; None when none was, or when that is not known."""
    return versions_for(actor, [paid_at])[paid_at]


def versions_for(actor: Actor, moments: Iterable[datetime | None]) -> dict[datetime | None, PolicyVersion | None]:
    """Return the policies that were in force at several such moments, in one query."""
    wanted = set(moments)
    told = [moment for moment in wanted if moment is not None]
    if not told:
        return dict.fromkeys(wanted)
    rows = PolicyVersion.objects.visible_to(actor).filter(effective_from__lte=max(told))
    newest = list(rows.order_by("-effective_from", "-version"))
    return {
        moment: next((row for row in newest if moment is not None and row.effective_from <= moment), None)
        for moment in wanted
    }


def check_data() -> None:
    """Read every data file, the shipped ones and each shop's. Raises BrokenCatalogue naming the first bad one.

    Installation-wide, so it starts from no actor.
    """
    rule_books()
    for own in _own_files(PLAYBOOKS):
        _load_playbooks(own)


def rule_books() -> list[RuleBook]:
    """Return the shipped rule book and that of every shop with a file of its own. Installation-wide."""
    return [_load_rules(own) for own in _own_files(RULES)]


def _own_files(name: str) -> list[Path | None]:
    """Return the shops' own files of a name; None stands for the shipped one alone."""
    folder: Path = settings.CARDCASE.overrides
    return [None, *sorted(folder.glob(f"*/{name}"))]


@lru_cache(maxsize=256)
def _rule_book(own: Path | None, _changed: int) -> RuleBook:
    return _load_rules(own)


@lru_cache(maxsize=256)
def _playbooks(own: Path | None, _changed: int) -> Mapping[str, Playbook]:
    return _load_playbooks(own)


def _load_rules(own: Path | None) -> RuleBook:
    shipped = DATA / RULES
    deadlines = catalogue.load(shipped, DeadlineRule, table="deadline", override=own)
    entitlements = catalogue.load(shipped, EntitlementRule, table="entitlement", override=own)
    laws = catalogue.load(shipped, LawItem, table="law", override=own)
    book = RuleBook(
        version=deadlines.header.version,
        deadlines=tuple(deadlines.records.values()),
        entitlements=tuple(entitlements.records.values()),
        laws=tuple(laws.records.values()),
    )
    _check_codes(shipped if own is None else own, book)
    return book


def _load_playbooks(own: Path | None) -> Mapping[str, Playbook]:
    """Gather the shipped files and lay a shop's one file over them, by id. What an answer points to must exist."""
    found: dict[str, Playbook] = {}
    for name in (PLAYBOOKS, *FAMILY_PLAYBOOKS):
        found |= catalogue.load(DATA / name, Playbook, table="playbook").records
    if own is not None and own.exists():
        found |= catalogue.load(own, Playbook, table="playbook").records
    for book in found.values():
        for answer in (answer for question in book.questions for answer in question.answers):
            if answer.points_to and answer.points_to not in found:
                raise catalogue.BrokenCatalogue(
                    f"处理手册 {book.id} 的回答「{answer.zh}」指向没有的原因 {answer.points_to}",
                    f"Playbook {book.id}: the answer “{answer.en}” points to {answer.points_to}, which is no reason",
                )
    return found


def _check_codes(path: Path, book: RuleBook) -> None:
    """Make sure that no two versions of one rule hold on the same day."""
    for one, other in combinations(book.all(), 2):
        if one.group == other.group and _starts(one) <= _ends(other) and _starts(other) <= _ends(one):
            raise catalogue.BrokenCatalogue(
                f"数据文件 {path.name}：规则 {one.id} 与 {other.id} 的生效日期重叠",
                f"Data file {path.name}: rules {one.id} and {other.id} hold on the same day",
            )


def _starts(record: catalogue.Record) -> date:
    return record.effective_from or date.min


def _ends(record: catalogue.Record) -> date:
    return record.effective_to or date.max
