"""One step of the check of a pack: tokens and cosignatures, judged by the reader's roots and witnesses alone.

What a pack says of itself is never trusted here; what it says against itself (a witness of the exporter's own) is.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final

from cryptography import x509

from cardcase.anchors.rules import cosign, plan, stamp
from cardcase.anchors.rules.stamp import BadStamp, Checked, Fault, Token
from cardcase.custody.rules import entry as entries
from cardcase.custody.rules import merkle, note
from cardcase.custody.rules.note import BadNote, Checkpoint
from cardcase.kit import clock

from .bag import Bag
from .findings import Findings, shown
from .rules import form, stamping
from .rules.form import Manifest
from .rules.stamping import CosignedHead, Listed, StampList
from .rules.trust import Stamped, Trust

_OURS: Final = frozenset({Fault.CHAIN, Fault.NO_ROOTS, Fault.UNVERIFIABLE})
"""What may be for want of the right root, and says nothing against the pack."""
_SECONDS: Final = "%Y-%m-%d %H:%M:%S"
_BEIJING: Final = timezone(timedelta(hours=8))
"""Beijing time without a database of zones, which a reader's machine may lack."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Between which moments a record came to be; None where nobody vouches."""

    not_before: datetime | None
    not_after: datetime | None


def check(bag: Bag, manifest: Manifest, head: Checkpoint, trust: Trust, findings: Findings) -> Stamped:
    """Check what third parties said of the record in a pack. Raises what the bag and the findings raise."""
    return _Check(bag, {one.path: one.sha256 for one in manifest.files}, head, trust, findings).run()


def pinned(roots: Sequence[bytes]) -> tuple[list[x509.Certificate], list[x509.CertificateRevocationList]]:
    """Read the reader's files: certificates and lists of revocations, PEM or DER; what is neither is left aside."""
    found: list[x509.Certificate] = []
    lists: list[x509.CertificateRevocationList] = []
    for data in roots:
        with suppress(ValueError):
            found.extend(x509.load_pem_x509_certificates(data))
        with suppress(ValueError):
            found.append(x509.load_der_x509_certificate(data))
        with suppress(ValueError):
            lists.append(stamp.read_revocations(data))
    return found, lists


@dataclass(slots=True)
class _Held:
    """A token that holds, with what is needed to bound records by it."""

    listed: Listed
    checked: Checked
    root: str
    entry_seq: int | None


