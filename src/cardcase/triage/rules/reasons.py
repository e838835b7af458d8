"""The catalogue of reasons: families, sub-reasons, their titles, their one question, the marketplace's form words."""

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pydantic import Field

from cardcase.kit import catalogue
from cardcase.kit.text import Text, fold

from .results import Family

DATA: Final = Path(__file__).parent.parent / "data"
_FILE: Final = DATA / "reasons.toml"


class FamilyRecord(catalogue.Record):
    """One family with its titles."""

    zh: str
    en: str


class ReasonRecord(catalogue.Record):
    """One sub-reason: its family, titles, and the question that settles it."""

    family: Family
    zh: str
    en: str
    question_zh: str
    question_en: str


class FormRecord(catalogue.Record):
    """Words of the marketplace's refund form and the sub-reason they stand for."""

    sub_reason: str
    weight: float = Field(ge=0, le=5)
    fragments: tuple[str, ...] = Field(min_length=1)


_FAMILIES: Final = catalogue.load(_FILE, FamilyRecord, table="family").records
_REASONS: Final = catalogue.load(_FILE, ReasonRecord, table="reason").records
_FORMS: Final = catalogue.load(_FILE, FormRecord, table="form").records

SUB_REASONS: Final = tuple(code for code in _REASONS if len(code) == 2)  # noqa: PLR2004 - A1 … O8
"""The sub-reasons in the order of the domain: A1–A5, P1–P5, V1–V6, O1–O8."""

FAMILY_OF: Final = MappingProxyType({code: record.family for code, record in _REASONS.items()})

TITLES: Final = MappingProxyType({code: Text(record.zh, record.en) for code, record in _REASONS.items()})


def title(sub_reason: str) -> Text:
    """Return the title of a sub-reason, of ``unstated`` or ``none``. Raises KeyError for anything else."""
    return TITLES[sub_reason or Family.UNSTATED.value]


def family_title(family: str) -> Text:
    """Return the title of a family. Raises KeyError for anything else."""
    record = _FAMILIES[family]
    return Text(record.zh, record.en)


def family_of(sub_reason: str) -> Family:
    """Return the family that a sub-reason belongs to. Raises KeyError for anything else."""
    return FAMILY_OF[sub_reason]


def is_known(sub_reason: str) -> bool:
    """Tell whether this is one of the sub-reasons A1 … O8."""
    return sub_reason in SUB_REASONS


def question(sub_reason: str) -> Text:
    """Return the one question that settles a reading best; unknown readings get the open question."""
    record = _REASONS.get(sub_reason or Family.UNSTATED.value, _REASONS[Family.UNSTATED.value])
    return Text(record.question_zh, record.question_en)


@cache
def read_form(form_reason: str) -> tuple[FormRecord, int, int] | None:
    """Read the reason that the buyer picked on the marketplace's form; None when it names none (「协商一致退款」).

    Returns the record and where its words lie in the text given.
    """
    folded = fold(form_reason)
    for record in _FORMS.values():
        for fragment in record.fragments:
            place = folded.find(fragment)
            if place >= 0:
                whole = len(folded) != len(form_reason)
                return record, 0 if whole else place, len(form_reason) if whole else place + len(fragment)
    return None
