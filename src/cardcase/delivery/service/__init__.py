"""Verbs of the room."""

from .terms import acknowledge, show_terms, waive_terms

__all__ = ["acknowledge", "show_terms", "waive_terms"]
