"""Handing a notice over. One port, ``deliver``; behind it the library's forms and two of our own.

Nothing here is imported before the first notice is sent: pages and the command line never pay for it.
"""

from cardcase.notices.rules import Address, Message, Result, TargetKind


def deliver(address: Address, message: Message, *, allow_private: bool) -> Result:
    """Hand a notice over and say what came of it. Never raises: whatever breaks is a result."""
    from . import egress, library, own

    trip = egress.Trip(allow_private=allow_private)
    is_own = address.kind is TargetKind.WEBHOOK or (address.kind is TargetKind.FEISHU and bool(address.secret))
    try:
        return own.send(trip, address, message) if is_own else library.send(trip, address, message)
    except egress.NotSent as stopped:
        return stopped.result
    except Exception:  # noqa: BLE001 - a sender's error may quote the address; only that it broke is said
        return trip.result or egress.broken(trip)
