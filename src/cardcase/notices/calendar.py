"""The shop's running deadlines as a calendar (RFC 5545), made with icalendar.

The same deadline keeps its UID; when it is moved, its SEQUENCE grows, so that a calendar that knew it moves it too.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from icalendar import Alarm, Calendar, Event, vText

from cardcase.deadlines.rules.kinds import CERTAINTY_TEXTS
from cardcase.kit import clock
from cardcase.kit.text import Text

from .queries import CalendarEntry

REFRESH: Final = timedelta(minutes=15)


def document(shop: str, entries: Sequence[CalendarEntry], *, at: datetime, language: str) -> bytes:
    """Write a calendar of running deadlines, as of a moment."""
    made = Calendar()
    made.add("prodid", "-//Cardcase//Deadlines//ZH")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    # A name of its own making is not escaped by the library unless it is told that this is text.
    made.add("x-wr-calname", vText(Text(f"{shop} · 时限", f"{shop} · Deadlines").say(language)))
    made.add("x-wr-timezone", "Asia/Shanghai")
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT15M")
    for entry in entries:
        made.add_component(_event(entry, at=at, language=language))
    return bytes(made.to_ical())


def _event(entry: CalendarEntry, *, at: datetime, language: str) -> Event:
    due = entry.clock
    event = Event()
    event.add("uid", f"{due.subject}.{due.kind.value}@cardcase")
    event.add("sequence", entry.sequence)
    event.add("dtstamp", at)
    event.add("last-modified", entry.armed_at)
    event.add("dtstart", due.due_at)
    event.add("dtend", due.due_at)
    event.add("summary", f"{entry.number} {due.title.say(language)}")
    event.add("description", "\n".join(text.say(language) for text in _lines(entry)))
    event.add("transp", "TRANSPARENT")  # a deadline does not make anybody busy
    event.add("status", "CONFIRMED" if due.is_verified else "TENTATIVE")
    event.add("class", "PRIVATE")
    if entry.link:
        event.add("url", entry.link)
    event.add_component(_alarm(entry, language))
    return event


def _alarm(entry: CalendarEntry, language: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", entry.clock.margin_at, parameters={"VALUE": "DATE-TIME"})
    said = Text("马上要到期：{title}", "Almost due: {title}").format(title=entry.clock.title.say(language))
    alarm.add("description", f"{entry.number} {said.say(language)}")
    return alarm


def _lines(entry: CalendarEntry) -> list[Text]:
    due = entry.clock
    moment = due.due_at.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M")
    sure = CERTAINTY_TEXTS[due.certainty]
    lines = [
        Text(f"截止：{moment} 北京时间", f"Due: {moment} Beijing time"),
        Text(f"错过会：{due.if_missed_text.zh}", f"If missed: {due.if_missed_text.en}"),
        Text(f"时限可信度：{sure.zh}", f"The time is: {sure.en}"),
    ]
    if entry.nick:
        lines.append(Text(f"买家：{entry.nick}", f"Buyer: {entry.nick}"))
    return lines
