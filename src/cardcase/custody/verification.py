"""The check of the whole record: everything is hashed again and compared, from the first entry to the last head."""

import json
from collections.abc import Callable, Sequence

from cardcase.kit.text import Text

from . import guards, openings, sealing
from . import head as heads
from .heads_in_force import KeysInForce
from .models import appending, stored
from .rules import entry as form
from .rules import erasing, merkle, note
from .rules.report import Fault, LedgerReport, Level

Progress = Callable[[int, int], None]
"""Told (entries checked, entries in all) as the check goes on."""

_CHUNK = 1024  # a power of two: all nodes up to this width are born inside one chunk
_MOST_FAULTS = 50


def verify_all(progress: Progress | None = None, *, copies: Sequence[str] = ()) -> LedgerReport:
    """Hash the whole record again and compare it with its tree, its contents, its checkpoints and its signed head.

    ``copies`` are signed heads as others hold them – a buyer, a witness, a mailbox: only they show a record that was
    cut and signed anew by who has database, files and key. For the keeper of the installation: it reads across shops
    but tells nothing of what the entries say. Needs memory for one line per subject. Names the first bad entry; after
    fifty faults it stops listing, not counting entries.
    """
    return _Check(progress, copies).run()


class _Check:
    """One run. The methods go through the record once, in order, and note what does not hold."""

    def __init__(self, progress: Progress | None, copies: Sequence[str]) -> None:
        self._progress = progress or (lambda _done, _total: None)
        self._faults: list[Fault] = []
        self._notes: list[Fault] = []
        self._first_bad: int | None = None
        # What lies outside the tables first, then the head, then the rest: each may only have grown since.
        self._kept, self._sum = heads.kept_note(), heads.kept_sum()
        self._signed = stored.notes()
        self._head = appending.read_head()
        self._copies = list(copies)
        self._copied: dict[int, list[str]] = {}
        self._anchored = 0
        self._chains: dict[str, tuple[int, str]] = {}
        self._keys = KeysInForce(self._signed)
        self._tree = merkle.Growth()
        self._peaks_at_head = b""
        self._is_tree_bad = False
        self._contents = 0
        self._missing = erasing.Missing()
        self._checked_notes = 0
        self._fitting = 0
        self._unanchored_since = ""

    def run(self) -> LedgerReport:
        self._sort_copies()
        total = self._head.size if self._head else 0
        for chunk in stored.all_entries(_CHUNK):
            self._check_chunk(chunk)
            self._progress(self._tree.size, total)
        self._check_missing()
        self._check_head()
        self._check_signed_rest()
        self._tell_the_rest()
        return LedgerReport(
            origin=self._head.origin if self._head else "",
            size=self._tree.size,
            root=self._tree.root.hex(),
            vkey=self._head.vkey if self._head else "",
            checked_contents=self._contents,
            checked_checkpoints=self._checked_notes,
            signed_size=max(self._signed, default=0),
            anchored_size=self._anchored,
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
        read: dict[int, form.Entry] = {}
        shops: dict[int, int | None] = {}
        marks = {*self._signed, *self._copied} | ({self._head.size} if self._head else set())
        for seq, data, kept_leaf, kept_nodes, subject, cseq, kind, at, shop_id in chunk:
            self._check_number(seq)
            leaf = merkle.leaf_hash(data)
            shops[seq] = shop_id
            if leaf != kept_leaf:
                self._entry_fault(
                    "leaf_differs", seq, "的内容与其散列不符：被改动过", "does not match its hash: altered"
                )
            entry = self._read(seq, data)
            if entry is not None:
                read[seq] = entry
                self._check_entry(seq, entry, (seq, subject, cseq, kind, stored.moment_text(at)), leaf)
            self._grow(seq, leaf, kept_nodes, marks)
        self._check_contents(chunk[0][0], chunk[-1][0], read, shops)

    def _check_number(self, seq: int) -> None:
        expected = self._tree.size
        if self._first_bad is not None:
            return  # everything after a gap is numbered beside it
        if seq < expected:
            self._entry_fault("entry_extra", seq, "没有这个编号的位置", "has a number that no entry can have")
        elif seq > expected:
            self._entry_fault("entry_missing", expected, "不见了", "is missing")

    def _read(self, seq: int, data: bytes) -> form.Entry | None:
        try:
            return form.decode(data)
        except ValueError:
            self._entry_fault("entry_unreadable", seq, "不是规范的记录", "is not a well-formed entry")
            return None

    def _check_entry(self, seq: int, entry: form.Entry, columns: tuple[object, ...], leaf: bytes) -> None:
        if (entry.seq, entry.subject, entry.cseq, entry.kind, entry.at) != columns:
            self._entry_fault("columns_differ", seq, "与数据库各列不符", "differs from its columns in the database")
        count, previous = self._chains.get(entry.subject, (0, None))
        if (entry.cseq, entry.cprev) != (count + 1, previous):
            self._entry_fault(
                "chain_broken", seq, "没有接上同一对象的前一条", "does not follow its subject's entry before"
            )
        self._chains[entry.subject] = (entry.cseq, leaf.hex())
        if entry.kind in form.KEY_KINDS:
            wrong = self._keys.take(seq, entry)
            if wrong is not None:
                self._fault(wrong.code, f"entry {seq}", wrong.text, seq)
        if entry.log != self._keys.origin:
            self._entry_fault("other_log", seq, "属于另一份记录", "belongs to another log")
        if seq == self._anchored:
            self._unanchored_since = entry.at

    # ---- contents ----------------------------------------------------------------------------------------------

    def _check_contents(self, first: int, last: int, read: dict[int, form.Entry], shops: dict[int, int | None]) -> None:
        found: dict[int, list[stored.SealedRow]] = {}
        for row in stored.sealed_between(first, last):
            found.setdefault(form.place_of(row.id)[0], []).append(row)
        for seq in shops.keys() | found.keys():
            rows, entry = found.get(seq, []), read.get(seq)
            self._contents += len(rows)
            if entry is None:
                if seq not in shops:
                    self._entry_fault("contents_differ", seq, "只有内容，没有记录", "has contents and is not there")
                continue
            lowest = form.opening_id(seq, 0)
            if [row.id for row in rows] != list(range(lowest, lowest + len(entry.contents))):
                self._entry_fault("contents_differ", seq, "的内容清单与记录不符", "differs from its list of contents")
                continue
            for row in rows:
                self._check_opening(seq, entry, row, shops[seq])

    def _check_opening(self, seq: int, entry: form.Entry, row: stored.SealedRow, shop_id: int | None) -> None:
        position = form.place_of(row.id)[1]
        role, _, _, commit = entry.contents[position]
        try:
            salt, body = openings.opened(row)
        except sealing.NoSubjectKey:
            self._entry_fault(
                "content_locked", seq, f"的内容 {role} 打不开：密钥缺了一半，或内容被改动过",
                f"has a content {role} that cannot be opened: half of its key is missing, or it was altered",
            )  # fmt: skip
            return
        if salt is None:
            self._missing.note(seq, position)
        elif body is None:
            if not form.may_live_elsewhere(role):
                self._entry_fault("content_missing", seq, f"的内容 {role} 不见了", f"lost its content {role}")
        elif not form.opens(salt, role, body, commit):
            self._entry_fault("content_altered", seq, f"的内容 {role} 被改动过", f"has an altered content {role}")
        elif role == form.FACTS_ROLE:
            if form.shop_of(body) != shop_id:
                self._entry_fault("shop_differs", seq, "被移到了另一家店", "was moved to another shop")
            elif entry.kind in erasing.KINDS:
                self._missing.told(entry.kind, json.loads(body)["facts"])

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

    def _sort_copies(self) -> None:
        """Lay the copies of others, and the one in the second file, at the sizes they speak of."""
        if self._kept:
            with_kept = heads.parse(self._kept)
            self._anchored = with_kept.size if with_kept is not None else 0
        for number, copy in enumerate(self._copies, 1):
            try:
                size = note.Checkpoint.parse(note.split(copy)[0]).size
            except note.BadNote:
                text = Text(f"第 {number} 份副本不是签名的校验点", f"Copy {number} is not a signed head")
                self._fault("copy_unreadable", f"copy {number}", text)
            else:
                self._copied.setdefault(size, []).append(copy)
                self._anchored = max(self._anchored, size)

    def _grow(self, seq: int, leaf: bytes, kept_nodes: bytes, marks: set[int]) -> None:
        if self._tree.add(leaf) != kept_nodes and not self._is_tree_bad:
            self._is_tree_bad = True  # all nodes above it differ, too
            self._fault(
                "node_differs",
                f"entry {seq}",
                Text(
                    f"第 {seq} 条处的记录树节点与记录不符",
                    f"The nodes of the tree at entry {seq} do not fit the entries",
                ),
            )
        size = self._tree.size
        if size in marks:
            self._check_signed_at(size, self._tree.root)
            if self._head is not None and size == self._head.size:
                self._peaks_at_head = self._tree.peaks

    def _check_signed_at(self, size: int, root: bytes) -> None:
        if size in self._signed:
            self._checked_notes += 1
            if self._keys.signed(self._signed[size], size, root):
                self._fitting = size
            else:
                text = Text(
                    f"第 {size} 条处的校验点与记录不符；到第 {self._fitting} 条为止还相符",
                    f"The checkpoint at size {size} does not fit the record; up to size {self._fitting} they fit",
                )
                self._fault("checkpoint_differs", f"checkpoint {size}", text)
        for copy in self._copied.get(size, ()):
            if not self._keys.is_head(copy, size, root):
                text = Text(
                    f"别处保存的第 {size} 条处的校验点与记录不符",
                    f"The head at size {size} that is kept elsewhere does not fit the record",
                )
                self._fault("copy_differs", f"copy at {size}", text)

    def _check_head(self) -> None:
        head = self._head
        if head is None:
            if self._tree.size:
                self._fault("head_missing", "head", Text("记录末端不见了", "The head of the record is missing"))
            return
        differs = Text("记录末端与条目不符", "The head does not fit the entries")
        # Entries may have been added while this ran; the head was read first, so it may only be behind.
        size = self._tree.size
        if head.size > size:
            self._fault(
                "entries_missing",
                f"entry {size}",
                Text(f"缺少第 {size} 条之后的记录", f"Entries from {size} on are missing"),
                size,
            )
        elif head.peaks != self._peaks_at_head:
            self._fault("head_differs", "head", differs)
        else:
            self._check_strays()
        if not self._keys.are_of(head.origin, head.vkey):
            self._fault("head_differs", "head", differs)
        found = heads.check()
        if not found.may_sign:
            self._fault(f"signed_head_{found.status.value}", heads.HEAD_FILE, found.text)

    def _check_signed_rest(self) -> None:
        for size in sorted(size for size in self._signed if size > self._tree.size or size == 0):
            text = Text(
                f"签过 {size} 条，现在只有 {self._tree.size} 条",
                f"{size} entries were signed, only {self._tree.size} are here",
            )
            self._fault("checkpoint_ahead", f"checkpoint {size}", text)
        for size in sorted(size for size in self._copied if size > self._tree.size):
            text = Text(
                f"别处保存的校验点有 {size} 条，这里只有 {self._tree.size} 条：后面的被删去了",
                f"A head kept elsewhere has {size} entries, only {self._tree.size} are here: the rest was cut off",
            )
            self._fault("copy_ahead", f"copy at {size}", text, self._tree.size)
        self._check_sum()

    def _check_sum(self) -> None:
        if self._sum == heads.UNREADABLE_SUM:
            text = Text("校验点的累计和读不出来", "The sum over the signed heads cannot be read")
            self._fault("checkpoint_sum_differs", heads.SUM_FILE, text)
        elif self._sum is None or self._head is None or self._sum.origin != self._head.origin:
            if self._signed and self._head is not None and self._kept:
                text = Text("校验点的累计和不在", "The sum over the signed heads is missing")
                self._note("sum_missing", heads.SUM_FILE, text)
        elif not self._sum.holds(self._signed):
            text = Text("签过的校验点少了，或被换过", "A signed head was removed or exchanged")
            self._fault("checkpoint_sum_differs", heads.SUM_FILE, text)

    def _check_strays(self) -> None:
        """Look for rows that the head leaves no room for: each asked in one question, whatever is written meanwhile."""
        for seq in stored.stray_entries():
            self._entry_fault("entry_extra", seq, "不在记录之内", "is not part of the record")
        for seq in stored.stray_openings():
            self._entry_fault("contents_differ", seq, "只有内容，没有记录", "has contents and is not there")

    # ---- what informs ------------------------------------------------------------------------------------------

    def _tell_the_rest(self) -> None:
        for name in guards.missing():
            self._note(
                "guard_missing", name, Text(f"数据库触发器 {name} 不在", f"The database trigger {name} is missing")
            )
        self._anchored = min(self._anchored, self._tree.size)
        if self._anchored < self._tree.size:
            since = self._unanchored_since
            text = Text(
                f"自第 {self._anchored} 条（{since}）起还没有副本在别处：之后若有整段被删去，这里看不出来",
                f"Unanchored since entry {self._anchored} ({since}): if a whole end after it was cut off, nothing here"
                " would tell",
            )
            self._note("unanchored", f"entry {self._anchored}", text)
