"""The parcels of physical cards as one chain: steps in order, what each lacks, what does not fit. No secret is here."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from cardcase.cards.models import Card
from cardcase.delivery.models import Delivery, Parcel, ParcelFile, ParcelSerial, ParcelStep
from cardcase.delivery.rules import DeliveryState
from cardcase.delivery.rules import parcels as parcels_rules
from cardcase.delivery.rules.parcels import (
    Again,
    Clash,
    Contradiction,
    Match,
    Outcome,
    Role,
    Round,
    StepFacts,
    StepName,
    Way,
)
from cardcase.kit import canonical, clock
from cardcase.kit.errors import NotFound, Refused
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor

from .kept import replacements


@dataclass(frozen=True, slots=True)
class SerialView:
    """One serial that was read: of which card (public id, empty: of none that was meant), its tail, how it compares."""

    card: str
    tail: str
    match: Match


@dataclass(frozen=True, slots=True)
class FileView:
    """One photo or video. Its bytes are had by ``service.open_file`` only."""

    public_id: str
    role: Role
    mime: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One step of the chain. ``lacks``: what it lacks as evidence; ``replaced``: how often it was told anew."""

    public_id: str
    parcel: str
    previous: str
    chain_sha256: str
    facts: StepFacts
    noted_at: datetime
    noted_by: str
    note: str
    serials: tuple[SerialView, ...]
    files: tuple[FileView, ...]
    lacks: tuple[Text, ...]
    replaced: int

    @property
    def name(self) -> StepName:
        """Which step it is."""
        return self.facts.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainView:
    """One chain: a parcel out with its return, or a further return. ``round``: which of these goods, from 1.

    ``following``: what can be noted next, the likeliest first. ``why`` a second or later one was begun.
    """

    round: int
    begins_with: StepName
    why: str
    steps: tuple[StepView, ...]
    following: tuple[StepName, ...]
    contradictions: tuple[Contradiction, ...]

    def step(self, name: StepName) -> StepView | None:
        """Return one step, None when it is not on record."""
        return next((step for step in self.steps if step.name is name), None)

    @property
    def outcome(self) -> Outcome | None:
        """What the inspection of the return found; None before."""
        found = self.step(StepName.INSPECTED)
        return found.facts.outcome if found else None

    @property
    def is_intact(self) -> bool:
        """Tell whether the steps are still linked as they were written."""
        return not any(one.clash is Clash.LINK for one in self.contradictions)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelsView:
    """All chains of some goods, oldest first; one at least. ``goods``: public id of the delivery or the replacement.

    ``again``: which further chain they allow.
    """

    goods: str
    is_replacement: bool
    order_id: int
    state: DeliveryState
    chains: tuple[ChainView, ...]
    again: Again | None

    @property
    def last(self) -> ChainView:
        """The chain in which it goes on."""
        return self.chains[-1]

    @property
    def sent(self) -> ChainView:
        """The chain of the last parcel that went out, or is to go."""
        return next(chain for chain in reversed(self.chains) if chain.begins_with is StepName.PACKED)

    @property
    def outcome(self) -> Outcome | None:
        """What the inspection of the last return found."""
        return self.last.outcome

    @property
    def parcels(self) -> tuple[str, ...]:
        """The public ids of all parcels that have a step, in order."""
        return tuple(dict.fromkeys(step.parcel for chain in self.chains for step in chain.steps))


def parcels(actor: Actor, goods: str) -> ParcelsView:
    """Return the chains of a delivery of physical cards, or of a physical replacement, by its public id.

    Raises NotFound, also for another shop's, Refused (not_a_parcel) for goods that are codes.
    """
    found = goods_of(actor, goods)
    if isinstance(found, Delivery):
        return next(one for one in parcels_of(actor, [found.order_id])[found.order_id] if not one.is_replacement)
    return parcels_of_cards(actor, [found])[found.pk]


def parcels_of_cards(actor: Actor, found: Sequence[Card]) -> Mapping[int, ParcelsView]:
    """Return the chains of physical replacements by the card's row id, the empty one of those not packed yet too."""
    bound = {row.pk: _Key(row.order_id, 0, row.pk) for row in found if row.order_id is not None}
    if not bound:
        return {}
    mine = Parcel.objects.visible_to(actor).filter(card__in=list(bound)).select_related("card").order_by("pk")
    boxes: dict[int, list[Parcel]] = defaultdict(list)
    for parcel in mine:
        if parcel.card_id is not None and parcel.order_id == bound[parcel.card_id].order_id:
            boxes[parcel.card_id].append(parcel)
    rows = _rows(actor, [parcel.pk for kept in boxes.values() for parcel in kept])
    return {row.pk: _view(bound[row.pk], row.public_id, None, boxes[row.pk], rows) for row in found if row.pk in bound}


