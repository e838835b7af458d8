"""Where codes sleep: one random key a value (AES-256-GCM), wrapped by a versioned key of the key ring.

Nothing here logs, and no error carries what it was given. Blind index and digest have keys of their own.
"""

import base64
import contextlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from django.conf import settings

from cardcase.kit.errors import Unavailable
from cardcase.kit.secret import CardCode
from cardcase.kit.text import Text

_MAGIC: Final = b"CV1"
_KEY: Final = 32
_KEY_ID: Final = 4
_WRAPPED: Final = 40  # RFC 3394 adds eight bytes to the thirty-two
_NONCE: Final = 12
_TAG: Final = 16
_HEAD: Final = len(_MAGIC) + 2 + _KEY_ID
"""Magic, key version (2 bytes), first bytes of the SHA-256 of that key: tells a lost key ring from a damaged value."""


class VaultKeyMissing(Unavailable):
    """The key ring does not hold the key that sealed this value: a wrong or lost ``vault.json``."""

    code = "vault_key_missing"

    def __init__(self, version: int) -> None:
        super().__init__(
            f"钥匙文件里没有第 {version} 版密钥，打不开这条密文",
            f"The key ring does not hold key version {version}; this value cannot be opened",
            next=Text("从备份恢复 keys/vault.json。", "Restore keys/vault.json from its backup."),
            version=version,
        )


class SealBroken(Unavailable):
    """The sealed value was changed, cut, or belongs to something else."""

    code = "seal_broken"

    def __init__(self) -> None:
        super().__init__(
            "密文被改动或不属于这里，打不开",
            "The sealed value was changed or belongs elsewhere; it cannot be opened",
            next=Text("从备份恢复数据库。", "Restore the database from its backup."),
        )


@dataclass(frozen=True, slots=True, repr=False)
class KeyRing:
    """The keys of one installation: wrapping keys by version, the current one, and two keys for keyed hashes."""

    wrapping: dict[int, bytes]
    current: int
    index: bytes
    digest: bytes

    def __repr__(self) -> str:
        return f"<KeyRing, versions {sorted(self.wrapping)}>"


def seal(plain: bytes, *, context: str) -> bytes:
    """Seal bytes for one place. ``context`` names it, such as "3|card_0190…|code"; it opens nowhere else."""
    return seal_many([plain], [context])[0]


def seal_many(plains: Sequence[bytes], contexts: Sequence[str]) -> list[bytes]:
    """Seal many values, each for the place of the same position. Raises ValueError when the two do not pair up."""
    if len(plains) != len(contexts):
        raise ValueError("one context for each value")
    ring = _ring()
    wrapping = ring.wrapping[ring.current]
    head = _head(ring.current, wrapping)
    each = _KEY + _NONCE
    chance = secrets.token_bytes(each * len(plains))
    sealed = []
    for at, plain, context in zip(range(0, len(chance), each), plains, contexts, strict=True):
        key, nonce = chance[at : at + _KEY], chance[at + _KEY : at + each]
        body = AESGCM(key).encrypt(nonce, plain, _MAGIC + context.encode())
        sealed.append(b"".join((head, aes_key_wrap(wrapping, key), nonce, body)))
    return sealed


def open_sealed(sealed: bytes, *, context: str) -> bytes:
    """Open what ``seal`` sealed for the same context. Raises VaultKeyMissing or SealBroken."""
    sealed = bytes(sealed)  # the database may hand out a memoryview
    key = _unwrap(sealed)
    nonce = sealed[_HEAD + _WRAPPED : _HEAD + _WRAPPED + _NONCE]
    try:
        return AESGCM(key).decrypt(nonce, sealed[_HEAD + _WRAPPED + _NONCE :], _MAGIC + context.encode())
    except InvalidTag:
        raise SealBroken from None


def rewrap(sealed: bytes) -> bytes:
    """Wrap a value's key anew under the current key; the value itself is not decrypted. Same errors as opening."""
    key = _unwrap(bytes(sealed))
    ring = _ring()
    wrapping = ring.wrapping[ring.current]
    return _head(ring.current, wrapping) + aes_key_wrap(wrapping, key) + bytes(sealed)[_HEAD + _WRAPPED :]


def key_version() -> int:
    """Return the version of the key that seals now."""
    return _ring().current


