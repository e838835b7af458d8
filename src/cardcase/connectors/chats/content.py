"""The content of one chat message by its contentType (data-shapes §6.1): words, makeup, order and state of cards."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from cardcase.connectors import documents
from cardcase.connectors.ports import MessageKind, SystemEvent
from cardcase.connectors.values import word

from . import systemtexts

KINDS: Final[Mapping[str, MessageKind]] = {
    "1": MessageKind.TEXT,
    "2": MessageKind.IMAGE,
    "3": MessageKind.AUDIO,
    "4": MessageKind.VIDEO,
    "5": MessageKind.EMOJI,
    "7": MessageKind.CARD,
    "14": MessageKind.TIP,
    "25": MessageKind.CARD,
    "26": MessageKind.CARD,
    "32": MessageKind.CARD,
}
SHOWN: Final = {
    MessageKind.IMAGE: "[图片]",
    MessageKind.AUDIO: "[语音]",
    MessageKind.VIDEO: "[视频]",
    MessageKind.EMOJI: "[表情]",
    MessageKind.CARD: "[卡片]",
    MessageKind.TIP: "[提示]",
    MessageKind.OTHER: "[消息]",
}
NOT_PEOPLE: Final = frozenset({"14", "25", "26", "32"})
"""contentTypes of tips and trade cards. 14 and 26 never are a person's (data-shapes §6.1), 25 and 32 order cards."""

_ORDER_IN_URL: Final = re.compile(
    r"(?:orderId|bizOrderId|order_id|biz_order_id)(?:=|%3D|\":\s*\"?)(\d{15,25})|order_detail\?(?:[^\"\s]*&)?id=(\d{15,25})",
    re.IGNORECASE,
)


class Content(NamedTuple):
    """What one message holds. ``media`` are addresses of pictures, sound or film."""

    text: str = ""
    kind: MessageKind = MessageKind.OTHER
    content_type: str = ""
    event: SystemEvent | None = None
    is_buyers: bool = False
    order_no: str = ""
    media: tuple[str, ...] = ()


def read(content: Mapping[str, Any]) -> Content:
    """Read a content object. Never raises; what is not known is OTHER with whatever summary it brings."""
    said = content.get("text")
    if content.get("contentType") == 1 and type(said) is dict and "custom" not in content:  # nine of ten messages
        return Content(_words(said), MessageKind.TEXT, "1")
    for _ in range(2):
        custom = content.get("custom")
        if isinstance(custom, dict) and isinstance(custom.get("data"), str):
            inner = _unpacked(custom["data"])
            if inner:
                content = inner
                continue
        break
    content_type = word(content.get("contentType"))
    kind = KINDS.get(content_type) or _kind_by_keys(content)
    if kind is MessageKind.TEXT:
        return Content(_words(content.get("text")), kind, content_type)
    if kind is MessageKind.CARD:
        return _card(content, content_type)
    if kind is MessageKind.TIP:
        tip = content.get("tip")
        text = _words(tip.get("tip") if isinstance(tip, dict) else tip)
        return Content(text, kind, content_type, order_no=order_no_in(content))
    media = tuple(_addresses(content))
    summary = _words(content.get("summary") or content.get("title") or "")
    return Content(summary or SHOWN[kind], kind, content_type, media=media)


def order_no_in(*values: Any) -> str:
    """Find an order number in addresses anywhere in some values."""
    for value in values:
        for text in _strings(value):
            match = _ORDER_IN_URL.search(text)
            if match:
                return match.group(1) or match.group(2)
    return ""


def _unpacked(data: str) -> dict[str, Any]:
    try:
        text = base64.b64decode(data, validate=False).decode("utf-8")
    except (binascii.Error, ValueError):
        return {}
    found = documents.embedded(text)
    return found if isinstance(found, dict) else {}


def _kind_by_keys(content: Mapping[str, Any]) -> MessageKind:
    for key, kind in (
        ("text", MessageKind.TEXT),
        ("image", MessageKind.IMAGE),
        ("audio", MessageKind.AUDIO),
        ("video", MessageKind.VIDEO),
        ("itemCard", MessageKind.CARD),
        ("dxCard", MessageKind.CARD),
        ("dynamicOperation", MessageKind.CARD),
        ("tip", MessageKind.TIP),
    ):
        if key in content:
            return kind
    return MessageKind.OTHER


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("text")
    return value if isinstance(value, str) else ""


def _card(content: Mapping[str, Any], content_type: str) -> Content:
    """Read a trade card: its title is what happened, its button how far it is."""
    main = _main_of(content)
    shown = main.get("exContent") if isinstance(main.get("exContent"), dict) else {}
    title = _words((shown or {}).get("title")) or _words(content.get("title"))
    button = (shown or {}).get("button")
    told = systemtexts.classify(title, is_alone=True) if title else None
    event = told.event if told else None
    if event in (SystemEvent.REFUND_OPENED, None) and isinstance(button, dict) and _words(button.get("text")):
        by_button = systemtexts.of_button(_words(button.get("text")))
        event = by_button if by_button and (told or by_button is not SystemEvent.REFUND_OPENED) else event
    item_title = ""
    if not title and isinstance(content.get("itemCard"), dict):
        item_title = "[商品卡片]"  # the listing's own title is nobody's words and is not repeated as such
    return Content(
        f"[{systemtexts.bare(title)}]" if title else item_title or SHOWN[MessageKind.CARD],
        MessageKind.CARD,
        content_type,
        event,
        bool(told and told.is_buyers),
        order_no_in(content),
    )


def _main_of(content: Mapping[str, Any]) -> Mapping[str, Any]:
    node: Any = content
    operation = content.get("dynamicOperation")
    if isinstance(operation, dict) and isinstance(operation.get("changeContent"), dict):
        node = operation["changeContent"]
    for key in ("dxCard", "item", "main"):
        node = node.get(key) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}


def _addresses(content: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for part in documents.objects(dict(content)):
        address = part.get("url")
        if isinstance(address, str) and address.startswith("http"):
            found.append(documents.storable(address)[:500])
    return found[:20]


def _strings(value: Any, depth: int = 0) -> list[str]:
    if isinstance(value, str):
        return [value]
    if depth > 12:  # noqa: PLR2004 - cards are eight levels deep at most
        return []
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _strings(item, depth + 1)]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item, depth + 1)]
    return []
