"""What a check of the record found: one form for the live log, for packs and for whoever shows either."""

from dataclasses import dataclass
from enum import StrEnum

from cardcase.kit.text import Text

LIMIT = Text(
    "这只说明记录写下后未被改动，不说明记录时的内容属实；未签名的末尾也可能被整段删去。",
    "This shows only that entries were not changed after they were written, not that they were true when written; "
    "an unsigned end could also have been cut off.",
)


class Level(StrEnum):
    """How a finding weighs: a note informs, a weakness is less than the reader asks for, a fault breaks the proof."""

    NOTE = "note"
    WEAKNESS = "weakness"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Fault:
    """One finding: a stable code, the place it was seen at, and a plain sentence in both languages."""

    code: str
    place: str
    text: Text
    level: Level = Level.FAULT


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What re-hashing the whole record showed. ``first_bad`` is the number of the first entry that does not hold.

    ``anchored_size`` is how many entries the largest signed head outside the database speaks of: the second file, or
    the copies that were given. What comes after could be cut off without a trace.
    """

    origin: str
    size: int
    root: str
    vkey: str
    checked_contents: int
    checked_checkpoints: int
    signed_size: int
    anchored_size: int
    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...] = ()
    first_bad: int | None = None
    erased_contents: int = 0  # taken out for good, each named by an entry that says why and who
    restricted_contents: int = 0  # locked away, likewise

    @property
    def is_intact(self) -> bool:
        """Tell whether nothing was found that breaks the proof."""
        return not self.faults

    def as_text(self) -> str:
        """Say it in both languages, one finding a line, ending with what this check cannot show."""
        if self.is_intact:
            lines = [f"记录完好：{self.size} 条 / The record is intact: {self.size} entries"]
        else:
            place = (
                "" if self.first_bad is None else f"，第一处在第 {self.first_bad} 条 / first bad entry {self.first_bad}"
            )
            lines = [f"记录不完好{place} / The record is NOT intact"]
        lines += [f"[{one.code}] {one.place}: {one.text.zh} / {one.text.en}" for one in (*self.faults, *self.notes)]
        if self.erased_contents or self.restricted_contents:
            lines.append(
                f"按规定删除的内容 {self.erased_contents} 项，限制处理 {self.restricted_contents} 项 / "
                f"contents erased: {self.erased_contents}, restricted: {self.restricted_contents}"
            )
        lines += [
            f"根 / root: {self.root}",
            f"已签 / signed: {self.signed_size} of {self.size} ({self.checked_checkpoints} checkpoints)",
            f"库外有副本 / copies outside the database: {self.anchored_size} of {self.size}",
            f"公钥 / vkey: {self.vkey}",
            f"{LIMIT.zh} / {LIMIT.en}",
        ]
        return "\n".join(lines)
