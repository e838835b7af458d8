"""Texts that the marketplace writes into chats, kept apart from people's words; listed in data/system_texts.toml."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from cardcase.connectors.ports import SystemEvent
from cardcase.connectors.words import DATA
from cardcase.kit import catalogue
from cardcase.kit.text import fold

_BRACKETS = re.compile(r"^\s*[\[［【](.*?)[\]］】]\s*$", re.DOTALL)
_MUTE = re.compile(r"[\s,.!?:;~、。「」『』《》<>\[\]【】'\"“”‘’…—\-]+")
_LONGEST = 60


class TextRecord(catalogue.Record):
    """One event and the texts that tell it."""

    event: SystemEvent
    texts: tuple[str, ...]
    by: str = ""
    unmistakable: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """What a system text tells: the event, and whether its sender must be the buyer."""

    event: SystemEvent
    is_buyers: bool = False


@lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """Return a text in the form in which system texts are compared. Names and short words come by the thousand."""
    return _MUTE.sub("", fold(text))


@cache
def _table(name: str) -> dict[str, TextRecord]:
    records = catalogue.load(DATA / "system_texts.toml", TextRecord, table=name).records.values()
    return {normal(text): record for record in records for text in record.texts}


def classify(text: str, *, is_alone: bool = False) -> Told | None:
    """Tell which event a text stands for, or None when it is somebody's words.

    ``is_alone`` says that no person is named as its author: then words that people also type count as system texts.
    """
    if len(text) > _LONGEST:
        return None
    record = _table("text").get(normal(text))
    if record is None or not (record.unmistakable or is_alone or _BRACKETS.match(text)):
        return None
    return Told(record.event, record.by == "buyer")


def of_button(text: str) -> SystemEvent | None:
    """Tell what the button of a refund card says about the refund."""
    record = _table("button").get(normal(text)) if len(text) <= _LONGEST else None
    return record.event if record else None


def of_task(name: str) -> Told | None:
    """Tell what a task name of the platform (bizTag.taskName) says."""
    squeezed = normal(name)
    for part, record in _table("task").items():
        if part in squeezed:
            return Told(record.event, record.by == "buyer")
    return None


def bare(text: str) -> str:
    """Return a text without the one pair of brackets around it."""
    match = _BRACKETS.match(text)
    return match.group(1).strip() if match else text.strip()
