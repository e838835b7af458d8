"""The form of a sealed value: head, wrapped data key, nonce, AES-256-GCM of the value for its place.

Head: three bytes that say who wrapped the key (``CV1`` the ring file, ``CT1`` transit), the version of the ring (2) and
the fingerprint of the key (4). ``CT1`` then has one byte with the length of the wrapped key. What is authenticated
besides the value is ``CV1`` and its place, whoever wraps: so wrapping anew touches the head only.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import guard, keys
from .errors import SealBroken
from .filekeys import WRAPPED, FileKeys
from .port import KeyWrapper
from .ring import KEY, KeyRing
from .transit import TransitKeys

_BODY: Final = b"CV1"
"""The form of nonce and ciphertext, first of the authenticated data; the same for both heads."""

MARKS: Final = (FileKeys.mark, TransitKeys.mark)
_MARK: Final = 3
_VERSION: Final = _MARK + 2
HEAD: Final = _VERSION + 4
_NONCE: Final = 12
_TAG: Final = 16
LONGEST_WRAPPING: Final = HEAD + 1 + 255
"""No head with its wrapped key is longer."""

_RANDOM: Final = KEY + _NONCE


@dataclass(frozen=True, slots=True)
class Head:
    """What the first bytes of a sealed value say of the key that wrapped its own."""

    mark: bytes
    version: int
    fingerprint: bytes


def head_of(sealed: bytes) -> Head | None:
    """Read the head of a sealed value, None for what was never sealed. The first HEAD bytes are enough."""
    if len(sealed) < HEAD or sealed[:_MARK] not in MARKS:
        return None
    return Head(sealed[:_MARK], int.from_bytes(sealed[_MARK:_VERSION], "big"), sealed[_VERSION:HEAD])


def sealing_head() -> bytes:
    """Return the head of what is sealed now: who wraps, under which version and key.

    Inside a transaction it stays true until its end (``guard``): what was sealed before under this head may be written.
    """
    guard.sealing()
    ring = keys.ring()
    return _head(keys.sealer(ring), ring)


def seal(plain: bytes, *, context: str) -> bytes:
    """Seal bytes for one place. ``context`` names it, such as "3|card_0190…|code"; it opens nowhere else.

    Call it inside the transaction that keeps the value, see ``guard``. Raises VaultAway.
    """
    return seal_many([plain], [context])[0]


def seal_many(plains: Sequence[bytes], contexts: Sequence[str]) -> list[bytes]:
    """Seal many values, each for the place of the same position: one call out where the keys lie with transit."""
    if len(plains) != len(contexts):
        raise ValueError("one context for each value")
    if not plains:
        return []
    guard.sealing()
    ring = keys.ring()
    wrapper = keys.sealer(ring)
    head = _head(wrapper, ring)
    random = os.urandom(_RANDOM * len(plains))
    fresh = [random[at : at + KEY] for at in range(0, len(random), _RANDOM)]
    nonces = [random[at : at + _NONCE] for at in range(KEY, len(random), _RANDOM)]
    return [
        b"".join((head, wrapped, nonce, AESGCM(key).encrypt(nonce, plain, _BODY + context.encode())))
        for plain, context, key, nonce, wrapped in zip(
            plains, contexts, fresh, nonces, _framed(wrapper, wrapper.wrap_many(fresh)), strict=True
        )
    ]


def open_sealed(sealed: bytes, *, context: str) -> bytes:
    """Open what ``seal`` sealed for the same context. Raises VaultKeyMissing, SealBroken or VaultAway."""
    return open_many([sealed], [context])[0]


def open_many(sealed: Sequence[bytes], contexts: Sequence[str]) -> list[bytes]:
    """Open many values, in order. Raises like ``open_sealed``, for the first that does not open."""
    whole = [bytes(one) for one in sealed]  # the database may hand out memoryviews
    opened = []
    for one, context, key in zip(whole, contexts, _data_keys(whole), strict=True):
        if key is None:
            raise SealBroken
        body = _body_at(one)
        nonce = one[body : body + _NONCE]
        try:
            opened.append(AESGCM(key).decrypt(nonce, one[body + _NONCE :], _BODY + context.encode()))
        except InvalidTag:
            raise SealBroken from None
    return opened


def rewrap(sealed: bytes) -> bytes:
    """Wrap a value's key anew under the current key; the value itself is not decrypted. Same errors as opening."""
    found = rewrap_many([sealed])[0]
    if found is None:
        raise SealBroken
    return found


