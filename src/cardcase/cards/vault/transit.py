"""Key-encryption keys with HashiCorp Vault or OpenBao: their transit engine wraps data keys, and never shows its own.

Spoken through hvac, which is imported with the first call only. Every call names the key version that the ring holds,
takes up to BATCH items, follows no redirect, uses no proxy and none of the variables VAULT_*. Answers may hold data
keys and hvac's errors quote answers, so nothing of either goes on: each refusal is made anew, without its cause.
Source of the forms: Vault's and OpenBao's documentation of the transit engine, and OpenBao's ``path_decrypt.go``
(a batch with one bad item is answered with 400 and all its ``batch_results``).
"""

import base64
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from .errors import VaultAway, VaultKeyMissing
from .ring import FINGERPRINT, KEY, KeyRing, TransitKey

BATCH: Final = 1000
"""Items in one call: about 150 KB, far below the 32 MB that Vault's listener takes by default."""

CONNECT_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 10.0
TOKEN_FILE: Final = "vault.token"  # noqa: S105 - the name of the file that holds it
_TOO_OLD: Final = "disallowed by policy"
_PREFIX: Final = "vault:v"
_LONGEST: Final = 255
"""A wrapped key's length takes one byte; AES-256-GCM makes sixty of them."""


class TransitKeys:
    """The KeyWrapper of keys that a transit engine keeps."""

    mark = b"CT1"

    def __init__(self, ring: KeyRing) -> None:
        self._keys = ring.transit
        self.current = ring.current if ring.current in ring.transit else None
        self.versions: Mapping[int, bytes] = {version: fingerprint(key) for version, key in ring.transit.items()}

    def wrap_many(self, keys: Sequence[bytes]) -> list[bytes]:
        """Have data keys encrypted under the current version."""
        return wrap(self._key(self.current or 0), keys)

    def unwrap_many(self, version: int, wrapped: Sequence[bytes]) -> list[bytes | None]:
        """Have data keys decrypted."""
        return unwrap(self._key(version), wrapped, version)

    def renew_many(self, version: int, wrapped: Sequence[bytes]) -> list[bytes | None]:
        """Have data keys wrapped anew inside the engine: they do not come here."""
        old, new = self._key(version), self._key(self.current or 0)
        if (old.mount, old.name) != (new.mount, new.name):
            keys = unwrap(old, wrapped, version)
            fresh = iter(wrap(new, [key for key in keys if key is not None]))
            return [None if key is None else next(fresh) for key in keys]
        return [
            None if found is None else _bytes_of(found, new.version)
            for found in _batches(
                old,
                "rewrap_data",
                [{"ciphertext": _text_of(one, old.version), "key_version": new.version} for one in wrapped],
                "ciphertext",
                version,
            )
        ]

    def _key(self, version: int) -> TransitKey:
        if version not in self._keys:
            raise VaultKeyMissing(version)
        return self._keys[version]


def fingerprint(key: TransitKey) -> bytes:
    """Return what a value's head says of the key: the key itself is not to be had, so its name stands for it."""
    return sha256(f"{key.mount}/{key.name}:v{key.version}".encode()).digest()[:FINGERPRINT]


def wrap(key: TransitKey, keys: Sequence[bytes]) -> list[bytes]:
    """Have data keys encrypted under one version of a key. Raises VaultAway."""
    items = [{"plaintext": base64.b64encode(one).decode(), "key_version": key.version} for one in keys]
    made = _batches(key, "encrypt_data", items, "ciphertext", None)
    if any(one is None for one in made):
        raise _refused("没有把密钥封好", "did not wrap a key")
    return [_bytes_of(one, key.version) for one in made if one is not None]


def unwrap(key: TransitKey, wrapped: Sequence[bytes], version: int) -> list[bytes | None]:
    """Have data keys decrypted; None for what this key never wrapped. ``version`` is the ring's, for the refusal."""
    items = [{"ciphertext": _text_of(one, key.version)} for one in wrapped]
    opened = _batches(key, "decrypt_data", items, "plaintext", version)
    return [None if one is None else base64.b64decode(one) for one in opened]


def newest(known: Sequence[TransitKey], *, make: bool) -> TransitKey:
    """Return the newest version of the key of the settings that the ring does not know.

    With ``make`` the key is made when there is none, and turned when its newest version is known already: a version
    that somebody else turned to, or that a killed rotation left behind, is taken first. Raises VaultAway.
    """
    config = settings.CARDCASE
    mount, name = config.vault_mount, config.vault_key
    taken = max((key.version for key in known if (key.mount, key.name) == (mount, name)), default=0)
    latest = latest_version(mount, name)
    if latest is None:
        if not make:
            raise _refused(f"没有密钥 {name}", f"has no key {name}")
        _ask(lambda engine: engine.create_key(name=name, key_type="aes256-gcm96", mount_point=mount))
        latest = latest_version(mount, name) or 0
    if latest <= taken and make:
        _ask(lambda engine: engine.rotate_key(name=name, mount_point=mount))
        latest = latest_version(mount, name) or 0
    if latest <= taken:
        raise _refused("没有给出新的密钥版本", "gave no new version of the key")
    return TransitKey(mount, name, latest)


def latest_version(mount: str, name: str) -> int | None:
    """Return the newest version of a key, None when there is no such key. Raises VaultAway."""
    answer = _ask(lambda engine: engine.read_key(name=name, mount_point=mount), if_unknown={})
    if not answer:
        return None
    try:
        return max(int(version) for version in answer["data"]["keys"])
    except (KeyError, TypeError, ValueError):
        raise _odd() from None


