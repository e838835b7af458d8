"""Forms of the remedies: offer, agree, refuse, escalate, have it approved, carry it out, say how it ended."""

from collections.abc import Iterator
from datetime import timedelta

from cardcase.cases.rules import GUARDS, Event
from cardcase.desk.queries.view import CaseView
from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.remedies import rules as remedies
from cardcase.remedies.models import Offer
from cardcase.remedies.queries import refuse_reasons
from cardcase.remedies.rules import Option
from cardcase.remedies.rules.learning import BECAUSE, Because, is_other
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Input, InputKind
from cardcase.staff.rules import Actor, Permission

from . import base

LEAST_TO_ANSWER = timedelta(minutes=10)
"""A buyer is not asked to answer in less: ``remedies.service`` refuses such an offer, so no button leads to it."""


def remedy(actor: Actor, view: CaseView, option: Option) -> ActionForm | None:
    """The form that starts one remedy, when it can be started now by this actor."""
    if not option.allowed:
        return None
    if option.route == "offer":
        return _offer(view, option)
    if option.route == "decline":
        return _decline(actor, view, option)
    if option.route == "escalate" and view.may(Event.ESCALATED):
        word = remedies.phrase("escalate")
        return ActionForm(
            url=base.url(view.case, "escalate"),
            button=say(Text("申请平台介入", "Ask the platform")),
            inputs=(
                Input("reason", say(Text("补充说明", "Note")), InputKind.TEXT, max_length=300),
                *_why_inputs(view, option),
            ),
            hidden=base.hidden(view.case),
            opens=say(Text("申请平台介入", "Ask the platform to decide")),
            typed_word=say(word),
            warning=say(
                Text("平台介入后由平台裁决，不能撤回。", "The platform will decide; this cannot be taken back.")
            ),
            is_danger=True,
        )
    return None


def has_time_to_answer(view: CaseView) -> bool:
    """Tell whether an offer made now could still be answered before the margin of the platform's clock."""
    margin = view.judged.facts.platform_margin_at
    return margin is None or margin - view.now >= LEAST_TO_ANSWER


def _why_inputs(view: CaseView, option: Option) -> Iterator[Input]:
    """Ask why, where something else is advised: the answer is kept and counted, and need not be given."""
    advised = next((one.kind for one in view.options if one.is_recommended), "")
    if not is_other(advised, option.kind):
        return
    choices = [(one.value, title) for one, title in BECAUSE.items() if one is not Because.UNSAID]
    label = Text("为什么不按建议（可以不选）", "Why not as advised (optional)")
    yield base.select("because", label, *choices, first=Text("不说", "not said"), is_required=False)
    yield base.text("because_note", Text("补充一句", "In words"), 300)


def _amount_input(option: Option) -> Iterator[Input]:
    if option.kind in ("partial_refund", "goodwill"):
        value = yuan(option.amount_fen).removeprefix("¥") if option.amount_fen is not None else ""
        yield Input("amount", say(Text("金额（元）", "Amount (yuan)")), InputKind.MONEY, value=value, is_required=True)


def _offer(view: CaseView, option: Option) -> ActionForm | None:
    inputs = (*_amount_input(option), *_why_inputs(view, option))
    if view.may(Event.OFFERED) and has_time_to_answer(view):
        return ActionForm(
            url=base.url(view.case, "offer"),
            button=say(Text("提给买家", "Offer it")),
            inputs=inputs,
            hidden=base.hidden(view.case, ("kind", option.kind)),
            opens=say(Text("选这个方案", "Choose this")),
            is_main=option.is_recommended,
        )
    return _ask_approval(view, option, Event.OFFERED, "offer", tuple(_amount_input(option)))


def _ask_approval(
    view: CaseView, option: Option, event: Event, way: str, inputs: tuple[Input, ...]
) -> ActionForm | None:
    """Let an agent draft what is above the limit, when nothing but the limit stands in the way."""
    move = view.move(event)
    limit = GUARDS["amount_is_within_the_limit"].why_not
    is_only_limit = move is not None and move.why_not is not None and move.why_not.zh == limit.zh
    if not is_only_limit or view.judged.draft is not None:
        return None
    return base.folded(
        view.case,
        "approval",
        Text("请主管批准", "Ask for approval"),
        Text(f"请主管批准：{option.title.zh}", f"Ask for approval: {option.title.en}"),
        *inputs,
        base.text("reason", Text("为什么这样给", "Why"), 300),
        carry=(("kind", option.kind), ("way", way)),
    )


