"""How long what is known of a buyer is kept (``data/retention.toml``), and on which ground it may go. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cardcase.kit.catalogue import Record
from cardcase.kit.text import Text


class About(StrEnum):
    """What a rule is about."""

    TRADE = "trade"
    CASE = "case"
    TALK = "talk"
    BOOKS = "books"  # figures without a person: nothing of them is erased by this room


class Start(StrEnum):
    """The moment from which a period counts."""

    MATTER_ENDED = "matter_ended"
    CASE_CLOSED = "case_closed"
    LAST_MESSAGE = "last_message"


class Ground(StrEnum):
    """Why something is erased (个人信息保护法 §47)."""

    RETENTION_OVER = "retention_over"
    BUYER_REQUEST = "buyer_request"
    PURPOSE_ENDED = "purpose_ended"


GROUND_TITLES: Final = MappingProxyType(
    {
        Ground.RETENTION_OVER: Text("保存期已满", "the retention period is over"),
        Ground.BUYER_REQUEST: Text("买家要求删除", "the buyer asked for it"),
        Ground.PURPOSE_ENDED: Text("处理目的已实现或不再需要", "the purpose has ended"),
    }
)
EARLY: Final = frozenset({Ground.BUYER_REQUEST, Ground.PURPOSE_ENDED})
"""Grounds on which something is erased before its period is over."""


class RetentionRule(Record):
    """One period: for what, from when, how long, by which source."""

    about: About
    starts: Start
    allowance: timedelta
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str

    @property
    def title(self) -> Text:
        """What it is called."""
        return Text(self.title_zh, self.title_en)

    @property
    def text(self) -> Text:
        """What it says."""
        return Text(self.text_zh, self.text_en)


@dataclass(frozen=True, slots=True)
class Moments:
    """From when the periods of one matter count; None where nothing of the kind happened.

    ``kept_until``: the latest of the retention clocks of its cases, which the shop's own rules of time have set.
    """

    ended_at: datetime | None = None
    last_message_at: datetime | None = None
    kept_until: datetime | None = None


def due_at(
    rules: Iterable[RetentionRule], moments: Moments, kinds: Mapping[About, bool]
) -> tuple[datetime | None, str]:
    """Return when the last period of a matter is over and by which rule; (None, "") when none can be told.

    ``kinds`` says which kinds of data the matter has. A case counts from its own retention clock where it has one.
    """
    found: list[tuple[datetime, str]] = []
    for rule in rules:
        if rule.about is About.BOOKS or not kinds.get(rule.about):
            continue
        if rule.starts is Start.CASE_CLOSED and moments.kept_until is not None:
            found.append((moments.kept_until, rule.id))
            continue
        started = moments.last_message_at if rule.starts is Start.LAST_MESSAGE else moments.ended_at
        if started is None:
            return None, rule.id
        found.append((started + rule.allowance, rule.id))
    return max(found) if found else (None, "")
