"""The policy that says whose word counts, as C2SP tlog-policy text (@5ba5ee83).

This is the one reader of it: for the witnesses that a seller asks, and for whoever judges a pack.

One thing is added inside comments, so that every other reader still reads the file: a line ``# own NAME`` says that a
witness is under the seller's own control. It may cosign, and counts as zero (custody.md §7.5). Three words are our own,
for packs; a file that other programs read as well leaves them out::

    log <vkey> [<url>]              a key that seals packs, as --vkey
    witness <name> <vkey> [<url>]   a witness
    group <name> <k|any|all> <name>…
    quorum <name|none>              whose cosignatures are asked for; may be left out where no witness is named
    time <n>                        how many time-stamping authorities must have seen the record
    withheld allowed|none           whether contents may be withheld
    pending allowed|none            whether time-stamps may still be on their way

Lines may end as Windows ends them.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from cardcase.custody.rules import note

from .cosign import Witness

NONE: Final = "none"
MOST_BYTES: Final = 64 * 1024
_OWN: Final = re.compile(r"\s*#\s*own[ \t]+(\S+)\s*")
_FEWEST: Final = 3
_MOST_NAMES: Final = 256
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


class BadPolicy(ValueError):  # noqa: N818 - named after what is wrong
    """The text is not a policy; says which line, counted from one (0: the whole)."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}" if line else why)
        self.line = line


@dataclass(frozen=True, slots=True)
class Listed:
    """A witness of the policy: its key, where it is asked, and whether it is the seller's own."""

    witness: Witness
    url: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs by their vkeys, witnesses and groups by their names here, the name that decides, and what packs need.

    As it is without a file: one trusted time is asked for, withholding and waiting are allowed.
    """

    logs: Mapping[str, note.Verifier] = field(default_factory=dict)
    witnesses: Mapping[str, Listed] = field(default_factory=dict)
    groups: Mapping[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = NONE
    times: int = 1
    may_withhold: bool = True
    may_be_pending: bool = True

    def is_met(self, cosigned: Collection[str]) -> bool:
        """Tell whether these witnesses, by their names here, reach the quorum; the seller's own count as zero.

        ``quorum none`` asks for nobody and is always met: whoever judges says then that nobody was asked for.
        """
        return self.quorum == NONE or self._has(self.quorum, cosigned)

    def _has(self, name: str, cosigned: Collection[str]) -> bool:
        listed = self.witnesses.get(name)
        if listed is not None:
            return not listed.is_own and name in cosigned
        least, members = self.groups[name]
        return sum(self._has(one, cosigned) for one in members) >= least

    @property
    def neutral(self) -> list[Listed]:
        """The witnesses that count."""
        return [one for one in self.witnesses.values() if not one.is_own]


def read(text: bytes) -> Policy:
    """Read a policy. Raises BadPolicy naming the line: a policy that is not understood whole is not believed at all."""
    text = text.replace(b"\r\n", b"\n")
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
        except ValueError as error:  # BadNote is one
            raise BadPolicy(number, str(error)) from error
    if reader.quorum is None and reader.witnesses:
        raise BadPolicy(0, "a policy with witnesses names its quorum")
    unknown = reader.own - reader.witnesses.keys()
    if unknown:
        raise BadPolicy(0, f"own names no witness: {min(unknown)}")
    return Policy(reader.logs, reader.witnesses, reader.groups, reader.quorum or NONE, **reader.asked)


class _Reader:
    """What has been read so far."""

    def __init__(self, own: set[str]) -> None:
        self.own = own
        self.logs: dict[str, note.Verifier] = {}
        self.witnesses: dict[str, Listed] = {}
        self.groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.quorum: str | None = None
        self.asked: dict[str, Any] = {}
        self._grouped: set[str] = set()

    def take(self, words: list[str]) -> None:
        """Take one line. Raises ValueError for what is none."""
        kind, *rest = words
        takers: dict[str, Callable[[list[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
            "time": self._time,
            "withheld": partial(self._may, "may_withhold"),
            "pending": partial(self._may, "may_be_pending"),
        }
        if kind not in takers:
            raise ValueError(f"unknown word {kind[:40]!r}")
        takers[kind](rest)

    def _log(self, rest: list[str]) -> None:
        vkey, *_url = rest
        verifier = note.Verifier.parse(vkey)
        if verifier.vkey in self.logs or len(rest) > 2:  # noqa: PLR2004 - key and address
            raise ValueError("a log stands once, with its key and perhaps an address")
        self.logs[verifier.vkey] = verifier

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

    def _time(self, rest: list[str]) -> None:
        (count,) = rest
        if re.fullmatch("[0-9]", count) is None:  # more authorities than there are
            raise ValueError("time takes a number from 0 to 9")
        self._ask("times", int(count))

    def _may(self, what: str, rest: list[str]) -> None:
        (word,) = rest
        if word not in ("allowed", NONE):
            raise ValueError("allowed or none")
        self._ask(what, word == "allowed")

    def _ask(self, what: str, value: int) -> None:
        if what in self.asked:
            raise ValueError("this is said once")
        self.asked[what] = value

    def _define(self, name: str) -> None:
        names = self.witnesses.keys() | self.groups.keys()
        if name == NONE or name in names or len(names) >= _MOST_NAMES:
            raise ValueError("a name is defined once, and there are not more than 256")
