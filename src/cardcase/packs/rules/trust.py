"""What a reader brings along to judge a pack by: keys, roots, a policy. None of it ever comes out of the pack."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cardcase.anchors.rules.policy import Policy
from cardcase.custody.rules import note


@dataclass(frozen=True, slots=True)
class Trust:
    """Everything that the reader brings. ``roots`` are certificates of time-stamping authorities, PEM or DER."""

    keys: tuple[note.Verifier, ...] = ()
    policy: Policy = field(default_factory=Policy)
    roots: tuple[bytes, ...] = ()
    previous: str = ""
    """A signed head of the log that somebody was given earlier, as the text of its note."""

    @property
    def known(self) -> tuple[note.Verifier, ...]:
        """The keys of signers that the reader believes."""
        return (*self.keys, *self.policy.logs.values())


@dataclass(frozen=True, slots=True)
class Stamped:
    """What third parties say of the record in a pack, as far as the reader's roots and keys prove it."""

    authorities: frozenset[str] = frozenset()
    """Time-stamping authorities under the reader's roots whose tokens hold."""
    witnesses: frozenset[str] = frozenset()
    """Names, in the reader's policy, of witnesses whose cosignatures hold; never one with the log's own key."""
    is_pending: bool = False
    """The exporter says that a token was asked for and had not come."""
    facts: Mapping[str, str | int | bool] = field(default_factory=dict)
