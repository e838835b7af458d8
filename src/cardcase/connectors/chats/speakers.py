"""Who is the buyer and who the seller of a conversation, from what the source tells; what it does not tell stays open.

In order: what the channel says (the peer, our own id), names of the shop, cards that only a buyer can send, who takes
part in all conversations, the other of two. Only then forms of address («老板», «亲»), and that is noted as inferred.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from cardcase.connectors.ports import MessageNotice, Speaker
from cardcase.kit.text import fold

_SELLER_WORDS: Final = frozenset(
    ["我", "我方", "卖家", "商家", "店家", "店主", "客服", "掌柜", "自己", "本店", "店铺", "seller", "me", "賣家"]
)
_BUYER_WORDS: Final = frozenset(["买家", "顾客", "客户", "对方", "买方", "客人", "买主", "buyer", "customer", "買家"])
_SYSTEM_WORDS: Final = frozenset(
    [
        "系统",
        "系统消息",
        "系统通知",
        "系统提示",
        "闲鱼",
        "闲鱼小助手",
        "闲鱼官方",
        "平台",
        "平台消息",
        "通知",
        "交易消息",
        "system",
        "系統",
    ]
)
_SHOP_LIKE: Final = re.compile(
    "小铺|小店|卡铺|店铺|商行|商城|旗舰|专营|专卖|卡券|礼品卡|回收|客服|工作室|数码店|杂货铺|小卖部|超市$|店$|铺$"
)
_TO_SELLER: Final = re.compile("老板|卖家|店家|商家|掌柜|你们?店|给我退|退我|我要退款|我申请了?退款|我付了?款|我拍了")
_TO_BUYER: Final = re.compile(
    "^亲|亲[，,~～]|亲亲|亲爱的|宝子|请(?:您)?(?:尽快)?确认收货|这边(?:给|帮|为)您|给您(?:发|补|退|换|核实)|您稍等"
    "|本店|我们店|已(?:经)?给您"
)
_FIRST_WORD: Final = re.compile(r"[-—_·:：\s(（]")
_ATTACHED_ROLE: Final = re.compile(r"^(买家|卖家|客服|顾客|商家|店主|掌柜)(?=[^端秀\s].{0,11}$)")
_ROLE_AND_NAME: Final = re.compile(
    r"^(?:买家|卖家|客服|顾客|客户|商家|我)\s*(?:[-—_·:：\s]\s*(.+)|[(（\[【](.+)[)）\]】])$"
)
_ROLE_TAG: Final = re.compile(r"[(（\[【](买家|卖家|客服|商家|店主|买方|我)[)）\]】]")


@lru_cache(maxsize=4096)
def role_of(name: str, seller_names: tuple[str, ...]) -> Speaker | None:
    """Tell what a name says about who speaks: 「我」, 「买家」, 「小鹿(买家)」, the shop's own; None for any other."""
    folded = fold(name).strip()
    if any(folded == fold(own).strip() for own in seller_names if own.strip()):
        return Speaker.SELLER
    tag = _ROLE_TAG.search(name)
    word = tag.group(1) if tag else _FIRST_WORD.split(folded, maxsplit=1)[0].strip("[]【】")
    attached = _ATTACHED_ROLE.match(folded)
    word = attached[1] if attached and word == folded else word
    if word in _SELLER_WORDS:
        return Speaker.SELLER
    if word in _BUYER_WORDS:
        return Speaker.BUYER
    return Speaker.SYSTEM if folded in _SYSTEM_WORDS else None


@lru_cache(maxsize=4096)
def without_role(name: str) -> str:
    """Return a nickname without its role tag: 「买家-小鹿」, 「买家(小鹿)」 give 「小鹿」, a bare 「买家」 nothing."""
    bare = re.sub(r"[(（<]\d{5,12}[)）>]$", "", _ROLE_TAG.sub("", name).strip())  # QQ writes the number behind the name
    match = _ROLE_AND_NAME.match(bare)
    bare = (match[1] or match[2] if match else _ATTACHED_ROLE.sub("", bare)).strip("[]【】 ")
    return "" if fold(bare) in _SELLER_WORDS | _BUYER_WORDS | _SYSTEM_WORDS else bare


@dataclass
class Clues:
    """What is known of the people of one conversation. People are known by id where there is one, else by name."""

    buyers: set[str] = field(default_factory=set)
    sellers: set[str] = field(default_factory=set)
    people: dict[str, str] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


class Voice(NamedTuple):
    """Whose words a message holds, and who the buyer of its conversation is."""

    speaker: Speaker
    buyer_external_id: str = ""
    buyer_nick: str = ""


@dataclass
class Resolved:
    """The voices of messages, one each, and whether any had to be inferred or stayed open."""

    voices: list[Voice]
    was_inferred: bool = False
    is_open: bool = False


def key_of(message: MessageNotice) -> str:
    """Return by what a person is known within a source."""
    return message.sender_id or _folded(message.sender_name)


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    return fold(name)


@dataclass
class Told:
    """What a source tells about people outside of their words."""

    buyer_cards: set[tuple[str, str]] = field(default_factory=set)
    """(conversation, person) who sent a card that only buyers send."""
    own_ids: set[str] = field(default_factory=set)
    """Ids that the source calls its own."""
    peers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Other people of a conversation as the receiver's link names them."""


