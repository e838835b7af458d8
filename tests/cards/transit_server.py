"""A transit engine on loopback, with the semantics of HashiCorp Vault and OpenBao, and real AES-256-GCM inside.

Written from the API documentation of the transit engine (keys, rotate, config, encrypt, decrypt, rewrap, batch_input,
key_version, partial_failure_response_code) and from OpenBao's path_encrypt.go, path_decrypt.go, path_rewrap.go:
a batch with a bad item is answered with 400 and all its batch_results (rewrap: with 200), a sealed server with 503,
a bad token with 403, a missing key with 404 when read and with 400 when used.
"""

import base64
import binascii
import contextlib
import json
import re
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Answer = tuple[int, dict[str, Any] | None]

TOO_OLD = "ciphertext or signature version is disallowed by policy (too old)"


class ItemError(Exception):
    """An error of one item, in the engine's words."""


@dataclass
class Key:
    versions: dict[int, bytes] = field(default_factory=lambda: {1: secrets.token_bytes(32)})
    min_decryption_version: int = 1
    min_encryption_version: int = 0

    @property
    def latest(self) -> int:
        return max(self.versions)

    def encrypt(self, item: dict[str, Any]) -> dict[str, Any]:
        try:
            plain = base64.b64decode(item["plaintext"], validate=True)
        except binascii.Error:
            raise ItemError("illegal base64 data at input byte 0") from None
        version = int(item.get("key_version") or 0) or self.latest
        if version > self.latest:
            raise ItemError("requested version for encryption is higher than the latest key version")
        if version < self.min_encryption_version:
            raise ItemError("requested version for encryption is less than the minimum encryption key version")
        nonce = secrets.token_bytes(12)
        sealed = nonce + AESGCM(self.versions[version]).encrypt(nonce, plain, None)
        return {"ciphertext": f"vault:v{version}:{base64.b64encode(sealed).decode()}", "key_version": version}

    def decrypt(self, text: str) -> bytes:
        if not text:
            raise ItemError("missing ciphertext to decrypt")
        if not text.startswith("vault:v"):
            raise ItemError("invalid ciphertext: no prefix")
        number, colon, rest = text.removeprefix("vault:v").partition(":")
        if not colon:
            raise ItemError("invalid ciphertext: wrong number of fields")
        if not number.isdigit():
            raise ItemError("invalid ciphertext: version number could not be decoded")
        version = int(number) or 1
        if version > self.latest:
            raise ItemError("invalid ciphertext: version is too new")
        if version < self.min_decryption_version:
            raise ItemError(TOO_OLD)
        try:
            sealed = base64.b64decode(rest, validate=True)
        except binascii.Error:
            raise ItemError("invalid ciphertext: could not decode base64") from None
        if len(sealed) < 28:
            raise ItemError("invalid ciphertext length")
        try:
            return AESGCM(self.versions[version]).decrypt(sealed[:12], sealed[12:], None)
        except InvalidTag:
            raise ItemError("cipher: message authentication failed") from None


