"""What an exhibit may be: its structured facts, its file, the word a recording must show, when a request is due."""

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from cardcase.kit import clock
from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text

from . import mail, spoken

MAX_FILE_BYTES: Final = 10 * 1024 * 1024
"""Largest exhibit: a phone's picture fits many times; a bare limit against filling the disk. Judgement."""

NONCE_ALPHABET: Final = "ACDEFGHJKMNPQRTUVWXY34679"
"""Letters and digits that nobody confuses in a shaky recording: no 0/O, 1/I/L, 2/Z, 5/S, 8/B."""

NONCE_LENGTH: Final = 4
RECORDING: Final = "E11"

_TEXT_LIMIT: Final = 120
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_MAX_FEN: Final = 10**11

ENDINGS: Final[Mapping[str, str]] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "message/rfc822": "eml",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/wav": "wav",
    "audio/ogg": "ogg",
    "audio/amr": "amr",
}
"""Endings under which originals of each media type are handed out."""


class BadFact(WrongUse):
    """A fact of an exhibit is unknown or has the wrong form."""

    code = "bad_fact"


class BadFile(Refused):
    """The file of an exhibit is too large or of a kind that is not taken."""

    code = "bad_file"


class NoTimeToAsk(Refused):
    """The platform's clock leaves no time for an answer."""

    code = "no_time_to_ask"


def _text(value: Any) -> str:
    text = str(value).strip()
    if not text or len(text) > _TEXT_LIMIT:
        raise ValueError(f"1–{_TEXT_LIMIT} characters")
    return text


def _long(value: Any) -> str:
    text = str(value).strip()
    if not text or len(text) > spoken.MOST_SAID:
        raise ValueError(f"1–{spoken.MOST_SAID} characters")
    return text


def _digits(value: Any) -> str:
    text = _text(value)
    if not re.fullmatch(r"[0-9A-Za-z_\-]{4,60}", text):
        raise ValueError("letters and digits")
    return text


def _tail(value: Any) -> str:
    text = _text(value).lstrip("‥.…*").upper()
    if not re.fullmatch(r"[0-9A-Z]{4}", text):
        raise ValueError("exactly the last four characters")
    return text


