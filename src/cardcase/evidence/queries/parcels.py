"""Turning the chain of a physical card's parcel into what evidence is judged on."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from cardcase.delivery.queries import ParcelsView, StepView
from cardcase.delivery.rules.parcels import OUTCOMES, WAY, Clash, Match, Role, StepName, Way
from cardcase.evidence.rules import ParcelSeen
from cardcase.kit.text import Text

_FINDINGS: Final = frozenset({Clash.TAPE, Clash.SERIAL})
"""What these tell is a finding of the unboxing or the inspection and is said there; our own record is not in doubt."""


def meant(found: Sequence[ParcelsView], card: str) -> ParcelsView | None:
    """Return the parcels that a case is about: those of the replacement it names (public id), else of the delivery."""
    named = next((one for one in found if one.is_replacement and one.goods == card), None)
    return named or next((one for one in found if not one.is_replacement), None)


def seen_of(view: ParcelsView) -> ParcelSeen:
    """Return what the chains of some goods tell: of the last parcel out, and of what came back last."""
    sent = view.chains[view.chains.index(view.sent) :]
    packed, shipped, signed, unboxed = (
        view.sent.step(name) for name in (StepName.PACKED, StepName.SHIPPED, StepName.SIGNED, StepName.UNBOXED)
    )
    back = next((chain for chain in reversed(sent) if chain.step(StepName.RECEIVED) is not None), view.last)
    received, inspected = back.step(StepName.RECEIVED), back.step(StepName.INSPECTED)
    flags = unboxed.facts.flags if unboxed else {}
    return ParcelSeen(
        packed_at=_at(packed),
        has_packing_video=_has_video(packed),
        is_serial_same=packed is not None and all(one.match is Match.SAME for one in packed.serials),
        shipped_at=_at(shipped),
        carrier=shipped.facts.carrier if shipped else "",
        waybill_no=shipped.facts.waybill_no if shipped else "",
        weight_g=shipped.facts.weight_g if shipped else None,
        signed_at=_at(signed),
        signed_by=signed.facts.who if signed else "",
        unboxed_at=_at(unboxed),
        has_unboxing_video=_has_video(unboxed),
        is_uncut=flags.get("is_uncut"),
        is_waybill_visible=flags.get("is_waybill_visible"),
        is_tape_intact=flags.get("is_tape_intact"),
        received_at=_at(received),
        inspected_at=_at(inspected),
        has_inspection_video=_has_video(inspected),
        outcome=back.outcome.value if back.outcome else "",
        outcome_text=OUTCOMES[back.outcome] if back.outcome else Text("", ""),
        clashes=tuple(_clashes(view)),
    )


def _at(step: StepView | None) -> datetime | None:
    return step.facts.happened_at if step else None


def _has_video(step: StepView | None) -> bool:
    return step is not None and Role.VIDEO in step.facts.roles


def _clashes(view: ParcelsView) -> Iterator[tuple[str, str, Text]]:
    for one in (one for chain in view.chains for one in chain.contradictions):
        if one.clash not in _FINDINGS:
            kind = "E14" if one.step is StepName.PACKED else "E17" if WAY[one.step] is Way.BACK else "E16"
            yield kind, f"parcel_{one.clash.value}", one.text
