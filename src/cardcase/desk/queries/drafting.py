"""Which reply fits a case now, filled from its facts. A suggestion: a person reads, changes and sends it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings

from cardcase.anchors.queries import Copy
from cardcase.cases.models import Case
from cardcase.cases.rules import Status
from cardcase.evidence.rules import CardSeen, ItemState
from cardcase.inbox.rules import drafts, tone
from cardcase.inbox.rules.drafts import Draft, DraftFacts, Form, Mood, Step
from cardcase.kit.text import Text
from cardcase.remedies.queries import Overview
from cardcase.shell import timing
from cardcase.shell.language import current

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


_UPSET: Final = ("hostility", "urgency", "threat")
"""Signals of triage that say how the buyer speaks."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants the reply: in which form, which variant, of which step (None: what fits the case now).

    ``said``: what we told this buyer before, oldest first.
    """

    form: Form = Form.SHORT
    turn: int = 0
    step: Step | None = None
    said: Sequence[str] = ()


AS_IT_IS: Final = Wish()
MOST_TURNS: Final = 12
"""Variants are gone through in a circle no larger than this."""


def wish_from(form: str, turn: str, step: str = "") -> Wish:
    """Read a wish that somebody typed or clicked; what is not known is as if not said."""
    return Wish(
        form=Form(form) if form in set(Form) else Form.SHORT,
        turn=int(turn) % MOST_TURNS if turn.isascii() and turn.isdecimal() and len(turn) <= 2 else 0,  # noqa: PLR2004
        step=Step(step) if step in set(Step) else None,
    )


def draft_for(
    case: Case, judged: Overview, given: Copy | None, *, now: datetime, wish: Wish = AS_IT_IS
) -> Draft | None:
    """Compose the reply for where a case stands, in the language now spoken; None when nothing fitting can be said.

    The step follows the status, then the offer or remedy in course, then the advice. Facts that are not known stay
    out: the templates ask for them instead. ``given`` is the head of the record, where the shop puts it under replies.
    """
    facts, own = facts_for(case, judged, now=now, wish=wish), overrides_of(case)
    draft = drafts.compose(facts, overrides=own)
    if wish.turn and draft.text:
        others = drafts.wordings(facts, overrides=own)
        draft = others[wish.turn % len(others)]
    return _with_checkpoint(draft, given, own) if draft.text else None


def wordings_for(case: Case, judged: Overview, *, now: datetime, wish: Wish = AS_IT_IS) -> tuple[Draft, ...]:
    """Return the different ways to say it now, the best first."""
    return drafts.wordings(facts_for(case, judged, now=now, wish=wish), overrides=overrides_of(case))


def overrides_of(case: Case) -> Path | None:
    """Return the folder of the shop's own data files, None when nobody has any."""
    folder: Path = settings.CARDCASE.overrides
    return folder / case.shop.slug if folder.is_dir() else None


def facts_for(case: Case, judged: Overview, *, now: datetime, wish: Wish = AS_IT_IS) -> DraftFacts:
    """Gather what a reply may be filled with, each value with where it comes from."""
    cards = judged.facts.case.cards_meant()
    card = cards[0] if len(cards) == 1 else None
    asks = _asks(judged)
    step = wish.step or _step(case, judged, has_asks=bool(asks))
    offer = judged.remedy or judged.offer
    advised = next((option for option in judged.options if option.is_recommended), None)
    amount = offer.amount_fen if offer is not None else advised.amount_fen if advised is not None else None
    balance = card.checks[-1].balance_fen if card and card.checks else None
    return DraftFacts(
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
        form=wish.form,
        mood=Mood.UPSET if any(name.startswith(_UPSET) for name in case.signals) else Mood.CALM,
        said=tuple(wish.said),
        sources=_sources(case, judged, card, now=now),
    )


def _sources(case: Case, judged: Overview, card: CardSeen | None, *, now: datetime) -> dict[str, Text]:
    """Say for each blank where its value comes from, so that whoever sends it can look it up."""
    offer = judged.remedy or judged.offer
    found = {
        "amount": Text("已提出的方案", "the remedy in course") if offer else Text("建议的方案", "the advice"),
        "paid": Text(f"订单 {case.order.order_no} 的实付", f"paid on order {case.order.order_no}"),
        "asks": Text("证据清单", "the checklist of evidence"),
        "nonce": Text("补证要求", "the request for evidence"),
    }
    if case.next_due_at is not None:
        due = timing.moment_text(case.next_due_at, now=now)
        found["due"] = Text(f"最近的时限 {due}，取其一半、避开夜里", f"half of the time until {due}, never at night")
    if card is not None:
        seen = Text(f"卡库，尾号 {card.tail4}", f"the stock, card ending {card.tail4}")
        found |= dict.fromkeys(("brand", "tail", "face", "expires"), seen)
        if card.checks:
            at = timing.moment_text(card.checks[-1].at, now=now)
            found["balance"] = Text(f"{at} 的查验记录", f"balance check of {at}")
    return found


def _with_checkpoint(draft: Draft, given: Copy | None, own: Path | None = None) -> Draft:
    """Put the head of the record under a reply, unless it then no longer fits."""
    if given is None:
        return draft
    said = f"{draft.text}\n{given.line.say(current())}"
    longer = replace(draft, text=said, checks=tone.check_reply(said, override=drafts.tone_file(own)))
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
