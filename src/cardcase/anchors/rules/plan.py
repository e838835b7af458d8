"""When the head of the record is taken to authorities and witnesses, and how long one waits after a failure."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from cardcase.kit.text import Text

STAMPED: Final = "time.anchor"
RENEWED: Final = "time.renewed"
COSIGNED: Final = "witness.cosigned"
DEPOSITED: Final = "deposit.made"
OWN_KINDS: Final = frozenset({STAMPED, RENEWED, COSIGNED, DEPOSITED})
"""Entries that anchoring itself writes: they alone are no reason to anchor again, or it would never rest."""

URGENT_KINDS: Final = frozenset(
    {
        "card.revealed",
        "card.displayed",
        "remedy.approved",
        "remedy.declined",
        "remedy.escalated",
        "remedy.executed",
        "pack.exported",
        "pack.submitted",
    }
)
"""Reveal, decision, export (custody.md §7.4): after these one does not wait for the hour."""

FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=6)
RENEW_BEFORE: Final = timedelta(days=60)
"""How long before the end of an authority's certificate its last token is stamped anew. Our own choice."""

PENDING: Final = "E_TIME_PENDING"
PENDING_TEXT: Final = Text(
    "还没有拿到第三方时间戳，正在重试；业务不受影响",
    "No third party's time-stamp yet; it is being tried again, and nothing waits for it",
)
UNANCHORED: Final = "E_TIME_NONE"
UNANCHORED_TEXT: Final = Text(
    "没有设置时间戳机构：时间只有自己的时钟作证",
    "No authority of time is set: only our own clock vouches for the time",
)


class StampState(StrEnum):
    """Where a promised time-stamp stands."""

    WAITING = "waiting"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"  # kept as it came: SM2, or no root pinned
    SUPERSEDED = "superseded"  # a later head was taken to the same authority while this one waited


def is_due(
    since_last: timedelta | None, *, has_new: bool, has_urgent: bool, every: timedelta, spacing: timedelta
) -> bool:
    """Tell whether the head is to be anchored now. ``since_last`` is None when it never was."""
    if not has_new:
        return False
    if since_last is None or since_last >= every:
        return True
    return has_urgent and since_last >= spacing


def wait_after(tries: int, dice: float) -> timedelta:
    """Return how long to wait after the n-th failure: 1, 5, 25 min, then up to 6 h, half to one and a half times.

    ``dice`` lies in [0, 1): what failed together does not come back together.
    """
    wait: timedelta = min(FIRST_WAIT * 5 ** max(0, min(tries - 1, 6)), LONGEST_WAIT)
    return wait * (0.5 + dice)


REASONS: Final = {
    "name_unknown": Text("找不到这个域名", "the host name is unknown"),
    "not_reached": Text("连不上对方服务器", "the other side cannot be reached"),
    "broken": Text("没有等到完整的答复", "no whole answer came"),
    "address_private": Text("地址指向内网，没有连接（可设 private = true）", "the address is private; not called"),
    "address_bad": Text("地址不对", "the address is wrong"),
    "tls_failed": Text("对方的证书不可信", "the other side's certificate is not trusted"),
    "too_large": Text("答复太大，没有读完", "the answer is too large; not read to its end"),
    "http_status": Text("对方答复了 HTTP 错误", "the other side answered with an HTTP error"),
    "no_secret": Text("读不了口令文件", "the file of the password cannot be read"),
    "no_config": Text("设置里已经没有它", "it is no longer configured"),
    "bad_settings": Text("它的设置读不了（根证书、策略文件）", "its settings cannot be read (roots, policy)"),
    "witness_ahead": Text(
        "见证方见过更长的记录：可能恢复了旧备份，或有两份记录",
        "The witness has seen a longer record: an old backup was restored, or there are two records",
    ),
    "witness_refused": Text(
        "见证方说本记录与它见过的不一致", "The witness says that this record does not continue what it has seen"
    ),
    "witness_unknown_key": Text("见证方不认得本记录的签名公钥", "The witness does not know this record's key"),
    "witness_unknown_log": Text("见证方没有登记本记录", "The witness does not list this record"),
    "witness_broken": Text("见证方的签名不成立", "The cosignature of the witness does not hold"),
    "deposit_refused": Text("存证服务没有接受", "The deposit service did not accept it"),
}
"""Why an attempt came to nothing, beside the faults of ``stamp.FAULT_TEXTS``."""
