"""Go once through the records of a pack: each against its proof, its place in its chain, and what it committed to."""

import hmac
from collections.abc import Iterator

from cardcase.custody.rules import entry as entries
from cardcase.custody.rules import merkle, note

from .archive import MAX_ARCHIVE_BYTES, refuse
from .bag import Bag
from .findings import Findings
from .rules import form
from .rules.form import Line, Opening, Proofs, State

_MOST_HASHED = 2 * MAX_ARCHIVE_BYTES
"""Bytes of originals that are hashed for commitments: every file once and again, whatever the records ask for."""


class RecordsCheck:
    """One pass over ``records.jsonl``, a line at a time, so that memory does not grow with the case."""

    def __init__(self, bag: Bag, findings: Findings, head: note.Checkpoint | None) -> None:
        """Take the bag and the head whose signature held, if any."""
        self._bag = bag
        self._findings = findings
        self._head = head
        self._proofs: Proofs | None = None
        self._tips: dict[str, tuple[int, str | None]] = {}
        self._latest = ""
        self._hashed = 0
        self.counts = {"entries": 0, "contents": 0, **{state.value: 0 for state in State}}

    @property
    def subjects(self) -> dict[str, int]:
        """How many entries of each subject there were."""
        return {subject: count for subject, (count, _) in self._tips.items()}

    def run(self) -> None:
        """Check proofs and records. Raises UnsafeArchive, TooMuch."""
        self._read_proofs()
        last, seen = -1, 0
        for number, raw in enumerate(self._lines(), 1):
            if number > form.MAX_ENTRIES:
                raise refuse("archive_bomb", form.RECORDS, "记录太多，没有读完", "There are too many records; not read")
            try:
                line, entry = form.read_line(raw)
            except ValueError:
                self._findings.fault(
                    "line_unreadable",
                    f"{form.RECORDS}:{number}",
                    f"第 {number} 行不是规范的记录",
                    f"Line {number} is not a well-formed record",
                )
                continue
            if entry.seq <= last:
                self._findings.fault(
                    "order_broken",
                    f"{form.RECORDS}:{number}",
                    f"第 {number} 行的记录次序被打乱或重复",
                    f"The record in line {number} is out of order or doubled",
                )
            last, seen = max(last, entry.seq), seen + 1
            self._check_entry(line, entry)
        if not seen:
            self._findings.fault("no_records", form.RECORDS, "没有一条记录", "There is not one record")
        if self._proofs and len(self._proofs.raw) != seen:
            self._findings.fault(
                "proofs_incomplete", form.PROOFS, "证明与记录不是一一对应", "Proofs and records do not pair up"
            )

    def _read_proofs(self) -> None:
        if form.PROOFS not in self._bag:
            return
        try:
            self._proofs = proofs = form.read_proofs(self._bag.read(form.PROOFS, form.MAX_PROOFS_BYTES))
        except ValueError:
            self._findings.fault(
                "proofs_unreadable", form.PROOFS, "证明文件不是规范的格式", "The proofs are not in their one form"
            )
            return
        if self._head and (proofs.size, proofs.root) != (self._head.size, self._head.root):
            self._findings.fault(
                "proofs_differ", form.PROOFS, "证明不是对着这个校验点的", "The proofs are of another checkpoint"
            )

    def _lines(self) -> Iterator[bytes]:
        """Go through the lines without their ends; what the last one lacks makes it a line that cannot be read."""
        if form.RECORDS not in self._bag:
            return
        rest = b""
        for piece in self._bag.stream(form.RECORDS):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
            if len(rest) > form.MAX_LINE_BYTES:
                raise refuse(
                    "archive_bomb",
                    form.RECORDS,
                    "有一行记录过长，没有读",
                    "A line of the records is too long; not read",
                )
        if rest:
            yield rest + b"\n"

    def _check_entry(self, line: Line, entry: entries.Entry) -> None:
        place, leaf = f"entry {entry.seq}", merkle.leaf_hash(line.data)
        proofs = self._proofs
        if proofs and not merkle.is_included(leaf, entry.seq, proofs.size, proofs.path(entry.seq), proofs.root):
            self._findings.fault(
                "not_included",
                place,
                f"第 {entry.seq} 条记录不在签名的记录树里：被改动或伪造",
                f"Entry {entry.seq} is not in the signed tree: altered or made up",
            )
        count, previous = self._tips.get(entry.subject, (0, None))
        if (entry.cseq, entry.cprev) != (count + 1, previous):
            self._findings.fault(
                "chain_gap",
                place,
                f"第 {entry.seq} 条之前，同一对象的记录缺了或换了",
                f"Before entry {entry.seq}, an entry of the same subject is missing or exchanged",
            )
        self._tips[entry.subject] = (entry.cseq, leaf.hex())
        if entry.at < self._latest:
            self._findings.note(
                "clock_went_back",
                place,
                f"第 {entry.seq} 条写的时间早于前一条：时钟不准，或是补记",
                f"Entry {entry.seq} tells an earlier time than the one before: the clock, or told later",
            )
        self._latest = max(self._latest, entry.at)
        self.counts["entries"] += 1
        for position, (opening, told) in enumerate(zip(line.openings, entry.contents, strict=True)):
            self.counts["contents"] += 1
            self.counts[opening.state.value] += 1
            if opening.state is State.OPENED:
                self._check_opening(f"{place} content {position}", opening, told)

    def _check_opening(self, place: str, opening: Opening, told: entries.Committed) -> None:
        if opening.body is not None:
            size, made = len(opening.body), entries.commit(opening.salt, told.role, opening.body)
        elif opening.path.startswith(form.FILES) and opening.path in self._bag:
            size = self._bag.sizes[opening.path]
            self._hashed += size
            if self._hashed > _MOST_HASHED:
                raise refuse(
                    "archive_bomb", place, "要核对的内容过多，没有读完", "There is too much to check; not read"
                )
            made = entries.commit_to_pieces(opening.salt, told.role, self._bag.stream(opening.path))
        else:
            self._findings.fault(
                "opening_unfounded", place, "公开的文件不在包里", "The file that is opened is not in the pack"
            )
            return
        if size != told.size or not hmac.compare_digest(made, told.commit):
            self._findings.fault(
                "opening_false",
                place,
                "公开的内容不是当初记下的",
                "What the entry is said to hold is not what was committed to",
            )


def count(lines: Iterator[Line]) -> dict[str, int]:
    """Count the entries and what became of their contents."""
    counts = {"entries": 0, "contents": 0, **{state.value: 0 for state in State}}
    for line in lines:
        counts["entries"] += 1
        counts["contents"] += len(line.openings)
        for opening in line.openings:
            counts[opening.state.value] += 1
    return counts
