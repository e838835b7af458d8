"""Flags that say the same thing: the list of groups, and the page of one with the form that decides about it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from cardcase.kit.money import yuan
from cardcase.kit.text import Text
from cardcase.shell import timing
from cardcase.shell.language import say
from cardcase.shell.parts import ActionForm, Choice, EmptyState, Input, InputKind, Link, Notice, Pill, Tone
from cardcase.sourcing import pages
from cardcase.sourcing.queries import NO_SUPPLIER, FlagGroup, GroupMember, Unasked
from cardcase.sourcing.rules.flags import AT_ONCE
from cardcase.staff.rules import Actor, Permission

from . import flags
from .words import reason, select

TICKED: Final = 40
"""Flags with a tick box of their own on the page of a group; the rest come once these are decided. Our own choice."""
LOTS_NAMED: Final = 3
"""Batches of a group that are named on its line."""


def groups_page(actor: Actor, found: Sequence[FlagGroup], *, now: datetime, unasked: Unasked) -> pages.Page:
    """Build the list of groups that wait for a person: the one with the newest flag first."""
    count = sum(len(group.members) for group in found)
    several = say(
        Text(
            f"共 {count} 条，按规则和货源方归成 {len(found)} 组。一组看完，写一次决定就够。",
            f"{count} in all, in {len(found)} groups by rule and supplier. Look at a group, then decide once.",
        )
    )
    return pages.Page(
        title=say(Text("风险提示", "Risk flags")),
        back=Link(say(Text("货源方", "Suppliers")), reverse("suppliers")),
        notices=flags.unasked_notice(unasked),
        sections=(
            pages.Section(
                say(Text("需要核对", "To be looked at")),
                note=f"{several} {say(flags.NOTE)}" if found else say(flags.NOTE),
                rows=tuple(_row(actor, group, now) for group in found),
                links=(Link(say(Text("全部，含已处理", "All, decided ones too")), "?state=all"),),
                acts=flags.signal_forms(actor),
            ),
        ),
        empty=None if found else _nothing(),
    )


def group_page(actor: Actor, group: FlagGroup | None, *, now: datetime) -> pages.Page:
    """Build the page of one group: what its rule says, its flags, and the decision; None when none of it is open."""
    back = Link(say(Text("风险提示", "Risk flags")), reverse("flags"))
    if group is None:
        return pages.Page(title=say(Text("一组风险提示", "A group of flags")), back=back, empty=_nothing())
    shown = group.members[:TICKED]
    left = len(group.members) - len(shown)
    more = Text(f"先列最新的 {TICKED} 条，还有 {left} 条", f"the newest {TICKED} are listed, {left} more follow")
    return pages.Page(
        title=say(group.said.title),
        sub=_giver(group),
        back=back,
        notices=() if actor.may(Permission.MANAGE_CARDS) else (_only_look(),),
        sections=(
            pages.Section(
                say(Text("怎么回事", "What it is about")),
                rows=(
                    pages.Row(
                        title=_counted(group, now),
                        text=say(group.said.text),
                        small=(flags.todo_text(group.said),),
                        folded=flags.grounds(group.said),
                    ),
                ),
            ),
            pages.Section(
                say(Text("这一组", "In this group")),
                note=say(more) if left else "",
                rows=tuple(_member(one, now) for one in shown),
            ),
            *_deciding(actor, group, shown),
        ),
    )


def group_url(group: FlagGroup) -> str:
    """Return the address of the page of a group."""
    return f"{reverse('flags')}?{urlencode({'rule': group.rule, 'supplier': group.supplier})}"


def _row(actor: Actor, group: FlagGroup, now: datetime) -> pages.Row:
    one = group.members[0]
    is_single = len(group.members) == 1
    named = f"{_kind(one)} {one.subject_name}".strip() if is_single else _giver(group)
    small = [_counted(group, now), flags.todo_text(group.said)]
    if is_single:
        small.insert(1, flags.facts_text(one.facts))
    url = group_url(group)
    may_decide = actor.may(Permission.MANAGE_CARDS)
    word = Text("看这一组并作决定", "Look and decide") if may_decide else Text("看这一组", "Look at them")
    return pages.Row(
        title=f"{say(group.said.title)} · {named}",
        small=tuple(part for part in small if part),
        folded=(say(group.said.text), *flags.grounds(group.said)),
        pill=Pill(say(Text(f"{len(group.members)} 条", f"{len(group.members)} open")), Tone.WARN),
        url=url,
        links=(Link(say(word), url),),
    )


def _counted(group: FlagGroup, now: datetime) -> str:
    """Say how much there is: 「57 条 · 批次 A、B 等 4 批 · 涉及 ¥4,180.00 · 最新 今天 10:12」."""
    count = len(group.members)
    told = [say(Text(f"{count} 条", f"{count} flags" if count > 1 else "1 flag"))]
    if group.lots:
        names = "、".join(group.lots[:LOTS_NAMED])
        rest = len(group.lots) > LOTS_NAMED
        told.append(
            say(
                Text(
                    f"批次 {names}" + (f" 等 {len(group.lots)} 批" if rest else ""),
                    f"batches {names}" + (f" and others, {len(group.lots)} in all" if rest else ""),
                )
            )
        )
    if group.fen:
        told.append(say(Text(f"涉及 {yuan(group.fen)}", f"{yuan(group.fen)} at stake")))
    if group.unpriced:
        told.append(say(Text(f"{group.unpriced} 条金额不明", f"{group.unpriced} without a known sum")))
    moment = timing.moment_text(group.newest_at, now=now)
    told.append(say(Text(f"最新 {moment}", f"newest {moment}")))
    return " · ".join(told)


def _giver(group: FlagGroup) -> str:
    if group.supplier != NO_SUPPLIER:
        return group.supplier_name
    is_shop = group.members[0].subject_kind == "shop"
    return say(Text("店铺", "shop") if is_shop else Text("没有写货源方", "no supplier told"))


def _kind(one: GroupMember) -> str:
    return say(flags.WHERE[one.subject_kind])


def _member(one: GroupMember, now: datetime) -> pages.Row:
    moment = timing.moment_text(one.changed_at, now=now)
    url = reverse("batch", args=[one.subject]) if one.subject_kind == "batch" else ""
    if one.case:
        url = reverse("case", args=[one.case])
    told = [flags.facts_text(one.facts), say(Text(f"售后单 {one.case}", f"case {one.case}")) if one.case else ""]
    return pages.Row(
        title=f"{_kind(one)} {one.subject_name}".strip(),
        text=" · ".join(part for part in (_sum(one), moment) if part),
        small=tuple(part for part in told if part),
        url=url,
    )


def _sum(one: GroupMember) -> str:
    return yuan(one.fen) if one.fen is not None else ""


def _deciding(actor: Actor, group: FlagGroup, shown: Sequence[GroupMember]) -> tuple[pages.Section, ...]:
    """Offer the decision: about those that are ticked, and about all of them when they are more than can be ticked."""
    if not actor.may(Permission.MANAGE_CARDS):
        return ()
    known = flags.decisions_for(actor, group.members[0].subject_kind)
    ticks = tuple(
        Choice(_seen(one), f"{_kind(one)} {one.subject_name} {_sum(one)}".strip(), is_chosen=True) for one in shown
    )
    ticked = Input("flags", say(Text("对哪些", "About which")), InputKind.CHECKS, choices=ticks)
    is_single = len(group.members) == 1
    of = ("supplier", group.supplier)  # to come back to what is left of the group
    form = ActionForm(
        url=reverse("flags-decide"),
        button=say(Text("写下决定", "Record the decision")),
        hidden=(of, ("flags", ticks[0].value)) if is_single else (of,),
        inputs=(*(() if is_single else (ticked,)), select("decision", Text("决定", "Decision"), known), reason()),
        is_main=True,
    )
    forms = [form]
    if len(group.members) > len(shown):
        covered = group.members[:AT_ONCE]
        all_of_them = Text(f"对全部 {len(covered)} 条作同一决定", f"Decide the same about all {len(covered)}")
        forms.append(
            ActionForm(
                url=reverse("flags-decide"),
                button=say(all_of_them),
                hidden=(of, *(("flags", _seen(one)) for one in covered)),
                inputs=(select("decision", Text("决定", "Decision"), known), reason()),
                opens=say(all_of_them),
                warning=say(
                    Text(
                        "包括上面没有列出来的。每一条都会各自记下这个决定。",
                        "Those not listed above are among them. The decision is recorded for each.",
                    )
                ),
            )
        )
    note = Text(
        "写一次，每一条各自留下记录；之后事实变了，会单独重新打开。",
        "Written once, recorded for each; one opens again by itself when its facts change.",
    )
    return (pages.Section(say(Text("作决定", "Decide")), anchor="decide", note=say(note), acts=tuple(forms)),)


def _seen(one: GroupMember) -> str:
    """Write down which flag a person saw, and how it looked."""
    return f"{one.public_id}:{one.mark}"


def _only_look() -> Notice:
    return Notice(
        Tone.PLAIN,
        say(Text("你可以看，决定由主管或店主来写", "You can look; a lead or the owner decides")),
        say(Text("看到不对的，告诉他们是哪一组。", "If something is wrong, tell them which group.")),
    )


def _nothing() -> EmptyState:
    return EmptyState(
        say(Text("没有需要核对的提示", "Nothing to look at")),
        say(
            Text(
                "采购、单据和订单有变化时会自动重新判断。",
                "Purchases, papers and orders are judged again when they change.",
            )
        ),
    )
