"""How the record stands to authorities, witnesses and deposit services, and what is due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Max

from cardcase.anchors import checking
from cardcase.anchors.models import Anchoring, Cosignature, Deposit, Stamp, WitnessState
from cardcase.anchors.rules import config, plan, policy
from cardcase.anchors.rules.config import Anchors, BadAnchors
from cardcase.anchors.rules.plan import StampState
from cardcase.anchors.rules.stamp import FAULT_TEXTS, Fault
from cardcase.custody import queries as ledger
from cardcase.custody.rules.report import Fault as LedgerFault
from cardcase.kit.errors import Problem
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from .configured import pinned_roots, witness_policy, witnesses


@dataclass(frozen=True, slots=True)
class News:
    """What came to be since a head was anchored."""

    has_new: bool
    has_urgent: bool


@dataclass(frozen=True, slots=True)
class LastAnchoring:
    """The newest head that was taken to others, and when."""

    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class StampView:
    """One owed or obtained time-stamp."""

    authority: str
    size: int
    state: StampState
    is_renewal: bool
    gen_time: datetime | None
    accuracy_ms: int
    token_sha256: str
    signer: str
    ends_at: datetime | None
    is_revocation_known: bool
    entry_seq: int | None
    tries: int
    next_at: datetime | None
    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class WitnessView:
    """One witness of the policy and how it stands."""

    name: str
    key_id: str
    is_own: bool
    cosigned_size: int
    seen_at: datetime | None
    tries: int
    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class DepositView:
    """One promised or accepted deposit."""

    provider: str
    name: str
    sha256: str
    is_done: bool
    external_id: str
    told_time: str
    tries: int
    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class Standing:
    """How the record stands to the outside. ``code`` is empty when others vouch for the newest anchored head."""

    code: str
    text: Text
    anchored_size: int
    stamped_size: int
    stamped_at: datetime | None
    latest: tuple[StampView, ...]
    witnesses: tuple[WitnessView, ...]
    is_quorum_met: bool
    deposits: tuple[DepositView, ...]
    problem: Problem | None


def last_anchoring(actor: Actor) -> LastAnchoring | None:
    """Return the newest head that was taken to others."""
    actor.require(Permission.READ)
    row = Anchoring.objects.order_by("-size").first()
    return LastAnchoring(row.size, row.at) if row else None


def news_since(actor: Actor, size: int) -> News:
    """Tell what the record has gained beyond its first ``size`` entries, anchoring's own entries left aside."""
    own, urgent = plan.OWN_KINDS, plan.URGENT_KINDS
    return News(
        ledger.has_entries(actor, since=size, without=own),
        ledger.has_entries(actor, since=size, without=own, kinds=urgent),
    )


def reason(code: str) -> Text:
    """Say a code of a stamp, a witness or a deposit as a sentence; empty for none."""
    if code in plan.REASONS:
        return plan.REASONS[code]
    return FAULT_TEXTS[Fault(code)] if code in set(Fault) else Text(code, code)


def stamps(actor: Actor, *, limit: int = 100) -> list[StampView]:
    """Return stamps, newest head first. The record is one for all shops."""
    actor.require(Permission.READ)
    return [_view(row) for row in Stamp.objects.order_by("-size", "authority", "-pk")[:limit]]


def _view(row: Stamp) -> StampView:
    return StampView(
        authority=row.authority,
        size=row.size,
        state=StampState(row.state),
        is_renewal=row.over_id is not None,
        gen_time=row.gen_time,
        accuracy_ms=row.accuracy_ms,
        token_sha256=row.token_sha256,
        signer=row.signer,
        ends_at=row.ends_at,
        is_revocation_known=row.is_revocation_known,
        entry_seq=row.entry_seq,
        tries=row.tries,
        next_at=row.next_at,
        code=row.last_code,
        text=reason(row.last_code),
    )


