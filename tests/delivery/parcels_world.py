"""What the tests of parcels stand on: physical cards in stock, allocated, and files as phones make them."""

from datetime import timedelta
from io import BytesIO

from cardcase.cards import sealing
from cardcase.cards.models import Card
from cardcase.cards.rules import CardKind
from cardcase.cards.service import rows
from cardcase.delivery import service
from cardcase.delivery.rules.parcels import StepTold
from cardcase.kit.secret import CardCode
from delivery.world import KIND, orders, stock

PHYSICAL = CardKind(KIND.brand, KIND.face_fen, form="physical")
JPEG = b"\xff\xd8\xff\xe0" + b"photo of a card" * 9
MP4 = b"\x00\x00\x00\x20ftypisom" + b"film" * 4000
WAYBILL = "SF1234567890"
SHOWN = ("front", "back", "video")


class File:
    """An upload in pieces."""

    def __init__(self, data: bytes, piece: int = 1000) -> None:
        self.data = data
        self.piece = piece

    def chunks(self):
        stream = BytesIO(self.data)
        while part := stream.read(self.piece):
            yield part


def serial(place: int) -> str:
    return f"9901 2200 33{place:04d}"


def boxed(actor, at, count: int = 1, **order):
    """Stock physical cards with printed numbers, let an order come, and allocate; return the delivery view."""
    more_in_stock(actor, at, count=count, batch="b")
    [made] = orders(actor, 1, at, **order)
    return service.allocate(actor, made.order_no, PHYSICAL, count, at=at)


def more_in_stock(actor, at, *, first: int = 0, count: int = 1, batch: str = "more"):
    """Stock physical cards with the printed numbers from one place on."""
    stock(actor, count, at, first=first, batch=batch)
    cards = list(Card.objects.visible_to(actor).filter(form="code", state="in_stock").order_by("pk"))
    for place, card in enumerate(cards, first):
        incoming = rows.incoming(actor, CardCode(f"X{place:019d}"), serial(place))
        sealing.set_numbers([(card, incoming)])
        card.form = "physical"
        card.save()


def media(*roles: str) -> dict[str, File]:
    return {role: File(MP4 if role == "video" else JPEG) for role in roles}


TELL = {
    "packed": {"weight_g": 50, "who": "小林"},
    "shipped": {"carrier": "顺丰", "waybill_no": WAYBILL, "weight_g": 52},
    "signed": {"who": "本人"},
    "unboxed": {"is_uncut": True, "is_waybill_visible": True, "is_tape_intact": True, "waybill_no": WAYBILL},
    "announced": {"carrier": "圆通", "waybill_no": "YT99887766"},
    "received": {"waybill_no": "YT99887766", "weight_g": 60},
    "inspected": {"weight_g": 61, "is_tape_intact": True, "is_scratch_intact": True},
}
FILES = {
    "packed": SHOWN,
    "shipped": ("receipt",),
    "signed": (),
    "unboxed": ("video",),
    "announced": (),
    "received": (),
    "inspected": SHOWN,
}


def go(actor, view, name: str, at, files=None, **told):
    """Note a step with everything that belongs to it; what is told wins. Cards are read as they were stocked."""
    return goes(actor, view.public_id, name, at, files, read=range(view.row.quantity), **told)


def goes(actor, goods: str, name: str, at, files=None, *, read=(7,), number=None, **told):
    """Do the same for goods by public id; ``read``: the places of the cards that are read."""
    facts = {**TELL[name], **told}
    if name in ("packed", "inspected") and "serials" not in facts and not facts.get("is_empty"):
        facts["serials"] = tuple(serial(place) for place in read)
    shown = media(*FILES[name]) if files is None else files
    return service.note_step(actor, goods, name, StepTold(**facts), shown, number=number, at=at)


def through(actor, view, last: str, at, **told):
    """Go through all steps up to one, an hour apart; what is told is for the last."""
    chain = None
    for hour, name in enumerate(TELL):
        chain = go(actor, view, name, at + timedelta(hours=hour), **(told if name == last else {}))
        if name == last:
            break
    return chain
