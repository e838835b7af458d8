"""What a notice really says, as units with stamps. Cleans what a database would refuse; decides nothing else."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Final

from cardcase.connectors.ports import ListingNotice, OrderNotice, OrderState, RefundKind, RefundNotice, RefundState
from cardcase.kit.errors import WrongUse

from . import merge
from .merge import Said, Telling

ORDER_PROGRESS: Final = MappingProxyType({state: place for place, state in enumerate(
    (OrderState.UNKNOWN, OrderState.AWAITING_PAYMENT, OrderState.AWAITING_DELIVERY, OrderState.DELIVERED,
     OrderState.COMPLETED, OrderState.CLOSED, OrderState.REFUNDED)
)})  # fmt: skip
"""An order only goes forward (platform-rules §1.5), so the further state is the newer one, whatever the clocks say."""

REFUND_PROGRESS: Final = MappingProxyType({state: place for place, state in enumerate(
    (RefundState.NONE, RefundState.UNKNOWN, RefundState.AWAITING_SELLER, RefundState.AWAITING_ADDRESS,
     RefundState.AWAITING_RETURN, RefundState.AWAITING_RECEIPT, RefundState.REFUSED, RefundState.CLOSED,
     RefundState.SUCCEEDED)
)})  # fmt: skip
"""Only parts notices of the same moment: a refused refund may be applied for again (T20). Paid out is final."""

OPEN_REFUNDS: Final = frozenset(
    {
        RefundState.AWAITING_SELLER,
        RefundState.AWAITING_ADDRESS,
        RefundState.AWAITING_RETURN,
        RefundState.AWAITING_RECEIPT,
        RefundState.UNKNOWN,
    }
)
"""States in which somebody still has to do something. Unknown is among them: a person has to look."""

MADE_UP: Final = "chat:"
"""How the number of an order begins that stands in for the unknown one of a chat."""

MAX_FEN: Final = 2**53 - 1
_DIGEST: Final = 12
_KEY_LIMIT: Final = 40
_LIMITS: Final = MappingProxyType(
    {
        "state_raw": 40, "refund_state_raw": 40, "order_type_raw": 20, "nick": 120, "title": 300, "sku_text": 200,
        "service_support": 200, "seller_external_id": 80, "kind_raw": 40, "goods_status_raw": 40, "reason_raw": 300,
    }
)  # fmt: skip
"""Lengths of the columns in models.py; the uncut words stay in ``raw``."""


def clean(text: str, limit: int | None = None) -> str:
    """Return a text that every database takes: no NUL, no half of a surrogate pair, cut to the column's length."""
    plain = text.replace("\0", "") if "\0" in text else text
    if not plain.isascii():
        plain = plain.encode("utf-8", "replace").decode()
    return plain if limit is None else plain[:limit]


def short_key(text: str, limit: int) -> str:
    """Return an identifier that fits its column; one that is too long ends in a digest, so that it stays its own."""
    plain = clean(text.strip())
    if len(plain) <= limit:
        return plain
    return f"{plain[: limit - 17]}#{hashlib.sha256(plain.encode()).hexdigest()[:16]}"


def order_key(channel: str, order_no: str) -> tuple[str, str]:
    """Return what makes two notices speak of one order. Raises WrongUse for what cannot be an order number."""
    number = clean(order_no.strip())
    if not number or len(number) > _KEY_LIMIT:
        raise WrongUse("订单号是空的或太长", "An order number is empty or too long", code="bad_order_no")
    return channel, number


def buyer_key(notice: OrderNotice) -> tuple[str, str] | None:
    """Return the buyer's identity: the channel's stable id, else the nickname, else nothing.

    A nickname with stars stands for many people; it identifies one within one order only.
    """
    if notice.buyer_external_id.strip():
        return notice.channel, short_key(notice.buyer_external_id, 80)
    nick = notice.buyer_nick.strip()
    if not nick:
        return None
    scope = f"@{notice.order_no.strip()}" if "*" in nick or "＊" in nick else ""
    return notice.channel, short_key(f"nick:{nick}{scope}", 80)


