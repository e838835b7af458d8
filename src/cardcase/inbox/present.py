"""What page, API and command line tell of the optional model alike."""

from typing import Any

from cardcase.kit import clock
from cardcase.staff.rules import Actor, Permission

from . import queries
from .rules.consent import phrase
from .writer import destination


def model_standing(actor: Actor) -> dict[str, Any]:
    """Return the host and the model that words would go to, and the owner's consent. Raises NotAllowed."""
    actor.require(Permission.MANAGE_SHOP)
    to, given = destination(), queries.consent(actor)
    if to is None or given is None or not queries.has_agreed(actor, to):
        given = None
    return {
        "host": to.host if to else None,
        "model": to.model if to else None,
        "agreed": given is not None,
        "by": given.by if given else None,
        "given_at": clock.iso(given.given_at) if given else None,
        "phrase": phrase(to.host).zh if to else None,
    }
