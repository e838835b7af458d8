"""Asking the rules about a batch or an order, keeping the flags, and a person's decision about one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256

import structlog
from django.db import transaction
from django.db.models import OuterRef, Subquery

from cardcase.cards import service as cards
from cardcase.cards import vault
from cardcase.cards.masking import mask_text
from cardcase.cards.models import CardBatch
from cardcase.cards.service.reveal import given_reason, require_person
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit import canonical, ids
from cardcase.kit.errors import NotFound, Refused, WrongUse
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.sourcing import datafiles, queries
from cardcase.sourcing.models import FlagEvent, Judged, RiskFlag, SaleSignal
from cardcase.sourcing.queries.touched import Touched
from cardcase.sourcing.rules import flags as life
from cardcase.sourcing.rules.flags import Decision, FlagState
from cardcase.sourcing.rules.legality import Raised, raise_flags
from cardcase.sourcing.rules.purchases import SIGNALS
from cardcase.staff.rules import Actor, Permission

log = structlog.get_logger("cardcase.sourcing")


@transaction.atomic
@custody.together()
def evaluate_batch(actor: Actor, batch_id: str, *, at: datetime) -> list[RiskFlag]:
    """Ask the rules about a purchase, as they stood on its day, and bring its flags in line. Again changes nothing.

    Returns the open flags. Raises NotAllowed, NotFound.
    """
    actor.require(Permission.WORK)
    rows = CardBatch.objects.visible_to(actor).select_for_update(of=("self",))
    batch: CardBatch | None = rows.filter(public_id=batch_id).first()
    if batch is None:
        raise NotFound("没有这个批次", "There is no such batch")
    facts = queries.purchase_facts(actor, batch)
    raised = raise_flags(datafiles.legality(actor).records.values(), facts)
    found = _follow(actor, "batch", batch.public_id, raised, at=at)
    _note(actor, batch.public_id, queries.stamp(actor, facts), at)
    return found


@transaction.atomic
@custody.together()
def evaluate_order(actor: Actor, order_id: str, *, at: datetime) -> list[RiskFlag]:
    """Ask the rules about a paid sale, as they stood on its day; see ``evaluate_batch``. An unpaid one has no flags."""
    actor.require(Permission.WORK)
    rows = Order.objects.visible_to(actor).select_for_update(of=("self",))
    order: Order | None = rows.filter(public_id=order_id).first()
    if order is None:
        raise NotFound("没有这笔订单", "There is no such order")
    found: list[RiskFlag] = []
    newest = _held_shop(actor, at)
    facts = queries.sale_facts(actor, order)
    if facts is not None:
        raised = raise_flags(datafiles.legality(actor).records.values(), facts)
        own = [one for one in raised if not one.is_of_shop]
        found = _follow(actor, "order", order.public_id, own, at=at)
        _follow_shop(actor, newest, [one for one in raised if one.is_of_shop], facts.on.isoformat(), at=at)
    _note(actor, order.public_id, queries.stamp(actor, facts), at)
    return found


@transaction.atomic
@custody.together()
def decide_flag(actor: Actor, flag_id: str, decision: str, *, reason: str, at: datetime) -> RiskFlag:
    """Write down what a person decides about an open flag, and why. Stopping sets a batch's unsold cards aside.

    Clearing a flag and accepting a risk are the owner's; stopping, which harms nobody, is a lead's too. Raises
    NotAllowed, NotFound, Refused unless the flag is open, WrongUse without a reason or for a decision that is none.
    """
    return _decide(actor, [flag_id], decision, {}, reason=reason, at=at)[0]


@transaction.atomic
@custody.together()
def decide_flags(actor: Actor, seen: Mapping[str, str], decision: str, *, reason: str, at: datetime) -> list[RiskFlag]:
    """Write down one decision about several open flags, all or none; each keeps its own step and record entry.

    ``seen`` holds the mark under which each was looked at (``rules.flags.mark``), by public id, so that nothing is
    decided that changed meanwhile. Raises what ``decide_flag`` raises, and Refused for more than ``AT_ONCE``.
    """
    if not seen:
        raise WrongUse(
            "没有选提示", "No flag was chosen", next=Text("勾选至少一条再决定。", "Tick at least one, then decide.")
        )
    if len(seen) > life.AT_ONCE:
        raise WrongUse(
            f"一次最多决定 {life.AT_ONCE} 条，选了 {len(seen)} 条",
            f"One decision covers at most {life.AT_ONCE} flags; {len(seen)} were chosen",
            next=Text("分几次决定。", "Decide in several steps."),
        )
    return _decide(actor, list(seen), decision, seen, reason=reason, at=at)


@transaction.atomic
@custody.together()
def note_signal(
    actor: Actor, order_id: str, kind: str, *, at: datetime, payer: str = "", note: str = ""
) -> list[RiskFlag]:
    """Note what a person saw about a sale (``rules.purchases.SIGNALS``) and ask the rules again; return its open flags.

    Of a payer's name only a keyed digest is kept. Raises NotAllowed, NotFound, WrongUse.
    """
    require_person(actor, Permission.WORK)
    if kind not in SIGNALS or (kind == "payer") != bool(payer.strip()):
        raise WrongUse("没有这种情况，或没有写付款人", "There is no such signal, or the payer is missing")
    order: Order | None = Order.objects.visible_to(actor).filter(public_id=order_id).first()
    if order is None:
        raise NotFound("没有这笔订单", "There is no such order")
    name = "".join(payer.split()).casefold()
    signal = SaleSignal(
        shop_id=actor.shop_id,
        order=order,
        kind=kind,
        payer_digest=vault.keyed_digest(f"{actor.shop_id}|payer|{name}".encode()) if name else "",
        note=mask_text(actor, note.strip()).text[:300],
        by=actor.label[:80],
        at=at,
    )
    signal.save(force_insert=True)
    custody.append(actor, Record("order.signal_noted", order.public_id, at, {"kind": kind, "by": actor.label}))
    return evaluate_order(actor, order_id, at=at)


def evaluate_changed(actor: Actor, *, at: datetime, limit: int = 500) -> int:
    """Ask the rules about the batches and orders that changed since they were last asked; return how many were asked.

    What the record does not name since the round before is not even read (``queries.touched``), but for what failed.
    Each is a transaction of its own, so that a long round holds nothing and can stop anywhere. One that fails is noted
    (``queries.unasked``) and the round goes on. Raises BrokenCatalogue when the shop's rules cannot be read.
    """
    actor.require(Permission.WORK)
    now = queries.next_round(actor, at=at)
    touched = now.touched
    batches = queries.changed_batches(actor, limit=limit, among=touched.batches if touched else None)
    asked = sum(_asked(actor, evaluate_batch, batch_id, at) for batch_id in batches)
    among = touched.orders if touched else None
    orders = queries.changed_orders(actor, at=at, limit=limit - len(batches), among=among)
    asked += sum(_asked(actor, evaluate_order, order_id, at) for order_id in orders)
    if len(batches) + len(orders) < limit:  # nothing was left for the next round
        if touched is not None:
            _note_kin(actor, touched)
        Judged.objects.update_or_create(
            shop_id=actor.shop_id,
            subject=queries.round_subject(actor),
            defaults={"stamp": now.stamp, "at": now.full_at},
        )
    Judged.objects.visible_to(actor).filter(subject=queries.rules_subject(actor)).delete()
    return asked


def note_unreadable(actor: Actor, *, at: datetime) -> None:
    """Note that the rules of a shop could not be asked at all, so that ``cardcase doctor`` and its flags say so."""
    actor.require(Permission.WORK)
    _note(actor, queries.rules_subject(actor), queries.FAILED, at)


def _asked(actor: Actor, ask: Callable[..., object], subject: str, at: datetime) -> bool:
    """Ask the rules about one subject; note it when that fails. What the error says is not kept: it may hold data."""
    try:
        ask(actor, subject, at=at)
    except Exception as error:  # noqa: BLE001 - one bad subject must not keep the rules from all the others
        log.warning("rules_not_asked", shop=actor.shop_id, subject=subject, error=type(error).__name__)
        _note(actor, subject, queries.FAILED, at)
        return False
    return True


def _decide(
    actor: Actor, flag_ids: Sequence[str], decision: str, marks: Mapping[str, str], *, reason: str, at: datetime
) -> list[RiskFlag]:
    """Decide about some flags, in the order of their rows; ``marks`` where it matters how they looked."""
    wanted = RiskFlag.objects.visible_to(actor).filter(public_id__in=flag_ids)
    kinds = set(wanted.values_list("subject_kind", flat=True))
    if kinds and not all(decision in life.choices(kind) for kind in kinds):
        raise WrongUse(
            "没有这种决定",
            "There is no such decision",
            next=Text(
                "批次可以停止出售，订单和店铺可以写已按建议处理。",
                "A batch can be taken out of sale; for an order or a shop: done as advised.",
            ),
        )
    is_safe = decision in (Decision.STOP, Decision.ACT)
    require_person(actor, Permission.MANAGE_CARDS if is_safe else Permission.MANAGE_SHOP)
    reason = given_reason(actor, reason)
    if decision == Decision.STOP:  # batches before flags, as the rules are asked: so no two wait crosswise
        subjects = list(wanted.order_by("subject").values_list("subject", flat=True).distinct())
        lots = CardBatch.objects.visible_to(actor).filter(public_id__in=subjects).order_by("pk")
        list(lots.select_for_update(of=("self",)))
    flags = list(wanted.order_by("pk").select_for_update())
    if len(flags) < len(set(flag_ids)):
        raise NotFound("没有这条提示", "There is no such flag")
    changed = [flag for flag in flags if marks and _is_other(flag, marks[flag.public_id])]
    if changed:
        raise Refused(
            f"选中的提示里有 {len(changed)} 条在你打开页面之后变了，这次什么都没有决定",
            f"{len(changed)} of the chosen flags changed since you looked; nothing was decided",
            next=Text("重新打开这一组，看过再决定。", "Open the group again, look, and decide then."),
            code="flags_changed",
        )
    states = [life.decide(FlagState(flag.state), Decision(decision)) for flag in flags]
    if decision == Decision.STOP:
        for subject in dict.fromkeys(flag.subject for flag in flags):
            cards.quarantine_batch(actor, subject, reason=reason, at=at)
    for flag, state in zip(flags, states, strict=True):
        flag.state, flag.reason, flag.decided_by, flag.decided_at = state.value, reason[:300], actor.label[:80], at
        flag.changed_at = at
        flag.save()
        _event(actor, flag, decision, reason, at)
        facts: dict[str, custody.JSON] = {
            "rule": flag.rule,
            "version": flag.version,
            "decision": decision,
            "reason": reason,
            "by": actor.label,
        }
        if len(flags) > 1:
            facts["together"] = len(flags)  # how many the one decision covered
        custody.append(actor, Record("flag.decided", flag.public_id, at, facts, refs={"of": flag.subject}))
    return flags


def _is_other(flag: RiskFlag, seen: str) -> bool:
    """Tell whether a flag is another one than a person saw: decided meanwhile, or raised by other facts or rules."""
    return flag.state != FlagState.OPEN.value or life.mark(flag.facts_sha256, flag.version) != seen


def _held_shop(actor: Actor, at: datetime) -> Judged:
    """Return the note of the newest sale judged, locked. Taken before any flag, so that no two wait crosswise."""
    subject = f"shop_{actor.shop_id}"
    Judged.objects.get_or_create(shop_id=actor.shop_id, subject=subject, defaults={"stamp": "", "at": at})
    held: Judged = Judged.objects.visible_to(actor).select_for_update().get(subject=subject)
    return held


def _follow_shop(actor: Actor, newest: Judged, raised: Sequence[Raised], day: str, *, at: datetime) -> None:
    """Bring the shop's own flags in line with the newest sale. An older one, looked at late, does not end them."""
    if newest.stamp > day:
        return
    _follow(actor, "shop", newest.subject, raised, at=at)
    newest.stamp, newest.at = day, at
    newest.save(update_fields=["stamp", "at"])


