"""Physical cards on their way, step by step: each is linked to the one before and stands in the record (N15).

Files are encrypted and kept before anything is locked: a video takes seconds. A step that is refused afterwards takes
them away again; those of a process that died are swept.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q

from cardcase.cards import sealed_files
from cardcase.cards import service as cards
from cardcase.cards.rules import CardState
from cardcase.cards.sealed_files import OpenedFile, Use
from cardcase.cards.service.reveal import given_reason, require_person
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.delivery import queries
from cardcase.delivery.models import Parcel, ParcelFile, ParcelSerial, ParcelStep
from cardcase.delivery.queries import ChainView, ParcelsView
from cardcase.delivery.queries.parcels import hash_of, told_of
from cardcase.delivery.rules import parcels as chain_rules
from cardcase.delivery.rules.parcels import Match, Outcome, Role, StepName, StepTold
from cardcase.delivery.rules.parcels_media import MEGABYTE, check_media
from cardcase.kit import ids
from cardcase.kit.errors import NotFound, Refused
from cardcase.kit.media import ENDINGS, HEAD
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor, Permission

from . import parcel_uploads
from .goods import Goods, chains_of, held_goods, seen_goods
from .parcel_serials import packed_serials, returned_serials
from .parcel_told import Upload, check_turn, cleaned, files_of, step_name

if TYPE_CHECKING:
    from cardcase.cards.models import Card


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file that lies encrypted on the disk, before it has a row."""

    role: Role
    sha256: str
    sealed_sha256: str
    key_sealed: bytes
    mime: str
    size: int


def note_step(
    actor: Actor,
    goods: str,
    step: str,
    told: StepTold,
    files: Mapping[str, Upload],
    *,
    at: datetime,
    number: int | None = None,
) -> ChainView:
    """Note one step of a parcel (``rules.parcels.StepName``) with its files by role; return its chain.

    ``goods``: public id of a delivery of physical cards or of a physical replacement. ``number``: which of their
    chains, None for the last. A step on record is told anew with a reason, while it is the last of its chain. Raises
    Refused (not_a_parcel, step_out_of_turn, step_on_record, serial_differs, secret_not_serial, pack_again, blocked,
    stopped_by_order, replacement_stopped, terms_open, card_in_doubt, not_allocated), BadMedia, WrongUse for what is
    missing or impossible, NotAllowed, NotFound.
    """
    actor.require(Permission.WORK)
    name = step_name(step)
    seen = seen_goods(actor, goods)
    told = cleaned(actor, name, told, at)
    wanted = files_of(name, files)
    _Step(seen, name, told, number, at).turn()
    announced: list[str] = []
    try:
        kept = [_keep(actor, role, upload, announced, at) for role, upload in wanted.items()]
        with transaction.atomic(), custody.together():
            work = _Step(held_goods(actor, goods), name, told, number, at)
            row, serials = work.made()
            parcel_uploads.claim(actor, announced)
            _save(actor, row, serials, kept, work.goods)
            if row.replaces is None or name is StepName.SIGNED:
                work.take_effect(row)
    except Exception:
        with suppress(DatabaseError, OSError):  # what cannot be removed now is swept later
            parcel_uploads.drop(actor, announced)
        raise
    return next(one for one in queries.parcels(actor, goods).chains if one.round == work.number)