@dataclass(slots=True)
class _Check:
    bag: Bag
    hashes: Mapping[str, str]
    head: Checkpoint
    trust: Trust
    findings: Findings
    _notes: dict[str, bytes] = field(default_factory=dict)
    _tokens: dict[str, Token] = field(default_factory=dict)

    def run(self) -> Stamped:
        if stamping.LIST not in self.bag:
            return Stamped(is_pending=False)
        try:
            told = stamping.read(self.bag.read(stamping.LIST, stamping.MAX_BYTES))
        except ValueError:
            self._fault(
                "stamps_unreadable", stamping.LIST, "时间戳清单不是规范的格式", "The list of stamps is not in its form"
            )
            return Stamped()
        held = list(self._stamps(told))
        bounds = self._bounds(held)
        witnesses = self._witnesses(told, max(bounds, default=-1))
        authorities = frozenset(one.root for one in held if not one.listed.over and self._covers(one, bounds))
        uncovered = [seq for seq, bound in bounds.items() if bound.not_after is None]
        facts: dict[str, str | int | bool] = {"stamps": len(told.stamps), "stamps_that_hold": len(held)}
        if held:
            facts["records_not_after"] = len(bounds) - len(uncovered)
            facts["records_not_before"] = sum(bound.not_before is not None for bound in bounds.values())
        self._say_bounds(bounds)
        return Stamped(authorities, witnesses, bool(told.pending) or bool(held and uncovered), facts)

    def _fault(self, code: str, place: str, zh: str, en: str) -> None:
        self.findings.fault(code, place, zh, en)

    # ---- tokens ------------------------------------------------------------------------------------------------------

    def _stamps(self, told: StampList) -> Iterator[_Held]:
        roots, lists = pinned(self.trust.roots)
        tokens = {one.token: one for one in told.stamps}
        for one in told.stamps:
            message = self._message(one, tokens)
            token = self._token(one.token)
            if message is None or token is None or not self._is_continued(one):
                continue
            seq = self._entry_seq(one, token)
            if seq is None and one.entry:
                continue
            found = self._judge(one, token, message, roots, lists)
            if found is not None:
                checked, root = found
                yield _Held(one, checked, root, seq)

    def _member(self, path: str) -> bytes | None:
        """Read a small member that the list names."""
        if path not in self._notes:
            if path not in self.bag or not path.startswith((form.STAMPS, form.CHECKPOINTS)):
                self._fault(
                    "stamp_member_missing", shown(path), "清单提到的文件不在包里", "A listed file is not in the pack"
                )
                return None
            self._notes[path] = self.bag.read(path, note.MAX_NOTE_BYTES)
        return self._notes[path]

    def _token(self, path: str) -> Token | None:
        raw = self._member(path)
        if raw is None or path in self._tokens:
            return self._tokens.get(path)
        try:
            self._tokens[path] = stamp.read(raw)
        except BadStamp as bad:
            self._fault(bad.fault.value, path, bad.text.zh, bad.text.en)
        return self._tokens.get(path)

    def _stamped_note(self, path: str) -> bytes | None:
        """Read a note as it was stamped: without the lines of those who cosigned it in the pack later."""
        text = self._member(path)
        return None if text is None else form.exported(text, self.hashes.get(path, ""))

    def _message(self, one: Listed, tokens: Mapping[str, Listed]) -> bytes | None:
        text = self._stamped_note(one.note)
        if text is None or not one.over:
            return text
        over = tokens.get(one.over)
        old, signed = self._member(one.over), self._stamped_note(over.note) if over else None
        return None if old is None or signed is None else stamp.archive_message(signed, old)

    def _is_continued(self, one: Listed) -> bool:
        """Tell whether the stamped head is the beginning of the record of the pack."""
        text = self._member(one.note)
        try:
            stamped = Checkpoint.parse(note.split((text or b"").decode())[0])
        except (BadNote, UnicodeDecodeError):
            self._fault(
                "stamp_note_unreadable",
                one.note,
                "被盖戳的校验点读不出来",
                "The stamped checkpoint cannot be read",
            )
            return False
        if one.size == stamped.size and merkle.is_consistent(
            stamped.size, self.head.size, stamped.root, self.head.root, one.consistency
        ):
            return True
        self._fault(
            "stamp_inconsistent",
            one.note,
            "被盖戳的校验点不是这份记录的开头",
            "The stamped checkpoint is not the beginning of this record",
        )
        return False

    def _entry_seq(self, one: Listed, token: Token) -> int | None:
        """Return the number of the entry that names this token; None when it lies beyond the head, or does not hold."""
        if not one.entry:
            return None
        kind = plan.RENEWED if one.over else plan.STAMPED
        try:
            told = entries.decode(one.entry)
            fits = (told.kind, told.refs.get("token")) == (kind, token.sha256)
            fits = fits and told.refs.get("time") == clock.iso(token.gen_time)
            leaf = merkle.leaf_hash(one.entry)
            if fits and merkle.is_included(leaf, told.seq, self.head.size, one.path, self.head.root):
                return told.seq
        except ValueError:
            pass
        self._fault(
            "stamp_entry_broken",
            one.token,
            "记录里写下这枚时间戳的那一条对不上",
            "The entry that names this token does not fit",
        )
        return None

    def _judge(
        self,
        one: Listed,
        token: Token,
        message: bytes,
        roots: Sequence[x509.Certificate],
        lists: Sequence[x509.CertificateRevocationList],
    ) -> tuple[Checked, str] | None:
        """Check a token, and name the root it leads to, so that two names of one authority count once."""
        try:
            checked = stamp.check(token, message, roots, revoked=lists)
        except BadStamp as bad:
            self._say_refused(one, bad)
            return None
        if not checked.is_revocation_known:
            self.findings.note(
                "stamp_revocation_unknown",
                one.token,
                "没有吊销清单，未核对签名证书是否被吊销",
                "Without a list of revocations it was not looked up whether the certificate was revoked",
            )
        return checked, checked.root.subject.rfc4514_string()

    def _say_refused(self, one: Listed, refused: BadStamp) -> None:
        say = self.findings.note if refused.fault in _OURS else self._fault
        if refused.fault in (Fault.EXPIRED, Fault.REVOKED, Fault.USAGE):
            say = self.findings.weakness  # the bytes are whole; the authority's word is worth nothing
        say(refused.fault.value, one.token, refused.text.zh, refused.text.en)

    # ---- bounds ------------------------------------------------------------------------------------------------------

    def _bounds(self, held: Sequence[_Held]) -> dict[int, Bound]:
        """Bound every record of the pack by the tokens that hold, and report those whose own time lies outside."""
        own = dict(self._moments())
        heads = [one for one in held if not one.listed.over]
        ends = [(one.listed.size, one.checked.token) for one in heads]
        starts = [(one.entry_seq, one.checked.token) for one in heads if one.entry_seq is not None]
        found: dict[int, Bound] = {}
        for seq, at in own.items():
            after = [token.gen_time + token.accuracy for size, token in ends if size > seq]
            before = [token.gen_time - token.accuracy for entry, token in starts if entry < seq]
            bound = found[seq] = Bound(max(before, default=None), min(after, default=None))
            if stamping.is_outside(at, bound.not_before, bound.not_after):
                self.findings.weakness(
                    "clock_outside_bounds",
                    f"{form.RECORDS} {seq}",
                    f"第 {seq} 条自己写的时间不在第三方时间戳的范围内：当时的系统时钟不准，或时间是倒填的",
                    f"The time that record {seq} states lies outside of its time-stamps: a wrong clock, or back-dating",
                )
        return found

    def _moments(self) -> Iterator[tuple[int, datetime]]:
        rest = b""
        for piece in self.bag.stream(form.RECORDS) if form.RECORDS in self.bag else ():
            lines = (rest + piece).split(b"\n")
            rest = lines.pop()
            if len(rest) > form.MAX_LINE_BYTES:
                return
            for raw in lines:
                try:
                    _, entry = form.read_line(raw)
                except ValueError:
                    continue  # said by the check of the records
                yield entry.seq, entries.moment_of(entry)

    @staticmethod
    def _covers(one: _Held, bounds: Mapping[int, Bound]) -> bool:
        return any(seq < one.listed.size for seq in bounds)

    def _say_bounds(self, bounds: Mapping[int, Bound]) -> None:
        """Say the bounds, one line for each run of records that share them."""
        runs: list[tuple[int, int, Bound]] = []
        for seq in sorted(bounds):
            if runs and runs[-1][2] == bounds[seq]:
                runs[-1] = (runs[-1][0], seq, bounds[seq])
            else:
                runs.append((seq, seq, bounds[seq]))
        for first, last, bound in runs:
            if bound == Bound(None, None):
                continue
            zh, en = _span(bound)
            self.findings.note(
                "record_bounded",
                f"{form.RECORDS} {first}-{last}",
                f"第 {first}–{last} 条里的记录{zh}",
                f"Records {first} to {last}: {en}",
            )

    # ---- witnesses ---------------------------------------------------------------------------------------------------

    def _witnesses(self, told: StampList, last: int) -> frozenset[str]:
        """Return the reader's witnesses that cosigned a head holding every record of the pack.

        The exporter's own are none of them: where the reader knew, it is noted; where not, the reader is warned.
        """
        policy = self.trust.policy
        keys = {name: listed.witness for name, listed in policy.witnesses.items()}
        found: set[str] = set()
        for one in told.heads:
            by_key = {held.witness: held for held in self._cosigned(one, list(keys.values()))}
            for name, witness in keys.items():
                if witness not in by_key:
                    continue
                is_known = policy.witnesses[name].is_own
                if is_known or witness.ident.hex() in one.own or self._is_logs_own(witness):
                    say = self.findings.note if is_known else self.findings.weakness
                    say(
                        "witness_is_own",
                        one.note,
                        "这个见证方由导出方自己控制，按没有见证算",
                        "This witness is under the exporter's own control and counts as zero",
                    )
                elif one.size <= last:
                    self.findings.note(
                        "witness_partial",
                        one.note,
                        f"见证只到第 {one.size} 条，后面的记录还没有见证",
                        f"The cosignature covers the first {one.size} entries, not the records after them",
                    )
                else:
                    found.add(name)
        return frozenset(found)

    def _is_logs_own(self, witness: cosign.Witness) -> bool:
        return any(one.public == witness.public for one in self.trust.known)

    def _cosigned(self, one: CosignedHead, known: Sequence[cosign.Witness]) -> list[cosign.Cosignature]:
        raw = self._member(one.note)
        try:
            text = (raw or b"").decode()
            head = Checkpoint.parse(note.split(text)[0])
            held = cosign.holding(text, known)
        except (BadNote, UnicodeDecodeError):
            self._fault("cosignature_broken", one.note, "见证方的签名不成立", "A cosignature does not hold")
            return []
        if head.size == one.size and merkle.is_consistent(
            head.size, self.head.size, head.root, self.head.root, one.consistency
        ):
            return held
        self._fault(
            "cosigned_inconsistent",
            one.note,
            "见证过的校验点不是这份记录的开头",
            "The cosigned checkpoint is not the beginning of this record",
        )
        return []


def _span(bound: Bound) -> tuple[str, str]:
    def said(at: datetime) -> str:
        return at.astimezone(_BEIJING).strftime(_SECONDS)

    zh, en = [], []
    if bound.not_before is not None:
        zh.append(f"不早于 {said(bound.not_before)}")
        en.append(f"not before {bound.not_before.strftime(_SECONDS)}Z")
    if bound.not_after is not None:
        zh.append(f"不晚于 {said(bound.not_after)}")
        en.append(f"not after {bound.not_after.strftime(_SECONDS)}Z")
    return "，".join(zh) + "（北京时间，第三方时间戳）", ", ".join(en) + " (third parties' time-stamps)"
