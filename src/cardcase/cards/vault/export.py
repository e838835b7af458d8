"""An encrypted copy of the ring for a safe place, and the way back: age (X25519 or a passphrase), through pyrage.

The copy holds every key of the ring. Of transit's keys it holds the names, so it opens nothing without Vault.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from cardcase.kit.errors import Refused, WrongUse
from cardcase.kit.text import Text

from . import ring as rings
from .errors import unreadable_ring
from .keys import hash_keys
from .ring import KeyRing

_KIND: Final = "cardcase-vault-ring"
LEAST_PASSPHRASE: Final = 12
"""Characters; age slows guessing down (scrypt), but not without end."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """An export beside the present ring: what it brings, what only the present ring has, whether they are one."""

    brings: tuple[int, ...]
    only_here: tuple[int, ...]
    is_same_family: bool
    is_first: bool


def encrypt(*, recipients: Sequence[str] = (), passphrase: str = "") -> bytes:
    """Return the ring, encrypted for age recipients or with a passphrase. Raises WrongUse for one that is none."""
    import pyrage

    held = rings.present()
    if held is None:
        raise unreadable_ring()
    plain = json.dumps({_KIND: rings.document(held)}).encode()
    if recipients:
        try:
            keys = [pyrage.x25519.Recipient.from_str(one.strip()) for one in recipients]
        except pyrage.RecipientError:
            raise WrongUse(
                "收件人要是 age1 开头的公钥",
                "A recipient is a public key that begins with age1",
                next=Text(
                    "用 age-keygen 生成一对，只给公钥。", "Make a pair with age-keygen; give the public key only."
                ),
                code="vault_recipient_bad",
            ) from None
        return bytes(pyrage.encrypt(plain, keys))
    if len(passphrase) < LEAST_PASSPHRASE:
        raise WrongUse(
            f"口令至少 {LEAST_PASSPHRASE} 个字符",
            f"A passphrase has at least {LEAST_PASSPHRASE} characters",
            next=Text("用几个不相干的词连起来。", "Join a few unrelated words."),
            code="vault_passphrase_short",
        )
    return bytes(pyrage.passphrase.encrypt(plain, passphrase))


def decrypt(data: bytes, *, identity: str = "", passphrase: str = "") -> KeyRing:
    """Read an export. Raises Refused when it does not open, or holds no ring; nothing of it is quoted."""
    import pyrage

    try:
        if identity:
            secret = next((line.strip() for line in identity.splitlines() if line.startswith("AGE-SECRET-KEY-")), "")
            plain = pyrage.decrypt(data, [pyrage.x25519.Identity.from_str(secret)])
        else:
            plain = pyrage.passphrase.decrypt(data, passphrase)
        return rings.from_document(json.loads(plain)[_KIND])
    except (pyrage.DecryptError, pyrage.IdentityError, ValueError, KeyError, TypeError, AttributeError):
        # "from None": the cause could quote what was decrypted.
        raise Refused(
            "这个文件打不开：口令或密钥不对，或者文件不是密钥副本",
            "This file does not open: wrong passphrase or key, or not a copy of a key ring",
            next=Text("换一个口令、密钥或文件再试。", "Try another passphrase, key or file."),
            code="vault_export_unreadable",
        ) from None


def compare(found: KeyRing) -> Comparison:
    """Lay an export beside the present ring. Same family: same keyed hashes, and no number that names two keys.

    Raises VaultAway where transit has to be asked for the keys of the hashes.
    """
    held = rings.present()
    if held is None:
        return Comparison(found.versions, (), is_same_family=True, is_first=True)
    here, there = _named(held), _named(found)
    clashes = any(here[version] != there[version] for version in here.keys() & there.keys())
    same = not clashes and hash_keys(held) == hash_keys(found)
    return Comparison(
        tuple(sorted(there.keys() - here.keys())),
        tuple(sorted(here.keys() - there.keys() if same else here.keys())),
        is_same_family=same,
        is_first=False,
    )


def take(found: KeyRing, *, replace_other: bool, values: int) -> tuple[int, ...]:
    """Put the keys of an export into the ring and return the versions that came. Raises Refused for another ring.

    Of the same ring the missing keys come back, and nothing else changes. Another ring takes the place of the present
    one only with ``replace_other``; the present one is kept beside it, as ``vault.replaced.….json``. ``values`` is how
    many values lie under keys of the present ring, for the refusal.
    """
    with rings.alone():
        seen = compare(found)
        held = rings.present()
        if held is None:
            rings.make(found)
        elif seen.is_same_family:
            merged = replace(
                held,
                own={**found.own, **held.own},
                transit={**found.transit, **held.transit},
                retired={version: mark for version, mark in held.retired.items() if version not in seen.brings},
            )
            rings.replace(merged)
        elif replace_other:
            rings.set_aside()
            rings.replace(found)
            return found.versions
        else:
            lost = ", ".join(map(str, seen.only_here))
            raise Refused(
                f"这是另一套密钥：换上它，现在第 {lost} 版密钥封的 {values} 处内容就打不开了",
                f"This is another ring: with it, {values} values under versions {lost} of the present one do not open",
                next=Text(
                    "先看 cardcase vault status；确定要换再加 --replace，现在的会留在旁边。",
                    "See cardcase vault status; --replace does it, and the present one is kept beside.",
                ),
                code="vault_other_ring",
                versions=list(seen.only_here),
                values=values,
            )
    return seen.brings


def _named(of: KeyRing) -> dict[int, object]:
    return {**of.own, **of.transit}
