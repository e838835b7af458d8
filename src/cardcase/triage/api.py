"""JSON entrance of triage: one text in, why the buyer wants the money back out. Nothing is stored."""

from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from cardcase.staff.gate import caller
from cardcase.triage import queries
from cardcase.triage.rules import read_text

router = Router()


class TextIn(Schema):
    """A buyer's message."""

    text: str = Field(max_length=20_000)


class Span(Schema):
    """Where in the text the words stand that led to the answer."""

    start: int
    end: int


class Answer(Schema):
    """The claimed reason; ``reason`` may be ``unstated`` or ``none``, ``sub_reason`` is then empty.

    ``language``: zh-Hans, zh-Hant, en or other; not sure where the words would let it be another. ``reader`` names who
    read.
    """

    reason: str
    sub_reason: str
    second_reason: str
    confidence: float
    spans: list[Span]
    signals: list[str]
    needs_human: list[str]
    question: str | None
    language: str
    language_is_sure: bool
    reader: str


@router.post("", response=Answer, summary="Say why a buyer wants the money back")
def triage(request: HttpRequest, body: TextIn) -> dict[str, Any]:
    """Read one message with the reader of the caller's shop."""
    actor = caller(request)
    result = read_text(body.text, reader=queries.reader_of(actor))
    return {
        "reason": result.reason.value,
        "sub_reason": result.sub_reason,
        "second_reason": result.second_reason,
        "confidence": round(result.confidence, 3),
        "spans": [{"start": quote.start, "end": quote.end} for quote in result.quotes],
        "signals": list(result.signals),
        "needs_human": [need.code for need in result.needs_human],
        "question": result.question.zh if result.question else None,
        "language": result.language.language.value,
        "language_is_sure": result.language.is_sure,
        "reader": result.reader,
    }
