"""Chat histories in JSON: goofish-cli's `message history`, XianYuApis' output, and the raw listUserMessages answer."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from cardcase.connectors import documents
from cardcase.connectors.ports import GOOFISH, MessageKind, MessageNotice, Origin, Speaker
from cardcase.connectors.values import Unreadable, epoch_or_none, word

from . import content as contents
from . import systemtexts
from .identity import Ids

_DOMAIN: Final = "@goofish"
_SYSTEM_USER: Final = "1400"


class Remembered(NamedTuple):
    """One message of a history, and whether its sender is the buyer by the kind of card it is."""

    notice: MessageNotice
    buyers_card: bool = False


def is_message(value: Any) -> bool:
    """Tell whether an object is one message of a history."""
    return isinstance(value, dict) and (("send_user_id" in value and "message" in value) or _is_model(value))


def _is_model(value: Mapping[str, Any]) -> bool:
    inner = value.get("message")
    return (
        isinstance(inner, dict) and isinstance(inner.get("content"), dict) and ("messageId" in inner or "cid" in inner)
    )


def messages_of(document: Any, depth: int = 0) -> Iterator[tuple[Any, str]]:
    """Yield (record, conversation told around it) for every message of a document, in order.

    Lists may stand bare, under any key (``messages``, ``data``, ``userMessageModels``) or under their
    conversation's id. An object among messages that is none is yielded too, so that it can be refused.
    """
    yield from _messages(document, "", depth)


def _messages(value: Any, around: str, depth: int) -> Iterator[tuple[Any, str]]:
    if depth > 8:  # noqa: PLR2004 - histories are three levels deep
        return
    if is_message(value):
        yield value, around
    elif isinstance(value, list):
        if any(is_message(item) for item in value):
            for item in value:
                yield item, around
        else:
            for item in value:
                yield from _messages(item, around, depth + 1)
    elif isinstance(value, dict):
        own = next(
            (
                value[name]
                for name in ("cid", "chat_id", "conversation_id", "sid")
                if isinstance(value.get(name), str | int)
            ),
            "",
        )
        for key, item in value.items():
            if isinstance(item, dict | list):
                told = str(own) or (str(key) if str(key).removesuffix(_DOMAIN).isdigit() else around)
                yield from _messages(item, told, depth + 1)


def read(record: Mapping[str, Any], around: str, origin: Origin, ids: Ids) -> Remembered:
    """Read one message, as ``is_message`` knows it. Raises Unreadable when it holds nothing."""
    data = _flattened(record) if _is_model(record) else record
    body = data["message"]
    if isinstance(body, str):
        body = documents.embedded(body) or {"contentType": 1, "text": {"text": body}}
    elif not isinstance(body, dict):
        body = {}
    content = contents.read(body)
    words = content.text
    if not words and isinstance(body.get("summary"), str):
        words = body["summary"]
    sender = word(data.get("send_user_id")).removesuffix(_DOMAIN)
    name = _name(word(data.get("send_user_name")))
    told = systemtexts.Told(content.event, content.is_buyers) if content.event else None
    told = told or systemtexts.classify(words, is_alone=content.content_type in contents.NOT_PEOPLE)
    is_system = (
        sender == _SYSTEM_USER
        or word(data.get("session_type")) not in {"", "1", "0", "None"}
        or content.content_type in contents.NOT_PEOPLE
        or told is not None
    )
    if not words and told is None:
        raise Unreadable("message_empty")
    said_at = epoch_or_none(data.get("created_at"))
    conversation = (word(data.get("cid")).removesuffix(_DOMAIN) or around.removesuffix(_DOMAIN))[:120]
    message_id = word(data.get("message_id"))[:120]
    raw: dict[str, Any] = {"content_type": content.content_type} if content.content_type else {}
    if content.media:
        raw["media"] = list(content.media)
    if data.get("parse_error"):
        raw["parse_error"] = True
    notice = MessageNotice(
        channel=GOOFISH,
        conversation_id=conversation,
        message_id=message_id or ids.of(conversation, word(data.get("created_at")), sender or name, words),
        speaker=Speaker.SYSTEM if is_system else Speaker.UNKNOWN,
        text=words,
        kind=content.kind if content.kind is not MessageKind.OTHER or content.content_type else MessageKind.TEXT,
        event=told.event if told else None,
        sender_id=sender[:80],
        sender_name="" if _is_system_text(name) else name,
        said_at=said_at,
        order_no=content.order_no,
        item_id=word(data.get("item_id"))[:40],
        raw=raw,
        origin=origin,
    )
    return Remembered(notice, bool(told and told.is_buyers and sender and sender != _SYSTEM_USER))


@lru_cache(maxsize=1024)
def _name(told: str) -> str:
    """Return a nick as it can be kept. A person's name stands beside each of thousands of messages."""
    return documents.storable(told)[:120]


@lru_cache(maxsize=1024)
def _is_system_text(name: str) -> bool:
    """Tell whether the platform's own words stand where a name should."""
    return bool(name) and systemtexts.classify(name, is_alone=True) is not None


def _flattened(model: Mapping[str, Any]) -> dict[str, Any]:
    """Bring a raw listUserMessages model into goofish-cli's form."""
    message = model["message"]
    extension = message.get("extension") if isinstance(message.get("extension"), dict) else {}
    sender = message.get("sender") if isinstance(message.get("sender"), dict) else {}
    return {
        "cid": message.get("cid"),
        "message_id": message.get("messageId"),
        "created_at": message.get("createAt"),
        "session_type": extension.get("sessionType"),
        "send_user_id": extension.get("senderUserId") or sender.get("uid"),
        "send_user_name": extension.get("reminderTitle"),
        "message": {**message["content"], "summary": extension.get("reminderContent")},
    }
