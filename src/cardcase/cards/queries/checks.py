"""How fresh the last look at a card is, and where the next one is made."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cardcase.cards.models import BalanceCheck
from cardcase.cards.rules import FRESH_FOR, Freshness, Seen, freshness
from cardcase.kit.text import Text
from cardcase.staff.rules import Actor

from .books import card
from .formats import format_book

_ANYWHERE: Final = Text("打开发卡方的官方查询页", "Open the issuer's own page for balances")
_ANYTHING: Final = Text("看余额、有效期和状态", "Look at balance, expiry and state")


@dataclass(frozen=True, slots=True)
class CheckGuide:
    """Which page to open for a card and what to look at there; ``certainty`` as in the data file, or empty."""

    format: str
    where: Text
    what: Text
    certainty: str
    source: str


def freshness_of(actor: Actor, public_id: str, *, at: datetime, fresh_for: timedelta = FRESH_FOR) -> Freshness:
    """Tell whether the last look at a card lets its code leave at a moment. Raises NotFound."""
    row = card(actor, public_id)
    last = BalanceCheck.objects.visible_to(actor).filter(card=row, checked_at__lte=at).order_by("-checked_at", "-pk")
    found = last.first()
    seen = Seen(found.checked_at, found.is_usable, found.balance_fen) if found else None
    return freshness(seen, face_fen=row.face_fen, at=at, fresh_for=fresh_for)


def check_guide(actor: Actor, public_id: str) -> CheckGuide:
    """Say how a person looks at a card: from the formats of the shop. Raises NotFound."""
    row = card(actor, public_id)
    known = format_book(actor).of_card(row.brand, "")
    if known is None:
        return CheckGuide("", _ANYWHERE, _ANYTHING, "", "")
    certainty = known.certainty.value if known.certainty else ""
    where, what = known.where, known.what
    return CheckGuide(
        known.id, where if where.zh else _ANYWHERE, what if what.zh else _ANYTHING, certainty, known.source
    )
