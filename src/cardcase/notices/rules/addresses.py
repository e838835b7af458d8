"""Where notices go: what a person pastes, read into what a sender needs. Never shown whole again."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text


class TargetKind(StrEnum):
    """The kinds of places that take notices."""

    DINGTALK = "dingtalk"
    WECOM = "wecom"
    FEISHU = "feishu"
    BARK = "bark"
    SERVERCHAN = "serverchan"
    EMAIL = "email"
    WEBHOOK = "webhook"


KIND_TITLES: Final = MappingProxyType(
    {
        TargetKind.DINGTALK: Text("钉钉群机器人", "DingTalk robot"),
        TargetKind.WECOM: Text("企业微信群机器人", "WeCom robot"),
        TargetKind.FEISHU: Text("飞书群机器人", "Feishu robot"),
        TargetKind.BARK: Text("Bark（iPhone）", "Bark (iPhone)"),
        TargetKind.SERVERCHAN: Text("Server酱", "ServerChan"),
        TargetKind.EMAIL: Text("邮件", "E-mail"),
        TargetKind.WEBHOOK: Text("Webhook", "Webhook"),
    }
)

HOW_TO: Final = MappingProxyType(
    {
        TargetKind.DINGTALK: Text("粘贴机器人的 Webhook 地址", "Paste the robot's webhook address"),
        TargetKind.WECOM: Text("粘贴机器人的 Webhook 地址", "Paste the robot's webhook address"),
        TargetKind.FEISHU: Text("粘贴机器人的 Webhook 地址", "Paste the robot's webhook address"),
        TargetKind.BARK: Text("粘贴 Bark 里的地址", "Paste the address shown by Bark"),
        TargetKind.SERVERCHAN: Text("粘贴 SendKey", "Paste the SendKey"),
        TargetKind.EMAIL: Text("写邮箱地址，密钥处填授权码", "Give the e-mail address; the secret is its app password"),
        TargetKind.WEBHOOK: Text("写 https 地址", "Give an https address"),
    }
)

LONGEST: Final = 1000
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{6,200}")
_MAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
_SENDKEY: Final = re.compile(r"SCT[A-Za-z0-9]{6,100}|sctp(\d{1,12})t[A-Za-z0-9]{6,100}")
_HOSTS: Final = MappingProxyType(
    {
        TargetKind.DINGTALK: ("oapi.dingtalk.com",),
        TargetKind.WECOM: ("qyapi.weixin.qq.com",),
        TargetKind.FEISHU: ("open.feishu.cn", "open.larksuite.com"),
        TargetKind.SERVERCHAN: ("sctapi.ftqq.com",),
    }
)
_MAIL_MODES: Final = MappingProxyType({"smtps": "ssl", "smtp": "starttls", "smtp+plain": "insecure"})


@dataclass(frozen=True, slots=True)
class Address:
    """What a sender needs. ``token`` and ``secret`` are secrets; so is the whole ``url`` of a webhook."""

    kind: TargetKind
    token: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    url: str = field(default="", repr=False)
    host: str = ""
    port: int | None = None
    is_secure: bool = True
    user: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    mode: str = ""

    @property
    def hint(self) -> str:
        """Return what may be shown: whose it is, not how to use it."""
        if self.kind is TargetKind.EMAIL:
            return ", ".join(_masked_mail(mail) for mail in self.to)
        if self.kind is TargetKind.WEBHOOK:
            return self.host
        tail = f"‥{self.token[-4:]}"
        return f"{self.host} {tail}" if self.kind is TargetKind.BARK else tail


def read_address(kind: TargetKind, text: str, secret: str = "", *, allow_private: bool = False) -> Address:
    """Read what was pasted. Raises WrongUse, without quoting it, when it is none of this kind."""
    text, secret = text.strip(), secret.strip()
    if not text or len(text) > LONGEST or len(secret) > LONGEST or not (text + secret).isprintable():
        raise _unreadable(kind)
    if kind is TargetKind.EMAIL:
        return _mail(text, secret, allow_private=allow_private)
    if kind is TargetKind.WEBHOOK:
        return _webhook(text, secret, allow_private=allow_private)
    if kind is TargetKind.BARK:
        return _bark(text, allow_private=allow_private)
    return _robot(kind, text, secret)


def _robot(kind: TargetKind, text: str, secret: str) -> Address:
    host, token = _HOSTS[kind][0], text
    if "://" in text:
        parts = _split(kind, text)
        if parts.scheme != "https" or parts.hostname not in _HOSTS[kind]:
            raise _unreadable(kind)
        host, token = str(parts.hostname), _token_in(kind, parts.path, parts.query)
    pattern = _SENDKEY if kind is TargetKind.SERVERCHAN else _TOKEN
    if not pattern.fullmatch(token):
        raise _unreadable(kind)
    if secret and (kind not in (TargetKind.DINGTALK, TargetKind.FEISHU) or not _TOKEN.fullmatch(secret)):
        raise _unreadable(kind)
    return Address(kind, token=token, secret=secret, host=host)


def _token_in(kind: TargetKind, path: str, query: str) -> str:
    asked = parse_qs(query)
    if kind is TargetKind.DINGTALK:
        return asked.get("access_token", [""])[0]
    if kind is TargetKind.WECOM:
        return asked.get("key", [""])[0]
    last = path.rstrip("/").rpartition("/")[2]
    return last.removesuffix(".send")


def sendkey_number(token: str) -> str:
    """Return the number in a key of Server酱³, which names its host; empty for the older kind."""
    found = _SENDKEY.fullmatch(token)
    return (found.group(1) or "") if found else ""


def _bark(text: str, *, allow_private: bool) -> Address:
    if "://" not in text:
        text = f"https://api.day.app/{text}"
    parts = _split(TargetKind.BARK, text)
    key = parts.path.strip("/").partition("/")[0]
    is_secure = parts.scheme == "https"
    if not parts.hostname or not _TOKEN.fullmatch(key) or not (is_secure or (parts.scheme == "http" and allow_private)):
        raise _unreadable(TargetKind.BARK)
    return Address(TargetKind.BARK, token=key, host=parts.hostname, port=parts.port, is_secure=is_secure)


def _webhook(text: str, secret: str, *, allow_private: bool) -> Address:
    parts = _split(TargetKind.WEBHOOK, text)
    is_secure = parts.scheme == "https"
    if not parts.hostname or not (is_secure or (parts.scheme == "http" and allow_private)) or parts.fragment:
        raise _unreadable(TargetKind.WEBHOOK)
    if secret and len(secret) < 16:  # noqa: PLR2004 - shorter ones can be guessed
        raise _unreadable(TargetKind.WEBHOOK)
    return Address(
        TargetKind.WEBHOOK, url=text, secret=secret, host=parts.hostname, port=parts.port, is_secure=is_secure
    )


def _mail(text: str, secret: str, *, allow_private: bool) -> Address:
    if "://" not in text:
        if not _MAIL.fullmatch(text) or not secret:
            raise _unreadable(TargetKind.EMAIL)
        user, _, domain = text.partition("@")
        return Address(TargetKind.EMAIL, secret=secret, host=domain, user=user, sender=text, to=(text,))
    parts = _split(TargetKind.EMAIL, text, may_name_user=True)
    asked = parse_qs(parts.query)
    to = tuple(mail.strip() for value in asked.get("to", []) for mail in value.split(",") if mail.strip())
    sender = asked.get("from", [""])[0]
    mode = _MAIL_MODES.get(parts.scheme, "")
    fit = [*to, sender]
    is_whole = bool(parts.hostname and to and all(_MAIL.fullmatch(mail) for mail in fit))
    if not is_whole or not mode or (mode == "insecure" and not allow_private) or parts.password:
        raise _unreadable(TargetKind.EMAIL)
    return Address(
        TargetKind.EMAIL,
        secret=secret,
        host=str(parts.hostname),
        port=parts.port,
        is_secure=mode != "insecure",
        user=unquote(parts.username or ""),
        sender=sender,
        to=to,
        mode=mode,
    )


class _Parts:
    """The parts of an address, with a port that is a number."""

    def __init__(self, text: str) -> None:
        parts = urlsplit(text)
        self.scheme, self.hostname, self.port = parts.scheme, parts.hostname, parts.port
        self.path, self.query, self.fragment = parts.path, parts.query, parts.fragment
        self.username, self.password = parts.username, parts.password


def _split(kind: TargetKind, text: str, *, may_name_user: bool = False) -> _Parts:
    try:
        parts = _Parts(text)
    except ValueError:
        raise _unreadable(kind) from None
    if " " in text or ((parts.username or parts.password) and not may_name_user):
        raise _unreadable(kind)
    return parts


def _masked_mail(mail: str) -> str:
    name, _, domain = mail.partition("@")
    return f"{name[0]}‥@{domain}"


def _unreadable(kind: TargetKind) -> WrongUse:
    title = KIND_TITLES[kind]
    return WrongUse(
        f"这不是{title.zh}的地址，或者密钥不对",
        f"This is no address of the kind {title.en}, or its secret is wrong",
        next=Text(f"{HOW_TO[kind].zh}；怎么拿到见手册“通知”。", f"{HOW_TO[kind].en}; see the handbook, Notices."),
        code="bad_target_address",
    )
