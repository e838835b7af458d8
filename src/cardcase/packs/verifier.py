"""Check a pack with nothing but the pack: no database, no network, no Django, and no trust in what lies inside it.

Trust comes from the arguments that the caller brings. Without a key, the best that can be said is that the pack agrees
with itself; whose it is stays open. Usable as ``python -m cardcase.packs.verifier PACK --vkey KEY`` too.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, NoReturn

from cardcase.anchors.rules import policy as policies
from cardcase.custody.rules import note
from cardcase.custody.rules.report import Fault, Level
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from . import bag, check_stamps
from .archive import UnsafeArchive
from .checks import Checker, StampStep
from .findings import Findings, TooMuch
from .rules.trust import Trust

USAGE: Final = 64
"""Exit code of wrong arguments (EX_USAGE of sysexits.h): 2 already says something of the pack."""
_MOST_ROOTS: Final = 64
_MOST_ROOT_BYTES: Final = 1024 * 1024


class Verdict(StrEnum):
    """The one word on a pack."""

    VALID = "valid"
    BELOW_POLICY = "below_policy"
    TAMPERED = "tampered"
    MALFORMED = "malformed"
    INTERNAL = "internal"


EXIT: Final = {
    Verdict.VALID: 0,
    Verdict.TAMPERED: 1,
    Verdict.BELOW_POLICY: 2,
    Verdict.MALFORMED: 3,
    Verdict.INTERNAL: 4,
}
WORDS: Final = {
    Verdict.VALID: Text(
        "有效：包内每一项都对得上，也达到了您的要求。", "Valid: everything fits, and it is what you ask for."
    ),
    Verdict.BELOW_POLICY: Text(
        "前后一致，但没有达到您的要求，见下面标 ? 的各条。",
        "Everything fits together, but it is less than you ask for: see the lines marked ?.",
    ),
    Verdict.TAMPERED: Text("不完好：有被改动的痕迹。", "Tampered: something was changed after sealing."),
    Verdict.MALFORMED: Text("不是可以打开的证据包。", "Malformed: this is no pack that can be opened."),
    Verdict.INTERNAL: Text(
        "核对程序自身出错，对这个包没有结论。", "The checking program itself failed; nothing is said of the pack."
    ),
}
_ORDER: Final = (Level.FAULT, Level.WEAKNESS, Level.NOTE)
_MARKS: Final = {Level.FAULT: "!", Level.WEAKNESS: "?", Level.NOTE: "·"}

LIMITS: Final = (
    Text(
        "不证明记录在写下时属实；只证明写下后没有改动。",
        "It does not prove that the entries were true when written, only that they have not changed since.",
    ),
    Text(
        "没有您认可的第三方时间戳时，时间只出自导出方的时钟；先后次序由编号证明，与时钟无关。",
        "Without a time-stamp of a third party that you trust, times come from the exporter's own clock; the order is "
        "proved by the numbers.",
    ),
    Text(
        "不证明导出方没有另一份不同的记录；把校验点与对方早先发给别人的比对（--previous），或有独立见证人签名，才能看出。",
        "It does not prove that the exporter keeps no other record; compare the checkpoint with those given to others "
        "(--previous), or look for the cosignature of an independent witness.",
    ),
    Text(
        "只涵盖清单列出的对象；别处还有什么，这里看不出。",
        "It covers the listed subjects only; what exists elsewhere cannot be seen here.",
    ),
    Text(
        "PDF 是便于阅读的视图，由签名绑定字节，但未逐字与记录比对；图片里的文字也未检查。",
        "The PDF is a view for reading: its bytes are bound by the seal, but it was not compared with the records word "
        "by word; nor was the text inside pictures checked.",
    ),
)


class WrongArgument(WrongUse):
    """What the reader brings along cannot be read: a key, a policy, roots, an earlier checkpoint. Exit 64."""

    code = "wrong_argument"
    exit_code = USAGE


@dataclass(frozen=True, slots=True)
class Report:
    """What the check of a pack found: the verdict, every finding, and what the pack says it is."""

    verdict: Verdict
    findings: tuple[Fault, ...]
    facts: dict[str, str | int | bool] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """Exit code: 0 valid, 1 tampered, 2 valid but below the policy, 3 malformed or unsafe, 4 internal."""
        return EXIT[self.verdict]

    @property
    def is_intact(self) -> bool:
        """Tell whether the pack was checked to its end and nothing was found that breaks the proof."""
        return self.verdict in (Verdict.VALID, Verdict.BELOW_POLICY)

    def document(self) -> dict[str, object]:
        """Return the report for programs."""
        return {
            "verdict": self.verdict.value,
            "exit_code": self.exit_code,
            "facts": dict(self.facts),
            "findings": [
                {"level": one.level.value, "code": one.code, "place": one.place, "zh": one.text.zh, "en": one.text.en}
                for one in self.findings
            ],
            "does_not_prove": [{"zh": one.zh, "en": one.en} for one in LIMITS],
        }

    def as_text(self) -> str:
        """Return the report for people, in both languages, ending with what it does not prove."""
        words = WORDS[self.verdict]
        lines = [f"{words.zh} / {words.en}"]
        lines += [f"  {name}: {value}" for name, value in self.facts.items()]
        for one in self.findings:
            lines += [f"{_MARKS[one.level]} [{one.code}] {one.place}", f"    {one.text.zh}", f"    {one.text.en}"]
        lines.append("不能证明 / What this does not prove:")
        for limit in LIMITS:
            lines += [f"  - {limit.zh}", f"    {limit.en}"]
        return "\n".join(lines)


# ---- what the reader brings ---------------------------------------------------------------------------------------


def trust_of(
    *,
    vkey: str | None = None,
    policy: Path | None = None,
    tsa_roots: Path | None = None,
    previous: Path | None = None,
) -> Trust:
    """Read the reader's arguments. Raises WrongArgument naming the one that cannot be used."""
    return trust_from(
        vkey=vkey or "",
        policy=_words(policy, policies.MOST_BYTES) if policy else "",
        roots=_roots(tsa_roots) if tsa_roots else (),
        previous=_words(previous, note.MAX_NOTE_BYTES) if previous else "",
    )


