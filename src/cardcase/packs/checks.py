"""The steps of checking a pack, each noting what does not hold. ``verifier`` runs them and gives the verdict."""

import hashlib
from collections.abc import Callable, Iterator

from cryptography.hazmat.primitives import hashes

from cardcase.custody.rules import entry as entries
from cardcase.custody.rules import merkle, note
from cardcase.custody.rules.report import Fault, Level
from cardcase.kit.text import Text

from .archive import Archive
from .rules import form
from .rules.form import Line, Listed, Manifest, State

_MOST_FINDINGS = 200
_ENDING_AT = 64  # files/<64 hex digits>.<ending>


class Checker:
    """One check of one pack. ``findings`` and ``facts`` fill up as the steps run."""

    def __init__(self, opened: Archive, trusted: note.Verifier | None) -> None:
        """Take an archive that was walked, and the key that the caller trusts, if any."""
        self._archive = opened
        self._trusted = trusted
        self._verifier: note.Verifier | None = trusted
        self._head: note.Checkpoint | None = None
        self.findings: list[Fault] = []
        self.facts: dict[str, str | int | bool] = {}

    def run(self) -> bool:
        """Run every step. Returns False when this is no pack at all. Raises UnsafeArchive for members that lie."""
        names = self._archive.members.keys()
        if not names & {form.MANIFEST, form.SEAL}:
            self._fault("not_a_pack", "archive", "这不是 Cardcase 证据包", "This is no Cardcase pack")
            return False
        if not self._archive.is_as_written:
            self._fault(
                "repacked",
                "archive",
                "压缩包不是导出时的样子：被重新打包，或成员次序、属性被改过",
                "The archive is not as it was exported: repacked, or members reordered or relabelled",
            )
        manifest = self._read_manifest()
        self._check_seal(manifest)
        if manifest is None:
            return True
        self._tell(manifest)
        self._check_files(manifest)
        self._check_checkpoint(manifest)
        lines = self._read_lines()
        self._check_proofs(lines)
        self._check_chains(manifest, lines)
        self._check_openings(lines)
        self._check_counts(manifest, lines)
        self._check_log_proof(manifest)
        self._say_who(manifest)
        return True

    def _fault(self, code: str, place: str, zh: str, en: str) -> None:
        if len(self.findings) < _MOST_FINDINGS:
            self.findings.append(Fault(code, place, Text(zh, en)))

    def _note(self, code: str, place: str, zh: str, en: str) -> None:
        self.findings.append(Fault(code, place, Text(zh, en), Level.NOTE))

    def _read(self, name: str) -> bytes | None:
        if name in self._archive.members:
            return self._archive.read(name)
        self._fault("member_missing", name, f"缺少 {name}", f"{name} is missing")
        return None

    # ---- manifest and seal -----------------------------------------------------------------------------------------

    def _read_manifest(self) -> Manifest | None:
        data = self._read(form.MANIFEST)
        try:
            return None if data is None else form.read_manifest(data)
        except ValueError:
            self._fault(
                "manifest_unreadable", form.MANIFEST, "清单不是规范的格式", "The manifest is not in its one right form"
            )
            return None

    def _check_seal(self, manifest: Manifest | None) -> None:
        data = self._read(form.SEAL)
        if self._verifier is None and manifest is not None:
            try:
                self._verifier = note.Verifier.parse(manifest.vkey)
            except note.BadNote:
                self._fault("key_unreadable", form.MANIFEST, "清单里的公钥不成立", "The key in the manifest is none")
        if data is None:
            return
        if self._verifier is None:
            self._fault(
                "seal_unchecked", form.SEAL, "没有公钥，签名无从核对", "Without a key the seal cannot be checked"
            )
            return
        try:
            text = note.open_note(data.decode(), self._verifier)
            _, signatures = note.split(data.decode())
        except (note.BadNote, UnicodeDecodeError):
            self._fault(
                "seal_broken",
                form.SEAL,
                "清单的签名不成立，或不是这把公钥所签",
                "The seal does not hold, or another key made it",
            )
            return
        raw = self._archive.read(form.MANIFEST) if form.MANIFEST in self._archive.members else b""
        pack = manifest.pack if manifest else text.split("\n")[1]
        expected = "".join(f"{line}\n" for line in (form.FORMAT, *form.seal_lines(pack, raw)))
        if text != expected or len(signatures) != 1:
            self._fault("seal_differs", form.SEAL, "签名签的不是这份清单", "The seal is of another manifest")

    def _tell(self, manifest: Manifest) -> None:
        self.facts = {
            "pack": manifest.pack,
            "case": manifest.case_number,
            "shop": manifest.shop,
            "made_at": manifest.made_at,
            "tool": manifest.tool,
            "log": manifest.origin,
            "log_size": manifest.size,
            "vkey": manifest.vkey,
        }

    def _say_who(self, manifest: Manifest) -> None:
        verifier = self._verifier
        fingerprint = verifier.fingerprint if verifier else ""
        self.facts["fingerprint"] = fingerprint
        self.facts["is_signer_known"] = self._trusted is not None
        if self._trusted is None:
            self._note(
                "signer_unknown",
                form.SEAL,
                f"只能确认前后一致，不知道是谁签的；请用包以外得来的公钥再核对（--vkey）。公钥指纹 {fingerprint}",
                f"Self-consistent, signer unknown; check again with a key had from outside the pack (--vkey). "
                f"Fingerprint {fingerprint}",
            )
        elif self._trusted.vkey != manifest.vkey:
            self._fault(
                "key_differs", form.MANIFEST, "清单写的公钥与您给的不同", "The manifest names another key than yours"
            )

    # ---- files -----------------------------------------------------------------------------------------------------

    def _check_files(self, manifest: Manifest) -> None:
        listed = {one.path: one for one in manifest.files}
        if len(listed) != len(manifest.files) or listed.keys() & form.OUTSIDE:
            self._fault("manifest_twice", form.MANIFEST, "清单里有重复的文件", "The manifest lists a file twice")
        for path in sorted(self._archive.members.keys() - listed.keys() - form.OUTSIDE):
            self._fault("member_unexpected", path, f"清单里没有 {path}", f"{path} is not in the manifest")
        for path in sorted(form.REQUIRED - listed.keys()):
            self._fault("part_missing", path, f"清单里缺少 {path}", f"The manifest lacks {path}")
        for one in manifest.files:
            if one.path in self._archive.members:
                self._check_file(one)
            else:
                self._fault("member_missing", one.path, f"缺少 {one.path}", f"{one.path} is missing")

    def _check_file(self, listed: Listed) -> None:
        sha256, sm3, size = hashlib.sha256(), hashes.Hash(hashes.SM3()), 0
        for piece in self._archive.stream(listed.path):
            sha256.update(piece)
            sm3.update(piece)
            size += len(piece)
        found = (size, sha256.hexdigest(), sm3.finalize().hex())
        if found != (listed.size, listed.sha256, listed.sm3):
            self._fault(
                "file_altered",
                listed.path,
                f"{listed.path} 与清单上的散列不符：被改动过",
                f"{listed.path} does not match the hash in the manifest: altered",
            )
        if listed.path.startswith("files/") and listed.path[6 : 6 + _ENDING_AT] != found[1]:
            self._fault("file_misnamed", listed.path, "文件名不是内容的散列", "The file is not named after its hash")

    # ---- checkpoint and proofs -------------------------------------------------------------------------------------

    def _check_checkpoint(self, manifest: Manifest) -> None:
        data = self._read(form.CHECKPOINT)
        if data is None or self._verifier is None:
            return
        try:
            head = note.open_checkpoint(data.decode(), self._verifier)
        except (note.BadNote, UnicodeDecodeError):
            self._fault(
                "checkpoint_broken",
                form.CHECKPOINT,
                "校验点的签名不成立",
                "The signature of the checkpoint does not hold",
            )
            return
        if (head.origin, head.size, head.root.hex()) != (manifest.origin, manifest.size, manifest.root):
            self._fault(
                "checkpoint_differs", form.CHECKPOINT, "校验点与清单不符", "The checkpoint is not the manifest's"
            )
        self._head = head

    def _read_lines(self) -> list[tuple[Line, entries.Entry]]:
        data = self._read(form.RECORDS)
        lines: list[tuple[Line, entries.Entry]] = []
        for number, raw in enumerate((data or b"").splitlines(keepends=True), 1):
            try:
                if not raw.endswith(b"\n"):
                    raise ValueError("cut short")  # noqa: TRY301 - one answer for every line that is none
                lines.append(form.read_line(raw[:-1]))
            except ValueError:
                self._fault(
                    "line_unreadable",
                    f"{form.RECORDS}:{number}",
                    f"第 {number} 行不是规范的记录",
                    f"Line {number} is not a well-formed record",
                )
        numbers = [entry.seq for _, entry in lines]
        if numbers != sorted(set(numbers)):
            self._fault("order_broken", form.RECORDS, "记录次序被打乱或重复", "Records are out of order or doubled")
        if not lines:
            self._fault("no_records", form.RECORDS, "没有一条记录", "There is not one record")
        return lines

    def _check_proofs(self, lines: list[tuple[Line, entries.Entry]]) -> None:
        data = self._read(form.PROOFS)
        if data is None:
            return
        try:
            size, root, proofs = form.read_proofs(data)
        except ValueError:
            self._fault(
                "proofs_unreadable", form.PROOFS, "证明文件不是规范的格式", "The proofs are not in their one form"
            )
            return
        if self._head and (size, root) != (self._head.size, self._head.root):
            self._fault(
                "proofs_differ", form.PROOFS, "证明不是对着这个校验点的", "The proofs are of another checkpoint"
            )
        if proofs.keys() != {entry.seq for _, entry in lines}:
            self._fault("proofs_incomplete", form.PROOFS, "证明与记录不是一一对应", "Proofs and records do not pair up")
        for line, entry in lines:
            leaf = merkle.leaf_hash(line.data)
            if not merkle.is_included(leaf, entry.seq, size, proofs.get(entry.seq, []), root):
                self._fault(
                    "not_included",
                    f"entry {entry.seq}",
                    f"第 {entry.seq} 条记录不在签名的记录树里：被改动或伪造",
                    f"Entry {entry.seq} is not in the signed tree: altered or made up",
                )

    def _check_chains(self, manifest: Manifest, lines: list[tuple[Line, entries.Entry]]) -> None:
        tips: dict[str, tuple[int, str | None]] = {}
        latest = ""
        for line, entry in lines:
            count, previous = tips.get(entry.subject, (0, None))
            if (entry.cseq, entry.cprev) != (count + 1, previous):
                self._fault(
                    "chain_gap",
                    f"entry {entry.seq}",
                    f"{entry.subject} 的第 {entry.cseq} 条前面缺了或换了记录",
                    f"Before entry {entry.cseq} of {entry.subject} something is missing or exchanged",
                )
            tips[entry.subject] = (entry.cseq, merkle.leaf_hash(line.data).hex())
            if entry.at < latest:
                self._note(
                    "clock_went_back",
                    f"entry {entry.seq}",
                    f"第 {entry.seq} 条写的时间早于前一条：时钟不准，或是补记",
                    f"Entry {entry.seq} tells an earlier time than the one before: the clock, or told later",
                )
            latest = max(latest, entry.at)
        if {subject: count for subject, (count, _) in tips.items()} != dict(manifest.subjects):
            self._fault(
                "chain_cut",
                form.RECORDS,
                "各对象的记录条数与清单不符：有缺",
                "Some subject has not as many records as listed",
            )

    # ---- contents --------------------------------------------------------------------------------------------------

    def _check_openings(self, lines: list[tuple[Line, entries.Entry]]) -> None:
        for line, entry in lines:
            for position, (opening, told) in enumerate(zip(line.openings, entry.contents, strict=True)):
                if opening.state is not State.OPENED:
                    continue
                place = f"entry {entry.seq} content {position}"
                body = self._body(opening, place)
                if body is not None and not (
                    len(body) == told.size and entries.opens(opening.salt, told.role, body, told.commit)
                ):
                    self._fault(
                        "opening_false",
                        place,
                        f"第 {entry.seq} 条公开的内容不是当初记下的",
                        f"What entry {entry.seq} is said to hold is not what was committed to",
                    )

    def _body(self, opening: form.Opening, place: str) -> bytes | None:
        if opening.body is not None:
            return opening.body
        if not opening.path.startswith("files/") or opening.path not in self._archive.members:
            self._fault("opening_unfounded", place, f"缺少 {opening.path}", f"{opening.path} is missing")
            return None
        return self._archive.read(opening.path)

    def _check_counts(self, manifest: Manifest, lines: list[tuple[Line, entries.Entry]]) -> None:
        counts = count(line for line, _ in lines)
        counts["files"] = sum(one.path.startswith("files/") for one in manifest.files)
        if counts != dict(manifest.counts):
            self._fault("counts_differ", form.MANIFEST, "条数与清单不符", "The counts differ from the manifest's")
        self.facts.update(counts)
        if counts["withheld"]:
            self._note(
                "withheld",
                form.RECORDS,
                f"{counts['withheld']} 项内容未公开，只有承诺值；如有争议可要求对方当面揭示",
                f"{counts['withheld']} contents are withheld, only committed to; they may be asked for if it matters",
            )

    # ---- the sealing in the log ------------------------------------------------------------------------------------

    def _check_log_proof(self, manifest: Manifest) -> None:
        data = self._read(form.LOG_PROOF)
        if data is None or self._verifier is None:
            return
        checks: tuple[Callable[[form.LogProof], bool], ...] = (
            lambda proof: self._is_in_log(proof, manifest),
            lambda proof: self._is_of_this_manifest(proof, manifest),
        )
        try:
            proof = form.read_log_proof(data)
            holds = all(check(proof) for check in checks)
        except (ValueError, UnicodeDecodeError):
            holds = False
        if not holds:
            self._fault(
                "export_unproved",
                form.LOG_PROOF,
                "这次导出没有记在记录里，或证明被改过",
                "This export is not in the record, or its proof was altered",
            )

    def _is_in_log(self, proof: form.LogProof, manifest: Manifest) -> bool:
        assert self._verifier is not None  # seen by the caller
        head = note.open_checkpoint(proof.checkpoint, self._verifier)
        _, signatures = note.split(proof.checkpoint)
        leaf = merkle.leaf_hash(proof.entry)
        return (
            len(signatures) == 1
            and head.size > manifest.size
            and merkle.is_included(leaf, proof.index, head.size, proof.path, head.root)
        )

    def _is_of_this_manifest(self, proof: form.LogProof, manifest: Manifest) -> bool:
        entry = entries.decode(proof.entry)
        told = [one for one in entry.contents if one.role == form.MANIFEST_ROLE]
        body = form.seal_lines(manifest.pack, self._archive.read(form.MANIFEST))[1].encode()
        return (
            (entry.kind, entry.subject, entry.seq) == (form.SEALED_KIND, manifest.case_id, proof.index)
            and entry.cseq > manifest.subjects.get(manifest.case_id, 0)
            and len(told) == 1
            and entries.opens(proof.salt, form.MANIFEST_ROLE, body, told[0].commit)
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
