"""Finished sentences for what came in card files: kinds, doubles, what is odd. Never a code."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cardcase.cards.rules import WARNINGS, CardWarning, Outcome
from cardcase.intake import pages
from cardcase.kit.money import yuan


def account(document: Mapping[str, Any]) -> pages.CardAccount | None:
    """Build the account of an import's cards from what was kept of it; None when there were no cards."""
    if not document.get("kinds"):
        return None
    lang = get_language() or "zh-hans"
    outcomes = {
        Outcome.LOOKS_LIKE.value: _("格式相符"),
        Outcome.DOES_NOT_MATCH.value: _("格式不符"),
        Outcome.UNKNOWN.value: _("没有已知的格式"),
    }
    kinds = tuple(
        pages.CardKind(
            name=" ".join(part for part in (kind["brand"] or _("未写品牌"), kind["spec"]) if part),
            face=yuan(kind["face_fen"]) if kind["face_fen"] is not None else _("面值未知"),
            format=outcomes[kind["outcome"]],
            count=str(kind["count"]),
        )
        for kind in document["kinds"]
    )
    repeats = tuple(
        _("%(place)s 和 %(first)s 是同一张卡")
        % {"place": _place(line["file"], line["row"]), "first": _place(line["of_file"], line["of_row"])}
        for line in document["repeats"]
    )
    present = tuple(
        (
            _("%(place)s：卡库里已有（尾号 %(tail)s，批次“%(batch)s”），已售出")
            if line["is_sold"]
            else _("%(place)s：卡库里已有（尾号 %(tail)s，批次“%(batch)s”），未售出")
        )
        % {"place": _place(line["file"], line["row"]), "tail": line["tail4"] or "–", "batch": line["batch"] or "–"}
        for line in document["in_stock_rows"]
    )
    return pages.CardAccount(
        kinds=kinds,
        doubles=(*repeats, *present),
        doubles_head=_doubles(document["repeated"], document["in_stock"]),
        doubles_more=_more(document["repeated"] + document["in_stock"] - len(repeats) - len(present)),
        warnings=tuple(
            (WARNINGS[CardWarning(line["code"])].say(lang), _rows(line["count"], line["rows"]))
            for line in document["warnings"]
        ),
    )


def _place(file: str, row: int | None) -> str:
    return _("%(file)s 第 %(row)d 行") % {"file": file, "row": row} if row else file


def _doubles(repeated: int, present: int) -> str:
    if not repeated and not present:
        return ""
    return _("文件里重复 %(repeated)d 行 · 卡库里已有 %(present)d 行") % {"repeated": repeated, "present": present}


def _more(count: int) -> str:
    return _("另有 %d 行") % count if count > 0 else ""


def _rows(count: int, rows: list[int]) -> str:
    told = "、".join(map(str, rows)) if (get_language() or "").startswith("zh") else ", ".join(map(str, rows))
    if not told:
        return _("%d 张") % count
    if len(rows) < count:
        return _("%(count)d 张；先看第 %(rows)s 行") % {"count": count, "rows": told}
    return _("%(count)d 张：第 %(rows)s 行") % {"count": count, "rows": told}
