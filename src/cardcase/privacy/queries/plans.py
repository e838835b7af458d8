"""What an act of removal would do to whom, before anybody says yes: the plan that a person confirms."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cardcase.kit import canonical
from cardcase.kit.text import Text
from cardcase.privacy.rules import Held, Hold
from cardcase.staff.rules import Actor

from .matters import Matter, find, ref_of
from .originals import shared_originals
from .standing import Standing, standing


@dataclass(frozen=True)
class Plan:
    """Everything of one buyer, or of one order, as it stands. ``stamp`` changes when any of it does."""

    ref: str
    nick: str
    order_no: str
    parts: Sequence[Standing]
    shared: Sequence[str]

    @property
    def holds(self) -> list[Held]:
        """What stands against erasing all of it at once."""
        whole = any(part.matter.order is not None for part in self.parts)
        return [held for part in self.parts for held in part.holds if not (whole and held.hold is Hold.OTHERS_FIRST)]

    @property
    def rows(self) -> int:
        """Rows of the tables that hold something."""
        return sum(part.collected.rows for part in self.parts)

    @property
    def contents(self) -> int:
        """Contents of the record that would go."""
        return sum(part.contents for part in self.parts)

    @property
    def files(self) -> int:
        """Kept files that are named."""
        return len({sha256 for part in self.parts for sha256 in part.collected.files})

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is left, in the tables or locked away."""
        return all(part.is_empty and not is_locked(part) for part in self.parts)

    @property
    def due_at(self) -> datetime | None:
        """When the last of its periods is over; None when one of them cannot be told."""
        found = [part.due_at for part in self.parts if not part.is_empty or is_locked(part)]
        told = [moment for moment in found if moment is not None]
        return max(told, default=None) if len(told) == len(found) else None

    def is_due(self, now: datetime) -> bool:
        """Tell whether all of its periods are over; where nothing is left, nothing runs."""
        return self.is_empty or (self.due_at is not None and self.due_at <= now)

    @property
    def phrase(self) -> Text:
        """What a person types to erase it."""
        what = self.order_no or self.ref
        return Text(f"删除 {what}", f"erase {what}")

    @property
    def stamp(self) -> str:
        """A digest of what the plan says, so that nobody confirms one thing and erases another."""
        told = [
            [part.matter.subject, part.collected.rows, len(part.entries), sorted(part.collected.files), is_locked(part)]
            for part in self.parts
        ]
        return hashlib.sha256(canonical.encode(told)).hexdigest()[:16]


def is_locked(part: Standing) -> bool:
    """Tell whether the matter is locked away."""
    return part.removal is not None and part.removal.bundle is not None


def plan(actor: Actor, who: str) -> Plan:
    """Look at all of a buyer, or one order. Raises as ``matters.find``."""
    return of_matters(actor, find(actor, who))


def of_matters(actor: Actor, matters: Sequence[Matter]) -> Plan:
    """Look at these matters of one buyer together."""
    parts = [standing(actor, matter) for matter in matters]
    last = matters[-1]
    is_order = last.order is not None
    return Plan(
        ref=last.subject if is_order or last.buyer is None else ref_of(last.buyer),
        nick=last.buyer.nick if last.buyer is not None else "",
        order_no=last.about,
        parts=parts,
        shared=shared_originals(actor, parts),
    )
