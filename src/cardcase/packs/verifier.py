"""Check a pack with nothing but the pack: no database, no network, no Django, and no trust in what lies inside it.

Trust comes from the verifier key that the caller brings. Without one, the best that can be said is that the pack
agrees with itself; whose it is stays open. Usable as ``python -m cardcase.packs.verifier PACK [VKEY]`` too.
"""

import sys
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from cardcase.custody.rules import note
from cardcase.custody.rules.report import Fault, Level
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from . import archive
from .checks import Checker


class Verdict(StrEnum):
    """The one word on a pack. Exit codes: intact 0, tampered 1, malformed 3."""

    INTACT = "intact"
    TAMPERED = "tampered"
    MALFORMED = "malformed"


_EXIT = {Verdict.INTACT: 0, Verdict.TAMPERED: 1, Verdict.MALFORMED: 3}
_WORDS = {
    Verdict.INTACT: Text("完好：包内每一项都对得上。", "Intact: everything in the pack fits together."),
    Verdict.TAMPERED: Text("不完好：有被改动的痕迹。", "Tampered: something was changed after sealing."),
    Verdict.MALFORMED: Text("不是可以打开的证据包。", "Malformed: this is no pack that can be opened."),
}

LIMITS = (
    Text(
        "不证明记录在写下时属实；只证明写下后没有改动。",
        "It does not prove that the entries were true when written, only that they have not changed since.",
    ),
    Text(
        "时间出自导出方的时钟，没有第三方时间戳；先后次序由编号证明，与时钟无关。",
        "Times come from the exporter's own clock, without a third party's stamp; the order is proved by the numbers.",
    ),
    Text(
        "不证明导出方没有另一份不同的记录；把校验点与对方早先发给别人的比对，才能看出。",
        "It does not prove that the exporter keeps no other record; compare the checkpoint with those given to others.",
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


@dataclass(frozen=True, slots=True)
class Report:
    """What the check of a pack found: the verdict, every finding, and what the pack says it is."""

    verdict: Verdict
    findings: tuple[Fault, ...]
    facts: dict[str, str | int | bool] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """Exit code for the command line: 0 intact, 1 tampered, 3 malformed or unsafe."""
        return _EXIT[self.verdict]

    @property
    def is_intact(self) -> bool:
        """Tell whether nothing was found that breaks the proof."""
        return self.verdict is Verdict.INTACT

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
        words = _WORDS[self.verdict]
        lines = [f"{words.zh} / {words.en}"]
        lines += [f"  {name}: {value}" for name, value in self.facts.items()]
        for one in self.findings:
            mark = "!" if one.level is Level.FAULT else "·"
            lines += [f"{mark} [{one.code}] {one.place}", f"    {one.text.zh}", f"    {one.text.en}"]
        lines.append("不能证明 / What this does not prove:")
        for limit in LIMITS:
            lines += [f"  - {limit.zh}", f"    {limit.en}"]
        return "\n".join(lines)


def verify(path: Path | str, *, vkey: str | None = None) -> Report:
    """Check a pack. Never raises for what the pack holds; raises WrongUse for a verifier key that is none.

    ``vkey`` is the signer's C2SP verifier key, had from anywhere but the pack. Memory stays under about three times
    the largest member; an archive over its caps is refused unread.
    """
    try:
        trusted = note.Verifier.parse(vkey) if vkey else None
    except note.BadNote as error:
        raise WrongUse(
            "这不是验证公钥",
            "This is no verifier key",
            next=Text(
                "公钥形如 名称+8 位十六进制+base64，整行照抄。",
                "A key reads name+8 hex digits+base64; copy the whole line.",
            ),
            code="bad_vkey",
        ) from error
    try:
        opened = archive.open_archive(Path(path))
    except archive.UnsafeArchive as unsafe:
        return _malformed(unsafe)
    except OSError:
        return _malformed(archive.UnsafeArchive("unreadable", Path(path).name, "文件读不了", "The file cannot be read"))
    checker = Checker(opened, trusted)
    try:
        is_pack = checker.run()
    except archive.UnsafeArchive as unsafe:
        return _malformed(unsafe, *checker.findings)
    finally:
        opened.close()
    if not is_pack:
        verdict = Verdict.MALFORMED
    else:
        is_bad = any(one.level is Level.FAULT for one in checker.findings)
        verdict = Verdict.TAMPERED if is_bad else Verdict.INTACT
    return Report(verdict, tuple(checker.findings), checker.facts)


def _malformed(unsafe: archive.UnsafeArchive, *before: Fault) -> Report:
    return Report(Verdict.MALFORMED, (*before, Fault(unsafe.code, unsafe.place, unsafe.text)))


def main(arguments: list[str]) -> int:
    """Check the pack named on the command line and print the report; return the exit code."""
    if len(arguments) not in (1, 2):
        sys.stderr.write("usage: python -m cardcase.packs.verifier PACK.zip [VKEY]\n")
        return 2
    try:
        report = verify(arguments[0], vkey=arguments[1] if len(arguments) > 1 else None)
    except WrongUse as wrong:
        sys.stderr.write(f"{wrong}\n")
        return wrong.exit_code
    sys.stdout.write(report.as_text() + "\n")
    return report.exit_code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
