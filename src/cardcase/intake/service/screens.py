"""Confirmed screenshots on their way: their words to the inbox, their pictures to the evidence, their cases opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from cardcase.cases import queries as case_queries
from cardcase.inbox import queries as inbox_queries
from cardcase.inbox import service as inbox
from cardcase.orders.service import Taken
from cardcase.screens import service as screens
from cardcase.screens.rules.lines import Said
from cardcase.staff.rules import Actor, Permission

from . import casework


@dataclass(frozen=True, slots=True)
class ScreensTaken:
    """What became of a capture: messages new, known, and told more; the cases concerned; exhibits made."""

    capture: str
    new: int
    known: int
    changed: int
    cases: tuple[str, ...]
    exhibits: tuple[str, ...]


def confirm_screens(
    actor: Actor, capture_id: str, said: Sequence[Said] | None = None, *, nick: str = "", at: datetime
) -> ScreensTaken:
    """Take what a person confirmed: known messages stay one, cases are opened or told, pictures become exhibits.

    One transaction. Raises NotAllowed, NotFound, BadSheet, Conflict when the capture was settled already.
    """
    actor.require(Permission.IMPORT)
    with transaction.atomic():
        confirmed = screens.confirm(actor, capture_id, said, nick=nick, at=at)
        outcomes = inbox.ingest_messages(actor, confirmed.notices, at=at)
        touched = set(casework.hang_conversations(actor, confirmed.notices, at=at))
        touched |= casework.adopt_chats(actor, sorted(touched), at=at)
        if confirmed.row.case is not None:
            touched.add(confirmed.row.case.order_id)
        numbers = casework.refresh(actor, sorted(touched), at=at)
        key = next(((one.channel, one.conversation_id) for one in confirmed.notices), None)
        found = inbox_queries.conversations_by_external_ids(actor, [key]) if key else {}
        talk = next(iter(found.values()), None)
        cases = [confirmed.row.case] if confirmed.row.case is not None else case_queries.by_numbers(actor, numbers)
        made = screens.settle(actor, confirmed.row, talk, cases, at=at)
    return ScreensTaken(
        capture=confirmed.row.public_id,
        new=outcomes.count(Taken.NEW),
        known=outcomes.count(Taken.KNOWN),
        changed=outcomes.count(Taken.CHANGED),
        cases=tuple(dict.fromkeys([*(case.number for case in cases), *numbers])),
        exhibits=tuple(one.public_id for one in made),
    )
