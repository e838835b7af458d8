"""How a deposit service is asked and what its answer says, by a preset: fields with blanks, and paths into the answer.

A service takes a hash and returns an id, often a time and a certificate (custody.md §2). The forms follow the pages
that the presets cite; none was tried live.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .config import DepositPreset

JSON_TYPE: Final = "application/json; charset=utf-8"
_LONGEST: Final = 200


class BadAnswer(ValueError):  # noqa: N818 - named after what is wrong
    """The answer names no deposit."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is deposited: a name that tells nothing, the size in bytes, and both hashes in hex."""

    name: str
    size: int
    sha256: str
    sm3: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said, and the answer as it came."""

    provider: str
    id: str
    time: str
    certificate: bytes | None
    raw: bytes


def write(
    preset: DepositPreset, url: str, asked: Asked, *, user: str, secret: str, at: datetime
) -> tuple[bytes, dict[str, str]]:
    """Write body and headers of a request. Raises ValueError when the secret is not of the kind that is needed."""
    blanks = {
        "name": asked.name,
        "size": str(asked.size),
        "hash": asked.sm3 if preset.hash == "sm3" else asked.sha256,
        "user": user,
        "millis": str(int(at.timestamp() * 1000)),
    }
    fields = {name: value.format(**blanks) for name, value in preset.request.items()}
    headers = {"Content-Type": JSON_TYPE}
    if preset.signing == "rsa_sha256":
        fields["signature"] = _rsa(fields, secret)
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    if preset.signing == "basic":
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()
    elif preset.signing == "bearer":
        headers["Authorization"] = f"Bearer {secret}"
    elif preset.signing == "tc3":
        seconds = int(at.timestamp())
        headers |= {
            "X-TC-Action": preset.action,
            "X-TC-Version": preset.version,
            "X-TC-Timestamp": str(seconds),
            "Authorization": tc3(
                urlsplit(url).hostname or "", preset.service, body, user=user, secret=secret, seconds=seconds
            ),
        }
    return body, headers


def _rsa(fields: Mapping[str, str], pem: str) -> str:
    """Sign the fields in order of their names, as ``name=value`` joined by ``&``."""
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("an RSA key was expected")  # noqa: TRY004 - a wrong value in a file
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def tc3(host: str, service: str, body: bytes, *, user: str, secret: str, seconds: int) -> str:
    """Return the Authorization header of signature version 3 (cloud.tencent.com/document/api/213/30654)."""
    day = datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d")
    scope = f"{day}/{service}/tc3_request"
    names = "content-type;host"
    request = f"POST\n/\n\ncontent-type:{JSON_TYPE}\nhost:{host}\n\n{names}\n{hashlib.sha256(body).hexdigest()}"
    text = f"TC3-HMAC-SHA256\n{seconds}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"TC3{secret}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return f"TC3-HMAC-SHA256 Credential={user}/{scope}, SignedHeaders={names}, Signature={signature}"


def read(preset: DepositPreset, provider: str, raw: bytes) -> Answer:
    """Read an answer. Raises BadAnswer when it names no deposit."""
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadAnswer("not JSON") from error
    found = _at(told, preset.deposit_id)
    if not found or len(found) > _LONGEST:
        raise BadAnswer("names no deposit")
    held = _at(told, preset.certificate) if preset.certificate else ""
    try:
        certificate = base64.b64decode(held, validate=True) if held else None
    except ValueError:
        certificate = None  # an address, perhaps; it stands in the answer, which is kept whole
    return Answer(provider, found, _at(told, preset.deposit_time)[:80] if preset.deposit_time else "", certificate, raw)


def _at(told: Any, path: str) -> str:
    for part in path.split("."):
        told = told.get(part) if isinstance(told, dict) else None
    return str(told) if isinstance(told, str | int) and not isinstance(told, bool) else ""
