"""Data files of the trade are read before anything starts: a broken one is named, not met at midnight."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from cardcase.anchors import queries as anchors
from cardcase.cards import queries as cards
from cardcase.cases import queries as cases
from cardcase.delivery import queries as delivery
from cardcase.evidence import queries as evidence
from cardcase.inbox.rules import drafts, offers, said, tone
from cardcase.packs import datafiles as packs
from cardcase.policies import queries as policies
from cardcase.privacy import queries as privacy
from cardcase.remedies import queries as remedies
from cardcase.sourcing import queries as sourcing
from cardcase.triage.rules import reasons


def _inbox() -> None:
    drafts.templates()
    tone.check_data()
    said.openers()
    offers.undecided("您好", drafts.Step.ACKNOWLEDGE)


def _triage() -> None:
    reasons.title("A1")


CATALOGUES: Final[Mapping[str, Callable[[], None]]] = MappingProxyType(
    {
        "anchors": anchors.check_data,
        "policies": policies.check_data,
        "cards": cards.check_data,
        "cases": cases.check_data,
        "delivery": delivery.check_data,
        "evidence": evidence.check_data,
        "remedies": remedies.check_data,
        "packs": packs.check_data,
        "privacy": privacy.check_data,
        "sourcing": sourcing.check_data,
        "inbox": _inbox,
        "triage": _triage,
    }
)
"""Rooms with data files, and what reads all of them, the shops' own among them. Raises BrokenCatalogue."""
