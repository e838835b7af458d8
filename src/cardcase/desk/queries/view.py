"""All that the desk knows about one case, read once: what the page, the API and the command line are drawn from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cardcase.anchors import queries as anchors
from cardcase.anchors.queries import Copy
from cardcase.cases import queries as cases
from cardcase.cases.models import Case, ClaimHistory, Note, PlatformDispute, Review
from cardcase.cases.rules import Event, Move
from cardcase.custody import queries as custody
from cardcase.custody.queries import HistoryItem
from cardcase.deadlines import queries as deadlines
from cardcase.deadlines.queries import ClockView
from cardcase.deadlines.rules import IN_BACKGROUND
from cardcase.desk import words
from cardcase.evidence import queries as evidence
from cardcase.evidence.models import BuyerAnswer
from cardcase.evidence.rules import CardSeen, Item
from cardcase.inbox import queries as inbox
from cardcase.inbox.models import Reply
from cardcase.inbox.queries import MessageView
from cardcase.inbox.rules.drafts import Draft
from cardcase.kit.text import Text
from cardcase.packs import sealed
from cardcase.policies import queries as policies
from cardcase.policies.rules import Playbook
from cardcase.remedies import queries as remedies
from cardcase.remedies.queries import Overview
from cardcase.remedies.rules import Option
from cardcase.shell.language import current, speaking
from cardcase.staff.rules import Actor

from . import drafting
from .drafting import AS_IT_IS, Wish


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case with everything around it, as rows and rule results; no finished sentences yet."""

    case: Case
    now: datetime
    clocks: Sequence[ClockView]
    judged: Overview
    moves: Sequence[Move]
    draft: Draft | None
    draft_meaning: str  # the draft in the reader's language, when the buyer speaks another
    talk: Sequence[MessageView]
    disputes: Sequence[PlatformDispute]
    reviews: Sequence[Review]
    playbook: Playbook  # of its sub-reason: what to ask, and what answers mean
    answers: Sequence[BuyerAnswer]

    @property
    def cards(self) -> Sequence[CardSeen]:
        """The cards that the order got."""
        return self.judged.facts.case.cards

    @property
    def clock(self) -> ClockView | None:
        """The clock that decides: the nearest armed one."""
        return self.clocks[0] if self.clocks else None

    @property
    def paused(self) -> ClockView | None:
        """Our own goal while it stands still."""
        return next((one for one in self.judged.clocks if one.is_paused), None)

    @property
    def items(self) -> Sequence[Item]:
        """The checklist of evidence."""
        return self.judged.items

    @property
    def options(self) -> Sequence[Option]:
        """The remedies, allowed and blocked."""
        return self.judged.options

    @property
    def floor(self) -> Text:
        """What the buyer must get at least, as a sentence."""
        return self.judged.floor.text

    def move(self, event: Event) -> Move | None:
        """The move of this name, when it is in place now; it may still be refused."""
        return next((move for move in self.moves if move.event is event), None)

    def may(self, event: Event) -> bool:
        """Tell whether the move can be made now by this actor."""
        move = self.move(event)
        return move is not None and move.allowed


@dataclass(frozen=True, slots=True)
class Background:
    """What only the page shows beside the case: notes, sent replies, the record, sibling cases."""

    notes: Sequence[Note]
    replies: Sequence[Reply]
    history: Sequence[HistoryItem]
    siblings: Sequence[Case]
    claims: Sequence[ClaimHistory]


AT_ONCE = 50
"""Cases whose surroundings are read together: one question for all of them, without holding a year's talk."""


def case_view(actor: Actor, number: str, *, now: datetime, wish: Wish = AS_IT_IS) -> CaseView:
    """Read one case with its conversation. Raises NotFound when the actor's shop has none of that number."""
    [view] = case_views(actor, [number], now=now, wish=wish)
    return replace(view, talk=inbox.conversation_view(actor, view.case, now=now))


def case_views(actor: Actor, numbers: Sequence[str], *, now: datetime, wish: Wish = AS_IT_IS) -> Iterator[CaseView]:
    """Read cases without their conversations, in the order given. Raises NotFound, as ``case_view`` does."""
    given = anchors.copy_for_chat(actor)
    for start in range(0, len(numbers), AT_ONCE):
        found = cases.by_numbers(actor, numbers[start : start + AT_ONCE])
        disputes = cases.disputes_of_cases(actor, found)
        reviews = cases.reviews_of_cases(actor, found)
        answers = evidence.answers_of(actor, found)
        told = inbox.said_to_buyers(actor, [case for case in found if case.is_open])
        for case, judged in zip(found, remedies.overviews(actor, found, at=now), strict=True):
            wished = replace(wish, said=told.get(case.pk, ()))
            draft, meaning = _draft(case, judged, given, now=now, wish=wished) if case.is_open else (None, "")
            yield CaseView(
                case=case,
                now=now,
                clocks=[one for one in deadlines.running(judged.clocks) if one.kind not in IN_BACKGROUND],
                judged=judged,
                moves=cases.allowed_moves(
                    actor, case, sealed.with_packs(actor, case, judged.guards), history=judged.clocks
                ),
                draft=draft,
                draft_meaning=meaning,
                talk=(),
                disputes=disputes[case.pk],
                reviews=reviews[case.pk],
                playbook=policies.playbook(actor, case.sub_reason),
                answers=answers[case.pk],
            )


def _draft(case: Case, judged: Overview, given: Copy | None, *, now: datetime, wish: Wish) -> tuple[Draft | None, str]:
    """Compose the reply in the buyer's language, and say what it means to a reader of another."""
    spoken = words.language_of_buyer(case)
    with speaking(spoken):
        draft = drafting.draft_for(case, judged, given, now=now, wish=wish)
    if draft is None or spoken == current():
        return draft, ""
    meaning = drafting.draft_for(case, judged, given, now=now, wish=replace(wish, said=()))
    return draft, meaning.text if meaning else ""


def background(actor: Actor, case: Case) -> Background:
    """Read what surrounds a case on its page."""
    return Background(
        notes=cases.notes_of(actor, case),
        replies=inbox.replies_of(actor, case),
        history=custody.history(actor, [case.public_id]),
        siblings=cases.siblings_of(actor, case),
        claims=cases.claims_of(actor, case),
    )
