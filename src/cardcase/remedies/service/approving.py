"""Above an agent's limit: the agent drafts, somebody else who may decide lets it go out or not. Four eyes."""

from datetime import datetime
from typing import Final, Literal

from django.db import transaction

from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.cases.service.rows import keep, save, take
from cardcase.kit import ids
from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.remedies import queries, rules
from cardcase.remedies.models import Offer, Remedy
from cardcase.remedies.rules import OfferState, RemedyState, kind_of, require_clear, value_of
from cardcase.staff.rules import Actor, Permission

from .deciding import OFFER_LASTS, agree, amount_for, new_remedy, propose
from .rows import label, record, said

APPROVAL_WANTED: Final = "approval_wanted"
"""The need by which a case asks for somebody who may decide."""

Way = Literal["offer", "concede"]


@transaction.atomic
def ask_approval(
    actor: Actor,
    number: str,
    kind: str,
    way: Way,
    *,
    revision: int,
    at: datetime,
    amount_fen: int | None = None,
    reason: str = "",
) -> Offer | Remedy:
    """Draft an offer, or propose to concede, that is above one's limit. Nothing goes out; a lead or the owner is asked.

    Raises Conflict, Blocked, Refused when a draft waits already or no approval is needed, WrongUse.
    """
    actor.require(Permission.OFFER)
    case = take(actor, number, revision=revision)
    if queries.draft_of(actor, case) is not None:
        raise Refused("已有一个等批准的方案", "A draft waits for approval already", code="approval_pending")
    facts = queries.remedy_facts(actor, case, at=at)
    catalogue = queries.catalogue(actor)
    if way not in ("offer", "concede"):
        raise WrongUse("要写明是提给买家，还是直接同意", "Say whether to offer it or to agree at once")
    chosen = kind_of(catalogue, kind, "offer")
    amount = amount_for(chosen, facts, catalogue, amount_fen)
    require_clear(rules.check(chosen, facts, catalogue, amount_fen=amount))
    value = value_of(chosen, amount, facts)
    if actor.may(Permission.DECIDE) or value <= case.shop.agent_limit_fen:
        raise Refused("在你的权限内，直接做就行", "Within your limit: do it at once", code="no_approval_needed")
    made: Offer | Remedy
    if way == "offer":
        made = Offer.objects.create(
            shop_id=actor.shop_id,
            public_id=ids.public_id("offer"),
            case=case,
            kind=kind,
            amount_fen=amount,
            proposed_by=label(actor),
            state=OfferState.DRAFT.value,
            expires_at=at + OFFER_LASTS,
            proposed_at=at,
            settled_reason="",
        )
    else:
        made = new_remedy(actor, case, chosen, at=at)
        made.amount_fen, made.value_fen, made.state = amount, value, RemedyState.PROPOSED.value
        made.save()
    figure = f" {yuan(amount)}" if amount is not None else ""
    wanted = Text(
        f"{label(actor)} 请批准：{chosen.title_zh}{figure}",
        f"{label(actor)} asks for approval: {chosen.title_en}{figure}",
    )
    cases.add_need(actor, case, APPROVAL_WANTED, wanted, at=at)
    record(
        actor,
        case,
        "remedy.approval_asked",
        at,
        kind=kind,
        way=way,
        amount_fen=amount,
        value_fen=value,
        reason=said(actor, reason),
    )
    return made


@transaction.atomic
def settle_approval(
    actor: Actor,
    number: str,
    *,
    is_approved: bool,
    revision: int,
    at: datetime,
    confirmation: str = "",
    reason: str = "",
) -> Offer | Remedy:
    """Let what was drafted go out, or not. Whoever drafted it cannot approve it, whatever their role is now.

    Everything is judged again at this moment. ``confirmation``: the phrase of a concession. Raises Conflict, Refused
    without a draft or to its drafter, Blocked, NotConfirmed, the refusals of T5 and T8.
    """
    actor.require(Permission.DECIDE)
    case = take(actor, number, revision=revision)
    draft = queries.draft_of(actor, case)
    if draft is None:
        raise Refused("没有等批准的方案", "Nothing waits for approval", code="nothing_to_approve")
    drafted_by = draft.proposed_by if isinstance(draft, Offer) else draft.decided_by
    if is_approved and drafted_by == label(actor):
        raise Refused("要由另一个人来批准", "Somebody else has to approve it", code="four_eyes")
    if not is_approved:
        drop(actor, case, draft, said(actor, reason), at=at)
        return draft
    forget(actor, case)
    if isinstance(draft, Offer):
        return propose(actor, case, draft.kind, draft.amount_fen, draft=draft, at=at)
    return agree(actor, case, draft.kind, draft.amount_fen, typed=confirmation, draft=draft, at=at)


def drop(actor: Actor, case: Case, draft: Offer | Remedy, reason: str, *, at: datetime) -> None:
    """End a draft that does not go out."""
    if isinstance(draft, Offer):
        draft.state, draft.settled_at, draft.settled_reason = OfferState.WITHDRAWN.value, at, reason
        draft.save(update_fields=["state", "settled_at", "settled_reason"])
    else:
        draft.state, draft.note = RemedyState.CANCELLED.value, reason
        draft.save(update_fields=["state", "note"])
    forget(actor, case)
    record(actor, case, "remedy.approval_refused", at, kind=draft.kind, amount_fen=draft.amount_fen, reason=reason)


def forget(actor: Actor, case: Case) -> None:
    """Stop asking for approval."""
    rest = [need for need in case.needs_human if need["code"] != APPROVAL_WANTED]
    if rest != case.needs_human:
        keep(case, needs_human=rest)
        save(actor, case)
