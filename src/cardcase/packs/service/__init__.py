"""Verbs of the room."""

from cardcase.packs.gathering import CodeInPack, NothingRecorded, NotLookedAt
from cardcase.packs.rules.sealing import BadLetter, Wanted

from .making import PackTooLarge, Preview, build, preview, seal, stage, submit, unstage

__all__ = [
    "BadLetter",
    "CodeInPack",
    "NotLookedAt",
    "NothingRecorded",
    "PackTooLarge",
    "Preview",
    "Wanted",
    "build",
    "preview",
    "seal",
    "stage",
    "submit",
    "unstage",
]
