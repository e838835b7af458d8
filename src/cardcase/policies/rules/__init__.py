"""Shapes of the data that the room holds: rule records and playbooks."""

from .playbooks import Playbook, Question, RemedyKind
from .records import AnyRule, DeadlineRule, EntitlementRule, Finding, Floor, LawItem, Rule

__all__ = [
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
