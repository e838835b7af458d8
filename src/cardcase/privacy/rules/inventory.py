"""The inventory of personal data (``data/inventory.toml``): where it lies, and what each column becomes. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from pydantic import Field, model_validator

from cardcase.kit.catalogue import Record

MARK: Final = "[已移除 / removed]"
"""What stands where words were, so that nobody takes the gap for silence."""


class Action(StrEnum):
    """What a personal column becomes."""

    BLANK = "blank"
    MARK = "mark"
    NULL = "null"
    EMPTY = "empty"
    NOTHING = "nothing"
    RENAMED = "renamed"
    WITHOUT = "without"  # written ``without:name``: a JSON object loses one of its fields


class Found(StrEnum):
    """The sets of a matter by which rows are found."""

    ORDERS = "orders"
    CASES = "cases"
    TALKS = "talks"
    BUYERS = "buyers"
    SUBJECTS = "subjects"  # public ids of the above, as other rooms name them
    NUMBERS = "numbers"  # order numbers


class Table(Record):
    """One table: how the rows of a matter are found in it, and what each of its columns of words is."""

    by: Mapping[Found, str] = Field(default_factory=dict)
    why: str = ""
    erase: Mapping[str, str] = Field(default_factory=dict)
    tell: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> "Table":
        if bool(self.by) == bool(self.why):
            raise ValueError(f"{self.id}: either by, or why it holds no buyer's data")
        if (self.erase or self.tell) and not self.by:
            raise ValueError(f"{self.id}: without by nothing of it can be found")
        for action in self.erase.values():
            action_of(action)
        return self

    @property
    def columns(self) -> frozenset[str]:
        """Every column of words that the table is said to have."""
        return frozenset((*self.erase, *self.tell, *self.inner))


def action_of(told: str) -> tuple[Action, str]:
    """Read an action and the name that goes with it. Raises ValueError for an unknown one."""
    word, _, name = told.partition(":")
    return Action(word), name


def cleared(told: str, value: Any, pk: Any) -> Any:
    """Return what a column with this value becomes in the row ``pk``. Again it stays the same."""
    action, name = action_of(told)
    if action in _CONSTANT:
        return _CONSTANT[action]
    if action is Action.MARK:
        return MARK if value else value
    if action is Action.EMPTY:
        return [] if isinstance(value, list) else {}
    if action is Action.RENAMED:
        return f"erased:{pk}"
    return {key: kept for key, kept in value.items() if key != name} if isinstance(value, dict) else value


_CONSTANT: Final = MappingProxyType({Action.NULL: None, Action.BLANK: "", Action.NOTHING: b""})


def is_left(told: str, value: Any, pk: Any) -> bool:
    """Tell whether a column still holds something to be erased."""
    if isinstance(value, memoryview):
        value = bytes(value)
    return bool(value != cleared(told, value, pk))
