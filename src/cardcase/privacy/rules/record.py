"""Which entries of the record keep their contents when a matter is erased: those without a word about a person."""

from typing import Final

KEPT_KINDS: Final = frozenset(
    {
        "content.erased",
        "content.restricted",
        "content.restored",
        "privacy.exported",
        "pack.exported",  # number of the case, id and counts of the pack, digest of its manifest
        "pack.submitted",
        "deadline.armed",  # kinds and moments
        "deadline.missed",
        "deadline.moved",
    }
)
