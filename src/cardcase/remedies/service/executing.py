"""The hand moves (T9): checked within minutes, the old code voided first, written down before anything goes out.

Cardcase never pays by itself: it writes ``executing``, and a person acts in the App. ``results`` tells how it ended.
"""

from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction

from cardcase.cards import service as cards
from cardcase.cards.models import Card
from cardcase.cases import service as cases
from cardcase.cases.models import Case
from cardcase.cases.rules import Event, GuardFacts
from cardcase.cases.service.rows import take
from cardcase.kit.errors import Conflict, NotFound, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.remedies import queries, rules
from cardcase.remedies.models import Remedy
from cardcase.remedies.rules import (
    VOID_RESULTS,
    VOIDED_FIRST,
    Blocker,
    RemedyFacts,
    RemedyState,
    is_check_needed,
    is_only_one,
    may_move_money,
    minutes_since_check,
    require_clear,
    require_typed,
)
from cardcase.staff.rules import Actor, Permission

from .rows import record, said

KEY_MAX = 80
_AGREED = (RemedyState.APPROVED, RemedyState.PRECHECKED)


@transaction.atomic
def precheck(
    actor: Actor, number: str, *, void_result: str, at: datetime, note: str = "", override_reason: str = ""
) -> Remedy:
    """Note how voiding the old code went, before the agreed remedy is executed (N4). Moves nothing.

    ``void_result`` is voided, failed, not_possible or unknown. With ``override_reason`` the owner answers for paying
    although the card could not be voided. Raises Refused without an agreed remedy, WrongUse, NotAllowed.
    """
    actor.require(Permission.MONEY if override_reason.strip() else Permission.WORK)
    case = take(actor, number)
    remedy = _agreed(actor, case)
    _check_void_word(actor, case, void_result, at=at)
    return _keep_precheck(
        actor, case, remedy, void_result=void_result, override_reason=override_reason, note=note, at=at
    )


@transaction.atomic
def execute(
    actor: Actor,
    number: str,
    *,
    key: str,
    confirmation: str,
    revision: int,
    at: datetime,
    void_result: str = "",
    override_reason: str = "",
) -> Remedy:
    """Write down that the agreed remedy is being carried out now (T9). For whoever may move money.

    ``key`` names this act: the same key again is the same act and returns the same remedy. The agreed remedy's own
    ``key`` serves well: then each agreement is executed once. ``confirmation`` is the phrase of
    ``rules.phrase("execute", kind, amount)``. A replacement card is kept for the order here; handing it over is
    ``delivery.service.give_replacement``. Raises Conflict, Blocked, NotConfirmed, the refusals of T9.
    """
    actor.require(Permission.MONEY)
    key = key.strip()
    if not key or len(key) > KEY_MAX:
        raise WrongUse("防重复的编号要有 1 到 80 个字符", "The key has 1 to 80 characters")
    case = take(actor, number)
    known: Remedy | None = Remedy.objects.visible_to(actor).filter(key=key).first()
    if known is not None and known.case_id != case.pk:
        raise Conflict("这个编号用在了别的售后单上", "This key belongs to another case")
    if known is not None and known.state not in _AGREED:
        return known
    case = take(actor, number, revision=revision)
    remedy = _agreed(actor, case)
    require_typed(confirmation, rules.phrase("execute", remedy.kind, remedy.amount_fen))
    if void_result or override_reason.strip():
        if void_result:
            _check_void_word(actor, case, void_result, at=at)
        remedy = _keep_precheck(actor, case, remedy, void_result=void_result, override_reason=override_reason, at=at)
    _hold_cards(actor, case)
    facts = queries.remedy_facts(actor, case, at=at)
    is_overridden = bool(remedy.override_reason)
    require_clear(_blockers(actor, remedy, facts), is_overridden=is_overridden)
    replacement = _keep_replacement(actor, case, remedy, facts, at=at)
    checked = minutes_since_check(facts)
    guard = GuardFacts(
        is_card_check_needed=is_check_needed(remedy.kind, facts),
        card_checked_minutes_ago=checked,
        is_void_settled=True,
        is_only_money_remedy=is_only_one(facts, remedy.public_id, is_overridden=is_overridden),
        is_free_of_platform_dispute=may_move_money(remedy.kind, facts),
        idempotency_key=key,
        is_confirmed=True,
    )
    told = {"remedy": remedy.public_id, "kind": remedy.kind, "amount_fen": remedy.amount_fen, "key": key}
    case = cases.advance(actor, case, Event.EXECUTED, facts=guard, revision=revision, details=told, at=at)
    changes = {
        "state": RemedyState.EXECUTING.value,
        "key": key,
        "executed_at": at,
        "replacement": replacement,
        "precheck": {
            **remedy.precheck,
            "card_checked_minutes_ago": checked,
            "timing": facts.findings.timing.value,
            "spent_before_fen": facts.spent_fen,
        },
    }
    try:
        with transaction.atomic():
            won = (
                Remedy.objects.visible_to(actor)
                .filter(pk=remedy.pk, state__in=[state.value for state in _AGREED])
                .update(**changes)
            )
    except IntegrityError as error:
        raise Conflict("这个编号刚刚被用掉了", "This key has just been used") from error
    if not won:
        raise Conflict("这个方案刚刚被处理了", "This remedy has just been dealt with")
    remedy.refresh_from_db()
    record(actor, case, "remedy.executing", at, **told, value_fen=remedy.value_fen, precheck=remedy.precheck)
    return remedy


