"""The shapes of rule records: dated, cited, in both languages. A number that is not established has no value.

The records themselves are in ``data/rules.toml``; a shop may replace any of them by id.
"""

from datetime import time, timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from cardcase.kit.catalogue import Certainty, Record
from cardcase.kit.text import Text


class Floor(StrEnum):
    """The least that a buyer is entitled to; remedies below it are blocked, whatever they would save."""

    FULL_OR_REPLACEMENT = "full_or_replacement"
    PROPORTIONAL = "proportional"
    RETURN_AND_REFUND = "return_and_refund"
    EVIDENCE_DECIDES = "evidence_decides"  # no fixed floor: both sides' evidence is weighed


class Finding(StrEnum):
    """What the record may show about a case; entitlement rules are keyed by it. Upper rooms find it out."""

    NOT_DELIVERED = "not_delivered"
    UNUSABLE = "unusable"
    WRONG_GOODS = "wrong_goods"
    REDEEMED_BEFORE_DELIVERY = "redeemed_before_delivery"
    SHORT_BALANCE = "short_balance"
    SHORT_VALIDITY = "short_validity"
    SERIOUSLY_SHORT = "seriously_short"
    VISIBLE_MISMATCH = "visible_mismatch"
    UNDISCLOSED_DEFECT = "undisclosed_defect"
    SERVICE_LATE = "service_late"
    DELIVERED_AND_USABLE = "delivered_and_usable"


class Rule(Record):
    """What every rule record has. ``code`` groups the dated versions of one rule; it defaults to the id."""

    code: str = ""
    title_zh: str = Field(min_length=2)
    title_en: str = Field(min_length=2)
    text_zh: str = Field(min_length=4)
    text_en: str = Field(min_length=4)

    @model_validator(mode="after")
    def _dates_are_in_order(self) -> Self:
        if self.effective_from and self.effective_to and self.effective_to < self.effective_from:
            raise ValueError(f"{self.id}: effective_to lies before effective_from")
        return self

    @property
    def group(self) -> str:
        """Return the code under which the versions of this rule are asked for."""
        return self.code or self.id

    @property
    def title(self) -> Text:
        """Return the rule's name in both languages."""
        return Text(self.title_zh, self.title_en)

    @property
    def text(self) -> Text:
        """Return what the rule says, in our own words, in both languages."""
        return Text(self.text_zh, self.text_en)

    @property
    def is_verified(self) -> bool:
        """Tell whether the rule is established; an unverified one is shown as such and decides nothing."""
        return self.certainty is not Certainty.OPEN


class DeadlineRule(Rule):
    """How long somebody has. ``kind`` and ``trigger`` are words of the room ``deadlines``, which checks them.

    ``kind`` empty: a limit that is no clock of a case (a signature's validity). ``allowance`` is an ISO 8601 span
    (PT72H); None means that the number is not established. ``service_support`` is the promise the goods must carry.
    ``repeat``: a check of our own is made again so often, until ``repeat_until`` after the event.
    """

    kind: str = ""
    trigger: str = ""
    allowance: timedelta | None = None
    service_support: str = ""
    if_missed: str = ""
    quiet_from: time | None = None
    quiet_to: time | None = None
    quiet_until: time | None = None
    repeat: timedelta | None = None
    repeat_until: timedelta | None = None

    @property
    def allowance_minutes(self) -> float | None:
        """Return the allowance in minutes, None when it is not established."""
        return None if self.allowance is None else self.allowance.total_seconds() / 60

    @model_validator(mode="after")
    def _numbers_and_certainty_agree(self) -> Self:
        if self.kind and self.allowance is None and self.certainty is not Certainty.OPEN:
            raise ValueError(f'{self.id}: a clock without an allowance must have certainty "?"')
        if self.allowance is not None and self.certainty is Certainty.OPEN:
            raise ValueError(f"{self.id}: a number that is not established must be left out")
        if self.allowance is not None and self.allowance <= timedelta():
            raise ValueError(f"{self.id}: an allowance must be longer than nothing")
        if bool(self.kind) != bool(self.trigger):
            raise ValueError(f"{self.id}: a clock needs both its kind and its trigger")
        if len({value is None for value in (self.quiet_from, self.quiet_to, self.quiet_until)}) > 1:
            raise ValueError(f"{self.id}: quiet hours need a beginning, an end and a moment to count to")
        if self.repeat is not None and (self.repeat <= timedelta() or self.repeat_until is None):
            raise ValueError(f"{self.id}: what is repeated needs a span longer than nothing and an end")
        return self


class EntitlementRule(Rule):
    """The floor that one finding gives the buyer, and the article it rests on."""

    finding: Finding
    floor: Floor
    article: str
    reasons: tuple[str, ...] = ()  # sub-reasons under which this finding is usually looked for


class LawItem(Rule):
    """A law or court rule that bears on a decision; ``bears_on`` says on which part of the work."""

    instrument: str
    bears_on: tuple[str, ...] = Field(min_length=1)


AnyRule = DeadlineRule | EntitlementRule | LawItem
