"""The clock's part: an index that an upgrade left unfinished is finished by itself."""

from datetime import timedelta

from cardcase.jobs.registry import Claim, handles
from cardcase.staff.rules import Actor

from . import service


@handles("search.catch_up", is_atomic=False, lease=timedelta(hours=1), every=timedelta(minutes=10))
def catch_up(_claim: Claim) -> None:
    """Finish making the index, in batches that each say how far they came."""
    service.catch_up(Actor.system(0, "search"))  # of no shop: the index is made for all