def standing(actor: Actor, *, at: datetime) -> Standing:
    """Say how the record stands to authorities, witnesses and deposit services at a moment.

    Raises nothing for bad settings: they are told as ``problem``.
    """
    actor.require(Permission.READ)
    told, problem = config.NOTHING, None
    try:
        told = config.load(Path(settings.CARDCASE.data))
        if told.witness is not None:
            witness_policy(told.witness)
    except Problem as found:
        problem = found
    last = last_anchoring(actor)
    verified = Stamp.objects.filter(state=StampState.VERIFIED.value, over=None)
    best = verified.order_by("-size", "gen_time").first()
    code, text = "", Text("", "")
    if not told.authorities:
        code, text = plan.UNANCHORED, plan.UNANCHORED_TEXT
    elif last is None or best is None or best.size < last.size or _is_late(actor, told, last, at):
        code, text = plan.PENDING, plan.PENDING_TEXT
    seen = _witness_views(told)
    return Standing(
        code=code,
        text=text,
        anchored_size=last.size if last else 0,
        stamped_size=best.size if best else 0,
        stamped_at=best.gen_time if best else None,
        latest=tuple(_latest(told)),
        witnesses=tuple(seen),
        is_quorum_met=_is_quorum_met(told, last),
        deposits=tuple(_deposit_views(actor)),
        problem=problem,
    )


def _is_late(actor: Actor, told: Anchors, last: LastAnchoring, at: datetime) -> bool:
    """Tell whether something new has waited for twice the time in which it should have been anchored."""
    return at - last.at > 2 * timedelta(minutes=told.every_minutes) and news_since(actor, last.size).has_new


def _latest(told: Anchors) -> Iterator[StampView]:
    """Give for each authority its newest stamp that counts and the one that waits."""
    for one in told.authorities:
        mine = Stamp.objects.filter(authority=one.name).exclude(state=StampState.SUPERSEDED.value)
        settled = mine.exclude(state=StampState.WAITING.value).order_by("-size", "-pk").first()
        waiting = mine.filter(state=StampState.WAITING.value).order_by("-size", "-pk").first()
        for row in (waiting, settled):
            if row is not None:
                yield _view(row)


def _witness_views(told: Anchors) -> Iterator[WitnessView]:
    states = {row.key_id: row for row in WitnessState.objects.all()}
    newest = dict(Cosignature.objects.values_list("key_id").annotate(size=Max("size")))
    for listed in witnesses(told):
        key_id = listed.witness.ident.hex()
        state = states.get(key_id)
        row = Cosignature.objects.filter(key_id=key_id, size=newest.get(key_id, -1)).first()
        yield WitnessView(
            name=listed.witness.name,
            key_id=key_id,
            is_own=listed.is_own,
            cosigned_size=row.size if row else 0,
            seen_at=row.seen_at if row else None,
            tries=state.tries if state else 0,
            code=state.last_code if state else "",
            text=reason(state.last_code if state else ""),
        )


def _is_quorum_met(told: Anchors, last: LastAnchoring | None) -> bool:
    if told.witness is None or last is None:
        return False
    try:
        known = witness_policy(told.witness)
    except BadAnchors:
        return False
    ids = set(Cosignature.objects.filter(size__gte=last.size).values_list("key_id", flat=True))
    cosigned = [name for name, one in known.witnesses.items() if one.witness.ident.hex() in ids]
    return known.quorum != policy.NONE and known.is_met(cosigned)


def _deposit_views(actor: Actor) -> Iterator[DepositView]:
    for row in Deposit.objects.visible_to(actor).order_by("-pk")[:20]:
        yield DepositView(
            provider=row.provider,
            name=row.name,
            sha256=row.sha256,
            is_done=row.settled_at is not None,
            external_id=row.external_id,
            told_time=row.told_time,
            tries=row.tries,
            code=row.last_code,
            text=reason(row.last_code),
        )


def check_everything(actor: Actor) -> list[LedgerFault]:
    """Look again at every kept reply and cosignature; return what does not hold. For the owner, who has the machine.

    Reads across shops and tells of none: anchors are the installation's. Raises BadAnchors.
    """
    actor.require(Permission.MANAGE_SHOP)
    told = {one.name: one for one in config.load(Path(settings.CARDCASE.data)).authority}
    return list(checking.check_all(lambda name: pinned_roots(told[name]) if name in told else []))


def pending_since(actor: Actor) -> datetime | None:
    """Return since when the oldest owed stamp of a present head has waited, None when none is owed."""
    actor.require(Permission.READ)
    waiting = Stamp.objects.filter(state=StampState.WAITING.value, over=None)
    return waiting.order_by("promised_at").values_list("promised_at", flat=True).first()
