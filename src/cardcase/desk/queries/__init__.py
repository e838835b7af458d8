"""Reading for the desk: Today, the case page, the sheet of a case. Composes the rooms below; asks each once."""

from .case_boxes import reply_checks
from .case_page import case_page
from .drafting import Wish, wish_from
from .exhibits import OriginalSealed, exhibit_file, sealed_page
from .finding import code_in
from .search_page import search_page
from .timeline_page import timeline_page
from .today import today_page

__all__ = [
    "OriginalSealed",
    "Wish",
    "case_page",
    "code_in",
    "exhibit_file",
    "reply_checks",
    "sealed_page",
    "search_page",
    "timeline_page",
    "today_page",
    "wish_from",
]
