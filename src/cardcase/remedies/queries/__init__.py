"""Reading remedies: the options of a case, the floor, the facts for its moves, what was offered and done."""

from cardcase.remedies.datafiles import check_data

from .facts import catalogue, draft_of, guards, live_remedy, open_offer, priors, refuse_reasons, remedy_facts, running
from .learning import CalibrationView, Values, calibration, overrides, values
from .overview import (
    Overview,
    floor_text,
    net_of_case,
    offers_of,
    options,
    overview,
    overviews,
    remedies_of,
    standing,
)
from .plain import calibration_document, overrides_document, values_document

__all__ = [
    "CalibrationView",
    "Overview",
    "Values",
    "calibration",
    "calibration_document",
    "catalogue",
    "check_data",
    "draft_of",
    "floor_text",
    "guards",
    "live_remedy",
    "net_of_case",
    "offers_of",
    "open_offer",
    "options",
    "overrides",
    "overrides_document",
    "overview",
    "overviews",
    "priors",
    "refuse_reasons",
    "remedies_of",
    "remedy_facts",
    "running",
    "standing",
    "values",
    "values_document",
]
