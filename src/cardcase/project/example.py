"""The example shop 礼卡小铺, loaded through the very doors that a seller's own files use."""

from collections.abc import Callable
from datetime import datetime

from cardcase.connectors import demo
from cardcase.intake import service as intake
from cardcase.intake.rules import Upload
from cardcase.orders import queries as orders
from cardcase.staff.rules import Actor

Progress = Callable[[int, int, str], None]


def load_once(actor: Actor, *, at: datetime, progress: Progress = lambda _done, _total, _what: None) -> bool:
    """Load the example into a shop that has no order yet; leave any other shop alone. Returns whether it was loaded."""
    if orders.has_orders(actor):
        return False
    load(actor, at=at, progress=progress)
    return True


def load(actor: Actor, *, at: datetime, progress: Progress = lambda _done, _total, _what: None) -> None:
    """Load the example's files, and what a seller would have typed in: suppliers, invoices, checks."""
    uploads = [Upload(name, data) for name, data in demo.build(at).items()]
    intake.import_files(actor, uploads, at=at, progress=progress)
