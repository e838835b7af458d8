"""The pages of suppliers."""

from collections.abc import Sequence

from django.urls import reverse

from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, EmptyState, Fact, Input, InputKind, Link, Notice, Pill, Tone
from cardcase.sourcing import pages
from cardcase.sourcing.queries import SupplierRow, SupplierView
from cardcase.sourcing.rules.suppliers import CHANNELS, ID_KINDS, KINDS, STATUSES
from cardcase.sourcing.service import Sealed
from cardcase.staff.rules import Actor, Permission

from . import papers
from .words import UNTOLD, choices, line, reason, select, word

PAPERS = ("authorisation", "contract", "id_check", "chat", "other")


def suppliers_page(actor: Actor, rows: Sequence[SupplierRow]) -> pages.Page:
    """Build the list of suppliers."""
    add = ActionForm(
        url=reverse("supplier-new"),
        button=say(Text("登记", "Register")),
        inputs=(line("name", Text("名称", "Name"), is_required=True), *_inputs(None)),
        opens=say(Text("登记货源方", "Register a supplier")),
        is_main=True,
    )
    return pages.Page(
        title=say(Text("货源方", "Suppliers")),
        back=Link(say(Text("批次与来源", "Batches and provenance")), reverse("cards-batches")),
        sections=(
            pages.Section(
                say(Text("货源方", "Suppliers")),
                note=say(
                    Text(
                        "证件号和联系方式加密保存，查看要写理由。",
                        "Numbers of identities and contacts are sealed; looking at them needs a reason.",
                    )
                ),
                rows=tuple(_row(row) for row in rows),
                acts=(add,) if actor.may(Permission.MANAGE_CARDS) else (),
                links=(
                    Link(say(Text("风险提示", "Risk flags")), reverse("flags")),
                    Link(say(Text("向货源方索赔", "Claims on suppliers")), reverse("claims")),
                ),
            ),
        ),
        empty=None
        if rows
        else EmptyState(
            say(Text("还没有货源方", "No supplier yet")),
            say(Text("登记货源方，存下授权书和单据。", "Register suppliers; keep authorisations and papers.")),
        ),
    )


NO_PAPERS = Text(
    "还没有单据。存下授权书、合同和身份核验，出争议时才说得清货从哪里来。",
    "No papers yet. Keep authorisations, contracts and identity checks: they show whence the goods came.",
)


def supplier_page(actor: Actor, view: SupplierView) -> pages.Page:
    """Build the page of one supplier."""
    facts = (
        Fact(
            say(Text("真实名称", "Legal name")),
            view.legal_name or say(UNTOLD),
            word(KINDS, view.kind) if view.legal_name else "",
        ),
        Fact(say(Text("渠道", "Channel")), word(CHANNELS, view.channel)),
        Fact(
            say(Text("证件", "Identity")),
            view.id_masked or say(UNTOLD),
            word(ID_KINDS, view.id_kind) if view.id_kind else "",
            Tone.GOOD if view.has_identity else Tone.WARN,
        ),
        Fact(say(Text("联系方式", "Contact")), say(Text("已存", "kept")) if view.has_contact else say(UNTOLD)),
        Fact(
            say(Text("索赔期限", "Claim window")),
            say(Text(f"{view.claim_days} 天", f"{view.claim_days} days"))
            if view.claim_days is not None
            else say(UNTOLD),
        ),
        Fact(say(Text("哪些情况赔", "What it covers")), view.claim_covers or say(UNTOLD)),
        Fact(say(Text("要交的证据", "Evidence it wants")), view.claim_evidence or say(UNTOLD)),
        *((Fact(say(Text("备注", "Note")), view.note),) if view.note else ()),
    )
    may = actor.may(Permission.MANAGE_CARDS)
    notices = []
    if view.alike:
        names = "、".join(view.alike)
        notices.append(Notice(Tone.WARN, say(Text(f"名称很像：{names}", f"Names that look alike: {names}"))))
    if view.status == "suspended":
        notices.append(Notice(Tone.BAD, say(Text(f"已停用：{view.status_reason}", f"Suspended: {view.status_reason}"))))
    return pages.Page(
        title=view.name,
        back=Link(say(Text("货源方", "Suppliers")), reverse("suppliers")),
        notices=tuple(notices),
        sections=(
            pages.Section(
                say(Text("是谁", "Who it is")),
                pill=_status(view.status),
                facts=facts,
                acts=tuple(_acts(actor, view)) if may else (),
            ),
            pages.Section(
                say(Text("单据", "Papers")),
                anchor="papers",
                note="" if view.papers else say(NO_PAPERS),
                rows=papers.rows(actor, view.papers),
                acts=(papers.add_form(reverse("supplier-act", args=[view.public_id, "paper"]), PAPERS),) if may else (),
            ),
            pages.Section(
                say(Text("批次", "Batches")),
                note="" if view.batches else say(Text("还没有从这里进的批次。", "No batch was bought from here yet.")),
                links=tuple(Link(name, reverse("batch", args=[batch_id])) for batch_id, name in view.batches),
            ),
        ),
    )


