"""Reading for the desk: Today, the case page, the sheet of a case. Composes the rooms below; asks each once."""

from .case_page import case_page
from .exhibits import exhibit_file
from .today import today_page

__all__ = ["case_page", "exhibit_file", "today_page"]
