"""Flags as rows, and their page."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.urls import reverse

from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Link, Notice, Pill, Tone
from cardcase.sourcing import pages
from cardcase.sourcing.datafiles import OWN_RULES
from cardcase.sourcing.queries import FlagView, RuleSaid, Unasked
from cardcase.sourcing.rules.flags import DECISION_TITLES, STATE_TITLES, Decision, FlagState
from cardcase.sourcing.rules.flags import choices as decisions
from cardcase.sourcing.rules.purchases import PAID_BY, SIGNALS
from cardcase.sourcing.rules.suppliers import CHANNELS
from cardcase.staff.rules import Actor, Permission

from .words import choices, line, reason, select, word

_SURE = {
    "H": Text("官方文本", "official text"),
    "M": Text("转述，较可靠", "fairly reliable, at second hand"),
    "L": Text("单一来源", "one source only"),
    "?": Text("未定论", "not settled"),
    "J": Text("本软件自定", "our own judgement"),
}
_FACTS = {
    "cards": Text("张数", "cards"),
    "face_fen": Text("面值", "face value"),
    "limit_fen": Text("界线", "threshold"),
    "total_fen": Text("金额", "sum"),
    "sum_fen": Text("合计", "in all"),
    "times": Text("笔数", "times"),
    "expires_on": Text("到期", "expires"),
    "years": Text("年数", "years"),
    "paid_by": Text("付款方式", "paid by"),
    "channel": Text("渠道", "channel"),
    "percent": Text("百分比", "percent"),
    "least_percent": Text("界线（%）", "threshold (%)"),
    "disputes": Text("售后单", "cases"),
    "payers": Text("付款人", "payers"),
    "minutes": Text("分钟", "minutes"),
    "days": Text("天", "days"),
    "orders": Text("以前订单", "earlier orders"),
    "refunds": Text("其中退款", "of them refunded"),
    "on": Text("当天", "that day"),
    "ended_on": Text("授权到期", "authorisation ended"),
    "papers": Text("单据", "papers"),
    "suspended_on": Text("停用于", "suspended on"),
}
WHERE = {"batch": Text("批次", "batch"), "order": Text("订单", "order"), "shop": Text("店铺", "shop")}
_OWN_SOURCE = "Cardcase's own judgement"
"""How the source of a rule of our own begins in the data file."""
EVENTS = {
    "raised": Text("出现", "raised"),
    "changed": Text("事实变化", "facts changed"),
    "new_rules": Text("规则更新", "rules changed"),
    "reopened": Text("重新打开", "opened again"),
    "ended": Text("不再出现", "no longer raised"),
    **{decision.value: title for decision, title in DECISION_TITLES.items()},
}
SHOWN = 20
"""Flags on one page: a thumb's dozen of screens on a phone. Our own choice."""
NOTE = Text(
    "提示只说明需要核对，不是结论，也不是法律意见。每条写明来源和把握程度。",
    "A flag says that something should be looked at; it is no verdict and no legal advice. Each names its source.",
)


def flags_page(
    actor: Actor, flags: Sequence[FlagView], *, now: datetime, unasked: Unasked, after: int = 0
) -> pages.Page:
    """Build the list of all flags, decided ones too: so many at once, ``after`` says how many came before."""
    shown = rows(actor, flags[:SHOWN], now=now)
    more = (
        (Link(say(Text(f"再看 {SHOWN} 条", f"{SHOWN} more")), f"?state=all&after={after + SHOWN}"),)
        if len(flags) > SHOWN
        else ()
    )
    return pages.Page(
        title=say(Text("风险提示", "Risk flags")),
        back=Link(say(Text("货源方", "Suppliers")), reverse("suppliers")),
        notices=unasked_notice(unasked),
        sections=(
            pages.Section(
                say(Text("全部提示", "All flags")),
                note=say(NOTE),
                rows=shown,
                links=(*more, Link(say(Text("只看待核对", "Only open ones")), "?")),
            ),
        ),
    )


def signal_forms(actor: Actor) -> tuple[ActionForm, ...]:
    """Offer to note what was seen in a sale, to who works here."""
    if not actor.may(Permission.WORK):
        return ()
    form = ActionForm(
        url=reverse("flag-signal"),
        button=say(Text("记下", "Note it")),
        inputs=(
            line("order_no", Text("订单号", "Order number"), most=40, is_required=True),
            select("kind", Text("情况", "What was seen"), choices(SIGNALS)),
            line("payer", Text("付款人（只保存摘要）", "Payer (only a digest stays)"), most=60),
            line("note", Text("备注", "Note"), most=300),
        ),
        opens=say(Text("记下交易里看到的情况", "Note something seen in a sale")),
    )
    return (form,)


def rows(actor: Actor, flags: Iterable[FlagView], *, now: datetime) -> tuple[pages.Row, ...]:
    """Show flags with what raised each, and the form that decides an open one."""
    return tuple(_row(actor, flag, now) for flag in flags)


