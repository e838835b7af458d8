"""What is in a pack: names of its parts, lines of its records, manifest, seal, proofs (custody.md §7.6)."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives import hashes

from cardcase.custody.rules import entry as entries
from cardcase.custody.rules import note, plain
from cardcase.custody.rules.plain import JSON

from . import bagit, strict

FORMAT = "cardcase-pack/v1"
"""First line of the seal: what kind of statement is signed."""
TLOG_PROOF = "c2sp.org/tlog-proof@v1"
SEALED_KIND = "pack.exported"
MANIFEST_ROLE = "manifest"

MANIFEST, SEAL, LOG_PROOF = "data/manifest.json", "data/manifest.note", "data/pack.tlog-proof"
RECORDS, PROOFS, HISTORY = "data/records.jsonl", "data/proofs.json", "data/history.json"
KEYS = "data/keys.json"
"""How the key of the log followed those before it; only where it did."""
REPORT, ENVIRONMENT, POLICY = "data/report.pdf", "data/environment.json", "data/policy.txt"
FILES, CHECKPOINTS, STAMPS = "data/files/", "data/checkpoints/", "data/tsa/"
"""Folders of the originals by their hash, of signed heads by their size, and of time-stamp tokens and certificates."""
README = "README.txt"
OUTSIDE = frozenset({MANIFEST, SEAL, LOG_PROOF, bagit.PAYLOAD_HASHES, bagit.TAG_HASHES})
"""Members that the manifest cannot list because they are made of it."""
REQUIRED = frozenset({RECORDS, PROOFS, HISTORY, REPORT, ENVIRONMENT, README, bagit.DECLARATION, bagit.INFO})

MAX_MANIFEST_BYTES = 2 * 1024 * 1024
MAX_PROOFS_BYTES = 32 * 1024 * 1024
MAX_LINE_BYTES = 8 * 1024 * 1024
MAX_ENTRIES = 50_000
"""Caps of what a verifier reads: a case of 500 messages has a tenth of a percent of them."""

_HEX = re.compile(r"[0-9a-f]{64}")
_HASH64 = rb'"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="'
_PATH = rb"\[((?:" + _HASH64 + rb"(?:," + _HASH64 + rb"){0,63})?)\]"
_PROOF = re.compile(rb'\{"path":' + _PATH + rb',"seq":(0|[1-9][0-9]{0,15})\}')
_PROOFS_END = re.compile(rb'\],"root":(' + _HASH64 + rb'),"size":([1-9][0-9]{0,15}),"v":1\}')
_PROOFS_BEGIN = b'{"proofs":['


def checkpoint_path(size: int) -> str:
    """Name the member that holds the signed head of so many entries."""
    return f"{CHECKPOINTS}{size}.note"


class State(StrEnum):
    """What a pack does with a content that an entry commits to."""

    OPENED = "opened"
    WITHHELD = "withheld"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Opening:
    """One content in a pack. Opened ones carry the salt and either the bytes or the path of the file that has them."""

    state: State
    salt: bytes = b""
    body: bytes | None = None
    path: str = ""

    def document(self) -> dict[str, JSON]:
        """Write it for a line of the records; bytes that are text stay readable."""
        if self.state is not State.OPENED:
            return {"state": self.state.value}
        told: dict[str, JSON] = {"state": self.state.value, "salt": self.salt.hex()}
        if self.body is None:
            return {**told, "path": self.path}
        try:
            return {**told, "text": self.body.decode()}
        except UnicodeDecodeError:
            return {**told, "base64": note.encode64(self.body)}


def read_opening(value: JSON) -> Opening:
    """Read one content of a line. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError("an opening is an object")  # noqa: TRY004 - one error for all that is not a line
    state = State(str(value.get("state")))
    if state is not State.OPENED:
        if value.keys() != {"state"}:
            raise ValueError("nothing is told of what is not opened")
        return Opening(state)
    how = value.keys() - {"state", "salt"}
    told = value[how.pop()] if len(how) == 1 else None
    salt = value.get("salt")
    if not isinstance(salt, str) or not isinstance(told, str) or _HEX.fullmatch(salt) is None:
        raise ValueError("an opening has a salt and one of text, base64, path")
    if "text" in value:
        return Opening(state, bytes.fromhex(salt), told.encode())
    if "base64" in value:
        return Opening(state, bytes.fromhex(salt), note.decode64(told))
    if "path" in value:
        return Opening(state, bytes.fromhex(salt), path=told)
    raise ValueError("an opening has a salt and one of text, base64, path")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the records: an entry as it lies in the log, and its contents in order."""

    data: bytes
    openings: tuple[Opening, ...]


def write_line(line: Line) -> bytes:
    """Write a line: canonical JSON, so that the bytes of the entry can be had from it by any canonical writer."""
    told: JSON = {"entry": plain.decode(line.data), "contents": [one.document() for one in line.openings]}
    return plain.encode(told) + b"\n"


def read_line(raw: bytes) -> tuple[Line, entries.Entry]:
    """Read a line without its newline, and the entry in it. Raises ValueError for anything that is not canonical."""
    told = strict.decode(raw)
    if not isinstance(told, dict) or told.keys() != {"entry", "contents"} or not isinstance(told["contents"], list):
        raise ValueError("a line has an entry and contents")
    entry = entries.read(told["entry"])
    openings = tuple(read_opening(one) for one in told["contents"])
    if len(openings) != len(entry.contents):
        raise ValueError("a line has one opening for each content")
    written = plain.encode(told["entry"])
    if len(written) > entries.MAX_ENTRY_BYTES:
        raise ValueError("too large for an entry")
    return Line(written, openings), entry


@dataclass(frozen=True, slots=True)
class Listed:
    """One file as the manifest lists it. SM3 stands beside SHA-256 for the deposit platforms that take only it."""

    path: str
    size: int
    sha256: str
    sm3: str


def sm3(data: bytes) -> str:
    """Return the SM3 hash (GB/T 32905) in hex."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()