def details_page(view: SupplierView, sealed: Sealed) -> pages.Page:
    """Build the page that shows what is sealed, once. The record has it already."""
    return pages.Page(
        title=view.name,
        back=Link(view.name, reverse("supplier", args=[view.public_id])),
        sections=(
            pages.Section(
                say(Text("证件号和联系方式", "Identity and contact")),
                note=say(Text("这次查看已经记录。", "This look is in the record.")),
                facts=(
                    Fact(say(Text("证件号", "Number")), sealed.id_number or say(UNTOLD)),
                    Fact(say(Text("联系方式", "Contact")), sealed.contact or say(UNTOLD)),
                ),
            ),
        ),
    )


def _row(row: SupplierRow) -> pages.Row:
    told = [word(CHANNELS, row.channel), word(KINDS, row.kind)]
    small = say(
        Text(
            f"{row.batches} 个批次，{row.cards} 张卡，查验不可用 {row.failed}，追回 {yuan(row.recovered_fen)}",
            f"{row.batches} batches, {row.cards} cards, {row.failed} unusable, {yuan(row.recovered_fen)} recovered",
        )
    )
    missing = say(Text("没有登记身份", "identity not recorded"))
    pill = _status(row.status) if row.status == "suspended" else None if row.has_identity else Pill(missing, Tone.WARN)
    return pages.Row(row.name, " · ".join(told), (small,), (), pill, reverse("supplier", args=[row.public_id]))


def _status(status: str) -> Pill:
    return Pill(word(STATUSES, status), Tone.BAD if status == "suspended" else Tone.GOOD)


def _inputs(view: SupplierView | None) -> tuple[Input, ...]:
    keep = Text("不改", "as it is") if view else None
    days = str(view.claim_days) if view and view.claim_days is not None else ""
    sealed = say(Text("加密保存；留空不改", "sealed; empty leaves it"))
    return (
        select("channel", Text("渠道", "Channel"), choices(CHANNELS, view.channel if view else "unknown")),
        select("kind", Text("类型", "Kind"), choices(KINDS, view.kind if view else "unknown")),
        line("legal_name", Text("真实名称", "Legal name"), view.legal_name if view else "", most=200),
        select("id_kind", Text("证件类型", "Kind of identity"), choices(ID_KINDS, "", blank=keep or UNTOLD)),
        line("id_number", Text("证件号", "Number"), most=40, hint=sealed),
        line("contact", Text("联系方式", "Contact"), most=300, hint=sealed),
        Input("claim_days", say(Text("索赔天数", "Days to claim")), InputKind.NUMBER, value=days),
        line("claim_covers", Text("哪些情况赔", "What it covers"), view.claim_covers if view else "", most=300),
        line("claim_evidence", Text("要交的证据", "Evidence it wants"), view.claim_evidence if view else "", most=300),
        line("note", Text("备注", "Note"), view.note if view else "", most=300),
    )


def _acts(actor: Actor, view: SupplierView) -> list[ActionForm]:
    def url(act: str) -> str:
        return reverse("supplier-act", args=[view.public_id, act])

    acts = [
        ActionForm(
            url("change"),
            say(Text("保存", "Save")),
            _inputs(view),
            opens=say(Text("修改资料", "Change the details")),
        )
    ]
    if view.id_masked or view.has_contact:
        opens = say(Text("查看证件号和联系方式（会记录）", "Show number and contact (recorded)"))
        acts.append(ActionForm(url("details"), say(Text("查看", "Show")), (reason(),), opens=opens))
    if view.status == "active":
        opens = say(Text("停用这家货源方", "Suspend this supplier"))
        acts.append(ActionForm(url("suspend"), say(Text("停用", "Suspend")), (reason(),), opens=opens, is_danger=True))
    elif actor.may(Permission.MANAGE_SHOP):
        opens = say(Text("恢复这家货源方", "Reinstate this supplier"))
        acts.append(ActionForm(url("reinstate"), say(Text("恢复", "Reinstate")), (reason(),), opens=opens))
    return acts
