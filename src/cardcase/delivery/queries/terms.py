"""Where an order stands with its terms."""

from dataclasses import dataclass
from datetime import datetime

from cardcase.delivery.models import Terms
from cardcase.orders.models import Order
from cardcase.policies import queries as policies
from cardcase.staff.rules import Actor


@dataclass(frozen=True, slots=True)
class TermsState:
    """The terms last shown for an order and the answer. ``shown_at`` is None when none were shown.

    ``withdrawn_at``: the buyer took back, in these words, what was agreed before; the answer to that is still open, or
    came later.
    """

    text: str = ""
    shown_at: datetime | None = None
    answered_at: datetime | None = None
    how: str = ""
    words: str = ""
    sha256: str = ""
    withdrawn_at: datetime | None = None
    withdrawn_words: str = ""

    @property
    def is_open(self) -> bool:
        """Tell whether the code may be shown: the buyer agreed, or the owner answers for it."""
        return self.answered_at is not None


def terms_of(actor: Actor, order_id: int) -> TermsState:
    """Return where an order (row id) stands with its terms."""
    row = Terms.objects.visible_to(actor).filter(order_id=order_id).order_by("-shown_at", "-pk").first()
    if row is None:
        return TermsState()
    return TermsState(
        text=row.text,
        shown_at=row.shown_at,
        answered_at=row.answered_at,
        how=row.how,
        words=row.words,
        sha256=row.sha256,
        withdrawn_at=row.reopened_at,
        withdrawn_words=row.reopened_words,
    )


def terms_text(actor: Actor, order: Order) -> tuple[str, int | None]:
    """Return the words of the terms that hold for an order, and the policy version they come from.

    They are the shop's policy in force when the order was paid (domain §7.1, policy bound at purchase) under a fixed
    first sentence: a code that was seen cannot be taken back (七日无理由退货暂行办法 §7: activation ends the return).
    """
    policy = policies.version_for(actor, order.paid_at)
    first = (
        "卡密属于一经查看即可使用的数字商品，查看后无法收回，非卡密本身的问题不支持无理由退换；"
        "卡密无效、面值不符等问题请第一时间联系我们，核实后换卡或退款。"
    )
    return (f"{first}\n\n{policy.text}", policy.version) if policy else (first, None)
