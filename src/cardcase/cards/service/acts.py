"""What can be done with one card, by name: page, API and command line hand over the same words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from cardcase.cards.rules import VoidResult
from cardcase.kit.errors import NotFound, WrongUse
from cardcase.kit.money import parse_yuan
from cardcase.kit.text import Text
from cardcase.staff.models import Shop
from cardcase.staff.rules import Actor

from . import checks, fate, voiding


@dataclass(frozen=True, slots=True)
class CardAct:
    """One act as it was typed: the card, the moment of acting, the words of the form, a proof if one was sent.

    Amounts are in yuan, moments without a zone are the shop's.
    """

    card_id: str
    at: datetime
    words: Mapping[str, str] = field(default_factory=dict)
    proof: bytes = b""

    def word(self, name: str) -> str:
        """Return what was typed under a name, without surrounding space."""
        return self.words.get(name, "").strip()


def perform(actor: Actor, name: str, act: CardAct) -> None:
    """Do one act. Raises NotFound for an unknown name, WrongUse for what cannot be read, and what the verb raises."""
    verb = ACTS.get(name)
    if verb is None:
        raise NotFound(f"没有这个操作：{name}", f"There is no such act: {name}", next=_names())
    verb(actor, act)


def _check(actor: Actor, act: CardAct) -> None:
    usable = act.word("usable")
    if usable not in ("", "yes", "no"):
        raise WrongUse("usable 只能是 yes 或 no", "usable is yes or no")
    checks.record_balance_check(
        actor,
        act.card_id,
        method=act.word("method")[:40],
        balance_fen=_yuan(act.word("balance")),
        is_usable={"yes": True, "no": False}.get(usable),
        proof=act.proof or None,
        note=act.word("note")[:300],
        at=act.at,
    )


def _ask_checker(actor: Actor, act: CardAct) -> None:
    checks.ask_checker(actor, act.card_id, checker=act.word("checker"), at=act.at)


def _ask_void(actor: Actor, act: CardAct) -> None:
    voiding.ask_to_void(actor, act.card_id, reason=act.word("reason"), at=act.at)


def _settle_void(actor: Actor, act: CardAct) -> None:
    try:
        result = VoidResult(act.word("result"))
    except ValueError:
        choices = ", ".join(one.value for one in VoidResult if one is not VoidResult.OPEN)
        raise WrongUse(
            "请选作废的结果", "Choose how voiding ended", next=Text(f"可选：{choices}。", f"One of {choices}.")
        ) from None
    voiding.settle_void(
        actor,
        act.card_id,
        result,
        proof=act.proof,
        note=act.word("note"),
        redeemed_at=_moment(actor, act.word("redeemed_at")),
        at=act.at,
    )


def _redeemed(actor: Actor, act: CardAct) -> None:
    voiding.mark_redeemed(
        actor,
        act.card_id,
        redeemed_at=_moment(actor, act.word("redeemed_at")),
        source=act.word("source"),
        at=act.at,
    )


def _take_back(actor: Actor, act: CardAct) -> None:
    fate.take_back(actor, act.card_id, reason=act.word("reason"), at=act.at)


def _readmit(actor: Actor, act: CardAct) -> None:
    fate.readmit(actor, act.card_id, reason=act.word("reason"), at=act.at)


def _write_off(actor: Actor, act: CardAct) -> None:
    fate.write_off(actor, act.card_id, reason=act.word("reason"), at=act.at)


ACTS: Final[Mapping[str, Callable[[Actor, CardAct], None]]] = MappingProxyType(
    {
        "check": _check,
        "ask_checker": _ask_checker,
        "ask_void": _ask_void,
        "settle_void": _settle_void,
        "redeemed": _redeemed,
        "take_back": _take_back,
        "readmit": _readmit,
        "write_off": _write_off,
    }
)
"""Acts by name. Looking at a code is none of them: it answers with the code and stands by itself (``reveal``)."""


def _names() -> Text:
    return Text(f"可用的有：{'、'.join(ACTS)}。", f"There are: {', '.join(ACTS)}.")


def _yuan(text: str) -> int | None:
    try:
        return parse_yuan(text) if text else None
    except ValueError:
        raise WrongUse(  # what was typed is not repeated: a card code may have slipped in
            "这不是金额",
            "This is no amount",
            code="not_an_amount",
            next=Text("写成 200 或 199.50 这样。", "Write it like 200 or 199.50."),
        ) from None


def _moment(actor: Actor, text: str) -> datetime | None:
    if not text:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUse(
            "时间看不懂",
            "The moment cannot be read",
            code="not_a_moment",
            next=Text("写成 2026-11-24T20:12 这样。", "Write it like 2026-11-24T20:12."),
        ) from None
    if told.tzinfo is None:
        zone = Shop.objects.values_list("time_zone", flat=True).get(pk=actor.shop_id)
        told = told.replace(tzinfo=ZoneInfo(zone))
    return told