def resolve(messages: list[MessageNotice], told: Told, *, seller_names: Iterable[str]) -> Resolved:
    """Give every message of UNKNOWN speaker the speaker that the whole source tells."""
    clues = _told_clues(told)
    card_senders = {person for _, person in told.buyer_cards}
    own_ids = told.own_ids - card_senders - set().union(*told.peers.values())
    _listen(messages, clues, own_ids, tuple(seller_names))
    _find_who_is_everywhere(clues)
    inferred = [_settle(clue) for clue in clues.values()]
    buyers = {conversation: _buyer(clue) for conversation, clue in clues.items()}
    voices = [_voice(message, clues[message.conversation_id], buyers[message.conversation_id]) for message in messages]
    unknown = (message for voice, message in zip(voices, messages, strict=True) if voice.speaker is Speaker.UNKNOWN)
    is_open = any(message.sender_name for message in unknown)
    return Resolved(voices, any(inferred), is_open)


def _told_clues(told: Told) -> dict[str, Clues]:
    """Begin with who sent cards that only buyers send and, without such, with the one peer of a conversation."""
    clues: dict[str, Clues] = defaultdict(Clues)
    for conversation, person in told.buyer_cards:
        clues[conversation].buyers.add(person)
    for conversation, peers in told.peers.items():
        if len(peers) == 1 and not clues[conversation].buyers:
            clues[conversation].buyers |= peers
    return clues


def _listen(messages: list[MessageNotice], clues: dict[str, Clues], own_ids: set[str], names: tuple[str, ...]) -> None:
    """Take in who takes part in which conversation, what they say, and what their names tell."""
    for message in messages:
        clue = clues[message.conversation_id]
        person = key_of(message)
        if not person:
            continue
        if person == message.buyer_external_id:
            clue.buyers.add(person)
        if message.speaker is Speaker.SYSTEM:
            continue
        clue.people.setdefault(person, message.sender_name)
        clue.said[person].append(message.text)
        role = message.speaker if message.speaker is not Speaker.UNKNOWN else role_of(message.sender_name, names)
        if role is Speaker.SELLER:
            clue.buyers.discard(person)  # a name that the shop calls its own beats every other clue
            clue.sellers.add(person)
        elif person in own_ids:
            clue.sellers.add(person)
        elif role is Speaker.BUYER:
            clue.buyers.add(person)


def _find_who_is_everywhere(clues: dict[str, Clues]) -> None:
    """Take the one person who speaks in every one of several conversations for the seller."""
    spoken = [set(clue.people) for clue in clues.values() if clue.people]
    everywhere = set.intersection(*spoken) if len(spoken) > 1 else set()
    if len(everywhere) == 1:
        for clue in clues.values():
            clue.sellers |= everywhere - clue.buyers


def _settle(clue: Clues) -> bool:
    """Work out the other of two people; return whether it rests on forms of address only."""
    clue.sellers -= clue.buyers
    unknown = [person for person in clue.people if person not in clue.sellers | clue.buyers]
    inferred = False
    if unknown and not clue.sellers and not clue.buyers and len(clue.people) <= 2:  # noqa: PLR2004 - two sides
        inferred = _by_address(clue)
        unknown = [person for person in clue.people if person not in clue.sellers | clue.buyers]
    if len(unknown) == 1 and len(clue.people) <= 2:  # noqa: PLR2004 - two sides
        if clue.sellers and not clue.buyers:
            clue.buyers.add(unknown[0])
        elif clue.buyers and not clue.sellers:
            clue.sellers.add(unknown[0])
    return inferred


def _by_address(clue: Clues) -> bool:
    """Decide by shop-like names and by who says 老板 and who says 亲, only when all of it points one way."""
    seller_like: set[str] = set()
    buyer_like: set[str] = set()
    for person, name in clue.people.items():
        words = clue.said[person]
        if _SHOP_LIKE.search(name) or any(_TO_BUYER.search(text) for text in words):
            seller_like.add(person)
        if any(_TO_SELLER.search(text) for text in words):
            buyer_like.add(person)
    if seller_like & buyer_like or len(seller_like) > 1 or len(buyer_like) > 1 or not seller_like | buyer_like:
        return False
    clue.sellers |= seller_like
    clue.buyers |= buyer_like
    return True


def _buyer(clue: Clues) -> tuple[str, str]:
    """Return id and nickname of the one buyer of a conversation, as far as they are known."""
    if len(clue.buyers) != 1:
        return "", ""
    person = next(iter(clue.buyers))
    nick = clue.people.get(person, "")
    return (person if _is_id(person, nick) else ""), without_role(nick)


def _voice(message: MessageNotice, clue: Clues, buyer: tuple[str, str]) -> Voice:
    speaker = message.speaker
    if speaker is Speaker.UNKNOWN:
        person = key_of(message)
        speaker = Speaker.SELLER if person in clue.sellers else Speaker.BUYER if person in clue.buyers else speaker
    return Voice(speaker, message.buyer_external_id or buyer[0], message.buyer_nick or buyer[1])


def _is_id(person: str, name: str) -> bool:
    return person != _folded(name) and bool(person) and not any(char.isspace() for char in person)
