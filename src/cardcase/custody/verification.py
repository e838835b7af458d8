"""The check of the whole record: everything is hashed again and compared, from the first entry to the last head."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from cardcase.kit.text import Text

from . import guards
from . import head as heads
from .models import Content, stored
from .rules import entry as form
from .rules import erasing, merkle, note
from .rules.report import Fault, LedgerReport, Level

Progress = Callable[[int, int], None]
"""Told (entries checked, entries in all) as the check goes on."""

_CHUNK = 1024  # a power of two: all nodes up to this width are born inside one chunk
_MOST_FAULTS = 50


def verify_all(progress: Progress | None = None) -> LedgerReport:
    """Hash the whole record again and compare it with its tree, its contents, its checkpoints and its signed head.

    For the keeper of the installation: it reads across shops but tells nothing of what the entries say. Needs memory
    for one line per subject. Names the first bad entry; after fifty faults it stops listing, not counting entries.
    """
    return _Check(progress).run()


class _Check:
    """One run. The methods go through the record once, in order, and note what does not hold."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress or (lambda _done, _total: None)
        self._faults: list[Fault] = []
        self._notes: list[Fault] = []
        self._first_bad: int | None = None
        self._head = stored.head()
        self._chains: dict[str, tuple[int, str]] = {}
        self._origin = ""
        self._origins: dict[str, note.Verifier] = {}
        self._peaks: list[bytes] = []
        self._size = 0
        self._contents = 0
        self._missing = erasing.Missing()
        self._signed = stored.notes()
        self._checked_notes = 0

    def run(self) -> LedgerReport:
        total = self._head.size if self._head else 0
        stream = stored.all_entries(_CHUNK)
        while chunk := list(islice(stream, _CHUNK)):
            self._check_chunk(chunk)
            self._progress(self._size, total)
        self._check_missing()
        self._check_head()
        self._check_signed_rest()
        for name in guards.missing():
            self._note(
                "guard_missing", name, Text(f"数据库触发器 {name} 不在", f"The database trigger {name} is missing")
            )
        return LedgerReport(
            origin=self._head.origin if self._head else "",
            size=self._size,
            root=merkle.fold(self._peaks).hex(),
            vkey=self._head.vkey if self._head else "",
            checked_contents=self._contents,
            checked_checkpoints=self._checked_notes,
            signed_size=max(self._signed, default=0),
            faults=tuple(self._faults),
            notes=tuple(self._notes),
            first_bad=self._first_bad,
            erased_contents=self._missing.erased,
            restricted_contents=self._missing.restricted,
        )

    def _fault(self, code: str, place: str, text: Text, seq: int | None = None) -> None:
        if seq is not None and (self._first_bad is None or seq < self._first_bad):
            self._first_bad = seq
        if len(self._faults) < _MOST_FAULTS:
            self._faults.append(Fault(code, place, text))

    def _note(self, code: str, place: str, text: Text) -> None:
        self._notes.append(Fault(code, place, text, Level.NOTE))

    def _entry_fault(self, code: str, seq: int, zh: str, en: str) -> None:
        self._fault(code, f"entry {seq}", Text(f"第 {seq} 条记录{zh}", f"Entry {seq} {en}"), seq)

    # ---- entries -----------------------------------------------------------------------------------------------

    def _check_chunk(self, chunk: list[stored.EntryRow]) -> None:
        leaves: list[bytes] = []
        read: dict[int, form.Entry] = {}
        shops: dict[int, int | None] = {}
        for seq, data, leaf, *columns, shop_id in chunk:
            self._check_number(seq, len(leaves))
            leaves.append(merkle.leaf_hash(bytes(data)))
            shops[seq] = shop_id
            if leaves[-1] != bytes(leaf):
                self._entry_fault(
                    "leaf_differs", seq, "的内容与其散列不符：被改动过", "does not match its hash: altered"
                )
            entry = self._read(seq, bytes(data))
            if entry is not None:
                read[seq] = entry
                self._check_entry(seq, entry, (seq, *columns), leaves[-1])
        self._check_contents(chunk[0][0], chunk[-1][0], read, shops)
        self._grow(leaves)

    def _check_number(self, seq: int, ahead: int) -> None:
        expected = self._size + ahead
        if seq != expected and self._first_bad is None:
            self._entry_fault("entry_missing", expected, "不见了", "is missing")

    def _read(self, seq: int, data: bytes) -> form.Entry | None:
        try:
            return form.decode(data)
        except ValueError:
            self._entry_fault("entry_unreadable", seq, "不是规范的记录", "is not a well-formed entry")
            return None

    def _check_entry(self, seq: int, entry: form.Entry, columns: tuple[object, ...], leaf: bytes) -> None:
        if (entry.seq, entry.subject, entry.cseq, entry.kind) != columns:
            self._entry_fault("columns_differ", seq, "与数据库各列不符", "differs from its columns in the database")
        count, previous = self._chains.get(entry.subject, (0, None))
        if (entry.cseq, entry.cprev) != (count + 1, previous):
            self._entry_fault(
                "chain_broken", seq, "没有接上同一对象的前一条", "does not follow its subject's entry before"
            )
        self._chains[entry.subject] = (entry.cseq, leaf.hex())
        if entry.kind in (form.GENESIS, form.CONTINUED) and entry.refs.get("origin") == entry.log:
            self._take_origin(seq, entry)
        if entry.log != self._origin:
            self._entry_fault("other_log", seq, "属于另一份记录", "belongs to another log")

    def _take_origin(self, seq: int, entry: form.Entry) -> None:
        if entry.kind == form.GENESIS and seq != 0:
            self._entry_fault("second_beginning", seq, "又开了一份记录", "opens the log a second time")
        try:
            verifier = note.Verifier.parse(entry.refs.get("vkey", ""))
        except note.BadNote:
            self._entry_fault("no_key_named", seq, "没有注明签名密钥", "names no signing key")
            return
        self._origin = entry.log
        self._origins[entry.log] = verifier

    # ---- contents ----------------------------------------------------------------------------------------------

    def _check_contents(self, first: int, last: int, read: dict[int, form.Entry], shops: dict[int, int | None]) -> None:
        found = stored.contents_between(first, last)
        for seq, entry in read.items():
            rows = found.get(seq, [])
            self._contents += len(rows)
            told = [(one.role, one.mime, one.commit) for one in entry.contents]
            if [(row.role, row.mime, bytes(row.commit)) for row in rows] != told:
                self._entry_fault("contents_differ", seq, "的内容清单与记录不符", "differs from its list of contents")
                continue
            self._check_openings(seq, entry.kind, rows, shops[seq])

    def _check_openings(self, seq: int, kind: str, rows: list[Content], shop_id: int | None) -> None:
        for row in rows:
            if row.salt is None or (row.body is None and row.role == form.FACTS_ROLE):
                self._missing.note(seq, row.position)
                continue
            if row.body is None:  # its bytes live elsewhere
                continue
            body = bytes(row.body)
            if not form.opens(bytes(row.salt), row.role, body, bytes(row.commit)):
                self._entry_fault(
                    "content_altered", seq, f"的内容 {row.role} 被改动过", f"has an altered content {row.role}"
                )
            elif row.role == form.FACTS_ROLE and json.loads(body)["actor"]["shop"] != shop_id:
                self._entry_fault("shop_differs", seq, "被移到了另一家店", "was moved to another shop")
            elif row.role == form.FACTS_ROLE and kind in erasing.KINDS:
                self._missing.told(kind, json.loads(body)["facts"])

    def _check_missing(self) -> None:
        """What is no longer here must have been taken out by an entry that names it, says why and who."""
        for seq in self._missing.unexplained():
            self._entry_fault(
                "content_missing",
                seq,
                "的内容不见了，没有记录说是删除的",
                "lost a content that no entry says was erased",
            )
        for seq in self._missing.returned():
            text = Text(f"第 {seq} 条记录里删除过的内容又在这里", f"Erased contents of entry {seq} are here again")
            self._note("erased_is_back", f"entry {seq}", text)

    # ---- tree, checkpoints, head -------------------------------------------------------------------------------

    def _grow(self, leaves: list[bytes]) -> None:
        start = self._size
        for cut in [size for size in self._signed if start < size <= start + len(leaves)]:
            peaks, _ = merkle.extend(start, self._peaks, leaves[: cut - start])
            self._check_note(cut, merkle.fold(peaks))
        self._peaks, born = merkle.extend(start, self._peaks, leaves)
        self._size += len(leaves)
        self._check_nodes(born)

    def _check_nodes(self, born: list[merkle.Node]) -> None:
        by_level: dict[int, dict[int, bytes]] = {}
        for level, index, digest in born:
            by_level.setdefault(level, {})[index] = digest
        for level, wanted in by_level.items():
            if stored.nodes_between(level, min(wanted), max(wanted)) != wanted:
                place = f"node {level}/{min(wanted)}-{max(wanted)}"
                self._fault(
                    "node_differs",
                    place,
                    Text(
                        f"记录树第 {level} 层的节点与条目不符",
                        f"Nodes of level {level} of the tree do not fit the entries",
                    ),
                )

    def _check_note(self, size: int, root: bytes) -> None:
        self._checked_notes += 1
        try:
            origin = note.Checkpoint.parse(note.split(self._signed[size])[0]).origin
            signed = note.open_checkpoint(self._signed[size], self._origins[origin])
            holds = (signed.size, signed.root) == (size, root)
        except (note.BadNote, KeyError):
            holds = False
        if not holds:
            text = Text(f"第 {size} 条处的校验点与记录不符", f"The checkpoint at size {size} does not fit the record")
            self._fault("checkpoint_differs", f"checkpoint {size}", text)

    def _check_head(self) -> None:
        head = self._head
        if head is None:
            if self._size:
                self._fault("head_missing", "head", Text("记录末端不见了", "The head of the record is missing"))
            return
        # Entries may have been added while this ran; the head was read first, so it may only be behind.
        if head.size > self._size:
            self._fault(
                "entries_missing",
                f"entry {self._size}",
                Text(f"缺少第 {self._size} 条之后的记录", f"Entries from {self._size} on are missing"),
                self._size,
            )
        elif head.size == self._size and bytes(head.peaks) != b"".join(self._peaks):
            self._fault("head_differs", "head", Text("记录末端与条目不符", "The head does not fit the entries"))
        found = heads.check()
        if not found.may_sign:
            self._fault(f"signed_head_{found.status.value}", heads.HEAD_FILE, found.text)

    def _check_signed_rest(self) -> None:
        for size in _over(self._signed, self._size):
            text = Text(
                f"签过 {size} 条，现在只有 {self._size} 条", f"{size} entries were signed, only {self._size} are here"
            )
            self._fault("checkpoint_ahead", f"checkpoint {size}", text)


def _over(sizes: Iterable[int], limit: int) -> Iterator[int]:
    return (size for size in sizes if size > limit)
