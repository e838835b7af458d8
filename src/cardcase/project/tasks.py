"""Background entrance of the project: what the API need not remember for ever."""

from datetime import timedelta

from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock

from . import service


@handles("project.forget_replies", every=timedelta(hours=6))
def forget_replies(_claim: Claim) -> None:
    """Forget the answers to POSTs that nobody can repeat any more."""
    service.forget_replies(None, at=clock.now())
