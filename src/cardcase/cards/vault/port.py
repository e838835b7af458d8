"""The port behind which key-encryption keys live: in a file of ours, or with Vault or OpenBao."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class KeyWrapper(Protocol):
    """Wraps and unwraps data keys for the versions of the ring that it holds.

    Everything takes many at once, because one of the two is a network away. What comes back is in the order of what
    was given; None stands for bytes that this key never wrapped, or that were changed since.
    """

    mark: bytes
    """Three bytes at the head of a sealed value: who wrapped its key."""

    @property
    def versions(self) -> Mapping[int, bytes]:
        """Versions of the ring that are held here, each with its fingerprint of four bytes."""

    @property
    def current(self) -> int | None:
        """The version that wraps now, None when it is held elsewhere."""

    def wrap_many(self, keys: Sequence[bytes]) -> list[bytes]:
        """Wrap data keys of 32 bytes under the current version. Raises VaultAway."""

    def unwrap_many(self, version: int, wrapped: Sequence[bytes]) -> list[bytes | None]:
        """Return the data keys that were wrapped under a version. Raises VaultAway, VaultKeyMissing."""

    def renew_many(self, version: int, wrapped: Sequence[bytes]) -> list[bytes | None]:
        """Wrap anew under the current version what was wrapped under an older one held here. Raises VaultAway."""
