"""What the check of everything reads: across shops, for nobody. Only this room calls it."""

from collections.abc import Iterator, Mapping

from cardcase.anchors.rules import plan
from cardcase.anchors.rules.plan import StampState
from cardcase.custody.models import Checkpoint, Entry

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


def own_entries() -> Mapping[int, bytes]:
    """Return the entries about stamps by their number: a few hundred bytes for each stamp."""
    rows = Entry.objects.filter(kind__in=[plan.STAMPED, plan.RENEWED], shop=None).values_list("seq", "data")
    return {seq: bytes(data) for seq, data in rows.iterator(chunk_size=_AT_ONCE)}


def signed_note(size: int) -> str | None:
    """Return the newest note that was signed at this size."""
    return Checkpoint.objects.filter(size=size).order_by("pk").values_list("note", flat=True).last()
