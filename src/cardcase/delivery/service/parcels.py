"""Physical cards on their way, step by step: each is linked to the one before and stands in the record (N15).

Files are encrypted and kept before anything is locked: a video takes seconds. A step that is refused afterwards leaves
bytes that nobody can open, because their key is kept nowhere.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from django.conf import settings
from django.db import transaction

from cardcase.cards import masking, sealed_files
from cardcase.cards import queries as card_queries
from cardcase.cards import service as cards
from cardcase.cards.rules import CardState
from cardcase.cards.sealed_files import OpenedFile, Use
from cardcase.cards.service.reveal import given_reason, require_person
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.delivery import queries, rules
from cardcase.delivery.models import Delivery, Parcel, ParcelFile, ParcelSerial, ParcelStep
from cardcase.delivery.queries import ChainView
from cardcase.delivery.queries.parcels import hash_of, physical, told_of
from cardcase.delivery.rules import DeliveryState
from cardcase.delivery.rules import parcels as chain_rules
from cardcase.delivery.rules.parcels import Match, Outcome, Role, StepName, StepTold
from cardcase.delivery.rules.parcels_media import MEGABYTE, check_media
from cardcase.kit import ids
from cardcase.kit.errors import NotFound, Refused, WrongUse
from cardcase.kit.media import ENDINGS, HEAD
from cardcase.kit.secret import CardCode
from cardcase.kit.text import Text
from cardcase.orders.models import Order
from cardcase.staff.rules import Actor, Permission

from . import rows
from .parcel_serials import packed_serials, returned_serials
from .revealing import require_free

if TYPE_CHECKING:
    from cardcase.cards.models import Card

HEAVIEST_G: Final = 30_000
"""Grams of the heaviest parcel that is believed: carriers take up to 30 kg. Our own choice."""
_WAYBILL: Final = re.compile(r"[0-9A-Z]{8,30}")
"""Letters and digits; 闲管家 wants ten or more (platform-rules §1.1), smaller carriers have eight."""


class Upload(Protocol):
    """A file that comes in pieces, as Django hands it over."""

    def chunks(self) -> Iterator[bytes]:
        """Return its bytes in pieces."""


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
    actor: Actor, delivery_id: str, step: str, told: StepTold, files: Mapping[str, Upload], *, at: datetime
) -> ChainView:
    """Note one step of the parcel of a delivery (``rules.parcels.StepName``) with its files by role; return the chain.

    A step on record is told anew with a reason, while it is the last. Raises Refused (not_a_parcel, step_out_of_turn,
    step_on_record, serial_differs, secret_not_serial, pack_again, blocked, stopped_by_order, terms_open, card_in_doubt,
    not_allocated), BadMedia, WrongUse for what is missing or impossible, NotAllowed, NotFound.
    """
    actor.require(Permission.WORK)
    name = _name(step)
    found = physical(actor, delivery_id)
    told = _clean(actor, name, told, at)
    wanted = _roles(name, files)
    _check_turn(_rows(actor, found), name, told)
    kept = [_keep(actor, role, upload) for role, upload in wanted.items()]
    with transaction.atomic(), custody.together():
        delivery, order = rows.held_with_mirror(actor, delivery_id)
        before = _rows(actor, delivery)
        replaced = _check_turn(before, name, told)
        work = _Step(actor, delivery, order, name, told, at)
        row, serials = work.made(before, replaced)
        _save(actor, row, serials, kept, replaced, order, delivery, at)
        if replaced is None or name is StepName.SIGNED:
            work.take_effect(row)
    return queries.chain(actor, delivery_id)


@transaction.atomic
def take_back_cards(actor: Actor, delivery_id: str, *, at: datetime) -> ChainView:
    """Take the cards of an inspected return back: the same ones, unscratched. They do not go back into the stock.

    Raises Refused (return_not_intact), NotAllowed, NotFound, IllegalCardMove.
    """
    require_person(actor, Permission.MANAGE_CARDS)
    with custody.together():
        delivery, _ = rows.held(actor, delivery_id)
        chain = queries.chain(actor, delivery_id)
        if chain.outcome is not Outcome.INTACT:
            raise Refused(
                "还没有查验出“同一张卡，没有刮开”，不能收回",
                "The inspection has not found the same card, unscratched",
                next=Text("先登记查验退件。", "Note the inspection of the return first."),
                code="return_not_intact",
            )
        held = cards.hold(actor, [place.card_id for place in rows.live(actor, delivery)])
        for card in held:
            if card.state == CardState.REVEALED.value:
                cards.take_back(actor, card.public_id, reason="退件查验：同一张，未刮开", at=at)
    return queries.chain(actor, delivery_id)


def open_file(actor: Actor, delivery_id: str, file_id: str, *, reason: str, at: datetime) -> OpenedFile:
    """Open a photo or video for a person with the right to see codes; the record of it is on the disk before.

    It commits by itself, so it cannot run inside another transaction (RuntimeError). Raises NotAllowed, NotFound,
    WrongUse without a reason, SealBroken.
    """
    require_person(actor, Permission.REVEAL)
    reason = given_reason(actor, reason)
    with transaction.atomic(durable=True):
        mine = ParcelFile.objects.visible_to(actor).select_related("step__parcel")
        file = mine.filter(public_id=file_id, step__parcel__delivery__public_id=delivery_id).first()
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
    """One step while it is noted: the order and its delivery are locked."""

    def __init__(  # noqa: PLR0917 - the parts of one step
        self, actor: Actor, delivery: Delivery, order: Order, name: StepName, told: StepTold, at: datetime
    ) -> None:
        self._actor = actor
        self._delivery = delivery
        self._order = order
        self._name = name
        self._told = told
        self._at = at
        self._cards: list[Card] = []

    def made(self, before: Sequence[ParcelStep], replaced: ParcelStep | None) -> tuple[ParcelStep, list[ParcelSerial]]:
        """Return the new row with its serials, checked against the order and the cards. Nothing is written yet."""
        actor, delivery, name, told = self._actor, self._delivery, self._name, self._told
        if name in (StepName.PACKED, StepName.SHIPPED) and replaced is None:
            self._require_allocated()
        places = rows.live(actor, delivery)
        held = {card.pk: card for card in cards.hold(actor, [place.card_id for place in places])}
        self._cards = [held[place.card_id] for place in places]
        serials: list[ParcelSerial] = []
        outcome = ""
        if name is StepName.PACKED:
            serials = packed_serials(actor, self._cards, told.serials)
        elif name is StepName.INSPECTED:
            packed = _packed(actor, before)
            serials = returned_serials(actor, self._cards, packed, told.serials, is_empty=told.is_empty)
            outcome = chain_rules.outcome(
                matches=[Match(one.match) for one in serials],
                sent=len(packed),
                is_scratch_intact=told.is_scratch_intact,
                is_empty=told.is_empty,
            ).value
        elif name is StepName.SHIPPED and replaced is None:
            self._require_free(_packed(actor, before))
        way = chain_rules.WAY[name].value
        parcel, _ = Parcel.objects.get_or_create(
            shop_id=actor.shop_id,
            delivery=delivery,
            way=way,
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
        actor, delivery = self._actor, self._delivery
        if self._name is StepName.SHIPPED:
            cards.ship_cards(actor, self._cards, self._order, parcel=row.parcel.public_id, at=self._at)
            delivery.state, delivery.authorised_at = DeliveryState.SHIPPED.value, row.happened_at
            delivery.save(update_fields=["state", "authorised_at"])
        elif self._name is StepName.SIGNED:
            cards.note_arrived(actor, self._cards, self._order, signed_at=row.happened_at, at=self._at)
            delivery.state, delivery.displayed_at = DeliveryState.SIGNED.value, row.happened_at
            delivery.save(update_fields=["state", "displayed_at"])

    def _require_allocated(self) -> None:
        if self._delivery.state != DeliveryState.ALLOCATED.value:
            raise Refused(
                "现在没有分配给这笔订单、等着寄出的卡",
                "No card is allocated to this order and waits to be sent",
                next=Text("先分配。", "Allocate first."),
                code="not_allocated",
            )

    def _require_free(self, packed: Sequence[ParcelSerial]) -> None:
        """Refuse to ship what must not leave: the same as for codes, and what was packed is what is kept."""
        actor, delivery, order = self._actor, self._delivery, self._order
        require_free(actor, delivery, order, is_person=True, at=self._at, what=rules.PARCEL)
        if {one.card_id for one in packed} != {card.pk for card in self._cards}:
            raise Refused(
                "打包之后换过卡，包裹里的不是现在分配的卡",
                "Cards were exchanged after packing: the parcel does not hold what is allocated now",
                next=Text("写明原因，重新登记打包。", "Note the packing anew, with a reason."),
                code="pack_again",
            )


def _save(  # noqa: PLR0917 - the parts of one step
    actor: Actor,
    row: ParcelStep,
    serials: Sequence[ParcelSerial],
    kept: Sequence[_Kept],
    replaced: ParcelStep | None,
    order: Order,
    delivery: Delivery,
    at: datetime,
) -> None:
    """Write a step with its serials and files, linked to the one before, and its entry in the record."""
    files = [ParcelFile(shop_id=actor.shop_id, public_id=ids.public_id("pfile"), **_columns(one)) for one in kept]
    if replaced is not None:  # what was kept with the step that is told anew stays with it, unless it came again
        again = {file.role for file in files}
        for old in ParcelFile.objects.visible_to(actor).filter(step=replaced).exclude(role__in=again).order_by("pk"):
            copied = {name: getattr(old, name) for name in _COLUMNS}
            files.append(ParcelFile(shop_id=actor.shop_id, public_id=ids.public_id("pfile"), **copied))
    before = row.previous
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
    refs = {"order": order.public_id, "delivery": delivery.public_id}
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
    custody.append(actor, Record(f"parcel.{row.name}", row.parcel.public_id, at, facts, refs=refs))


_COLUMNS: Final = ("role", "sha256", "sealed_sha256", "key_sealed", "mime", "size")


def _columns(kept: _Kept) -> dict[str, object]:
    return {**{name: getattr(kept, name) for name in _COLUMNS}, "role": kept.role.value}


def _keep(actor: Actor, role: Role, upload: Upload) -> _Kept:
    """Encrypt and keep one file, checked by its own bytes while it comes."""
    largest = settings.CARDCASE.parcel_video_mb * MEGABYTE
    seen: list[bytes] = []
    mime = ""

    def check(frame: bytes, size: int) -> None:
        nonlocal mime
        if not seen:
            seen.append(frame[:HEAD])
        mime = check_media(role, seen[0], size, largest_video=largest)

    done = sealed_files.keep(actor.shop_id, upload.chunks(), Use.PARCEL, check=check)
    return _Kept(role, done.sha256, done.sealed_sha256, done.key_sealed, mime, done.size)


def _rows(actor: Actor, delivery: Delivery) -> list[ParcelStep]:
    """Return all steps of a delivery as they were noted, the replaced ones too."""
    mine = ParcelStep.objects.visible_to(actor).filter(parcel__delivery=delivery)
    return list(mine.select_related("parcel").order_by("pk"))


def _packed(actor: Actor, before: Sequence[ParcelStep]) -> list[ParcelSerial]:
    last = next(row for row in reversed(before) if row.name == StepName.PACKED.value)
    return list(ParcelSerial.objects.visible_to(actor).filter(step=last).order_by("pk"))


def _check_turn(before: Sequence[ParcelStep], name: StepName, told: StepTold) -> ParcelStep | None:
    """Return the row that is told anew, None for a step that is new. Raises Refused when it is not its turn."""
    done = {row.name for row in before}
    if name.value in done:
        last = before[-1]
        title = chain_rules.TITLES[name]
        if last.name != name.value:
            raise Refused(
                f"“{title.zh}”之后已经有别的步骤，不能改了",
                f"Other steps follow “{title.en}”: it can no longer be told anew",
                next=Text("在备注里写明，或在售后单里说明。", "Say it in a note of the next step, or in a case."),
                code="step_on_record",
            )
        if not told.reason:
            raise Refused(
                f"“{title.zh}”已经登记过；要更正请写明原因",
                f"“{title.en}” is on record; to tell it anew, say why",
                next=Text("写一句为什么。", "Say why in one sentence."),
                code="step_on_record",
            )
        return last
    need = chain_rules.NEEDS[name]
    if need is not None and need.value not in done:
        first = chain_rules.TITLES[need]
        raise Refused(
            f"先登记“{first.zh}”",
            f"Note “{first.en}” first",
            next=Text("按顺序登记，每一步接着上一步。", "Each step is linked to the one before."),
            code="step_out_of_turn",
            needs=need.value,
        )
    return None


def _name(step: str) -> StepName:
    try:
        return StepName(step)
    except ValueError:
        raise NotFound(
            "没有这一步",
            "There is no such step",
            next=Text(f"可用的有：{'、'.join(StepName)}。", f"There are: {', '.join(StepName)}."),
        ) from None


def _roles(name: StepName, files: Mapping[str, Upload]) -> dict[Role, Upload]:
    allowed = {role.value: role for role in chain_rules.ROLES[name]}
    strange = sorted(set(files) - set(allowed))
    if strange:
        raise WrongUse(
            f"这一步不收这种文件；可以有：{'、'.join(allowed)}",
            f"This step takes no such file; it may have: {', '.join(allowed)}",
            code="bad_media",
        )
    return {allowed[role]: upload for role, upload in files.items()}


def _clean(actor: Actor, name: StepName, told: StepTold, at: datetime) -> StepTold:
    """Return what was told in its kept form: codes masked in words, the waybill without spaces. Raises WrongUse."""
    if told.strange_to(name):
        raise WrongUse(
            "这一步没有这几项：" + "、".join(told.strange_to(name)),
            "This step has no such fields: " + ", ".join(told.strange_to(name)),
            code="bad_step",
        )
    moment = told.happened_at
    if moment is not None and (moment.tzinfo is None or moment > at + chain_rules.CLOCK_SLACK):
        raise WrongUse("时间在将来，或没有时区", "The moment lies in the future or has no zone", code="not_a_moment")
    if told.weight_g is not None and not 0 < told.weight_g <= HEAVIEST_G:
        raise WrongUse(
            f"重量要在 1 到 {HEAVIEST_G} 克之间",
            f"The weight lies between 1 and {HEAVIEST_G} grams",
            next=Text("单位是克。", "The unit is grams."),
            code="bad_weight",
        )
    waybill = re.sub(r"[\s\-]+", "", told.waybill_no).upper()
    if not waybill and name in (StepName.SHIPPED, StepName.ANNOUNCED):
        raise _bad_waybill()
    if waybill and (not _WAYBILL.fullmatch(waybill) or card_queries.card_of_code(actor, CardCode(waybill)) is not None):
        raise _bad_waybill()  # what was typed is not repeated: a card code may have slipped in
    if name is StepName.SHIPPED and not told.carrier.strip():
        raise WrongUse("要写明快递公司", "Name the carrier", code="bad_step")
    words = (told.carrier, told.who, told.note, told.reason)
    carrier, who, note, reason = (one.text for one in masking.mask_texts(actor, [word.strip() for word in words]))
    return StepTold(
        happened_at=moment,
        carrier=carrier[:40],
        waybill_no=waybill,
        weight_g=told.weight_g,
        who=who[:80],
        note="；".join(part for part in (note, reason) if part)[:300],
        reason=reason[:300],
        serials=told.serials,
        is_uncut=told.is_uncut,
        is_waybill_visible=told.is_waybill_visible,
        is_tape_intact=told.is_tape_intact,
        is_scratch_intact=told.is_scratch_intact,
        is_empty=told.is_empty,
    )


def _bad_waybill() -> WrongUse:
    return WrongUse(
        "运单号要填，8 到 30 位字母和数字",
        "The waybill number is needed: 8 to 30 letters and digits",
        next=Text("照快递单上的写。", "Write it as it stands on the slip."),
        code="bad_waybill",
    )
