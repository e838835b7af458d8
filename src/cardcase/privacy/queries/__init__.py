"""Reading: whose data lie where, what holds them, what is due, what was removed."""

from cardcase.privacy.datafiles import check_data, retention

from .matters import Collected, Matter, buyer_by, collect, find, matters_of, ref_of
from .originals import is_named, named_elsewhere, shared_originals
from .plans import Plan, is_locked, of_matters, plan
from .removals import (
    DataRestricted,
    RemovalView,
    came_back,
    candidates,
    mark_of,
    of_case,
    removals,
    require_open,
    view_of,
)
from .standing import Standing, latest, readable_entries, standing

__all__ = [
    "Collected",
    "DataRestricted",
    "Matter",
    "Plan",
    "RemovalView",
    "Standing",
    "buyer_by",
    "came_back",
    "candidates",
    "check_data",
    "collect",
    "find",
    "is_locked",
    "is_named",
    "latest",
    "mark_of",
    "matters_of",
    "named_elsewhere",
    "of_case",
    "of_matters",
    "plan",
    "readable_entries",
    "ref_of",
    "removals",
    "require_open",
    "retention",
    "shared_originals",
    "standing",
    "view_of",
]
