"""Where the refunds of an order stand when the channel said so twice: of the order, and of each refund. Pure."""

from collections.abc import Sequence

from cardcase.connectors.ports import RefundState

_SAYS_NOTHING = frozenset({RefundState.NONE, RefundState.UNKNOWN})


def refund_words(
    order: RefundState | None, order_at: str, refunds: Sequence[tuple[RefundState, str]]
) -> frozenset[RefundState]:
    """Return the words that still count: the order's own, None without one, and those of its refunds, with moments.

    A word on the order does not say which refund it means, so it stays until every refund was spoken of later: what it
    told is then overtaken. Of the only refund the order's word counts where it is the later one and says something;
    money that was paid back stays paid. Moments are those of ``merge.told_at``; where one is not known nothing is
    overtaken. In doubt too much counts, because what counts keeps codes in.
    """
    told = frozenset(state for state, _ in refunds)
    if order is None or not refunds:
        return told if order is None else frozenset({order})
    if all(_is_later(at, order_at) for _, at in refunds):
        return told
    is_only = len(refunds) == 1 and RefundState.SUCCEEDED not in told
    if is_only and order not in _SAYS_NOTHING and _is_later(order_at, refunds[0][1]):
        return frozenset({order})
    return told | {order}


def _is_later(one: str, other: str) -> bool:
    return len(one) > 1 and len(other) > 1 and one > other  # "0" and empty are moments that nobody told
