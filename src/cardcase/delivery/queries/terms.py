"""Where an order stands with its terms."""

from dataclasses import dataclass
from datetime import datetime

from cardcase.delivery.models import Terms
from cardcase.delivery.rules.consent import Doubt
from cardcase.orders.models import Order
from cardcase.policies import queries as policies
from cardcase.staff.rules import Actor

from .wording import wording


@dataclass(frozen=True, slots=True)
class TermsState:
    """The terms last shown for an order and the answer. ``shown_at`` is None when none were shown.

    ``withdrawn_at``: the buyer took back, in these words, what was agreed before; the answer to that is still open, or
    came later. ``unclear_at``: while there is no answer, the buyer said in these words what may be one or not.
    """

    text: str = ""
    shown_at: datetime | None = None
    answered_at: datetime | None = None
    how: str = ""
    words: str = ""
    sha256: str = ""
    withdrawn_at: datetime | None = None
    withdrawn_words: str = ""
    unclear_at: datetime | None = None
    unclear_words: str = ""
    unclear_why: Doubt | None = None

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
        unclear_at=row.unclear_at if row.answered_at is None else None,
        unclear_words=row.unclear_words,
        unclear_why=Doubt(row.unclear_why) if row.unclear_why else None,
    )


@dataclass(frozen=True, slots=True)
class TermsText:
    """The words of the terms for an order, the policy version they come from, and the name of their first sentence."""

    text: str
    version: int | None
    wording: str


def terms_text(actor: Actor, order: Order) -> TermsText:
    """Return the words of the terms that hold for an order.

    They are the shop's policy in force when the order was paid (domain §7.1, policy bound at purchase) under a first
    sentence of data/terms.toml, one for codes and one for cards that go by parcel.
    """
    policy, first = policies.version_for(actor, order.paid_at), wording(actor, order)
    if policy is None:
        return TermsText(first.text, None, first.name)
    return TermsText(f"{first.text}\n\n{policy.text}", policy.version, first.name)
