"""Small words and inputs that several pages of sourcing share."""

from collections.abc import Mapping
from datetime import date

from cardcase.kit.text import Text
from cardcase.shell.language import say
from cardcase.shell.parts import Choice, Input, InputKind

UNTOLD = Text("没有写", "not told")
ACCEPT = ".pdf,.png,.jpg,.jpeg,.webp,.csv,.txt,.xlsx"


def day(value: date | None) -> str:
    """Write a day, or that nobody told."""
    return value.isoformat() if value else say(UNTOLD)


def word(words: Mapping[str, Text], value: str) -> str:
    """Say a word of ours, or that nobody told."""
    return say(words.get(value, UNTOLD))


def choices(words: Mapping[str, Text], chosen: str = "", *, blank: Text | None = None) -> tuple[Choice, ...]:
    """Make the options of a select; ``blank`` is the one that changes nothing."""
    first = (Choice("", say(blank), is_chosen=not chosen),) if blank else ()
    return first + tuple(Choice(value, say(text), is_chosen=value == chosen) for value, text in words.items())


def reason() -> Input:
    """Ask for a reason."""
    return Input("reason", say(Text("为什么", "Why")), InputKind.TEXT, is_required=True, max_length=300)


def select(name: str, label: Text, options: tuple[Choice, ...]) -> Input:
    """Ask for one of some words."""
    return Input(name, say(label), InputKind.SELECT, choices=options)


def line(
    name: str, label: Text, value: str = "", *, most: int = 120, is_required: bool = False, hint: str = ""
) -> Input:
    """Ask for a line of words."""
    return Input(name, say(label), InputKind.TEXT, value=value, max_length=most, is_required=is_required, help=hint)


def money(name: str, label: Text, value: str = "", *, is_required: bool = False) -> Input:
    """Ask for a sum in yuan."""
    return Input(name, say(label), InputKind.MONEY, value=value, is_required=is_required)


def on_day(name: str, label: Text, value: date | None = None, *, is_required: bool = False) -> Input:
    """Ask for a day."""
    told = value.isoformat() if value else ""
    return Input(name, say(label), InputKind.DAY, value=told, is_required=is_required)