def approval(actor: Actor, view: CaseView) -> Iterator[ActionForm]:
    """Approve what was drafted above somebody's limit, or do not."""
    draft = view.judged.draft
    if draft is None or not actor.may(Permission.DECIDE):
        return
    titles = {option.kind: option.title for option in view.options}
    title = titles.get(draft.kind, Text(draft.kind, draft.kind))
    figure = f" {yuan(draft.amount_fen)}" if draft.amount_fen is not None else ""
    is_offer = isinstance(draft, Offer)
    who = draft.proposed_by if isinstance(draft, Offer) else draft.decided_by
    if who != actor.label:
        way = Text("提给买家", "offer it") if is_offer else Text("直接同意", "agree at once")
        yield ActionForm(
            url=base.url(view.case, "approve"),
            button=say(Text("批准", "Approve")),
            hidden=base.hidden(view.case, ("answer", "yes")),
            opens=say(
                Text(f"批准 {who} 的方案：{way.zh} {title.zh}{figure}", f"Approve {who}: {way.en}, {title.en}{figure}")
            ),
            typed_word="" if is_offer else say(remedies.phrase("concede", draft.kind, draft.amount_fen)),
            is_main=True,
        )
    yield base.folded(
        view.case,
        "approve",
        Text("不批准", "Do not approve"),
        Text("不批准", "Do not approve"),
        base.text("reason", Text("为什么", "Why"), 300),
        carry=(("answer", "no"),),
    )


def concede(view: CaseView, option: Option) -> ActionForm | None:
    """Agree to what the buyer wants, without an offer between."""
    if not option.allowed or option.route not in ("offer", "accept"):
        return None
    if option.kind in ("partial_refund", "goodwill") and option.amount_fen is None:
        return None
    if not view.may(Event.CONCEDED):
        return _ask_approval(view, option, Event.CONCEDED, "concede", ())
    word = remedies.phrase("concede", option.kind, option.amount_fen)
    return ActionForm(
        url=base.url(view.case, "concede"),
        button=say(Text("直接同意", "Agree now")),
        inputs=tuple(_why_inputs(view, option)),
        hidden=base.hidden(view.case, ("kind", option.kind)),
        opens=say(Text(f"直接同意：{option.title.zh}", f"Agree now: {option.title.en}")),
        typed_word=say(word),
        warning=say(
            Text("同意之后要照做；钱仍由店主确认后执行。", "This binds the shop; money still waits for the owner.")
        ),
        is_danger=True,
    )


def _decline(actor: Actor, view: CaseView, option: Option) -> ActionForm | None:
    if not actor.may(Permission.DECIDE) or not view.may(Event.DECLINED):
        return None
    choices = (
        Choice("", say(Text("请选一个", "Choose one")), is_chosen=True),
        *(Choice(reason, reason) for reason in refuse_reasons(actor)),
    )
    return ActionForm(
        url=base.url(view.case, "decline"),
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
            *_why_inputs(view, option),
        ),
        hidden=base.hidden(view.case),
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


def execute(actor: Actor, view: CaseView) -> ActionForm | None:
    """Carry out what was agreed: written down before the hand moves, once."""
    agreed = view.judged.remedy
    if agreed is None or not actor.may(Permission.MONEY) or view.move(Event.EXECUTED) is None:
        return None
    voids = (
        Choice("voided", say(Text("旧卡已作废（证明已存）", "old card voided (proof kept)"))),
        Choice("not_possible", say(Text("这种卡不能作废", "this card cannot be voided"))),
        Choice("failed", say(Text("试过，作废失败", "tried, failed"))),
        Choice("unknown", say(Text("申请了，还没有结果", "asked, no answer yet"))),
    )
    return ActionForm(
        url=base.url(view.case, "execute"),
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
        hidden=base.hidden(view.case, ("key", agreed.key)),
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
        url=base.url(view.case, "result"),
        button=say(Text("记下结果", "Record the result")),
        inputs=(
            Input("result", say(Text("结果", "Result")), InputKind.SELECT, choices=results, is_required=True),
            Input("source", say(Text("凭什么知道", "How you know")), InputKind.TEXT, is_required=True, max_length=120),
        ),
        hidden=base.hidden(view.case),
        opens=say(Text("执行结果怎么样了？", "How did it end?")),
        is_main=True,
    )
