"""Set the report of a pack as PDF/A-3u with Typst. The text goes in as data; the same data give the same bytes."""

import json
import tempfile
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import typst

from cardcase.kit.errors import Problem
from cardcase.kit.text import Text

from . import fonts
from .rules import catalogues, images
from .rules.dossier import Dossier, Exhibit, Sheet
from .rules.visible import make_visible, marks_in
from .rules.wording import moment

TEMPLATE: Final = Path(__file__).parent / "data" / "report.typ"
STANDARD: Final = "a-3u"
"""PDF/A-3u: fonts inside, every character with its Unicode. No validator is at hand here: it is the engine's claim."""

_SIDES: Final = {"买家": "buyer", "店铺": "seller", "系统": "system"}
_NOT_EVIDENCE: Final = frozenset({"deadlines", "remedies"})
_TALL: Final = 1.1  # pictures higher than this many times their width are held to a height instead of the full width


_MOST_PLACES: Final = 6


class ReportFailed(Problem):
    """The report could not be set. Nothing was sealed."""

    code = "report_failed"
    status = 500


@dataclass(frozen=True, slots=True)
class Facts:
    """What the report says of its pack beside the case: ids, key, counts, the records that are in it."""

    pack: str
    made_at: datetime
    tool: str
    vkey: str
    fingerprint: str
    origin: str
    log_size: int
    records_sha256: str
    counts: Mapping[str, int]
    records: Sequence[Mapping[str, Any]]
    paths: Mapping[str, str]
    withheld: frozenset[str]


def make(dossier: Dossier, facts: Facts, files: Mapping[str, bytes]) -> bytes:
    """Set the report. ``files`` are the originals in the pack by path. Raises NoFont, ReportFailed."""
    font = fonts.require_cjk_font()
    pictures = _pictures(files)
    try:
        return _compile(_shown(dossier, facts, font, pictures), font, files, facts.made_at)
    except typst.TypstError as error:
        broken = _unprintable(font, pictures, files)
        if not broken:
            raise ReportFailed(
                "报告排版失败", "The report could not be set", next=Text(str(error)[:300], str(error)[:300])
            ) from error
    kept = {path: picture for path, picture in pictures.items() if path not in broken}
    return _compile(_shown(dossier, facts, font, kept), font, files, facts.made_at)


def _pictures(files: Mapping[str, bytes]) -> dict[str, images.Picture]:
    found = {path: images.look(data) for path, data in files.items()}
    return {path: picture for path, picture in found.items() if picture and picture.is_printable}


def _compile(document: Mapping[str, Any], font: fonts.Font, files: Mapping[str, bytes], at: datetime) -> bytes:
    wanted = {one["picture"] for one in document["exhibits"] if one["picture"]}
    with tempfile.TemporaryDirectory(prefix="cardcase-report-") as folder:
        root = Path(folder)
        (root / "report.typ").write_bytes(TEMPLATE.read_bytes())
        for path in wanted:
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_bytes(files[path])
        compiler = _compiler(root / "report.typ", root, font, json.dumps(document, ensure_ascii=False))
        return bytes(compiler.compile(format="pdf", pdf_standards=[STANDARD], timestamp=int(at.timestamp())))


def _compiler(source: Path, root: Path, font: fonts.Font, data: str) -> Any:
    # Only the fonts named here: the same text must not come out differently because a machine has more of them.
    book = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=sorted({str(path.parent) for path in font.files}),
    )
    return typst.Compiler(
        str(source), root=str(root), font_paths=book, ignore_system_fonts=True, sys_inputs={"data": data}
    )


def _unprintable(
    font: fonts.Font, pictures: Mapping[str, images.Picture], files: Mapping[str, bytes]
) -> frozenset[str]:
    """Find the pictures that the typesetter cannot read, one by one: damaged ones stay in the pack, unprinted."""
    broken = set()
    with tempfile.TemporaryDirectory(prefix="cardcase-report-") as folder:
        for path, picture in pictures.items():
            name = f"one.{picture.ending}"
            (Path(folder) / name).write_bytes(files[path])
            source = Path(folder) / "one.typ"
            source.write_text(f'#image("{name}", alt: "x")', "utf-8")
            try:
                _compiler(source, Path(folder), font, "").compile(format="pdf")
            except typst.TypstError:
                broken.add(path)
    return frozenset(broken)


def _shown(dossier: Dossier, facts: Facts, font: fonts.Font, pictures: Mapping[str, images.Picture]) -> dict[str, Any]:
    """Return the document as it is printed, and in it which characters stand there as marks, how often, and where."""
    covered = fonts.coverage(font.regular)
    shown = _visible(_document(dossier, facts, font, pictures), covered)
    places: dict[str, list[str]] = {}
    for text, place in _texts(shown, ""):
        for char in marks_in(text):
            places.setdefault(char, []).append(place)
    shown["marks"] = [
        {
            "mark": f"[U+{ord(char):04X}]",
            "name": unicodedata.name(char, "没有名称"),
            "times": len(places[char]),
            "where": _where(places[char]),
        }
        for char in sorted(places)
    ]
    return shown


