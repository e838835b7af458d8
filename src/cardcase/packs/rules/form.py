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

FORMAT = "cardcase-pack/v1"
"""First line of the seal: what kind of statement is signed."""
TLOG_PROOF = "c2sp.org/tlog-proof@v1"
SEALED_KIND = "pack.exported"
MANIFEST_ROLE = "manifest"

MANIFEST, SEAL, LOG_PROOF = "manifest.json", "manifest.note", "pack.tlog-proof"
RECORDS, PROOFS, CHECKPOINT = "records.jsonl", "proofs.json", "checkpoint.note"
REPORT, README = "report.pdf", "README.txt"
OUTSIDE = frozenset({MANIFEST, SEAL, LOG_PROOF})
"""Members that the manifest cannot list because they are made of it."""
REQUIRED = frozenset({RECORDS, PROOFS, CHECKPOINT, REPORT, README})

_HEX = re.compile(r"[0-9a-f]{64}")


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
    told = plain.decode(raw)
    if not isinstance(told, dict) or told.keys() != {"entry", "contents"} or not isinstance(told["contents"], list):
        raise ValueError("a line has an entry and contents")
    entry = entries.read(told["entry"])
    openings = tuple(read_opening(one) for one in told["contents"])
    if len(openings) != len(entry.contents):
        raise ValueError("a line has one opening for each content")
    return Line(plain.encode(told["entry"]), openings), entry


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
    told = plain.decode(data)
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


def read_proofs(data: bytes) -> tuple[int, bytes, dict[int, list[bytes]]]:
    """Read size, root and the proofs by entry. Raises ValueError."""
    told = plain.decode(data)
    if not isinstance(told, dict):
        raise ValueError("not a list of proofs")  # noqa: TRY004 - one error for all that is not one
    try:
        size, root = _number(told["size"]), note.decode64(_text(told["root"]))
        proofs = {_number(one["seq"]): [note.decode64(_text(step)) for step in one["path"]] for one in told["proofs"]}
    except (KeyError, TypeError) as error:
        raise ValueError("not a list of proofs") from error
    if write_proofs(size, root, proofs) != data:
        raise ValueError("not a list of proofs of this format")
    return size, root, proofs


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
    extra = plain.decode(note.decode64(lines[1].removeprefix("extra ")))
    if not isinstance(extra, dict) or extra.keys() != {"entry", "salt"}:
        raise ValueError("the extra data are an entry and a salt")
    proof = LogProof(
        entry=plain.encode(extra["entry"]),
        salt=bytes.fromhex(str(extra["salt"])),
        index=int(lines[2].removeprefix("index ")),
        path=tuple(note.decode64(one) for one in lines[3:]),
        checkpoint=checkpoint,
    )
    if proof.encode() != data:
        raise ValueError("not a tlog-proof of this format")
    return proof
