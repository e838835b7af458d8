"""Read the bounds in time of a pack's records: two questions for all of them."""

from collections.abc import Sequence

from cardcase.anchors import queries as anchors
from cardcase.custody.queries import KeptEntry
from cardcase.staff.rules import Actor

from .rules.bounding import Bounding, Span
from .rules.stamping import is_outside


def bounding(actor: Actor, entries: Sequence[KeptEntry], *, up_to: int | None = None) -> Bounding:
    """Return the bounds of these entries by the verified stamps over heads of at most ``up_to`` entries.

    A pack holds no stamp over a head beyond its own, so its report must not speak by one. Raises NotAllowed.
    """
    found = anchors.bounds(actor, [one.seq for one in entries], up_to=up_to)
    spans = {seq: Span(one.not_before, one.not_after) for seq, one in found.items()}
    return Bounding(
        is_asked=anchors.is_time_asked_for(actor),
        spans=spans,
        astray=frozenset(
            one.seq for one in entries if is_outside(one.at, found[one.seq].not_before, found[one.seq].not_after)
        ),
        has_unchecked=anchors.has_unchecked_stamps(actor, up_to=up_to),
    )