def _fen(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_FEN:
        raise ValueError("a whole number of fen, not negative")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


def _moment(value: Any) -> str:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError("a time with its zone, such as 2026-11-20T20:12:00+08:00")
    return clock.iso(moment)


def _day(value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return date.fromisoformat(_text(value)).isoformat()


def _clock_source(value: Any) -> str:
    if value not in ("issuer", "platform", "device", "typed"):
        raise ValueError("issuer, platform, device or typed")
    return str(value)


FACTS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "order_no": _digits,  # order number that the exhibit shows
    "tail4": _tail,  # last four characters of the card that it shows
    "amount_fen": _fen,  # amount paid or claimed that it shows
    "face_fen": _fen,  # face value that it shows
    "balance_fen": _fen,  # balance left that it shows
    "at": _moment,  # the moment at which what it shows happened (clock on the picture)
    "redeemed_at": _moment,  # when the card was redeemed, or first spent
    "redeemed_on": _day,  # … when only the day is shown
    "is_redeemed": _flag,
    "is_usable": _flag,
    "matches_listing": _flag,  # brand, region, face value and validity are those of the listing
    "clock_source": _clock_source,  # whose clock "at" and "redeemed_at" are
    "region": _text,  # region of the card that it shows
    "brand": _text,
    "account": _text,  # redeeming account, masked
    "account_region": _text,
    "ticket_no": _digits,  # issuer's support ticket
    "ticket_on": _day,
    "refund_no": _digits,
    "waybill_no": _digits,
    "nonce": _text,  # word readable in a recording
    "batch": _text,
    "expires_on": _day,
    "answer": _text,  # what a supplier or support answered, in short
    "mail_from": _text,  # sender of a mail as its head tells it, unchecked
    "mail_subject": _text,
    "mail_id": _text,  # Message-ID of the mail
    "spoken_how": spoken.check_how,  # by phone, voice, video, in person
    "said": _long,  # what was said, as the person who was there noted it
    "agreed": _long,  # what was agreed
    "witness": _text,  # who else heard it
}
"""Known keys of an exhibit's facts and how each is read. Anything else is refused: an unread key proves nothing."""

FREE_TEXT: Final = frozenset(
    {"region", "brand", "account", "account_region", "batch", "answer", "mail_from", "mail_subject", "mail_id", "said"}
    | {"agreed", "witness"}
)
"""Facts that a person words freely: masked for card codes before they are kept."""


def check_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts in their stored form: times in UTC text, tails in upper case. Raises BadFact naming the key."""
    clean: dict[str, Any] = {}
    for key, value in facts.items():
        if value is None or value == "":
            continue
        read = FACTS.get(key)
        if read is None:
            raise BadFact(
                f"证据事实里没有“{key}”这一项",
                f"There is no exhibit fact called {key!r}",
                next=Text(f"可用的有：{'、'.join(FACTS)}。", f"Known ones: {', '.join(FACTS)}."),
                key=key,
            )
        try:
            clean[key] = read(value)
        except (ValueError, TypeError) as error:
            raise BadFact(
                f"证据事实“{key}”的值不对：{error}", f"The exhibit fact {key!r} has a wrong value: {error}", key=key
            ) from error
    if clean.get("is_redeemed") is False and ("redeemed_at" in clean or "redeemed_on" in clean):
        raise BadFact(
            "一份证据不能同时写“未兑换”和兑换时间",
            "One exhibit cannot say both 'not redeemed' and when it was redeemed",
            key="is_redeemed",
        )
    return clean


def moment_of(facts: Mapping[str, Any], key: str) -> datetime | None:
    """Read a stored moment back; None when it is not there."""
    value = facts.get(key)
    return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) else None


def day_of(facts: Mapping[str, Any], key: str) -> date | None:
    """Read a stored day back; None when it is not there."""
    value = facts.get(key)
    return date.fromisoformat(value) if isinstance(value, str) else None


def check_size(size: int) -> None:
    """Refuse a file by its bytes, before they are read. Raises BadFile."""
    if size > MAX_FILE_BYTES:
        raise BadFile(
            f"文件超过 {MAX_FILE_BYTES // 1024 // 1024} MB",
            f"The file is larger than {MAX_FILE_BYTES // 1024 // 1024} MB",
            next=Text(
                "压缩图片后再传；录像请先截取关键画面。", "Compress it first; of a recording take the decisive frames."
            ),
        )


def file_kind(data: bytes) -> str:
    """Tell an exhibit's media type by its first bytes: picture, PDF, sound or mail. Raises BadFile otherwise."""
    check_size(len(data))
    if data.startswith(_PNG):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if (sound := _sound(data)) or mail.looks_like_mail(data):
        return sound or mail.MIME
    raise BadFile(
        "只收 PNG、JPEG、WEBP 图片，PDF，邮件原件（.eml）和录音（MP3、M4A、WAV、OGG、AMR）",
        "Only PNG, JPEG, WEBP pictures, PDF, mails (.eml) and sound (MP3, M4A, WAV, OGG, AMR) are taken",
        next=Text("请另存为其中一种格式再传。", "Save it in one of these forms and add it again."),
    )


def _sound(data: bytes) -> str:
    """Tell a recording of a call by its first bytes; empty for anything else."""
    if data.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")):
        return "audio/mpeg"
    if data[4:8] == b"ftyp" and data[8:11] == b"M4A":
        return "audio/mp4"
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "audio/wav"
    if data.startswith(b"OggS"):
        return "audio/ogg"
    return "audio/amr" if data.startswith(b"#!AMR") else ""


def make_nonce(choose: Callable[[str], str] = secrets.choice) -> str:
    """Make the word that a recording must show: four characters that cannot be misread."""
    return "".join(choose(NONCE_ALPHABET) for _ in range(NONCE_LENGTH))


def request_due(at: datetime, *, platform_margin_at: datetime | None, wanted: timedelta, least: timedelta) -> datetime:
    """Say when an answer is due: as wanted, but before the platform deadline's margin. Asking never stops that clock.

    Raises NoTimeToAsk when fewer than ``least`` remain.
    """
    due = at + wanted
    if platform_margin_at is not None:
        due = min(due, platform_margin_at - timedelta(minutes=1))
    if due - at < least:
        raise NoTimeToAsk(
            "平台时限快到了，来不及再向对方要证据",
            "The platform's deadline is too close to ask for evidence",
            next=Text("请按已有证据直接决定：同意、协商或拒绝。", "Decide on what is on file: agree, offer or refuse."),
        )
    return due