def _hold_cards(actor: Actor, case: Case) -> None:
    """Lock the order's cards: a redemption, or an answer about voiding, is seen now or waits until we are through."""
    list(Card.objects.visible_to(actor).filter(order_id=case.order_id).select_for_update().order_by("pk").only("pk"))


def _agreed(actor: Actor, case: Case) -> Remedy:
    remedy = queries.live_remedy(actor, case)
    if remedy is None or remedy.state not in _AGREED:
        raise Refused(
            "没有已同意、待执行的方案",
            "No agreed remedy is waiting to be executed",
            next=Text(
                "先提出方案并得到同意，或直接同意买家要求。", "Offer and get it accepted, or agree to the claim."
            ),
            code="nothing_agreed",
        )
    return remedy


def _check_void_word(actor: Actor, case: Case, void_result: str, *, at: datetime) -> None:
    if void_result not in VOID_RESULTS:
        raise WrongUse(
            f"作废结果不对：{void_result}",
            f"Not a result of voiding: {void_result}",
            next=Text(f"可用的有 {'、'.join(VOID_RESULTS)}。", f"Possible: {', '.join(VOID_RESULTS)}."),
        )
    facts = queries.remedy_facts(actor, case, at=at)
    alive = [card for card in facts.case.cards_meant() if card.state not in rules.DEAD_STATES]
    if void_result == "voided" and alive:
        raise Refused(
            "卡库里这张卡还没有登记为已作废",
            "The card is not recorded as voided yet",
            next=Text("在卡库里作废它，并上传发卡方凭证。", "Void it in the stock, with the issuer's record as proof."),
            code="void_unproven",
        )


def _keep_precheck(
    actor: Actor, case: Case, remedy: Remedy, *, void_result: str, override_reason: str, note: str = "", at: datetime
) -> Remedy:
    told = {"void_result": void_result} if void_result else {}
    remedy.precheck = {**remedy.precheck, **told, "note": said(actor, note)}
    remedy.override_reason = said(actor, override_reason) or remedy.override_reason
    remedy.state = RemedyState.PRECHECKED.value
    won = (
        Remedy.objects.visible_to(actor)
        .filter(pk=remedy.pk, state__in=[state.value for state in _AGREED])
        .update(precheck=remedy.precheck, override_reason=remedy.override_reason, state=remedy.state)
    )
    if not won:
        raise Conflict("这个方案刚刚被处理了", "This remedy has just been dealt with")
    record(
        actor,
        case,
        "remedy.prechecked",
        at,
        remedy=remedy.public_id,
        void_result=void_result,
        note=remedy.precheck["note"],
        override_reason=remedy.override_reason,
    )
    return remedy


def _blockers(actor: Actor, remedy: Remedy, facts: RemedyFacts) -> list[Blocker]:
    """Run the preconditions once more at the last moment, without the remedy itself, and those of the hand."""
    others = tuple(one for one in facts.remedies if one.public_id != remedy.public_id)
    judged = replace(facts, remedies=others)
    catalogue = queries.catalogue(actor)
    kind = catalogue.kinds[remedy.kind]
    found = list(rules.check(kind, judged, catalogue, amount_fen=remedy.amount_fen))
    void_result = str(remedy.precheck.get("void_result", ""))
    if remedy.kind in VOIDED_FIRST:
        found += _some(rules.void_blocker(judged, void_result, remedy.override_reason, agreed_at=remedy.decided_at))
    found += _some(rules.sum_blocker(judged, remedy.value_fen, remedy.override_reason))
    return found


def _some(blocker: Blocker | None) -> list[Blocker]:
    return [blocker] if blocker is not None else []


def _keep_replacement(actor: Actor, case: Case, remedy: Remedy, facts: RemedyFacts, *, at: datetime) -> Card | None:
    """Keep an equal card for the order, so that of two cases only one gets the last card."""
    if remedy.kind != "replace_card":
        return None
    meant = facts.case.cards_meant()
    if len(meant) != 1:
        raise Refused(
            "这一单有多张卡，先指明换哪一张",
            "The order has several cards: say first which one is replaced",
            code="card_not_named",
        )
    kept = cards.reserve_equal(actor, meant[0].public_id, order_no=case.order.order_no, at=at)
    found = Card.objects.visible_to(actor).filter(public_id=kept).first()
    if found is None:
        raise NotFound("没有这张卡", "There is no such card")
    assert isinstance(found, Card)
    return found
