"""Take card codes out of what channels tell of orders and refunds, before the room of orders keeps it in plain.

Buyers paste codes into refund forms, sellers into remarks. The room of orders stands below this one and knows no codes,
so whoever hands it notices (intake) passes them through here first.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from cardcase.connectors.ports import OrderNotice, RefundNotice
from cardcase.staff.rules import Actor

from .masking import mask_texts

N = TypeVar("N", OrderNotice, RefundNotice)

_FREE: Final = re.compile(
    r"desc|remark|reason|content|explain|memo|note|msg|message|text|words|备注|说明|留言|描述|原因|附言", re.IGNORECASE
)
"""Names of raw fields in which people write freely. Ids and numbers of the channel look like codes and stay."""


def mask_orders(actor: Actor, notices: Sequence[OrderNotice]) -> list[OrderNotice]:
    """Return the notices, in order, without codes in remark, cancel reason and the free words of ``raw``."""
    return _masked(actor, notices, ("seller_remark", "cancel_reason"))


def mask_refunds(actor: Actor, notices: Sequence[RefundNotice]) -> list[RefundNotice]:
    """Return the notices, in order, without codes in reason, description and the free words of ``raw``."""
    return _masked(actor, notices, ("reason_raw", "description"))


def _masked(actor: Actor, notices: Sequence[N], names: Sequence[str]) -> list[N]:
    """Ask for all words of all notices at once; a notice without a code comes back as the same object."""
    words = sorted({word for notice in notices for word in _words(notice, names) if word})
    answers = {word: found.text for word, found in zip(words, mask_texts(actor, words), strict=True) if found.had_code}
    if not answers:
        return list(notices)
    return [_replaced(notice, names, answers) if _touches(notice, names, answers) else notice for notice in notices]


def _words(notice: OrderNotice | RefundNotice, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield getattr(notice, name)
    yield from _free_words(notice.raw, is_free=False)


def _free_words(value: Any, *, is_free: bool) -> Iterator[str]:
    if isinstance(value, str):
        if is_free:
            yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _free_words(inner, is_free=is_free or _FREE.search(str(name)) is not None)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _free_words(inner, is_free=is_free)


def _touches(notice: OrderNotice | RefundNotice, names: Sequence[str], answers: Mapping[str, str]) -> bool:
    return any(word in answers for word in _words(notice, names))


def _replaced(notice: N, names: Sequence[str], answers: Mapping[str, str]) -> N:
    told: dict[str, Any] = {name: answers.get(getattr(notice, name), getattr(notice, name)) for name in names}
    return replace(notice, **told, raw=_without(notice.raw, answers))


def _without(value: Any, answers: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return answers.get(value, value)
    if isinstance(value, Mapping):
        return {name: _without(inner, answers) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without(inner, answers) for inner in value]
    return value
