"""Reading evidence: all facts of a case in a fixed number of questions, the checklist, exhibits and requests."""

from cardcase.evidence.datafiles import check_data

from .covering import (
    ShownFile,
    copies_at_hand,
    cover,
    covers,
    looked_at,
    messages_of,
    pages_to_mark,
    redaction,
    redactions,
    redactions_of,
    shown_files,
    stands_elsewhere,
    talks_of,
)
from .facts import case_facts, checklist, facts_of, matrix
from .rows import answers_of, exhibit, exhibits, has_come, open_requests, overdue_requests, request, requests

__all__ = [
    "ShownFile",
    "answers_of",
    "case_facts",
    "check_data",
    "checklist",
    "copies_at_hand",
    "cover",
    "covers",
    "exhibit",
    "exhibits",
    "facts_of",
    "has_come",
    "looked_at",
    "matrix",
    "messages_of",
    "open_requests",
    "overdue_requests",
    "pages_to_mark",
    "redaction",
    "redactions",
    "redactions_of",
    "request",
    "requests",
    "shown_files",
    "stands_elsewhere",
    "talks_of",
]
