"""The state machine of a card (domain §7.3). What is not in the table is refused."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.errors import Refused
from cardcase.kit.text import Text


class CardState(StrEnum):
    """Where a card stands."""

    ACQUIRED = "acquired"
    CHECKED = "checked"
    IN_STOCK = "in_stock"
    RESERVED = "reserved"
    REVEALED = "revealed"  # its buyer could read it, or it is on its way to him in a parcel
    REDEEMED = "redeemed"
    VOIDED = "voided"
    RETURNED = "returned"
    QUARANTINED = "quarantined"
    WRITTEN_OFF = "written_off"


class CardEvent(StrEnum):
    """What can happen to a card."""

    CHECK = "check"
    STOCK = "stock"
    RESERVE = "reserve"
    RELEASE = "release"  # the order closed before the code was shown
    REVEAL = "reveal"
    SHIP = "ship"  # a physical card leaves the house in a parcel; nobody here reads its code
    REDEEM = "redeem"
    VOID = "void"  # needs proof from the issuer
    TAKE_BACK = "take_back"
    QUARANTINE = "quarantine"
    READMIT = "readmit"  # needs a fresh check
    WRITE_OFF = "write_off"


class VoidResult(StrEnum):
    """How a request to void a card ended. While it is open or unknown nothing may be paid on its strength (N4)."""

    OPEN = "open"  # asked, no answer yet
    VOIDED = "voided"
    FAILED = "failed"
    REDEEMED = "redeemed"  # the issuer answers that the card was used meanwhile
    UNKNOWN = "unknown"  # the issuer cannot or will not tell


UNSETTLED: Final = frozenset({VoidResult.OPEN, VoidResult.UNKNOWN})
"""Results that may still become another."""

_S, _E = CardState, CardEvent

LIFE: Final = MappingProxyType(
    {
        (_S.ACQUIRED, _E.CHECK): _S.CHECKED,
        (_S.CHECKED, _E.CHECK): _S.CHECKED,
        (_S.CHECKED, _E.STOCK): _S.IN_STOCK,
        (_S.IN_STOCK, _E.RESERVE): _S.RESERVED,
        (_S.RESERVED, _E.RELEASE): _S.IN_STOCK,
        (_S.RESERVED, _E.REVEAL): _S.REVEALED,
        (_S.RESERVED, _E.SHIP): _S.REVEALED,
        (_S.REVEALED, _E.REDEEM): _S.REDEEMED,
        (_S.REVEALED, _E.VOID): _S.VOIDED,
        (_S.REVEALED, _E.TAKE_BACK): _S.RETURNED,
        (_S.ACQUIRED, _E.QUARANTINE): _S.QUARANTINED,
        (_S.CHECKED, _E.QUARANTINE): _S.QUARANTINED,
        (_S.IN_STOCK, _E.QUARANTINE): _S.QUARANTINED,
        (_S.RESERVED, _E.QUARANTINE): _S.QUARANTINED,
        (_S.QUARANTINED, _E.READMIT): _S.IN_STOCK,
        (_S.QUARANTINED, _E.WRITE_OFF): _S.WRITTEN_OFF,
    }
)
"""(state, event) → state. A revealed code never comes back into stock: a re-issued code is a new card."""

DELIVERABLE: Final = frozenset({_S.ACQUIRED, _S.CHECKED, _S.IN_STOCK, _S.RESERVED})
"""States that give way when the channel tells that it has delivered the card: its word is a fact, not our move."""

NEVER_SHOWN: Final = frozenset({_S.REDEEMED, _S.VOIDED, _S.QUARANTINED})
"""Invariant I5: a card in these states is neither reserved nor revealed."""

TITLES: Final = MappingProxyType(
    {
        _S.ACQUIRED: Text("已采购", "Acquired"),
        _S.CHECKED: Text("已验卡", "Checked"),
        _S.IN_STOCK: Text("在库", "In stock"),
        _S.RESERVED: Text("已预留", "Reserved"),
        _S.REVEALED: Text("已发出", "Delivered"),
        _S.REDEEMED: Text("已兑换", "Redeemed"),
        _S.VOIDED: Text("已作废", "Voided"),
        _S.RETURNED: Text("已退回", "Returned"),
        _S.QUARANTINED: Text("已隔离", "Quarantined"),
        _S.WRITTEN_OFF: Text("已核销", "Written off"),
    }
)


VOID_TITLES: Final = MappingProxyType(
    {
        VoidResult.OPEN: Text("已申请作废，等发卡方答复", "Asked the issuer to void it, no answer yet"),
        VoidResult.VOIDED: Text("发卡方已作废", "The issuer voided it"),
        VoidResult.FAILED: Text("作废失败", "Voiding failed"),
        VoidResult.REDEEMED: Text("作废前已被兑换", "It was redeemed before it could be voided"),
        VoidResult.UNKNOWN: Text("发卡方说不清", "The issuer cannot tell"),
    }
)


class IllegalCardMove(Refused):
    """The table has no such step."""

    code = "illegal_card_move"

    def __init__(self, state: CardState, event: CardEvent) -> None:
        title = TITLES[state]
        super().__init__(
            f"这张卡{title.zh}，不能再做这一步（{event.value}）",
            f"This card is {title.en.lower()}; this step is not possible ({event.value})",
            next=Text("刷新页面看卡现在的状态。", "Reload the page to see where the card stands."),
            state=state.value,
            event=event.value,
        )


def advance(state: CardState, event: CardEvent) -> CardState:
    """Return the next state. Raises IllegalCardMove when the table has no such step."""
    try:
        return LIFE[state, event]
    except KeyError:
        raise IllegalCardMove(state, event) from None


def check_reveal(state: CardState, *, bound_order: str, asked_order: str) -> None:
    """Refuse to show a code that must not be seen (I5), or one of another order (I6). Orders by public id, or empty."""
    if state in NEVER_SHOWN:
        raise IllegalCardMove(state, CardEvent.REVEAL)
    if asked_order and bound_order and asked_order != bound_order:
        raise Refused(
            "这张卡已经属于另一笔订单，不能给这笔订单看",
            "This card belongs to another order; it is not shown for this one",
            next=Text("给这笔订单另配一张卡。", "Assign another card to this order."),
            code="card_of_another_order",
        )