class TransitServer(ThreadingHTTPServer):
    """The server with its state; a test may seal it, change the token, or make it answer nonsense."""

    daemon_threads = True

    def __init__(self, token: str = "s.right") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.token = token
        self.is_sealed = False
        self.nonsense: bytes | None = None
        self.redirect = ""
        self.keys: dict[str, Key] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, method: str, path: str, token: str | None, body: dict[str, Any]) -> Answer:
        if self.is_sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if token != self.token:
            return 403, {"errors": ["permission denied"]}
        found = re.fullmatch(r"/v1/transit/(keys|encrypt|decrypt|rewrap)/([\w.-]+?)(/rotate|/config)?", path)
        if found is None:
            return 404, {"errors": [f"no handler for route {path.removeprefix('/v1/')!r}. route entry not found."]}
        what, name, more = found[1], found[2], found[3] or ""
        if what == "keys":
            return self._keys(method, name, more, body)
        key = self.keys.get(name)
        if key is None and what == "encrypt":  # upsert, for a token with the capability "create"
            key = self.keys.setdefault(name, Key())
        if key is None:
            return 400, {"errors": ["encryption key not found"]}
        return self._work(key, what, body)

    def _keys(self, method: str, name: str, more: str, body: dict[str, Any]) -> Answer:
        if method == "POST" and not more:
            self.keys.setdefault(name, Key())
            return 204, None
        key = self.keys.get(name)
        if key is None:
            return (404, {"errors": []}) if method == "GET" else (400, {"errors": ["no existing key named " + name]})
        if more == "/rotate":
            key.versions[key.latest + 1] = secrets.token_bytes(32)
            return 204, None
        if more == "/config":
            lowest = int(body.get("min_decryption_version", key.min_decryption_version))
            if lowest > key.latest:
                return 400, {
                    "errors": [f"cannot set min decryption version of {lowest}, latest key version is {key.latest}"]
                }
            key.min_decryption_version = lowest
            key.min_encryption_version = int(body.get("min_encryption_version", key.min_encryption_version))
            return 204, None
        about = {
            "type": "aes256-gcm96", "name": name, "latest_version": key.latest, "deletion_allowed": False,
            "keys": {str(version): 1764300000 for version in key.versions if version >= key.min_decryption_version},
            "min_decryption_version": key.min_decryption_version, "min_encryption_version": key.min_encryption_version,
            "supports_encryption": True, "supports_decryption": True, "exportable": False, "derived": False,
        }  # fmt: skip
        return 200, {"data": about}

    def _work(self, key: Key, what: str, body: dict[str, Any]) -> Answer:
        is_batch = body.get("batch_input") is not None
        items = body["batch_input"] if is_batch else [body]
        if not items:
            return 400, {"errors": ["missing batch input to process"]}
        results: list[dict[str, Any]] = []
        for item in items:
            try:
                results.append(self._one(key, what, item) | {"reference": item.get("reference", "")})
            except ItemError as refusal:
                blank = {"plaintext": ""} if what == "decrypt" else {}
                results.append(blank | {"error": str(refusal), "reference": item.get("reference", "")})
        bad = [result for result in results if "error" in result]
        if not is_batch:
            return (400, {"errors": [bad[0]["error"]]}) if bad else (200, {"data": results[0]})
        code = 200
        if bad and what != "rewrap":
            code = int(body.get("partial_failure_response_code") or 400) if len(bad) < len(results) else 400
        return code, {"data": {"batch_results": results}}

    @staticmethod
    def _one(key: Key, what: str, item: dict[str, Any]) -> dict[str, Any]:
        if what == "encrypt":
            return key.encrypt(item)
        plain = base64.b64encode(key.decrypt(item.get("ciphertext", ""))).decode()
        if what == "decrypt":
            return {"plaintext": plain}
        return key.encrypt({"plaintext": plain, "key_version": item.get("key_version", 0)})


class _Handler(BaseHTTPRequestHandler):
    server: TransitServer
    protocol_version = "HTTP/1.1"
    request_id: ClassVar[str] = "8375227a-4a9f-a108-0b89-84c448419e80"

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else {}
        method = "POST" if self.command in ("POST", "PUT") else self.command
        with self.server.lock:
            self.server.asked.append((method, self.path, body))
            code, answer = self.server.answer(method, self.path, self.headers.get("X-Vault-Token"), body)
        if answer is not None and code < 300:
            answer = {"request_id": self.request_id, "lease_id": "", "renewable": False, "lease_duration": 0, **answer}
        data = b"" if answer is None else json.dumps(answer).encode()
        if self.server.nonsense is not None:
            code, data = 200, self.server.nonsense
        if self.server.redirect:
            code = 307
        self.send_response(code)
        if self.server.redirect:
            self.send_header("Location", self.server.redirect + self.path)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the names of http.server

    def log_message(self, *_args: Any) -> None:
        pass


@contextlib.contextmanager
def running(token: str = "s.right") -> Iterator[TransitServer]:
    server = TransitServer(token)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
