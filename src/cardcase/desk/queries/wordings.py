"""The different ways to answer a case now, as programs read them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from cardcase.cases import queries as cases
from cardcase.desk import words
from cardcase.inbox import queries as inbox
from cardcase.kit.errors import Refused
from cardcase.remedies import queries as remedies
from cardcase.shell.language import speaking
from cardcase.staff.rules import Actor

from . import drafting
from .drafting import AS_IT_IS, Wish
from .sheet import draft_document


def wordings_of(actor: Actor, number: str, *, now: datetime, wish: Wish = AS_IT_IS) -> dict[str, Any]:
    """Return the replies that fit a case now, the best first, in the buyer's language. Nothing is saved or sent.

    Raises NotFound; Refused with code ``case_closed`` when there is nothing to answer any more.
    """
    [case] = cases.by_numbers(actor, [number])
    if not case.is_open:
        raise Refused(
            "售后单已结束，没有要回的话", "The case is over: nothing to answer", code="case_closed", number=number
        )
    [judged] = remedies.overviews(actor, [case], at=now)
    wished = replace(wish, said=inbox.said_to_buyers(actor, [case])[case.pk])
    spoken = words.language_of_buyer(case)
    with speaking(spoken):
        facts = drafting.facts_for(case, judged, now=now, wish=wished)
        found = drafting.wordings_for(case, judged, now=now, wish=wished)
    return {
        "number": case.number,
        "step": facts.step.value,
        "form": facts.form.value,
        "mood": facts.mood.value,
        "language": spoken,
        "drafts": [draft_document(one) for one in found],
    }
