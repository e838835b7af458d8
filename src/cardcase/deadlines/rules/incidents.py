"""Why a deadline was missed, for the post-mortem: a list, so that a shop can count what keeps happening."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.errors import WrongUse
from cardcase.kit.text import Text

WORDS_MOST: Final = 2000


class MissCause(StrEnum):
    """What made us late."""

    UNNOTICED = "unnoticed"
    OVERLOADED = "overloaded"
    CLOSED = "closed"
    WRONG_CLOCK = "wrong_clock"
    TOLD_LATE = "told_late"
    SYSTEM_DOWN = "system_down"
    WAITED_FOR_EVIDENCE = "waited_for_evidence"
    HANDOVER = "handover"
    LET_PASS = "let_pass"  # noqa: S105 - a cause, not a secret
    OTHER = "other"


MISS_CAUSES: Final = MappingProxyType(
    {
        MissCause.UNNOTICED: Text("没看到提醒", "the warning was not seen"),
        MissCause.OVERLOADED: Text("太忙，没轮到", "too much to do"),
        MissCause.CLOSED: Text("放假或下班，没人值守", "nobody was on duty"),
        MissCause.WRONG_CLOCK: Text("时限读错或没填", "the deadline was read wrongly or not typed in"),
        MissCause.TOLD_LATE: Text("平台数据来晚了", "the platform's data came late"),
        MissCause.SYSTEM_DOWN: Text("电脑或网络停了", "machine or network was down"),
        MissCause.WAITED_FOR_EVIDENCE: Text("等证据等过了头", "waited too long for evidence"),
        MissCause.HANDOVER: Text("交接漏了", "lost in a handover"),
        MissCause.LET_PASS: Text("有意不处理", "let pass on purpose"),
        MissCause.OTHER: Text("其他", "other"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a person found out about a miss: what happened, the cause from the list, and the measure taken."""

    happened: str
    cause: MissCause
    measure: str

    def checked(self) -> "Review":
        """Return the review without blanks around its words. Raises WrongUse when one part is empty or endless."""
        happened, measure = self.happened.strip(), self.measure.strip()
        for words, zh, en in (
            (happened, "请写明发生了什么", "Say what happened"),
            (measure, "请写明以后怎么避免", "Say what will be done about it"),
        ):
            if not words or len(words) > WORDS_MOST:
                raise WrongUse(
                    f"{zh}（{WORDS_MOST} 字以内）",
                    f"{en}, in at most {WORDS_MOST} characters",
                    code="review_incomplete",
                )
        return Review(happened=happened, cause=self.cause, measure=measure)
