"""Papers as rows, and the form that adds one."""

from collections.abc import Iterable

from django.urls import reverse

from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Input, InputKind, Link, Pill, Tone
from cardcase.sourcing import pages
from cardcase.sourcing.queries import PaperView, SerialView
from cardcase.sourcing.rules.papers import DOCUMENT_KINDS
from cardcase.staff.rules import Actor, Permission

from .words import ACCEPT, choices, line, money, on_day, reason, select, word

_STATES = {
    "matched": Text("对上", "matched"),
    "missing": Text("库里没有", "not in the stock"),
    "elsewhere": Text("在别的批次", "in another batch"),
}
_SHOWN = 8
"""Rows of a list of serials that a page spells out; the differences come first."""


def rows(actor: Actor, papers: Iterable[PaperView]) -> tuple[pages.Row, ...]:
    """Show papers; those that count no more are marked so."""
    return tuple(_row(actor, paper) for paper in papers)


def add_form(url: str, kinds: Iterable[str]) -> ActionForm:
    """Make the form that adds a paper of one of some kinds."""
    known = {kind: DOCUMENT_KINDS[kind] for kind in kinds}
    return ActionForm(
        url=url,
        button=say(Text("存下单据", "Keep the paper")),
        inputs=(
            Input("file", say(Text("文件", "File")), InputKind.FILE, is_required=True, accept=ACCEPT),
            select("kind", Text("是什么", "What it is"), choices(known)),
            on_day("issued_on", Text("开具日期", "Issued on")),
            money("amount", Text("金额（元）", "Amount (yuan)")),
            line("counterparty", Text("对方", "Counterparty")),
            line(
                "number",
                Text("单据号码", "Its number"),
                most=60,
                hint=say(Text("只保存后四位", "only its last four stay")),
            ),
            *((on_day("valid_from", Text("授权从", "Valid from")),) if "authorisation" in known else ()),
            *((on_day("valid_until", Text("授权到", "Valid until")),) if "authorisation" in known else ()),
            line("note", Text("备注", "Note"), most=300),
        ),
        opens=say(Text("添加单据", "Add a paper")),
        has_files=True,
    )


def _row(actor: Actor, paper: PaperView) -> pages.Row:
    pill = None
    if paper.is_superseded:
        pill = Pill(say(Text("已作废", "superseded")), Tone.WARN)
    elif paper.has_code:
        pill = Pill(say(Text("含卡密，不能下载", "holds a code; not handed out")), Tone.WARN)
    facts = [
        paper.issued_on.isoformat() if paper.issued_on else "",
        yuan(paper.amount_fen) if paper.amount_fen is not None else "",
        paper.counterparty,
        paper.number_tail,
        f"{paper.valid_from or '…'} → {paper.valid_until or '…'}" if paper.valid_from or paper.valid_until else "",
        paper.note,
    ]
    small = [f"{paper.name} · {max(1, paper.size // 1024)} KB · {paper.added_by}"]
    if paper.superseded_reason:
        small.append(say(Text(f"作废原因：{paper.superseded_reason}", f"Superseded: {paper.superseded_reason}")))
    if paper.serials is not None:
        small += _serials(paper.serials)
    may_drop = actor.may(Permission.MANAGE_CARDS) and not paper.is_superseded
    return pages.Row(
        title=word(DOCUMENT_KINDS, paper.kind),
        text=" · ".join(fact for fact in facts if fact),
        small=tuple(small),
        pill=pill,
        links=(Link(say(Text("下载", "Download")), reverse("paper", args=[paper.public_id])),)
        if paper.may_fetch
        else (),
        acts=(
            ActionForm(
                url=reverse("paper-supersede", args=[paper.public_id]),
                button=say(Text("作废", "Supersede")),
                inputs=(reason(),),
                opens=say(Text("这份不算了", "This no longer counts")),
            ),
        )
        if may_drop
        else (),
    )


def _serials(found: SerialView) -> list[str]:
    told = [
        say(
            Text(
                f"对上 {found.matched}，清单有库里没有 {found.missing}，在别的批次 {found.elsewhere}，"
                f"库里有清单没有 {found.unlisted}",
                f"{found.matched} matched, {found.missing} not in the stock, {found.elsewhere} in another batch, "
                f"{found.unlisted} not on the list",
            )
        )
    ]
    odd = [row for row in found.rows if row["state"] != "matched"][:_SHOWN]
    if odd:
        told.append("；".join(f"{row['row']}: {row['shown']} {say(_STATES[row['state']])}" for row in odd))
    return told
