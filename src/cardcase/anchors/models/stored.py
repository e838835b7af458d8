"""What the check of everything reads: across shops, for nobody. Only this room calls it."""

from collections.abc import Iterator

from cardcase.anchors.rules.plan import StampState

from .tables import Cosignature, Stamp

_AT_ONCE = 200


def settled_stamps() -> Iterator[Stamp]:
    """Go through every stamp that was kept, oldest head first."""
    settled = [StampState.VERIFIED.value, StampState.UNVERIFIED.value]
    rows = Stamp.objects.filter(state__in=settled).select_related("reply", "over__reply")
    yield from rows.order_by("size", "pk").iterator(chunk_size=_AT_ONCE)


def cosignatures() -> Iterator[Cosignature]:
    """Go through every kept cosignature."""
    yield from Cosignature.objects.order_by("size", "pk").iterator(chunk_size=_AT_ONCE)
