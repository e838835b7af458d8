"""The forms of a card page: what may be done with a card as it stands, and by whom."""

from collections.abc import Iterator
from typing import Final

from django.urls import reverse

from cardcase.cards import checkers
from cardcase.cards.queries import CardLife
from cardcase.cards.rules import LIFE, UNSETTLED, CardEvent, VoidResult
from cardcase.cards.rules.life import VOID_TITLES
from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Input, InputKind
from cardcase.staff.rules import Actor, Permission

_JUST_CHECKED: Final = Text("刚查过余额？记下来", "Just checked the balance? Record it")


def forms(actor: Actor, life: CardLife) -> tuple[ActionForm, ...]:
    """Return the forms that the card's state and the actor's rights allow, the likeliest first."""
    return tuple(_forms(actor, life))


def _forms(actor: Actor, life: CardLife) -> Iterator[ActionForm]:
    def can(event: CardEvent) -> bool:
        return (life.state, event) in LIFE

    may_manage = actor.may(Permission.MANAGE_CARDS)
    if actor.may(Permission.WORK):
        yield check_form(life.public_id)
    if may_manage:
        yield from (_ask_checker(life, name) for name in checkers.names() if name != checkers.MANUAL)
    if actor.may(Permission.WORK) and can(CardEvent.REDEEM):
        yield _redeemed(life)
    if may_manage and can(CardEvent.VOID):
        asked = any(VoidResult(one.result) in UNSETTLED for one in life.voids)
        yield _settle_void(life) if asked else _ask_void(life)
        yield _with_reason(life, "take_back", Text("买家退回了这张卡", "The buyer returned it"), is_danger=True)
    if actor.may(Permission.MANAGE_SHOP):
        if can(CardEvent.READMIT):
            yield _with_reason(life, "readmit", Text("复查没问题，重新上架", "Checked and fine: back into the stock"))
        if can(CardEvent.WRITE_OFF):
            yield _with_reason(life, "write_off", Text("核销，不再出售", "Write it off"), is_danger=True)


def _url(life: CardLife, name: str) -> str:
    return reverse("card-act", args=[life.public_id, name])


def _reason(label: Text) -> Input:
    return Input("reason", say(label), InputKind.TEXT, is_required=True, max_length=300)


def _with_reason(life: CardLife, name: str, opens: Text, *, is_danger: bool = False) -> ActionForm:
    return ActionForm(
        url=_url(life, name),
        button=say(Text("确定", "Confirm")),
        inputs=(_reason(Text("为什么", "Why")),),
        opens=say(opens),
        is_danger=is_danger,
    )


def _ask_checker(life: CardLife, name: str) -> ActionForm:
    return ActionForm(
        url=_url(life, "ask_checker"),
        button=say(Text("现在查", "Look now")),
        hidden=(("checker", name),),
        opens=say(Text(f"让 {name} 查余额（会用到卡密）", f"Let {name} look at the balance (it uses the code)")),
    )


def check_form(card_id: str, *, opens: Text = _JUST_CHECKED, back: str = "") -> ActionForm:
    """Return the form that notes a look at a card; ``back`` is the page that follows, its own if empty."""
    usable = (
        Choice("", say(Text("没有试", "not tried")), is_chosen=True),
        Choice("yes", say(Text("能用", "usable"))),
        Choice("no", say(Text("不能用", "unusable"))),
    )
    return ActionForm(
        url=reverse("card-act", args=[card_id, "check"]),
        button=say(Text("记下查验结果", "Record the check")),
        inputs=(
            Input("balance", say(Text("余额（元）", "Balance (yuan)")), InputKind.MONEY),
            Input("usable", say(Text("能不能用", "Usable")), InputKind.SELECT, choices=usable),
            Input(
                "method",
                say(Text("怎么查的", "How")),
                InputKind.TEXT,
                max_length=40,
                placeholder=say(Text("官网查询", "issuer's site")),
            ),
            Input("note", say(Text("备注", "Note")), InputKind.TEXT, max_length=300),
            Input("proof", say(Text("截图", "Screenshot")), InputKind.FILE),
        ),
        hidden=(("back", back),) if back else (),
        opens=say(opens),
        has_files=True,
    )


def _redeemed(life: CardLife) -> ActionForm:
    return ActionForm(
        url=_url(life, "redeemed"),
        button=say(Text("记为已兑换", "Record it as redeemed")),
        inputs=(
            Input("redeemed_at", say(Text("兑换时间（知道就填）", "Redeemed at (if known)")), InputKind.MOMENT),
            Input(
                "source",
                say(Text("在哪里看到的", "Where it says so")),
                InputKind.TEXT,
                is_required=True,
                max_length=120,
            ),
        ),
        opens=say(Text("发卡方显示已经兑换", "The issuer shows it as redeemed")),
    )


def _ask_void(life: CardLife) -> ActionForm:
    return ActionForm(
        url=_url(life, "ask_void"),
        button=say(Text("已向发卡方申请", "I have asked the issuer")),
        inputs=(_reason(Text("为什么作废", "Why it is voided")),),
        opens=say(Text("退款前先作废这张卡", "Void this card before refunding")),
    )


def _settle_void(life: CardLife) -> ActionForm:
    results = tuple(Choice(one.value, say(VOID_TITLES[one])) for one in VoidResult if one is not VoidResult.OPEN)
    return ActionForm(
        url=_url(life, "settle_void"),
        button=say(Text("记下答复", "Record the answer")),
        inputs=(
            Input("result", say(Text("发卡方怎么说", "What the issuer says")), InputKind.SELECT, choices=results),
            Input("proof", say(Text("作废凭证（作废成功时必填）", "Proof (needed when voided)")), InputKind.FILE),
            Input(
                "note", say(Text("依据，例如工单号", "What shows it, such as a ticket")), InputKind.TEXT, max_length=300
            ),
            Input("redeemed_at", say(Text("已兑换时：几点", "If redeemed: when")), InputKind.MOMENT),
        ),
        opens=say(Text("发卡方对作废有答复了？", "Did the issuer answer about voiding?")),
        has_files=True,
        is_main=True,
    )