def rewrap_many(sealed: Sequence[bytes]) -> list[bytes | None]:
    """Wrap the keys of many values anew under the current key, without decrypting a value.

    In order; None for a value that is damaged or whose key is not in the ring: it stays as it is. Raises VaultAway.
    A value may also be a head with its wrapped key alone, as ``wrapping_of`` cuts it.
    """
    guard.sealing()
    ring = keys.ring()
    to = keys.sealer(ring)
    fresh_head = _head(to, ring)
    whole = [bytes(one) for one in sealed]
    found: list[bytes | None] = [None] * len(whole)
    for (holder, version), places in _by_key(ring, whole).items():
        bare = _wrapped(whole, places, holder)
        if holder is to:
            fresh = holder.renew_many(version, bare)
        else:
            opened = holder.unwrap_many(version, bare)
            moved = iter(to.wrap_many([key for key in opened if key is not None]))
            fresh = [None if key is None else next(moved) for key in opened]
        for place, wrapped in zip(places, fresh, strict=True):
            if wrapped is not None:
                rest = whole[place][_body_at(whole[place]) :]
                found[place] = b"".join((fresh_head, *_framed(to, [wrapped]), rest))
    return found


def loosen_many(sealed: Sequence[bytes]) -> list[bytes | None]:
    """Take values out from under the ring, each with its own key before it: whoever has that can open it.

    For what is encrypted as a whole under another key at once, where no rotation finds it. In order; None for a value
    that is damaged or whose key is not in the ring. Raises VaultAway.
    """
    whole = [bytes(one) for one in sealed]
    found: list[bytes | None] = [None] * len(whole)
    for (holder, version), places in _by_key(keys.ring(), whole).items():
        for place, key in zip(places, holder.unwrap_many(version, _wrapped(whole, places, holder)), strict=True):
            if key is not None:
                found[place] = key + whole[place][_body_at(whole[place]) :]
    return found


def fasten_many(loose: Sequence[bytes]) -> list[bytes]:
    """Put values that ``loosen_many`` took out under the current key. Raises VaultAway."""
    if not loose:
        return []
    guard.sealing()
    ring = keys.ring()
    to = keys.sealer(ring)
    head, wrapped = _head(to, ring), _framed(to, to.wrap_many([one[:KEY] for one in loose]))
    return [head + key + one[KEY:] for one, key in zip(loose, wrapped, strict=True)]


def wrapping_of(sealed: bytes) -> bytes:
    """Cut the head with the wrapped key off a sealed value: what changes when a key leaves. Raises SealBroken."""
    sealed = bytes(sealed)
    if head_of(sealed) is None or len(sealed) < _body_at(sealed):
        raise SealBroken
    return sealed[: _body_at(sealed)]


def with_wrapping(sealed: bytes, wrapping: bytes) -> bytes:
    """Put another head and wrapped key in front of a sealed value's body. Raises SealBroken."""
    return bytes(wrapping) + bytes(sealed)[len(wrapping_of(sealed)) :]


def _head(wrapper: KeyWrapper, ring: KeyRing) -> bytes:
    return wrapper.mark + ring.current.to_bytes(2, "big") + wrapper.versions[ring.current]


def _wrapped(whole: Sequence[bytes], places: Sequence[int], holder: KeyWrapper) -> list[bytes]:
    """Cut the wrapped keys out of the values at these places."""
    start = HEAD if holder.mark == FileKeys.mark else HEAD + 1
    return [whole[place][start : _body_at(whole[place])] for place in places]


def _framed(wrapper: KeyWrapper, wrapped: Sequence[bytes]) -> Sequence[bytes]:
    """Write the length before a wrapped key where it is not always the same."""
    return wrapped if wrapper.mark == FileKeys.mark else [bytes((len(one),)) + one for one in wrapped]


def _body_at(sealed: bytes) -> int:
    """Say where nonce and ciphertext begin."""
    if sealed[:_MARK] == FileKeys.mark:
        return HEAD + WRAPPED
    return HEAD + 1 + (sealed[HEAD] if len(sealed) > HEAD else 0)


def _by_key(ring: KeyRing, sealed: Sequence[bytes]) -> dict[tuple[KeyWrapper, int], list[int]]:
    """Group values by the key that wrapped theirs; those that are damaged or whose key is missing are left out."""
    groups: dict[tuple[KeyWrapper, int], list[int]] = {}
    for place, one in enumerate(sealed):
        head = head_of(one)
        if head is None or len(one) < _body_at(one):
            continue
        holder = keys.held_by(ring, head.mark, head.version, head.fingerprint)
        if holder is not None:
            groups.setdefault((holder, head.version), []).append(place)
    return groups


def _data_keys(sealed: Sequence[bytes]) -> list[bytes | None]:
    """Unwrap the data keys of values, None for a damaged one. Raises VaultKeyMissing, SealBroken."""
    groups: dict[bytes, list[int]] = {}
    for place, one in enumerate(sealed):
        if len(one) < _body_at(one) + _NONCE + _TAG:
            raise SealBroken
        groups.setdefault(one[:HEAD], []).append(place)
    ring = keys.ring()
    found: list[bytes | None] = [None] * len(sealed)
    for places in groups.values():
        head = head_of(sealed[places[0]])
        if head is None:
            raise SealBroken
        holder = keys.holder(ring, head.mark, head.version, head.fingerprint)
        for place, key in zip(places, holder.unwrap_many(head.version, _wrapped(sealed, places, holder)), strict=True):
            found[place] = key
    return found
