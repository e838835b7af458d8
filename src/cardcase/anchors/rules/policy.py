"""The policy that says which witnesses count, as C2SP tlog-policy text (@5ba5ee83).

One thing is added inside comments, so that every other reader still reads the file: a line ``# own NAME`` says that a
witness is under the seller's own control. It may cosign, and counts as zero (custody.md §7.5).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from cardcase.custody.rules import note
from cardcase.custody.rules.note import BadNote

from .cosign import Witness

NONE: Final = "none"
MOST_BYTES: Final = 64 * 1024
_OWN: Final = re.compile(r"\s*#\s*own[ \t]+(\S+)\s*")
_FEWEST: Final = 3
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


class BadPolicy(ValueError):  # noqa: N818 - named after what is wrong
    """The text is not a policy; says which line, counted from one (0: the whole)."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Listed:
    """A witness of the policy: its key, where it is asked, and whether it is the seller's own."""

    witness: Witness
    url: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs by their keys, witnesses and groups by their names in the policy, and the name that decides."""

    logs: Mapping[bytes, note.Verifier]
    witnesses: Mapping[str, Listed]
    groups: Mapping[str, tuple[int, tuple[str, ...]]]
    quorum: str

    def is_met(self, cosigned: Collection[bytes]) -> bool:
        """Tell whether these public keys of witnesses reach the quorum; the seller's own count as zero.

        ``quorum none`` asks for nobody and is always met: whoever judges says then that nobody was asked for.
        """
        return self.quorum == NONE or self._has(self.quorum, cosigned)

    def _has(self, name: str, cosigned: Collection[bytes]) -> bool:
        listed = self.witnesses.get(name)
        if listed is not None:
            return not listed.is_own and listed.witness.public in cosigned
        least, members = self.groups[name]
        return sum(self._has(one, cosigned) for one in members) >= least

    @property
    def neutral(self) -> list[Listed]:
        """The witnesses that count."""
        return [one for one in self.witnesses.values() if not one.is_own]


def read(text: bytes) -> Policy:
    """Read a policy. Raises BadPolicy naming the line."""
    if len(text) > MOST_BYTES or _CONTROL.search(text):
        raise BadPolicy(0, "control characters, or too long")
    lines = text.decode("utf-8", "surrogateescape").split("\n")
    reader = _Reader({found.group(1) for line in lines if (found := _OWN.fullmatch(line))})
    for number, line in enumerate(lines, 1):
        words = re.split(r"[ \t]+", line.strip(" \t"))
        if words == [""] or words[0].startswith("#"):
            continue
        try:
            reader.take(words)
        except (BadNote, ValueError, KeyError) as error:
            raise BadPolicy(number, str(error)) from error
    if reader.quorum is None:
        raise BadPolicy(0, "a policy names its quorum")
    unknown = reader.own - reader.witnesses.keys()
    if unknown:
        raise BadPolicy(0, f"own names no witness: {min(unknown)}")
    return Policy(reader.logs, reader.witnesses, reader.groups, reader.quorum)


class _Reader:
    """What has been read so far."""

    def __init__(self, own: set[str]) -> None:
        self.own = own
        self.logs: dict[bytes, note.Verifier] = {}
        self.witnesses: dict[str, Listed] = {}
        self.groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.quorum: str | None = None
        self._grouped: set[str] = set()

    def take(self, words: list[str]) -> None:
        """Take one line. Raises ValueError, KeyError or BadNote for what is none."""
        kind, *rest = words
        takers = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum}
        takers[kind](rest)

    def _log(self, rest: list[str]) -> None:
        vkey, *_url = rest
        verifier = note.Verifier.parse(vkey)
        if verifier.public in self.logs or len(rest) > 2:  # noqa: PLR2004 - key and address
            raise ValueError("a log stands once, with its key and perhaps an address")
        self.logs[verifier.public] = verifier

    def _witness(self, rest: list[str]) -> None:
        name, vkey, *url = rest
        witness = Witness.parse(vkey)
        if any(one.witness.public == witness.public for one in self.witnesses.values()) or len(url) > 1:
            raise ValueError("a witness stands once, with its key and perhaps an address")
        self._define(name)
        self.witnesses[name] = Listed(witness, url[0] if url else "", name in self.own)

    def _group(self, rest: list[str]) -> None:
        if len(rest) < _FEWEST:
            raise ValueError("a group has a name, a threshold and members")
        name, least, *members = rest
        for one in members:
            if one == NONE or one in self._grouped or one not in {**self.witnesses, **self.groups}:
                raise ValueError("a member is defined before, and stands in one group only")
            self._grouped.add(one)
        count = {"all": len(members), "any": 1}.get(least) or int(least if re.fullmatch("[1-9][0-9]*", least) else 0)
        if not 1 <= count <= len(members):
            raise ValueError("the threshold lies between one and the number of members")
        self._define(name)
        self.groups[name] = (count, tuple(members))

    def _quorum(self, rest: list[str]) -> None:
        (name,) = rest
        if self.quorum is not None or (name != NONE and name not in {**self.witnesses, **self.groups}):
            raise ValueError("one quorum, of a name defined before")
        self.quorum = name

    def _define(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise ValueError("a name is defined once")
