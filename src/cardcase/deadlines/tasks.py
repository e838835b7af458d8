"""The sweep as periodic work. Its findings are jobs ("deadline.missed", "deadline.warning") for the rooms above."""

from datetime import timedelta

from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock

from . import service


@handles("deadlines.sweep", every=timedelta(seconds=15), is_atomic=False)
def sweep_job(_claim: Claim) -> None:
    """Miss what is due and ring what is near. Not atomic as a whole: each row is, and a second sweep finds nothing."""
    service.sweep(at=clock.now())
