"""What can become of a sending, and how it is said. Words of the other side are never kept: they may quote a secret."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.text import Text

DISABLE_AFTER: Final = 5
"""Notices in a row that a target did not take before it is switched off, visibly. Our own choice."""

MAX_TIMES: Final = 2
"""Times that a notice is handed over when nobody knows whether the first one arrived: a double is better than none."""


class NoticeState(StrEnum):
    """Where a notice stands."""

    WAITING = "waiting"
    SENDING = "sending"  # handed over, answer not recorded; found so later, nobody knows whether it arrived
    SENT = "sent"
    FAILED = "failed"
    UNCLEAR = "unclear"
    DROPPED = "dropped"  # no longer needed: the deadline was met, or the target switched off


class Outcome(StrEnum):
    """What one attempt came to."""

    SENT = "sent"
    REFUSED = "refused"  # the other side said no: trying again is of no use
    AWAY = "away"  # nothing was handed over: try again later
    UNCLEAR = "unclear"  # handed over, but no answer


@dataclass(frozen=True, slots=True)
class Result:
    """One attempt: its outcome, why (a key of OUTCOME_TEXTS), and the other side's number, if it gave one."""

    outcome: Outcome
    why: str = "ok"
    number: int | None = None

    def text(self) -> Text:
        """Say it in both languages."""
        said = OUTCOME_TEXTS.get(self.why, OUTCOME_TEXTS["broken"])
        return said if self.number is None else Text(f"{said.zh}（{self.number}）", f"{said.en} ({self.number})")


OUTCOME_TEXTS: Final = MappingProxyType(
    {
        "ok": Text("已送达对方服务器", "taken by the other side's server"),
        "address_private": Text(
            "地址指向内网，没有发送（店主可在设置里允许）", "the address is private; not sent (a setting allows it)"
        ),
        "address_bad": Text("地址不对", "the address is wrong"),
        "name_unknown": Text("找不到这个域名", "the host name is unknown"),
        "not_reached": Text("连不上对方服务器", "the other side cannot be reached"),
        "tls_failed": Text("对方的证书不可信", "the other side's certificate is not trusted"),
        "no_answer": Text("发出后没有等到回答，不知道到没到", "no answer came; nobody knows whether it arrived"),
        "worker_died": Text("发送中途进程停了，不知道到没到", "the process died while sending; it may have arrived"),
        "redirected": Text("对方要求转到别的地址，没有跟随", "the other side redirects; not followed"),
        "http_status": Text("对方拒绝了，HTTP 状态", "refused with HTTP status"),
        "too_often": Text("对方说发得太频繁", "the other side says too often"),
        "server_broken": Text("对方服务器出错", "the other side's server failed"),
        "said_no": Text("对方拒绝了，代码", "refused with code"),
        "login_refused": Text("邮箱登录被拒绝，检查授权码", "the mail server refused the log-in"),
        "recipient_refused": Text("邮件服务器不收这封信", "the mail server refused the message"),
        "not_needed": Text("时限已经处理，不用再发", "the deadline was dealt with; not needed any more"),
        "target_off": Text("目标已停用，没有发送", "the target is switched off; not sent"),
        "sealed": Text("地址的密文打不开", "the sealed address cannot be opened"),
        "broken": Text("发送程序出错", "the sender failed"),
    }
)
"""Why an attempt ended as it did."""
