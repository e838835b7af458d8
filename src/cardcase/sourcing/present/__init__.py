"""Finished sentences for the pages of sourcing."""

from .claims import claims_page
from .flags import SHOWN, flags_page
from .groups import group_page, group_url, groups_page
from .lots import card_page, lot_page
from .suppliers import details_page, supplier_page, suppliers_page

__all__ = [
    "SHOWN",
    "card_page",
    "claims_page",
    "details_page",
    "flags_page",
    "group_page",
    "group_url",
    "groups_page",
    "lot_page",
    "supplier_page",
    "suppliers_page",
]