def _follow(actor: Actor, subject_kind: str, subject: str, raised: Sequence[Raised], *, at: datetime) -> list[RiskFlag]:
    """Open, change, open again or end the flags of a subject; return the open ones. The caller holds the subject.

    An open flag whose facts stay follows the rules to their present version; what was decided keeps the version that
    the decision was about.
    """
    version = datafiles.legality_version(actor)
    rows = RiskFlag.objects.visible_to(actor).filter(subject=subject).order_by("pk").select_for_update()
    known = {flag.rule: flag for flag in rows}
    for one in raised:
        stamp = sha256(canonical.encode(dict(one.facts))).hexdigest()
        flag = known.get(one.rule)
        if flag is None:
            flag = known[one.rule] = RiskFlag(
                shop_id=actor.shop_id,
                public_id=ids.public_id("flag"),
                subject_kind=subject_kind,
                subject=subject,
                rule=one.rule,
                opened_at=at,
            )
            event = "raised"
        elif flag.state == FlagState.ENDED.value or (flag.facts_sha256 != stamp and flag.state != FlagState.OPEN.value):
            event = "reopened"
        elif flag.facts_sha256 != stamp:
            event = "changed"
        elif flag.state == FlagState.OPEN.value and flag.version != version:
            event = "new_rules"
        else:
            continue
        flag.facts, flag.facts_sha256, flag.version = dict(one.facts), stamp, version
        flag.state, flag.changed_at = FlagState.OPEN.value, at
        _write(actor, flag, event, at)
    still = {one.rule for one in raised}
    for rule, flag in known.items():
        if rule not in still and flag.state != FlagState.ENDED.value:
            flag.state, flag.changed_at = FlagState.ENDED.value, at
            _write(actor, flag, "ended", at)
    return [flag for flag in known.values() if flag.state == FlagState.OPEN.value]