def _batches(
    key: TransitKey, call: str, items: Sequence[dict[str, Any]], wanted: str, version: int | None
) -> list[str | None]:
    """Send items in batches and return what was wanted of each, None for an item that was refused as never wrapped."""
    found: list[str | None] = []
    for start in range(0, len(items), BATCH):
        some = items[start : start + BATCH]
        answer = _ask(
            lambda engine, some=some: getattr(engine, call)(  # type: ignore[misc]
                name=key.name, mount_point=key.mount, batch_input=list(some), **_EMPTY[call]
            )
        )
        try:
            results = answer["data"]["batch_results"]
            if len(results) != len(some):
                raise _odd()
            found += [_result(result, wanted, version) for result in results]
        except (KeyError, TypeError, AttributeError):
            raise _odd() from None
    return found


_EMPTY: Final[Mapping[str, Mapping[str, str]]] = {
    "encrypt_data": {"plaintext": ""},
    "decrypt_data": {"ciphertext": ""},
    "rewrap_data": {"ciphertext": ""},
}
"""hvac sends the single value along with the batch; the engine ignores it."""


def _result(result: Mapping[str, Any], wanted: str, version: int | None) -> str | None:
    error = result.get("error")
    if not error:
        return str(result[wanted])
    if version is not None and _TOO_OLD in error:
        raise VaultKeyMissing(version)
    return None


def _ask(call: Callable[[Any], Any], *, if_unknown: Any = None) -> Any:
    """Make one call and return its JSON, also of a batch that failed in part. Raises VaultAway for all else."""
    import requests
    from hvac import exceptions

    try:
        answer = call(_engine())
    except exceptions.InvalidPath:
        if if_unknown is not None:
            return if_unknown
        raise _refused("没有这个地址或密钥", "knows no such path or key") from None
    except exceptions.InvalidRequest as error:
        if isinstance(error.json, dict) and isinstance(error.json.get("data"), dict):
            return error.json
        if "encryption key not found" in str(error.errors or ""):
            raise _refused("没有这把密钥", "has no such key") from None
        raise _refused("说请求不对（400）", "calls the request malformed (400)") from None
    except (exceptions.Forbidden, exceptions.Unauthorized):
        _forget_token()
        raise VaultAway(
            "Vault 不认这个令牌，或令牌没有权限",
            "Vault refuses the token, or the token may not do this",
            next=Text("换一个有效的令牌，写进令牌文件。", "Put a valid token into the token file."),
            code="vault_token_refused",
        ) from None
    except exceptions.VaultDown:
        raise VaultAway(
            "Vault 还封着（sealed）",
            "Vault is sealed",
            next=Text("请管理员解封（unseal）后再试。", "Have it unsealed, then try again."),
            code="vault_sealed",
        ) from None
    except exceptions.VaultError as error:
        raise _refused(f"出错了（{type(error).__name__}）", f"failed ({type(error).__name__})") from None
    except requests.RequestException as error:
        raise _refused(f"连不上（{type(error).__name__}）", f"cannot be reached ({type(error).__name__})") from None
    if isinstance(answer, dict):
        return answer
    if 200 <= getattr(answer, "status_code", 0) < 300:  # noqa: PLR2004 - created, turned: no body
        return {}
    raise _odd()


_here = threading.local()


def _engine() -> Any:
    """Return this thread's client of the engine: a session of ``requests`` is not for several threads."""
    config = settings.CARDCASE
    if not config.vault_address:
        raise WrongUse(
            "没有写 Vault 的地址",
            "The address of Vault is not set",
            next=Text("设 vault_address。", "Set vault_address."),
            code="vault_address_missing",
        )
    file = config.data / (config.vault_token_file or config.keys / TOKEN_FILE).expanduser()
    try:
        token = _token(file, file.stat().st_mtime_ns)
    except OSError:
        token = ""
    if not token:
        raise WrongUse(
            f"读不到 Vault 的令牌：{file}",
            f"The token of Vault cannot be read: {file}",
            next=Text("把令牌写进这个文件，权限 600。", "Put the token into this file, mode 600."),
            code="vault_token_missing",
        )
    wanted = (config.vault_address, str(config.vault_ca_file or ""), token)
    if getattr(_here, "wanted", None) != wanted:
        _here.client, _here.wanted = _client(*wanted), wanted
    return _here.client.secrets.transit


@lru_cache(maxsize=2)
def _token(file: Path, _changed: int) -> str:
    return file.read_text("utf-8").strip()


def _forget_token() -> None:
    _token.cache_clear()
    _here.wanted = None


def _client(address: str, authority: str, token: str) -> Any:
    import hvac
    import requests

    session = requests.Session()
    session.trust_env = False  # no proxies, no .netrc, no certificates of the environment
    session.verify = authority or True
    return hvac.Client(
        url=address.rstrip("/"),
        token=token,
        session=session,
        verify=authority or True,
        timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
        allow_redirects=False,
    )


def _text_of(wrapped: bytes, version: int) -> str:
    return f"{_PREFIX}{version}:{base64.b64encode(wrapped).decode()}"


def _bytes_of(text: str, version: int) -> bytes:
    """Keep a ciphertext without its prefix, which the ring knows. Raises VaultAway for another version's."""
    prefix = f"{_PREFIX}{version}:"
    if not text.startswith(prefix):
        raise _odd()
    wrapped = base64.b64decode(text[len(prefix) :])
    if not KEY < len(wrapped) <= _LONGEST:
        raise _odd()
    return wrapped


def _refused(zh: str, en: str) -> VaultAway:
    return VaultAway(
        f"Vault {zh}",
        f"Vault {en}",
        next=Text(
            "检查 vault_address、网络和 Vault 的状态；cardcase vault status 会再试一次。",
            "Check vault_address, the network and the state of Vault; cardcase vault status tries again.",
        ),
    )


def _odd() -> VaultAway:
    return _refused("的回答看不懂", "gave an answer that cannot be read")
