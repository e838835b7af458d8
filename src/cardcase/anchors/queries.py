"""How the record is anchored: what was stamped and cosigned, what is pending, and between which moments an entry lies."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Max

from cardcase.custody import queries as ledger
from cardcase.custody.models import Checkpoint, Entry
from cardcase.custody.rules import note
from cardcase.kit.errors import Problem
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from .models import Anchoring, Copies, Cosignature, Deposit, Stamp, WitnessState
from .rules import config, plan, policy
from .rules.config import Anchors, BadAnchors, Witnesses
from .rules.plan import StampState
from .rules.policy import BadPolicy, Listed, Policy
from .rules.stamp import FAULT_TEXTS, Fault

SHORT_ROOT = 16
"""Characters of a root, in base64, that are shown to be compared by eye."""


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
    accuracy: timedelta
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
    """How the record stands to the outside. ``code`` is empty when a third party vouches for the newest anchored head."""

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


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which moments an entry came to be, by third parties' clocks; None where nobody vouches."""

    not_before: datetime | None
    not_after: datetime | None


@dataclass(frozen=True, slots=True)
class Copy:
    """The newest signed head as it is given to buyers: its size, the beginning of its root, and the note itself."""

    size: int
    root_short: str
    note: str

    @property
    def line(self) -> Text:
        """Say it in one line, to be put under a message."""
        return Text(
            f"记录校验点：第 {self.size} 条，{self.root_short}（请留存，可证明此前记录未被改动）",
            f"Checkpoint of our record: {self.size} entries, {self.root_short} (keep it: it shows later changes)",
        )


@dataclass(frozen=True, slots=True)
class KeptStamp:
    """A stamp with its bytes, for a pack."""

    authority: str
    size: int
    note: str
    reply: bytes
    token_sha256: str
    over_sha256: str
    entry_seq: int


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """One entry of the log about its anchors."""

    seq: int
    data: bytes


# ---- settings ------------------------------------------------------------------------------------------------------


def check_data() -> None:
    """Read everything that is configured. Raises BrokenCatalogue, BadAnchors."""
    config.authority_presets()
    config.deposit_presets()
    told = config.load(Path(settings.CARDCASE.data))
    if told.witness is not None:
        witness_policy(told.witness)


def witness_policy(told: Witnesses) -> Policy:
    """Read the policy file. Raises BadAnchors."""
    path = Path(settings.CARDCASE.data) / told.policy
    try:
        return policy.read(path.read_bytes())
    except (OSError, BadPolicy) as error:
        reason = str(error) if isinstance(error, BadPolicy) else "cannot be read"
        raise BadAnchors(
            f"见证策略文件 {path.name} 有误：{reason}",
            f"The witness policy {path.name} is wrong: {reason}",
            next=Text("按 C2SP tlog-policy 的格式改正。", "Mend it; its form is C2SP tlog-policy."),
            code="bad_policy",
        ) from error


def witnesses(told: Anchors) -> list[Listed]:
    """Return the witnesses that are asked; none while the policy cannot be read, which ``standing`` says."""
    if told.witness is None or not told.witness.enabled:
        return []
    try:
        return [one for one in witness_policy(told.witness).witnesses.values() if one.url]
    except BadAnchors:
        return []


def policy_text(actor: Actor) -> bytes:
    """Return the policy file as it is, empty when no witnesses are configured or it cannot be read."""
    actor.require(Permission.READ)
    try:
        told = config.load(Path(settings.CARDCASE.data))
        if told.witness is None:
            return b""
        witness_policy(told.witness)
        return (Path(settings.CARDCASE.data) / told.witness.policy).read_bytes()
    except (BadAnchors, OSError):
        return b""


# ---- what is due ---------------------------------------------------------------------------------------------------


def last_anchoring(actor: Actor) -> LastAnchoring | None:
    """Return the newest head that was taken to others."""
    actor.require(Permission.READ)
    row = Anchoring.objects.order_by("-size").first()
    return LastAnchoring(row.size, row.at) if row else None


def news_since(actor: Actor, size: int) -> News:
    """Tell what the record has gained beyond its first ``size`` entries, anchoring's own entries left aside."""
    actor.require(Permission.READ)
    newer = Entry.objects.filter(seq__gte=size).exclude(kind__in=plan.OWN_KINDS)
    return News(newer.exists(), newer.filter(kind__in=plan.URGENT_KINDS).exists())


