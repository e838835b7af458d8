"""The rows of a case's sealed packs."""

from collections.abc import Mapping

from cardcase.cases.models import Case
from cardcase.packs.models import Pack
from cardcase.staff.rules import Actor


def pack_rows(actor: Actor, case: Case) -> Mapping[str, Pack]:
    """Return them by the pack's id."""
    return {row.public_id: row for row in Pack.objects.visible_to(actor).filter(case=case)}
