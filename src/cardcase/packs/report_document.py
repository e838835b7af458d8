"""What the template of the report shows, as plain data: everything is put into words here, nothing there."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final

from cardcase.evidence.rules import ItemState, images

from . import fonts
from .rules.bounding import Bounding
from .rules.dossier import Dossier, Exhibit, Need, Sheet
from .rules.letter import NONE_AGAINST, default_letter
from .rules.listing import WEIGHTS, Piece, by_key, labels_of, pieces
from .rules.visible import Coverage, make_visible, marks_in
from .rules.wording import moment

_SIDES: Final = {"买家": "buyer", "店铺": "seller", "系统": "system"}
_TALL: Final = 1.1
"""Pictures higher than this many times their width are held to a height instead of the full width."""

_MOST_PLACES: Final = 6


@dataclass(frozen=True, slots=True)
class Facts:
    """What the report says of its pack beside the case: ids, key, counts, its records and their bounds in time."""

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
    letter: str = ""
    bounding: Bounding = field(default_factory=Bounding)


def shown(told: dict[str, Any], covered: Coverage) -> dict[str, Any]:
    """Return a document as it is printed, and in it which characters stand there as marks, how often, and where."""
    printed: dict[str, Any] = visible(told, covered)
    places: dict[str, list[str]] = {}
    for text, place in _texts(printed, ""):
        for char in marks_in(text):
            places.setdefault(char, []).append(place)
    printed["marks"] = [
        {
            "mark": f"[U+{ord(char):04X}]",
            "name": unicodedata.name(char, "没有名称"),
            "times": len(places[char]),
            "where": _where(places[char]),
        }
        for char in sorted(places)
    ]
    return printed


def visible(value: Any, covered: Coverage) -> Any:
    """Make every text of a document visible."""
    if isinstance(value, str):
        return make_visible(value, covered)[0]
    if isinstance(value, dict):
        return {name: visible(one, covered) for name, one in value.items()}
    if isinstance(value, list):
        return [visible(one, covered) for one in value]
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


# ---- the document --------------------------------------------------------------------------------------------------


def document(
    dossier: Dossier, facts: Facts, font: fonts.Font, pictures: Mapping[str, images.Picture]
) -> dict[str, Any]:
    """Put a case into the words of its report. ``pictures`` are those among the files that can be printed."""
    known = by_key(dossier)
    return {
        "meta": _meta(dossier, facts, font),
        "story": list(dossier.story),
        "headline": [{"label": row.label, "value": row.value} for row in dossier.headline],
        "letter": (facts.letter or default_letter(dossier)).split("\n"),
        "list": [_piece(one) for one in pieces(dossier)],
        "needs": [_need(dossier, one) for one in dossier.needs],
        "clashes": list(dossier.clashes),
        "gaps": list(dossier.gaps),
        "against": _against(dossier),
        "none_against": NONE_AGAINST,
        "sheets": [_sheet(sheet, known.get(f"{sheet.key}-{place}")) for place, sheet in enumerate(dossier.sheets)],
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
        "covers": len(dossier.covers),
        "conversation_no": str(known["conversation"].no) if "conversation" in known else "",
        "exhibits": [_exhibit(one, known[one.public_id], facts, pictures) for one in dossier.exhibits],
        "policy": dossier.policy_text,
        "records": [{**one, "bounds": facts.bounding.said_of(one["seq"])} for one in facts.records],
        "fonts": [{"name": path.name, "sha256": fonts.sha256(path)} for path in font.files],
        "marks": [],
    }


def _meta(dossier: Dossier, facts: Facts, font: fonts.Font) -> dict[str, Any]:
    return {
        "title": f"售后证据包 {dossier.number}",
        "number": dossier.number,
        "shop": dossier.shop,
        "order_no": dossier.order_no,
        "claim": dossier.claim + (f"，要求退款 {dossier.asks}" if dossier.asks else ""),
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
        "time": facts.bounding.summary().zh,
        "is_timed": facts.bounding.is_timed,
        "typst": f"typst {version('typst')}，PDF/A-3u（由排版引擎声明）",
    }


def _piece(one: Piece) -> dict[str, str]:
    return {
        "no": str(one.no),
        "letter": one.letter,
        "key": one.key,
        "title": one.title,
        "source": one.source,
        "captured": one.captured,
        "purpose": one.purpose,
        "bearing": one.bearing,
        "summary": one.summary,
        "at": one.at,
        "against": "对店铺不利" if one.is_against_seller else "",
    }


def _need(dossier: Dossier, one: Need) -> dict[str, str]:
    return {
        "title": one.title,
        "weight": WEIGHTS.get(one.weight, ""),
        "state": one.state_title,
        "tone": {ItemState.HAVE.value: "good", ItemState.CONTRADICTS.value: "bad"}.get(one.state, "plain"),
        "why": one.why,
        "where": "、".join(labels_of(dossier, one.kind, one.exhibits)) if one.state != ItemState.MISSING.value else "",
    }


def _against(dossier: Dossier) -> list[str]:
    """List what speaks against the shop: it is kept and handed over like the rest."""
    listed = [f"{one.label} {one.title}：{one.purpose}" for one in pieces(dossier) if one.is_against_seller]
    return listed + [f"{one.title}：{one.why}" for one in dossier.needs if one.is_against_seller and not one.exhibits]


def _sheet(sheet: Sheet, piece: Piece | None) -> dict[str, Any]:
    rows = [{"label": row.label, "value": row.value} for row in sheet.rows]
    no, key = (str(piece.no), piece.key) if piece else ("", "")
    return {"no": no, "key": key, "title": sheet.title, "source": sheet.source, "rows": rows}


def _exhibit(one: Exhibit, piece: Piece, facts: Facts, pictures: Mapping[str, images.Picture]) -> dict[str, Any]:
    path = facts.paths.get(one.shown_sha256, "")
    picture = pictures.get(path)
    remarks = []
    if one.is_set_aside:
        why = f"：{one.set_aside_reason}" if one.set_aside_reason else ""
        remarks.append(f"此件已被店铺搁置，不作为其主张的依据{why}。")
    if one.is_against_seller:
        remarks.append("此件对店铺不利，依法一并提交。")
    if one.covered is not None:
        places = f"遮盖 {one.covered.places} 处" if one.covered.places else "去掉了图片以外的信息"
        remarks.append(
            f"这是遮盖件：{places}（{one.covered.reason}），{one.covered.by} 于 {moment(one.covered.at)} 制作。"
            "原件另存，未放入本包；记录中有原件的承诺值，可以要求当面揭示。"
        )
    if one.shown_sha256 in facts.withheld:
        remarks.append("原件含有卡密或第三方资料，未放入本包；记录中留有承诺值。")
    elif path and picture is None:
        remarks.append("原件不是可印出的图片，见包内文件。")
    captured = [
        {"label": "证明", "value": f"{piece.purpose}\n{piece.bearing}"},
        {"label": "取得", "value": f"{one.how}\n{one.captured_by}，{moment(one.captured_at)}"},
    ]
    return {
        "no": str(piece.no),
        "letter": piece.letter,
        "key": piece.key,
        "title": one.title,
        "party": one.party,
        "facts": [*({"label": row.label, "value": row.value} for row in one.facts), *captured],
        "picture": path if picture else "",
        "wide": picture is not None and picture.height <= picture.width * _TALL,
        "file": path,
        "remark": "".join(remarks),
    }
