"""One of each part, for the parts page and for the pictures that are compared. Made-up words, no shop's data."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from cardcase.kit import clock

from . import timing
from .parts import (
    ActionForm,
    Check,
    Choice,
    Countdown,
    EmptyState,
    Fact,
    Input,
    InputKind,
    Link,
    Notice,
    Pager,
    Pill,
    Tone,
)


@dataclass(frozen=True, slots=True)
class PartsPage:
    """Everything that ``/parts`` shows."""

    pills: tuple[Pill, ...]
    countdowns: tuple[Countdown, ...]
    notices: tuple[Notice, ...]
    facts: tuple[Fact, ...]
    checks: tuple[Check, ...]
    forms: tuple[ActionForm, ...]
    empty: EmptyState
    pager: Pager


def parts_page() -> PartsPage:
    """Build the parts page in the reader's language."""
    now = clock.now()
    return PartsPage(
        pills=(
            Pill(_("真实性质疑"), Tone.AUTHENTICITY),
            Pill(_("买家个人原因"), Tone.PERSONAL),
            Pill(_("价值争议"), Tone.VALUE),
            Pill(_("其他"), Tone.OTHER),
            Pill(_("未说明原因"), Tone.UNKNOWN),
            Pill(_("已有"), Tone.GOOD),
            Pill(_("待处理"), Tone.WARN),
            Pill(_("矛盾"), Tone.BAD),
            Pill(_("已结束")),
        ),
        countdowns=(
            timing.countdown(now + timedelta(days=2, hours=3), now=now),
            timing.countdown(now + timedelta(hours=17, minutes=12), now=now),
            timing.countdown(now - timedelta(hours=3), now=now),
            timing.countdown(None, now=now),
        ),
        notices=(
            Notice(Tone.WARN, _("时限快到了。"), _("先确认原因，再回复。"), Link(_("去确认"), "#")),
            Notice(Tone.BAD, _("错过了一个时限。"), _("写一份复盘，避免再次发生。")),
            Notice(Tone.GOOD, _("已保存。")),
            Notice(Tone.PLAIN, _("“咖啡卡 30” 只剩 3 张。")),
        ),
        facts=(
            Fact(_("面额"), "¥200.00"),
            Fact(_("售前查验"), _("发货前 6 分钟，可兑换"), _("截图已存")),
            Fact(_("有效期"), _("还剩 4 天"), tone=Tone.WARN),
        ),
        checks=(Check(ok=True, text=_("语气平和")), Check(ok=False, text=_("含有站外联系方式：请删掉"))),
        forms=_forms(),
        empty=EmptyState(
            _("还没有售后单"),
            _("买家一申请退款，这里就会出现。先把手里的东西放进来："),
            (Link(_("导入订单和退款"), "/import/"), Link(_("导入卡"), "/import/"), Link(_("粘贴聊天"), "/import/")),
        ),
        pager=Pager(_("第 1–50 张，共 1,240 张"), "", "#"),
    )


def _forms() -> tuple[ActionForm, ...]:
    return (
        ActionForm(
            "#",
            _("保存"),
            (
                Input("text", _("文字"), is_required=True, help=_("一句说明。")),
                Input("amount", _("金额（元）"), InputKind.MONEY, value="45.00", error=_("超过买家付的钱。")),
                Input(
                    "reason",
                    _("原因"),
                    InputKind.SELECT,
                    choices=(
                        Choice("A1", _("卡密无效"), _("真实性质疑")),
                        Choice("A2", _("已被兑换"), _("真实性质疑"), is_chosen=True),
                        Choice("P1", _("不想要了"), _("买家个人原因")),
                    ),
                ),
                Input(
                    "kinds",
                    _("要哪些"),
                    InputKind.CHECKS,
                    choices=(Choice("E10", _("整屏截图"), is_chosen=True), Choice("E11", _("录屏"))),
                ),
                Input("sure", _("我已在平台上核对"), InputKind.CONFIRM),
                Input("note", _("备注"), InputKind.TEXTAREA),
                Input("files", _("文件"), InputKind.FILE),
            ),
            is_main=True,
        ),
        ActionForm(
            "#",
            _("执行退款"),
            opens=_("退款 ¥193.00"),
            typed_word="193.00",
            warning=_("钱退出去就收不回来。"),
        ),
    )
