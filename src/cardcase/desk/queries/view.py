"""All that the desk knows about one case, read once: what the page, the API and the command line are drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cardcase.cards import queries as cards
from cardcase.cards.queries import CardFacts
from cardcase.cases import queries as cases
from cardcase.cases.models import Case, Note
from cardcase.cases.rules import Event, Move
from cardcase.custody import queries as custody
from cardcase.custody.queries import HistoryItem
from cardcase.deadlines import queries as deadlines
from cardcase.deadlines.queries import ClockView
from cardcase.evidence import queries as evidence
from cardcase.evidence.rules import Item
from cardcase.inbox import queries as inbox
from cardcase.inbox.models import Reply
from cardcase.inbox.queries import MessageView
from cardcase.inbox.rules.drafts import Draft
from cardcase.kit.text import Text
from cardcase.orders.models import Refund
from cardcase.remedies import queries as remedies
from cardcase.remedies.rules import Option
from cardcase.staff.rules import Actor

from . import drafting


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case with everything around it, as rows and rule results; no finished sentences yet."""

    case: Case
    now: datetime
    refund: Refund | None
    clocks: Sequence[ClockView]
    items: Sequence[Item]
    options: Sequence[Option]
    floor: Text
    moves: Sequence[Move]
    draft: Draft
    talk: Sequence[MessageView]
    cards: Sequence[CardFacts]
    notes: Sequence[Note]
    replies: Sequence[Reply]
    history: Sequence[HistoryItem]
    siblings: Sequence[Case]

    @property
    def clock(self) -> ClockView | None:
        """The clock that decides: the nearest armed one."""
        return self.clocks[0] if self.clocks else None

    def move(self, event: Event) -> Move | None:
        """The move of this name, when it is in place now; it may still be refused."""
        return next((move for move in self.moves if move.event is event), None)


def case_view(actor: Actor, number: str, *, now: datetime) -> CaseView:
    """Read one case. Raises NotFound when the actor's shop has none of that number."""
    case = cases.by_number(actor, number)
    facts = remedies.standing(actor, case, at=now)
    clocks = deadlines.armed(actor, [case.public_id]).get(case.public_id, [])
    return CaseView(
        case=case,
        now=now,
        refund=case.refund,
        clocks=clocks,
        items=evidence.checklist(actor, case, at=now),
        options=remedies.options(actor, case, at=now),
        floor=remedies.floor_text(actor, case, at=now),
        moves=cases.allowed_moves(actor, case, facts),
        draft=drafting.draft_for(actor, case, at=now),
        talk=inbox.conversation_view(actor, case, now=now),
        cards=cards.cards_of_order(actor, case.order_id),
        notes=cases.notes_of(actor, case),
        replies=inbox.replies_of(actor, case),
        history=custody.history(actor, [case.public_id, case.order.public_id]),
        siblings=cases.siblings_of(actor, case),
    )
