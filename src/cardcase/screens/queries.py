"""Reading captures, always for an actor and in the actor's shop."""

from cardcase.cards import vault
from cardcase.cases.models import Case
from cardcase.kit.errors import NotFound
from cardcase.staff.rules import Actor, Permission

from . import covered
from .models import Capture, CapturedPicture

READING, WAITING, CONFIRMED, DROPPED, FAILED = "reading", "waiting", "confirmed", "dropped", "failed"
"""States of a capture."""
OPEN = (READING, WAITING, FAILED)
"""States from which a capture can still be let go."""


def capture(actor: Actor, public_id: str) -> Capture:
    """Return one capture with its case. Raises NotAllowed, NotFound."""
    actor.require(Permission.READ)
    found = Capture.objects.visible_to(actor).filter(public_id=public_id).select_related("case__order__buyer").first()
    if found is None:
        raise NotFound("没有这次截图导入，或者已经过期", "There is no such capture, or it has expired")
    assert isinstance(found, Capture)
    return found


def pictures(actor: Actor, row: Capture) -> list[CapturedPicture]:
    """Return the pictures of a capture in their order, without their bytes."""
    mine = CapturedPicture.objects.visible_to(actor).filter(capture=row)
    return list(mine.defer("original_sealed", "seen_sealed").order_by("place"))


def read_pictures(actor: Actor, row: Capture) -> list[CapturedPicture]:
    """Return the pictures of a capture that were read, without their bytes and without those that were refused."""
    return [one for one in pictures(actor, row) if one.width]


def waiting(actor: Actor, *, limit: int = 50) -> list[Capture]:
    """Return what is being read or waits for a person, the newest first."""
    actor.require(Permission.READ)
    rows = Capture.objects.visible_to(actor).filter(state__in=(READING, WAITING)).select_related("case")
    return list(rows.order_by("-captured_at", "-pk")[:limit])


def of_case(actor: Actor, case: Case) -> list[Capture]:
    """Return what is being read or waits for a person about a case, the newest first."""
    actor.require(Permission.READ)
    rows = Capture.objects.visible_to(actor).filter(state__in=(READING, WAITING), case=case)
    return list(rows.order_by("-captured_at", "-pk"))


def shown(actor: Actor, row: Capture, place: int, number: int) -> bytes:
    """Draw a piece of a picture as people may see it: as PNG, places with a card code black (``covered``).

    Raises NotFound, also while it is being read: nobody knows yet where codes stand; NoPixels.
    """
    mine = CapturedPicture.objects.visible_to(actor).filter(capture=row, place=place, width__gt=0)
    picture = mine.exclude(original_sealed=None).first()
    if picture is None or not 0 <= number < len(covered.pieces(picture.width, picture.height)):
        raise NotFound("没有这张图，或者还没识别完", "There is no such picture, or it has not been read yet")
    return covered.draw(original(actor, picture), picture.width, picture.height, picture.masks, number)


def original(actor: Actor, picture: CapturedPicture) -> bytes:
    """Return the bytes of a picture as they came. For our own verbs: what people see is masked first."""
    sealed = CapturedPicture.objects.visible_to(actor).values_list("original_sealed", flat=True).get(pk=picture.pk)
    return vault.open_sealed(bytes(sealed), context=context_of(picture))


def context_of(picture: CapturedPicture) -> str:
    """Return what the seal of a picture is bound to."""
    return f"screen|{picture.shop_id}|{picture.sha256}|{picture.place}"
