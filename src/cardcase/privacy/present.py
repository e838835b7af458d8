"""The pages of privacy in finished sentences, in the form that the pages of sourcing have."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from django.urls import reverse

from cardcase.kit.clock import SHANGHAI
from cardcase.kit.text import Text
from cardcase.privacy.queries import Plan, RemovalView, Standing, is_locked
from cardcase.privacy.rules import GROUND_TITLES, STATE_TITLES, About, Ground, RemovalState, RetentionRule
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, Fact, Input, InputKind, Link, Notice, Pill, Tone
from cardcase.sourcing.pages import Page, Row, Section

_TONES: Final = {
    RemovalState.PROPOSED: Tone.WARN,
    RemovalState.RESTRICTED: Tone.WARN,
    RemovalState.ERASING: Tone.WARN,
    RemovalState.ERASED: Tone.GOOD,
}
_ABOUT: Final = {
    About.TRADE: Text("订单", "orders"),
    About.CASE: Text("售后单", "cases"),
    About.TALK: Text("咨询", "talk"),
    About.BOOKS: Text("账目", "books"),
}


def overview(removals: Sequence[RemovalView], rules: Sequence[RetentionRule], *, now: datetime) -> Page:
    """Build the page of the room."""
    open_ones = [one for one in removals if one.state in (RemovalState.PROPOSED, RemovalState.RESTRICTED)]
    due = [one for one in open_ones if one.erase_at is not None and one.erase_at <= now]
    rest = [one for one in open_ones if one not in due]
    done = [one for one in removals if one.state in (RemovalState.ERASING, RemovalState.ERASED, RemovalState.LIFTED)]
    find = ActionForm(
        reverse("privacy_find"),
        say(Text("查找", "Find")),
        (
            Input(
                "who",
                say(Text("昵称、平台编号或订单号", "Nickname, id on the platform or order number")),
                is_required=True,
                max_length=120,
            ),
        ),
        is_main=True,
    )
    sections = [
        Section(
            say(Text("一位买家的资料", "One buyer's data")),
            note=say(Text("给他一份副本、限制处理、删除。", "Give him a copy, restrict or erase.")),
            acts=(find,),
        ),
        _list(Text("到期，等你确认", "Due, waiting for you"), due, Text("没有到期的。", "Nothing is due.")),
        _list(Text("限制处理中", "Restricted"), rest, Text("没有限制处理的。", "Nothing is restricted.")),
        _list(Text("已处理", "Done"), done, Text("还没有删除过。", "Nothing was erased yet.")),
        Section(
            say(Text("保存多久", "How long it is kept")),
            rows=tuple(
                Row(
                    title=say(rule.title),
                    text=say(rule.text),
                    small=(f"{rule.id} · {say(_ABOUT[rule.about])}",),
                    folded=(rule.source, f"{rule.effective_from} · {rule.certainty.value if rule.certainty else ''}"),
                )
                for rule in rules
            ),
        ),
    ]
    return Page(
        title=say(Text("买家资料", "Buyers' data")),
        back=Link(say(Text("设置", "Settings")), reverse("settings")),
        sub=say(Text("保存、限制、删除、副本", "Keep, restrict, erase, copy")),
        sections=tuple(sections),
    )


def _list(title: Text, rows: Sequence[RemovalView], empty: Text) -> Section:
    pill = Pill(str(len(rows))) if rows else None
    return Section(say(title), pill=pill, note="" if rows else say(empty), rows=tuple(_row(one) for one in rows))


def _row(one: RemovalView) -> Row:
    return Row(
        title=one.order_no or _number(one.ref),
        text=_counts(one.rows, one.contents, one.files),
        small=tuple(_facts_of(one)),
        pill=Pill(say(STATE_TITLES[one.state]), _TONES.get(one.state, Tone.PLAIN)),
        url=reverse("privacy_subject", args=[one.ref]),
    )


def _number(ref: str) -> str:
    number = ref.removeprefix("buyer_")
    return say(Text(f"买家 {number}", f"Buyer {number}"))


def _counts(rows: int, contents: int, files: int) -> str:
    parts = []
    if rows:
        parts.append(say(Text(f"{rows} 行", f"{rows} rows")))
    if contents:
        parts.append(say(Text(f"记录内容 {contents} 项", f"{contents} contents of the record")))
    if files:
        parts.append(say(Text(f"文件 {files} 个", f"{files} files")))
    return " · ".join(parts)


def _facts_of(one: RemovalView) -> Iterator[str]:
    if one.ground:
        ground = GROUND_TITLES[Ground(one.ground)]
        yield say(Text(f"理由：{ground.zh}；经手：{one.by}", f"Ground: {ground.en}; by {one.by}"))
    if one.state in (RemovalState.PROPOSED, RemovalState.RESTRICTED) and one.erase_at:
        yield say(Text(f"保存到 {_day(one.erase_at)}", f"Kept until {_day(one.erase_at)}"))
    if one.erased_at and one.state in (RemovalState.ERASING, RemovalState.ERASED):
        yield say(Text(f"{_day(one.erased_at)} 删除", f"Erased on {_day(one.erased_at)}"))
    if one.copies_until and one.state in (RemovalState.ERASING, RemovalState.ERASED):
        until = one.copies_until.isoformat()
        yield say(Text(f"旧备份最迟 {until} 清掉", f"Old backups must be gone by {until}"))
    if one.waiting_files:
        yield say(Text(f"还有 {one.waiting_files} 个文件待删", f"{one.waiting_files} files still to go"))
    if one.waiting_originals and one.state in (RemovalState.ERASING, RemovalState.ERASED):
        zh = f"{one.waiting_originals} 个导入原件里还有别的买家，等最后一位一起删（加密保存）"
        yield say(Text(zh, f"{one.waiting_originals} imported originals wait for other buyers in them (sealed)"))


def _day(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).date().isoformat()


# ---- one buyer -----------------------------------------------------------------------------------------


def subject(plan: Plan, *, now: datetime) -> Page:
    """Build the page of one buyer, or of one order."""
    return Page(
        title=plan.order_no or plan.nick or _number(plan.ref),
        back=Link(say(Text("买家资料", "Buyers' data")), reverse("settings_privacy")),
        sub=_number(plan.ref) if not plan.order_no else plan.nick,
        notices=tuple(_notices(plan, now)),
        sections=(_held(plan, now), *_acts(plan, now)),
    )


def _notices(plan: Plan, now: datetime) -> Iterator[Notice]:
    if plan.is_empty:
        yield Notice(Tone.GOOD, say(Text("没有可以删除的个人信息了。", "No personal data are left to erase.")))
    elif plan.holds:
        texts = list(dict.fromkeys(one.text for one in plan.holds))
        told = Text("；".join(text.zh for text in texts), "; ".join(text.en for text in texts))
        yield Notice(
            Tone.WARN,
            say(Text(f"现在不能删除：{told.zh}", f"It cannot be removed now: {told.en}")),
            say(Text("这些事了结后再来。", "Come back when these are over.")),
        )
    elif plan.due_at is not None and not plan.is_due(now):
        day = _day(plan.due_at)
        zh = f"保存期到 {day}。买家要求删除的，先限制处理，到期再删。"
        yield Notice(
            Tone.PLAIN,
            say(Text(zh, f"Its period runs until {day}. At a buyer's request restrict it until then, then erase.")),
        )


def _held(plan: Plan, now: datetime) -> Section:
    return Section(
        say(Text("现在保存着什么", "What is kept now")),
        facts=(
            Fact(say(Text("数据库", "Tables")), say(Text(f"{plan.rows} 行", f"{plan.rows} rows"))),
            Fact(
                say(Text("保管链", "The record")),
                say(Text(f"{plan.contents} 项内容", f"{plan.contents} contents")),
                say(Text("删除后条目还在，仍可校验", "after erasing its entries stay and verify")),
            ),
            Fact(
                say(Text("文件", "Files")),
                say(Text(f"{plan.files} 个", str(plan.files))),
                say(
                    Text(
                        f"另有 {len(plan.shared)} 个导入原件里还有别的买家",
                        f"{len(plan.shared)} imported originals also tell of other buyers",
                    )
                )
                if plan.shared
                else "",
            ),
        ),
        rows=tuple(_part(part, now) for part in plan.parts),
    )


def _part(part: Standing, now: datetime) -> Row:
    title = part.matter.about or say(Text("订单之外的沟通和身份", "Talk apart from orders, and who he is"))
    small = [say(one.text) for one in part.holds]
    if part.due_at is not None and (not part.is_empty or is_locked(part)):
        text = Text(f"保存到 {_day(part.due_at)}（{part.rule}）", f"Kept until {_day(part.due_at)} ({part.rule})")
        small.append(say(text))
    told = _counts(part.collected.rows, part.contents, len(part.collected.files))
    pill = Pill(say(Text("空", "empty")))
    if part.removal is not None and (part.is_empty or is_locked(part)):
        state = RemovalState(part.removal.state)
        pill = Pill(say(STATE_TITLES[state]), _TONES.get(state, Tone.PLAIN))
        if is_locked(part):
            counts = part.removal.counts
            kept = _counts(counts.get("rows", 0), counts.get("contents", 0), counts.get("files", 0))
            told = say(Text(f"加密收起：{kept}", f"locked away: {kept}"))
    elif not part.is_empty:
        is_due = part.is_due(now) and not part.holds
        words = Text("到期", "due") if is_due else Text("保存中", "kept")
        pill = Pill(say(words), Tone.WARN if is_due else Tone.PLAIN)
    return Row(
        title=title,
        text=told,
        small=tuple(small),
        pill=pill,
        url=reverse("case", args=[part.matter.cases[-1].number]) if part.matter.cases else "",
    )


def _acts(plan: Plan, now: datetime) -> Iterator[Section]:
    def url(name: str) -> str:
        return reverse("privacy_act", args=[plan.ref, name])

    is_locked_now = any(is_locked(part) for part in plan.parts)
    if not plan.is_empty:
        yield Section(
            say(Text("给买家一份副本", "A copy for the buyer")),
            note=say(
                Text(
                    "JSON 和文字各一份；卡密已遮住，不含客服姓名。导出会记入保管链。",
                    "As JSON and as text; card codes masked, no names of staff. The record notes that it was made.",
                )
            ),
            acts=(ActionForm(url("export"), say(Text("下载副本", "Download the copy"))),),
        )
    if plan.is_empty or plan.holds:
        return
    grounds = [ground for ground in Ground if ground is not Ground.RETENTION_OVER or plan.is_due(now)]
    if is_locked_now:
        reason = Input("reason", say(Text("理由", "Why")), is_required=True, max_length=300)
        yield Section(
            say(Text("解除限制", "Lift the restriction")),
            acts=(
                ActionForm(
                    url("lift"),
                    say(Text("解除", "Lift")),
                    (reason,),
                    opens=say(Text("确有法律理由要用这些资料", "There is a legal reason to use these data")),
                ),
            ),
        )
    elif not plan.is_due(now):
        yield Section(
            say(Text("限制处理", "Restrict")),
            note=say(
                Text(
                    "资料加密收起，列表、草稿、证据包都不再出现，到期再删；期间可以解除。",
                    "Locked away: no list, draft or pack shows them until they are erased. It can be lifted.",
                )
            ),
            acts=(ActionForm(url("restrict"), say(Text("限制处理", "Restrict")), (_ground(grounds),), is_main=True),),
        )
    yield Section(
        say(Text("删除", "Erase")),
        acts=(
            ActionForm(
                url("erase"),
                say(Text("删除", "Erase")),
                (_ground(grounds),),
                hidden=(("stamp", plan.stamp),),
                typed_word=say(plan.phrase),
                warning=say(
                    Text(
                        "删除后谁也恢复不了，包括我们。订单号、金额和日期作为账目留下，不再指向任何人。",
                        "Nobody can bring it back, not even we. Order number, sums and days stay and point to nobody.",
                    )
                ),
                opens=say(Text("永久删除", "Erase for good")),
                is_danger=True,
            ),
        ),
    )


def _ground(grounds: Iterable[Ground]) -> Input:
    return Input(
        "ground",
        say(Text("理由", "Ground")),
        InputKind.SELECT,
        choices=tuple(Choice(ground.value, say(GROUND_TITLES[ground])) for ground in grounds),
        is_required=True,
    )