def trust_from(*, vkey: str = "", policy: str = "", roots: tuple[bytes, ...] = (), previous: str = "") -> Trust:
    """Read what the reader brings, given as texts. Raises WrongArgument naming the one that cannot be used."""
    return Trust(
        keys=(_key(vkey),) if vkey.strip() else (),
        policy=_policy(policy),
        roots=roots,
        previous=_note(previous) if previous.strip() else "",
    )


def _key(vkey: str) -> note.Verifier:
    try:
        return note.Verifier.parse(vkey)
    except ValueError as error:
        raise WrongArgument(
            "这不是验证公钥",
            "This is no verifier key",
            next=Text(
                "公钥形如 名称+8 位十六进制+base64，整行照抄。",
                "A key reads name+8 hex digits+base64; copy the whole line.",
            ),
            code="bad_vkey",
        ) from error


def _policy(text: str) -> policies.Policy:
    try:
        return policies.read(text.encode("utf-8", "surrogatepass"))
    except policies.BadPolicy as error:
        raise WrongArgument(
            f"核对要求第 {error.line} 行看不懂" if error.line else "核对要求看不懂",
            f"The policy cannot be read: {error}",
            next=Text("写法见手册“记录与证据包”。", "The handbook, page record-and-packs, says how it is written."),
            code="bad_policy",
        ) from error


def _note(text: str) -> str:
    whole = f"{text.strip()}\n"
    try:
        note.Checkpoint.parse(note.split(whole)[0])
    except ValueError as error:
        raise WrongArgument(
            "这不是校验点",
            "This is no checkpoint",
            next=Text(
                "整段照抄：三行文字、一个空行、签名行。", "Copy all of it: three lines, an empty one, the signatures."
            ),
            code="bad_previous",
        ) from error
    return whole