def goods_of(actor: Actor, goods: str) -> Delivery | Card:
    """Return a delivery of physical cards or a physical replacement by public id. Raises as ``parcels``."""
    found: Delivery | Card | None = Delivery.objects.visible_to(actor).filter(public_id=goods).first()
    if found is None:
        found = replacements(actor).filter(public_id=goods).first()
    if found is None:
        raise NotFound("没有这次发货", "There is no such delivery")
    if found.form != "physical":
        raise Refused(
            "这次发的是卡密，没有包裹",
            "This delivery is one of codes: it has no parcel",
            next=Text("实体卡分配时把形式选成实体卡。", "Choose the physical form when you allocate such cards."),
            code="not_a_parcel",
        )
    return found


class _Key(NamedTuple):
    """Whose parcel it is: of a delivery (row id, else 0), or of a replacement card (row id, else 0)."""

    order_id: int
    delivery_id: int
    card_id: int


@dataclass(frozen=True, slots=True)
class _Rows:
    """Steps by parcel (row id); serials and files by step."""

    steps: Mapping[int, Sequence[ParcelStep]]
    serials: Mapping[int, Sequence[ParcelSerial]]
    files: Mapping[int, Sequence[ParcelFile]]


def parcels_of(actor: Actor, order_ids: Sequence[int]) -> Mapping[int, tuple[ParcelsView, ...]]:
    """Return the chains of several orders (row ids) in a fixed number of questions; their own delivery comes first.

    An order is left out when no physical card was allocated to it or sent for it.
    """
    deliveries = list(Delivery.objects.visible_to(actor).filter(order_id__in=order_ids, form="physical"))
    boxes: dict[_Key, list[Parcel]] = {_Key(one.order_id, one.pk, 0): [] for one in deliveries}
    for parcel in Parcel.objects.visible_to(actor).filter(order_id__in=order_ids).select_related("card").order_by("pk"):
        key = _Key(parcel.order_id, parcel.delivery_id or 0, parcel.card_id or 0)
        if not key.delivery_id or key in boxes:
            boxes.setdefault(key, []).append(parcel)
    rows = _rows(actor, [parcel.pk for kept in boxes.values() for parcel in kept])
    by_pk = {one.pk: one for one in deliveries}
    found: dict[int, list[ParcelsView]] = defaultdict(list)
    for key, kept in boxes.items():
        delivery = by_pk.get(key.delivery_id)
        name = delivery.public_id if delivery else kept[0].card.public_id if kept[0].card else ""
        found[key.order_id].append(_view(key, name, delivery, kept, rows))
    return {order_id: tuple(views) for order_id, views in found.items()}


def _rows(actor: Actor, parcel_ids: Sequence[int]) -> _Rows:
    if not parcel_ids:
        return _Rows({}, {}, {})
    steps: dict[int, list[ParcelStep]] = defaultdict(list)
    told = ParcelStep.objects.visible_to(actor).filter(parcel__in=parcel_ids)
    for row in told.select_related("parcel__card").order_by("pk"):
        steps[row.parcel_id].append(row)
    ids = [row.pk for found in steps.values() for row in found]
    serials: dict[int, list[ParcelSerial]] = defaultdict(list)
    for serial in ParcelSerial.objects.visible_to(actor).filter(step__in=ids).select_related("card").order_by("pk"):
        serials[serial.step_id].append(serial)
    files: dict[int, list[ParcelFile]] = defaultdict(list)
    for file in ParcelFile.objects.visible_to(actor).filter(step__in=ids).defer("key_sealed").order_by("pk"):
        files[file.step_id].append(file)
    return _Rows(steps, serials, files)


def begins_with(boxes: Sequence[Parcel]) -> StepName:
    """Return what a chain begins with, from its parcels, oldest first; the first chain of all begins with packing."""
    return parcels_rules.BEGINS[Way(boxes[0].way)] if boxes else StepName.PACKED


def _view(key: _Key, name: str, delivery: Delivery | None, boxes: Sequence[Parcel], rows: _Rows) -> ParcelsView:
    by_round: dict[int, list[Parcel]] = {1: []}
    for parcel in boxes:
        by_round.setdefault(parcel.round, []).append(parcel)
    last = max(by_round)
    is_over = delivery is not None and delivery.state == DeliveryState.CANCELLED.value
    chains = tuple(
        _chain(number, by_round[number], rows, is_last=number == last, is_over=is_over) for number in sorted(by_round)
    )
    rounds = [Round(one.begins_with, frozenset(step.name for step in one.steps), one.outcome) for one in chains]
    state = _state_of(chains) if delivery is None else DeliveryState(delivery.state)
    return ParcelsView(
        goods=name,
        is_replacement=delivery is None,
        order_id=key.order_id,
        state=state,
        chains=chains,
        again=None if is_over else parcels_rules.again(rounds),
    )


def _state_of(chains: Sequence[ChainView]) -> DeliveryState:
    """Say where a replacement stands, in the words of deliveries."""
    sent = [chain for chain in chains if chain.step(StepName.SHIPPED) is not None]
    if not sent:
        return DeliveryState.ALLOCATED
    return DeliveryState.SHIPPED if sent[-1].step(StepName.SIGNED) is None else DeliveryState.SIGNED


