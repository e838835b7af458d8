"""A rule about buying or selling: dated, cited, in both languages, and the flag that it raises."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, model_validator

from cardcase.kit.catalogue import Certainty, Record
from cardcase.kit.text import Text


class LegalityRule(Record):
    """One version of a rule. ``code`` groups its versions and defaults to the id; ``params`` are numbers it asks with.

    Amounts in ``params`` are in 分. ``evaluation`` names a function of ``purchase`` or ``sale``. A rule of scope "shop"
    raises one flag for the shop, however many orders it is true of. ``ours`` says which numbers behind a statute are
    our own, and why: such a rule is our own judgement.
    """

    code: str = ""
    evaluation: str
    applies_to: Literal["purchase", "sale"]
    article: str = ""
    scope: Literal["subject", "shop"] = "subject"
    params: Mapping[str, int] = Field(default_factory=dict)
    places: tuple[str, ...] = ()
    title_zh: str = Field(min_length=2)
    title_en: str = Field(min_length=2)
    text_zh: str = Field(min_length=4)
    text_en: str = Field(min_length=4)
    todo_zh: str = Field(min_length=4)
    todo_en: str = Field(min_length=4)
    ours_zh: str = ""
    ours_en: str = ""

    @model_validator(mode="after")
    def _is_dated(self) -> Self:
        if self.effective_from is None:
            raise ValueError(f"{self.id}: a rule about buying or selling says since when it holds")
        if self.effective_to and self.effective_to < self.effective_from:
            raise ValueError(f"{self.id}: effective_to lies before effective_from")
        if bool(self.ours_zh) != bool(self.ours_en) or (self.ours_zh and self.certainty is not Certainty.JUDGEMENT):
            raise ValueError(f"{self.id}: a rule with numbers of our own says so in both languages and is certainty J")
        return self

    @property
    def group(self) -> str:
        """Return the code under which the versions of this rule are one."""
        return self.code or self.id

    @property
    def title(self) -> Text:
        """Return the rule's name."""
        return Text(self.title_zh, self.title_en)

    @property
    def text(self) -> Text:
        """Return what the rule is about, in our own words."""
        return Text(self.text_zh, self.text_en)

    @property
    def ours(self) -> Text:
        """Return which numbers are our own, and why; empty when none is."""
        return Text(self.ours_zh, self.ours_en)

    @property
    def todo(self) -> Text:
        """Return what to do when the flag is up."""
        return Text(self.todo_zh, self.todo_en)


Found = Mapping[str, int | str | bool]
"""The facts that raised a flag: numbers, days, public ids. Never people, never codes."""


@dataclass(frozen=True, slots=True)
class Raised:
    """A flag as the rules raise it."""

    rule: str
    facts: Found
    is_of_shop: bool = False
