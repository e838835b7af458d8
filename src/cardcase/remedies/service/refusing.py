"""Refusing a claim (T12) and asking the platform to decide (T13). A person types it, a person sends it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from cardcase.cards import masking
from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import Event
from cardcase.cases.service.rows import take
from cardcase.custody import service as custody
from cardcase.inbox.rules import tone
from cardcase.kit.errors import Refused
from cardcase.kit.text import Text
from cardcase.remedies import queries, rules
from cardcase.remedies.rules import kind_of, require_clear, require_typed
from cardcase.remedies.rules.learning import UNSAID, Why
from cardcase.staff.queries import own_file
from cardcase.staff.rules import Actor, Permission

from .rows import advised, clean, decided, record, said

REFUSE_TEXT_MAX = 200
"""Characters that the platform's refuse form takes (reference/data-shapes.md §6.6)."""


class BadRefusal(Refused):
    """The words of a refusal cannot go out. ``facts["checks"]`` names the checks that failed."""

    code = "bad_refusal"


@transaction.atomic
def decline(
    actor: Actor,
    number: str,
    refuse_reason: str,
    text: str,
    *,
    confirmation: str,
    revision: int,
    at: datetime,
    offered_reasons: Sequence[str] = (),
    why: Why = UNSAID,
) -> Case:
    """Refuse the claim (T12). The person then gives the same reason and words in the App.

    ``offered_reasons`` is the platform's own list as read in the App; without it the catalogue's list counts.
    ``confirmation`` is the phrase of ``rules.phrase("decline")``. ``why``: the reason for choosing other than advised.
    Raises Conflict, Blocked with everything that is missing, BadRefusal, NotConfirmed, the refusals of T12.
    """
    actor.require(Permission.DECIDE)
    case = take(actor, number, revision=revision)
    facts = queries.remedy_facts(actor, case, at=at)
    catalogue = queries.catalogue(actor)
    require_clear(rules.check(kind_of(catalogue, "decline", "decline"), facts, catalogue))
    reasons = tuple(one.strip() for one in offered_reasons if one.strip()) or catalogue.refuse_reasons
    _check_words(actor, refuse_reason.strip(), reasons, text.strip())
    require_typed(confirmation, rules.phrase("decline"))
    guard = replace(
        queries.guards(actor, case, facts),
        is_refuse_reason_listed=True,
        refuse_text=text.strip(),
        is_refuse_text_clean=True,
        is_confirmed=True,
    )
    told: dict[str, custody.JSON] = {"refuse_reason": refuse_reason.strip(), "reasons_from": _origin(offered_reasons)}
    case = cases.advance(actor, case, Event.DECLINED, facts=guard, revision=revision, details=told, at=at)
    evidence: list[custody.JSON] = [item.kind for item in facts.items if item.state.value == "have"]
    taken = rules.snapshot(facts, catalogue, "decline", None, clean(actor, why))
    decided(actor, case, "decline", taken, at)
    custody.append(
        actor,
        custody.Record(
            "remedy.declined",
            case.public_id,
            at,
            {**told, "evidence": evidence, "offered_reasons": list(reasons), "advised": taken["advised"]},
            [custody.Content("refusal", text.strip().encode()), advised(taken)],
        ),
    )
    return case


@transaction.atomic
def escalate(
    actor: Actor, number: str, *, confirmation: str, revision: int, at: datetime, reason: str = "", why: Why = UNSAID
) -> Case:
    """Ask the platform to decide (T13), after a refusal and while its window is open. A person does it in the App.

    ``confirmation`` is the phrase of ``rules.phrase("escalate")``. Raises Conflict, Blocked, NotConfirmed, the
    refusals of T13.
    """
    actor.require(Permission.DECIDE)
    case = take(actor, number, revision=revision)
    facts = queries.remedy_facts(actor, case, at=at)
    catalogue = queries.catalogue(actor)
    require_clear(rules.check(kind_of(catalogue, "escalate", "escalate"), facts, catalogue))
    require_typed(confirmation, rules.phrase("escalate"))
    guard = replace(queries.guards(actor, case, facts), is_confirmed=True)
    told = {"reason": said(actor, reason)}
    case = cases.advance(actor, case, Event.ESCALATED, facts=guard, revision=revision, details=told, at=at)
    taken = rules.snapshot(facts, catalogue, "escalate", None, clean(actor, why))
    record(actor, case, "remedy.escalated", at, advised(taken), **told)
    decided(actor, case, "escalate", taken, at)
    return case


def _origin(offered: Sequence[str]) -> str:
    return "app" if any(one.strip() for one in offered) else "catalogue"


def _check_words(actor: Actor, reason: str, reasons: Sequence[str], text: str) -> None:
    if reason not in reasons:
        raise BadRefusal(
            "拒绝理由不在平台的选项里",
            "The reason is not one of the platform's",
            next=Text(f"从这些里选：{'、'.join(reasons)}。", f"Choose one of: {', '.join(reasons)}."),
            checks=["reason_listed"],
        )
    if not 0 < len(text) <= REFUSE_TEXT_MAX:
        raise BadRefusal(
            f"拒绝说明要 1 到 {REFUSE_TEXT_MAX} 字，现在 {len(text)} 字",
            f"The explanation has 1 to {REFUSE_TEXT_MAX} characters, this one {len(text)}",
            checks=["length"],
        )
    [masked] = masking.mask_texts(actor, [text])
    if masked.had_code:
        raise BadRefusal(
            "说明里像是有卡密，请删掉",
            "The explanation seems to hold a card code: take it out",
            checks=["no_code"],
        )
    own, _ = own_file(actor, "tone.toml")
    failed = [check for check in tone.check_reply(text, override=own) if check.stops]
    if failed:
        raise BadRefusal(
            "；".join(check.text.zh for check in failed),
            "; ".join(check.text.en for check in failed),
            checks=[check.code for check in failed],
        )
