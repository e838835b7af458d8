"""How many codes one person may look at in a day, and which need the second factor (security-anchors T7)."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from cardcase.cards import queries
from cardcase.cards.models import Card
from cardcase.cards.rules import caps
from cardcase.custody import service as custody
from cardcase.custody.service import Record
from cardcase.kit.errors import Refused
from cardcase.kit.text import Text
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor, Permission, SecondFactorNeeded

from .rows import one_at_a_time


def require_room(actor: Actor, cards: Sequence[Card], *, to: str, at: datetime, override_reason: str = "") -> None:
    """Refuse what would go over the person's share of the day, or takes much money out without a second factor.

    ``to``: staff, a look of one's own (``Shop.reveal_cap``), or buyer, a code sent to whoever bought it, of which there
    are many more on a good day (``Shop.give_cap``).

    The count is taken under the shop's lock, so that two looks at once cannot both be the last one. The owner may go
    over with a reason, which the record keeps; so does it keep that somebody came near. The machine's own console shows
    no factor: whoever sits there could open the key file as well. Raises Refused (reveal_cap), SecondFactorNeeded.
    """
    if not actor.is_person or not cards:
        return
    one_at_a_time(actor)
    shop = Shop.objects.only("reveal_cap", "give_cap", "large_value_fen", "time_zone").get(pk=actor.shop_id)
    if not (actor.is_console or actor.is_proven) and any(
        (card.face_fen or 0) >= shop.large_value_fen for card in cards
    ):
        raise SecondFactorNeeded
    day = at.astimezone(ZoneInfo(shop.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    seen = queries.looks_since(actor, day, to=to)
    cap = shop.reveal_cap if to == "staff" else shop.give_cap
    after = seen + len(cards)
    is_over = after > cap
    if is_over and not (override_reason.strip() and actor.may(Permission.MANAGE_SHOP)):
        raise Refused(
            f"今天已经取出 {seen} 个卡密，每人每天最多 {cap} 个",
            f"You have taken out {seen} codes today; the limit is {cap} a person and day",
            next=Text(
                "请店主写明原因后再看，或在店铺设置里改上限。",
                "Ask the owner, or change the limit in the shop settings.",
            ),
            code="reveal_cap",
            seen=seen,
            cap=cap,
        )
    if is_over or caps.comes_near(seen, after, cap):
        facts: dict[str, custody.JSON] = {"by": actor.label, "seen": after, "cap": cap, "to": to}
        facts |= {"reason": override_reason.strip()} if is_over else {}
        kind = "card.cap_exceeded" if is_over else "card.cap_near"
        custody.append(actor, Record(kind, f"shop_{actor.shop_id}", at, facts))
