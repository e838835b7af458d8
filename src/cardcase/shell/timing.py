"""How moments and time left are said on screen. The moment of asking is an argument; the zone is the trade's."""

from datetime import UTC, datetime, timedelta
from typing import Final

from cardcase.kit import clock
from cardcase.kit.text import Text

from .language import current, say
from .parts import Countdown, Tone

WEEKDAYS: Final = (
    Text("周一", "Mon"),
    Text("周二", "Tue"),
    Text("周三", "Wed"),
    Text("周四", "Thu"),
    Text("周五", "Fri"),
    Text("周六", "Sat"),
    Text("周日", "Sun"),
)
NO_CLOCK: Final = Text("没有时限在走", "No clock is running")
UNKNOWN: Final = Text("时限未知", "Deadline unknown")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_text(moment: datetime, *, now: datetime) -> str:
    """Say a day: 「11月24日」, with the year when it is another one."""
    local, today = moment.astimezone(clock.SHANGHAI), now.astimezone(clock.SHANGHAI)
    month = _MONTHS[local.month - 1]
    if local.year == today.year:
        return say(Text(f"{local.month}月{local.day}日", f"{local.day} {month}"))
    return say(Text(f"{local.year}年{local.month}月{local.day}日", f"{local.day} {month} {local.year}"))


def weekday_text(moment: datetime) -> str:
    """Say the day of the week: 「周二」."""
    return say(WEEKDAYS[moment.astimezone(clock.SHANGHAI).weekday()])


def time_text(moment: datetime) -> str:
    """Say the time of day: 「09:48」."""
    local = moment.astimezone(clock.SHANGHAI)
    return f"{local.hour:02d}:{local.minute:02d}"


def moment_text(moment: datetime, *, now: datetime) -> str:
    """Say a moment as a person would: 「今天 18:00」, 「明天 10:00」, 「昨天 09:48」, 「11月20日 20:12」."""
    days = (moment.astimezone(clock.SHANGHAI).date() - now.astimezone(clock.SHANGHAI).date()).days
    near = {-1: Text("昨天", "yesterday"), 0: Text("今天", "today"), 1: Text("明天", "tomorrow")}.get(days)
    return f"{say(near) if near else day_text(moment, now=now)} {time_text(moment)}"


def countdown(
    due_at: datetime | None, *, now: datetime, margin_at: datetime | None = None, language: str = ""
) -> Countdown:
    """Say the time left until ``due_at``; warn from ``margin_at`` on (without one: in the last 24 hours).

    ``language`` is that of the reader when the caller knows it: a list asks once, not for each row.
    """
    if due_at is None:
        return Countdown(text=say(UNKNOWN), short=say(Text("未知", "?")), tone=Tone.UNKNOWN)
    left, language = due_at - now, language or current()
    span = clock.span_text(left, lang=language)
    iso = due_at.astimezone(UTC).isoformat(timespec="seconds")
    if left < timedelta():
        return Countdown(
            text=Text(f"已超时 {span}", f"overdue by {span}").say(language),
            short=Text("超时", "Late").say(language),
            due_iso=iso,
            tone=Tone.BAD,
        )
    warns = now >= (margin_at if margin_at is not None else due_at - timedelta(hours=24))
    return Countdown(
        text=Text(f"还剩 {span}", f"{span} left").say(language),
        short=_short(left, language),
        due_iso=iso,
        tone=Tone.WARN if warns else Tone.PLAIN,
    )


def no_countdown() -> Countdown:
    """Say that no clock runs."""
    return Countdown(text=say(NO_CLOCK), short="–")


def _short(left: timedelta, language: str) -> str:
    minutes = int(left.total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, mins = divmod(rest, 60)
    if days:
        return Text(f"{days}天{hours}时", f"{days}d {hours}h").say(language)
    return f"{hours}:{mins:02d}"
