"""What advice is asked about: one claim with what is known of it. Absent means unknown; nothing is guessed here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cardcase.cases.rules import SUB_REASONS
from cardcase.kit.errors import WrongUse

from .numbers import FAMILIES

REDEMPTIONS: Final = ("unknown", "unredeemed", "after_reveal", "before_reveal")
PROVENANCES: Final = ("none", "partial", "full")
LARGEST: Final = 10**12
"""More than ten billion yuan, or seconds, is a mistake."""

_FAMILY_NAMES: Final = {
    "": "", "none": "", "unknown": "",
    "authenticity": "A", "personal": "P", "value": "V", "other": "O",
    "真实性质疑": "A", "买家个人原因": "P", "价值争议": "V", "其他": "O",
}  # fmt: skip


class AdviceInput(WrongUse):
    """A line of ``cardcase advise`` cannot be read. The other lines are answered all the same."""

    code = "advice_field_wrong"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim. None is "not known"; ``sub_reason`` is a sub-reason, a family's letter, or empty."""

    id: Any = None
    amount_fen: int | None = None
    paid_fen: int | None = None
    sub_reason: str = ""
    redemption: str = "unknown"
    by_buyer: bool | None = None
    provenance: str | None = None
    is_checked: bool | None = None
    is_agreed: bool | None = None
    is_admitted: bool | None = None
    balance_fen: int | None = None
    promised_fen: int | None = None
    orders: int | None = None
    disputes: int | None = None
    undisputed: int | None = None
    sold: int | None = None
    failed: int | None = None
    is_voidable: bool | None = None
    salvage_fen: int | None = None
    replacement_fen: int | None = None
    labour_fen: int | None = None
    loss_fen: int | None = None
    is_delivered: bool | None = None
    time_left_s: int | None = None
    is_dead: bool = False  # proven unusable; only a case can tell

    def but(self, **changes: Any) -> "Claim":
        """Return the claim with one thing changed; ten times as quick as dataclasses.replace, which matters here."""
        made = object.__new__(Claim)
        made.__dict__.update(self.__dict__, **changes)
        return made

    @property
    def is_personal(self) -> bool:
        """Tell whether the buyer gives a reason of his own (P, or that it is too dear)."""
        return self.sub_reason[:1] == "P" or self.sub_reason == "V5"

    @property
    def left(self) -> int | None:
        """Say what is left of what was promised: 0 nothing, 1 a part, 2 all; None when it was not looked up."""
        if self.balance_fen is None:
            return None
        if self.promised_fen:
            return 2 if self.balance_fen >= self.promised_fen else 1 if self.balance_fen else 0
        return 0 if self.balance_fen == 0 else None


def read_claim(row: Mapping[str, Any], *, number: int) -> Claim:
    """Read one JSON object. Raises AdviceInput naming the first field that cannot be read."""
    buyer, siblings = _part(row, "buyer"), _part(row, "siblings")
    return Claim(
        id=row.get("id", number),
        amount_fen=_whole(row, "amount_fen"),
        paid_fen=_whole(row, "paid_fen"),
        sub_reason=_reason(row),
        redemption=_one_of(row, "redemption", REDEMPTIONS) or "unknown",
        by_buyer=_yes_no(row, "redeemed_by_buyer_account"),
        provenance=_one_of(row, "provenance", PROVENANCES),
        is_checked=_yes_no(row, "pre_sale_check"),
        is_agreed=_yes_no(row, "terms_acknowledged"),
        is_admitted=_yes_no(row, "admission"),
        balance_fen=_whole(row, "verified_balance_fen"),
        promised_fen=_whole(row, "promised_fen"),
        orders=_whole(buyer, "orders"),
        disputes=_whole(buyer, "disputes"),
        undisputed=_whole(buyer, "prior_undisputed"),
        sold=_whole(siblings, "sold"),
        failed=_whole(siblings, "failed"),
        is_voidable=_yes_no(row, "voidable"),
        salvage_fen=_whole(row, "salvage_fen"),
        replacement_fen=_whole(row, "replacement_cost_fen"),
        labour_fen=_whole(row, "labour_fen"),
        loss_fen=_whole(row, "platform_loss_cost_fen"),
        is_delivered=_yes_no(row, "delivered"),
        time_left_s=_seconds(row),
    )


def write_claim(claim: Claim) -> dict[str, Any]:
    """Write a claim as ``read_claim`` reads it, without what is not known: kept with a decision."""
    plain = {
        "id": claim.id, "amount_fen": claim.amount_fen, "paid_fen": claim.paid_fen,
        "sub_reason": claim.sub_reason or None, "redemption": claim.redemption,
        "redeemed_by_buyer_account": claim.by_buyer, "provenance": claim.provenance,
        "pre_sale_check": claim.is_checked, "terms_acknowledged": claim.is_agreed, "admission": claim.is_admitted,
        "verified_balance_fen": claim.balance_fen, "promised_fen": claim.promised_fen,
        "buyer": _known({"orders": claim.orders, "disputes": claim.disputes, "prior_undisputed": claim.undisputed}),
        "siblings": _known({"sold": claim.sold, "failed": claim.failed}),
        "voidable": claim.is_voidable, "salvage_fen": claim.salvage_fen,
        "replacement_cost_fen": claim.replacement_fen, "labour_fen": claim.labour_fen,
        "platform_loss_cost_fen": claim.loss_fen, "delivered": claim.is_delivered, "time_left_s": claim.time_left_s,
    }  # fmt: skip
    return _known(plain)


def _known(plain: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in plain.items() if value is not None and value != {}}


def _part(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = row.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(name, "要写成对象", "must be an object")
    return value


def _whole(row: Mapping[str, Any], name: str) -> int | None:
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
        raise _wrong(name, "要写成不为负的整数", "must be a whole number, not negative")
    return value


def _seconds(row: Mapping[str, Any]) -> int | None:
    value = row.get("time_left_s")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise _wrong("time_left_s", "要写成秒数", "must be a number of seconds")
    return int(value)


def _yes_no(row: Mapping[str, Any], name: str) -> bool | None:
    value = row.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise _wrong(name, "要写成 true、false 或 null", "must be true, false or null")


def _one_of(row: Mapping[str, Any], name: str, names: tuple[str, ...]) -> str | None:
    value = row.get(name)
    if value is None or (isinstance(value, str) and value in names):
        return value
    raise _wrong(name, f"要从这些里选：{'、'.join(names)}", f"must be one of {', '.join(names)}")


def _reason(row: Mapping[str, Any]) -> str:
    for name in ("sub_reason", "reason"):
        value = row.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise _wrong(name, "要写成文字", "must be text")
        code = _FAMILY_NAMES.get(value, value)
        if code in SUB_REASONS or code in FAMILIES:
            return code
        if code:
            raise _wrong(name, "不是已知的原因", "is no known reason")
    return ""


def _wrong(name: str, zh: str, en: str) -> AdviceInput:
    return AdviceInput(f"“{name}”这一项{zh}", f"{name} {en}", code="advice_field_wrong", field=name)
