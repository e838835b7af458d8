"""The form of an entry (custody.md §7.1): what a leaf holds, how contents are committed to, and how both are read back.

A leaf holds names, numbers, times, public ids and salted commitments: never words, and never a plain hash of words.
"""

import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

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
KEY_ROTATED = "custody.key_rotated"
KEY_KINDS = (GENESIS, CONTINUED, KEY_ROTATED)
"""Kinds of the entries that name a key of the log: its first, that from which a restored copy goes on under a new name,
and those by which a key follows another under the same name."""

LONGEST_REASON = 200
"""Characters of the reason for which a key is changed or a record goes on under a new name."""

ELSEWHERE = frozenset({"card", "exhibit", "redaction"})
"""First words of the roles whose bytes may live elsewhere: codes in the vault, originals among the files."""

HOST = "cardcase.local/"
"""What the origins of our logs begin with, and no other signed text does."""

_DOMAIN = b"evidence/v1|"
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

    A role is a plain word, or a word and the public id of a row: ``message/msg_0190…``. Only the words in ``ELSEWHERE``
    may leave their bytes with that row; of all others the check of the record misses bytes that are gone.
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


class Entry(NamedTuple):
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


PLACES: Final = 256
"""Places for contents of one entry: more than 16 KiB have room for."""


def opening_id(seq: int, position: int) -> int:
    """Return the number of the opening that belongs to the content at this position of this entry."""
    return seq * PLACES + position


def place_of(opening: int) -> tuple[int, int]:
    """Return (number of the entry, position of the content) of an opening."""
    return divmod(opening, PLACES)


def origin_of(log_id: str) -> str:
    """Return the origin of a log: a name in the form that C2SP recommends; nobody needs to reach it."""
    return HOST + log_id


def log_subject(origin: str) -> str:
    """Return the subject under which a log's own entries stand."""
    return origin.removeprefix(HOST)


def commit(salt: bytes, role: str, body: bytes) -> bytes:
    """Commit to bytes in a role: HMAC-SHA-256(salt, "evidence/v1|" + role + "|" + bytes). The salt has 32 bytes."""
    return hmac.digest(salt, _DOMAIN + role.encode() + b"|" + body, "sha256")


_SHOP = re.compile(
    rb'\{"actor":\{"kind":"[a-z_]*","label":"(?:[^"\\]|\\.)*","role":(?:null|"[a-z_]*"),"shop":(null|[0-9]{1,18}),'
)


def shop_of(facts: bytes) -> int | None:
    """Return the shop that the facts of an entry speak of, None for the log's own. Raises ValueError, KeyError."""
    found = _SHOP.match(facts)
    if found is not None:
        return None if found[1] == b"null" else int(found[1])
    told: int | None = json.loads(facts)["actor"]["shop"]
    return told


def commit_to_pieces(salt: bytes, role: str, pieces: Iterable[bytes]) -> bytes:
    """Commit to bytes that come in pieces, as ``commit`` does to them in one."""
    digest = hmac.new(salt, _DOMAIN + role.encode() + b"|", "sha256")
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def opens(salt: bytes, role: str, body: bytes, commitment: bytes) -> bool:
    """Tell whether this salt and these bytes are what was committed to."""
    return len(salt) == SALT_BYTES and hmac.compare_digest(commit(salt, role, body), commitment)