def _row(actor: Actor, flag: FlagView, now: datetime) -> pages.Row:
    is_open = flag.state is FlagState.OPEN
    small = [todo_text(flag.said), facts_text(flag.facts)]
    if flag.reason:
        small.append(say(Text(f"{flag.decided_by}：{flag.reason}", f"{flag.decided_by}: {flag.reason}")))
    if len(flag.steps) > 1:
        small.append(
            " → ".join(
                f"{timing.moment_text(step.at, now=now)} {say(EVENTS.get(step.event, Text(step.event, step.event)))}"
                for step in flag.steps
            )
        )
    return pages.Row(
        title=f"{say(flag.said.title)} · {say(WHERE[flag.subject_kind])} {flag.subject_name}".strip(),
        text=say(flag.said.text),
        small=tuple(part for part in small if part),
        folded=(*grounds(flag.said), version_text(flag.version)),
        pill=Pill(say(STATE_TITLES[flag.state]), Tone.WARN if is_open else Tone.PLAIN),
        url=reverse("batch", args=[flag.subject]) if flag.subject_kind == "batch" else "",
        acts=(_decide(actor, flag),) if is_open and _may_decide(actor) else (),
    )


def todo_text(said: RuleSaid) -> str:
    """Say what to do about what a rule raises."""
    return say(Text(f"怎么办：{said.todo.zh}", f"What to do: {said.todo.en}"))


def grounds(said: RuleSaid) -> tuple[str, ...]:
    """Say whence a rule is, how sure that is, and which part of it is our own."""
    source, sure = _source(said), _SURE[said.certainty.value]
    told = [say(Text(f"来源：{source.zh}（{sure.zh}）", f"Source: {source.en} ({sure.en})"))]
    if said.ours.zh:
        told.append(say(Text(f"自定的部分：{said.ours.zh}", f"Our own part: {said.ours.en}")))
    return tuple(told)


def facts_text(facts: Mapping[str, object]) -> str:
    """Say the facts behind a flag: 「张数 3 · 面值 ¥2000.00」. Public ids are left out."""
    told = []
    for name, value in facts.items():
        if name in _FACTS:
            shown = yuan(value) if name.endswith("_fen") and isinstance(value, int) else _spoken(name, value)
            told.append(f"{say(_FACTS[name])} {shown}")
    return " · ".join(told)


def version_text(version: str) -> str:
    """Say which version of the rules a flag goes by: the shipped one, or the shop's own over it."""
    shipped, own, digest = version.partition(OWN_RULES)
    if own:
        return say(
            Text(f"规则版本 {shipped} + 店铺自己的规则 {digest}", f"rules {shipped} + the shop's own rules {digest}")
        )
    return say(Text(f"规则版本 {shipped}", f"rules {shipped}"))


def unasked_notice(found: Unasked) -> tuple[Notice, ...]:
    """Say what the rules could not be asked about: no flag there does not mean that all is well."""
    if found.has_no_rules:
        said = Text("这家店的规则文件读不出来，提示没有更新", "The shop's own rules cannot be read: flags stand still")
        mend = Text(
            "改正 legality.toml；cardcase doctor 会说出错在哪里。",
            "Mend legality.toml; cardcase doctor says what is wrong.",
        )
        return (Notice(Tone.BAD, say(said), say(mend)),)
    if not found.subjects:
        return ()
    count = len(found.subjects)
    said = Text(
        f"有 {count} 个批次或订单没能判断：没有提示不等于没有问题",
        f"{count} could not be judged: no flag there does not mean that all is well",
    )
    mend = Text("系统会再试；一直这样就运行 cardcase doctor。", "It is tried again; if it stays, run cardcase doctor.")
    return (Notice(Tone.WARN, say(said), say(mend)),)


def _spoken(name: str, value: object) -> str:
    """Say a fact in the reader's words: the books keep 「second_hand」, a person reads 「二手回收」."""
    words = {"channel": CHANNELS, "paid_by": PAID_BY}.get(name)
    return word(words, str(value)) if words else str(value)


def _source(said: RuleSaid) -> Text:
    if said.source.startswith(_OWN_SOURCE):
        return Text("参照反洗钱与欺诈的常见信号", "after common signals of laundering and fraud")
    told = f"{said.source} {said.article}".strip()
    return Text(told, told)


def _may_decide(actor: Actor) -> bool:
    return actor.may(Permission.MANAGE_CARDS)


def decisions_for(actor: Actor, subject_kind: str) -> tuple[Choice, ...]:
    """Return what this person may decide about such a subject; clearing and accepting are the owner's."""
    safe = (Decision.STOP, Decision.ACT)
    may_all = actor.may(Permission.MANAGE_SHOP)
    return choices({one.value: DECISION_TITLES[one] for one in decisions(subject_kind) if may_all or one in safe})


def _decide(actor: Actor, flag: FlagView) -> ActionForm:
    known = decisions_for(actor, flag.subject_kind)
    return ActionForm(
        url=reverse("flag-decide", args=[flag.public_id]),
        button=say(Text("写下决定", "Record the decision")),
        inputs=(select("decision", Text("决定", "Decision"), known), reason()),
        opens=say(Text("作决定", "Decide")),
    )
