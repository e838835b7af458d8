"""What the verbs of this room share: refusals that say everything at once, confirmation, the record."""

from collections.abc import Sequence
from datetime import datetime

from cardcase.cards import masking
from cardcase.cases.models import Case
from cardcase.custody import service as custody
from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.remedies import rules
from cardcase.remedies.rules import Blocker, Catalogue, Kind
from cardcase.staff.rules import Actor

LABEL_MAX = 80
TEXT_MAX = 300


class Blocked(Refused):
    """A remedy's preconditions are not met. ``facts["blocked_by"]`` names them all."""

    code = "remedy_blocked"


class NotConfirmed(Refused):
    """The phrase that confirms an irreversible act was not typed."""

    code = "not_confirmed"


def require_clear(blockers: Sequence[Blocker], *, is_overridden: bool = False) -> None:
    """Raise Blocked when anything stands in the way, saying all of it.

    ``is_overridden``: the owner has given a reason, which clears what may be overridden and nothing else.
    """
    blockers = [one for one in blockers if not (is_overridden and one.code in rules.OVERRIDABLE)]
    if blockers:
        raise Blocked(
            "".join(blocker.text.zh for blocker in blockers),
            " ".join(blocker.text.en for blocker in blockers),
            blocked_by=[blocker.code for blocker in blockers],
        )


def require_typed(typed: str, wanted: Text) -> None:
    """Raise NotConfirmed unless the phrase was typed."""
    if not rules.is_typed(typed, wanted):
        raise NotConfirmed(
            "这一步不能撤回，确认的文字不对",
            "This cannot be undone, and the confirmation does not match",
            next=Text(f"请输入：{wanted.zh}", f"Type: {wanted.en}"),
            wanted=wanted.zh,
            wanted_en=wanted.en,
        )


def kind_of(catalogue: Catalogue, kind: str, *, route: str) -> Kind:
    """Return a kind that is done in this way. Raises WrongUse when there is none."""
    found = catalogue.kinds.get(kind)
    if found is None or found.route != route:
        fitting = [one.id for one in catalogue.kinds.values() if one.route == route]
        raise WrongUse(
            f"不能这样处理：{kind}",
            f"This cannot be done that way: {kind}",
            next=Text(f"可用的有 {'、'.join(fitting)}。", f"Possible: {', '.join(fitting)}."),
            kind=kind,
        )
    return found


def label(actor: Actor) -> str:
    """Return who acts, as rows keep it."""
    return (actor.label or actor.kind.value)[:LABEL_MAX]


def said(actor: Actor, text: str) -> str:
    """Return what staff wrote, with card codes masked, cut to what a row takes."""
    if not text.strip():
        return ""
    [masked] = masking.mask_texts(actor, [text.strip()])
    return masked.text[:TEXT_MAX]


def record(actor: Actor, case: Case, entry: str, at: datetime, /, **facts: custody.JSON) -> None:
    """Write one entry about the case, in the caller's transaction."""
    custody.append(actor, custody.Record(entry, case.public_id, at, facts))