def told_of(row: ParcelStep, serials: Sequence[ParcelSerial]) -> dict[str, Any]:
    """Return what a step tells, as it goes into its hash and the record: serials by tail, never whole."""
    told: dict[str, Any] = {
        "step": row.name,
        "happened_at": clock.iso(row.happened_at),
        "carrier": row.carrier,
        "waybill_no": row.waybill_no,
        "weight_g": row.weight_g,
        "who": row.who,
        "note": row.note,
        "outcome": row.outcome,
        "flags": dict(row.flags),
        "serials": [
            {"card": one.card.public_id if one.card else "", "tail": one.tail4, "match": one.match} for one in serials
        ],
    }
    if row.parcel.round > 1:  # a first chain of a delivery tells neither: so it was before there were others
        told["round"] = row.parcel.round
    if row.parcel.card is not None:
        told["replacement"] = row.parcel.card.public_id
    return {key: value for key, value in told.items() if value not in ("", None, [], {})}


def hash_of(previous: str, told: Mapping[str, Any], files: Sequence[ParcelFile]) -> str:
    """Return the hash of a step over the one before, what it tells, and its files."""
    linked = parcels_rules.link(previous, told, [(file.role, file.sha256) for file in files])
    return hashlib.sha256(canonical.encode(linked)).hexdigest()


def _chain(number: int, boxes: Sequence[Parcel], rows: _Rows, *, is_last: bool, is_over: bool) -> ChainView:
    noted = sorted((row for parcel in boxes for row in rows.steps.get(parcel.pk, ())), key=lambda row: row.pk)
    by_pk = {row.pk: row for row in noted}
    replaced = {row.replaces_id for row in noted if row.replaces_id is not None}
    steps = []
    for row in noted:
        if row.pk in replaced:
            continue
        before, times = row, 0
        while before.replaces_id is not None and before.replaces_id in by_pk:
            before, times = by_pk[before.replaces_id], times + 1
        steps.append(_step(row, by_pk, rows.serials, rows.files, times))
    steps.sort(key=lambda step: parcels_rules.ORDER.index(step.name))
    first = begins_with(boxes)
    following = parcels_rules.next_steps([step.name for step in steps], first)
    if not is_last:  # what belongs to an earlier parcel can be made up for; a return begins in the last chain
        following = [name for name in following if name in (StepName.SIGNED, StepName.UNBOXED)]
    return ChainView(
        round=number,
        begins_with=first,
        why=boxes[0].why if boxes else "",
        steps=tuple(steps),
        following=() if is_over else tuple(following),
        contradictions=parcels_rules.contradictions([step.facts for step in steps]),
    )


def _step(
    row: ParcelStep,
    by_pk: Mapping[int, ParcelStep],
    serials: Mapping[int, Sequence[ParcelSerial]],
    files: Mapping[int, Sequence[ParcelFile]],
    times: int,
) -> StepView:
    mine, kept = serials.get(row.pk, ()), files.get(row.pk, ())
    earlier = row.replaces_id
    is_linked = _is_linked(row, by_pk, serials, files)
    while earlier is not None and earlier in by_pk:  # an altered row that was replaced breaks the chain too
        is_linked = is_linked and _is_linked(by_pk[earlier], by_pk, serials, files)
        earlier = by_pk[earlier].replaces_id
    facts = StepFacts(
        name=StepName(row.name),
        happened_at=row.happened_at,
        carrier=row.carrier,
        waybill_no=row.waybill_no,
        weight_g=row.weight_g,
        who=row.who,
        flags=dict(row.flags),
        matches=tuple(Match(one.match) for one in mine),
        roles=frozenset(Role(file.role) for file in kept),
        outcome=Outcome(row.outcome) if row.outcome else None,
        is_linked=is_linked,
    )
    before = by_pk.get(row.previous_id or 0)
    return StepView(
        public_id=row.public_id,
        parcel=row.parcel.public_id,
        previous=before.public_id if before else "",
        chain_sha256=row.chain_sha256,
        facts=facts,
        noted_at=row.noted_at,
        noted_by=row.noted_by,
        note=row.note,
        serials=tuple(SerialView(one.card.public_id if one.card else "", one.tail4, Match(one.match)) for one in mine),
        files=tuple(FileView(one.public_id, Role(one.role), one.mime, one.size, one.sha256) for one in kept),
        lacks=parcels_rules.lacks(facts),
        replaced=times,
    )


def _is_linked(
    row: ParcelStep,
    by_pk: Mapping[int, ParcelStep],
    serials: Mapping[int, Sequence[ParcelSerial]],
    files: Mapping[int, Sequence[ParcelFile]],
) -> bool:
    """Tell whether a row still says what its hash was made of, and names the hash of the row before."""
    before = by_pk.get(row.previous_id) if row.previous_id is not None else None
    if row.previous_id is not None and before is None:
        return False
    if not row.told:  # its words were erased (room privacy); the record names what was, why and by whom
        return True
    told = told_of(row, serials.get(row.pk, ()))
    return told == row.told and row.chain_sha256 == hash_of(
        before.chain_sha256 if before else "", told, files.get(row.pk, ())
    )
