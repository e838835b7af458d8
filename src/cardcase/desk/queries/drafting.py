"""Which reply fits a case now, filled from its facts. A suggestion: a person reads, changes and sends it."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.conf import settings

from cardcase.anchors.queries import Copy
from cardcase.cases.models import Case
from cardcase.cases.rules import Status
from cardcase.evidence.rules import ItemState
from cardcase.inbox.rules import drafts, tone
from cardcase.inbox.rules.drafts import Draft, DraftFacts, Step
from cardcase.kit.text import Text
from cardcase.remedies.queries import Overview
from cardcase.shell import timing
from cardcase.shell.language import current

if TYPE_CHECKING:
    from pathlib import Path

MOST_ASKED: Final = 2
"""More than two things at once are not answered."""

_OFFER_STEPS: Final = {
    "replace_card": Step.OFFER_REPLACEMENT,
    "partial_refund": Step.OFFER_PARTIAL,
    "full_refund": Step.OFFER_FULL,
    "return_and_refund": Step.OFFER_RETURN,
    "resend_same_code": Step.RESEND,
    "goodwill": Step.GOODWILL,
    "wait_issuer": Step.WAIT_ISSUER,
}
_BY_STATUS: Final = {
    Status.WAITING_BUYER: Step.REMIND,
    Status.DECLINED: Step.DECLINE,
    Status.UNDER_REVIEW: Step.ESCALATED,
    Status.EXECUTING: Step.SETTLED,
}


def draft_for(case: Case, judged: Overview, given: Copy | None, *, now: datetime) -> Draft | None:
    """Compose the reply for where a case stands, in the language now spoken; None when nothing fitting can be said.

    The step follows the status, then the offer or remedy in course, then the advice. Facts that are not known stay
    out: the templates ask for them instead. ``given`` is the head of the record, where the shop puts it under replies.
    """
    cards = judged.facts.case.cards_meant()
    card = cards[0] if len(cards) == 1 else None
    asks = _asks(judged)
    step = _step(case, judged, has_asks=bool(asks))
    offer = judged.remedy or judged.offer
    advised = next((option for option in judged.options if option.is_recommended), None)
    amount = offer.amount_fen if offer is not None else advised.amount_fen if advised is not None else None
    balance = card.checks[-1].balance_fen if card and card.checks else None
    slug = case.shop.slug if settings.CARDCASE.overrides.is_dir() else ""
    overrides: Path | None = settings.CARDCASE.overrides / slug if slug else None
    draft = drafts.compose(
        DraftFacts(
            sub_reason=case.sub_reason,
            step=step,
            seed=case.number,
            turn=case.revision if case.status == Status.WAITING_BUYER else 0,
            lang=current(),
            brand=card.brand if card else "",
            tail4=card.tail4 if card else "",
            face_fen=card.face_fen if card else None,
            amount_fen=amount,
            paid_fen=case.order.paid_fen,
            balance_fen=balance,
            expires_on=card.expires_on if card else None,
            asks=asks if step in (Step.ASK_EVIDENCE, Step.REMIND) else (),
            due=_due(case, now),
            nonce=_nonce(judged),
        ),
        overrides=overrides,
    )
    return _with_checkpoint(draft, given) if draft.text else None


def _with_checkpoint(draft: Draft, given: Copy | None) -> Draft:
    """Put the head of the record under a reply, unless it then no longer fits."""
    if given is None:
        return draft
    said = f"{draft.text}\n{given.line.say(current())}"
    longer = Draft(said, draft.template_id, tone.check_reply(said))
    return longer if longer.is_fit or not draft.is_fit else draft


def _step(case: Case, judged: Overview, *, has_asks: bool) -> Step:
    running = judged.remedy or judged.offer
    advised = next((option for option in judged.options if option.is_recommended), None)
    if Status(case.status) in _BY_STATUS:
        return _BY_STATUS[Status(case.status)]
    if running is not None:
        return _OFFER_STEPS.get(running.kind, Step.ACKNOWLEDGE)
    if not case.sub_reason:
        return Step.CLARIFY
    if advised is None or advised.route == "ask":
        return Step.ASK_EVIDENCE if has_asks else Step.ACKNOWLEDGE
    # Nothing is offered before somebody has read the buyer's words; a refusal is chosen and typed by a person.
    step = Step.EXPLAIN if advised.kind == "decline" else _OFFER_STEPS.get(advised.kind, Step.ACKNOWLEDGE)
    return step if case.reason_confirmed_at is not None else Step.ACKNOWLEDGE


def _asks(judged: Overview) -> tuple[Text, ...]:
    wanted = [item for item in judged.items if item.state is ItemState.ASK and item.party == "buyer"]
    wanted.sort(key=lambda item: not item.weight.is_decisive)
    return tuple(item.title for item in wanted[:MOST_ASKED])


def _nonce(judged: Overview) -> str:
    requests = judged.facts.case.requests
    return next((request.nonce for request in reversed(requests) if request.state == "open" and request.nonce), "")


def _due(case: Case, now: datetime) -> Text | None:
    promised = drafts.promise_by(now, case.next_due_at) if case.next_due_at is not None else None
    if promised is None:
        return None
    said = timing.moment_text(promised, now=now)
    return Text(said, said)
