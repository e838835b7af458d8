"""Reads of the room. Nothing here opens a code."""

from .terms import TermsState, terms_of, terms_text

__all__ = ["TermsState", "terms_of", "terms_text"]
