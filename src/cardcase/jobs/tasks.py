"""The room's own periodic work."""

from datetime import timedelta

from cardcase.kit import clock

from . import service
from .registry import Claim, handles


@handles("jobs.forget_done", every=timedelta(days=1))
def forget_done(_claim: Claim) -> None:
    """Delete jobs that were done more than a week ago."""
    service.forget_done(at=clock.now())
