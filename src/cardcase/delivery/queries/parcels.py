"""The parcels of physical cards as one chain: steps in order, what each lacks, what does not fit. No secret is here."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cardcase.delivery.models import Delivery, ParcelFile, ParcelSerial, ParcelStep
from cardcase.delivery.rules import DeliveryState, parcels
from cardcase.delivery.rules.parcels import Clash, Contradiction, Match, Outcome, Role, StepFacts, StepName
from cardcase.kit import canonical, clock
from cardcase.kit.errors import NotFound, Refused
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor


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
    """All steps of a physical delivery in order. ``following``: what can be noted next, the likeliest first."""

    delivery: str
    order_id: int
    state: DeliveryState
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


def chain_of(actor: Actor, order_id: int) -> ChainView | None:
    """Return the chain of an order (row id); None when no physical card was allocated to it."""
    return chains_of(actor, [order_id]).get(order_id)


def chain(actor: Actor, delivery_id: str) -> ChainView:
    """Return the chain of a delivery. Raises as ``physical`` does."""
    found = chain_of(actor, physical(actor, delivery_id).order_id)
    assert found is not None, "a delivery of physical cards has a chain"
    return found


def physical(actor: Actor, delivery_id: str) -> Delivery:
    """Return a delivery of physical cards. Raises NotFound, Refused (not_a_parcel) for one of codes."""
    found: Delivery | None = Delivery.objects.visible_to(actor).filter(public_id=delivery_id).first()
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


def chains_of(actor: Actor, order_ids: Sequence[int]) -> Mapping[int, ChainView]:
    """Return the chains of several orders (row ids) in a fixed number of questions; one where there is no parcel."""
    deliveries = list(Delivery.objects.visible_to(actor).filter(order_id__in=order_ids, form="physical"))
    if not deliveries:
        return {}
    rows: dict[int, list[ParcelStep]] = defaultdict(list)
    steps = ParcelStep.objects.visible_to(actor).filter(parcel__delivery__in=deliveries).select_related("parcel")
    for row in steps.order_by("pk"):
        rows[row.parcel.delivery_id].append(row)
    ids = [row.pk for found in rows.values() for row in found]
    serials: dict[int, list[ParcelSerial]] = defaultdict(list)
    for serial in ParcelSerial.objects.visible_to(actor).filter(step__in=ids).select_related("card").order_by("pk"):
        serials[serial.step_id].append(serial)
    files: dict[int, list[ParcelFile]] = defaultdict(list)
    for file in ParcelFile.objects.visible_to(actor).filter(step__in=ids).defer("key_sealed").order_by("pk"):
        files[file.step_id].append(file)
    return {one.order_id: _chain(one, rows[one.pk], serials, files) for one in deliveries}


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
    return {key: value for key, value in told.items() if value not in ("", None, [], {})}


def hash_of(previous: str, told: Mapping[str, Any], files: Sequence[ParcelFile]) -> str:
    """Return the hash of a step over the one before, what it tells, and its files."""
    linked = parcels.link(previous, told, [(file.role, file.sha256) for file in files])
    return hashlib.sha256(canonical.encode(linked)).hexdigest()


def _chain(
    delivery: Delivery,
    rows: Sequence[ParcelStep],
    serials: Mapping[int, Sequence[ParcelSerial]],
    files: Mapping[int, Sequence[ParcelFile]],
) -> ChainView:
    by_pk = {row.pk: row for row in rows}
    replaced = {row.replaces_id for row in rows if row.replaces_id is not None}
    steps = []
    for row in rows:
        if row.pk in replaced:
            continue
        before, times = row, 0
        while before.replaces_id is not None and before.replaces_id in by_pk:
            before, times = by_pk[before.replaces_id], times + 1
        steps.append(_step(row, by_pk, serials, files, times))
    steps.sort(key=lambda step: parcels.ORDER.index(step.name))
    done = [step.name for step in steps]
    return ChainView(
        delivery=delivery.public_id,
        order_id=delivery.order_id,
        state=DeliveryState(delivery.state),
        steps=tuple(steps),
        following=tuple(parcels.next_steps(done)) if delivery.state != DeliveryState.CANCELLED.value else (),
        contradictions=parcels.contradictions([step.facts for step in steps]),
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
        lacks=parcels.lacks(facts),
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
