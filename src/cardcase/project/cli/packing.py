"""What ``cardcase pack`` does: stage, preview, seal, list, download; by one call for the simple case."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cardcase.cases import queries as cases
from cardcase.evidence import service as covering
from cardcase.kit import clock
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text
from cardcase.packs import plain, sealed, service
from cardcase.packs.rules.leaks import Stops
from cardcase.packs.rules.sealing import Wanted
from cardcase.packs.service import Preview
from cardcase.staff.rules import Actor


@dataclass(frozen=True, slots=True)
class Chosen:
    """The options of the command."""

    has_target: bool
    looked: bool = False
    wants_preview: bool = False
    wants_list: bool = False
    recipient: str | None = None
    letter: Path | None = None
    seen: str = ""
    typed: str | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What came out: the document for programs, the lines for people, the bytes to be written."""

    document: Any
    lines: list[str] = field(default_factory=list)
    data: bytes | None = None


def run(actor: Actor, number: str, chosen: Chosen) -> Told:
    """Do what the options ask. Raises WrongUse when they ask for nothing, and what the services refuse."""
    at, case = clock.now(), cases.by_number(actor, number)
    if chosen.wants_list:
        found = [plain.version(case, one) for one in sealed.sealed(actor, case)]
        return Told({"packs": found}, [_line(one) for one in found])
    if chosen.version:
        one, data = sealed.sealed_bytes(actor, case, chosen.version)
        return Told(plain.version(case, one), [_line(plain.version(case, one))], data)
    if chosen.recipient is not None or chosen.letter is not None:
        letter = chosen.letter.read_text("utf-8") if chosen.letter else ""
        service.stage(actor, number, Wanted(chosen.recipient or "platform", letter), at=at)
    if chosen.looked:
        leaks = service.preview(actor, number, at=at).gathered.leaks
        waiting = [leak.exhibit for leak in leaks if leak.stops is Stops.UNTIL_LOOKED_AT]
        covering.confirm_looked(actor, number, waiting, at=at)
    if chosen.wants_preview:
        planned = service.preview(actor, number, at=at)
        return Told(plain.preview(planned), _preview(planned))
    if chosen.typed is not None:
        made = service.seal(actor, number, confirmation=chosen.typed, seen=chosen.seen, at=at)
        one, data = sealed.sealed_bytes(actor, case, made.public_id)
        return Told(plain.version(case, one), [_line(plain.version(case, one))], data)
    if not chosen.has_target:
        raise WrongUse(
            "要写到哪里？",
            "Where to?",
            next=Text(
                "加 -o 文件.zip；或 --preview、--list、--version N、--typed 封存证据包。",
                "Add -o FILE.zip; or --preview, --list, --version N, --typed 'seal the pack'.",
            ),
            code="no_target",
        )
    data = service.build(actor, number, at=at)
    return Told(plain.version(case, sealed.sealed(actor, case)[-1]), [], data)


def _line(one: dict[str, Any]) -> str:
    return f"{one['case']}-{one['version']}  {one['state']}  {one['sealed_at']}  {one['pack']}  {one['sha256'] or '–'}"


def _preview(planned: Preview) -> list[str]:
    told = plain.preview(planned)
    lines = [f"digest {told['digest']}", "", planned.letter, ""]
    lines += [f"证据 {one['no']} {one['letter']}  {one['title']}：{one['proves']}" for one in told["pieces"]]
    lines += [f"! {one['place']}：{one['zh']} / {one['en']}" for one in told["leaks"]]
    lines += [f"矛盾 / contradiction: {one}" for one in told["contradictions"]]
    lines += [f"缺口 / gap: {one}" for one in told["gaps"]]
    states = told["contents"]
    lines.append(f"公开 / opened {states.get('opened', 0)}，不公开 / withheld {states.get('withheld', 0)}")
    lines.append(f"可信时间 / trusted time: {told['time']['zh']} / {told['time']['en']}")
    lines.append("可以封存 / sealable" if told["is_sealable"] else "先看过图片 / look at the pictures first (--looked)")
    return lines
