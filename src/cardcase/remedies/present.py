"""Calibration and overrides as a page shows them: finished sentences, every share with its n and interval."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cardcase.cases.rules import OUTCOME_TITLES, Outcome
from cardcase.kit import clock
from cardcase.kit.text import Text
from cardcase.remedies.queries import CalibrationView, Values
from cardcase.remedies.rules import advice, learning
from cardcase.shell.language import say
from cardcase.shell.parts import EmptyState, Fact, Notice, Tone
from cardcase.triage.rules import reasons

TOO_FEW: Final = Text("太少，说不准", "too few to say")

_JUDGED: Final = {
    "too_few": (Tone.PLAIN, Text("还不到 8 单有结论，太少，说不准。", "Fewer than 8 with a label: too few to say.")),
    "too_low": (
        Tone.WARN,
        Text(
            "实际欠买家的比预计的多，超出了偶然的范围：建议偏乐观。",
            "Buyers were owed more often than forecast, beyond chance: the advice is too hopeful.",
        ),
    ),
    "too_high": (
        Tone.WARN,
        Text(
            "实际欠买家的比预计的少，超出了偶然的范围：建议偏悲观。",
            "Buyers were owed less often than forecast, beyond chance: the advice is too gloomy.",
        ),
    ),
    "worse": (
        Tone.WARN,
        Text(
            "总数对得上，但误差比偶然的大：高的说低了，低的说高了。",
            "The total fits, but the error is beyond chance: the forecasts tell cases apart badly.",
        ),
    ),
    "not_told_apart": (
        Tone.GOOD,
        Text("和完全准的预计分不出高下。", "It cannot be told apart from a forecast that is exactly right."),
    ),
}  # fmt: skip

_SOURCES: Final = {
    "before_reveal": Text("查实交付前已兑换", "redeemed before delivery, verified"),
    "unusable": Text("查实不能用", "verified unusable"),
    "short": Text("查实交付时余额不足", "verified short at delivery"),
    "whole": Text("投诉后查得足额", "found whole after the claim"),
    "account": Text("发卡方：买家账号兑换", "the issuer names the buyer's account"),
    "admission": Text("买家承认用过", "the buyer admits use"),
    "cause": Text("结案时查明的原因", "the cause that a person found"),
    "review": Text("复盘：卡确实有问题", "a review: the card was at fault"),
    "ruling": Text("平台裁决", "the platform's ruling"),
}

_STATES: Final = {
    "unknown": Text("兑换状态不明", "redemption unknown"),
    "unredeemed": Text("未兑换", "not redeemed"),
    "after_reveal": Text("交付后兑换", "redeemed after delivery"),
    "before_reveal": Text("交付前兑换", "redeemed before delivery"),
}

_WINS: Final = {
    "win_after": Text("平台支持我方：交付后兑换", "the platform sides with us: redeemed after delivery"),
    "win_else": Text("平台支持我方：其他情形", "the platform sides with us: other cases"),
    "win_before": Text("平台支持我方：交付前兑换", "the platform sides with us: redeemed before delivery"),
}


@dataclass(frozen=True, slots=True)
class BinRow:
    """One bin: forecasts from … to …, what they said, how often it was so, of how many, and the interval."""

    span: str
    forecast: str
    seen: str
    interval: str
    n: str


@dataclass(frozen=True, slots=True)
class GroupBox:
    """One set of cases: the sentence that sums it up, its bins, the score beside its noise floor."""

    title: str
    hint: str
    notice: Notice
    rows: tuple[BinRow, ...]
    score: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class CalibrationPage:
    """Forecasts against what came out. ``empty`` stands alone when nothing has closed yet."""

    empty: EmptyState | None
    groups: tuple[GroupBox, ...]
    labels: tuple[Fact, ...]
    values: tuple[Fact, ...]
    values_hint: str


@dataclass(frozen=True, slots=True)
class OverridesPage:
    """How often people choose otherwise, by kind and reason; how those cases ended. ``noise`` says what chance does."""

    empty: EmptyState | None
    whole: tuple[Fact, ...]
    by_kind: tuple[Fact, ...]
    by_reason: tuple[Fact, ...]
    endings: tuple[tuple[str, tuple[Fact, ...]], ...]
    noise: str


def calibration(view: CalibrationView) -> CalibrationPage:
    """Write the calibration page."""
    held = view.calibration
    calm = _group(
        held.calm,
        Text("没有上平台的", "Never went to the platform"),
        Text("学到的值只看这些。", "Only these are learned from."),
    )
    contested = _group(
        held.contested,
        Text("上过平台的", "Went to the platform"),
        Text("另外算：不能代表其余的单子。", "Apart: these cannot speak for the others."),
    )
    return CalibrationPage(
        empty=None if view.closed else _nothing(),
        groups=(calm, contested),
        labels=_labels(view),
        values=tuple(_value(one) for one in view.values.records),
        values_hint=_about_values(view.values),
    )


def _nothing() -> EmptyState:
    return EmptyState(
        say(Text("还没有结案的售后单", "No case has closed yet")),
        say(
            Text(
                "结案之后，有发卡方答复、查实的余额、平台裁决、买家承认或查明原因的，才算有结论。付了多少钱不算结论。"
                "每天学一次，满 8 单才显示比例。",
                "A closed case has a label when an issuer, a verified balance, the platform, an admission or a finding "
                "decided it; what was paid is no label. Learned once a day; no share is shown below 8.",
            )
        ),
    )


def _group(group: learning.Group, title: Text, hint: Text) -> GroupBox:
    tone, text = _JUDGED[group.judgement]
    return GroupBox(
        title=f"{say(title)} · n = {group.n}",
        hint=say(hint),
        notice=Notice(tone, say(text)),
        rows=tuple(
            BinRow(
                span=f"{one.low:.0%}–{one.high:.0%}",
                forecast=f"{one.mean:.0%}" if one.seen.is_enough else "–",
                seen=f"{one.seen.rate:.0%}" if one.seen.is_enough else say(TOO_FEW),
                interval=_interval(one.seen) if one.seen.is_enough else "–",
                n=f"{one.seen.hits}/{one.seen.n}",
            )
            for one in group.bins
            if group.n  # nothing has come out yet: no rows of nothing
        ),
        score=_score(group.score),
    )


def _score(score: learning.Score | None) -> tuple[Fact, ...]:
    if score is None:
        return ()
    return (
        Fact(
            say(Text("误差（Brier，越小越好）", "Error (Brier, less is better)")),
            f"{score.brier:.3f}",
            say(
                Text(
                    f"每次都说平均数的人：{score.base_rate:.3f}",
                    f"always saying the average: {score.base_rate:.3f}",
                )
            ),
        ),
        Fact(
            say(Text("偶然的底线", "Noise floor")),
            f"{score.floor:.3f}",
            say(
                Text(
                    f"完全准的人 95 % 落在 {score.floor_low:.3f}–{score.floor_high:.3f}",
                    f"one who is exactly right lands in {score.floor_low:.3f}–{score.floor_high:.3f} (95 %)",
                )
            ),
        ),
    )


def _labels(view: CalibrationView) -> tuple[Fact, ...]:
    made = [Fact(say(Text("已结案并查过", "Closed and looked at")), str(view.closed))]
    made += [Fact(say(_SOURCES[source]), str(count)) for source, count in view.sources]
    if view.settled_by_rule:
        made.append(
            Fact(
                say(Text("底线已定、没有预计", "Decided by a floor, nothing forecast")),
                str(view.settled_by_rule),
                say(Text("不参加上面的比较", "left out above")),
            )
        )
    return tuple(made)


def _value(one: advice.Learned) -> Fact:
    if one.number == "prior_odds":
        title = Text(
            f"{reasons.title(one.sub_reason).zh} · {_STATES[one.redemption].zh}",
            f"{reasons.title(one.sub_reason).en} · {_STATES[one.redemption].en}",
        )
        value = say(Text(f"我方责任的赔率 × {one.mid:.2f}", f"odds of our fault × {one.mid:.2f}"))
        span = f"{one.low:.2f}–{one.high:.2f}"
    else:
        title, value, span = _WINS[one.number], f"{one.mid:.0%}", f"{one.low:.0%}–{one.high:.0%}"
    note = Text(
        f"学到的 · {one.hits}/{one.n} 单（原来预计 {one.expected:.0%}）· 范围 {span}",
        f"learned · {one.hits} of {one.n} ({one.expected:.0%} was forecast) · range {span}",
    )
    return Fact(say(title), value, say(note))


def _about_values(values: Values) -> str:
    if not values.records:
        return say(
            Text(
                "还没有学到任何值：所有数字都是假设（先验）。某个细项和兑换状态满 8 单有结论才会动。",
                "Nothing is learned yet: every number is a prior. A stratum moves from 8 labels on.",
            )
        )
    when = values.at.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M") if values.at else ""
    if not values.is_current:
        return say(
            Text(
                f"这些是配旧数字学的（{when}），现在没有使用；下次学习时重算。",
                f"Learned with older numbers ({when}) and not in use; the next learning makes them anew.",
            )
        )
    return say(
        Text(
            f"版本 {values.version} · {when} · 其余的数字都是假设（先验）。",
            f"Version {values.version} · {when} · every other number is a prior.",
        )
    )


def overrides(report: learning.OverrideReport, kinds: Mapping[str, Text]) -> OverridesPage:
    """Write the page of choices other than advised."""
    whole = [_counted(Text("没按建议的", "Other than advised"), report.whole)]
    if report.unadvised:
        whole.append(
            Fact(
                say(Text("当时没有建议", "Nothing was advised")),
                str(report.unadvised),
                say(Text("不算在内", "left out")),
            )
        )
    return OverridesPage(
        empty=None if report.whole.n or report.unadvised else _no_decisions(),
        whole=tuple(whole),
        by_kind=tuple(_counted(kinds.get(row.key, Text(row.key, row.key)), row.seen) for row in report.by_kind),
        by_reason=tuple(
            Fact(say(learning.BECAUSE[learning.Because(row.key)]), f"{row.seen.hits}/{row.seen.n}", _span(row.seen))
            for row in report.by_reason
        ),
        endings=(
            (say(Text("按建议办的", "As advised")), _ending(report.followed)),
            (say(Text("没按建议的", "Other than advised")), _ending(report.other)),
        ),
        noise=_noise(report.floor),
    )


def _no_decisions() -> EmptyState:
    return EmptyState(
        say(Text("还没有做过决定", "Nothing has been decided yet")),
        say(
            Text(
                "提方案、同意、拒绝、申请介入时，都会记下当时的建议和选择。",
                "Every offer, agreement, refusal and escalation is kept with what was advised then.",
            )
        ),
    )


def _ending(ending: learning.Ending) -> tuple[Fact, ...]:
    return (
        Fact(
            say(Text("已结案", "Closed")),
            str(ending.n),
            "　".join(f"{_outcome(name)} {count}" for name, count in ending.outcomes),
        ),
        _counted(Text("判输或超时", "Lost"), ending.lost),
        _counted(Text("与后来的结论相反", "Against what came out"), ending.against_label),
    )


def _outcome(name: str) -> str:
    return say(OUTCOME_TITLES[Outcome(name)])


def _counted(title: Text, seen: learning.Share) -> Fact:
    return Fact(say(title), f"{seen.hits}/{seen.n}", _span(seen))


def _span(seen: learning.Share) -> str:
    return f"{seen.rate:.0%}（{_interval(seen)}）" if seen.is_enough else say(TOO_FEW)


def _interval(seen: learning.Share) -> str:
    return f"{seen.low:.0%}–{seen.high:.0%}"


def _noise(floor: float | None) -> str:
    caveat = Text(
        "两组单子本来就不一样，差别不等于谁对谁错。", "The two sets differ to begin with; a difference is no verdict."
    )
    if floor is None:
        first = Text("两组里有一组不到 8 单，不能比较。", "One of the two has fewer than 8: no comparison.")
    else:
        first = Text(
            f"判输的比例相差 {floor:.0%} 以内，可能只是偶然。",
            f"A difference in the share lost of up to {floor:.0%} may be chance alone.",
        )
    return say(Text(f"{first.zh}{caveat.zh}", f"{first.en} {caveat.en}"))
