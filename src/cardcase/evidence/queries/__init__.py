"""Reading evidence: all facts of a case in a fixed number of questions, the checklist, exhibits and requests."""

from cardcase.evidence.datafiles import check_data

from .facts import case_facts, checklist, facts_of, matrix
from .rows import answers_of, exhibit, exhibits, has_come, open_requests, overdue_requests, request, requests

__all__ = [
    "answers_of",
    "case_facts",
    "check_data",
    "checklist",
    "exhibit",
    "exhibits",
    "facts_of",
    "has_come",
    "matrix",
    "open_requests",
    "overdue_requests",
    "request",
    "requests",
]
