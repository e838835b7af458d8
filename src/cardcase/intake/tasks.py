"""Background entrance of intake: working on pushes that were answered already."""

from cardcase.intake import service
from cardcase.jobs.registry import Claim, handles
from cardcase.kit import clock
from cardcase.staff.rules import Actor


@handles("intake.push")
def work_on_push(claim: Claim) -> None:
    """Bring a stored push into the cases."""
    assert claim.shop_id is not None
    service.take_push(Actor.system(claim.shop_id, "intake"), int(claim.args["receipt"]), at=clock.now())
