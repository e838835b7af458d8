"""The steps of checking a pack, each noting what does not hold. ``verifier`` runs them and gives the verdict."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

from cryptography.hazmat.primitives import hashes

from cardcase.custody.rules import entry as entries
from cardcase.custody.rules import merkle, note

from . import check_keys, check_stamps
from .bag import Bag
from .check_records import RecordsCheck
from .findings import Findings, shown
from .rules import bagit, form, strict
from .rules.form import Listed, Manifest
from .rules.trust import Stamped, Trust

_ENDING_AT = 64  # data/files/<64 hex digits>.<ending>
_MOST_PROOF = 2 * note.MAX_NOTE_BYTES
_MOST_LIST = 1024 * 1024

StampStep = Callable[[Bag, Manifest, note.Checkpoint, Trust, Findings], Stamped]
"""Checks the tokens and cosignatures of a pack against the reader's roots and policy, and says what they prove."""


class Checker:
    """One check of one pack. ``findings`` and ``facts`` fill up as the steps run."""

    def __init__(self, bag: Bag, trust: Trust, stamps: StampStep = check_stamps.check) -> None:
        """Take a bag that was looked through, and what the reader brings."""
        self._bag = bag
        self._trust = trust
        self._stamps = stamps
        self._signer: note.Verifier | None = None
        self._is_known = False
        self._is_heir = False
        self._head: note.Checkpoint | None = None
        self._hashes: dict[str, set[str]] = {}
        self.findings = Findings()
        self.facts: dict[str, str | int | bool] = {}

    def run(self) -> bool:
        """Run every step. Returns False when this is no pack at all. Raises UnsafeArchive, TooMuch."""
        if form.MANIFEST not in self._bag and form.SEAL not in self._bag:
            self.findings.fault("not_a_pack", "archive", "这不是 Cardcase 证据包", "This is no Cardcase pack")
            return False
        raw = self._read(form.MANIFEST, form.MAX_MANIFEST_BYTES)
        manifest = self._manifest(raw)
        self._check_seal(manifest, raw)
        if manifest is None or raw is None:
            return True
        self._tell(manifest)
        self._check_files(manifest)
        self._check_head(manifest)
        self._check_keys(manifest)
        records = RecordsCheck(self._bag, self.findings, self._head)
        records.run()
        self._check_counts(manifest, records)
        self._check_log_proof(manifest, raw)
        self._check_bag()
        self._check_history()
        self._say_who(manifest)
        self._check_policy(manifest)
        return True

    def _read(self, name: str, most: int) -> bytes | None:
        if name not in self._bag:
            self.findings.fault("member_missing", name, f"缺少 {name}", f"{name} is missing")
            return None
        data = self._bag.read(name, most)
        self._hashes.setdefault(name, {hashlib.sha256(one).hexdigest() for one in form.as_exported(data)})
        return data

    # ---- manifest and seal -----------------------------------------------------------------------------------------

    def _manifest(self, raw: bytes | None) -> Manifest | None:
        try:
            return None if raw is None else form.read_manifest(raw)
        except ValueError:
            self.findings.fault(
                "manifest_unreadable", form.MANIFEST, "清单不是规范的格式", "The manifest is not in its one right form"
            )
            return None

    def _check_seal(self, manifest: Manifest | None, raw: bytes | None) -> None:
        self._choose_key(manifest)
        data = self._read(form.SEAL, note.MAX_NOTE_BYTES)
        if data is None:
            return
        if self._signer is None:
            self.findings.fault(
                "seal_unchecked", form.SEAL, "没有公钥，签名无从核对", "Without a key the seal cannot be checked"
            )
            return
        try:
            text = note.open_note(data.decode(), self._signer)
        except (note.BadNote, UnicodeDecodeError):
            self.findings.fault(
                "seal_broken",
                form.SEAL,
                "清单的签名不成立，或不是这把公钥所签",
                "The seal does not hold, or another key made it",
            )
            return
        self._say_cosigned(form.SEAL, data)
        expected = (form.FORMAT, *form.seal_lines(manifest.pack if manifest else "", raw or b""))
        if text != "".join(f"{line}\n" for line in expected):
            self.findings.fault("seal_differs", form.SEAL, "签名签的不是这份清单", "The seal is of another manifest")

    def _choose_key(self, manifest: Manifest | None) -> None:
        """Take the reader's key, or the one that is said to follow it, for ``_check_keys`` to prove.

        Only where the reader brings none, the pack's own, which proves no more than agreement.
        """
        told = manifest.vkey if manifest else ""
        known = self._trust.known
        self._is_known = bool(known)
        if known:
            self._signer = next((one for one in known if one.vkey == told), known[0])
            if manifest and self._signer.vkey != told and form.KEYS in self._bag:
                heir = check_keys.follows(self._bag, manifest, known)
                self._signer, self._is_heir = heir or self._signer, heir is not None
        elif manifest:
            try:
                self._signer = note.Verifier.parse(told)
            except note.BadNote:
                self.findings.fault(
                    "key_unreadable", form.MANIFEST, "清单里的公钥不成立", "The key in the manifest is none"
                )

    def _say_cosigned(self, place: str, data: bytes) -> None:
        _, signatures = note.split(data.decode())
        others = len(signatures) - 1
        if others > 0:
            self.findings.note(
                "cosigned",
                place,
                f"另有 {others} 个签名；不影响核对，也未凭它作任何认定",
                f"{others} more signatures stand there; they disturb nothing, and nothing was concluded from them here",
            )

    def _tell(self, manifest: Manifest) -> None:
        self.facts = {
            "pack": shown(manifest.pack),
            "case": shown(manifest.case_number),
            "shop": shown(manifest.shop),
            "made_at": shown(manifest.made_at),
            "tool": shown(manifest.tool),
            "log": shown(manifest.origin),
            "log_size": manifest.size,
            "vkey": shown(manifest.vkey),
        }

    def _say_who(self, manifest: Manifest) -> None:
        fingerprint = self._signer.fingerprint if self._signer else ""
        self.facts["fingerprint"] = fingerprint
        self.facts["is_signer_known"] = self._is_known
        if not self._is_known:
            self.findings.weakness(
                "signer_unknown",
                form.SEAL,
                f"只能确认前后一致，不知道是谁签的；请用包以外得来的公钥再核对（--vkey）。公钥指纹 {fingerprint}",
                f"Self-consistent, signer unknown; check again with a key had from outside the pack (--vkey). "
                f"Fingerprint {fingerprint}",
            )
        elif self._signer and self._signer.vkey != manifest.vkey:
            self.findings.fault(
                "key_differs", form.MANIFEST, "清单写的公钥与您给的不同", "The manifest names another key than yours"
            )

    # ---- files -----------------------------------------------------------------------------------------------------

    def _check_files(self, manifest: Manifest) -> None:
        listed = {one.path: one for one in manifest.files}
        if len(listed) != len(manifest.files) or listed.keys() & form.OUTSIDE:
            self.findings.fault(
                "manifest_twice", form.MANIFEST, "清单里有重复的文件", "The manifest lists a file twice"
            )
        if self._bag.droppings:
            self.findings.note(
                "left_behind",
                self._bag.droppings[0],
                f"有 {len(self._bag.droppings)} 个文件管理器留下的文件，不属于证据包，没有读",
                f"{len(self._bag.droppings)} files were left behind by file managers; they are no part of the pack "
                f"and were not read",
            )
        for path in sorted(self._bag.sizes.keys() - listed.keys() - form.OUTSIDE):
            self.findings.fault("member_unexpected", path, f"清单里没有 {path}", f"{path} is not in the manifest")
        for path in sorted((form.REQUIRED | {form.checkpoint_path(manifest.size)}) - listed.keys()):
            self.findings.fault("part_missing", path, f"清单里缺少 {path}", f"The manifest lacks {path}")
        for one in listed.values():
            if one.path in self._bag:
                self._check_file(one)
            else:
                self.findings.fault(
                    "member_missing", one.path, "清单上的文件不在包里", "A file of the manifest is not in the pack"
                )

    def _check_file(self, listed: Listed) -> None:
        told = (listed.size, listed.sha256, listed.sm3)
        if listed.path.startswith(form.CHECKPOINTS):
            data = self._read(listed.path, note.MAX_NOTE_BYTES) or b""
            found = {(len(one), hashlib.sha256(one).hexdigest(), form.sm3(one)) for one in form.as_exported(data)}
        else:
            found = {self._hash(listed.path)} if self._bag.sizes[listed.path] == listed.size else set()
        if told not in found:
            self.findings.fault(
                "file_altered",
                listed.path,
                f"{listed.path} 与清单上的散列不符：被改动过",
                f"{listed.path} does not match the hash in the manifest: altered",
            )
        name = listed.path.removeprefix(form.FILES)
        if name != listed.path and name[:_ENDING_AT] != listed.sha256:
            self.findings.fault(
                "file_misnamed", listed.path, "文件名不是内容的散列", "The file is not named after its hash"
            )

    def _hash(self, path: str) -> tuple[int, str, str]:
        sha256, sm3, size = hashlib.sha256(), hashes.Hash(hashes.SM3()), 0
        for piece in self._bag.stream(path):
            sha256.update(piece)
            sm3.update(piece)
            size += len(piece)
        self._hashes[path] = {sha256.hexdigest()}
        return size, sha256.hexdigest(), sm3.finalize().hex()

    def _check_bag(self) -> None:
        """Hold the bag's own lists against what is there: they sign nothing, but a false one misleads other tools."""
        if self.findings.has_fault:
            return  # what was altered was said already; saying it again for each list helps nobody
        for name in (bagit.PAYLOAD_HASHES, bagit.TAG_HASHES):
            data = self._read(name, _MOST_LIST)
            is_payload = name == bagit.PAYLOAD_HASHES
            inside = self._bag.sizes.keys()
            wanted = {one for one in inside if bagit.is_payload(one)} if is_payload else set(bagit.tags_of(inside))
            try:
                listed = bagit.read_hashes(data or b"")
                holds = listed.keys() == wanted and all(listed[one] in self._hashes.get(one, ()) for one in wanted)
            except ValueError:
                holds = False
            if not holds:
                self.findings.fault(
                    "bag_differs",
                    name,
                    f"{name} 与包里的文件不符",
                    f"{name} does not agree with the files of the pack",
                )

    # ---- head of the log -------------------------------------------------------------------------------------------

    def _check_head(self, manifest: Manifest) -> None:
        path = form.checkpoint_path(manifest.size)
        data = self._read(path, note.MAX_NOTE_BYTES)
        if data is None or self._signer is None:
            return
        try:
            head = note.open_checkpoint(data.decode(), self._signer)
        except (note.BadNote, UnicodeDecodeError):
            self.findings.fault(
                "checkpoint_broken", path, "校验点的签名不成立", "The signature of the checkpoint does not hold"
            )
            return
        self._say_cosigned(path, data)
        if (head.origin, head.size, head.root.hex()) != (manifest.origin, manifest.size, manifest.root):
            self.findings.fault("checkpoint_differs", path, "校验点与清单不符", "The checkpoint is not the manifest's")
        self._head = head

    def _check_keys(self, manifest: Manifest) -> None:
        """Prove how the key followed others; without that, a key that is only said to follow the reader's is none."""
        keys: list[note.Verifier] = []
        if form.KEYS in self._bag and self._head is not None:
            keys = check_keys.check(self._bag, manifest, self._head, self.findings)
        if not self._is_heir:
            return
        old = next((one for one in reversed(keys) if one in self._trust.known), None)
        if old is None:
            self._signer, self._head = self._trust.known[0], None  # whatever it signed, the reader does not know it
            return
        self._trust = replace(self._trust, keys=(*self._trust.keys, *keys[keys.index(old) + 1 :]))
        self.facts["follows_key"] = old.fingerprint
        self.findings.note(
            "key_followed",
            form.KEYS,
            f"签名的公钥不是您给的那一把，而是它的后继：每次换钥都写在记录里，并由新旧两把共同签名。"
            f"您给的公钥指纹 {old.fingerprint}；今后请用包里这把新的",
            f"The sealing key is not yours but follows it: each change stands in the record, and the old key and the "
            f"new one signed for it. Fingerprint of yours {old.fingerprint}; use the new one from now on",
        )

    def _check_counts(self, manifest: Manifest, records: RecordsCheck) -> None:
        if records.subjects != dict(manifest.subjects):
            self.findings.fault(
                "chain_cut",
                form.RECORDS,
                "各对象的记录条数与清单不符：有缺",
                "Some subject has not as many records as listed",
            )
        counts = {**records.counts, "files": sum(one.path.startswith(form.FILES) for one in manifest.files)}
        if counts != dict(manifest.counts):
            self.findings.fault(
                "counts_differ", form.MANIFEST, "条数与清单不符", "The counts differ from the manifest's"
            )
        self.facts.update(counts)

    # ---- the sealing in the log ------------------------------------------------------------------------------------

    def _check_log_proof(self, manifest: Manifest, raw: bytes) -> None:
        data = self._read(form.LOG_PROOF, _MOST_PROOF)
        if data is None or self._signer is None:
            return
        try:
            proof = form.read_log_proof(data)
            head = note.open_checkpoint(proof.checkpoint, self._signer)
            holds = self._is_in_log(proof, head, manifest) and _is_of(proof, manifest, raw)
        except ValueError:
            holds = False
        if holds:
            self._say_cosigned(form.LOG_PROOF, proof.checkpoint.encode())
        else:
            self.findings.fault(
                "export_unproved",
                form.LOG_PROOF,
                "这次导出没有记在记录里，或证明被改过",
                "This export is not in the record, or its proof was altered",
            )

    @staticmethod
    def _is_in_log(proof: form.LogProof, head: note.Checkpoint, manifest: Manifest) -> bool:
        leaf = merkle.leaf_hash(proof.entry)
        return (
            head.origin == manifest.origin
            and head.size > manifest.size
            and merkle.is_included(leaf, proof.index, head.size, proof.path, head.root)
        )

    # ---- what was given out earlier --------------------------------------------------------------------------------

    def _check_history(self) -> None:
        data = self._bag.read(form.HISTORY, _MOST_LIST) if form.HISTORY in self._bag else None
        if data is None or self._head is None:
            return
        head = self._head
        try:
            earlier = {one.size: one for one in form.read_history(data)}
        except ValueError:
            self.findings.fault(
                "history_unreadable",
                form.HISTORY,
                "早先校验点的证明不是规范的格式",
                "The proofs of earlier checkpoints are not in their one form",
            )
            return
        for one in earlier.values():
            if not merkle.is_consistent(one.size, head.size, one.root, head.root, one.path):
                self.findings.fault(
                    "history_broken",
                    f"checkpoint {one.size}",
                    "早先的校验点与现在的记录接不上",
                    "An earlier checkpoint is not continued by the present record",
                )
        if self._trust.previous:
            self._check_previous(earlier, head)

    def _check_previous(self, earlier: dict[int, form.Earlier], head: note.Checkpoint) -> None:
        place = "--previous"
        told = self._open_previous()
        if told is None or told.origin != head.origin:
            self.findings.weakness(
                "previous_of_another",
                place,
                "您给的早先校验点不是这本记录的，或不是您认可的公钥签的，没有用上",
                "The earlier checkpoint is of another record, or signed by no key that you trust; it was not used",
            )
            return
        known = {**{size: one.root for size, one in earlier.items()}, head.size: head.root}.get(told.size)
        if known is None:
            self.findings.weakness(
                "previous_unproved",
                place,
                f"包里没有从第 {told.size} 条接到现在的证明，无从比对；可请对方重新导出",
                f"The pack does not prove that the record continues from entry {told.size}: nothing to compare; "
                f"ask for a pack that was exported anew",
            )
        elif known != told.root:
            self.findings.fault(
                "history_rewritten",
                place,
                "与您早先得到的校验点矛盾：同一本记录有两个版本",
                "It contradicts the checkpoint that you were given earlier: there are two versions of this record",
            )
        else:
            self.facts["continues_previous"] = told.size

    def _open_previous(self) -> note.Checkpoint | None:
        """Open the earlier checkpoint with any key that is believed: the log may have changed its key since."""
        for one in self._trust.known or ((self._signer,) if self._signer else ()):
            try:
                return note.open_checkpoint(self._trust.previous, one)
            except note.BadNote:
                continue
        return None

    # ---- what the reader asks for ----------------------------------------------------------------------------------

    def _check_policy(self, manifest: Manifest) -> None:
        policy, withheld = self._trust.policy, int(self.facts.get("withheld", 0))
        if withheld:
            say = self.findings.note if policy.may_withhold else self.findings.weakness
            say(
                "withheld",
                form.RECORDS,
                f"{withheld} 项内容未公开，只有承诺值；如有争议可要求对方当面揭示",
                f"{withheld} contents are withheld, only committed to; they may be asked for if it matters",
            )
        if self._head is None:
            return
        stamped = self._stamps(self._bag, manifest, self._head, self._trust, self.findings)
        self.facts.update(stamped.facts)
        self.facts["trusted_times"] = len(stamped.authorities)
        self.facts["witnesses"] = len(stamped.witnesses)
        if len(stamped.authorities) < max(policy.times, 1):
            say = self.findings.weakness if len(stamped.authorities) < policy.times else self.findings.note
            say(
                "no_trusted_time",
                form.STAMPS,
                "没有您认可的第三方时间戳：时间只出自导出方的时钟",
                "No time-stamp of a third party that you trust: times come from the exporter's own clock",
            )
        if stamped.is_pending:
            say = self.findings.note if policy.may_be_pending else self.findings.weakness
            say("time_pending", form.STAMPS, "有时间戳还在申请中", "A time-stamp had been asked for and had not come")
        if not stamped.witnesses or not policy.is_met(stamped.witnesses):
            say = self.findings.note if policy.is_met(stamped.witnesses) else self.findings.weakness
            say(
                "no_witness",
                form.CHECKPOINTS,
                "没有您认可的独立见证人签名：看不出导出方有没有另一本记录",
                "No cosignature of a witness that you trust: another version of the record would not be seen",
            )


def _is_of(proof: form.LogProof, manifest: Manifest, raw: bytes) -> bool:
    """Tell whether the recorded export is that of this very manifest."""
    entry = entries.read(strict.decode(proof.entry))
    told = [one for one in entry.contents if one.role == form.MANIFEST_ROLE]
    body = form.seal_lines(manifest.pack, raw)[1].encode()
    return (
        (entry.kind, entry.subject, entry.seq) == (form.SEALED_KIND, manifest.case_id, proof.index)
        and entry.cseq > manifest.subjects.get(manifest.case_id, 0)
        and len(told) == 1
        and entries.opens(proof.salt, form.MANIFEST_ROLE, body, told[0].commit)
    )
