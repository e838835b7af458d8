"""Reading remedies: the options of a case, the floor, the facts for its moves, what was offered and done."""

from cardcase.remedies.datafiles import check_data

from .facts import catalogue, guards, live_remedy, open_offer, refuse_reasons, remedy_facts
from .overview import Overview, floor_text, offers_of, options, overview, overviews, remedies_of, standing

__all__ = [
    "Overview",
    "catalogue",
    "check_data",
    "floor_text",
    "guards",
    "live_remedy",
    "offers_of",
    "open_offer",
    "options",
    "overview",
    "overviews",
    "refuse_reasons",
    "remedies_of",
    "remedy_facts",
    "standing",
]
