"""The form of an entry (custody.md §7.1): what a leaf holds, how contents are committed to, and how both are read back.

A leaf holds names, numbers, times, public ids and salted commitments: never words, and never a plain hash of words.
"""

import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from cardcase.kit import canonical, clock
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from . import plain

VERSION = 1
MAX_ENTRY_BYTES = 16 * 1024
SALT_BYTES = 32
COMMIT_BYTES = 32
FACTS_ROLE = "facts"
"""Role of the content, in every entry, that says who acted and what was told."""
GENESIS = "custody.opened"
CONTINUED = "custody.continued"
"""Kinds of the entries that name the log: its first, and that from which a restored copy goes on under a new name."""

HOST = "cardcase.local/"
"""What the origins of our logs begin with, and no other signed text does."""

_DOMAIN = b"evidence/v1|"
_NO_CONTENT = b'"content":[]'
_KIND = re.compile(r"[a-z][a-z_]{0,23}\.[a-z][a-z_]{0,31}")
_SUBJECT = re.compile(r"[a-z][a-z_]{0,15}[_:][0-9a-zA-Z-]{1,47}")
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,23}(/[A-Za-z0-9_.:-]{1,64})?")
_MIME = re.compile(r"[a-z]+/[A-Za-z0-9.+-]{1,80}(; ?charset=[A-Za-z0-9-]{1,20})?")
_WORD = re.compile(r"[A-Za-z0-9_.:/+=@-]{1,160}")
_HEX = re.compile(r"[0-9a-f]{64}")


class BadEntry(WrongUse):
    """A record cannot be written as it was told: a name that is not a name, or too much for one entry."""

    code = "bad_entry"


class Content(NamedTuple):
    """Bytes that an entry commits to. ``role`` says what they are, ``keep=False`` leaves the bytes elsewhere.

    A role is a plain word, or a word and the public id of the row that holds the bytes: ``message/msg_0190…``.
    """

    role: str
    body: bytes
    mime: str = "text/plain"
    keep: bool = True

    def __repr__(self) -> str:
        """Show what is committed to without its words."""
        return f"Content({self.role!r}, {len(self.body)} bytes)"


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that happened, told to the record.

    ``subject`` is the public id of the thing it belongs to; ``facts`` go into a salted content, never into the leaf;
    ``refs`` go into the leaf and therefore hold public ids only, no words and nothing that must once be forgotten.
    ``source`` says how it came here: channel, method, account – plain words as well.
    """

    kind: str
    subject: str
    at: datetime
    facts: Mapping[str, plain.JSON]
    contents: Sequence[Content] = ()
    refs: Mapping[str, str] = field(default_factory=dict)
    source: Mapping[str, str] = field(default_factory=dict)


class Committed(NamedTuple):
    """What the leaf tells of one content."""

    role: str
    mime: str
    size: int
    commit: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as its leaf says it. ``cprev`` is the leaf hash of the subject's entry before, None for its first."""

    log: str
    seq: int
    at: str
    kind: str
    subject: str
    cseq: int
    cprev: str | None
    actor_role: str
    actor_id: str
    source: Mapping[str, str]
    contents: tuple[Committed, ...]
    refs: Mapping[str, str]


def origin_of(log_id: str) -> str:
    """Return the origin of a log: a name in the form that C2SP recommends; nobody needs to reach it."""
    return HOST + log_id


def log_subject(origin: str) -> str:
    """Return the subject under which a log's own entries stand."""
    return origin.removeprefix(HOST)


def commit(salt: bytes, role: str, body: bytes) -> bytes:
    """Commit to bytes in a role: HMAC-SHA-256(salt, "evidence/v1|" + role + "|" + bytes). The salt has 32 bytes."""
    return hmac.digest(salt, _DOMAIN + role.encode() + b"|" + body, "sha256")


def commit_to_pieces(salt: bytes, role: str, pieces: Iterable[bytes]) -> bytes:
    """Commit to bytes that come in pieces, as ``commit`` does to them in one."""
    digest = hmac.new(salt, _DOMAIN + role.encode() + b"|", "sha256")
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def opens(salt: bytes, role: str, body: bytes, commitment: bytes) -> bool:
    """Tell whether this salt and these bytes are what was committed to."""
    return len(salt) == SALT_BYTES and hmac.compare_digest(commit(salt, role, body), commitment)


@lru_cache(maxsize=4096)
def _is_name(pattern: re.Pattern[str], value: str) -> bool:
    return pattern.fullmatch(value) is not None


def _require(pattern: re.Pattern[str], value: str, what: Text) -> None:
    if not isinstance(value, str) or not _is_name(pattern, value):
        raise BadEntry(f"记录里的{what.zh}不合格式", f"The {what.en} of a record is not well formed")


_WORD_KIND, _WORD_SUBJECT = Text("类别", "kind"), Text("对象编号", "subject")
_WORD_ROLE, _WORD_MIME = Text("内容名称", "role of a content"), Text("内容类型", "media type of a content")
_WORD_REF = Text("引用", "reference")


