"""Work of training by the clock: once a day each shop's corrections are looked at."""

from datetime import timedelta

from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from .service import corrections


@handles("training.learn_corrections", every=timedelta(days=1), lease=timedelta(hours=1), is_atomic=False)
def learn_corrections(_claim: Claim) -> None:
    """Fit what is new, shop by shop. Nothing new leaves nothing behind."""
    for shop in staff.all_shops():
        corrections.learn(Actor.system(shop.pk), at=clock.now())
