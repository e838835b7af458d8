"""Tables of the room, a file for each matter."""

from .claims import ClaimGuess, ClaimLink
from .deliveries import Allocation, Block, Delivery, ListingKind
from .parcels import Parcel, ParcelFile, ParcelSerial, ParcelStep, ParcelUpload
from .terms import Terms

__all__ = [
    "Allocation",
    "Block",
    "ClaimGuess",
    "ClaimLink",
    "Delivery",
    "ListingKind",
    "Parcel",
    "ParcelFile",
    "ParcelSerial",
    "ParcelStep",
    "ParcelUpload",
    "Terms",
]
