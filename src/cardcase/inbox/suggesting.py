"""A reply proposed by the model, or the template in its place with the reason. Nothing is saved, nothing is sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cardcase.cards import masking
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission
from cardcase.triage.rules import Utterance

from . import queries, service
from .rules import asking, drafts
from .rules.asking import BadAnswer
from .rules.drafts import Draft, DraftFacts
from .rules.tone import Check
from .writer import Endpoint, Leaving, Writer, destination


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Words for a person to read. ``by_model`` False: the template's, and ``why`` says why the model's are not here.

    ``failed``: the checks that the model's words failed. Those words themselves are dropped.
    """

    draft: Draft
    by_model: bool
    why: Text | None = None
    code: str = ""
    failed: tuple[Check, ...] = ()


def suggest(
    actor: Actor,
    facts: DraftFacts,
    talk: Sequence[Utterance],
    *,
    about: str,
    at: datetime,
    overrides: Path | None = None,
    by: Writer | None = None,
) -> Suggestion:
    """Ask the model for a reply and judge it; fall back to the template whenever anything is amiss. Raises NotAllowed.

    The talk is masked again before it is quoted, and so is the answer looked through for codes of the stock. Nothing
    is asked before the owner has agreed to this model; when words leave, the record of ``about`` (a case's public id)
    says so first.
    """
    actor.require(Permission.WORK)
    template = drafts.compose(facts, overrides=overrides)
    masked = masking.mask_texts(actor, [one.text for one in talk])
    quoted = [replace(one, text=clean.text) for one, clean in zip(talk, masked, strict=True)]
    prompt = asking.prompt_for(facts, template, quoted)

    def leaving(told: Leaving) -> None:
        service.record_asking(actor, about, told, at=at)

    try:
        _require_consent(actor)
        reply = asking.read_answer((by or Endpoint()).write(prompt, leaving))
        _require_no_code(actor, reply)
        draft = asking.judged(reply, facts, template, prompt, own=drafts.tone_file(overrides))
    except BadAnswer as bad:
        return Suggestion(template, by_model=False, why=asking.WHY[bad.code], code=bad.code, failed=bad.checks)
    return Suggestion(draft, by_model=True)


def _require_consent(actor: Actor) -> None:
    to = destination()
    if to is None:
        raise BadAnswer("off")
    if not queries.has_agreed(actor, to):
        raise BadAnswer("not_agreed")


def _require_no_code(actor: Actor, reply: str) -> None:
    if masking.mask_text(actor, reply).had_code:
        raise BadAnswer("code")