def check_record(record: Record) -> None:
    """Check that a record has the form of one: names that are names, a moment with its zone. Raises BadEntry."""
    _require(_KIND, record.kind, _WORD_KIND)
    if _SUBJECT.fullmatch(record.subject) is None:
        _require(_SUBJECT, record.subject, _WORD_SUBJECT)
    if record.at.tzinfo is None:
        raise BadEntry("记录的时间没有时区", "The moment of a record has no zone")
    for content in record.contents:
        if _ROLE.fullmatch(content.role) is None or content.role.partition("/")[0] == FACTS_ROLE:
            raise BadEntry("记录里的内容名称不合格式", "The role of a content is not well formed")
        _require(_MIME, content.mime, _WORD_MIME)
    for words in (record.refs, record.source):
        for name, value in words.items():
            _require(_WORD, name, _WORD_REF)
            if _WORD.fullmatch(value) is None:
                raise BadEntry("记录里的引用只能是编号", "References of a record are ids, not words")


def encode(entry: Entry) -> bytes:
    """Write the entry as the canonical bytes that are hashed into the log. Raises BadEntry over 16 KiB.

    The entry comes from a checked record or from ``decode``; both leave nothing in it but what ``plain.write`` takes.
    """
    data = plain.write(
        {
            "v": VERSION,
            "log": entry.log,
            "seq": entry.seq,
            "at": entry.at,
            "type": entry.kind,
            "case": entry.subject,
            "cseq": entry.cseq,
            "cprev": entry.cprev,
            "actor": {"role": entry.actor_role, "id": entry.actor_id},
            "src": dict(entry.source),
            "content": [],
            "refs": dict(entry.refs),
        }
    )
    if entry.contents:
        # Small equal documents by the thousand: writing them by hand takes a third of what the encoder takes. Within a
        # text every quote is escaped, so that these bytes stand nowhere else.
        contents = ",".join(
            f'{{"bytes":{one.size},"commit":"{one.commit.hex()}",'
            f'"mime":{canonical.text(one.mime)},"role":{canonical.text(one.role)}}}'
            for one in entry.contents
        )
        data = data.replace(_NO_CONTENT, b'"content":[' + contents.encode() + b"]", 1)
    if len(data) > MAX_ENTRY_BYTES:
        raise BadEntry(
            f"一条记录最多 {MAX_ENTRY_BYTES} 字节，这条有 {len(data)}",
            f"An entry has at most {MAX_ENTRY_BYTES} bytes, this one has {len(data)}",
            next=Text("把内容分成几条记录。", "Spread the contents over several records."),
        )
    return data


_FIELDS = frozenset({"v", "log", "seq", "at", "type", "case", "cseq", "cprev", "actor", "src", "content", "refs"})


def decode(data: bytes) -> Entry:
    """Read the bytes of an entry, refusing every byte that ``encode`` would not have written. Raises ValueError."""
    if len(data) > MAX_ENTRY_BYTES:
        raise ValueError("too large for an entry")
    return read(plain.decode(data))


def read(value: plain.JSON) -> Entry:
    """Read a decoded entry, refusing unknown, missing and ill-typed fields. Raises ValueError."""
    if not isinstance(value, dict) or value.keys() != _FIELDS or value["v"] != VERSION:
        raise ValueError("not an entry of version 1")
    actor, contents, cprev = value["actor"], value["content"], value["cprev"]
    if not isinstance(actor, dict) or actor.keys() != {"role", "id"} or not isinstance(contents, list):
        raise ValueError("an entry names its actor and its contents")
    if not (cprev is None or (isinstance(cprev, str) and _HEX.fullmatch(cprev))):
        raise ValueError("cprev is a leaf hash or null")
    return Entry(
        log=_text(value["log"]),
        seq=_number(value["seq"]),
        at=clock.iso(_moment(value["at"])),
        kind=_text(value["type"]),
        subject=_text(value["case"]),
        cseq=_number(value["cseq"]),
        cprev=cprev,
        actor_role=_text(actor["role"]),
        actor_id=_text(actor["id"]),
        source=_words(value["src"]),
        contents=tuple(_committed(one) for one in contents),
        refs=_words(value["refs"]),
    )


def moment_of(entry: Entry) -> datetime:
    """Return the entry's moment, aware, in UTC."""
    return _moment(entry.at)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text was expected")  # noqa: TRY004 - one error for all that is not an entry
    return value


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("a whole number was expected")
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if clock.iso(moment) != value:
        raise ValueError("a moment in UTC with microseconds was expected")
    return moment


def _words(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ValueError("names and words were expected")  # noqa: TRY004 - as above
    return {_text(name): _text(word) for name, word in value.items()}


def _committed(value: object) -> Committed:
    if not isinstance(value, dict) or value.keys() != {"role", "mime", "bytes", "commit"}:
        raise ValueError("a content has role, mime, bytes and commit")
    commitment = _text(value["commit"])
    if _HEX.fullmatch(commitment) is None:
        raise ValueError("a commitment has 64 hex digits")
    return Committed(_text(value["role"]), _text(value["mime"]), _number(value["bytes"]), bytes.fromhex(commitment))