def listing_key(channel: str, listing: ListingNotice | None) -> tuple[str, str, str] | None:
    """Return the identity of the goods, or nothing when the channel gave no item number."""
    if listing is None or not listing.item_id.strip():
        return None
    return channel, short_key(listing.item_id, 40), clean(listing.sku_text.strip(), _LIMITS["sku_text"])


def order_stamp(notice: OrderNotice) -> str:
    """Return the stamp of an order notice: its update time, else the latest thing that it knows to have happened.

    Costs the reading of the whole notice: make it once and hand it on.
    """
    times = (notice.created_at, notice.paid_at, notice.delivered_at, notice.confirmed_at, notice.refunded_at)
    moment = notice.updated_at or max((time for time in times if time), default=None)
    return merge.stamp(moment, ORDER_PROGRESS[notice.state], _digest(notice))


def refund_stamp(notice: RefundNotice) -> str:
    """Return the stamp of a refund notice. One without a refund number only fills gaps (rank low)."""
    moment = notice.modified_at or max(
        (time for time in (notice.applied_at, notice.refunded_at, notice.rejected_at) if time), default=None
    )
    rank = merge.NORMAL if notice.refund_no.strip() else merge.LOW
    return merge.stamp(moment, REFUND_PROGRESS[notice.state], _digest(notice), rank=rank)


def read_buyer(notice: OrderNotice, at: str) -> Telling | None:
    """Return what an order notice says of its buyer."""
    key = buyer_key(notice)
    if key is None:
        return None
    return Telling(key, dict(_plain_units(at, nick=clean(notice.buyer_nick.strip(), _LIMITS["nick"]))))


def read_listing(notice: OrderNotice, at: str) -> Telling | None:
    """Return what an order notice says of the goods."""
    key, listing = listing_key(notice.channel, notice.listing), notice.listing
    if key is None or listing is None:
        return None
    units = _plain_units(
        at,
        title=clean(listing.title, _LIMITS["title"]),
        price_fen=_money(listing.price_fen),
        service_support=_support(listing),
    )
    return Telling(key, dict(units))


def read_order(notice: OrderNotice, at: str, *, buyer_id: int | None, listing_id: int | None) -> Telling:
    """Return what a notice says of its order. ``buyer_id`` and ``listing_id`` are our rows for those it names."""
    said = dict(_plain_units(
        at,
        order_type_raw=notice.order_type_raw, total_fen=_money(notice.total_fen), paid_fen=_money(notice.paid_fen),
        refund_fen=_money(notice.refund_fen), quantity=_count(notice.quantity), created_at=notice.created_at,
        paid_at=notice.paid_at, delivered_at=notice.delivered_at, confirmed_at=notice.confirmed_at,
        refunded_at=notice.refunded_at, updated_at=notice.updated_at, seller_external_id=notice.seller_external_id,
        seller_remark=notice.seller_remark, cancel_reason=notice.cancel_reason,
        service_support=_support(notice.listing) if notice.listing else "",
    ))  # fmt: skip
    if notice.state is not OrderState.UNKNOWN or notice.state_raw:
        rank = str(ORDER_PROGRESS[notice.state])
        raw = clean(notice.state_raw, _LIMITS["state_raw"])
        said["state"] = Said(merge.with_rank(at, rank), {"state": notice.state.value, "state_raw": raw})
    if notice.refund_state is not None:
        # "No refund" is what a channel says before the first one; it never takes back one that was seen.
        rank = merge.LOW if notice.refund_state is RefundState.NONE else merge.NORMAL
        columns = {
            "refund_state": notice.refund_state.value,
            "refund_state_raw": clean(notice.refund_state_raw, _LIMITS["refund_state_raw"]),
        }
        said["refund_state"] = Said(merge.with_rank(at, rank), columns)
    if buyer_id is not None:
        rank = merge.NORMAL if notice.buyer_external_id.strip() else merge.LOW
        said["buyer"] = Said(merge.with_rank(at, rank), {"buyer_id": buyer_id})
    if listing_id is not None:
        said["listing"] = Said(at, {"listing_id": listing_id})
    return Telling(order_key(notice.channel, notice.order_no), said, _clean_raw(notice.raw), at)