def list_file(path: str, data: bytes) -> Listed:
    """List a file with its hashes."""
    return Listed(path, len(data), hashlib.sha256(data).hexdigest(), sm3(data))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a pack says of itself and of every file in it; signed as a whole."""

    pack: str
    made_at: str
    tool: str
    shop: str
    case_number: str
    case_id: str
    origin: str
    size: int
    root: str
    vkey: str
    subjects: Mapping[str, int]
    counts: Mapping[str, int]
    files: Sequence[Listed]

    def encode(self) -> bytes:
        """Write the canonical bytes that are hashed and signed."""
        return plain.encode(
            {
                "v": 1,
                "format": FORMAT,
                "pack": self.pack,
                "made_at": self.made_at,
                "tool": self.tool,
                "shop": self.shop,
                "case": {"number": self.case_number, "id": self.case_id},
                "log": {"origin": self.origin, "size": self.size, "root": self.root, "vkey": self.vkey},
                "subjects": dict(self.subjects),
                "counts": dict(self.counts),
                "files": [
                    {"path": one.path, "size": one.size, "sha256": one.sha256, "sm3": one.sm3} for one in self.files
                ],
            }
        )


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest, refusing every byte that ``encode`` would not have written. Raises ValueError."""
    told = strict.decode(data)
    try:
        manifest = _manifest(told)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a manifest") from error
    if manifest.encode() != data:
        raise ValueError("not a manifest of this format")
    return manifest


