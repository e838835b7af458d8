"""The list of evidence: every piece with its number, its letter, what it proves and against which claim.

Numbers (证据 1, 2 …) count all pieces in the order of the report; letters (附件 A, B …) only those that have a file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from . import catalogues
from .dossier import Dossier, Exhibit, Sheet
from .wording import moment

WEIGHTS: Final = {
    "decisive": "直接针对",
    "supports": "佐证",
    "ask_decisive": "直接针对（由买家一方提供）",
    "ask_supports": "佐证（由买家一方提供）",
}
"""How a piece bears on the buyer's claim, by its weight in the evidence matrix."""

NOT_EVIDENCE: Final = frozenset({"deadlines", "remedies"})
"""Sheets that tell the reader something but prove nothing."""

_SHEET_KINDS: Final = {"delivery": "E5", "conversation": "E6", "policy": "E9", "order": "E8"}
"""The kind of the matrix whose weight a piece made of the records has."""

FROM_RECORDS: Final = {
    "E1": "delivery", "E2": "delivery", "E3": "delivery", "E5": "delivery", "E6": "conversation", "E7": "conversation",
    "E8": "order", "E9": "conversation", "E16": "delivery", "E22": "refund",
}  # fmt: skip
"""The piece in which a reader finds what the records themselves hold of a kind."""

_LETTERS: Final = 26


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of the list. ``key`` is a sheet's key with its place, ``talk``, or an exhibit's public id."""

    no: int
    letter: str
    key: str
    title: str
    source: str
    purpose: str
    bearing: str
    captured: str
    summary: str
    at: str
    is_against_seller: bool = False

    @property
    def label(self) -> str:
        """What the piece is called in text: 证据 6（附件 B）."""
        return f"证据 {self.no}（附件 {self.letter}）" if self.letter else f"证据 {self.no}"


def letter(place: int) -> str:
    """Name the place of a file, from 0: A to Z, then AA, AB and so on."""
    name = ""
    while place >= 0:
        name = chr(ord("A") + place % _LETTERS) + name
        place = place // _LETTERS - 1
    return name


def pieces(told: Dossier) -> tuple[Piece, ...]:
    """List the evidence of a case in the order of its report."""
    return tuple(_pieces(told))


def _pieces(told: Dossier) -> Iterator[Piece]:
    numbers, files = count(1), count(0)
    weights = {one.kind: one.weight for one in told.needs}
    for place, sheet in enumerate(told.sheets):
        if sheet.key not in NOT_EVIDENCE:
            yield _of_sheet(told, sheet, f"{sheet.key}-{place}", next(numbers), weights)
    if told.conversation:
        yield _of_talk(told, next(numbers), weights)
    for one in told.exhibits:
        yield _of_exhibit(told, one, next(numbers), letter(next(files)) if one.sha256 else "")


def by_key(told: Dossier) -> dict[str, Piece]:
    """Return the pieces by key; the pieces of the records are found by the bare key of their first sheet too."""
    found: dict[str, Piece] = {}
    for piece in pieces(told):
        found[piece.key] = piece
        found.setdefault(piece.key.partition("-")[0], piece)
    return found


def labels_of(told: Dossier, kind: str, exhibits: tuple[str, ...]) -> list[str]:
    """Name the pieces in which a kind of the matrix is found: exhibits, else the piece of the records that shows it."""
    known = by_key(told)
    keys = [key for key in exhibits if key in known] or [FROM_RECORDS.get(kind, "")]
    return [f"证据 {known[key].no}" for key in keys if key in known]


def _bearing(told: Dossier, weight: str) -> str:
    if weight not in WEIGHTS:
        return f"说明「{told.claim}」的背景"
    return f"{WEIGHTS[weight]}「{told.claim}」"


def _of_sheet(told: Dossier, sheet: Sheet, key: str, number: int, weights: dict[str, str]) -> Piece:
    return Piece(
        number,
        "",
        key,
        sheet.title,
        sheet.source,
        catalogues.purpose(sheet.key).zh,
        _bearing(told, weights.get(_SHEET_KINDS.get(sheet.key, ""), "")),
        "系统按渠道数据和店铺记录生成",
        "\n".join(f"{row.label}：{row.value}" for row in sheet.rows[:3]),
        moment(sheet.at) if sheet.at else "",
    )


def _of_talk(told: Dossier, number: int, weights: dict[str, str]) -> Piece:
    times = [one.at for one in told.conversation if one.at]
    return Piece(
        number,
        "",
        "conversation",
        "会话记录",
        "渠道会话",
        catalogues.purpose("conversation").zh,
        _bearing(told, weights.get(_SHEET_KINDS["conversation"], "")),
        "系统从渠道导入，逐条写入记录",
        f"共 {len(told.conversation)} 条" + (f"，至 {moment(max(times))}" if times else ""),
        moment(min(times)) if times else "",
    )


def _of_exhibit(told: Dossier, one: Exhibit, number: int, mark: str) -> Piece:
    summary = "；".join(f"{row.label}：{row.value}" for row in one.facts[:3])
    if one.shown_sha256:
        file = f"{'原件' if one.covered is None else '遮盖件'} {one.shown_sha256[:12]}…"
        summary = f"{summary}\n{file}" if summary else file
    return Piece(
        number,
        mark,
        one.public_id,
        one.title,
        one.party,
        catalogues.purpose(one.kind).zh,
        _bearing(told, one.weight),
        f"{one.how}，{one.captured_by}，{moment(one.captured_at)}",
        summary,
        moment(one.event_at or one.captured_at),
        one.is_against_seller,
    )
