"""What a reader brings along to judge a pack by: keys, roots, a policy. None of it ever comes out of the pack.

The policy is a text after C2SP tlog-policy (read at 5ba5ee83) with three lines of our own::

    log <vkey>                      a key that seals packs, as --vkey
    witness <name> <vkey> [<url>]   a witness that the reader believes to be independent of the exporter
    group <name> <k|any|all> <name>…
    quorum <name|none>              whose cosignatures are asked for
    time <n>                        how many time-stamping authorities (under --tsa-roots) must have seen the record
    withheld allowed|none           whether contents may be withheld
    pending allowed|none            whether time-stamps may still be on their way
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Final

from cardcase.custody.rules import note

MAX_POLICY_BYTES: Final = 64 * 1024
NONE: Final = "none"
_COSIGNATURE: Final = b"\x04"
_KEY_BYTES: Final = 32
_MOST_NAMES: Final = 256


class BadPolicy(ValueError):  # noqa: N818 - named like every refusal here, after what is wrong
    """A line of a policy cannot be read. ``line`` is its number, from 1."""

    def __init__(self, line: int, why: str) -> None:
        """Name the line."""
        super().__init__(f"line {line}: {why}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Group:
    """So many of these names, witnesses or groups."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What is asked of a pack. As it is without a file: a known signer and one trusted time; withholding is allowed."""

    logs: tuple[note.Verifier, ...] = ()
    witnesses: Mapping[str, bytes] = field(default_factory=dict)
    """Public Ed25519 keys of witnesses by the name that this policy gives them."""
    key_names: Mapping[str, str] = field(default_factory=dict)
    """The name under which each of them signs."""
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NONE
    times: int = 1
    may_withhold: bool = True
    may_be_pending: bool = True

    def is_met(self, cosigned: AbstractSet[str]) -> bool:
        """Tell whether these witnesses are a quorum."""
        return self.quorum == NONE or self._has(self.quorum, cosigned)

    def _has(self, name: str, cosigned: AbstractSet[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in cosigned
        return sum(self._has(one, cosigned) for one in group.members) >= group.needed


def read_policy(text: str) -> Policy:
    """Read a policy. Raises BadPolicy for every line that is not understood: a policy is never half believed."""
    policy = Policy()
    for number, raw in enumerate(text.splitlines(), 1):
        words = raw.split()
        if not words or words[0].startswith("#"):
            continue
        reader = _READERS.get(words[0])
        if reader is None:
            raise BadPolicy(number, f"unknown word {words[0][:40]!r}")
        try:
            policy = reader(policy, words[1:])
        except (ValueError, IndexError, binascii.Error) as error:
            raise BadPolicy(number, str(error) or "too few words") from error
    return policy


def _log(policy: Policy, words: list[str]) -> Policy:
    return replace(policy, logs=(*policy.logs, note.Verifier.parse(words[0])))


def _witness(policy: Policy, words: list[str]) -> Policy:
    name, (key_name, ident, encoded) = words[0], words[1].split("+", 2)
    _check_new(policy, name)
    material = base64.b64decode(encoded, validate=True)
    expected = hashlib.sha256(key_name.encode() + b"\n" + material).hexdigest()[:8]
    if material[:1] != _COSIGNATURE or len(material) != 1 + _KEY_BYTES or ident != expected:
        raise ValueError("a witness has an Ed25519 cosignature key (type 4)")
    return replace(
        policy,
        witnesses={**policy.witnesses, name: material[1:]},
        key_names={**policy.key_names, name: key_name},
    )


def _group(policy: Policy, words: list[str]) -> Policy:
    name, needed, *members = words
    _check_new(policy, name)
    if not members or len(set(members)) != len(members) or not all(_is_known(policy, one) for one in members):
        raise ValueError("a group has witnesses and groups that were named before, each once")
    count = {"any": 1, "all": len(members)}.get(needed) or int(needed)
    if not 1 <= count <= len(members):
        raise ValueError("a group needs between one and all of its members")
    return replace(policy, groups={**policy.groups, name: Group(count, tuple(members))})


def _quorum(policy: Policy, words: list[str]) -> Policy:
    if words[0] != NONE and not _is_known(policy, words[0]):
        raise ValueError("the quorum is a witness or a group that was named before")
    return replace(policy, quorum=words[0])


def _time(policy: Policy, words: list[str]) -> Policy:
    if not 0 <= int(words[0]) <= 9:  # noqa: PLR2004 - more authorities than there are
        raise ValueError("time takes a small number")
    return replace(policy, times=int(words[0]))


def _may(words: list[str]) -> bool:
    if words[0] not in ("allowed", NONE):
        raise ValueError("allowed or none")
    return words[0] == "allowed"


_READERS: Final[Mapping[str, Callable[[Policy, list[str]], Policy]]] = {
    "log": _log,
    "witness": _witness,
    "group": _group,
    "quorum": _quorum,
    "time": _time,
    "withheld": lambda policy, words: replace(policy, may_withhold=_may(words)),
    "pending": lambda policy, words: replace(policy, may_be_pending=_may(words)),
}


def _is_known(policy: Policy, name: str) -> bool:
    return name in policy.witnesses or name in policy.groups


def _check_new(policy: Policy, name: str) -> None:
    if name == NONE or _is_known(policy, name) or len(policy.witnesses) + len(policy.groups) >= _MOST_NAMES:
        raise ValueError("a name stands for one thing")


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
        return (*self.keys, *self.policy.logs)


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
