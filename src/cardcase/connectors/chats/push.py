"""Raw chat pushes as other tools save them, decrypted (data-shapes §6.1): one object a message, keys are numbers.

Also the push package around them, when its parts are plain base64 JSON; parts that are still encrypted are refused.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cardcase.connectors import documents
from cardcase.connectors.ports import GOOFISH, MessageKind, MessageNotice, Origin, Speaker
from cardcase.connectors.values import Unreadable, epoch_or_none, word

from . import content as contents
from . import systemtexts
from .identity import Ids

MARKS: Final = ('"1"', '"1\\', "\\u00", "syncPushPackage")
"""One of these stands in every text that holds a push, whose keys are numbers: bare, in a string within the text (then
a backslash follows, however deep), written in escapes, or packed."""

_DOMAIN: Final = "@goofish"
_ITEM: Final = re.compile(r"[?&]itemId=(\d{1,40})")
_PEER: Final = re.compile(r"[?&]peerUserId=(\d{1,40})")
_SID: Final = re.compile(r"[?&]sid=(\d{1,40})")
_UPDATE_KEY: Final = re.compile(r"^[^:]*:(\d{15,25}):")
_WRAPPINGS: Final = ("raw_message_json", "raw_message", "raw", "message", "data", "payload")
_SYSTEM_USER: Final = "1400"
"""senderUserId of the marketplace itself (data-shapes §6.1)."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """One push as a notice, with what it tells about the people."""

    notice: MessageNotice
    buyers_card: bool = False
    own_id: str = ""
    peer: str = ""
    """peerUserId of the link: the other person as seen by whoever got the push. In a push that echoes the seller's own
    words it may name the seller, so it only counts when a conversation knows one peer."""


def is_push(value: Any) -> bool:
    """Tell whether an object is a decrypted push: message, or update of a card."""
    if not isinstance(value, dict):
        return False
    body = value.get("1")
    if isinstance(body, dict):
        return isinstance(body.get("10"), dict) or ("2" in body and "6" in body)
    return isinstance(body, str | list) and isinstance(value.get("4"), dict) and "2" in value


def unwrapped(value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield (push, problem) out of the wrappings that tools use: raw_message_json, message, syncPushPackage."""
    if is_push(value):
        yield value, ""
        return
    if not isinstance(value, dict):
        return
    body = value.get("body")
    package = value.get("syncPushPackage") or (body.get("syncPushPackage") if isinstance(body, dict) else None)
    if isinstance(package, dict) and isinstance(package.get("data"), list):
        for part in package["data"]:
            inner = _decoded(part)
            yield (inner, "") if is_push(inner) else ({}, "push_encrypted" if not inner else "shape_unknown")
        return
    for name in _WRAPPINGS:
        if name in value and is_push(inner := documents.embedded(value[name])):
            yield inner, ""
            return


def _decoded(part: Any) -> dict[str, Any]:
    data = part.get("data") if isinstance(part, dict) else part
    if not isinstance(data, str):
        return data if isinstance(data, dict) else {}
    if documents.looks_like_json(data):
        return documents.embedded(data)
    try:
        return documents.embedded(base64.b64decode(data).decode("utf-8"))
    except (binascii.Error, ValueError):
        return {}


