"""The sheet of a case: what ``handle --json``, ``case show --json`` and the API print. A stable contract."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cardcase.cases import queries as cases
from cardcase.desk import words
from cardcase.evidence.rules import standing, to_ask
from cardcase.inbox.rules.drafts import Draft
from cardcase.kit.clock import SHANGHAI
from cardcase.kit.text import Text
from cardcase.remedies.rules.advice import Advice, document
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.staff.rules import Actor

from .view import CaseView, case_views

Sheet = dict[str, Any]


def sheet(actor: Actor, number: str, *, now: datetime) -> Sheet:
    """Return everything that a seller needs to decide a case, as plain JSON. Times ISO 8601 with zone, money in 分.

    Raises NotFound.
    """
    [made] = sheets(actor, [number], now=now)
    return made


def sheets(actor: Actor, numbers: Sequence[str], *, now: datetime) -> list[Sheet]:
    """Return the sheets of several cases, in the order given. Raises NotFound."""
    return [sheet_of(view) for view in case_views(actor, numbers, now=now)]


def sheet_of(view: CaseView) -> Sheet:
    """Write a case that was read already."""
    case, clock = view.case, view.clock
    return {
        "number": case.number,
        "order_no": case.order.order_no,
        "buyer": words.buyer_text(case),
        "goods": words.goods_text(case),
        "claimed_fen": case.claimed_fen,
        "currency": "CNY",
        "claimed_reason": case.claimed_reason or "unstated",
        "sub_reason": case.sub_reason or None,
        "second_reason": case.second_reason or None,
        "found_cause": case.found_cause or None,
        "confidence": round(case.confidence or 0.0, 3),
        "reader": case.reader or None,
        "language": case.language or None,
        "language_is_sure": case.is_language_sure,
        "quotes": [{"text": quote["text"], "message": quote["message"]} for quote in case.quotes],
        "signals": list(case.signals),
        "stage": case.stage,
        "status": case.status,
        "waiting_on": case.waiting_on,
        "outcome": case.outcome or None,
        "ruling": case.ruling_raw or None,
        "reviews": [
            {"text": row.text, "cause": row.cause, "measure": row.measure, "missed": row.missed, "at": iso(row.at)}
            for row in view.reviews
        ],
        "net_fen": view.judged.net.net_fen if view.judged.net else None,
        "linked_to": case.linked_to.number if case.linked_to else None,
        "snoozed_until": iso(case.snoozed_until) if case.snoozed_until else None,
        "clock": {
            "kind": clock.kind.value,
            "due_at": iso(clock.due_at),
            "source": clock.source.value,
            "certainty": clock.certainty.value,
            "rule": clock.rule,
            "if_missed": clock.if_missed.value,
        }
        if clock
        else None,
        "evidence": [
            {
                "kind": item.kind,
                "title": say(item.title),
                "state": item.state.value,
                "party": item.party,
                "why": say(item.why),
                "weight": item.weight.value,
            }
            for item in view.items
        ],
        "questions": _questions(view),
        "answers": [
            {
                "playbook": row.playbook,
                "question": row.question,
                "answer": row.answer,
                "asked": say(Text(row.asked_text["zh"], row.asked_text["en"])),
                "said": say(Text(row.said_text["zh"], row.said_text["en"])),
                "note": row.note or None,
                "message": row.message or None,
                "certainty": "claimed",
                "by": row.by,
                "at": iso(row.at),
            }
            for row in view.answers
        ],
        "remedies": [
            {
                "kind": option.kind,
                "title": say(option.title),
                "allowed": option.allowed,
                "blocked_by": [{"code": blocker.code, "why": say(blocker.text)} for blocker in option.blocked_by],
                "floor": option.is_floor,
                "recommended": option.is_recommended,
                "cost_low_fen": option.cost_low_fen,
                "cost_high_fen": option.cost_high_fen,
                "harm_fen": option.harm_fen,
            }
            for option in view.options
        ],
        "advice": _advice(view.judged.advice),
        "floor": say(view.floor),
        "offers": [
            {
                "kind": offer.kind,
                "amount_fen": offer.amount_fen,
                "state": offer.state,
                "counter_fen": offer.counter_fen,
                "expires_at": iso(offer.expires_at),
            }
            for offer in view.judged.offers
        ],
        "disputes": [
            {
                "kind": dispute.kind,
                "external_id": dispute.external_id or None,
                "status": dispute.status,
                "status_raw": dispute.status_raw,
                "respond_by": iso(dispute.respond_by) if dispute.respond_by else None,
                "allowed_actions": list(dispute.allowed_actions),
                "source": dispute.source,
                "fetched_at": iso(dispute.fetched_at),
            }
            for dispute in view.disputes
        ],
        "draft": draft_document(view.draft) if view.draft else None,
        "hold": case.is_held,
        "needs_human": [{"code": need["code"], "zh": need["zh"], "en": need["en"]} for need in case.needs_human],
        "allowed_moves": [
            {
                "event": move.event.value,
                "row": move.row,
                "title": say(move.title),
                "allowed": move.allowed,
                "why_not": say(move.why_not) if move.why_not else None,
                "needs_typed_confirmation": move.needs_typed_confirmation,
                "records_for": move.records_for.value if move.records_for else None,
            }
            for move in view.moves
        ],
        "revision": case.revision,
    }


def draft_document(draft: Draft) -> dict[str, Any]:
    """Write a draft for programs: its words and checks, what was filled in from where, what would help."""
    return {
        "text": draft.text,
        "length": len(draft.text),
        "template": draft.template_id,
        "checks": [{"code": check.code, "ok": check.ok, "text": say(check.text)} for check in draft.checks],
        "filled": [
            {
                "name": one.name,
                "title": say(one.title),
                "value": one.value,
                "source": say(one.source) if one.source else None,
            }
            for one in draft.filled
        ],
        "missing": [{"name": one.name, "title": say(one.title), "how": say(one.how)} for one in draft.missing],
        "is_repeat": draft.is_repeat,
    }


def _questions(view: CaseView) -> list[dict[str, Any]]:
    """Write what the playbook of the present reason asks, how each can be answered, and which answer stands."""
    latest, open_ones = standing(view.answers), {one.id for one in to_ask(view.playbook, view.answers)}
    return [
        {
            "playbook": view.playbook.id,
            "id": question.id,
            "text": say(question.text),
            "why": say(question.why),
            "to_ask": question.id in open_ones,
            "answer": row.answer if (row := latest.get((view.playbook.id, question.id))) else None,
            "answers": [
                {
                    "id": answer.id,
                    "text": say(answer.text),
                    "means": say(answer.means),
                    "points_to": answer.points_to or None,
                    "asks": list(answer.asks),
                }
                for answer in question.choices
            ],
        }
        for question in view.playbook.questions
    ]


def _advice(advice: Advice) -> dict[str, Any]:
    """Write the advice behind the remedies in the words of ``cardcase advise``, without the remedies themselves."""
    whole = document(advice)
    names = (
        "recommended",
        "recommended_amount_fen",
        "abstain",
        "ask_first",
        "p_seller_fault",
        "numbers",
        "basis",
        "version",
    )
    return {name: whole[name] for name in names}


def iso(moment: datetime) -> str:
    """Write a moment with the zone of the trade."""
    return moment.astimezone(SHANGHAI).isoformat(timespec="seconds")


def queue(actor: Actor, *, limit: int, now: datetime, chosen: str = "", after: str | None = None) -> list[Sheet]:
    """Return the open cases in short, soonest due first."""
    return [
        {
            "number": case.number,
            "order_no": case.order_no,
            "buyer": words.buyer_name(case.nick),
            "title": words.goods_name(case.title, case.order_no),
            "claimed_fen": case.claimed_fen,
            "claimed_reason": case.claimed_reason or "unstated",
            "sub_reason": case.sub_reason or None,
            "reason_text": words.reason_pill(case.claimed_reason, case.sub_reason, is_long=True).text,
            "stage": case.stage,
            "status": case.status,
            "status_text": words.status_pill(case.status).text,
            "waiting_on": case.waiting_on,
            "due_at": iso(case.next_due_at) if case.next_due_at else None,
            "due_text": timing.countdown(case.next_due_at, now=now).text,
            "hold": case.is_held,
            "snoozed_until": iso(case.snoozed_until) if case.snoozed_until else None,
            "revision": case.revision,
            "cursor": case.cursor,
        }
        for case in cases.queue(actor, limit=limit, after=after, chosen=chosen, now=now)
    ]
