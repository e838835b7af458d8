"""Looks at what cards are worth: noted down, asked of a checker, demanded just before a code leaves."""

from datetime import datetime, timedelta

from django.db import transaction

from cardcase.cards import checkers, masking, queries, sealing
from cardcase.cards.models import BalanceCheck, Card
from cardcase.cards.queries.books import SOLD
from cardcase.cards.rules import FRESH_FOR, LIFE, WHY_NOT_FRESH, CardEvent, CardState, CheckKind, Freshness
from cardcase.kit import clock
from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from . import proofs, rows
from .reveal import require_person


@transaction.atomic
def record_balance_check(
    actor: Actor,
    card_id: str,
    *,
    method: str,
    at: datetime,
    kind: CheckKind | None = None,
    balance_fen: int | None = None,
    is_usable: bool | None = None,
    checked_at: datetime | None = None,
    proof: bytes | None = None,
    note: str = "",
) -> BalanceCheck:
    """Note what somebody saw the card to be worth: how (such as "issuer_site"), when (now, if unsaid), with what proof.

    ``kind`` says what the look was for; unsaid, the card's state tells: in stock, kept for an order, or given out.
    ``proof`` is a file, such as a screenshot, that is kept encrypted and named by its hash in the record. A check of an
    acquired card makes it checked. Raises NotFound, WrongUse when neither balance nor use is told, the balance is
    negative, or the look lies in the future.
    """
    actor.require(Permission.WORK)
    seen_at = checked_at or at
    tells_nothing = balance_fen is None and is_usable is None
    if tells_nothing or seen_at > at or (balance_fen is not None and balance_fen < 0):
        raise WrongUse(
            "查验结果不完整、余额是负数，或时间在将来",
            "The check tells nothing, has a negative balance, or lies in the future",
            next=Text("填余额或能否使用。", "Tell the balance or whether it can be used."),
        )
    card = rows.locked(actor, card_id)
    check = BalanceCheck(
        shop_id=actor.shop_id,
        card=card,
        checked_at=seen_at,
        checked_by=actor.label[:80],
        kind=(kind or _kind_of(card)).value,
        method=method.strip()[:40],
        balance_fen=balance_fen,
        is_usable=is_usable if is_usable is not None else (balance_fen or 0) > 0,
        proof_sha256=proofs.keep(actor, card.public_id, proof or b"", at=at),
        note=masking.mask_text(actor, note.strip()).text[:300],
    )
    check.save()
    if (CardState(card.state), CardEvent.CHECK) in LIFE:
        card.become(CardEvent.CHECK)
        card.save(update_fields=["state"])
    facts = {
        "checked_at": clock.iso(seen_at),
        "kind": check.kind,
        "method": check.method,
        "balance_fen": balance_fen,
        "is_usable": check.is_usable,
        "proof_sha256": check.proof_sha256,
        "by": actor.label,
    }
    rows.note(actor, "card.checked", card, at, facts)
    return check


def _kind_of(card: Card) -> CheckKind:
    state = CardState(card.state)
    if state in SOLD:
        return CheckKind.AFTER
    return CheckKind.BEFORE_REVEAL if state is CardState.RESERVED else CheckKind.PRE_SALE


def check_before_reveal(actor: Actor, card_id: str, *, at: datetime, fresh_for: timedelta = FRESH_FOR) -> Freshness:
    """Demand that a look at the card stands that lets its code leave now: recent, usable, worth its face value.

    Raises Refused ("check_needed", with the reason and what to look at) when none does, NotFound, NotAllowed. The
    caller holds the card's lock where the code leaves in the same transaction. Reads only.
    """
    actor.require(Permission.WORK)
    found = queries.freshness_of(actor, card_id, at=at, fresh_for=fresh_for)
    if found.is_fresh:
        return found
    guide = queries.check_guide(actor, card_id)
    why = WHY_NOT_FRESH[found.reason]
    minutes = int(fresh_for.total_seconds() // 60)
    raise Refused(
        f"这张卡发出前要先查余额：{why.zh}（{minutes} 分钟内的查验才算）",
        f"The card must be looked at before its code leaves: {why.en} (a look of the last {minutes} minutes counts)",
        next=Text(f"{guide.where.zh}。{guide.what.zh}。", f"{guide.where.en}. {guide.what.en}."),
        code="check_needed",
        reason=found.reason,
    )


def ask_checker(
    actor: Actor, card_id: str, *, checker: str, at: datetime, kind: CheckKind | None = None
) -> BalanceCheck:
    """Let an installed checker look at a card, and note what it found; ``kind`` as in ``record_balance_check``.

    Asking uses the code: a person with the right to manage cards answers for it, and the record says who asked, of whom
    and why before the code leaves the vault. Raises NotAllowed, NotFound, WrongUse for a checker that is not there, and
    Refused ("checker_silent") when it found nothing out.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    asked = checkers.named(checker)
    with transaction.atomic(durable=True):
        card = rows.locked(actor, card_id)
        kind = kind or _kind_of(card)
        rows.note(actor, "card.asked", card, at, {"checker": checker, "kind": kind.value, "by": actor.label})
    finding = asked.check(actor, sealing.open_code(card), card.brand)
    if finding is None:
        raise Refused(
            "查验程序没有查到结果",
            "The checker found nothing out",
            next=Text("请人工查验后记录。", "Look by hand and note it."),
            code="checker_silent",
        )
    return record_balance_check(
        actor,
        card_id,
        method=f"checker:{checker}",
        at=at,
        kind=kind,
        balance_fen=finding.balance_fen,
        is_usable=finding.is_usable,
        proof=finding.proof,
        note=finding.note,
    )
