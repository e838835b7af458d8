"""The rows of a case that its report is made of."""

from dataclasses import dataclass

from cardcase.cards.queries import CardFacts
from cardcase.cases.models import Case
from cardcase.inbox.models import Message
from cardcase.orders.models import Refund
from cardcase.remedies.models import Offer, Remedy
from cardcase.staff.rules import Actor


@dataclass(frozen=True, slots=True)
class Papers:
    """The rows of one case, read once."""

    actor: Actor
    case: Case
    refunds: list[Refund]
    cards: list[CardFacts]
    messages: list[Message]
    offers: list[Offer]
    remedies: list[Remedy]