@transaction.atomic
def take_back_cards(actor: Actor, goods: str, *, at: datetime) -> ParcelsView:
    """Take the cards of inspected returns back: the same ones, unscratched. They do not go back into the stock.

    Raises Refused (return_not_intact), NotAllowed, NotFound, IllegalCardMove.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    with custody.together():
        held = held_goods(actor, goods)
        view = queries.parcels(actor, goods)
        if view.outcome is not Outcome.INTACT:
            raise Refused(
                "还没有查验出“同一张卡，没有刮开”，不能收回",
                "The inspection has not found the same card, unscratched",
                next=Text("先登记查验退件。", "Note the inspection of the return first."),
                code="return_not_intact",
            )
        back = {
            one.card
            for chain in view.chains[view.chains.index(view.sent) :]
            if (found := chain.step(StepName.INSPECTED)) is not None and found.facts.flags.get("is_scratch_intact")
            for one in found.serials
            if one.match is Match.SAME
        }
        for card in held.cards():
            if card.public_id in back and card.state == CardState.REVEALED.value:
                cards.take_back(actor, card.public_id, reason="退件查验：同一张，未刮开", at=at)
    return queries.parcels(actor, goods)


def open_file(actor: Actor, goods: str, file_id: str, *, reason: str, at: datetime) -> OpenedFile:
    """Open a photo or video for a person with the right to see codes; the record of it is on the disk before.

    It commits by itself, so it cannot run inside another transaction (RuntimeError). Raises NotAllowed, NotFound,
    WrongUse without a reason, SealBroken.
    """
    require_person(actor, Permission.REVEAL)
    reason = given_reason(actor, reason)
    with transaction.atomic(durable=True):
        about = Q(step__parcel__delivery__public_id=goods) | Q(step__parcel__card__public_id=goods)
        mine = ParcelFile.objects.visible_to(actor).select_related("step__parcel")
        file = mine.filter(about, public_id=file_id).first()
        if file is None:
            raise NotFound("没有这份照片或录像", "There is no such photo or video")
        facts: dict[str, custody.JSON] = {
            "file": file.public_id,
            "sha256": file.sha256,
            "reason": reason,
            "by": actor.label,
        }
        custody.append(actor, Record("parcel.file_opened", file.step.parcel.public_id, at, facts))
    pieces = sealed_files.opened(file.shop_id, file.sealed_sha256, bytes(file.key_sealed), Use.PARCEL)
    return OpenedFile(file.mime, f"{file.step.name}-{file.role}.{ENDINGS[file.mime]}", file.size, pieces)


class _Step:
    """One step while it is noted: the order and its goods are locked. ``number``: of which chain, None for the last."""

    def __init__(self, goods: Goods, name: StepName, told: StepTold, number: int | None, at: datetime) -> None:
        self.goods = goods
        self._name = name
        self._told = told
        self._at = at
        self._chains = chains_of(goods)
        self.number = self._chains.last if number is None else number
        if self.number not in self._chains.boxes:
            raise NotFound(
                f"没有第 {self.number} 个包裹",
                f"There is no parcel number {self.number}",
                next=Text("再寄一次或再退一次，要先写明原因开始。", "Begin a further one first, with a reason."),
            )
        self._cards: list[Card] = []

    def turn(self) -> tuple[list[ParcelStep], ParcelStep | None]:
        """Return the steps before in the chain, and the one that is told anew. Raises Refused when it is not its turn.

        Also asked before anything is locked, so that no file is kept for nothing.
        """
        before = self._chains.steps.get(self.number, [])
        return before, check_turn(before, self._name, self._told, self._chains.begins_with(self.number))

    def made(self) -> tuple[ParcelStep, list[ParcelSerial]]:
        """Return the new row with its serials, checked against the order and the cards. No step is written yet."""
        actor, name, told = self.goods.actor, self._name, self._told
        before, replaced = self.turn()
        is_first = self.number == 1
        if is_first and replaced is None and name in (StepName.PACKED, StepName.SHIPPED):
            self.goods.require_kept()
        serials: list[ParcelSerial] = []
        outcome = ""
        if name is StepName.PACKED:
            self._cards = self.goods.cards()
            serials = packed_serials(actor, self._cards, told.serials)
        else:
            packed = self._chains.packed(actor, self.number)
            self._cards = cards.hold(actor, [one.card_id for one in packed if one.card_id is not None])
        if name is StepName.INSPECTED:
            awaited = self._chains.awaited(actor, self.number)
            serials = returned_serials(actor, self._cards, awaited, told.serials, is_empty=told.is_empty)
            outcome = chain_rules.outcome(
                matches=[Match(one.match) for one in serials],
                sent=len(awaited),
                is_scratch_intact=told.is_scratch_intact,
                is_empty=told.is_empty,
            ).value
        elif name is StepName.SHIPPED and replaced is None:
            self.goods.require_free(self._cards, is_again=not is_first, at=self._at)
            self._require_packed()
        parcel, _ = Parcel.objects.get_or_create(
            shop_id=actor.shop_id,
            **self.goods.key,
            round=self.number,
            way=chain_rules.WAY[name].value,
            defaults={"public_id": ids.public_id("parcel"), "made_at": self._at},
        )
        flags = {
            flag: value
            for flag in ("is_uncut", "is_waybill_visible", "is_tape_intact", "is_scratch_intact")
            if isinstance(value := getattr(told, flag), bool)
        }
        row = ParcelStep(
            shop_id=actor.shop_id,
            public_id=ids.public_id("pstep"),
            parcel=parcel,
            name=name.value,
            previous=before[-1] if before else None,
            replaces=replaced,
            happened_at=told.happened_at or self._at,
            noted_at=self._at,
            noted_by=actor.label[:80],
            carrier=told.carrier,
            waybill_no=told.waybill_no,
            weight_g=told.weight_g,
            who=told.who,
            note=told.note,
            flags=flags,
            outcome=outcome,
        )
        return row, serials

    def take_effect(self, row: ParcelStep) -> None:
        """Move the cards and the delivery as the step says."""
        if self._name is StepName.SHIPPED:
            parcel = row.parcel.public_id
            self.goods.note_shipped(self._cards, parcel=parcel, moment=row.happened_at, at=self._at)
        elif self._name is StepName.SIGNED:
            was = row.replaces.happened_at if row.replaces is not None else None
            is_last = self.number == self._chains.sent
            self.goods.note_signed(self._cards, moment=row.happened_at, was=was, is_last=is_last, at=self._at)

    def _require_packed(self) -> None:
        """Refuse to ship a parcel that does not hold what is kept for the buyer now."""
        if {card.pk for card in self.goods.cards()} != {card.pk for card in self._cards}:
            raise Refused(
                "打包之后换过卡，包裹里的不是现在分配的卡",
                "Cards were exchanged after packing: the parcel does not hold what is allocated now",
                next=Text("写明原因，重新登记打包。", "Note the packing anew, with a reason."),
                code="pack_again",
            )


def _save(actor: Actor, row: ParcelStep, serials: Sequence[ParcelSerial], kept: Sequence[_Kept], goods: Goods) -> None:
    """Write a step with its serials and files, linked to the one before, and its entry in the record."""
    files = [ParcelFile(shop_id=actor.shop_id, public_id=ids.public_id("pfile"), **_columns(one)) for one in kept]
    replaced, before = row.replaces, row.previous
    if replaced is not None:  # what was kept with the step that is told anew stays with it, unless it came again
        again = {file.role for file in files}
        for old in ParcelFile.objects.visible_to(actor).filter(step=replaced).exclude(role__in=again).order_by("pk"):
            copied = {name: getattr(old, name) for name in _COLUMNS}
            files.append(ParcelFile(shop_id=actor.shop_id, public_id=ids.public_id("pfile"), **copied))
    row.told = told_of(row, serials)
    row.chain_sha256 = hash_of(before.chain_sha256 if before else "", row.told, files)
    row.save(force_insert=True)
    for serial in serials:
        serial.step = row
        serial.save(force_insert=True)
    for file in files:
        file.step = row
        file.save(force_insert=True)
    facts: dict[str, custody.JSON] = {
        **row.told,
        "id": row.public_id,
        "files": [{"role": one.role, "sha256": one.sha256, "mime": one.mime, "bytes": one.size} for one in files],
        "chain_sha256": row.chain_sha256,
        "by": actor.label,
    }
    refs = dict(goods.refs)
    if before is not None:
        facts["previous"] = {
            "id": before.public_id,
            "parcel": before.parcel.public_id,
            "chain_sha256": before.chain_sha256,
            "files": [one.sha256 for one in ParcelFile.objects.visible_to(actor).filter(step=before).order_by("pk")],
        }
        refs["previous"] = before.parcel.public_id
    if replaced is not None:
        facts["instead_of"] = replaced.public_id
    custody.append(actor, Record(f"parcel.{row.name}", row.parcel.public_id, row.noted_at, facts, refs=refs))


_COLUMNS: Final = ("role", "sha256", "sealed_sha256", "key_sealed", "mime", "size")


def _columns(kept: _Kept) -> dict[str, object]:
    return {**{name: getattr(kept, name) for name in _COLUMNS}, "role": kept.role.value}


def _keep(actor: Actor, role: Role, upload: Upload, announced: list[str], at: datetime) -> _Kept:
    """Encrypt and keep one file, checked by its own bytes while it comes; its name is announced before it has one."""
    largest = settings.CARDCASE.parcel_video_mb * MEGABYTE
    seen: list[bytes] = []
    mime = ""

    def check(frame: bytes, size: int) -> None:
        nonlocal mime
        if not seen:
            seen.append(frame[:HEAD])
        mime = check_media(role, seen[0], size, largest_video=largest)

    def announce(sealed_sha256: str) -> None:
        parcel_uploads.announce(actor, sealed_sha256, at=at)
        announced.append(sealed_sha256)

    done = sealed_files.keep(actor.shop_id, upload.chunks(), Use.PARCEL, check=check, announce=announce)
    return _Kept(role, done.sha256, done.sealed_sha256, done.key_sealed, mime, done.size)