# ---- how it stands -------------------------------------------------------------------------------------------------


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
        accuracy=timedelta(milliseconds=row.accuracy_ms),
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
    """Say how the record stands to authorities, witnesses and deposit services at a moment. Raises nothing for bad
    settings: they are told as ``problem``.
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
    cosigned = [one.witness.public for one in known.witnesses.values() if one.witness.ident.hex() in ids]
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


def pending_since(actor: Actor) -> datetime | None:
    """Return since when the oldest owed stamp of a present head has waited, None when none is owed."""
    actor.require(Permission.READ)
    waiting = Stamp.objects.filter(state=StampState.WAITING.value, over=None)
    return waiting.order_by("promised_at").values_list("promised_at", flat=True).first()


# ---- bounds --------------------------------------------------------------------------------------------------------


def bounds(actor: Actor, seqs: Sequence[int]) -> Mapping[int, Bounds]:
    """Return for each entry between which moments it came to be, by verified time-stamps.

    Not after: the earliest genTime (plus its accuracy) of a stamp over a head that holds the entry. Not before: the
    latest genTime (minus its accuracy) of a token whose hash stands in the record before the entry.
    """
    actor.require(Permission.READ)
    rows = list(
        Stamp.objects.filter(state=StampState.VERIFIED.value, over=None, gen_time__isnull=False).values_list(
            "size", "entry_seq", "gen_time", "accuracy_ms"
        )
    )
    ends = sorted(((size, at + timedelta(milliseconds=off)) for size, _, at, off in rows), reverse=True)
    starts = sorted((seq, at - timedelta(milliseconds=off)) for _, seq, at, off in rows if seq is not None)
    found: dict[int, Bounds] = {}
    latest: datetime | None = None
    place = 0
    for seq in sorted(set(seqs)):
        while place < len(starts) and starts[place][0] < seq:
            latest = max(latest, starts[place][1]) if latest else starts[place][1]
            place += 1
        found[seq] = Bounds(latest, None)
    earliest: datetime | None = None
    place = 0
    for seq in sorted(set(seqs), reverse=True):
        while place < len(ends) and ends[place][0] > seq:
            earliest = min(earliest, ends[place][1]) if earliest else ends[place][1]
            place += 1
        found[seq] = Bounds(found[seq].not_before, earliest)
    return found


# ---- copies and packs ----------------------------------------------------------------------------------------------


def copies(actor: Actor) -> tuple[bool, bool]:
    """Tell whether the shop gives the head to buyers (on the claim page, under messages). On and off by default."""
    row = Copies.objects.visible_to(actor).values_list("on_claim_page", "in_chat").first()
    return row or (True, False)


def copy(actor: Actor) -> Copy | None:
    """Return the newest signed head with the cosignatures that stand under it, None before the first."""
    text = ledger.latest_checkpoint(actor)
    if not text:
        return None
    head = note.Checkpoint.parse(note.split(text)[0])
    return Copy(head.size, note.encode64(head.root)[:SHORT_ROOT], cosigned(actor, text))


def cosigned(actor: Actor, signed: str) -> str:
    """Return a note with the lines of its witnesses under it. The text that is signed stays as it is."""
    actor.require(Permission.READ)
    size = note.Checkpoint.parse(note.split(signed)[0]).size
    lines = Cosignature.objects.filter(size=size).order_by("key_id").values_list("line", flat=True)
    return signed + "".join(line for line in lines if line not in signed)


def kept_stamps(actor: Actor) -> list[KeptStamp]:
    """Return every stamp that was kept, with its bytes, oldest head first. For packs."""
    actor.require(Permission.READ)
    settled = [StampState.VERIFIED.value, StampState.UNVERIFIED.value]
    rows = Stamp.objects.filter(state__in=settled).select_related("reply", "over").order_by("size", "authority", "pk")
    return [
        KeptStamp(
            authority=row.authority,
            size=row.size,
            note=row.note,
            reply=bytes(row.reply.body),
            token_sha256=row.token_sha256,
            over_sha256=row.over.token_sha256 if row.over else "",
            entry_seq=row.entry_seq,
        )
        for row in rows
        if row.reply is not None and row.entry_seq is not None
    ]


def cosigned_heads(actor: Actor, *, up_to: int) -> list[tuple[int, str, list[str]]]:
    """Return (size, note with its cosignatures, key ids of the seller's own witnesses) of the newest cosigned head."""
    actor.require(Permission.READ)
    rows = Cosignature.objects.filter(size__lte=up_to).order_by("-size")
    first = rows.first()
    signed = Checkpoint.objects.filter(size=first.size).order_by("pk").last() if first else None
    if first is None or signed is None:
        return []
    own = sorted(rows.filter(size=first.size, is_own=True).values_list("key_id", flat=True))
    return [(first.size, cosigned(actor, signed.note), own)]


def awaited(actor: Actor) -> list[str]:
    """Name the authorities from which a stamp of a present head is still owed."""
    actor.require(Permission.READ)
    waiting = Stamp.objects.filter(state=StampState.WAITING.value, over=None)
    return sorted(set(waiting.values_list("authority", flat=True)))


def entries_at(actor: Actor, seqs: Sequence[int]) -> list[OwnEntry]:
    """Return anchoring's own entries of these numbers. They are the log's, of no shop, and hold nothing of one."""
    actor.require(Permission.READ)
    rows = Entry.objects.filter(seq__in=list(seqs), kind__in=plan.OWN_KINDS, shop=None)
    return [OwnEntry(row.seq, bytes(row.data)) for row in rows]
