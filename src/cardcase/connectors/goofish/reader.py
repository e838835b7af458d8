"""Finds 闲管家's and the workbench's records in JSON of any wrapping: bare, in envelopes, in lists, one a line."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cardcase.connectors import values
from cardcase.connectors.limits import JSON_DEPTH, TEXT_ROWS
from cardcase.connectors.ports import (
    DeliveryNotice,
    FileKind,
    Notice,
    OrderNotice,
    Origin,
    RefundNotice,
)
from cardcase.connectors.reader import Draft, Source
from cardcase.connectors.values import Unreadable

from . import mapping, workbench

_IN_NAME: Final = re.compile(r"(?<!\d)\d{19,25}(?!\d)")
_REFUND_ONLY: Final = frozenset({"refund_no", "refund_id", "apply_time", "timeout_time", "reject_time"})
_REFUND_MARKS: Final = frozenset({"goods_status", "refund_type"})
_ORDER_MARKS: Final = frozenset(
    {"goods", "total_amount", "pay_amount", "pay_time", "buyer_eid", "buyer_nick", "order_time"}
)
_REFUND_TIMES: Final = frozenset({"create_time", "update_time", "modify_time", "refund_time"})
_KEYS: Final = ("order_no", "card_no", "card_pwd", "commonData", "components", "msg")
"""One of these stands in every file that is ours: looking for them is cheaper than walking through any JSON."""
_CARD_MARKS: Final = frozenset({"card_no", "card_pwd"})


class Answers:
    """Reads JSON that holds orders, refunds, pushes or delivered cards."""

    name = "goofish-json"
    kinds = frozenset({FileKind.ORDERS, FileKind.REFUNDS, FileKind.DELIVERIES, FileKind.PUSH})

    def claim(self, source: Source) -> int:
        """One record of a known shape is convincing; an error answer of the platform is ours as well."""
        if not source.mentions(_KEYS):
            return 0
        for _, _, _, shape in _walk(source):
            if shape:
                return 92
        return 92 if _is_error_answer(source.document) else 0

    def read(self, source: Source) -> Draft:
        """Read all records; an object of unknown shape among known ones is refused, not passed over."""
        draft = Draft(source)
        counts: dict[str, int] = {}
        last = 0
        if _is_error_answer(source.document):
            draft.refuse("channel_error")
            return draft
        for row, problem, found, shape in _walk(source):
            draft.rows += row != last  # one line may hold an envelope with several records
            last = row
            if draft.rows > TEXT_ROWS:
                return _too_many(source)
            if problem or not shape:
                draft.refuse(problem or "shape_unknown", row)
                continue
            data, order_no = found
            counts[shape] = counts.get(shape, 0) + 1
            _take(draft, shape, data, order_no, row)
        draft.kind = _kind(counts)
        return draft


def _too_many(source: Source) -> Draft:
    draft = Draft(source)
    draft.refuse("too_many_rows", limit=TEXT_ROWS)
    return draft


def _kind(counts: Mapping[str, int]) -> FileKind:
    kinds = {
        "push": FileKind.PUSH,
        "card": FileKind.DELIVERIES,
        "refund": FileKind.REFUNDS,
        "refund_item": FileKind.REFUNDS,
        "refund_detail": FileKind.REFUNDS,
        "order": FileKind.ORDERS,
        "sold_item": FileKind.ORDERS,
    }
    if not counts:
        return FileKind.UNKNOWN
    return kinds[max(counts, key=lambda shape: counts[shape])]


def shape_of(data: Mapping[str, Any]) -> str:
    """Name the known shape of an object, or return nothing."""
    keys = data.keys()
    states = [str(data[name]) for name in ("order_status", "refund_status") if name in keys]
    is_numbered = "order_no" in keys
    has_goods = isinstance(data.get("goods"), dict)
    shapes = (
        ("refund_item", workbench.is_refund_item(data)),
        ("refund_detail", workbench.is_refund_detail(data)),
        ("sold_item", workbench.is_sold_item(data)),
        ("card", keys & _CARD_MARKS and not isinstance(data.get("list"), list)),
        ("refund", is_numbered and (keys & _REFUND_ONLY or (keys & _REFUND_MARKS and "total_amount" not in keys))),
        ("order", is_numbered and keys & _ORDER_MARKS and (has_goods or not _is_flat_words(states))),
        ("push", is_numbered and "modify_time" in keys and states),
    )
    return next((shape for shape, holds in shapes if holds), "")


def _is_flat_words(states: list[str]) -> bool:
    """Tell whether states are written as words: then it is another tool's list, read as a table."""
    return bool(states) and not any(state.isdigit() for state in states)