def _visible(value: Any, covered: Container[int]) -> Any:
    """Make every text of a document visible."""
    if isinstance(value, str):
        return make_visible(value, covered)[0]
    if isinstance(value, dict):
        return {name: _visible(one, covered) for name, one in value.items()}
    if isinstance(value, list):
        return [_visible(one, covered) for one in value]
    return value


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Go through all texts of a document, each with the message or exhibit that it stands in, or nothing."""
    if isinstance(value, str):
        yield value, place
    elif isinstance(value, dict):
        here = f"会话 {value['n']}" if "speaker" in value else place
        for one in value.values():
            yield from _texts(one, here)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, place)


def _where(places: Sequence[str]) -> str:
    """Name the first messages that hold a mark; what stands outside the conversation is called so."""
    named = list(dict.fromkeys(place or "其他部分" for place in places))
    return "、".join(named[:_MOST_PLACES]) + (f" 等 {len(named)} 处" if len(named) > _MOST_PLACES else "")


# ---- what the template shows ---------------------------------------------------------------------------------------


def _document(
    dossier: Dossier, facts: Facts, font: fonts.Font, pictures: Mapping[str, images.Picture]
) -> dict[str, Any]:
    numbers = iter(range(1, 10_000))
    sheets = [(sheet, "" if sheet.key in _NOT_EVIDENCE else str(next(numbers))) for sheet in dossier.sheets]
    talk = str(next(numbers)) if dossier.conversation else ""
    exhibits = [(one, str(next(numbers))) for one in dossier.exhibits]
    listed = [_sheet_line(sheet, number) for sheet, number in sheets if number]
    if talk:
        listed.append(_talk_line(dossier, talk))
    listed += [_exhibit_line(one, number) for one, number in exhibits]
    return {
        "meta": _meta(dossier, facts, font),
        "story": list(dossier.story),
        "headline": [{"label": row.label, "value": row.value} for row in dossier.headline],
        "list": listed,
        "sheets": [_sheet(sheet, number) for sheet, number in sheets],
        "happenings": [{"at": moment(one.at), "text": one.text, "source": one.source} for one in dossier.happenings],
        "conversation": [
            {
                "n": one.number,
                "at": moment(one.at) if one.at else "时间不明",
                "speaker": one.speaker,
                "side": _SIDES.get(one.speaker, "unknown"),
                "name": one.name,
                "text": one.text,
                "kind": one.kind,
            }
            for one in dossier.conversation
        ],
        "conversation_no": talk,
        "exhibits": [_exhibit(one, number, facts, pictures) for one, number in exhibits],
        "policy": dossier.policy_text,
        "records": list(facts.records),
        "fonts": [{"name": path.name, "sha256": fonts.sha256(path)} for path in font.files],
        "marks": [],
    }


def _meta(dossier: Dossier, facts: Facts, font: fonts.Font) -> dict[str, Any]:
    return {
        "title": f"售后证据包 {dossier.number}",
        "number": dossier.number,
        "shop": dossier.shop,
        "order_no": dossier.order_no,
        "family": font.family,
        "pack": facts.pack,
        "made_at": moment(facts.made_at),
        "tool": facts.tool,
        "vkey": facts.vkey,
        "fingerprint": facts.fingerprint,
        "origin": facts.origin,
        "log_size": facts.log_size,
        "records_sha256": facts.records_sha256,
        "counts": dict(facts.counts),
        "typst": f"typst {version('typst')}，PDF/A-3u（由排版引擎声明）",
    }


def _sheet(sheet: Sheet, number: str) -> dict[str, Any]:
    rows = [{"label": row.label, "value": row.value} for row in sheet.rows]
    return {"no": number, "title": sheet.title, "source": sheet.source, "rows": rows}


def _sheet_line(sheet: Sheet, number: str) -> dict[str, str]:
    summary = "\n".join(f"{row.label}：{row.value}" for row in sheet.rows[:3])
    at = moment(sheet.at) if sheet.at else ""
    purpose = catalogues.purpose(sheet.key).zh
    return {
        "no": number,
        "title": sheet.title,
        "source": sheet.source,
        "purpose": purpose,
        "summary": summary,
        "at": at,
    }


def _talk_line(dossier: Dossier, number: str) -> dict[str, str]:
    times = [one.at for one in dossier.conversation if one.at]
    summary = f"共 {len(dossier.conversation)} 条" + (f"，至 {moment(max(times))}" if times else "")
    at = moment(min(times)) if times else ""
    purpose = catalogues.purpose("conversation").zh
    return {"no": number, "title": "会话记录", "source": "渠道会话", "purpose": purpose, "summary": summary, "at": at}


def _exhibit_line(one: Exhibit, number: str) -> dict[str, str]:
    summary = "；".join(f"{row.label}：{row.value}" for row in one.facts[:3])
    if one.sha256:
        summary = f"{summary}\n原件 {one.sha256[:12]}…" if summary else f"原件 {one.sha256[:12]}…"
    at, purpose = moment(one.captured_at), catalogues.purpose(one.kind).zh
    return {"no": number, "title": one.title, "source": one.party, "purpose": purpose, "summary": summary, "at": at}


def _exhibit(one: Exhibit, number: str, facts: Facts, pictures: Mapping[str, images.Picture]) -> dict[str, Any]:
    path = facts.paths.get(one.sha256, "")
    picture = pictures.get(path)
    remarks = []
    if one.is_set_aside:
        remarks.append("此件已被店铺搁置，不作为其主张的依据。")
    if one.is_against_seller:
        remarks.append("此件对店铺不利，依法一并提交。")
    if one.sha256 in facts.withheld:
        remarks.append("原件含有卡密，未放入本包；记录中留有承诺值。")
    elif path and picture is None:
        remarks.append("原件不是可印出的图片，见包内文件。")
    captured = [{"label": "收存", "value": f"{moment(one.captured_at)}，{one.captured_by}"}]
    return {
        "no": number,
        "title": one.title,
        "party": one.party,
        "facts": [*({"label": row.label, "value": row.value} for row in one.facts), *captured],
        "picture": path if picture else "",
        "wide": picture is not None and picture.height <= picture.width * _TALL,
        "file": path,
        "remark": "".join(remarks),
    }
