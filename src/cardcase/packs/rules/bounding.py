"""How the bounds of records in time are said: not before, not after, by third parties' clocks (custody.md §7.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cardcase.kit.text import Text

from .wording import moment


@dataclass(frozen=True, slots=True)
class Span:
    """Between which moments a record came to be; None where nobody vouches."""

    not_before: datetime | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bounding:
    """The bounds of the records of a pack by number.

    ``is_asked`` tells whether an authority of time is set; ``has_unchecked`` whether there are stamps that could not be
    checked here and therefore bound nothing: they go along, and it would be untrue to say that there is none.
    ``astray`` are the records whose own time contradicts their bounds: said before a stranger finds it.
    """

    is_asked: bool = False
    spans: Mapping[int, Span] = field(default_factory=dict)
    astray: frozenset[int] = frozenset()
    has_unchecked: bool = False

    @property
    def both(self) -> int:
        """How many records are bounded on both sides."""
        return sum(bool(one.not_before and one.not_after) for one in self.spans.values())

    @property
    def only_after(self) -> int:
        """How many are known to be no later than a moment, and nothing else."""
        return sum(bool(one.not_after and not one.not_before) for one in self.spans.values())

    @property
    def only_before(self) -> int:
        """How many are known to be no earlier than a moment, and nothing else: no stamp has come since."""
        return sum(bool(one.not_before and not one.not_after) for one in self.spans.values())

    @property
    def unbounded(self) -> int:
        """How many no time-stamp speaks of."""
        return len(self.spans) - self.both - self.only_after - self.only_before

    @property
    def is_timed(self) -> bool:
        """Tell whether a third party vouches for the time of any record."""
        return self.unbounded < len(self.spans)

    def said_of(self, seq: int) -> str:
        """Say the bounds of one record, one bound a line, in Shanghai time, to the full second that is still true."""
        span = self.spans.get(seq, Span())
        if span == Span():
            return self._none
        before = f"不早于 {moment(span.not_before)}" if span.not_before else "尚无下界"
        after = f"不晚于 {moment(_up(span.not_after))}" if span.not_after else "尚无上界"
        astray = ("所写时间在此之外",) if seq in self.astray else ()
        return "\n".join((before, after, *astray))

    @property
    def _none(self) -> str:
        if self.has_unchecked:
            return "没有核对过的时间戳"
        return "还没有时间戳" if self.is_asked else "没有时间戳"

    def summary(self) -> Text:
        """Say in one sentence how far third parties vouch for the time of the records."""
        told = self._told()
        more = _UNCHECKED if self.has_unchecked else Text("", "")
        astray = self._told_astray()
        return Text(told.zh + astray.zh + more.zh, told.en + astray.en + more.en)

    def _told_astray(self) -> Text:
        if not self.astray:
            return Text("", "")
        listed = "、".join(str(seq) for seq in sorted(self.astray)[:_MOST_NAMED])
        rest = len(self.astray) - _MOST_NAMED
        return Text(
            f"；第 {listed} 条{f'等 {len(self.astray)} 条' if rest > 0 else ''}自己写的时间不在此范围内："
            "当时的系统时钟不准，或时间是倒填的，请说明",
            f"; the times that {len(self.astray)} entries state ({listed.replace('、', ', ')}"
            f"{' …' if rest > 0 else ''}) lie outside of these bounds: a wrong clock, or back-dating; explain it",
        )

    def _told(self) -> Text:
        if not self.is_timed:
            return _NOT_YET if self.is_asked else _NOT_SET
        total = len(self.spans)
        told = (
            (self.only_after, "条尚无下界", "only not after"),
            (self.only_before, "条尚无上界", "only not before"),
            (self.unbounded, f"条{self._none}", "without a time-stamp"),
        )
        zh = _listed([f"{number} {word}" for number, word, _ in told if number], "，", "、")
        en = _listed([f"{number} {word}" for number, _, word in told if number], "; ", ", ")
        return Text(
            f"{total} 条记录中，{self.both} 条由第三方时间戳两头界定（不早于、不晚于都有）{zh}",
            f"Of {total} entries, {self.both} are bounded on both sides by third parties' time-stamps{en}",
        )


_MOST_NAMED = 5
_NOT_SET = Text(
    "没有设置可用的时间戳机构：时间只出自店铺自己的时钟，没有第三方作证",
    "No usable authority of time is set: the times are the shop's own clock's, and no third party vouches for them",
)
_NOT_YET = Text(
    "设置了时间戳机构，但这些记录还没有核对过的时间戳：时间暂时只出自店铺自己的时钟",
    "An authority of time is set, but no checked time-stamp covers these entries yet: the times are the shop's own",
)
_UNCHECKED = Text(
    "；另有时间戳未能在这里核对（例如国密 SM2，或没有指定根证书），随包附上，未计入",
    "; other time-stamps could not be checked here (SM2, or no root pinned): they go along and are not counted",
)


def _listed(parts: Sequence[str], first: str, between: str) -> str:
    return first + between.join(parts) if parts else ""


def _up(at: datetime) -> datetime:
    """Round up to the second: cut off, an upper bound would say more than the token does."""
    return at.replace(microsecond=0) + timedelta(seconds=1) if at.microsecond else at