def read(push: Mapping[str, Any], origin: Origin, ids: Ids) -> Pushed:
    """Read one push. Raises Unreadable when it has no conversation, or neither words nor an event."""
    body = push.get("1")
    message: Mapping[str, Any] = (
        body if isinstance(body, dict) else {"2": push.get("2"), "5": push.get("5"), "10": push.get("4"), "6": {}}
    )
    detail = message.get("10") if isinstance(message.get("10"), dict) else {}
    assert isinstance(detail, dict)
    extension = documents.embedded(detail.get("extJson"))
    tag = documents.embedded(detail.get("bizTag"))
    conversation = _bare_id(message.get("2"))
    url = word(detail.get("reminderUrl"))
    conversation = conversation or _found(_SID, url)
    if not conversation:
        raise Unreadable("shape_unknown")
    content, content_type = _content(message, extension)
    update_key = _UPDATE_KEY.match(word(extension.get("updateKey")))
    sender = word(detail.get("senderUserId")).removesuffix(_DOMAIN) or _sender_of(message)
    peer = _found(_PEER, url)
    told = _told(detail, tag, content)
    words = content.text if content.kind is MessageKind.TEXT and content.text else ""
    words = words or word(detail.get("reminderContent")) or content.text or _summary(message)
    is_system = (
        sender == _SYSTEM_USER
        or word(detail.get("sessionType")) not in {"", "1"}
        or content_type in contents.NOT_PEOPLE
        or (told is not None and content.kind is not MessageKind.TEXT)
        or systemtexts.classify(words) is not None
    )
    if not words and told is None:
        raise Unreadable("message_empty")
    own_id = word(push["3"].get("userId")) if isinstance(push.get("3"), dict) else ""
    said_at = epoch_or_none(message.get("5"))
    name = "" if is_system and not detail.get("senderNick") and not _is_nick(detail, words) else _nick(detail)
    message_id = word(message.get("3")) or word(extension.get("messageId")) or word(tag.get("messageId"))
    event = told.event if told else None
    notice = MessageNotice(
        channel=GOOFISH,
        conversation_id=conversation[:120],
        message_id=message_id[:120] or ids.of(conversation, str(message.get("5") or ""), sender or name, words),
        speaker=Speaker.SYSTEM if is_system else Speaker.UNKNOWN,
        text=words,
        kind=content.kind if content.kind is not MessageKind.OTHER or content_type else MessageKind.TEXT,
        event=event if is_system or event is None else None,
        sender_id=sender[:80],
        sender_name=name,
        said_at=said_at,
        order_no=update_key.group(1) if update_key else content.order_no or _order_no(content, url, tag, message),
        item_id=(_found(_ITEM, url) or word(detail.get("itemId")))[:40],
        raw=_kept(detail, tag, extension, content, content_type),
        origin=origin,
    )
    return Pushed(notice, bool(told and told.is_buyers and sender and sender != _SYSTEM_USER), own_id, peer)


def _order_no(content: contents.Content, url: str, tag: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    if content.kind is MessageKind.TEXT:
        return ""  # links that people paste are theirs
    return contents.order_no_in(url, tag, message.get("6"))


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def _content(message: Mapping[str, Any], extension: Mapping[str, Any]) -> tuple[contents.Content, str]:
    holder = message.get("6")
    inner = holder.get("3") if isinstance(holder, dict) and isinstance(holder.get("3"), dict) else {}
    assert isinstance(inner, dict)
    body = documents.embedded(inner.get("5"))
    content_type = word(body.get("contentType")) or word(inner.get("4")) or word(extension.get("contentType"))
    found = contents.read({**body, "contentType": content_type} if content_type else body)
    return found, content_type


def _told(detail: Mapping[str, Any], tag: Mapping[str, Any], content: contents.Content) -> systemtexts.Told | None:
    """Tell the event: the card's state beats its task name, that beats the red reminder, that the words."""
    if content.event is not None:
        return systemtexts.Told(content.event, content.is_buyers)
    task = systemtexts.of_task(word(tag.get("taskName"))) if tag.get("taskName") else None
    if task:
        return task
    words = systemtexts.classify(word(detail.get("reminderContent")), is_alone=content.kind is not MessageKind.TEXT)
    if words:
        return words
    reminder = word(detail.get("redReminder"))
    return systemtexts.classify(reminder, is_alone=True) if reminder and content.kind is not MessageKind.TEXT else None


def _kept(
    detail: Mapping[str, Any],
    tag: Mapping[str, Any],
    extension: Mapping[str, Any],
    content: contents.Content,
    content_type: str,
) -> dict[str, Any]:
    """Return what is kept beside the words: never the words again, they may hold a code that is masked elsewhere."""
    kept = {
        "content_type": content_type,
        "session_type": word(detail.get("sessionType")),
        "task_name": word(tag.get("taskName")),
        "red_reminder": word(detail.get("redReminder")),
        "update_key": word(extension.get("updateKey")),
        "media": list(content.media),
    }
    return {name: documents.kept(value) for name, value in kept.items() if value}


def _nick(detail: Mapping[str, Any]) -> str:
    return documents.storable(word(detail.get("senderNick")) or word(detail.get("reminderTitle")))[:120]


def _is_nick(detail: Mapping[str, Any], words: str) -> bool:
    """Tell whether reminderTitle is a person: on cards it is the card's own title."""
    title = word(detail.get("reminderTitle"))
    return (
        bool(title)
        and systemtexts.classify(title, is_alone=True) is None
        and systemtexts.normal(title) != systemtexts.normal(words)
    )


def _sender_of(message: Mapping[str, Any]) -> str:
    sender = message.get("1")
    return _bare_id(sender.get("1") if isinstance(sender, dict) else sender)


def _summary(message: Mapping[str, Any]) -> str:
    holder = message.get("6")
    inner = holder.get("3") if isinstance(holder, dict) else None
    return word(inner.get("2")) if isinstance(inner, dict) else ""


def _bare_id(value: Any) -> str:
    return word(value).removesuffix(_DOMAIN).removesuffix(".PNM") if "@" in word(value) else word(value)
