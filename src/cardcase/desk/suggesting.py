"""A reply proposed by the model for a case, for the page, the API and the command line. Nothing is saved or sent."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from cardcase.cases import queries as cases
from cardcase.desk import words
from cardcase.desk.queries import drafting
from cardcase.desk.queries.drafting import AS_IT_IS, Wish
from cardcase.desk.queries.sheet import draft_document
from cardcase.inbox import queries as inbox
from cardcase.inbox import suggesting
from cardcase.inbox.suggesting import Suggestion
from cardcase.inbox.writer import Writer
from cardcase.kit.errors import Refused
from cardcase.remedies import queries as remedies
from cardcase.shell.language import say, speaking
from cardcase.staff.rules import Actor


def suggestion_for(
    actor: Actor, number: str, *, now: datetime, wish: Wish = AS_IT_IS, by: Writer | None = None
) -> Suggestion:
    """Ask the model for the reply that fits a case now. Raises NotFound, NotAllowed, Refused ``case_closed``."""
    [case] = cases.by_numbers(actor, [number])
    if not case.is_open:
        raise Refused(
            "售后单已结束，没有要回的话", "The case is over: nothing to answer", code="case_closed", number=number
        )
    [judged] = remedies.overviews(actor, [case], at=now)
    wished = replace(wish, said=inbox.said_to_buyers(actor, [case])[case.pk])
    talk = inbox.utterances_for_order(actor, case.order)
    with speaking(words.language_of_buyer(case)):
        facts = drafting.facts_for(case, judged, now=now, wish=wished)
        return suggesting.suggest(
            actor, facts, talk, about=case.public_id, at=now, overrides=drafting.overrides_of(case), by=by
        )


def document(number: str, found: Suggestion) -> dict[str, Any]:
    """Write a suggestion for programs."""
    return {
        "number": number,
        "by": "model" if found.by_model else "template",
        "why": {"code": found.code, "text": say(found.why)} if found.why else None,
        "failed": [{"code": one.code, "ok": one.ok, "text": say(one.text)} for one in found.failed],
        "draft": draft_document(found.draft),
    }
