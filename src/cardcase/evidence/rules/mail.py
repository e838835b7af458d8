"""An e-mail as evidence: told apart by its head, read without trusting it, with the facts that its words show.

The bytes stay as they came (RFC 5322); what is read here is only a view of them.
"""

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage, Message
from html.parser import HTMLParser
from typing import Any, Final

from . import shown

MIME: Final = "message/rfc822"
MOST_TEXT: Final = 200_000
"""Characters of a mail's words that are looked at. Judgement: a mail of a person has a hundredth of it."""
_HEAD_BYTES: Final = 64 * 1024
_HEADER: Final = re.compile(rb"[!-9;-~]{1,76}:")
_MARKS: Final = (b"message-id:", b"received:", b"date:", b"return-path:", b"mime-version:", b"dkim-signature:")
_NEEDED_MARKS: Final = 2
_MALFORMED: Final = (ValueError, LookupError, AttributeError)
"""What the parser of headers raises for malformed ones."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as its own head tells it: nothing here is checked. ``sent_at`` is None without a readable date."""

    sender: str
    sender_domain: str
    subject: str
    message_id: str
    sent_at: datetime | None
    text: str
    has_more: bool  # parts that are not words, or words over ``MOST_TEXT``: nobody has read them


def looks_like_mail(data: bytes) -> bool:
    """Tell whether bytes begin as a mail does: header lines, a sender, and at least two marks of transport."""
    head = data[:_HEAD_BYTES].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    lines = head.split(b"\n")
    if not lines or any(not line.startswith((b" ", b"\t")) and not _HEADER.match(line) for line in lines):
        return False
    names = head.lower()
    marks = sum(names.startswith(mark) or b"\n" + mark in names for mark in _MARKS)
    return (names.startswith(b"from:") or b"\nfrom:" in names) and marks >= _NEEDED_MARKS


def read_mail(data: bytes) -> Mail:
    """Read a mail. Never raises for what is in it: what cannot be read is empty."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    sender, text = _sender(message), _text(message)
    return Mail(
        sender=sender.addr_spec if sender else "",
        sender_domain=sender.domain.lower() if sender else "",
        subject=_header(message, "subject"),
        message_id=_header(message, "message-id"),
        sent_at=_sent_at(message),
        text=text[:MOST_TEXT],
        has_more=len(text) > MOST_TEXT or any(_is_unread(part) for part in message.walk()),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message[name] or "").split())[:300]
    except (
        ValueError,
        LookupError,
        IndexError,
        AttributeError,
    ):  # what the parser of headers raises for malformed ones
        return ""


def _sender(message: EmailMessage) -> Address | None:
    try:
        addresses = message["from"].addresses
    except _MALFORMED:
        return None
    return addresses[0] if len(addresses) == 1 else None


def _sent_at(message: EmailMessage) -> datetime | None:
    try:
        moment = message["date"].datetime
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (*_MALFORMED, OverflowError):
        return None


def _text(message: EmailMessage) -> str:
    """Return the words of a mail: its plain part, else its HTML part without the marks."""
    found: list[str] = []
    for part in message.walk():
        kind = part.get_content_type()
        if kind in ("text/plain", "text/html") and not part.is_attachment():
            try:
                words = str(part.get_content())
            except (LookupError, ValueError, AssertionError):
                payload = part.get_payload(decode=True)
                words = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
            found.append(_without_marks(words) if kind == "text/html" else words)
    return "\n".join(dict.fromkeys(one.strip() for one in found if one.strip()))


def _is_unread(part: Message) -> bool:
    is_words = part.get_content_type() in ("text/plain", "text/html") and part.get_content_disposition() != "attachment"
    return not part.is_multipart() and not is_words


class _Words(HTMLParser):
    """Collects what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        self._hidden += tag in ("script", "style")
        if tag in ("br", "p", "div", "tr", "li"):
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def _without_marks(html: str) -> str:
    reader = _Words()
    reader.feed(html)
    reader.close()
    return re.sub(r"[ \t\xa0]*\n\s*", "\n", "".join(reader.words))


def facts_of(mail: Mail) -> dict[str, Any]:
    """Return what a mail shows, for the comparison with the case: only what it says once and with its name."""
    facts: dict[str, Any] = {
        **shown.facts_in(f"{mail.subject}\n{mail.text}"),
        "at": mail.sent_at,
        "mail_from": mail.sender[:120],
        "mail_subject": mail.subject[:120],
        "mail_id": mail.message_id[:120],
    }
    return {name: value for name, value in facts.items() if value not in (None, "")}
