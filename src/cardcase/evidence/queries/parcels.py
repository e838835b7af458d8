"""Turning the chain of a physical card's parcel into what evidence is judged on."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from cardcase.delivery.queries import ChainView, StepView
from cardcase.delivery.rules.parcels import OUTCOMES, WAY, Clash, Match, Role, StepName, Way
from cardcase.evidence.rules import ParcelSeen
from cardcase.kit.text import Text

_FINDINGS: Final = frozenset({Clash.TAPE, Clash.SERIAL})
"""What these tell is a finding of the unboxing or the inspection and is said there; our own record is not in doubt."""


def seen_of(chain: ChainView) -> ParcelSeen:
    """Return what the chain of a parcel tells."""
    packed, shipped, signed = (chain.step(name) for name in (StepName.PACKED, StepName.SHIPPED, StepName.SIGNED))
    unboxed, received, inspected = (
        chain.step(name) for name in (StepName.UNBOXED, StepName.RECEIVED, StepName.INSPECTED)
    )
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
        outcome=chain.outcome.value if chain.outcome else "",
        outcome_text=OUTCOMES[chain.outcome] if chain.outcome else Text("", ""),
        clashes=tuple(_clashes(chain)),
    )


def _at(step: StepView | None) -> datetime | None:
    return step.facts.happened_at if step else None


def _has_video(step: StepView | None) -> bool:
    return step is not None and Role.VIDEO in step.facts.roles


def _clashes(chain: ChainView) -> Iterator[tuple[str, str, Text]]:
    for one in chain.contradictions:
        if one.clash not in _FINDINGS:
            kind = "E14" if one.step is StepName.PACKED else "E17" if WAY[one.step] is Way.BACK else "E16"
            yield kind, f"parcel_{one.clash.value}", one.text
