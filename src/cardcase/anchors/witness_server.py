"""A small witness after C2SP tlog-witness (@5ba5ee83): it cosigns a head only when it continues the last one it saw.

For somebody other than the seller to run: a friend, an accountant, another shop. One file a log holds the last head
that was cosigned; it is compared and replaced under a lock and on the disk before the answer goes out, so that neither
two requests at once nor ``kill -9`` make it cosign a head that goes back. No Django, no database.
"""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardcase.custody import keys
from cardcase.custody.rules import merkle, note
from cardcase.custody.rules.note import BadNote, Checkpoint
from cardcase.kit import clock

from .rules import cosign

KEY_FILE: Final = "witness.key"
LARGEST_REQUEST: Final = 80 * 1024
SECONDS: Final = 10.0
TEXT: Final = "text/plain; charset=utf-8"
Answer = tuple[HTTPStatus, str, bytes]
_REFUSED: Final[Answer] = (HTTPStatus.UNPROCESSABLE_ENTITY, TEXT, b"not consistent with what was seen\n")


class Witness:
    """What decides. ``folder`` holds the key (made when missing) and the last heads; ``logs`` are those it knows."""

    def __init__(self, folder: Path, name: str, logs: Sequence[note.Verifier]) -> None:
        """Raises BadNote for a name that is none, ValueError or OSError for a key file that cannot be read."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / KEY_FILE
        if not path.exists():
            none = serialization.NoEncryption()
            made = Ed25519PrivateKey.generate()
            keys.write_once(
                path, made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)
            )
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("the key of a witness is an Ed25519 key")  # noqa: TRY004 - a wrong value in a file
        self._key, self._folder, self._logs = key, folder, logs
        self.listed = cosign.Witness.parse(cosign.Witness(name, key.public_key().public_bytes_raw()).vkey)
        self._lock = threading.Lock()

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer one add-checkpoint request."""
        try:
            old, proof, signed = cosign.read_request(body)
            head = Checkpoint.parse(note.split(signed)[0])
        except BadNote as error:
            return HTTPStatus.BAD_REQUEST, TEXT, f"{error}\n".encode()
        known = [one for one in self._logs if one.name == head.origin]
        if not known:
            return HTTPStatus.NOT_FOUND, TEXT, b"unknown log\n"
        if not _is_signed(signed, known):
            return HTTPStatus.FORBIDDEN, TEXT, b"not signed by a known key of this log\n"
        if old > head.size:
            return HTTPStatus.BAD_REQUEST, TEXT, b"old is larger than the checkpoint\n"
        return self._cosign(old, proof, head, signed)

    def _cosign(self, old: int, proof: Sequence[bytes], head: Checkpoint, signed: str) -> Answer:
        with self._alone():
            last = self._last(head.origin)
            if old != (last.size if last else 0):
                return HTTPStatus.CONFLICT, cosign.SIZE_TYPE, f"{last.size if last else 0}\n".encode()
            if not _continues(last, head, proof):
                return _REFUSED
            line = cosign.sign(head.text(), self.listed.name, self._key, int(clock.now().timestamp()))
            keys.replace(self._file(head.origin), (signed + line).encode())  # on the disk, then the answer
        return HTTPStatus.OK, TEXT, line.encode()

    def latest(self, origin_sha256: str) -> bytes | None:
        """Return the last note that was cosigned for the log whose origin has this SHA-256."""
        for one in self._logs:
            if hashlib.sha256(one.name.encode()).hexdigest() == origin_sha256 and self._file(one.name).exists():
                return self._file(one.name).read_bytes()
        return None

    def _file(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.note"

    def _last(self, origin: str) -> Checkpoint | None:
        """Read what was cosigned last. An unreadable file raises: a witness that has lost its memory must not sign."""
        path = self._file(origin)
        return Checkpoint.parse(note.split(path.read_text("utf-8"))[0]) if path.exists() else None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads out, and other processes where there is fcntl."""
        with self._lock, (self._folder / "lock").open("w") as file:
            try:
                import fcntl
            except ImportError:
                pass
            else:
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _is_signed(signed: str, known: Sequence[note.Verifier]) -> bool:
    """Tell whether a known key signed; a line of a known key that does not hold spoils the note (signed-note)."""
    _, lines = note.split(signed)
    mine = [one for one in known if any((line.name, line.ident) == (one.name, one.ident) for line in lines)]
    try:
        return bool(mine) and all(note.open_checkpoint(signed, one) for one in mine)
    except BadNote:
        return False


def _continues(last: Checkpoint | None, head: Checkpoint, proof: Sequence[bytes]) -> bool:
    if head.size == 0 and head.root != merkle.EMPTY_ROOT:
        return False
    size, root = (last.size, last.root) if last else (0, merkle.EMPTY_ROOT)
    return merkle.is_consistent(size, head.size, root, head.root, proof)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SECONDS
    witness: ClassVar[Witness]

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != "/add-checkpoint" or not length.isdecimal() or int(length) > LARGEST_REQUEST:
            self.close_connection = True
            self._say(HTTPStatus.NOT_FOUND if length.isdecimal() else HTTPStatus.LENGTH_REQUIRED, TEXT, b"no\n")
            return
        self._say(*self.witness.add_checkpoint(self.rfile.read(int(length))))

    def do_GET(self) -> None:
        parts = self.path.strip("/").split("/")
        found = self.witness.latest(parts[0]) if len(parts) == 2 and parts[1] == "checkpoint" else None  # noqa: PLR2004
        self._say(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND, TEXT, found or b"nothing here\n")

    def _say(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: Any) -> None:
        """Write no log: what matters is in the folder."""


def server(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server that answers for a witness; the caller runs and closes it. Raises OSError."""
    handler = type("Handler", (_Handler,), {"witness": witness})
    return ThreadingHTTPServer((host, port), handler)