def rotate() -> int:
    """Add a wrapping key and make it current; return its version. Old values open as before until ``rewrap``."""
    ring = _ring()
    version = max(ring.wrapping) + 1
    grown = KeyRing({**ring.wrapping, version: secrets.token_bytes(_KEY)}, version, ring.index, ring.digest)
    path = _path()
    fresh = _write_aside(path, grown)
    fresh.replace(path)
    _sync_folder(path.parent)
    _read.cache_clear()
    return version


def blind_index(shop_id: int, code: CardCode) -> str:
    """Return the keyed hash under which a code is found again in one shop. Equal for equal normal forms only."""
    return indexer(shop_id)(code.normal_form())


def indexer(shop_id: int) -> Callable[[str], str]:
    """Return the function from a normal form to its blind index, for callers that look at thousands of tokens."""
    ready = hmac.new(_ring().index, b"%d|" % shop_id, "sha256")

    def index(normal_form: str) -> str:
        state = ready.copy()
        state.update(normal_form.encode("utf-8", "surrogatepass"))
        return state.hexdigest()

    return index


def keyed_digest(data: bytes) -> str:
    """Return the keyed hash (hex) of bytes that must not be guessed from it, such as a file of codes."""
    return digester()(data)


def digester() -> Callable[[bytes], str]:
    """Return the function behind ``keyed_digest``, for callers that commit to thousands of cards."""
    key = _ring().digest
    return lambda data: hmac.digest(key, data, "sha256").hex()


def _head(version: int, wrapping: bytes) -> bytes:
    return _MAGIC + version.to_bytes(2, "big") + sha256(wrapping).digest()[:_KEY_ID]


def _unwrap(sealed: bytes) -> bytes:
    if len(sealed) < _HEAD + _WRAPPED + _NONCE + _TAG or not sealed.startswith(_MAGIC):
        raise SealBroken
    version = int.from_bytes(sealed[len(_MAGIC) : len(_MAGIC) + 2], "big")
    wrapping = _ring().wrapping.get(version)
    if wrapping is None:
        _read.cache_clear()  # another process may have rotated since we read the ring
        wrapping = _ring().wrapping.get(version)
    if wrapping is None or _head(version, wrapping) != sealed[:_HEAD]:
        raise VaultKeyMissing(version)
    try:
        return aes_key_unwrap(wrapping, sealed[_HEAD : _HEAD + _WRAPPED])
    except InvalidUnwrap:
        raise SealBroken from None


def _path() -> Path:
    folder: Path = settings.CARDCASE.keys
    return folder / "vault.json"


def _ring() -> KeyRing:
    return _read(_path())


@lru_cache(maxsize=4)
def _read(path: Path) -> KeyRing:
    if not path.exists():
        _make(path)
    try:
        raw = json.loads(path.read_text("utf-8"))
        return KeyRing(
            wrapping={int(version): base64.b64decode(key) for version, key in raw["wrapping"].items()},
            current=int(raw["current"]),
            index=base64.b64decode(raw["index"]),
            digest=base64.b64decode(raw["digest"]),
        )
    except (ValueError, KeyError, AttributeError):
        # "from None": a traceback of the JSON reader quotes the document, and the document is keys.
        raise Unavailable(
            "钥匙文件 keys/vault.json 读不出来",
            "The key ring keys/vault.json cannot be read",
            next=Text("从备份恢复它；不要删除。", "Restore it from its backup; do not delete it."),
            code="vault_unreadable",
        ) from None


def _make(path: Path) -> None:
    """Make the first ring. Of two first starts one wins and both read the winner's: a link never overwrites."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    first = KeyRing({1: secrets.token_bytes(_KEY)}, 1, secrets.token_bytes(_KEY), secrets.token_bytes(_KEY))
    aside = _write_aside(path, first)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
    finally:
        aside.unlink()
    _sync_folder(path.parent)


def _write_aside(path: Path, ring: KeyRing) -> Path:
    """Write a ring to a file of its own beside the place, readable by its owner only, and flush it to disk."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    document = {
        "wrapping": {str(version): base64.b64encode(key).decode() for version, key in ring.wrapping.items()},
        "current": ring.current,
        "index": base64.b64encode(ring.index).decode(),
        "digest": base64.b64encode(ring.digest).decode(),
    }
    with os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    return aside


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
