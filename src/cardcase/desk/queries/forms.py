"""The forms of the case page: each one thing that can be done now, with what it asks of the reader."""

from collections.abc import Iterator
from datetime import timedelta

from django.urls import reverse

from cardcase.cases.models import Case
from cardcase.cases.rules import SUB_REASONS, Event, Move, family_of
from cardcase.evidence.rules import Item, ItemState
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.remedies import rules as remedies
from cardcase.remedies.queries import refuse_reasons
from cardcase.remedies.rules import Option
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Input, InputKind
from cardcase.staff.rules import Actor, Permission
from cardcase.triage.rules import reasons

from .view import CaseView

REASON_INPUT = Input("reason", "", InputKind.TEXT, is_required=True, max_length=300)


def url(case: Case, act: str) -> str:
    """Return where an act of a case posts."""
    return reverse("case-act", args=[case.number, act])


def hidden(case: Case, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Carry the revision that the reader saw: a stale one is a conflict, nothing is lost."""
    return (("revision", str(case.revision)), *more)


def confirm_reason(actor: Actor, case: Case) -> ActionForm | None:
    """The one button that says: I have read it, and that is the reason."""
    if not _may_confirm(actor, case) or not case.sub_reason:
        return None
    return ActionForm(
        url=url(case, "reason"),
        button=say(Text("看过了，确认这个原因", "I have read it: confirm")),
        hidden=hidden(case, ("sub_reason", case.sub_reason)),
        is_main=case.reason_confirmed_at is None,
    )


def change_reason(actor: Actor, case: Case) -> ActionForm | None:
    """The select of all reasons by family."""
    if not _may_confirm(actor, case):
        return None
    choices = [
        Choice(code, say(reasons.title(code)), say(reasons.family_title(family_of(code))), code == case.sub_reason)
        for code in SUB_REASONS
    ]
    if not case.sub_reason:  # nothing stands there until a person has chosen: a slip of the thumb confirms nothing
        choices.insert(0, Choice("", say(Text("请选一个", "Choose one")), is_chosen=True))
    change = Text("改成这个原因", "Change to this")
    return ActionForm(
        url=url(case, "reason"),
        button=say(change if case.sub_reason else Text("就是这个原因", "That is the reason")),
        inputs=(
            Input(
                "sub_reason", say(Text("原因", "Reason")), InputKind.SELECT, choices=tuple(choices), is_required=True
            ),
        ),
        hidden=hidden(case),
        opens=say(Text("不是这个原因", "It is another reason")) if case.sub_reason else "",
        is_main=not case.sub_reason,
    )


def _may_confirm(actor: Actor, case: Case) -> bool:
    return case.is_open and actor.is_person and actor.may(Permission.WORK)


def lift_hold(actor: Actor, case: Case) -> ActionForm | None:
    """The owner's way to lift the hold without a confirmed reason."""
    if not actor.may(Permission.LIFT_HOLD):
        return None
    return ActionForm(
        url=url(case, "hold"),
        button=say(Text("解除暂停", "Lift the hold")),
        inputs=(
            Input(
                "reason",
                say(Text("为什么现在就解除", "Why lift it now")),
                InputKind.TEXT,
                is_required=True,
                max_length=300,
            ),
        ),
        hidden=hidden(case),
        opens=say(Text("解除（店主）", "Lift it (owner)")),
    )


def ask(view: CaseView, item: Item) -> ActionForm | None:
    """Record that one piece of evidence was asked for."""
    to = item.party
    if item.state is not ItemState.ASK or to not in ("buyer", "issuer", "supplier"):
        return None
    if to == "buyer" and not view.may(Event.EVIDENCE_ASKED):
        return None
    return ActionForm(
        url=url(view.case, "ask"),
        button=say(Text("记为已索要", "Mark as asked for")),
        hidden=hidden(view.case, ("kinds", item.kind), ("to", to)),
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
        url=url(view.case, "evidence"),
        button=say(Text("存为证据", "Keep as evidence")),
        inputs=(
            Input("kind", say(Text("这是什么", "What it is")), InputKind.SELECT, choices=kinds, is_required=True),
            Input(
                "files",
                say(Text("图片或 PDF", "Pictures or PDF")),
                InputKind.FILE,
                accept="image/png,image/jpeg,image/webp,application/pdf",
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
        hidden=hidden(view.case),
        opens=say(Text("添加证据", "Add evidence")),
        has_files=True,
    )


def remedy(actor: Actor, view: CaseView, option: Option) -> ActionForm | None:
    """The form that starts one remedy, when it can be started now by this actor."""
    if not option.allowed:
        return None
    if option.route == "offer":
        return _offer(view, option)
    if option.route == "decline":
        return _decline(actor, view)
    if option.route == "escalate" and view.may(Event.ESCALATED):
        word = remedies.phrase("escalate")
        return ActionForm(
            url=url(view.case, "escalate"),
            button=say(Text("申请平台介入", "Ask the platform")),
            inputs=(Input("reason", say(Text("补充说明", "Note")), InputKind.TEXT, max_length=300),),
            hidden=hidden(view.case),
            opens=say(Text("申请平台介入", "Ask the platform to decide")),
            typed_word=say(word),
            warning=say(
                Text("平台介入后由平台裁决，不能撤回。", "The platform will decide; this cannot be taken back.")
            ),
            is_danger=True,
        )
    return None


LEAST_TO_ANSWER = timedelta(minutes=10)
"""A buyer is not asked to answer in less: ``remedies.service`` refuses such an offer, so no button leads to it."""


def has_time_to_answer(view: CaseView) -> bool:
    """Tell whether an offer made now could still be answered before the margin of the platform's clock."""
    margin = view.judged.facts.platform_margin_at
    return margin is None or margin - view.now >= LEAST_TO_ANSWER


def _amount_input(option: Option) -> Iterator[Input]:
    if option.kind in ("partial_refund", "goodwill"):
        value = yuan(option.amount_fen).removeprefix("¥") if option.amount_fen is not None else ""
        yield Input("amount", say(Text("金额（元）", "Amount (yuan)")), InputKind.MONEY, value=value, is_required=True)


def _offer(view: CaseView, option: Option) -> ActionForm | None:
    inputs = tuple(_amount_input(option))
    if view.may(Event.OFFERED) and has_time_to_answer(view):
        return ActionForm(
            url=url(view.case, "offer"),
            button=say(Text("提给买家", "Offer it")),
            inputs=inputs,
            hidden=hidden(view.case, ("kind", option.kind)),
            opens=say(Text("选这个方案", "Choose this")),
            is_main=option.is_recommended,
        )
    return None


def concede(view: CaseView, option: Option) -> ActionForm | None:
    """Agree to what the buyer wants, without an offer between."""
    if not option.allowed or option.route != "offer" or not view.may(Event.CONCEDED):
        return None
    if option.kind in ("partial_refund", "goodwill") and option.amount_fen is None:
        return None
    word = remedies.phrase("concede", option.kind, option.amount_fen)
    return ActionForm(
        url=url(view.case, "concede"),
        button=say(Text("直接同意", "Agree now")),
        hidden=hidden(view.case, ("kind", option.kind)),
        opens=say(Text(f"直接同意：{option.title.zh}", f"Agree now: {option.title.en}")),
        typed_word=say(word),
        warning=say(
            Text("同意之后要照做；钱仍由店主确认后执行。", "This binds the shop; money still waits for the owner.")
        ),
        is_danger=True,
    )


def _decline(actor: Actor, view: CaseView) -> ActionForm | None:
    if not actor.may(Permission.DECIDE) or not view.may(Event.DECLINED):
        return None
    choices = (
        Choice("", say(Text("请选一个", "Choose one")), is_chosen=True),
        *(Choice(reason, reason) for reason in refuse_reasons(actor)),
    )
    return ActionForm(
        url=url(view.case, "decline"),
        button=say(Text("拒绝退款", "Decline")),
        inputs=(
            Input(
                "refuse_reason",
                say(Text("理由（和 App 里选的一致）", "Reason (the same as in the App)")),
                InputKind.SELECT,
                choices=choices,
                is_required=True,
            ),
            Input(
                "text",
                say(Text("说明（200 字内）", "Explanation (200 characters)")),
                InputKind.TEXTAREA,
                is_required=True,
                max_length=200,
            ),
        ),
        hidden=hidden(view.case),
        opens=say(Text("拒绝退款", "Decline the refund")),
        typed_word=say(remedies.phrase("decline")),
        warning=say(
            Text(
                "拒绝后买家可以申请平台介入；请确认证据齐全。",
                "The buyer may call the platform: be sure of the evidence.",
            )
        ),
        is_danger=True,
    )


def further(view: CaseView, move: Move) -> ActionForm | None:
    """The form of a move that is none of the remedies: answers of the buyer, acts of the platform."""
    case = view.case
    if not move.allowed:
        return None
    inputs: tuple[Input, ...] = ()
    source = Input(
        "source",
        say(Text("凭什么知道", "How you know")),
        InputKind.TEXT,
        is_required=True,
        max_length=120,
        placeholder=say(Text("聊天里说的 / App 里看到的", "said in the chat / seen in the App")),
    )
    if move.event is Event.ACCEPTED:
        inputs = (source,)
    elif move.event is Event.OFFER_ENDED:
        ends = (
            Choice("denied", say(Text("买家不接受", "the buyer said no"))),
            Choice("countered", say(Text("买家另提条件", "the buyer wants something else"))),
            Choice("withdrawn", say(Text("我们撤回", "we take it back"))),
        )
        inputs = (
            Input("answer", say(Text("怎么结束的", "How it ended")), InputKind.SELECT, choices=ends, is_required=True),
            source,
        )
    elif move.event is Event.RULED:
        verdicts = (
            Choice("won", say(Text("支持卖家", "for the seller"))),
            Choice("partially_won", say(Text("部分支持", "in part"))),
            Choice("lost", say(Text("支持买家", "for the buyer"))),
        )
        inputs = (
            Input("verdict", say(Text("裁决", "Ruling")), InputKind.SELECT, choices=verdicts, is_required=True),
            Input("ruling", say(Text("平台原话", "The platform's words")), InputKind.TEXTAREA, is_required=True),
            source,
        )
    elif move.event in (
        Event.STEPPED_IN,
        Event.WITHDRAWN,
        Event.TIMED_OUT,
        Event.PAID_ELSEWHERE,
        Event.REFUSED_ELSEWHERE,
    ):
        inputs = (source,)
    else:
        return None
    return ActionForm(
        url=url(case, "move"),
        button=say(Text(f"记下：{move.title.zh}", f"Record: {move.title.en}")),
        inputs=inputs,
        hidden=hidden(case, ("event", move.event.value)),
        opens=say(move.title),
    )


def execute(actor: Actor, view: CaseView) -> ActionForm | None:
    """Carry out what was agreed: written down before the hand moves, once."""
    agreed = view.judged.remedy
    if agreed is None or not actor.may(Permission.MONEY) or view.move(Event.EXECUTED) is None:
        return None
    voids = (
        Choice("voided", say(Text("旧卡已作废（证明已存）", "old card voided (proof kept)"))),
        Choice("not_possible", say(Text("这种卡不能作废", "this card cannot be voided"))),
        Choice("failed", say(Text("试过，作废失败", "tried, failed"))),
    )
    return ActionForm(
        url=url(view.case, "execute"),
        button=say(Text("我现在就去平台操作", "I do it on the platform now")),
        inputs=(
            Input(
                "void_result",
                say(Text("旧卡密怎么样了", "What about the old code")),
                InputKind.SELECT,
                choices=(Choice("", "–", is_chosen=True), *voids),
            ),
            Input(
                "override_reason",
                say(Text("旧卡没能作废时：为什么仍要执行", "If it could not be voided: why go on")),
                InputKind.TEXT,
                max_length=300,
            ),
        ),
        hidden=hidden(view.case, ("key", agreed.key)),
        opens=say(Text("执行方案", "Carry out the remedy")),
        typed_word=say(remedies.phrase("execute", agreed.kind, agreed.amount_fen)),
        warning=say(
            Text(
                "这里只记账，钱要你自己在平台上点；执行一次就不能撤回。",
                "Cardcase keeps the books; you press the button on the platform. It cannot be undone.",
            )
        ),
        is_main=True,
        is_danger=True,
    )


def result(actor: Actor, view: CaseView) -> ActionForm | None:
    """Say how the execution ended, once the platform shows it."""
    running = view.judged.remedy
    if running is None or running.state not in ("executing", "executed", "ambiguous") or not actor.may(Permission.WORK):
        return None
    results = (
        Choice("verified", say(Text("平台显示已完成", "the platform shows it as done"))),
        Choice("failed", say(Text("没有成功", "it failed"))),
        Choice("ambiguous", say(Text("看不清，要再查", "unclear, look again"))),
    )
    return ActionForm(
        url=url(view.case, "result"),
        button=say(Text("记下结果", "Record the result")),
        inputs=(
            Input("result", say(Text("结果", "Result")), InputKind.SELECT, choices=results, is_required=True),
            Input("source", say(Text("凭什么知道", "How you know")), InputKind.TEXT, is_required=True, max_length=120),
        ),
        hidden=hidden(view.case),
        opens=say(Text("执行结果怎么样了？", "How did it end?")),
        is_main=True,
    )


def typed_deadline(actor: Actor, view: CaseView) -> ActionForm | None:
    """Type in the deadline that the App shows, when ours is only a default."""
    clock = view.clock
    if not view.case.is_open or not actor.may(Permission.WORK) or (clock is not None and clock.is_verified):
        return None
    return ActionForm(
        url=url(view.case, "deadline"),
        button=say(Text("按这个时间算", "Use this time")),
        inputs=(
            Input(
                "due_at",
                say(Text("App 里显示的截止时间", "The deadline shown in the App")),
                InputKind.MOMENT,
                is_required=True,
            ),
        ),
        hidden=hidden(view.case),
        opens=say(Text("填 App 里的截止时间", "Type in the deadline from the App")),
    )


def note(actor: Actor, case: Case) -> ActionForm | None:
    """Write something down: a call, an agreement, a thought."""
    if not actor.may(Permission.WORK):
        return None
    return ActionForm(
        url=url(case, "note"),
        button=say(Text("记下", "Write it down")),
        inputs=(Input("text", say(Text("记一笔", "A note")), InputKind.TEXTAREA, is_required=True, max_length=2000),),
        hidden=hidden(case),
        opens=say(Text("记一笔", "Write a note")),
    )


def cause(actor: Actor, case: Case) -> ActionForm | None:
    """Write down what the record shows to be the cause; the claim stays beside it."""
    if not _may_confirm(actor, case) or case.reason_confirmed_at is None:
        return None
    choices = (
        Choice("", say(Text("请选一个", "Choose one")), is_chosen=not case.found_cause),
        *(
            Choice(code, say(reasons.title(code)), say(reasons.family_title(family_of(code))), code == case.found_cause)
            for code in SUB_REASONS
        ),
    )
    return ActionForm(
        url=url(case, "cause"),
        button=say(Text("记下", "Write it down")),
        inputs=(
            Input(
                "cause",
                say(Text("查实是什么", "What it turned out to be")),
                InputKind.SELECT,
                choices=choices,
                is_required=True,
            ),
        ),
        hidden=hidden(case),
        opens=say(Text("查实了？记下真正的原因", "Found out? Note the real cause")),
    )


def pack(actor: Actor, case: Case) -> ActionForm | None:
    """Download the evidence pack."""
    if not actor.may(Permission.EXPORT):
        return None
    return ActionForm(url=url(case, "pack"), button=say(Text("下载证据包", "Download the pack")), hidden=hidden(case))
