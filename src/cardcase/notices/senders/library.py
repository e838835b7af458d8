"""The forms that apprise knows: DingTalk, WeCom, Feishu, Bark, ServerChan and mail.

apprise makes the message; the way out stays ours. Its plugins reach the network through the names ``requests`` and
``smtplib`` of their own modules; there we put what goes through ``egress``. So every address is checked, redirects
are not followed, answers are cut and read for refusals, and nothing is logged: apprise warns with tokens in its words.
Plugins are made one by one from checked parts, never from an address in apprise's own language, which could name files.
"""

import logging
import smtplib
import socket
import ssl
from collections.abc import Mapping
from contextvars import ContextVar
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import unquote, urlencode

import requests
from apprise import AppriseAsset, NotifyFormat, NotifyType

from cardcase.notices.rules import Address, Message, Outcome, Result, TargetKind
from cardcase.notices.rules.addresses import sendkey_number

from . import egress
from .codes import said_no

_PLUGINS: Final = "apprise.plugins."
_MODULES: Final = {
    TargetKind.DINGTALK: ("dingtalk", "NotifyDingTalk"),
    TargetKind.WECOM: ("wecombot", "NotifyWeComBot"),
    TargetKind.FEISHU: ("feishu", "NotifyFeishu"),
    TargetKind.BARK: ("bark", "NotifyBark"),
    TargetKind.SERVERCHAN: ("serverchan", "NotifyServerChan"),
    TargetKind.EMAIL: ("email", "NotifyEmail"),
}
LARK: Final = "https://open.larksuite.com/open-apis/bot/v2/hook/{token}"
SERVERCHAN_3: Final = "https://{number}.push.ft07.com/send/{{token}}.send"

_asset: Final = AppriseAsset(
    app_id="Cardcase", app_desc="Cardcase", app_url="", secure_logging=True, async_mode=False, plugin_paths=[]
)
_trip: ContextVar[egress.Trip | None] = ContextVar("cardcase_notice_trip", default=None)


def send(trip: egress.Trip, address: Address, message: Message) -> Result:
    """Send a notice in one of the library's forms."""
    plugin = _plugin(address, message)
    token = _trip.set(trip)
    try:
        is_taken = plugin.send(
            body=message.body,
            title=message.title,
            notify_type=NotifyType.WARNING,
            body_format=NotifyFormat.TEXT,
        )
    finally:
        _trip.reset(token)
    if trip.result is not None:
        return trip.result
    return trip.end(Result(Outcome.SENT) if is_taken else egress.broken(trip))


def _plugin(address: Address, message: Message) -> Any:
    """Make the plugin of one kind from checked parts."""
    module, name = _MODULES[address.kind]
    made = getattr(_prepared(module), name)
    if address.kind is TargetKind.DINGTALK:
        return made(token=address.token, secret=address.secret or None, asset=_asset)
    if address.kind is TargetKind.WECOM:
        return _without_title(made)(key=address.token, asset=_asset)
    if address.kind is TargetKind.FEISHU:
        plugin = made(token=address.token, asset=_asset)
        if address.host == "open.larksuite.com":
            plugin.notify_url = LARK
        return plugin
    if address.kind is TargetKind.SERVERCHAN:
        plugin = made(token=address.token, asset=_asset)
        number = sendkey_number(address.token)
        if number:
            plugin.notify_url = SERVERCHAN_3.format(number=number)
        return plugin
    if address.kind is TargetKind.BARK:
        return made(
            targets=[address.token],
            include_image=False,
            group="Cardcase",
            level="timeSensitive" if message.is_urgent else "active",
            click=message.link or None,
            host=address.host,
            port=address.port,
            secure=address.is_secure,
            asset=_asset,
        )
    return made(
        smtp_host="" if not address.mode else address.host,
        secure_mode=address.mode or None,
        from_addr=address.sender,
        targets=list(address.to),
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.secret,
        secure=address.is_secure,
        asset=_asset,
    )


def _without_title(made: Any) -> Any:
    """WeCom's plugin drops the title; it goes before the text."""

    class Titled(made):  # type: ignore[misc]  # the class is looked up at run time
        def send(self, body: str, title: str = "", **more: Any) -> Any:
            return super().send(body=f"{title}\n{body}", **more)

    return Titled


