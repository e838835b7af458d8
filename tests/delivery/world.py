"""What the tests of giving cards stand on: stock, paid orders, consent."""

from cardcase.cards import service as cards
from cardcase.cards.rules import CardKind
from cardcase.connectors.ports import CardNotice, OrderNotice, OrderState
from cardcase.delivery import service
from cardcase.kit.secret import CardCode
from cardcase.orders.service import ingest_orders

KIND = CardKind("苹果充值卡", 20_000)


def number(place: int) -> str:
    return f"22266900000000{place:05d}"


def code(place: int) -> str:
    return f"K7QM-92XF-LP3D-{place:05d}"


def stock(actor, count: int, at, *, first: int = 0, batch: str = "b", **told):
    """Put cards into the stock; return their codes."""
    facts = {"brand": KIND.brand, "face_fen": KIND.face_fen, **told}
    codes = [code(first + place) for place in range(count)]
    cards.stock(actor, [CardNotice(code=CardCode(text), **facts) for text in codes], batch=batch, at=at)
    return codes


def orders(actor, count: int, at, *, first: int = 0, state: OrderState = OrderState.AWAITING_DELIVERY, **told):
    """Let the channel tell of paid orders; return them."""
    notices = [
        OrderNotice(channel="goofish", order_no=number(first + place), state=state, paid_at=at, **told)
        for place in range(count)
    ]
    return [order for order, _ in ingest_orders(actor, notices, at=at)]


def agreed(actor, order, at):
    """Let the buyer of an order see the terms and agree."""
    service.show_terms(actor, order, how="chat", at=at)
    service.acknowledge(actor, order, how="chat", words="好的", said_at=at, at=at)


def given(actor, order, at, quantity: int = 1):
    """Allocate cards to an order whose buyer agreed."""
    agreed(actor, order, at)
    return service.allocate(actor, order.order_no, KIND, quantity, at=at)


def plain(shown) -> list[str]:
    """The codes that left, for comparing."""
    return [one.code.expose() for one in shown]
