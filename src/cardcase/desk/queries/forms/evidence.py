"""Forms about evidence: ask for it, add it, pack it."""

from django.urls import reverse

from cardcase.cases.models import Case
from cardcase.cases.rules import Event
from cardcase.desk.queries.view import CaseView
from cardcase.evidence.rules import PARTY_TITLES, Item, ItemState, spoken
from cardcase.kit.text import Text
from cardcase.remedies import rules as remedies
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Input, InputKind, Link
from cardcase.staff.rules import Actor, Permission

from . import base

ASKED = ("buyer", "issuer", "supplier", "platform", "carrier", "seller")
"""Everybody of whom evidence can be asked, ourselves among them."""


def ask(view: CaseView, item: Item) -> ActionForm | None:
    """Record that one piece of evidence was asked for."""
    to = item.party
    if item.state is not ItemState.ASK or to not in ASKED:
        return None
    if to == "buyer" and not view.may(Event.EVIDENCE_ASKED):
        return None
    return ActionForm(
        url=base.url(view.case, "ask"),
        button=say(Text("记为已索要", "Mark as asked for")),
        hidden=base.hidden(view.case, ("kinds", item.kind), ("to", to)),
    )


def upload(actor: Actor, view: CaseView) -> ActionForm | None:
    """Add an exhibit: a picture or a PDF, with what it shows."""
    if not actor.may(Permission.WORK):
        return None
    kinds = tuple(Choice(item.kind, say(item.title)) for item in view.items)
    usable = (
        Choice("", say(Text("看不出", "cannot tell")), is_chosen=True),
        Choice("yes", say(Text("卡能用", "card usable"))),
        Choice("no", say(Text("卡不能用", "card unusable"))),
    )
    return ActionForm(
        url=base.url(view.case, "evidence"),
        button=say(Text("存为证据", "Keep as evidence")),
        inputs=(
            Input("kind", say(Text("这是什么", "What it is")), InputKind.SELECT, choices=kinds, is_required=True),
            Input(
                "files",
                say(Text("图片、PDF 或邮件原件（.eml）", "Pictures, PDF or mails (.eml)")),
                InputKind.FILE,
                accept="image/png,image/jpeg,image/webp,application/pdf,message/rfc822,.eml",
            ),
            Input("title", say(Text("标题", "Title")), InputKind.TEXT, max_length=200),
            Input(
                "usable",
                say(Text("它说明卡能不能用", "Does it show whether the card works")),
                InputKind.SELECT,
                choices=usable,
            ),
            Input("balance", say(Text("它显示的余额（元）", "Balance it shows (yuan)")), InputKind.MONEY),
            Input("redeemed_at", say(Text("它显示的兑换时间", "When it says the card was redeemed")), InputKind.MOMENT),
            Input("order_no", say(Text("它显示的订单号", "Order number it shows")), InputKind.TEXT, max_length=30),
            Input(
                "tail4", say(Text("它显示的卡密后四位", "Last four of the code it shows")), InputKind.TEXT, max_length=4
            ),
        ),
        hidden=base.hidden(view.case),
        opens=say(Text("添加证据", "Add evidence")),
        has_files=True,
    )


def call(actor: Actor, view: CaseView) -> ActionForm | None:
    """Note a phone call or a spoken agreement while it is fresh."""
    if not actor.may(Permission.WORK):
        return None
    parties = [(party, PARTY_TITLES[party]) for party in ("buyer", "platform", "issuer", "supplier", "carrier")]
    return ActionForm(
        url=base.url(view.case, "call"),
        button=say(Text("记下", "Note it")),
        inputs=(
            base.select("party", Text("和谁说的", "With whom"), *parties),
            base.select("how", Text("怎么说的", "How"), *spoken.HOW_TITLES.items()),
            base.moment("at", Text("什么时候", "When"), is_required=True),
            base.words("said", Text("说了什么", "What was said"), spoken.MOST_SAID),
            base.text("agreed", Text("约定了什么（没有就空着）", "What was agreed, if anything"), 500),
            base.text("witness", Text("还有谁在场（没有就空着）", "Who else heard it, if anybody"), 120),
            Input(
                "files",
                say(Text("录音（有就附上）", "Recording, if there is one")),
                InputKind.FILE,
                accept="audio/*",
                is_single=True,
            ),
            base.tick("against", Text("对店铺不利，也要留着", "It speaks against the shop; it is kept all the same")),
        ),
        hidden=base.hidden(view.case),
        opens=say(Text("记一通电话或口头约定", "Note a call or a spoken agreement")),
        has_files=True,
    )


def pack(actor: Actor, case: Case) -> tuple[Link, ...]:
    """Lead to the packs of a case, its evidence and the platform's refuse form."""
    if not actor.may(Permission.EXPORT):
        return ()
    ways = (
        ("packs", Text("证据包", "Evidence packs")),
        ("case-exhibits", Text("证据目录与遮盖", "Evidence, covering")),
        ("refusal", Text("平台拒绝表单", "Refuse form")),
    )
    return tuple(Link(say(title), reverse(name, args=[case.number])) for name, title in ways)


def submit(view: CaseView) -> ActionForm | None:
    """Hand the sealed pack in on the platform: a person does it there, and says so here."""
    if not view.may(Event.PACK_SUBMITTED):
        return None
    warning = Text(
        "先在平台上提交，再在这里记下。提交之后不能撤回。",
        "Hand it in on the platform first, then say so here. It cannot be taken back.",
    )
    once = Text("平台只收这一次", "The platform takes one only")
    return ActionForm(
        url=base.url(view.case, "submit"),
        button=say(Text("已提交证据包", "The pack is handed in")),
        inputs=(base.tick("once", once),),
        hidden=base.hidden(view.case),
        opens=say(Text("提交最新的证据包", "Hand in the latest pack")),
        typed_word=say(remedies.phrase("submit")),
        warning=say(warning),
        is_main=True,
        is_danger=True,
    )