def refund_number(notice: RefundNotice) -> str:
    """Return the refund's own number, empty when the channel gave none."""
    return short_key(notice.refund_no, 60)


def read_refund(notice: RefundNotice, *, order_id: int) -> Telling:
    """Return what a notice says of its refund. Without a refund number the key names the order instead."""
    at = refund_stamp(notice)
    said = dict(_plain_units(
        at,
        goods_status_raw=notice.goods_status_raw, amount_fen=_money(notice.amount_fen), reason_raw=notice.reason_raw,
        description=notice.description, applied_at=notice.applied_at, timeout_at=notice.timeout_at,
        refunded_at=notice.refunded_at, rejected_at=notice.rejected_at, modified_at=notice.modified_at,
    ))  # fmt: skip
    if notice.state is not RefundState.UNKNOWN or notice.state_raw:
        is_final = notice.state is RefundState.SUCCEEDED and at.startswith(merge.NORMAL)
        columns = {"state": notice.state.value, "state_raw": clean(notice.state_raw, _LIMITS["state_raw"])}
        said["state"] = Said(merge.with_rank(at, merge.HIGH) if is_final else at, columns)
    if notice.kind is not RefundKind.UNKNOWN or notice.kind_raw:
        said["kind"] = Said(at, {"kind": notice.kind.value, "kind_raw": clean(notice.kind_raw, _LIMITS["kind_raw"])})
    number = refund_number(notice) or anonymous_number(notice.order_no)
    return Telling((order_id, number), said, _clean_raw(notice.raw), at)


def anonymous_number(order_no: str) -> str:
    """Return what stands for the number of a refund that came without one."""
    return short_key(f"order:{order_no.strip()}", 60)


def _plain_units(at: str, **values: Any) -> Iterator[tuple[str, Said]]:
    """Yield one unit a column for what was told: neither None nor empty text."""
    for column, value in values.items():
        if value is None or value == "":
            continue
        kept = clean(value, _LIMITS.get(column)) if isinstance(value, str) else value
        yield column, Said(at, {column: kept})


def _money(fen: int | None) -> int | None:
    """Return the amount, or nothing when it cannot be one; its digits stay in ``raw``."""
    return fen if fen is not None and -MAX_FEN <= fen <= MAX_FEN else None


def _count(number: int | None) -> int | None:
    return number if number is not None and 0 <= number < 2**31 else None


def _support(listing: ListingNotice) -> str:
    return ",".join(code.strip() for code in listing.service_support if code.strip())


def _clean_raw(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the channel's answer as JSON that every database takes."""
    try:
        written = json.dumps(raw, allow_nan=False)
    except (TypeError, ValueError):
        return _clean_mapping(raw)
    is_safe = "\\u0000" not in written and "\\ud" not in written
    return raw if is_safe and all(type(name) is str for name in raw) else _clean_mapping(raw)


def _clean_mapping(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {clean(str(name)): _clean_value(value) for name, value in raw.items()}


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return _clean_mapping(value)
    if isinstance(value, (list, tuple)):
        return [_clean_value(inner) for inner in value]
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)  # noqa: PLR0124 - NaN is not itself
    return clean(str(value))


def _digest(notice: OrderNotice | RefundNotice) -> str:
    """Return a short digest of everything said, so that of two notices of one moment the same one always counts."""
    names = _NAMES[type(notice)]
    said = [str(value) if (value := getattr(notice, name)) is not None else "" for name in names]
    said.append(json.dumps(notice.raw, sort_keys=True, default=str))
    return hashlib.sha256("\x1f".join(said).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]


_NAMES: Final = MappingProxyType(
    {
        kind: tuple(item.name for item in fields(kind) if item.name not in ("raw", "origin"))
        for kind in (OrderNotice, RefundNotice)
    }
)