def _prepared(module: str) -> Any:
    """Import a plugin, with our way out in the place of its own."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    plugin = import_module(_PLUGINS + module)
    if module == "email":
        import_module(_PLUGINS + "email.smtp").smtplib = _SMTPLIB  # type: ignore[attr-defined]  # its way out
    else:
        plugin.requests = _REQUESTS  # type: ignore[attr-defined]  # its way out
    return plugin


def _under_way() -> egress.Trip:
    trip = _trip.get()
    if trip is None:  # the library on a way of its own: it is not let out
        raise egress.NotSent(Result(Outcome.REFUSED, "broken"))
    return trip


def _post(
    url: str,
    data: Any = None,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    **_ignored: Any,
) -> SimpleNamespace:
    """Do what ``requests.post`` would do, through ``egress``. Timeouts, redirects and proxies are not the caller's."""
    trip = _under_way()
    if params:
        # The plugin of DingTalk hands over a signature that is quoted already; quoted twice it would be refused.
        query = urlencode({key: unquote(value) for key, value in params.items()})
        url = f"{url}{'&' if '?' in url else '?'}{query}"
    sent = dict(headers or {})
    if isinstance(data, Mapping):
        data = urlencode(data)
        sent.setdefault("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
    body = data.encode() if isinstance(data, str) else bytes(data or b"")
    try:
        reply = egress.post(trip, url, body, sent)
    except egress.NotSent:
        raise requests.ConnectionError from None
    result = trip.end(said_no(reply) or egress.judge(reply))
    status = reply.status if result.outcome is Outcome.SENT else reply.status if reply.status >= 300 else 400  # noqa: PLR2004
    return SimpleNamespace(status_code=status, content=reply.body, text="")


_REQUESTS: Final = SimpleNamespace(post=_post, codes=requests.codes, RequestException=requests.RequestException)


class _Mail(smtplib.SMTP):
    """A mail connection through ``egress``; it notes how far the message came."""

    def _get_socket(self, host: str, port: int, _timeout: float) -> Any:
        connection = self._connected(host, port)
        self._limit = egress.cut_later(connection)
        return connection

    def _connected(self, host: str, port: int) -> socket.socket:
        return egress.dial(_under_way(), host, port)

    def close(self) -> None:
        """Close, and stop waiting for the moment at which it would have been cut."""
        super().close()
        if hasattr(self, "_limit"):
            self._limit.cancel()

    def login(self, *args: Any, **kwargs: Any) -> Any:
        """Log in; a refusal is final."""
        try:
            return super().login(*args, **kwargs)
        except smtplib.SMTPException:
            _under_way().end(Result(Outcome.REFUSED, "login_refused"))
            raise

    def starttls(self, *args: Any, **kwargs: Any) -> Any:
        """Begin TLS; a certificate that is not trusted is final."""
        try:
            return super().starttls(*args, **kwargs)
        except ssl.SSLCertVerificationError:
            _under_way().end(Result(Outcome.REFUSED, "tls_failed"))
            raise

    def sendmail(self, *args: Any, **kwargs: Any) -> Any:
        """Hand the message over; after this, silence means that nobody knows."""
        trip = _under_way()
        try:
            trip.has_left = True
            refused = super().sendmail(*args, **kwargs)
        except smtplib.SMTPServerDisconnected:
            trip.end(egress.broken(trip))
            raise
        except smtplib.SMTPException as error:
            trip.end(_mail_refusal(error))
            raise
        trip.end(Result(Outcome.REFUSED, "recipient_refused") if refused else Result(Outcome.SENT))
        return refused


class _SecureMail(_Mail, smtplib.SMTP_SSL):
    """The same with TLS from the first byte."""

    def _connected(self, host: str, port: int) -> socket.socket:
        trip = _under_way()
        return egress.secured(trip, egress.dial(trip, host, port), host)


def _mail_refusal(error: smtplib.SMTPException) -> Result:
    """Tell a refusal for good (5xx) from one for now (4xx)."""
    number = getattr(error, "smtp_code", None)
    is_for_now = isinstance(number, int) and 400 <= number < 500  # noqa: PLR2004 - RFC 5321's classes of answers
    return Result(Outcome.AWAY if is_for_now else Outcome.REFUSED, "recipient_refused", number)


_SMTPLIB: Final = SimpleNamespace(SMTP=_Mail, SMTP_SSL=_SecureMail, SMTPException=smtplib.SMTPException)