def _write(actor: Actor, flag: RiskFlag, event: str, at: datetime) -> None:
    flag.save()
    _event(actor, flag, event, "", at)
    facts = {"rule": flag.rule, "version": flag.version, "event": event, "facts": flag.facts}
    custody.append(actor, Record("flag.moved", flag.public_id, at, facts, refs={"of": flag.subject}))


def _event(actor: Actor, flag: RiskFlag, event: str, reason: str, at: datetime) -> None:
    FlagEvent.objects.create(
        shop_id=actor.shop_id,
        flag=flag,
        event=event,
        facts=flag.facts,
        version=flag.version,
        by=actor.label[:80],
        reason=reason[:300],
        at=at,
    )


def _note_kin(actor: Actor, touched: Touched) -> None:
    """Remember with whom the touched subjects belong now, also where no stamp changed by it."""
    orders = Order.objects.visible_to(actor).filter(pk__in=touched.orders)
    batches = CardBatch.objects.visible_to(actor).filter(pk__in=touched.batches)
    for rows, kin in ((orders, "buyer_id"), (batches, "supplier_id")):
        mine = rows.filter(public_id=OuterRef("subject")).values(kin)
        judged = Judged.objects.visible_to(actor).filter(subject__in=rows.values("public_id"))
        judged.update(kin=Subquery(mine[:1]))


def _note(actor: Actor, subject: str, stamp: str, at: datetime) -> None:
    kin = queries.kin_of(actor, [subject]).get(subject)
    defaults = {"stamp": stamp, "kin": kin, "at": at}
    Judged.objects.update_or_create(shop_id=actor.shop_id, subject=subject, defaults=defaults)