def _bytes(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise _unreadable(path, Text("读不了", "cannot be read")) from error
    if len(data) > most:
        raise _unreadable(path, Text("太大", "is too large"))
    return data


def _words(path: Path, most: int) -> str:
    try:
        return _bytes(path, most).decode()
    except UnicodeDecodeError as error:
        raise _unreadable(path, Text("不是 UTF-8 文本", "is no UTF-8 text")) from error


def _unreadable(path: Path, why: Text) -> WrongArgument:
    return WrongArgument(
        f"用不了 {path}：{why.zh}",
        f"{path} {why.en}",
        next=Text("检查路径和文件。", "Check the path and the file."),
        code="argument_unreadable",
    )


def _roots(folder: Path) -> tuple[bytes, ...]:
    files = sorted(one for one in folder.glob("*") if one.suffix.lower() in (".pem", ".crt", ".cer", ".der", ".crl"))
    if not files or len(files) > _MOST_ROOTS:
        raise WrongArgument(
            f"{folder} 里没有（或有太多）根证书",
            f"{folder} holds no root certificates, or too many",
            next=Text("放入 .pem、.crt、.cer 或 .der 文件。", "Put .pem, .crt, .cer or .der files there."),
            code="no_roots",
        )
    return tuple(_bytes(one, _MOST_ROOT_BYTES) for one in files)


# ---- the check ------------------------------------------------------------------------------------------------------


def verify(path: Path | str, *, vkey: str | None = None, trust: Trust | None = None) -> Report:
    """Check a pack, an archive or the folder that it was unpacked into. Never raises for what the pack holds.

    ``vkey`` is the signer's C2SP verifier key, had from anywhere but the pack; ``trust`` says more than that. Raises
    WrongArgument for a key that is none. Members are streamed: memory does not grow with the pack.
    """
    return check(Path(path), trust or trust_of(vkey=vkey), check_stamps.check)


def check(path: Path, trust: Trust, stamps: StampStep) -> Report:
    """Check a pack with a step of one's own for tokens and cosignatures."""
    try:
        opened = bag.open_bag(path)
    except UnsafeArchive as unsafe:
        return _malformed(unsafe)
    except Exception as error:  # noqa: BLE001 - whatever breaks here is our own fault, and not the pack's
        return _internal(error)
    checker = Checker(opened, trust, stamps)
    is_pack = True
    try:
        is_pack = checker.run()
    except UnsafeArchive as unsafe:
        return _malformed(unsafe, *checker.findings.all)
    except TooMuch:
        pass
    except Exception as error:  # noqa: BLE001 - as above
        return _internal(error)
    finally:
        opened.close()
    found = sorted(checker.findings.all, key=lambda one: _ORDER.index(one.level))  # what weighs most comes first
    return Report(_verdict(checker.findings, is_pack=is_pack), tuple(found), checker.facts)


def _verdict(findings: Findings, *, is_pack: bool) -> Verdict:
    if not is_pack:
        return Verdict.MALFORMED
    if findings.has_fault:
        return Verdict.TAMPERED
    is_weak = any(one.level is Level.WEAKNESS for one in findings.all)
    return Verdict.BELOW_POLICY if is_weak else Verdict.VALID


def _malformed(unsafe: UnsafeArchive, *before: Fault) -> Report:
    return Report(Verdict.MALFORMED, (*before, Fault(unsafe.code, unsafe.place, unsafe.text)))


def _internal(error: Exception) -> Report:
    kind = type(error).__name__
    fault = Fault(
        "internal",
        "verifier",
        Text(f"核对时出了意外（{kind}）；请报告这个问题", f"The check broke down ({kind}); please report it"),
    )
    return Report(Verdict.INTERNAL, (fault,))


# ---- as a program ---------------------------------------------------------------------------------------------------


class _Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the pack named on the command line and print the report; return the exit code."""
    parser = _Arguments(
        prog="cardcase-verify",
        description="离线核对证据包 / check an evidence pack offline. "
        "Exit: 0 valid, 1 tampered, 2 valid but below policy, 3 malformed or unsafe, 4 internal, 64 wrong use.",
    )
    parser.add_argument("pack", type=Path, help="ZIP 或已解开的目录 / ZIP file or unpacked folder")
    parser.add_argument("--vkey", help="对方公布的验证公钥 / the signer's published verifier key")
    parser.add_argument("--policy", type=Path, help="您的要求（文本文件） / what you ask for, a text file")
    parser.add_argument("--tsa-roots", type=Path, help="您认可的时间戳根证书目录 / folder of roots that you trust")
    parser.add_argument("--previous", type=Path, help="早先得到的校验点 / a checkpoint that you were given earlier")
    parser.add_argument("--json", action="store_true", help="只输出 JSON / print JSON and nothing else")
    told = parser.parse_args(arguments)
    try:
        trust = trust_of(vkey=told.vkey, policy=told.policy, tsa_roots=told.tsa_roots, previous=told.previous)
    except WrongUse as wrong:
        sys.stderr.write(f"{wrong}\n")
        return wrong.exit_code
    report = verify(told.pack, trust=trust)
    said = json.dumps(report.document(), ensure_ascii=False, indent=2) if told.json else report.as_text()
    sys.stdout.write(f"{said}\n")
    return report.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
