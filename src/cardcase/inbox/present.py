"""What page, API and command line tell of the optional model alike."""

from typing import Any, NamedTuple

from cardcase.kit import clock
from cardcase.staff.rules import Actor, Permission

from . import queries
from .models import ModelConsent
from .rules.consent import phrase
from .writer import Destination, destination


class Standing(NamedTuple):
    """Where words would go, and the owner's consent to just that; None each when there is none."""

    to: Destination | None
    given: ModelConsent | None


def standing(actor: Actor) -> Standing:
    """Return where words would go, and whether the owner has agreed. Raises NotAllowed."""
    actor.require(Permission.MANAGE_SHOP)
    to = destination()
    return Standing(to, queries.consent(actor) if to is not None and queries.has_agreed(actor, to) else None)


def document(told: Standing) -> dict[str, Any]:
    """Write it as API and command line tell it; ``phrase`` is what the owner types to agree."""
    to, given = told
    return {
        "host": to.host if to else None,
        "model": to.model if to else None,
        "agreed": given is not None,
        "by": given.by if given else None,
        "given_at": clock.iso(given.given_at) if given else None,
        "phrase": phrase(to.host).zh if to else None,
    }
