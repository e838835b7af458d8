"""Refusals of this room, each saying everything that stands in the way at once."""

from collections.abc import Sequence

from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text

from .catalogue import Catalogue, Kind
from .confirm import is_typed
from .preconditions import OVERRIDABLE, Blocker


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
    blockers = [one for one in blockers if not (is_overridden and one.code in OVERRIDABLE)]
    if blockers:
        raise Blocked(
            "".join(blocker.text.zh for blocker in blockers),
            " ".join(blocker.text.en for blocker in blockers),
            blocked_by=[blocker.code for blocker in blockers],
        )


def require_typed(typed: str, wanted: Text) -> None:
    """Raise NotConfirmed unless the phrase was typed."""
    if not is_typed(typed, wanted):
        raise NotConfirmed(
            "这一步不能撤回，确认的文字不对",
            "This cannot be undone, and the confirmation does not match",
            next=Text(f"请输入：{wanted.zh}", f"Type: {wanted.en}"),
            wanted=wanted.zh,
            wanted_en=wanted.en,
        )


def kind_of(catalogue: Catalogue, kind: str, *routes: str) -> Kind:
    """Return a kind that is done in one of these ways. Raises WrongUse when there is none."""
    found = catalogue.kinds.get(kind)
    if found is None or found.route not in routes:
        fitting = [one.id for one in catalogue.kinds.values() if one.route in routes]
        raise WrongUse(
            f"不能这样处理：{kind}",
            f"This cannot be done that way: {kind}",
            next=Text(f"可用的有 {'、'.join(fitting)}。", f"Possible: {', '.join(fitting)}."),
            kind=kind,
        )
    return found
