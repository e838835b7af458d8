"""Folding, words of the index, places in it. Pure: no Django, no table, no clock."""

from .folding import Span, fold, spans, version
from .places import Kind, Place, place, read, span
from .tokens import LONGEST, Question, ask, is_long, tsvector, words_of

__all__ = [
    "LONGEST",
    "Kind",
    "Place",
    "Question",
    "Span",
    "ask",
    "fold",
    "is_long",
    "place",
    "read",
    "span",
    "spans",
    "tsvector",
    "version",
    "words_of",
]