def may_live_elsewhere(role: str) -> bool:
    """Tell whether the bytes of a content with this role may be missing from the record."""
    return role.partition("/")[0] in ELSEWHERE


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
        if not content.keep and not may_live_elsewhere(content.role):
            raise BadEntry("这种内容必须存进记录", "The bytes of such a content are kept with the record")
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
    # Equal documents by the thousand: put together by hand they take a quarter of what an encoder takes.
    text = canonical.text
    contents = ",".join(
        [
            f'{{"bytes":{size},"commit":"{commitment.hex()}","mime":{_known_text(mime)},"role":{text(role)}}}'
            for role, mime, size, commitment in entry.contents
        ]
    )
    cprev = "null" if entry.cprev is None else f'"{entry.cprev}"'
    data = (
        f'{{"actor":{{"id":{text(entry.actor_id)},"role":{_known_text(entry.actor_role)}}},"at":{text(entry.at)},'
        f'"case":{text(entry.subject)},"content":[{contents}],"cprev":{cprev},"cseq":{entry.cseq},'
        f'"log":{_known_text(entry.log)},"refs":{_words_text(entry.refs)},"seq":{entry.seq},'
        f'"src":{_words_text(entry.source)},"type":{_known_text(entry.kind)},"v":{VERSION}}}'
    ).encode()
    if len(data) > MAX_ENTRY_BYTES:
        raise BadEntry(
            f"一条记录最多 {MAX_ENTRY_BYTES} 字节，这条有 {len(data)}",
            f"An entry has at most {MAX_ENTRY_BYTES} bytes, this one has {len(data)}",
            next=Text("把内容分成几条记录。", "Spread the contents over several records."),
        )
    return data


@lru_cache(maxsize=1024)
def _known_text(value: str) -> str:
    return canonical.text(value)


def _words_text(words: Mapping[str, str]) -> str:
    return _known_words_text(tuple(sorted(words.items()))) if words else "{}"


@lru_cache(maxsize=1024)
def _known_words_text(words: tuple[tuple[str, str], ...]) -> str:
    return plain.write(dict(words)).decode()


_FIELDS = frozenset({"v", "log", "seq", "at", "type", "case", "cseq", "cprev", "actor", "src", "content", "refs"})


_TEXT = r"[ !#-\[\]-~]*"  # what stands in a JSON text as it is
_DIGEST = "[0-9a-f]{64}"
_COUNT = "(?:0|[1-9][0-9]{0,14})"


def _content_form(text: str, digest: str, count: str) -> str:
    return rf'\{{"bytes":{count},"commit":"{digest}","mime":"{text}","role":"{text}"\}}'


_CONTENT = _content_form(_TEXT, _DIGEST, _COUNT)
_USUAL_CONTENT = re.compile(_content_form(f"({_TEXT})", f"({_DIGEST})", f"({_COUNT})"))
_USUAL = re.compile(
    rf'\{{"actor":\{{"id":"({_TEXT})","role":"({_TEXT})"\}},"at":"([0-9T:.-]{{26}}Z)","case":"({_TEXT})",'
    rf'"content":\[((?:{_CONTENT}(?:,{_CONTENT})*)?)\],"cprev":(null|"{_DIGEST}"),"cseq":({_COUNT}),"log":"({_TEXT})",'
    rf'"refs":(\{{[^{{}}]*\}}),"seq":({_COUNT}),"src":(\{{[^{{}}]*\}}),"type":"({_TEXT})","v":{VERSION}\}}'
)


def decode(data: bytes) -> Entry:
    """Read the bytes of an entry, refusing every byte that ``encode`` would not have written. Raises ValueError."""
    if len(data) > MAX_ENTRY_BYTES:
        raise ValueError("too large for an entry")
    return _glance(data) or read(plain.decode(data))


def _glance(data: bytes) -> Entry | None:
    """Read an entry of the usual look by one expression, which takes a fifth of the time; None for every other.

    What it matches is canonical as it stands: no text needs escaping, keys and numbers have their one writing. The two
    fields with free keys go through the decoder, once for each different one.
    """
    try:
        found = _USUAL.fullmatch(data.decode("ascii"))
    except UnicodeDecodeError:
        return None
    if found is None:
        return None
    actor_id, role, at, subject, contents, cprev, cseq, log, refs, seq, source, kind = found.groups()
    committed = [
        Committed(one_role, mime, int(size), bytes.fromhex(commitment))
        for size, commitment, mime, one_role in _USUAL_CONTENT.findall(contents)
    ]
    return Entry(
        log, int(seq), _known_moment(at), kind, subject, int(cseq), None if cprev == "null" else cprev[1:-1],
        role, actor_id, _known_words(source), tuple(committed), _known_words(refs),
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _known_moment(text: str) -> str:
    return clock.iso(_moment(text))


@lru_cache(maxsize=1024)
def _known_words(text: str) -> Mapping[str, str]:
    return MappingProxyType(_words(plain.decode(text.encode())))


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
