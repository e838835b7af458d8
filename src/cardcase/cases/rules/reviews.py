"""Why a case was lost or a deadline missed, as a person found out: one list, so that a shop can count what recurs."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.deadlines.rules import BINDS_SELLER, FOLLOWS_HOURS
from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

from .needs import Need

WORDS_MOST: Final = 2000

INCIDENTS: Final = BINDS_SELLER - FOLLOWS_HOURS
"""Clocks whose miss is an incident: those that wait for the seller, except goals that are only our own."""

ASKS_REVIEW: Final = (Need.POST_MORTEM, Need.DEADLINE_MISSED, Need.REVIEW_DUE)
"""What is not put away before somebody has written why."""


class Cause(StrEnum):
    """What made us lose, or be late."""

    UNNOTICED = "unnoticed"
    OVERLOADED = "overloaded"
    CLOSED = "closed"
    WRONG_CLOCK = "wrong_clock"
    TOLD_LATE = "told_late"
    SYSTEM_DOWN = "system_down"
    WAITED_FOR_EVIDENCE = "waited_for_evidence"
    HANDOVER = "handover"
    LET_PASS = "let_pass"  # noqa: S105 - a cause, not a secret
    GOODS_FAULTY = "goods_faulty"
    NO_EVIDENCE = "no_evidence"
    UNSEEN_RULE = "unseen_rule"
    WRONG_CHOICE = "wrong_choice"
    UNFAIR_RULING = "unfair_ruling"
    OTHER = "other"


CAUSES: Final = MappingProxyType(
    {
        Cause.UNNOTICED: Text("没看到提醒", "the warning was not seen"),
        Cause.OVERLOADED: Text("太忙，没轮到", "too much to do"),
        Cause.CLOSED: Text("放假或下班，没人值守", "nobody was on duty"),
        Cause.WRONG_CLOCK: Text("时限读错或没填", "the deadline was read wrongly or not typed in"),
        Cause.TOLD_LATE: Text("平台数据来晚了", "the platform's data came late"),
        Cause.SYSTEM_DOWN: Text("电脑或网络停了", "machine or network was down"),
        Cause.WAITED_FOR_EVIDENCE: Text("等证据等过了头", "waited too long for evidence"),
        Cause.HANDOVER: Text("交接漏了", "lost in a handover"),
        Cause.LET_PASS: Text("有意不处理", "let pass on purpose"),
        Cause.GOODS_FAULTY: Text("卡确实有问题", "the card was at fault"),
        Cause.NO_EVIDENCE: Text("证据没留或不够", "evidence was not kept or too weak"),
        Cause.UNSEEN_RULE: Text("没注意平台规则", "a rule of the platform was overlooked"),
        Cause.WRONG_CHOICE: Text("本该早点退或换", "a refund or replacement should have come earlier"),
        Cause.UNFAIR_RULING: Text("裁决不合理", "the ruling was wrong"),
        Cause.OTHER: Text("其他", "other"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a person found out: what happened, the cause from the list, and the measure taken."""

    text: str
    cause: Cause
    measure: str

    def checked(self) -> "Findings":
        """Return the findings without blanks around their words. Raises WrongUse when a part is empty or endless."""
        text, measure = self.text.strip(), self.measure.strip()
        for words, zh, en in (
            (text, "请写明发生了什么", "Say what happened"),
            (measure, "请写明以后怎么避免", "Say what will be done about it"),
        ):
            if not words or len(words) > WORDS_MOST:
                raise WrongUse(
                    f"{zh}（{WORDS_MOST} 字以内）",
                    f"{en}, in at most {WORDS_MOST} characters",
                    code="review_incomplete",
                )
        return Findings(text=text, cause=self.cause, measure=measure)