def _manifest(told: JSON) -> Manifest:
    if not isinstance(told, dict):
        raise TypeError("an object was expected")
    case, log = told["case"], told["log"]
    return Manifest(
        pack=_text(told["pack"]),
        made_at=_text(told["made_at"]),
        tool=_text(told["tool"]),
        shop=_text(told["shop"]),
        case_number=_text(case["number"]),
        case_id=_text(case["id"]),
        origin=_text(log["origin"]),
        size=_number(log["size"]),
        root=_text(log["root"]),
        vkey=_text(log["vkey"]),
        subjects={_text(name): _number(count) for name, count in told["subjects"].items()},
        counts={_text(name): _number(count) for name, count in told["counts"].items()},
        files=[
            Listed(_text(one["path"]), _number(one["size"]), _text(one["sha256"]), _text(one["sm3"]))
            for one in told["files"]
        ],
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text was expected")
    return value


def _number(value: object) -> int:
    if type(value) is not int:
        raise TypeError("a whole number was expected")
    return value


def seal_lines(pack: str, manifest: bytes) -> tuple[str, str]:
    """Return the lines that are signed under FORMAT: the pack's id and the SHA-256 of its manifest."""
    return pack, hashlib.sha256(manifest).hexdigest()


def write_proofs(size: int, root: bytes, proofs: Mapping[int, Sequence[bytes]]) -> bytes:
    """Write the inclusion proofs of the entries, in order of the log."""
    return plain.encode(
        {
            "v": 1,
            "size": size,
            "root": note.encode64(root),
            "proofs": [{"seq": seq, "path": [note.encode64(one) for one in proofs[seq]]} for seq in sorted(proofs)],
        }
    )


@dataclass(frozen=True, slots=True)
class Proofs:
    """Inclusion proofs under one head. Steps stay as they were written until they are asked for: they may be many."""

    size: int
    root: bytes
    raw: Mapping[int, bytes]

    def path(self, seq: int) -> list[bytes]:
        """Return the steps for one entry; none where there is no proof."""
        return _steps(self.raw.get(seq, b""))


def _steps(raw: bytes) -> list[bytes]:
    return [note.decode64(step) for step in raw.decode().replace('"', "").split(",")] if raw else []


def read_proofs(data: bytes) -> Proofs:
    """Read what ``write_proofs`` wrote, byte by byte as it writes. Raises ValueError."""
    if not data.startswith(_PROOFS_BEGIN):
        raise ValueError("not a list of proofs")
    at, last = len(_PROOFS_BEGIN), -1
    found: dict[int, bytes] = {}
    while (proof := _PROOF.match(data, at)) is not None:
        seq = int(proof[2])
        if seq <= last or len(found) >= MAX_ENTRIES:
            raise ValueError("proofs are in order of the log, and not endless")
        found[seq], last, at = proof[1], seq, proof.end()
        if data[at : at + 2] != b",{":
            break
        at += 1
    end = _PROOFS_END.fullmatch(data, at)
    if end is None:
        raise ValueError("not a list of proofs")
    return Proofs(int(end[2]), _steps(end[1])[0], found)


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier head of the log, and the proof that the head of the pack continues it."""

    size: int
    root: bytes
    path: tuple[bytes, ...]


def write_history(earlier: Sequence[Earlier]) -> bytes:
    """Write the earlier heads, smallest first."""
    return plain.encode(
        {
            "v": 1,
            "checkpoints": [
                {"size": one.size, "root": note.encode64(one.root), "path": [note.encode64(step) for step in one.path]}
                for one in earlier
            ],
        }
    )


def read_history(data: bytes) -> tuple[Earlier, ...]:
    """Read the earlier heads. Raises ValueError."""
    told = strict.decode(data)
    if not isinstance(told, dict):
        raise ValueError("not a list of heads")  # noqa: TRY004 - one error for all that is not one
    try:
        earlier = tuple(
            Earlier(
                _number(one["size"]),
                note.decode64(_text(one["root"])),
                tuple(note.decode64(_text(step)) for step in one["path"]),
            )
            for one in told["checkpoints"]
        )
    except (KeyError, TypeError) as error:
        raise ValueError("not a list of heads") from error
    sizes = [one.size for one in earlier]
    if sizes != sorted(set(sizes)) or write_history(earlier) != data:
        raise ValueError("not a list of heads of this format")
    return earlier


@dataclass(frozen=True, slots=True)
class LogProof:
    """The proof that the sealing of this pack was itself recorded: C2SP tlog-proof, the entry and its salt as extra."""

    entry: bytes
    salt: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: str

    def encode(self) -> bytes:
        """Write it in the format of C2SP tlog-proof."""
        extra = plain.encode({"entry": plain.decode(self.entry), "salt": self.salt.hex()})
        head = [TLOG_PROOF, f"extra {note.encode64(extra)}", f"index {self.index}"]
        return "\n".join([*head, *(note.encode64(one) for one in self.path), "", self.checkpoint]).encode()


def read_log_proof(data: bytes) -> LogProof:
    """Read a proof as ``LogProof.encode`` writes it. Raises ValueError."""
    head, _, checkpoint = data.decode().partition("\n\n")
    lines = head.split("\n")
    if len(lines) < 3 or not lines[1].startswith("extra ") or not lines[2].startswith("index "):  # noqa: PLR2004
        raise ValueError("not a tlog-proof")
    extra = strict.decode(note.decode64(lines[1].removeprefix("extra ")))
    if not isinstance(extra, dict) or extra.keys() != {"entry", "salt"}:
        raise ValueError("the extra data are an entry and a salt")
    proof = LogProof(
        entry=plain.encode(extra["entry"]),
        salt=bytes.fromhex(str(extra["salt"])),
        index=_decimal(lines[2].removeprefix("index ")),
        path=tuple(note.decode64(one) for one in lines[3:]),
        checkpoint=checkpoint,
    )
    if proof.encode() != data:
        raise ValueError("not a tlog-proof of this format")
    return proof


def _decimal(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 16:  # noqa: PLR2004 - as many digits as 2^53 has
        raise ValueError("a whole number was expected")
    return int(text)


def as_exported(data: bytes) -> list[bytes]:
    """Return what a note, or a proof that ends in one, may have been before others added their signatures to it.

    Whoever cosigns adds lines at the end; taking them away again, one by one, gives the bytes that were listed.
    """
    try:
        _, signatures = note.split(data.decode())
    except (note.BadNote, UnicodeDecodeError):
        return [data]
    head, mark, _ = data.rpartition(b"\n\n")
    lines = data[len(head) + len(mark) :].splitlines(keepends=True)
    return [data, *(head + mark + b"".join(lines[:count]) for count in range(len(signatures) - 1, 0, -1))]


def exported(data: bytes, sha256: str) -> bytes:
    """Return the note as it was listed, without signatures added later; as it is when no such form has this hash."""
    return next((one for one in as_exported(data) if hashlib.sha256(one).hexdigest() == sha256), data)
