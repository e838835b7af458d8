"""How 闲管家 signs: MD5 over comma-joined parts, among them that of the exact body (platform-rules §1.1, §2.1).

MD5 is the platform's choice. The signature covers neither path nor query, so a push can be replayed inside the window:
whoever receives pushes remembers `replay_key` for as long as the window is open.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(seconds=300)
"""How far the caller's clock may be off, either way (platform-rules D12, official)."""

_TIMESTAMP: Final = re.compile(r"\d{9,12}", re.ASCII)
_SIGNATURE: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


def body_md5(body: bytes) -> str:
    """Return the MD5 of the body exactly as sent; never of JSON written anew."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def sign(
    app_key: str, app_secret: str, body: bytes, timestamp: int | str, *, seller_id: str | int | None = None
) -> str:
    """Sign a request: 自研 without, 商务对接 (服务商) with ``seller_id``. Lower-case hex."""
    parts = [str(app_key), body_md5(body), str(timestamp)]
    if seller_id is not None:
        parts.append(str(seller_id))
    return _md5_of([*parts, app_secret])


def sign_supply(
    app_id: str, app_secret: str, body: bytes, timestamp: int | str, *, mch_id: str, mch_secret: str
) -> str:
    """Sign as 虚拟货源标准接口 does, where 闲管家 calls a supplier's gateway (platform-rules §2.1)."""
    return _md5_of([str(app_id), app_secret, body_md5(body), str(timestamp), str(mch_id), mch_secret])


def verify(
    *,
    app_key: str,
    secret: str,
    body: bytes,
    query: Mapping[str, str],
    now: datetime,
    seller_id: str | int | None = None,
) -> bool:
    """Tell whether a push is signed by who knows the secret, for this app, and within the window around ``now``.

    ``query`` holds the raw appid, timestamp and sign of the address: a timestamp of anything but plain digits, a
    signature of anything but 32 lower-case hex, another app's id or an empty secret is refused. Compared in constant
    time. ``seller_id`` is given for 商务对接 apps only. Never raises.
    """
    timestamp, signature = str(query.get("timestamp", "")), str(query.get("sign", ""))
    if not app_key or not secret or str(query.get("appid", app_key)) != str(app_key):
        return False
    if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
        return False
    if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        return False
    expected = sign(app_key, secret, body, timestamp, seller_id=seller_id or None)
    return hmac.compare_digest(expected, signature)


def replay_key(timestamp: str, body: bytes, signature: str) -> str:
    """Return the key under which a push that was accepted once is known for the length of the window."""
    return f"{timestamp}:{body_md5(body)}:{signature}"


def _md5_of(parts: list[str]) -> str:
    return hashlib.md5(",".join(parts).encode(), usedforsecurity=False).hexdigest()
