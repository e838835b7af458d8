"""The cover letter of a pack: what the dispute is, what answers it, what speaks against the shop, what is missing.

It says nothing that is not on file, and claims no more than the evidence matrix does. A person may word it anew.
"""

from collections.abc import Iterator
from typing import Final

from cardcase.evidence.rules import ItemState

from .dossier import Dossier, Need
from .listing import labels_of, pieces

RECIPIENTS: Final = {
    "platform": "交易平台纠纷处理人员",
    "mediator": "调解人员",
    "court": "人民法院",
    "buyer": "买家",
}
"""Whom a pack may be made for."""

LETTER_MAX: Final = 2000
"""Characters of a cover letter that a person words: it must fit on one page. Judgement."""


def default_letter(told: Dossier, recipient: str = "platform") -> str:
    """Write the cover letter, one paragraph a line."""
    return "\n".join(_paragraphs(told, recipient))


def _paragraphs(told: Dossier, recipient: str) -> Iterator[str]:
    yield f"致：{RECIPIENTS[recipient]}"
    asks = f"，要求退款 {told.asks}" if told.asks else ""
    yield f"就订单 {told.order_no} 的售后争议（售后单 {told.number}），现提交证据 {len(pieces(told))} 项。"
    yield f"买家主张：{told.claim}{asks}。"
    held = [one for one in told.needs if one.state == ItemState.HAVE.value and not one.is_against_seller]
    strong = [one for one in held if "decisive" in one.weight]
    if strong:
        yield f"直接针对这一主张的：{_named(told, strong)}。"
    if weak := [one for one in held if one not in strong]:
        yield f"佐证：{_named(told, weak)}。"
    if not held:
        yield "能直接回应这一主张的证据目前没有。"
    yield _against(told)
    open_ends = [*told.clashes, *told.gaps]
    if open_ends:
        yield "矛盾与缺口如实列明，见“证据要求对照”一节。"
    yield "证据目录见前，每条记录均可按附录独立核对；卡密已遮蔽，有异议的内容可以要求当面揭示。"


def _named(told: Dossier, needs: list[Need]) -> str:
    parts = []
    for one in needs:
        labels = "、".join(labels_of(told, one.kind, one.exhibits))
        parts.append(f"{one.title}（{labels}）" if labels else one.title)
    return "；".join(parts)


NONE_AGAINST: Final = "登记时没有一项材料被标为对店铺不利；截图、照片和文件里显示的内容没有逐件判断利弊，请看原件。"
"""What is known when nothing is marked: marks come from people and our own records, not from looking at pictures."""


def _against(told: Dossier) -> str:
    by_piece = [f"{one.title}（{one.label}）" for one in pieces(told) if one.is_against_seller]
    by_need = [one.title for one in told.needs if one.is_against_seller and not one.exhibits]
    if found := [*by_piece, *by_need]:
        return f"对店铺不利的材料也一并提交，未作删减：{'；'.join(found)}。"
    return NONE_AGAINST
