"""The sweep as watched and periodic work. Its findings are jobs for the rooms above: "deadline.missed" and others."""

import threading
from datetime import timedelta

from cardcase.jobs.registry import Claim, handles, watches
from cardcase.kit import clock

from . import queries, service
from .rules import Drift

_drift = Drift()
_one_at_a_time = threading.Lock()


@watches("deadlines", next_at=queries.next_due)
def at_the_moment() -> None:
    """Miss and ring at the moment itself."""
    look_at_the_clock()
    service.sweep(at=clock.now())


@watches("clock", next_at=clock.now)
def look_at_the_clock() -> None:
    """Find out at every look of the watch, and before every sweep, whether the machine's clock was set meanwhile."""
    with _one_at_a_time:
        now = clock.now()
        jump = _drift.look(now, clock.steady())
        if jump is not None:
            service.clock_jumped(jump, at=now)


@handles("deadlines.sweep", every=timedelta(seconds=15), is_atomic=False)
def sweep_job(_claim: Claim) -> None:
    """Sweep without a watch, as a second pair of eyes. Not atomic: each row is, and a second sweep finds nothing."""
    at_the_moment()
