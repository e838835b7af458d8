"""Reading for the desk: Today, the case page, the sheet of a case. Composes the rooms below; asks each once."""

from .today import today_page

__all__ = ["today_page"]
