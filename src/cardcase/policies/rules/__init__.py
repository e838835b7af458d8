"""Shapes of the data that the room holds: rule records and playbooks."""

from .playbooks import IN_WORDS, SILENT, Answer, Playbook, Question, RemedyKind
from .records import AnyRule, DeadlineRule, EntitlementRule, Finding, Floor, LawItem, Rule

__all__ = [
    "IN_WORDS",
    "SILENT",
    "Answer",
    "AnyRule",
    "DeadlineRule",
    "EntitlementRule",
    "Finding",
    "Floor",
    "LawItem",
    "Playbook",
    "Question",
    "RemedyKind",
    "Rule",
]
