"""Background entrance of intake: working on pushes that were answered already."""

from datetime import timedelta
from typing import Final

from cardcase.intake import service
from cardcase.jobs import service as jobs
from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock
from cardcase.staff.rules import Actor

LEASE: Final = timedelta(minutes=10)
"""How long one batch of an import may take before another worker believes that this one has died."""


@handles("intake.import", is_atomic=False, lease=LEASE)
def work_on_import(claim: Claim) -> None:
    """Do an import that was too large to wait for."""
    assert claim.shop_id is not None
    service.work_on_import(
        Actor.system(claim.shop_id, "intake"),
        str(claim.args["run"]),
        at=clock.now(),
        still_ours=lambda: jobs.extend(claim, at=clock.now(), lease=LEASE),
    )


@handles("intake.push")
def work_on_push(claim: Claim) -> None:
    """Bring a stored push into the cases."""
    assert claim.shop_id is not None
    service.take_push(Actor.system(claim.shop_id, "intake"), int(claim.args["receipt"]), at=clock.now())
