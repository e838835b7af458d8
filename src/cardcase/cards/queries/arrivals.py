"""What would come of a file of cards: looked up, never written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from cardcase.cards import vault
from cardcase.cards.models import Card
from cardcase.cards.rules import Arrival, gaps, identity
from cardcase.connectors.ports import CardNotice
from cardcase.kit import clock
from cardcase.orders.rules import Taken
from cardcase.staff import queries as staff
from cardcase.staff.rules import Actor

from .books import SOLD
from .formats import format_book

_AT_ONCE = 500
_SOLD = frozenset(state.value for state in SOLD)


@dataclass(slots=True)
class _Shadow:
    """What is known of a card while nothing is written. An unsaved one stands for a card that the import brings."""

    brand: str = ""
    region: str = ""
    spec: str = ""
    note: str = ""
    face_fen: int | None = None
    cost_fen: int | None = None
    expires_on: date | None = None
    has_batch: bool = True
    has_number: bool = False

    def fill(self, notice: CardNotice) -> bool:
        """Take what the notice adds; tell whether that was anything."""
        told = gaps(self, notice)
        adds = bool(told) or not self.has_batch or bool(notice.number.strip() and not self.has_number)
        for name, value in told.items():
            setattr(self, name, value)
        self.has_batch = True
        self.has_number = self.has_number or bool(notice.number.strip())
        return adds


def arrival(actor: Actor) -> Arrival:
    """Open the account of an import's cards: with the shop's formats and its least validity, on the shop's day."""
    today = clock.now().astimezone(clock.SHANGHAI).date()
    return Arrival(format_book(actor), today, staff.shop_of(actor).least_validity_days)


def preview(actor: Actor, files: Sequence[Sequence[CardNotice]], account: Arrival) -> list[list[Taken]]:
    """Say, file by file and in order, what ``service.stock`` would answer, and keep the account. Writes nothing.

    Looking five hundred cards up by their index takes the place of writing them: a hundred thousand rows cost seconds,
    and no lock. Raises NotAllowed when the actor may not read.
    """
    index = vault.indexer(actor.shop_id)
    shadows: dict[str, _Shadow] = {}
    return [_look(actor, notices, account, index, shadows) for notices in files]


def _look(
    actor: Actor,
    notices: Sequence[CardNotice],
    account: Arrival,
    index: Callable[[str], str],
    shadows: dict[str, _Shadow],
) -> list[Taken]:
    answers: list[Taken] = []
    for start in range(0, len(notices), _AT_ONCE):
        part = notices[start : start + _AT_ONCE]
        indices = [index(identity(notice.code, notice.number).normal_form()) for notice in part]
        known = _known(actor, indices)
        for notice, code_index in zip(part, indices, strict=True):
            account.judge(notice)
            is_repeat = account.is_repeat(code_index, notice)
            found = known.get(code_index)
            if found and not is_repeat:
                account.is_present(notice, tail4=found.tail4, batch=found.batch, is_sold=found.is_sold)
            shadow = shadows.get(code_index)
            if shadow is None:
                shadow = shadows[code_index] = found.shadow if found else _Shadow()
                if not found:
                    shadow.fill(notice)
                    answers.append(Taken.NEW)
                    continue
            answers.append(Taken.CHANGED if shadow.fill(notice) else Taken.KNOWN)
    return answers


class _Found(NamedTuple):
    tail4: str
    batch: str
    is_sold: bool
    shadow: _Shadow


def _known(actor: Actor, indices: Sequence[str]) -> dict[str, _Found]:
    rows = Card.objects.visible_to(actor).filter(code_index__in=sorted(set(indices)))
    told = rows.values_list(
        "code_index",
        "tail4",
        "batch__name",
        "state",
        "order_id",
        "number_index",
        *("brand", "region", "spec", "note", "face_fen", "cost_fen", "expires_on"),
    )
    return {
        code_index: _Found(
            tail4,
            batch or "",
            state in _SOLD or order_id is not None,
            _Shadow(
                brand=brand,
                region=region,
                spec=spec,
                note=note,
                face_fen=face_fen,
                cost_fen=cost_fen,
                expires_on=expires_on,
                has_batch=batch is not None,
                has_number=bool(number_index),
            ),
        )
        for (
            code_index,
            tail4,
            batch,
            state,
            order_id,
            number_index,
            brand,
            region,
            spec,
            note,
            face_fen,
            cost_fen,
            expires_on,
        ) in told
    }
