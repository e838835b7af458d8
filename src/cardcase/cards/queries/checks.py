"""How fresh the last look at a card is, and where the next one is made."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cardcase.cards.models import BalanceCheck, Card
from cardcase.cards.rules import FRESH_FOR, Freshness, LookRule, Seen, freshness
from cardcase.kit.text import Text
from cardcase.staff.models import Shop
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
    found = last_look(actor, row, at=at)
    seen = Seen(found.checked_at, found.is_usable, found.balance_fen) if found else None
    return freshness(seen, face_fen=row.face_fen, at=at, fresh_for=fresh_for)


def last_look(actor: Actor, row: Card, *, at: datetime) -> BalanceCheck | None:
    """Return the last look at a card up to a moment, None without any."""
    looks = BalanceCheck.objects.visible_to(actor).filter(card=row, checked_at__lte=at)
    found: BalanceCheck | None = looks.order_by("-checked_at", "-pk").first()
    return found


def look_rule(actor: Actor) -> LookRule:
    """Return what the shop asks of the last look at a card when its code is given out."""
    minutes, is_required = Shop.objects.values_list("check_minutes", "is_check_required").get(pk=actor.shop_id)
    return LookRule(timedelta(minutes=minutes), is_required)


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