def _is_error_answer(document: Any) -> bool:
    if not isinstance(document, dict) or not isinstance(document.get("code"), int | str) or "msg" not in document:
        return False
    return str(document["code"]) not in {"0", "200"} and not document.get("data")


_Found = tuple[int, str, tuple[dict[str, Any], str], str]


def _walk(source: Source) -> Iterator[_Found]:
    """Yield (row, problem, (object, order number told around it), shape) for all records of a source."""
    named = _IN_NAME.search(source.name)
    order_no = source.order_no or (named.group() if named else "")
    if source.records:
        for line in source.records:
            if line.problem:
                yield line.row, line.problem, ({}, ""), ""
                continue
            inside = list(_inside(line.value, order_no, 0))
            if not inside:
                yield line.row, "", ({}, ""), ""
            for data, number, shape in inside:
                yield line.row, "", (data, number), shape
        return
    for row, (data, number, shape) in enumerate(_inside(source.document, order_no, 0), 1):
        yield row, "", (data, number), shape


def _inside(value: Any, order_no: str, depth: int) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Walk to the records: into envelopes and lists, never into a record that is known already."""
    if depth > JSON_DEPTH:
        return
    if isinstance(value, dict):
        shape = shape_of(value)
        if shape == "card" and not (order_no or value.get("order_no") or "sold_type" in value):
            return  # cards that nobody got: a stock file, not ours
        if shape and not (shape == "refund" and isinstance(value.get("list"), list)):
            yield value, order_no, shape
            if shape == "order":
                yield from _cards_beside(value, depth)
            return
        told = _order_no_around(value) or order_no
        for key, item in value.items():
            if isinstance(item, dict | list):
                yield from _inside(item, str(key) if _IN_NAME.fullmatch(str(key)) else told, depth + 1)
    elif isinstance(value, list):
        inside = [(item, list(_inside(item, order_no, depth + 1))) for item in value if isinstance(item, dict | list)]
        known = any(found for _, found in inside)
        for item, found in inside:
            if found:
                yield from found
            elif known and isinstance(item, dict):
                yield item, order_no, ""


def _cards_beside(order: dict[str, Any], depth: int) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Find cards that a tool saved inside the order that got them."""
    number = order.get("order_no")
    for name in ("kam_list", "cards", "card_list", "card_items", "kami"):
        if isinstance(order.get(name), list):
            yield from _inside(order[name], str(number or ""), depth + 1)


def _order_no_around(envelope: Mapping[str, Any]) -> str:
    """Return the order number that an envelope names beside its data, or in the request that it answers."""
    holders: list[Any] = [envelope, *(envelope.get(name) for name in ("request", "params", "query", "req", "body"))]
    for holder in holders:
        if isinstance(holder, dict) and isinstance(holder.get("order_no"), str | int):
            return str(holder["order_no"])
    return ""


def _take(draft: Draft, shape: str, data: dict[str, Any], order_no: str, row: int) -> None:
    try:
        notices, unread = _read(shape, data, order_no, draft.source.origin(row), draft.source.origin(row, secret=True))
    except Unreadable as error:
        draft.refuse(error.code, row, "order_no")
        return
    if not notices:
        draft.refuse("card_code_missing", row)
        return
    draft.notices.extend(notices)
    for name in unread:
        draft.note("field_unreadable", row, name)


def _read(
    shape: str, data: dict[str, Any], order_no: str, origin: Origin, secret: Origin
) -> tuple[list[Notice], list[str]]:
    order: OrderNotice
    refund: RefundNotice | None
    delivery: DeliveryNotice | None
    if shape == "card":
        number = values.order_no(data.get("order_no") or order_no or None)
        delivery = mapping.read_delivery(data, number, secret)
        return ([delivery] if delivery else []), []
    if shape in {"order", "push"}:
        order, unread = mapping.read_order(data, origin)
        refund = mapping.refund_of_order(order)
        return ([order, refund] if refund else [order]), unread
    if shape == "sold_item":
        order, unread = workbench.read_sold_item(data, origin)
        refund = mapping.refund_of_order(order)
        return ([order, refund] if refund else [order]), unread
    read = {
        "refund": mapping.read_refund,
        "refund_item": workbench.read_refund_item,
        "refund_detail": workbench.read_refund_detail,
    }[shape]
    refund, unread = read(data, origin)
    if shape == "refund" and data.keys() & {"goods", "order_status"}:
        # Some clients answer with the order's facts around the refund's; times named alike belong to the refund.
        order, _ = mapping.read_order({key: value for key, value in data.items() if key not in _REFUND_TIMES}, origin)
        return [order, refund], unread
    return [refund], unread


READERS = (Answers(),)
